#include "pubsub/reservoir/intake.h"

#include <ferrule/pubsub.h>

#include "arrow/schema_make.h"
#include "base/error.h"
#include "base/mem.h"
#include "wire/reader.h"

enum {
  ENTRY_KEY = 1,
  ENTRY_VALUE = 2,
  RECEIVED_ACK_ID = 1,
  RECEIVED_MESSAGE = 2,
  RECEIVED_ATTEMPT = 3,
  MESSAGE_DATA = 1,
  MESSAGE_ATTRIBUTES = 2,
  MESSAGE_ID = 3,
  MESSAGE_PUBLISH_TIME = 4,
  MESSAGE_ORDERING_KEY = 5
};

/* One message as views into the received bytes. */
typedef struct message_view {
  frl_cursor ack_id;
  frl_cursor data;
  frl_cursor id;
  frl_cursor key;
  frl_cursor attributes; /* from the first to the last, with what lies between */
  int64_t publish_time_us;
  bool attempted;
} message_view;

static frl_status add_map(struct ArrowSchema *schema, const char *name) {
  struct ArrowSchema *map;
  struct ArrowSchema *entries;
  struct ArrowSchema *key;
  struct ArrowSchema *value;
  FRL_TRY(frl_schema_add_child(schema, "+m", name, &map));
  FRL_TRY(frl_schema_add_child(map, "+s", "entries", &entries));
  FRL_TRY(frl_schema_add_child(entries, "u", "key", &key));
  FRL_TRY(frl_schema_add_child(entries, "u", "value", &value));
  entries->flags &= ~(int64_t)ARROW_FLAG_NULLABLE;
  key->flags &= ~(int64_t)ARROW_FLAG_NULLABLE;
  return FRL_OK;
}

static frl_status add_fields(struct ArrowSchema *schema, uint32_t columns, bool utf8) {
  const struct {
    uint32_t bit;
    const char *format;
    const char *name;
  } fields[] = {
      {FRL_PUBSUB_MESSAGE_ID, "u", "message_id"},
      {FRL_PUBSUB_PUBLISH_TIME, "tsu:UTC", "publish_time"},
      {FRL_PUBSUB_PAYLOAD, utf8 ? "u" : "z", "payload"},
      {FRL_PUBSUB_ATTRIBUTES, "+m", "attributes"},
      {FRL_PUBSUB_ORDERING_KEY, "u", "ordering_key"},
      {FRL_PUBSUB_ACK_ID, "u", "ack_id"},
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (!(columns & fields[i].bit)) continue;
    struct ArrowSchema *child;
    if (fields[i].bit == FRL_PUBSUB_ATTRIBUTES) {
      FRL_TRY(add_map(schema, fields[i].name));
    } else {
      FRL_TRY(frl_schema_add_child(schema, fields[i].format, fields[i].name, &child));
    }
  }
  return FRL_OK;
}

frl_status frl_intake_schema(struct ArrowSchema *out, const frl_mem *mem,
    uint32_t columns, bool payload_utf8, frl_error *err) {
  *out = (struct ArrowSchema){0};
  frl_status st = frl_schema_make(out, mem, "+s");
  if (st == FRL_OK) {
    out->flags &= ~(int64_t)ARROW_FLAG_NULLABLE;
    st = add_fields(out, columns, payload_utf8);
  }
  if (st == FRL_OK) return FRL_OK;
  frl_schema_release(out);
  return frl_fail(err, st, "subscriber: no memory for the schema");
}

static void bind_columns(frl_intake *in) {
  frl_col **const slots[] = {&in->message_id, &in->publish_time, &in->payload,
      &in->attributes, &in->ordering_key, &in->ack_id};
  size_t next = 0;
  for (size_t bit = 0; bit < sizeof slots / sizeof *slots; bit++) {
    const bool wanted = in->options.columns >> bit & 1;
    *slots[bit] = wanted ? frl_columns_at(in->columns, next++) : NULL;
  }
}

frl_status frl_intake_init(
    frl_intake *in, const frl_intake_options *options, frl_error *err) {
  *in = (frl_intake){.options = *options, .last_ms = -1, .last_old_ms = -1};
  in->mem = options->mem ? *options->mem : frl_mem_default;
  in->options.mem = &in->mem;
  struct ArrowSchema schema;
  FRL_TRY(frl_intake_schema(
      &schema, &in->mem, options->columns, options->payload_utf8, err));
  const frl_columns_options columns = {
      .struct_size = sizeof columns, .pool = options->pool};
  const frl_status st = frl_columns_create(&in->columns, &schema, &columns, err);
  frl_schema_release(&schema);
  if (st == FRL_OK) bind_columns(in);
  return st;
}

void frl_intake_deinit(frl_intake *in) {
  frl_columns_destroy(in->columns);
  in->columns = NULL;
  if (in->lot) frl_leases_unregister(in->options.leases, in->lot);
  frl_lot_unref(in->lot);
  in->lot = NULL;
}

/*
 * The next field of a message that has one; one that is no byte string gives number 0
 * and goes into *other. The address of the cursor stays in here, so that callers keep
 * it in registers.
 */
static inline frl_status next_field(
    frl_cursor *c, uint32_t *number, frl_cursor *bytes, uint32_t *other) {
  if (frl_wire_short_field(c, number, bytes)) return FRL_OK;
  frl_cursor rest = *c;
  frl_wire_field field;
  FRL_TRY(frl_wire_next(&rest, &field));
  *c = rest;
  *number = field.type == FRL_WIRE_BYTES ? field.number : 0;
  *other = field.number;
  *bytes = field.bytes;
  return FRL_OK;
}

static frl_status read_time(frl_cursor bytes, int64_t *us) {
  int64_t seconds;
  int32_t nanos;
  FRL_TRY(frl_wire_read_time(bytes, &seconds, &nanos));
  /* years 1 .. 9999 are what a Timestamp may hold */
  if (seconds < -62135596800 || seconds > 253402300799) return FRL_E_MALFORMED;
  *us = seconds * 1000000 + nanos / 1000;
  return FRL_OK;
}

static frl_status read_message(frl_cursor c, message_view *view) {
  uint32_t number;
  uint32_t other;
  frl_cursor bytes;
  while (c.pos < c.end) {
    const uint8_t *start = c.pos;
    FRL_TRY(next_field(&c, &number, &bytes, &other));
    switch (number) {
      case MESSAGE_DATA:
        view->data = bytes;
        break;
      case MESSAGE_ATTRIBUTES:
        if (!view->attributes.pos) view->attributes.pos = start;
        view->attributes.end = c.pos;
        break;
      case MESSAGE_ID:
        view->id = bytes;
        break;
      case MESSAGE_PUBLISH_TIME:
        FRL_TRY(read_time(bytes, &view->publish_time_us));
        break;
      case MESSAGE_ORDERING_KEY:
        view->key = bytes;
        break;
      default:
        break;
    }
  }
  return FRL_OK;
}

static frl_status read_received(frl_cursor c, message_view *view) {
  uint32_t number;
  uint32_t other = 0;
  frl_cursor bytes;
  while (c.pos < c.end) {
    FRL_TRY(next_field(&c, &number, &bytes, &other));
    if (number == RECEIVED_ACK_ID) view->ack_id = bytes;
    if (number == RECEIVED_MESSAGE) FRL_TRY(read_message(bytes, view));
    if (number == 0 && other == RECEIVED_ATTEMPT) view->attempted = true;
  }
  return FRL_OK;
}

static inline frl_status append(frl_col *c, frl_cursor bytes) {
  return frl_col_append_bytes(c, bytes.pos, frl_cursor_left(&bytes));
}

static inline frl_status read_entry(frl_cursor c, frl_cursor *key, frl_cursor *value) {
  uint32_t number;
  uint32_t other;
  frl_cursor bytes;
  *key = *value = (frl_cursor){c.end, c.end};
  while (c.pos < c.end) {
    FRL_TRY(next_field(&c, &number, &bytes, &other));
    if (number == ENTRY_KEY) *key = bytes;
    if (number == ENTRY_VALUE) *value = bytes;
  }
  return FRL_OK;
}

static frl_status append_attributes(frl_col *map, frl_cursor c) {
  uint32_t number;
  uint32_t other;
  frl_cursor bytes;
  while (c.pos < c.end) {
    FRL_TRY(next_field(&c, &number, &bytes, &other));
    if (number != MESSAGE_ATTRIBUTES) continue;
    frl_cursor key;
    frl_cursor value;
    FRL_TRY(read_entry(bytes, &key, &value));
    FRL_TRY(frl_col_map_put(
        map, key.pos, frl_cursor_left(&key), value.pos, frl_cursor_left(&value)));
  }
  return frl_col_end_list(map);
}

/*
 * Has the memory behind the payload fetched for writing: batches are larger than the
 * caches, and the next payload, probably as long, would wait for it.
 */
static inline void prefetch_room(const frl_col *c, size_t n) {
  enum { LINE_BYTES = 64, AHEAD_MAX_BYTES = 2048 };
  const size_t room = c->room_bytes - c->used_bytes;
  if (n > room) n = room;
  if (n > AHEAD_MAX_BYTES) n = AHEAD_MAX_BYTES;
  const uint8_t *next = c->values + c->used_bytes;
  for (size_t i = 0; i < n; i += LINE_BYTES) __builtin_prefetch(next + i, 1);
}

static frl_status append_payload(frl_intake *in, frl_cursor data) {
  if (in->options.payload_utf8 && !frl_wire_is_utf8(data)) {
    in->invalid_utf8++;
    return frl_col_append_null(in->payload);
  }
  FRL_TRY(append(in->payload, data));
  prefetch_room(in->payload, frl_cursor_left(&data));
  return FRL_OK;
}

static frl_status append_row(frl_intake *in, const message_view *view) {
  if (in->message_id) FRL_TRY(append(in->message_id, view->id));
  if (in->publish_time) {
    FRL_TRY(frl_col_append_i64(in->publish_time, view->publish_time_us));
  }
  if (in->payload) FRL_TRY(append_payload(in, view->data));
  if (in->attributes) FRL_TRY(append_attributes(in->attributes, view->attributes));
  if (in->ordering_key) {
    const bool keyed = view->key.pos < view->key.end;
    FRL_TRY(keyed ? append(in->ordering_key, view->key)
                  : frl_col_append_null(in->ordering_key));
  }
  if (in->ack_id) FRL_TRY(append(in->ack_id, view->ack_id));
  return frl_columns_end_row(in->columns);
}

static frl_status begin_lot(frl_intake *in, int64_t now_ms) {
  FRL_TRY(frl_lot_create(&in->lot, in->options.pool));
  frl_status st = frl_lot_expect(in->lot, in->hint_rows, in->hint_id_bytes);
  if (st == FRL_OK) st = frl_leases_register(in->options.leases, in->lot);
  if (st != FRL_OK) {
    frl_lot_unref(in->lot);
    in->lot = NULL;
    return st;
  }
  in->lot->first_ms = now_ms;
  in->lot_wire_bytes = 0;
  in->full = false;
  return FRL_OK;
}

static void count_message(
    frl_intake *in, const message_view *view, size_t wire_bytes, int64_t now_ms) {
  const uint64_t payload = frl_cursor_left(&view->data);
  in->messages++;
  in->payload_bytes += payload;
  in->lot->payload_bytes += payload;
  in->lot_wire_bytes += wire_bytes;
  in->full = in->lot->n_rows >= in->options.max_rows ||
             in->lot_wire_bytes >= in->options.max_bytes;
  const int64_t cutoff_us = in->options.cutoff_us;
  if (cutoff_us && view->publish_time_us < cutoff_us) in->last_old_ms = now_ms;
}

frl_status frl_intake_message(frl_intake *in, frl_cursor received, int64_t now_ms) {
  if (in->full) return FRL_E_STATE;
  message_view view = {0};
  FRL_TRY(read_received(received, &view));
  if (view.attempted) in->seen_attempts = true;
  in->last_ms = now_ms;
  if (!in->lot) FRL_TRY(begin_lot(in, now_ms));
  const frl_status admitted =
      frl_leases_admit(in->options.leases, in->lot, view.id, view.ack_id);
  if (admitted == FRL_END) return FRL_OK;
  if (admitted != FRL_OK) return admitted;
  const frl_status st = append_row(in, &view);
  if (st == FRL_OK) {
    count_message(in, &view, frl_cursor_left(&received), now_ms);
    return FRL_OK;
  }
  frl_columns_drop_row(in->columns);
  frl_leases_retract(in->options.leases, in->lot);
  if (st != FRL_E_LIMIT || in->lot->n_rows == 0) return st;
  in->full = true;
  return FRL_E_STATE;
}

uint64_t frl_intake_native_bytes(const frl_intake *in) {
  const uint64_t columns = frl_columns_held_bytes(in->columns);
  return in->lot ? columns + in->lot->arena.cap + in->lot->rows_buf.cap : columns;
}

static frl_status make_batch(frl_intake *in, frl_batch **out) {
  struct ArrowSchema schema;
  FRL_TRY(frl_intake_schema(
      &schema, &in->mem, in->options.columns, in->options.payload_utf8, NULL));
  struct ArrowArray array = {0};
  frl_status st = frl_columns_finish(in->columns, &array, NULL);
  if (st == FRL_OK) st = frl_batch_take(out, &in->mem, &schema, &array, NULL);
  frl_array_release(&array);
  frl_schema_release(&schema);
  return st;
}

/* Forgets what is under construction. */
static void abandon_lot(frl_intake *in) {
  frl_lot *lot = in->lot;
  frl_columns_truncate(in->columns, 0);
  const uint32_t n = lot->n_rows;
  for (uint32_t i = 0; i < n; i++) frl__leases_row_done(in->options.leases, lot, i);
  frl_lot_unref(lot);
  in->lot = NULL;
  in->full = false;
}

frl_status frl_intake_finish(frl_intake *in, frl_lot **out) {
  *out = NULL;
  if (frl_intake_rows(in) == 0) return FRL_END;
  frl_lot *lot = in->lot;
  in->hint_rows = frl_pool_learn(in->hint_rows, lot->n_rows);
  in->hint_id_bytes = frl_pool_learn(in->hint_id_bytes, lot->arena_len);
  lot->native_bytes = frl_intake_native_bytes(in) + sizeof *lot;
  const frl_status st = make_batch(in, &lot->batch);
  if (st != FRL_OK) {
    abandon_lot(in);
    return st;
  }
  in->lot = NULL;
  in->full = false;
  frl_leases_start(in->options.leases, lot, in->doubtful);
  in->doubtful = false;
  *out = lot;
  return FRL_OK;
}
