/** Allocation through an frl_mem, with sizes checked for overflow. */
#ifndef FRL_BASE_MEM_H
#define FRL_BASE_MEM_H

#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>

/** The C library's allocator. */
extern const frl_mem frl_mem_default;

/** NULL for mem means frl_mem_default in all of these; size 0 gives one byte. */
void *frl_malloc(const frl_mem *mem, size_t size);
/** Zeroed; NULL also when count * size wraps. */
void *frl_calloc(const frl_mem *mem, size_t count, size_t size);
/** NULL leaves ptr as it was. */
void *frl_realloc(const frl_mem *mem, void *ptr, size_t size);
/** As frl_realloc for count elements; NULL also when count * size wraps. */
void *frl_reallocarray(const frl_mem *mem, void *ptr, size_t count, size_t size);
void frl_free(const frl_mem *mem, void *ptr);
/** A copy of n bytes with a NUL behind; NULL = out of memory. */
char *frl_strndup(const frl_mem *mem, const char *text, size_t n);
char *frl_strdup(const frl_mem *mem, const char *text);

/** true, and *out unset, when the result does not fit. */
static inline bool frl_mul_overflows(size_t a, size_t b, size_t *out) {
  if (b != 0 && a > (size_t)-1 / b) return true;
  *out = a * b;
  return false;
}

static inline bool frl_add_overflows(size_t a, size_t b, size_t *out) {
  if (a > (size_t)-1 - b) return true;
  *out = a + b;
  return false;
}

#endif /* FRL_BASE_MEM_H */
