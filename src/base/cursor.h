/**
 * A bounds-checked view that moves over bytes.
 *
 * Every function either moves the cursor past what it read and returns FRL_OK,
 * or leaves it where it was. Views borrow: they live as long as the bytes do.
 * FRL_E_TRUNCATED: the bytes end inside the value. FRL_E_MALFORMED: no number
 * of further bytes would help.
 */
#ifndef FRL_BASE_CURSOR_H
#define FRL_BASE_CURSOR_H

#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_cursor {
  const uint8_t *pos;
  const uint8_t *end;
} frl_cursor;

static inline frl_cursor frl_cursor_of(const void *data, size_t n) {
  const uint8_t *p = data;
  return (frl_cursor){p, p ? p + n : p};
}

static inline size_t frl_cursor_left(const frl_cursor *c) {
  return (size_t)(c->end - c->pos);
}

/** Little-endian numbers that begin at p; compilers make one load of it. */
static inline uint32_t frl_load_le32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
         (uint32_t)p[3] << 24;
}

static inline uint64_t frl_load_le64(const uint8_t *p) {
  return (uint64_t)frl_load_le32(p) | (uint64_t)frl_load_le32(p + 4) << 32;
}

/** The path for varints of more than two bytes, or at the end. */
FRL_NODISCARD frl_status frl__cursor_varint_slow(frl_cursor *c, uint64_t *out);

/** Base-128 varint of at most ten bytes, as protobuf has it. */
FRL_NODISCARD static inline frl_status frl_cursor_varint(frl_cursor *c, uint64_t *out) {
  const uint8_t *p = c->pos;
  const size_t left = frl_cursor_left(c);
  if (left > 0 && p[0] < 0x80) {
    *out = p[0];
    c->pos = p + 1;
    return FRL_OK;
  }
  if (left > 1 && p[1] < 0x80) {
    *out = (uint64_t)(p[0] & 0x7f) | (uint64_t)p[1] << 7;
    c->pos = p + 2;
    return FRL_OK;
  }
  return frl__cursor_varint_slow(c, out);
}

/** n bytes as a view. */
FRL_NODISCARD frl_status frl_cursor_take(frl_cursor *c, size_t n, frl_cursor *view);
/** A varint length, then that many bytes. */
FRL_NODISCARD frl_status frl_cursor_bytes(frl_cursor *c, frl_cursor *view);
FRL_NODISCARD frl_status frl_cursor_u8(frl_cursor *c, uint8_t *out);
FRL_NODISCARD frl_status frl_cursor_le32(frl_cursor *c, uint32_t *out);
FRL_NODISCARD frl_status frl_cursor_le64(frl_cursor *c, uint64_t *out);
FRL_NODISCARD frl_status frl_cursor_be32(frl_cursor *c, uint32_t *out);

#endif /* FRL_BASE_CURSOR_H */
