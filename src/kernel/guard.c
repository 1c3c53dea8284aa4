#include "kernel/guard.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arrow/layout.h"
#include "base/error.h"
#include "base/mem.h"

enum { BUFFERS_MAX = 3 };

/** What a guarded array owns. */
typedef struct guard {
  const void *buffers[BUFFERS_MAX];
  void *mapped[BUFFERS_MAX];
  size_t mapped_bytes[BUFFERS_MAX];
  struct ArrowArray **pointers;
  struct ArrowArray *children;
  int64_t n;
  struct guard *next; /* of those of this thread */
  struct guard *before;
} guard;

static _Thread_local guard *guards;

static void enlist(guard *own) {
  own->next = guards;
  if (guards) guards->before = own;
  guards = own;
}

static void strike(guard *own) {
  if (own->next) own->next->before = own->before;
  if (own->before) own->before->next = own->next;
  if (guards == own) guards = own->next;
}

static void release_guard(struct ArrowArray *array) {
  guard *own = array->private_data;
  strike(own);
  for (int64_t i = 0; i < own->n; i++) frl_array_release(&own->children[i]);
  for (int i = 0; i < BUFFERS_MAX; i++) {
    if (own->mapped[i]) (void)munmap(own->mapped[i], own->mapped_bytes[i]);
  }
  frl_free(NULL, own->pointers);
  frl_free(NULL, own->children);
  frl_free(NULL, own);
  array->release = NULL;
}

/** n bytes that end where a page begins which nobody may touch. */
static frl_status guard_bytes(guard *own, int i, const void *from, size_t n) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t used = (n + page - 1) / page * page;
  uint8_t *at = mmap(
      NULL, used + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return FRL_E_NOMEM;
  own->mapped[i] = at;
  own->mapped_bytes[i] = used + page;
  own->buffers[i] = at + used - n;
  if (n) memcpy(at + used - n, from, n);
  if (used && mprotect(at, used, PROT_READ) != 0) return FRL_E_NOMEM;
  return mprotect(at + used, page, PROT_NONE) == 0 ? FRL_OK : FRL_E_NOMEM;
}

/** Bytes of buffer i, by the array's length and offset. */
static size_t buffer_bytes(
    const struct ArrowArray *a, const frl_layout *layout, int i) {
  const size_t rows = (size_t)(a->offset + a->length);
  if (i == 0) return (rows + 7) / 8;
  if (layout->kind == FRL_LAYOUT_BOOL) return (rows + 7) / 8;
  if (layout->kind == FRL_LAYOUT_FIXED) return rows * layout->width_bytes;
  if (i == 1) return (rows + 1) * sizeof(int32_t);
  const int32_t *offsets = a->buffers[1];
  return offsets ? (size_t)offsets[rows] : 0;
}

static frl_status guard_buffers(
    guard *own, const struct ArrowArray *from, const frl_layout *layout) {
  for (int i = 0; i < from->n_buffers && i < BUFFERS_MAX; i++) {
    if (!from->buffers[i]) continue;
    FRL_TRY(guard_bytes(own, i, from->buffers[i], buffer_bytes(from, layout, i)));
  }
  return FRL_OK;
}

static frl_status guard_array(struct ArrowArray *out, const struct ArrowSchema *schema,
    const struct ArrowArray *from) {
  frl_layout layout;
  FRL_TRY(frl_layout_of(&layout, schema->format));
  const size_t n = (size_t)from->n_children;
  guard *own = frl_calloc(NULL, 1, sizeof *own);
  if (!own) return FRL_E_NOMEM;
  enlist(own);
  own->children = frl_calloc(NULL, n, sizeof *own->children);
  own->pointers = frl_calloc(NULL, n, sizeof *own->pointers);
  *out = *from;
  out->private_data = own;
  out->release = release_guard;
  out->buffers = own->buffers;
  out->children = own->pointers;
  if (!own->children || !own->pointers) return FRL_E_NOMEM;
  own->n = from->n_children;
  FRL_TRY(guard_buffers(own, from, &layout));
  for (size_t i = 0; i < n; i++) {
    own->pointers[i] = &own->children[i];
    FRL_TRY(guard_array(&own->children[i], schema->children[i], from->children[i]));
  }
  return FRL_OK;
}

frl_status frl_guard(struct ArrowArray *out, const struct ArrowSchema *schema,
    struct ArrowArray *array, frl_error *err) {
  *out = (struct ArrowArray){0};
  const frl_status st = guard_array(out, schema, array);
  frl_array_release(array);
  if (st == FRL_OK) return FRL_OK;
  frl_array_release(out);
  *out = (struct ArrowArray){0};
  return frl_fail(err, st, "batch: no memory that is guarded");
}

frl_kernel_place frl_guard_place(const void *address) {
  const uint8_t *at = address;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (const guard *g = guards; g; g = g->next) {
    for (int i = 0; i < BUFFERS_MAX; i++) {
      const uint8_t *from = g->mapped[i];
      const uint8_t *end = from ? from + g->mapped_bytes[i] : NULL;
      if (!from || at < from || at >= end) continue;
      return at < end - page ? FRL_KERNEL_IN_BUFFER : FRL_KERNEL_BEHIND_BUFFER;
    }
  }
  return FRL_KERNEL_ELSEWHERE;
}
