#include "base/chain.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { CHAIN_FIRST_SLICES = 8 };

void frl_chain_init(frl_chain *c, const frl_mem *mem) {
  *c = (frl_chain){.mem = mem ? *mem : frl_mem_default};
}

void frl_chain_deinit(frl_chain *c) {
  for (size_t i = 0; i < c->n_slices; i++) {
    if (c->slices[i].release) c->slices[i].release(c->slices[i].owner);
  }
  frl_free(&c->mem, c->slices);
  *c = (frl_chain){.mem = c->mem};
}

frl_status frl_chain_push(frl_chain *c, frl_slice slice) {
  if (c->n_slices == c->cap) {
    const size_t cap = c->cap ? c->cap * 2 : CHAIN_FIRST_SLICES;
    frl_slice *grown = frl_reallocarray(&c->mem, c->slices, cap, sizeof *grown);
    if (!grown) return FRL_E_NOMEM;
    c->slices = grown;
    c->cap = cap;
  }
  c->slices[c->n_slices++] = slice;
  c->bytes += slice.len;
  return FRL_OK;
}

/* A copy knows its allocator, since release gets one pointer only. */
typedef struct copied_bytes {
  frl_mem mem;
  uint8_t data[];
} copied_bytes;

static void release_copy(void *owner) {
  copied_bytes *copy = owner;
  const frl_mem mem = copy->mem;
  frl_free(&mem, copy);
}

frl_status frl_chain_copy(frl_chain *c, const void *data, size_t n) {
  size_t size;
  if (frl_add_overflows(n, sizeof(copied_bytes), &size)) return FRL_E_LIMIT;
  copied_bytes *copy = frl_malloc(&c->mem, size);
  if (!copy) return FRL_E_NOMEM;
  copy->mem = c->mem;
  if (n) memcpy(copy->data, data, n);
  const frl_status st =
      frl_chain_push(c, (frl_slice){copy->data, n, release_copy, copy});
  if (st != FRL_OK) frl_free(&c->mem, copy);
  return st;
}

void frl_chain_move(frl_chain *dst, frl_chain *src) {
  assert(dst->n_slices == 0);
  frl_free(&dst->mem, dst->slices);
  *dst = *src;
  *src = (frl_chain){.mem = src->mem};
}
