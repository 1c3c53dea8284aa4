#include "net/msg.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"

enum { FIRST_ITEMS = 4 };

frl_status frl_msg_create_plain(frl_msg **out, frl_chain *chain, const frl_mem *mem) {
  *out = NULL;
  frl_msg *msg = frl_calloc(mem, 1, sizeof *msg);
  if (!msg) return FRL_E_NOMEM;
  msg->refs = 1;
  msg->mem = mem ? *mem : frl_mem_default;
  msg->bytes = chain->bytes;
  frl_chain_init(&msg->chain, mem);
  frl_chain_move(&msg->chain, chain);
  *out = msg;
  return FRL_OK;
}

frl_status frl_msg_create(
    frl_msg **out, frl_chain *chain, bool compressed, const frl_mem *mem) {
  *out = NULL;
  if (chain->bytes > UINT32_MAX) return FRL_E_LIMIT;
  frl_msg *msg = NULL;
  FRL_TRY(frl_msg_create_plain(&msg, chain, mem));
  const uint32_t n = (uint32_t)msg->bytes;
  msg->prefix[0] = compressed ? 1 : 0;
  for (int i = 0; i < 4; i++) msg->prefix[1 + i] = (uint8_t)(n >> (24 - 8 * i));
  msg->prefix_len = sizeof msg->prefix;
  msg->bytes += sizeof msg->prefix;
  *out = msg;
  return FRL_OK;
}

frl_msg *frl_msg_ref(frl_msg *msg) {
  msg->refs++;
  return msg;
}

void frl_msg_unref(void *owner) {
  frl_msg *msg = owner;
  if (--msg->refs > 0) return;
  const frl_mem mem = msg->mem;
  frl_chain_deinit(&msg->chain);
  frl_free(&mem, msg);
}

frl_status frl_msgq_push(frl_msgq *q, frl_msg *msg, const frl_mem *mem) {
  if (q->end == q->cap && q->head > q->cap / 2) {
    q->end -= q->head;
    memmove(q->items, q->items + q->head, q->end * sizeof(frl_msg *));
    q->head = 0;
  }
  if (q->end == q->cap) {
    const size_t cap = q->cap ? q->cap * 2 : FIRST_ITEMS;
    frl_msg **grown = frl_reallocarray(mem, q->items, cap, sizeof(frl_msg *));
    if (!grown) return FRL_E_NOMEM;
    q->items = grown;
    q->cap = cap;
  }
  q->items[q->end++] = msg;
  return FRL_OK;
}

frl_msg *frl_msgq_first(const frl_msgq *q) {
  return q->head < q->end ? q->items[q->head] : NULL;
}

frl_msg *frl_msgq_pop(frl_msgq *q) {
  frl_msg *msg = q->items[q->head++];
  if (q->head == q->end) q->head = q->end = 0;
  return msg;
}

void frl_msgq_deinit(frl_msgq *q, const frl_mem *mem) {
  for (size_t i = q->head; i < q->end; i++) frl_msg_unref(q->items[i]);
  frl_free(mem, q->items);
  *q = (frl_msgq){0};
}
