#include "wire/reader.h"

#include "base/error.h"

enum { TAG_MAX_BYTES = 5 };

static frl_status read_value(frl_cursor *c, frl_wire_field *f) {
  switch (f->type) {
    case FRL_WIRE_VARINT:
      return frl_cursor_varint(c, &f->value);
    case FRL_WIRE_FIXED64:
      return frl_cursor_le64(c, &f->value);
    case FRL_WIRE_BYTES: {
      const frl_status st = frl_cursor_bytes(c, &f->bytes);
      if (st == FRL_OK) f->value = frl_cursor_left(&f->bytes);
      return st;
    }
    case FRL_WIRE_FIXED32: {
      uint32_t v = 0;
      const frl_status st = frl_cursor_le32(c, &v);
      f->value = v;
      return st;
    }
    default:
      return FRL_E_MALFORMED;
  }
}

static bool is_wire_type(unsigned type) {
  return type == FRL_WIRE_VARINT || type == FRL_WIRE_FIXED64 ||
         type == FRL_WIRE_BYTES || type == FRL_WIRE_FIXED32;
}

frl_status frl_wire_read_tag(frl_cursor *message, uint32_t *number, uint8_t *type) {
  frl_cursor probe = *message;
  uint64_t tag;
  const frl_status st = frl_cursor_varint(&probe, &tag);
  if (st != FRL_OK) return st;
  if (tag > UINT32_MAX || tag >> 3 == 0) return FRL_E_MALFORMED;
  if (probe.pos - message->pos > TAG_MAX_BYTES) return FRL_E_MALFORMED;
  if (!is_wire_type(tag & 7)) return FRL_E_MALFORMED;
  *number = (uint32_t)(tag >> 3);
  *type = tag & 7;
  *message = probe;
  return FRL_OK;
}

frl_status frl_wire_next(frl_cursor *message, frl_wire_field *field) {
  if (message->pos == message->end) return FRL_END;
  if (frl_wire_short_field(message, &field->number, &field->bytes)) {
    field->type = FRL_WIRE_BYTES;
    field->value = frl_cursor_left(&field->bytes);
    return FRL_OK;
  }
  frl_cursor probe = *message;
  *field = (frl_wire_field){0};
  frl_status st = frl_wire_read_tag(&probe, &field->number, &field->type);
  if (st != FRL_OK) return st;
  st = read_value(&probe, field);
  if (st == FRL_OK) *message = probe;
  return st;
}

frl_status frl_wire_read_time(frl_cursor message, int64_t *seconds, int32_t *nanos) {
  *seconds = 0;
  *nanos = 0;
  enum { SECONDS = 1 << 3 | FRL_WIRE_VARINT, NANOS = 2 << 3 | FRL_WIRE_VARINT };
  while (message.pos < message.end) {
    const uint8_t tag = *message.pos;
    if (tag != SECONDS && tag != NANOS) {
      frl_wire_field other;
      FRL_TRY(frl_wire_next(&message, &other));
      continue;
    }
    message.pos++;
    uint64_t value;
    FRL_TRY(frl_cursor_varint(&message, &value));
    if (tag == SECONDS) {
      *seconds = (int64_t)value;
    } else {
      *nanos = (int32_t)(uint32_t)value;
    }
  }
  return FRL_OK;
}

frl_status frl_wire_read_entry(frl_cursor message, frl_cursor *key, frl_cursor *value) {
  *key = *value = (frl_cursor){message.end, message.end};
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.type != FRL_WIRE_BYTES) continue;
    if (f.number == 1) *key = f.bytes;
    if (f.number == 2) *value = f.bytes;
  }
  return st == FRL_END ? FRL_OK : st;
}
