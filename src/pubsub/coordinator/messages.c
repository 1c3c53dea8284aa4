#include "pubsub/coordinator/messages.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "wire/reader.h"
#include "wire/writer.h"

typedef enum field_kind { FIELD_U64, FIELD_TEXT, FIELD_BYTES } field_kind;

typedef struct field {
  uint32_t number;
  field_kind kind;
  size_t offset;
  size_t size; /* TEXT: with its NUL */
} field;

typedef struct shape {
  const field *fields;
  size_t n;
  size_t size;
} shape;

#define U64(number, type, name) \
  { number, FIELD_U64, offsetof(type, name), sizeof(uint64_t) }
#define TEXT(number, type, name) \
  { number, FIELD_TEXT, offsetof(type, name), sizeof((type *)0)->name }
#define BYTES(number, type, name) \
  { number, FIELD_BYTES, offsetof(type, name), sizeof(frl_cursor) }

static const field hello_fields[] = {
    TEXT(1, frl_coord_hello, run),
    TEXT(2, frl_coord_hello, member),
    TEXT(3, frl_coord_hello, executor),
    TEXT(4, frl_coord_hello, host),
};

static const field stats_fields[] = {
    U64(1, frl_coord_stats, received_messages),
    U64(2, frl_coord_stats, received_bytes),
    U64(3, frl_coord_stats, waiting_messages),
    U64(4, frl_coord_stats, waiting_bytes),
    U64(5, frl_coord_stats, held_messages),
    U64(6, frl_coord_stats, held_bytes),
    U64(7, frl_coord_stats, acked),
    U64(8, frl_coord_stats, nacked),
    U64(9, frl_coord_stats, ack_failed),
    U64(10, frl_coord_stats, extended),
    U64(11, frl_coord_stats, expired),
    U64(12, frl_coord_stats, redelivered),
    U64(13, frl_coord_stats, reopened),
    U64(14, frl_coord_stats, invalid_utf8),
    U64(15, frl_coord_stats, oldest_waiting_ms),
    U64(16, frl_coord_stats, idle_ms),
    U64(17, frl_coord_stats, old_idle_ms),
    U64(18, frl_coord_stats, open_streams),
    U64(19, frl_coord_stats, decode_ns),
    U64(20, frl_coord_stats, dropped_rows),
    U64(21, frl_coord_stats, corrupt_rows),
};

static const field report_fields[] = {
    BYTES(1, frl_coord_report, hello),
    BYTES(2, frl_coord_report, stats),
    U64(3, frl_coord_report, heard),
    U64(4, frl_coord_report, flushed),
    U64(5, frl_coord_report, bye),
};

static const field welcome_fields[] = {
    BYTES(1, frl_coord_welcome, config),
    U64(2, frl_coord_welcome, cutoff_us),
    U64(3, frl_coord_welcome, grace_ms),
    U64(4, frl_coord_welcome, beat_ms),
    U64(5, frl_coord_welcome, lease_s),
    U64(6, frl_coord_welcome, ordered),
    U64(7, frl_coord_welcome, reservoir_bytes),
};

static const field order_fields[] = {
    U64(1, frl_coord_order, kind),
    U64(2, frl_coord_order, seq),
    U64(3, frl_coord_order, batch),
    U64(4, frl_coord_order, partition),
    U64(5, frl_coord_order, relay),
    BYTES(6, frl_coord_order, acks),
    BYTES(7, frl_coord_order, welcome),
};

static const field part_fields[] = {
    TEXT(1, frl_coord_part, run),
    TEXT(2, frl_coord_part, member),
    U64(3, frl_coord_part, batch),
    U64(4, frl_coord_part, partition),
    U64(5, frl_coord_part, rows),
    U64(6, frl_coord_part, bytes),
};

static const field grant_fields[] = {
    U64(1, frl_coord_grant, kind),
    U64(2, frl_coord_grant, max_rows),
    U64(3, frl_coord_grant, max_bytes),
    U64(4, frl_coord_grant, time_ms),
};

static const field piece_fields[] = {
    TEXT(1, frl_coord_piece, run),
    TEXT(2, frl_coord_piece, member),
    U64(3, frl_coord_piece, relay),
    BYTES(4, frl_coord_piece, data),
    U64(5, frl_coord_piece, end),
    BYTES(6, frl_coord_piece, failed),
};

#define SHAPE(fields, type) \
  { fields, sizeof(fields) / sizeof((fields)[0]), sizeof(type) }

static const shape shapes[FRL_COORD_MESSAGES] = {
    [FRL_COORD_HELLO] = SHAPE(hello_fields, frl_coord_hello),
    [FRL_COORD_STATS] = SHAPE(stats_fields, frl_coord_stats),
    [FRL_COORD_REPORT] = SHAPE(report_fields, frl_coord_report),
    [FRL_COORD_WELCOME] = SHAPE(welcome_fields, frl_coord_welcome),
    [FRL_COORD_ORDER] = SHAPE(order_fields, frl_coord_order),
    [FRL_COORD_PART] = SHAPE(part_fields, frl_coord_part),
    [FRL_COORD_GRANT] = SHAPE(grant_fields, frl_coord_grant),
    [FRL_COORD_PIECE] = SHAPE(piece_fields, frl_coord_piece),
};

static frl_status encode_field(frl_buf *out, const field *f, const uint8_t *at) {
  switch (f->kind) {
    case FIELD_U64: {
      uint64_t v;
      memcpy(&v, at, sizeof v);
      return v ? frl_wire_varint(out, f->number, v) : FRL_OK;
    }
    case FIELD_TEXT:
      return *at ? frl_wire_text(out, f->number, (const char *)at) : FRL_OK;
    case FIELD_BYTES: {
      frl_cursor c;
      memcpy(&c, at, sizeof c);
      const size_t n = frl_cursor_left(&c);
      return n ? frl_wire_bytes(out, f->number, c.pos, n) : FRL_OK;
    }
  }
  return FRL_E_INVALID;
}

frl_status frl_coord_encode(frl_buf *out, frl_coord_message kind, const void *message) {
  assert(kind < FRL_COORD_MESSAGES);
  const shape *s = &shapes[kind];
  for (size_t i = 0; i < s->n; i++) {
    FRL_TRY(encode_field(
        out, &s->fields[i], (const uint8_t *)message + s->fields[i].offset));
  }
  return FRL_OK;
}

frl_status frl_coord_encode_into(
    frl_buf *out, uint32_t number, frl_coord_message kind, const void *message) {
  size_t mark;
  FRL_TRY(frl_wire_begin(out, number, &mark));
  FRL_TRY(frl_coord_encode(out, kind, message));
  return frl_wire_end(out, mark);
}

static frl_status decode_text(const field *f, frl_cursor bytes, uint8_t *at) {
  const size_t n = frl_cursor_left(&bytes);
  if (n >= f->size) return FRL_E_LIMIT;
  if (n && memchr(bytes.pos, 0, n)) return FRL_E_MALFORMED;
  if (!frl_wire_is_utf8(bytes)) return FRL_E_MALFORMED;
  if (n) memcpy(at, bytes.pos, n);
  at[n] = 0;
  return FRL_OK;
}

static frl_status decode_field(
    const field *f, const frl_wire_field *wire, uint8_t *at) {
  const uint8_t type = f->kind == FIELD_U64 ? FRL_WIRE_VARINT : FRL_WIRE_BYTES;
  if (wire->type != type) return FRL_E_MALFORMED;
  switch (f->kind) {
    case FIELD_U64:
      memcpy(at, &wire->value, sizeof wire->value);
      return FRL_OK;
    case FIELD_TEXT:
      return decode_text(f, wire->bytes, at);
    case FIELD_BYTES:
      memcpy(at, &wire->bytes, sizeof wire->bytes);
      return FRL_OK;
  }
  return FRL_E_INVALID;
}

frl_status frl_coord_decode(void *message, frl_coord_message kind, frl_cursor bytes) {
  assert(kind < FRL_COORD_MESSAGES);
  const shape *s = &shapes[kind];
  frl_wire_field wire;
  frl_status st;
  while ((st = frl_wire_next(&bytes, &wire)) == FRL_OK) {
    for (size_t i = 0; i < s->n; i++) {
      if (s->fields[i].number != wire.number) continue;
      FRL_TRY(
          decode_field(&s->fields[i], &wire, (uint8_t *)message + s->fields[i].offset));
    }
  }
  return st == FRL_END ? FRL_OK : st;
}

size_t frl_coord_message_size(frl_coord_message kind) {
  assert(kind < FRL_COORD_MESSAGES);
  return shapes[kind].size;
}

frl_status frl_coord_list_put(frl_buf *list, uint64_t value) {
  uint8_t bytes[10];
  const uint8_t *end = frl_wire_put_varint(bytes, value);
  return frl_buf_append(list, bytes, (size_t)(end - bytes));
}

frl_status frl_coord_list_next(frl_cursor *list, uint64_t *value) {
  if (list->pos == list->end) return FRL_END;
  return frl_cursor_varint(list, value);
}
