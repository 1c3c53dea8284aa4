#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { BUF_FIRST_BYTES = 64 };

void frl_buf_init(frl_buf *b, const frl_mem *mem, size_t max_bytes) {
  assert(max_bytes > 0);
  *b = (frl_buf){.max = max_bytes, .mem = mem ? *mem : frl_mem_default};
}

void frl_buf_deinit(frl_buf *b) {
  frl_free(&b->mem, b->data);
  b->data = NULL;
  b->len = 0;
  b->cap = 0;
}

void frl_buf_clear(frl_buf *b) { b->len = 0; }

frl_status frl_buf_reserve(frl_buf *b, size_t n) {
  if (n <= b->cap - b->len) return FRL_OK;
  size_t need;
  if (frl_add_overflows(b->len, n, &need) || need > b->max) return FRL_E_LIMIT;
  size_t cap = b->cap ? b->cap : BUF_FIRST_BYTES;
  if (cap > b->max) cap = b->max;
  while (cap < need) cap = cap > b->max / 2 ? b->max : cap * 2;
  uint8_t *grown = frl_realloc(&b->mem, b->data, cap);
  if (!grown) return FRL_E_NOMEM;
  b->data = grown;
  b->cap = cap;
  return FRL_OK;
}

frl_status frl_buf_append(frl_buf *b, const void *data, size_t n) {
  if (n == 0) return FRL_OK;
  const frl_status st = frl_buf_reserve(b, n);
  if (st != FRL_OK) return st;
  memcpy(b->data + b->len, data, n);
  b->len += n;
  return FRL_OK;
}

frl_status frl_buf_append_u8(frl_buf *b, uint8_t byte) {
  return frl_buf_append(b, &byte, 1);
}

frl_status frl_buf_append_text(frl_buf *b, const char *text) {
  return frl_buf_append(b, text, strlen(text));
}

frl_status frl_buf_printf(frl_buf *b, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  va_list again;
  va_copy(again, args);
  const int need = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  frl_status st = need < 0 ? FRL_E_INVALID : frl_buf_reserve(b, (size_t)need + 1);
  if (st == FRL_OK) {
    (void)vsnprintf((char *)b->data + b->len, (size_t)need + 1, fmt, again);
    b->len += (size_t)need;
  }
  va_end(again);
  return st;
}

void frl_buf_consume(frl_buf *b, size_t n) {
  assert(n <= b->len);
  if (n == 0) return;
  b->len -= n;
  if (b->len) memmove(b->data, b->data + n, b->len);
}

frl_status frl_buf_text(frl_buf *b, const char **text) {
  const frl_status st = frl_buf_reserve(b, 1);
  if (st != FRL_OK) return st;
  b->data[b->len] = 0;
  *text = (const char *)b->data;
  return FRL_OK;
}

uint8_t *frl_buf_take(frl_buf *b, size_t *len) {
  uint8_t *data = b->data;
  *len = b->len;
  b->data = NULL;
  b->len = 0;
  b->cap = 0;
  return data;
}
