#include "pubsub/publish_rows.h"

#include <string.h>

#include "base/error.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum {
  REQUEST_MAX_BYTES = 10 * 1000 * 1000,
  KEY_MAX_BYTES = 1024,
  REQUEST_TOPIC = 1, /* PublishRequest */
  REQUEST_MESSAGES = 2,
  MESSAGE_DATA = 1, /* PubsubMessage */
  MESSAGE_ATTRIBUTES = 2,
  MESSAGE_ORDERING_KEY = 5
};

static bool is_valid(const uint8_t *bits, int64_t i) {
  return !bits || (bits[i >> 3] >> (i & 7) & 1) != 0;
}

static frl_cursor bytes_at(const frl_bytes_view *c, int64_t row) {
  const int64_t i = c->offset + row;
  if (!c->offsets || !is_valid(c->validity, i)) return frl_cursor_of(NULL, 0);
  int64_t from;
  int64_t to;
  if (c->large) {
    const int64_t *offsets = c->offsets;
    from = offsets[i];
    to = offsets[i + 1];
  } else {
    const int32_t *offsets = c->offsets;
    from = offsets[i];
    to = offsets[i + 1];
  }
  return frl_cursor_of(c->data + from, (size_t)(to - from));
}

/* A view where the format is one of bytes (z, Z: allowed as said) or text (u, U). */
static bool view_bytes(frl_bytes_view *out, const struct ArrowSchema *schema,
    const struct ArrowArray *array, bool binary_too, int64_t parent_offset) {
  const char *f = schema->format;
  const bool text = strcmp(f, "u") == 0 || strcmp(f, "U") == 0;
  const bool binary = strcmp(f, "z") == 0 || strcmp(f, "Z") == 0;
  if (!text && !(binary && binary_too)) return false;
  *out = (frl_bytes_view){.validity = array->buffers[0],
      .offsets = array->buffers[1],
      .data = array->buffers[2],
      .offset = array->offset + parent_offset,
      .large = f[0] == 'U' || f[0] == 'Z'};
  return true;
}

static bool view_attributes(frl_publish_rows *out, const struct ArrowSchema *schema,
    const struct ArrowArray *array, int64_t parent_offset) {
  if (strcmp(schema->format, "+m") != 0 || schema->n_children != 1) return false;
  const struct ArrowSchema *entries = schema->children[0];
  const struct ArrowArray *items = array->children[0];
  if (entries->n_children != 2) return false;
  out->map_validity = array->buffers[0];
  out->map_offsets = array->buffers[1];
  out->map_offset = array->offset + parent_offset;
  return view_bytes(&out->attribute_keys, entries->children[0], items->children[0],
             false, items->offset) &&
         view_bytes(&out->attribute_values, entries->children[1], items->children[1],
             false, items->offset);
}

/* What the server gives and a pull writes: so that it can be published again. */
static bool is_passed_over(const char *name) {
  return strcmp(name, "message_id") == 0 || strcmp(name, "publish_time") == 0 ||
         strcmp(name, "ack_id") == 0;
}

static frl_status view_column(frl_publish_rows *out, const struct ArrowSchema *schema,
    const struct ArrowArray *array, int64_t parent_offset, frl_error *err) {
  const char *name = schema->name ? schema->name : "";
  bool fits;
  const char *wants;
  if (is_passed_over(name)) return FRL_OK;
  if (strcmp(name, "payload") == 0 || strcmp(name, "data") == 0) {
    wants = "binary or utf8";
    if (out->payload.offsets) {
      return frl_fail(
          err, FRL_E_INVALID, "publish: \"payload\" and \"data\" are both there");
    }
    fits = view_bytes(&out->payload, schema, array, true, parent_offset);
  } else if (strcmp(name, "ordering_key") == 0) {
    wants = "utf8";
    fits = view_bytes(&out->ordering_key, schema, array, false, parent_offset);
  } else if (strcmp(name, "attributes") == 0) {
    wants = "map<utf8, utf8>";
    fits = view_attributes(out, schema, array, parent_offset);
  } else {
    return frl_fail(err, FRL_E_INVALID,
        "publish: column \"%s\" is none of payload (or data), attributes, ordering_key",
        name);
  }
  if (fits) return FRL_OK;
  return frl_fail(err, FRL_E_INVALID,
      "publish: column \"%s\" has the Arrow type \"%s\" and must be %s", name,
      schema->format, wants);
}

frl_status frl_publish_rows_of(frl_publish_rows *out, const struct ArrowSchema *schema,
    const struct ArrowArray *array, frl_error *err) {
  *out = (frl_publish_rows){.n_rows = array->length};
  if (strcmp(schema->format, "+s") != 0 || schema->n_children != array->n_children) {
    return frl_fail(
        err, FRL_E_INVALID, "publish: the batch is no struct array of its schema");
  }
  for (int64_t i = 0; i < schema->n_children; i++) {
    FRL_TRY(
        view_column(out, schema->children[i], array->children[i], array->offset, err));
  }
  if (!out->payload.offsets && !out->map_offsets) {
    return frl_fail(err, FRL_E_INVALID, "publish: there is no column \"payload\"");
  }
  return FRL_OK;
}

frl_cursor frl_publish_payload(const frl_publish_rows *rows, int64_t row) {
  return bytes_at(&rows->payload, row);
}

frl_cursor frl_publish_key(const frl_publish_rows *rows, int64_t row) {
  return bytes_at(&rows->ordering_key, row);
}

typedef struct entry_range {
  int64_t from;
  int64_t to;
} entry_range;

static entry_range entries_of(const frl_publish_rows *rows, int64_t row) {
  const int64_t i = rows->map_offset + row;
  if (!rows->map_offsets || !is_valid(rows->map_validity, i)) {
    return (entry_range){0, 0};
  }
  return (entry_range){rows->map_offsets[i], rows->map_offsets[i + 1]};
}

static size_t entry_bytes(frl_cursor key, frl_cursor value) {
  return frl_wire_field_bytes(1, frl_cursor_left(&key)) +
         frl_wire_field_bytes(2, frl_cursor_left(&value));
}

size_t frl_publish_header_bytes(const frl_publish_rows *rows, int64_t row) {
  size_t n = 0;
  const entry_range r = entries_of(rows, row);
  for (int64_t i = r.from; i < r.to; i++) {
    const frl_cursor key = bytes_at(&rows->attribute_keys, i);
    const frl_cursor value = bytes_at(&rows->attribute_values, i);
    n += frl_wire_field_bytes(MESSAGE_ATTRIBUTES, entry_bytes(key, value));
  }
  const frl_cursor key = frl_publish_key(rows, row);
  const size_t key_bytes = frl_cursor_left(&key);
  if (key_bytes) n += frl_wire_field_bytes(MESSAGE_ORDERING_KEY, key_bytes);
  const frl_cursor data = frl_publish_payload(rows, row);
  const size_t data_bytes = frl_cursor_left(&data);
  if (data_bytes) {
    n += frl_wire_field_bytes(MESSAGE_DATA, data_bytes) - data_bytes;
  }
  return n;
}

size_t frl_publish_max_bytes(const char *topic) {
  const size_t left =
      REQUEST_MAX_BYTES - frl_wire_field_bytes(REQUEST_TOPIC, strlen(topic));
  return left - (frl_wire_field_bytes(REQUEST_MESSAGES, left) - left);
}

static frl_status check_row(const frl_publish_rows *rows, int64_t row, size_t max_bytes,
    size_t *bytes, frl_error *err) {
  const frl_cursor data = frl_publish_payload(rows, row);
  const size_t data_bytes = frl_cursor_left(&data);
  const entry_range r = entries_of(rows, row);
  if (data_bytes == 0 && r.from == r.to) {
    return frl_fail(err, FRL_E_INVALID,
        "publish: row %lld has neither payload nor attributes", (long long)row);
  }
  const frl_cursor key = frl_publish_key(rows, row);
  if (frl_cursor_left(&key) > KEY_MAX_BYTES) {
    return frl_fail(err, FRL_E_INVALID,
        "publish: row %lld has an ordering key of %zu bytes, %d are allowed",
        (long long)row, frl_cursor_left(&key), KEY_MAX_BYTES);
  }
  const size_t all = frl_publish_header_bytes(rows, row) + data_bytes;
  if (data_bytes > max_bytes || all > max_bytes) {
    return frl_fail(err, FRL_E_INVALID,
        "publish: row %lld takes %zu bytes, a request to this topic has room for %zu",
        (long long)row, all, max_bytes);
  }
  *bytes = frl_wire_field_bytes(REQUEST_MESSAGES, all);
  return FRL_OK;
}

frl_status frl_publish_check(
    const frl_publish_rows *rows, size_t max_bytes, uint64_t *bytes, frl_error *err) {
  *bytes = 0;
  for (int64_t i = 0; i < rows->n_rows; i++) {
    size_t n = 0;
    FRL_TRY(check_row(rows, i, max_bytes, &n, err));
    *bytes += n;
  }
  return FRL_OK;
}

static uint8_t *put_tag(uint8_t *p, uint32_t number, size_t n) {
  p = frl_wire_put_varint(p, number << 3 | FRL_WIRE_BYTES);
  return frl_wire_put_varint(p, n);
}

static uint8_t *put_bytes(uint8_t *p, uint32_t number, frl_cursor bytes) {
  const size_t n = frl_cursor_left(&bytes);
  p = put_tag(p, number, n);
  if (n) memcpy(p, bytes.pos, n);
  return p + n;
}

size_t frl_publish_put_bytes(const frl_publish_rows *rows, int64_t row) {
  const size_t header = frl_publish_header_bytes(rows, row);
  const frl_cursor data = frl_publish_payload(rows, row);
  const size_t all = header + frl_cursor_left(&data);
  return frl_wire_field_bytes(REQUEST_MESSAGES, all) - all + header;
}

uint8_t *frl_publish_put_header(const frl_publish_rows *rows, int64_t row, uint8_t *p) {
  const frl_cursor data = frl_publish_payload(rows, row);
  const size_t data_bytes = frl_cursor_left(&data);
  p = put_tag(p, REQUEST_MESSAGES, frl_publish_header_bytes(rows, row) + data_bytes);
  const entry_range r = entries_of(rows, row);
  for (int64_t i = r.from; i < r.to; i++) {
    const frl_cursor key = bytes_at(&rows->attribute_keys, i);
    const frl_cursor value = bytes_at(&rows->attribute_values, i);
    p = put_tag(p, MESSAGE_ATTRIBUTES, entry_bytes(key, value));
    p = put_bytes(p, 1, key);
    p = put_bytes(p, 2, value);
  }
  const frl_cursor key = frl_publish_key(rows, row);
  if (frl_cursor_left(&key)) p = put_bytes(p, MESSAGE_ORDERING_KEY, key);
  return data_bytes ? put_tag(p, MESSAGE_DATA, data_bytes) : p;
}
