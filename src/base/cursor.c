#include "base/cursor.h"

enum { VARINT_MAX_BYTES = 10 };

/* The low seven bits of each byte side by side. */
static uint64_t pack_sevens(uint64_t v) {
  v &= 0x7f7f7f7f7f7f7f7fu;
  v = (v & 0x007f007f007f007fu) | (v & 0x7f007f007f007f00u) >> 1;
  v = (v & 0x00003fff00003fffu) | (v & 0x3fff00003fff0000u) >> 2;
  return (v & 0x000000000fffffffu) | (v & 0x0fffffff00000000u) >> 4;
}

frl_status frl__cursor_varint_slow(frl_cursor *c, uint64_t *out) {
  const uint8_t *p = c->pos;
  if (frl_cursor_left(c) >= 8) {
    const uint64_t bytes = frl_load_le64(p);
    const uint64_t ends = ~bytes & 0x8080808080808080u;
    if (ends) {
      /* up to and with the first byte that has none behind it */
      *out = pack_sevens(bytes & (ends ^ (ends - 1)));
      c->pos = p + (unsigned)__builtin_ctzll(ends) / 8 + 1;
      return FRL_OK;
    }
  }
  uint64_t value = 0;
  for (unsigned i = 0; i < VARINT_MAX_BYTES; i++) {
    if (p == c->end) return FRL_E_TRUNCATED;
    const uint8_t byte = *p++;
    /* the tenth byte has room for one bit only */
    if (i == VARINT_MAX_BYTES - 1 && byte > 1) return FRL_E_MALFORMED;
    value |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      c->pos = p;
      *out = value;
      return FRL_OK;
    }
  }
  return FRL_E_MALFORMED;
}

frl_status frl_cursor_take(frl_cursor *c, size_t n, frl_cursor *view) {
  if (n > frl_cursor_left(c)) return FRL_E_TRUNCATED;
  /* an empty cursor may be NULL, to which not even 0 may be added */
  *view = (frl_cursor){c->pos, n ? c->pos + n : c->pos};
  c->pos = view->end;
  return FRL_OK;
}

frl_status frl_cursor_bytes(frl_cursor *c, frl_cursor *view) {
  frl_cursor probe = *c;
  uint64_t len;
  const frl_status st = frl_cursor_varint(&probe, &len);
  if (st != FRL_OK) return st;
  /* pos + len could wrap */
  if (len > frl_cursor_left(&probe)) return FRL_E_TRUNCATED;
  view->pos = probe.pos;
  view->end = probe.pos + len;
  c->pos = view->end; /* commit only on success */
  return FRL_OK;
}

frl_status frl_cursor_u8(frl_cursor *c, uint8_t *out) {
  if (c->pos == c->end) return FRL_E_TRUNCATED;
  *out = *c->pos++;
  return FRL_OK;
}

frl_status frl_cursor_le32(frl_cursor *c, uint32_t *out) {
  if (frl_cursor_left(c) < 4) return FRL_E_TRUNCATED;
  *out = frl_load_le32(c->pos);
  c->pos += 4;
  return FRL_OK;
}

frl_status frl_cursor_le64(frl_cursor *c, uint64_t *out) {
  if (frl_cursor_left(c) < 8) return FRL_E_TRUNCATED;
  *out = frl_load_le64(c->pos);
  c->pos += 8;
  return FRL_OK;
}

frl_status frl_cursor_be32(frl_cursor *c, uint32_t *out) {
  if (frl_cursor_left(c) < 4) return FRL_E_TRUNCATED;
  const uint8_t *p = c->pos;
  *out = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
         (uint32_t)p[3];
  c->pos += 4;
  return FRL_OK;
}
