#include "arrow/json_alloc.h"

#include "base/mem.h"

static void *json_malloc(void *ctx, size_t size) { return frl_malloc(ctx, size); }

static void *json_realloc(void *ctx, void *ptr, size_t old_size, size_t size) {
  (void)old_size;
  return frl_realloc(ctx, ptr, size);
}

static void json_free(void *ctx, void *ptr) { frl_free(ctx, ptr); }

yyjson_alc frl_json_alloc(const frl_mem *mem) {
  /* yyjson's context is not const; the functions above only read it */
  union {
    const frl_mem *in;
    void *out;
  } ctx = {.in = mem};
  return (yyjson_alc){json_malloc, json_realloc, json_free, ctx.out};
}
