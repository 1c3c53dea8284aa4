#include "wire/writer.h"

#include <string.h>

#include "wire/reader.h"

enum { TAG_MAX = 5, VARINT_MAX = 10 };

size_t frl_wire_varint_bytes(uint64_t v) {
  size_t n = 1;
  while (v >= 0x80) {
    v >>= 7;
    n++;
  }
  return n;
}

uint8_t *frl_wire_put_varint(uint8_t *p, uint64_t v) {
  while (v >= 0x80) {
    *p++ = (uint8_t)(v | 0x80);
    v >>= 7;
  }
  *p++ = (uint8_t)v;
  return p;
}

size_t frl_wire_field_bytes(uint32_t number, size_t n) {
  return frl_wire_varint_bytes((uint64_t)number << 3) + frl_wire_varint_bytes(n) + n;
}

static uint8_t *put_tag(uint8_t *p, uint32_t number, unsigned type) {
  return frl_wire_put_varint(p, (uint64_t)number << 3 | type);
}

frl_status frl_wire_varint(frl_buf *b, uint32_t number, uint64_t v) {
  uint8_t head[TAG_MAX + VARINT_MAX];
  uint8_t *end = frl_wire_put_varint(put_tag(head, number, FRL_WIRE_VARINT), v);
  return frl_buf_append(b, head, (size_t)(end - head));
}

frl_status frl_wire_bool(frl_buf *b, uint32_t number, int v) {
  return frl_wire_varint(b, number, v ? 1 : 0);
}

frl_status frl_wire_fixed64(frl_buf *b, uint32_t number, uint64_t v) {
  uint8_t head[TAG_MAX + 8];
  uint8_t *p = put_tag(head, number, FRL_WIRE_FIXED64);
  for (unsigned i = 0; i < 8; i++) *p++ = (uint8_t)(v >> (8 * i));
  return frl_buf_append(b, head, (size_t)(p - head));
}

frl_status frl_wire_bytes_header(frl_buf *b, uint32_t number, size_t n) {
  uint8_t head[TAG_MAX + VARINT_MAX];
  uint8_t *end = frl_wire_put_varint(put_tag(head, number, FRL_WIRE_BYTES), n);
  return frl_buf_append(b, head, (size_t)(end - head));
}

frl_status frl_wire_bytes(frl_buf *b, uint32_t number, const void *data, size_t n) {
  if (n > b->max) return FRL_E_LIMIT;
  frl_status st = frl_buf_reserve(b, frl_wire_field_bytes(number, n));
  if (st == FRL_OK) st = frl_wire_bytes_header(b, number, n);
  return st == FRL_OK ? frl_buf_append(b, data, n) : st;
}

frl_status frl_wire_text(frl_buf *b, uint32_t number, const char *text) {
  return frl_wire_bytes(b, number, text, strlen(text));
}

static size_t time_encode(uint8_t *out, int64_t seconds, int32_t nanos) {
  uint8_t *p = put_tag(out, 1, FRL_WIRE_VARINT);
  p = frl_wire_put_varint(p, (uint64_t)seconds);
  if (nanos) {
    p = put_tag(p, 2, FRL_WIRE_VARINT);
    p = frl_wire_put_varint(p, (uint64_t)(int64_t)nanos);
  }
  return (size_t)(p - out);
}

frl_status frl_wire_time(frl_buf *b, uint32_t number, int64_t seconds, int32_t nanos) {
  uint8_t body[2 * (TAG_MAX + VARINT_MAX)];
  return frl_wire_bytes(b, number, body, time_encode(body, seconds, nanos));
}

frl_status frl_wire_entry(frl_buf *b, uint32_t number, const void *key, size_t key_len,
    const void *value, size_t value_len) {
  if (key_len > b->max || value_len > b->max) return FRL_E_LIMIT;
  const size_t body =
      frl_wire_field_bytes(1, key_len) + frl_wire_field_bytes(2, value_len);
  frl_status st = frl_buf_reserve(b, frl_wire_field_bytes(number, body));
  if (st == FRL_OK) st = frl_wire_bytes_header(b, number, body);
  if (st == FRL_OK) st = frl_wire_bytes(b, 1, key, key_len);
  if (st == FRL_OK) st = frl_wire_bytes(b, 2, value, value_len);
  return st;
}

frl_status frl_wire_begin(frl_buf *b, uint32_t number, size_t *mark) {
  /* one byte is kept for the length; frl_wire_end makes room for more */
  const frl_status st = frl_wire_bytes_header(b, number, 0);
  if (st == FRL_OK) *mark = b->len;
  return st;
}

frl_status frl_wire_end(frl_buf *b, size_t mark) {
  const size_t n = b->len - mark;
  const size_t extra = frl_wire_varint_bytes(n) - 1;
  const frl_status st = frl_buf_reserve(b, extra);
  if (st != FRL_OK) return st;
  uint8_t *body = b->data + mark;
  if (extra) memmove(body + extra, body, n);
  (void)frl_wire_put_varint(body - 1, n);
  b->len += extra;
  return FRL_OK;
}
