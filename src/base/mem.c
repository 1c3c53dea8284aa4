#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *libc_realloc(void *ctx, void *ptr, size_t size) {
  (void)ctx;
  return realloc(ptr, size);
}

static void libc_free(void *ctx, void *ptr) {
  (void)ctx;
  free(ptr);
}

const frl_mem frl_mem_default = {libc_realloc, libc_free, NULL};

static const frl_mem *mem_or_default(const frl_mem *mem) {
  return mem && mem->realloc ? mem : &frl_mem_default;
}

void *frl_realloc(const frl_mem *mem, void *ptr, size_t size) {
  const frl_mem *m = mem_or_default(mem);
  return m->realloc(m->ctx, ptr, size ? size : 1);
}

void *frl_malloc(const frl_mem *mem, size_t size) {
  return frl_realloc(mem, NULL, size);
}

void *frl_calloc(const frl_mem *mem, size_t count, size_t size) {
  size_t total;
  if (frl_mul_overflows(count, size, &total)) return NULL;
  void *ptr = frl_malloc(mem, total);
  if (ptr) memset(ptr, 0, total ? total : 1);
  return ptr;
}

void *frl_reallocarray(const frl_mem *mem, void *ptr, size_t count, size_t size) {
  size_t total;
  if (frl_mul_overflows(count, size, &total)) return NULL;
  return frl_realloc(mem, ptr, total);
}

void frl_free(const frl_mem *mem, void *ptr) {
  const frl_mem *m = mem_or_default(mem);
  if (ptr) m->free(m->ctx, ptr);
}

char *frl_strndup(const frl_mem *mem, const char *text, size_t n) {
  size_t size;
  if (frl_add_overflows(n, 1, &size)) return NULL;
  char *copy = frl_malloc(mem, size);
  if (!copy) return NULL;
  if (n) memcpy(copy, text, n);
  copy[n] = '\0';
  return copy;
}

char *frl_strdup(const frl_mem *mem, const char *text) {
  return frl_strndup(mem, text, strlen(text));
}
