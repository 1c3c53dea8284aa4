#include "pubsub/emulator/response.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/emulator/ack_id.h"
#include "wire/writer.h"

enum {
  HEAD_MAX_BYTES = 40,
  /* cheaper to copy than to send as a slice of its own */
  COPY_BODY_BYTES = 512
};

/* Heads and small bodies of one response; freed with the last slice into it. */
typedef struct scratch {
  frl_mem mem;
  uint8_t bytes[];
} scratch;

static void scratch_free(void *owner) {
  scratch *s = owner;
  const frl_mem mem = s->mem;
  frl_free(&mem, s);
}

static const frl_em_message *message_of(const frl_em_delivery *d) {
  return &d->block->messages[d->index];
}

/* The frame in the block already bears this delivery's ack id. */
static bool is_framed(
    const frl_em_backlog *b, const frl_em_delivery *d, bool with_attempt) {
  return !with_attempt && d->block->owner == b->ack_key &&
         d->generation == b->first_generation + 1;
}

static size_t head_bytes_for(const frl_em_delivery *d) {
  const size_t body = message_of(d)->body_len;
  return HEAD_MAX_BYTES + (body <= COPY_BODY_BYTES ? body : 0);
}

static uint8_t *put_head(
    uint8_t *p, const frl_em_backlog *b, const frl_em_delivery *d, bool with_attempt) {
  assert(p); /* there is room: this message was counted */
  const size_t body = message_of(d)->body_len;
  size_t received = 2 + FRL_EM_ACK_ID_BYTES + 1 + frl_wire_varint_bytes(body) + body;
  if (with_attempt) received += 1 + frl_wire_varint_bytes(d->attempt);
  *p++ = 1 << 3 | 2;
  p = frl_wire_put_varint(p, received);
  *p++ = 1 << 3 | 2;
  *p++ = FRL_EM_ACK_ID_BYTES;
  frl_em_ack_id_write(p, b->ack_key, d->sequence, d->generation);
  p += FRL_EM_ACK_ID_BYTES;
  if (with_attempt) {
    *p++ = 3 << 3;
    p = frl_wire_put_varint(p, d->attempt);
  }
  *p++ = 2 << 3 | 2;
  return frl_wire_put_varint(p, body);
}

/* How many deliveries from d on lie side by side in their block. */
static size_t run_length(const frl_em_backlog *b, const frl_em_delivery *d, size_t n) {
  size_t k = 1;
  while (k < n && d[k].block == d->block && d[k].index == d->index + k &&
         is_framed(b, &d[k], false)) {
    k++;
  }
  return k;
}

static frl_status push_block(
    frl_chain *out, frl_em_block *block, uint32_t from, uint32_t to) {
  const frl_slice slice = {block->bytes + from, to - from, frl_em_block_unref, block};
  FRL_TRY(frl_chain_push(out, slice));
  (void)frl_em_block_ref(block);
  return FRL_OK;
}

typedef struct writer {
  frl_chain *out;
  scratch *scratch; /* NULL once a slice of the chain owns it */
  uint8_t *from;    /* bytes of scratch not yet pushed */
  uint8_t *to;
} writer;

static frl_status flush(writer *w, bool last) {
  if (w->from == w->to && !last) return FRL_OK;
  frl_slice slice = {w->from, (size_t)(w->to - w->from), NULL, NULL};
  if (last) {
    slice.release = scratch_free;
    slice.owner = w->scratch;
  }
  FRL_TRY(frl_chain_push(w->out, slice));
  if (last) w->scratch = NULL;
  w->from = w->to;
  return FRL_OK;
}

static frl_status add_headed(
    writer *w, const frl_em_backlog *b, const frl_em_delivery *d, bool with_attempt) {
  const frl_em_message *m = message_of(d);
  w->to = put_head(w->to, b, d, with_attempt);
  if (m->body_len <= COPY_BODY_BYTES) {
    memcpy(w->to, d->block->bytes + m->body_at, m->body_len);
    w->to += m->body_len;
    return FRL_OK;
  }
  FRL_TRY(flush(w, false));
  return push_block(w->out, d->block, m->body_at, frl_em_frame_end(m));
}

static frl_status add_all(writer *w, const frl_em_backlog *b, const frl_em_delivery *d,
    size_t n, bool with_attempt) {
  for (size_t i = 0; i < n;) {
    if (!is_framed(b, &d[i], with_attempt)) {
      FRL_TRY(add_headed(w, b, &d[i], with_attempt));
      i++;
      continue;
    }
    const size_t k = run_length(b, &d[i], n - i);
    FRL_TRY(flush(w, false));
    FRL_TRY(push_block(w->out, d[i].block, message_of(&d[i])->frame_at,
        frl_em_frame_end(message_of(&d[i + k - 1]))));
    i += k;
  }
  return w->scratch ? flush(w, true) : FRL_OK;
}

frl_status frl_em_response_add(frl_chain *out, const frl_em_backlog *b,
    const frl_em_delivery *deliveries, size_t n, bool with_attempt) {
  size_t room = 0;
  for (size_t i = 0; i < n; i++) {
    if (!is_framed(b, &deliveries[i], with_attempt)) {
      room += head_bytes_for(&deliveries[i]);
    }
  }
  writer w = {.out = out};
  if (room > 0) {
    w.scratch = frl_malloc(&b->mem, sizeof(scratch) + room);
    if (!w.scratch) return FRL_E_NOMEM;
    w.scratch->mem = b->mem;
    w.from = w.to = w.scratch->bytes;
  }
  const frl_status st = add_all(&w, b, deliveries, n, with_attempt);
  /* a part of the chain may point into it, but is not to be read any more */
  if (st != FRL_OK && w.scratch) scratch_free(w.scratch);
  return st;
}
