#include "support/failing_mem.h"

#include <stdlib.h>

static void *counted_realloc(void *ctx, void *ptr, size_t size) {
  failing_mem *f = ctx;
  if (f->requests++ >= f->fail_at) {
    f->refused++;
    return NULL;
  }
  void *got = realloc(ptr, size);
  if (got && !ptr) f->live++;
  return got;
}

static void counted_free(void *ctx, void *ptr) {
  failing_mem *f = ctx;
  if (ptr) f->live--;
  free(ptr);
}

void failing_mem_init(failing_mem *f, size_t fail_at) {
  *f = (failing_mem){.fail_at = fail_at};
}

frl_mem failing_mem_of(failing_mem *f) {
  return (frl_mem){counted_realloc, counted_free, f};
}
