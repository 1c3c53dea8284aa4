/**
 * Reads the fields of one whole protobuf message where it lies.
 *
 * Source of the encoding: protobuf.dev/programming-guides/encoding. Groups (wire
 * types 3 and 4) are refused: no proto3 message has them. Knows no schema: unknown
 * fields are the caller's to skip. Threads: values.
 */
#ifndef FRL_WIRE_READER_H
#define FRL_WIRE_READER_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/utf8.h"

enum frl_wire_type {
  FRL_WIRE_VARINT = 0,
  FRL_WIRE_FIXED64 = 1,
  FRL_WIRE_BYTES = 2,
  FRL_WIRE_FIXED32 = 5
};

typedef struct frl_wire_field {
  uint32_t number;  /* 1 .. 2^29 - 1 */
  uint8_t type;     /* enum frl_wire_type */
  uint64_t value;   /* of VARINT, FIXED64, FIXED32; the length of BYTES */
  frl_cursor bytes; /* of BYTES: borrowed from the message; empty otherwise */
} frl_wire_field;

/**
 * The tag that begins a field.
 * @return FRL_OK; FRL_E_TRUNCATED; FRL_E_MALFORMED: number 0 or above 2^29 - 1, more
 *         than five bytes, or a wire type that is not of frl_wire_type.
 */
FRL_NODISCARD frl_status frl_wire_read_tag(
    frl_cursor *message, uint32_t *number, uint8_t *type);

/**
 * The next field.
 * @return FRL_OK; FRL_END at the end of the message; FRL_E_TRUNCATED or
 *         FRL_E_MALFORMED with the cursor where the field began.
 */
FRL_NODISCARD frl_status frl_wire_next(frl_cursor *message, frl_wire_field *field);

/**
 * A length-delimited field with a one-byte tag and at most two bytes of length: what
 * nearly every field is. false, and nothing moved: ask frl_wire_next.
 */
static inline bool frl_wire_short_field(
    frl_cursor *message, uint32_t *number, frl_cursor *bytes) {
  if (message->end - message->pos < 3) return false;
  const uint8_t tag = message->pos[0];
  if ((tag & 7) != FRL_WIRE_BYTES || tag < 8 || tag >= 0x80) return false;
  size_t n = message->pos[1];
  const uint8_t *p = message->pos + 2;
  if (n >= 0x80) {
    if (*p >= 0x80) return false;
    n = (n & 0x7f) | (size_t)*p++ << 7;
  }
  if (n > (size_t)(message->end - p)) return false;
  *number = tag >> 3;
  *bytes = (frl_cursor){p, p + n};
  message->pos = p + n;
  return true;
}

/** google.protobuf.Timestamp or Duration: 1 seconds int64, 2 nanos int32. */
FRL_NODISCARD frl_status frl_wire_read_time(
    frl_cursor message, int64_t *seconds, int32_t *nanos);

/** A map<string,string> entry: 1 key, 2 value; absent is empty. */
FRL_NODISCARD frl_status frl_wire_read_entry(
    frl_cursor message, frl_cursor *key, frl_cursor *value);

/** Whether the bytes are valid UTF-8 (no surrogates, no overlong forms). */
static inline bool frl_wire_is_utf8(frl_cursor bytes) {
  return frl_utf8_check(bytes.pos, frl_cursor_left(&bytes), NULL);
}

#endif /* FRL_WIRE_READER_H */
