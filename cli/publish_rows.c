#include "publish_rows.h"

#include <stdio.h>
#include <string.h>

#include "nanoarrow/nanoarrow.h"

enum { KEY_MAX_BYTES = 1024 };

static frl_status no_memory(ArrowErrorCode rc) {
  return rc == NANOARROW_OK ? FRL_OK : FRL_E_NOMEM;
}

static struct ArrowArray *payload_of(publish_rows *r) { return r->array.children[0]; }
static struct ArrowArray *attributes_of(publish_rows *r) {
  return r->array.children[1];
}
static struct ArrowArray *key_of(publish_rows *r) { return r->array.children[2]; }
static struct ArrowArray *entries_of(publish_rows *r) {
  return attributes_of(r)->children[0];
}

static ArrowErrorCode make_schema(struct ArrowSchema *s) {
  ArrowSchemaInit(s);
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetTypeStruct(s, 3));
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(s->children[0], NANOARROW_TYPE_BINARY));
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(s->children[0], "payload"));
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(s->children[1], NANOARROW_TYPE_MAP));
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(s->children[1], "attributes"));
  struct ArrowSchema *entries = s->children[1]->children[0];
  NANOARROW_RETURN_NOT_OK(
      ArrowSchemaSetType(entries->children[0], NANOARROW_TYPE_STRING));
  NANOARROW_RETURN_NOT_OK(
      ArrowSchemaSetType(entries->children[1], NANOARROW_TYPE_STRING));
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(s->children[2], NANOARROW_TYPE_STRING));
  return ArrowSchemaSetName(s->children[2], "ordering_key");
}

static ArrowErrorCode start_array(publish_rows *r) {
  NANOARROW_RETURN_NOT_OK(ArrowArrayInitFromSchema(&r->array, &r->schema, NULL));
  return ArrowArrayStartAppending(&r->array);
}

frl_status publish_rows_init(publish_rows *r, size_t message_max_bytes) {
  *r = (publish_rows){.message_max_bytes = message_max_bytes};
  const ArrowErrorCode rc = make_schema(&r->schema);
  return no_memory(rc == NANOARROW_OK ? start_array(r) : rc);
}

void publish_rows_deinit(publish_rows *r) {
  frl_schema_release(&r->schema);
  frl_array_release(&r->array);
}

static ArrowErrorCode append_text(struct ArrowArray *a, const char *text, size_t n) {
  return ArrowArrayAppendString(a, (struct ArrowStringView){text, (int64_t)n});
}

/* As a protobuf field of bytes: its key, its length, itself. */
static size_t field_bytes(size_t n) {
  size_t length = 1;
  for (size_t rest = n >> 7; rest; rest >>= 7) length++;
  return 1 + length + n;
}

frl_status publish_rows_attribute(publish_rows *r, const char *key, size_t key_len,
    const char *value, size_t value_len) {
  struct ArrowArray *entries = entries_of(r);
  ArrowErrorCode rc = append_text(entries->children[0], key, key_len);
  if (rc == NANOARROW_OK) rc = append_text(entries->children[1], value, value_len);
  if (rc == NANOARROW_OK) rc = ArrowArrayFinishElement(entries);
  r->message_bytes += field_bytes(field_bytes(key_len) + field_bytes(value_len));
  r->message_attributes++;
  return no_memory(rc);
}

static ArrowErrorCode append_row(publish_rows *r, const void *payload,
    size_t payload_len, const char *ordering_key, size_t key_len) {
  const struct ArrowBufferView view = {{payload}, (int64_t)payload_len};
  NANOARROW_RETURN_NOT_OK(ArrowArrayAppendBytes(payload_of(r), view));
  NANOARROW_RETURN_NOT_OK(ArrowArrayFinishElement(attributes_of(r)));
  if (ordering_key) {
    NANOARROW_RETURN_NOT_OK(append_text(key_of(r), ordering_key, key_len));
  } else {
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendNull(key_of(r), 1));
  }
  return ArrowArrayFinishElement(&r->array);
}

/* Here, since only here the line is known; the publisher would name the row. */
static frl_status check_message(
    publish_rows *r, size_t payload_len, size_t key_len, frl_error *err) {
  if (key_len) r->message_bytes += field_bytes(key_len);
  if (payload_len) r->message_bytes += field_bytes(payload_len);
  const size_t all = r->message_bytes;
  if (all > r->message_max_bytes) {
    (void)snprintf(err->message, sizeof err->message,
        "a message of %zu bytes, a request to this topic has room for %zu", all,
        r->message_max_bytes);
    return FRL_E_MALFORMED;
  }
  if (key_len > KEY_MAX_BYTES) {
    (void)snprintf(err->message, sizeof err->message,
        "an ordering key of %zu bytes, %d are allowed", key_len, KEY_MAX_BYTES);
    return FRL_E_MALFORMED;
  }
  if (payload_len == 0 && r->message_attributes == 0) {
    (void)snprintf(
        err->message, sizeof err->message, "neither data nor attributes in it");
    return FRL_E_MALFORMED;
  }
  return FRL_OK;
}

frl_status publish_rows_end(publish_rows *r, const void *payload, size_t payload_len,
    const char *ordering_key, size_t key_len, frl_error *err) {
  const frl_status st = check_message(r, payload_len, key_len, err);
  if (st != FRL_OK) return st;
  const ArrowErrorCode rc = append_row(r, payload, payload_len, ordering_key, key_len);
  if (rc != NANOARROW_OK) return FRL_E_NOMEM;
  r->rows++;
  r->bytes += r->message_bytes;
  r->message_bytes = r->message_attributes = 0;
  return FRL_OK;
}

frl_status publish_rows_take(publish_rows *r, struct ArrowArray *out) {
  if (ArrowArrayFinishBuildingDefault(&r->array, NULL) != NANOARROW_OK) {
    return FRL_E_NOMEM;
  }
  *out = r->array;
  r->array.release = NULL;
  r->rows = 0;
  r->bytes = 0;
  return no_memory(start_array(r));
}
