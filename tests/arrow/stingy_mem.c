#include "stingy_mem.h"

#include <stdlib.h>

static void *stingy_realloc(void *ctx, void *ptr, size_t size) {
  stingy *s = ctx;
  if (s->grants-- <= 0) return NULL;
  if (!ptr) s->live++;
  return realloc(ptr, size);
}

static void stingy_free(void *ctx, void *ptr) {
  stingy *s = ctx;
  if (ptr) s->live--;
  free(ptr);
}

frl_mem stingy_mem(stingy *s) { return (frl_mem){stingy_realloc, stingy_free, s}; }
