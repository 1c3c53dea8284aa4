/**
 * A growing byte buffer with a ceiling fixed at its start.
 *
 * Threads: one at a time. An append either adds all its bytes or none
 * (FRL_E_LIMIT: the ceiling; FRL_E_NOMEM: the allocator).
 */
#ifndef FRL_BASE_BUF_H
#define FRL_BASE_BUF_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_buf {
  uint8_t *data; /* NULL until something was added */
  size_t len;
  size_t cap;
  size_t max;
  frl_mem mem;
} frl_buf;

/** max_bytes must be above 0. Allocates nothing. mem NULL = the C library's. */
void frl_buf_init(frl_buf *b, const frl_mem *mem, size_t max_bytes);
/** Frees the bytes; the buffer may be used again. */
void frl_buf_deinit(frl_buf *b);
/** Empties, keeps the memory. */
void frl_buf_clear(frl_buf *b);
/** Makes room for n more bytes at data + len. */
FRL_NODISCARD frl_status frl_buf_reserve(frl_buf *b, size_t n);
FRL_NODISCARD frl_status frl_buf_append(frl_buf *b, const void *data, size_t n);
FRL_NODISCARD frl_status frl_buf_append_u8(frl_buf *b, uint8_t byte);
/** A NUL-terminated text, without its NUL. */
FRL_NODISCARD frl_status frl_buf_append_text(frl_buf *b, const char *text);
FRL_NODISCARD frl_status frl_buf_printf(frl_buf *b, const char *fmt, ...)
    FRL_PRINTF(2, 3);
/** Removes the first n bytes (n <= len), moving the rest down. */
void frl_buf_consume(frl_buf *b, size_t n);
/** Adds a NUL behind the bytes, not counted in len, and gives the text. */
FRL_NODISCARD frl_status frl_buf_text(frl_buf *b, const char **text);
/** Hands the bytes to the caller, who frees them by frl_free(&b->mem, ...). */
uint8_t *frl_buf_take(frl_buf *b, size_t *len);

#endif /* FRL_BASE_BUF_H */
