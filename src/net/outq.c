#include "net/outq.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_BYTES = 16 * 1024, FIRST_SLICES = 64 };

typedef struct frl_out_block {
  frl_mem mem;
  size_t refs; /* one per slice in it, one of the queue */
  size_t used;
  uint8_t data[BLOCK_BYTES];
} frl_out_block;

static void block_unref(void *owner) {
  frl_out_block *block = owner;
  if (--block->refs > 0) return;
  const frl_mem mem = block->mem;
  frl_free(&mem, block);
}

void frl_outq_init(frl_outq *q, const frl_mem *mem) {
  *q = (frl_outq){.mem = mem ? *mem : frl_mem_default};
}

void frl_outq_deinit(frl_outq *q) {
  for (size_t i = q->head; i < q->end; i++) {
    if (q->slices[i].release) q->slices[i].release(q->slices[i].owner);
  }
  if (q->block) block_unref(q->block);
  frl_free(&q->mem, q->slices);
  *q = (frl_outq){.mem = q->mem};
}

static frl_status make_room(frl_outq *q) {
  if (q->end < q->cap) return FRL_OK;
  if (q->head >= q->cap / 2 && q->head > 0) {
    assert(q->slices);
    q->end -= q->head;
    memmove(q->slices, q->slices + q->head, q->end * sizeof *q->slices);
    q->head = 0;
    return FRL_OK;
  }
  const size_t cap = q->cap ? q->cap * 2 : FIRST_SLICES;
  frl_slice *grown = frl_reallocarray(&q->mem, q->slices, cap, sizeof *grown);
  if (!grown) return FRL_E_NOMEM;
  q->slices = grown;
  q->cap = cap;
  return FRL_OK;
}

frl_status frl_outq_push(frl_outq *q, frl_slice slice) {
  const frl_status st = make_room(q);
  if (st != FRL_OK) return st;
  assert(q->slices);
  q->slices[q->end++] = slice;
  q->bytes += slice.len;
  return FRL_OK;
}

static frl_status fresh_block(frl_outq *q) {
  if (q->block && q->block->refs == 1) {
    q->block->used = 0;
    return FRL_OK;
  }
  frl_out_block *block = frl_malloc(&q->mem, sizeof *block);
  if (!block) return FRL_E_NOMEM;
  block->mem = q->mem;
  block->refs = 1;
  block->used = 0;
  if (q->block) block_unref(q->block);
  q->block = block;
  return FRL_OK;
}

/* Appends at most to the end of the block; *taken says how much. */
static frl_status copy_part(frl_outq *q, const uint8_t *data, size_t n, size_t *taken) {
  if (!q->block || q->block->used == BLOCK_BYTES || q->block->refs == 1) {
    const frl_status st = fresh_block(q);
    if (st != FRL_OK) return st;
  }
  frl_out_block *block = q->block;
  const size_t room = BLOCK_BYTES - block->used;
  *taken = n < room ? n : room;
  uint8_t *to = block->data + block->used;
  frl_slice *last = q->end > q->head ? &q->slices[q->end - 1] : NULL;
  if (last && last->owner == block && last->data + last->len == to) {
    last->len += *taken;
    q->bytes += *taken;
  } else {
    const frl_status st = frl_outq_push(q, (frl_slice){to, *taken, block_unref, block});
    if (st != FRL_OK) return st;
    block->refs++;
  }
  memcpy(to, data, *taken);
  block->used += *taken;
  return FRL_OK;
}

frl_status frl_outq_copy(frl_outq *q, const void *data, size_t n) {
  const uint8_t *from = data;
  while (n > 0) {
    size_t taken = 0;
    const frl_status st = copy_part(q, from, n, &taken);
    if (st != FRL_OK) return st;
    from += taken;
    n -= taken;
  }
  return FRL_OK;
}

frl_status frl_outq_hold(frl_outq *q, void (*release)(void *owner), void *owner) {
  if (q->end > q->head && !q->slices[q->end - 1].release) {
    q->slices[q->end - 1].release = release;
    q->slices[q->end - 1].owner = owner;
    return FRL_OK;
  }
  return frl_outq_push(q, (frl_slice){NULL, 0, release, owner});
}

void frl_outq_consume(frl_outq *q, size_t n) {
  assert(n <= q->bytes);
  q->bytes -= n;
  while (q->head < q->end) {
    frl_slice *s = &q->slices[q->head];
    if (s->len > n) {
      s->data += n;
      s->len -= n;
      return;
    }
    n -= s->len;
    q->head++;
    if (s->release) s->release(s->owner);
  }
  q->head = q->end = 0;
}
