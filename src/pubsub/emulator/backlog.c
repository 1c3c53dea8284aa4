#include "pubsub/emulator/backlog.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/emulator/ack_id.h"
#include "pubsub/emulator/backlog_internal.h"

enum { FIRST_ENTRIES = 64, MAX_ENTRIES = 1 << 30 };

frl_status frl_em_backlog_init(frl_em_backlog *b, const frl_mem *mem,
    const frl_em_rules *rules, uint64_t ack_key, uint32_t first_generation) {
  *b = (frl_em_backlog){.mem = mem ? *mem : frl_mem_default,
      .rules = *rules,
      .ack_key = ack_key,
      .first_generation = first_generation,
      .base = 1,
      .end = 1,
      .fresh = 1};
  frl_map_init(&b->keys, mem);
  uint16_t pull = 0;
  return frl_em_holder_open(b, 0, 0, &pull);
}

void frl_em_backlog_deinit(frl_em_backlog *b) {
  for (uint64_t s = b->base; s < b->end; s++) {
    frl_em_entry *e = frl_em_slot(b, (uint32_t)s);
    if (e->block) frl_em_block_unref(e->block);
  }
  frl__em_keys_clear(b);
  frl_map_deinit(&b->keys);
  for (uint32_t i = 0; i < b->n_holders; i++) frl_free(&b->mem, b->holders[i]);
  frl_free(&b->mem, b->holders);
  frl_free(&b->mem, b->entries);
  frl_free(&b->mem, b->keyed);
  frl_free(&b->mem, b->wheel);
  *b = (frl_em_backlog){.mem = b->mem};
}

/* ---- the ring ---- */

static void move_slots(
    const frl_em_backlog *b, frl_em_entry *entries, frl_em_keyed *keyed, uint32_t cap) {
  for (uint64_t s = b->base; s < b->end; s++) {
    const uint32_t from = (uint32_t)s & (b->cap - 1);
    const uint32_t to = (uint32_t)s & (cap - 1);
    entries[to] = b->entries[from];
    if (keyed) keyed[to] = b->keyed[from];
  }
}

static frl_status grow(frl_em_backlog *b) {
  const uint32_t cap = b->cap ? b->cap * 2 : FIRST_ENTRIES;
  if (cap > MAX_ENTRIES) return FRL_E_LIMIT;
  frl_em_entry *entries = frl_malloc(&b->mem, (size_t)cap * sizeof *entries);
  frl_em_keyed *keyed =
      b->rules.ordered ? frl_malloc(&b->mem, (size_t)cap * sizeof *keyed) : NULL;
  if (!entries || (b->rules.ordered && !keyed)) {
    frl_free(&b->mem, entries);
    frl_free(&b->mem, keyed);
    return FRL_E_NOMEM;
  }
  move_slots(b, entries, keyed, cap);
  frl_free(&b->mem, b->entries);
  frl_free(&b->mem, b->keyed);
  b->entries = entries;
  b->keyed = keyed;
  b->cap = cap;
  return FRL_OK;
}

/* A slot at the end, FREE. The low half of a sequence number is never 0. */
static frl_status add_slot(frl_em_backlog *b, uint32_t *low) {
  do {
    if (b->end - b->base >= b->cap) FRL_TRY(grow(b));
    *low = (uint32_t)b->end;
    *frl_em_slot(b, *low) = (frl_em_entry){0};
    if (b->keyed) *frl__em_keyed(b, *low) = (frl_em_keyed){0};
    b->end++;
  } while (*low == 0);
  return FRL_OK;
}

static frl_status make_fresh(frl_em_backlog *b, uint32_t low) {
  frl_em_entry *e = frl_em_slot(b, low);
  const frl_em_message *m = &e->block->messages[e->index];
  if (b->rules.ordered && m->key_len > 0) {
    FRL_TRY(frl__em_key_append(b, low, frl_em_block_key(e->block, e->index)));
  } else {
    b->fresh_count++;
  }
  e->state = FRL_EM_FRESH;
  return FRL_OK;
}

static frl_status append(
    frl_em_backlog *b, frl_em_block *block, uint32_t index, bool acked) {
  const uint64_t sequence = b->end + ((uint32_t)b->end == 0);
  uint32_t low = 0;
  FRL_TRY(add_slot(b, &low));
  frl_em_entry *e = frl_em_slot(b, low);
  e->block = block;
  e->index = index;
  e->generation = b->first_generation;
  if (acked) {
    e->state = FRL_EM_ACKED;
  } else {
    const frl_status st = make_fresh(b, low);
    if (st != FRL_OK) {
      e->block = NULL; /* the slot stays, FREE */
      return st;
    }
    b->unacked++;
  }
  if (block->owner == b->ack_key) {
    frl_em_ack_id_write(block->bytes + block->messages[index].ack_at, b->ack_key,
        sequence, b->first_generation + 1);
  }
  (void)frl_em_block_ref(block);
  return FRL_OK;
}

frl_status frl_em_backlog_append(
    frl_em_backlog *b, frl_em_block *block, uint32_t index) {
  return append(b, block, index, false);
}

frl_status frl_em_backlog_skip_to(frl_em_backlog *b, uint64_t sequence) {
  if (sequence <= b->end) return FRL_OK;
  if (b->base == b->end) {
    b->base = b->end = b->fresh = sequence;
    return FRL_OK;
  }
  if (sequence - b->base > MAX_ENTRIES) return FRL_E_LIMIT;
  uint32_t low = 0;
  while (b->end < sequence) FRL_TRY(add_slot(b, &low));
  return FRL_OK;
}

frl_status frl_em_backlog_restore(frl_em_backlog *b, frl_em_block *block,
    uint32_t index, uint64_t sequence, bool acked) {
  if (sequence < b->end || (uint32_t)sequence == 0) return FRL_E_INVALID;
  FRL_TRY(frl_em_backlog_skip_to(b, sequence));
  return append(b, block, index, acked);
}

/* ---- holders ---- */

static bool is_unused(const frl_em_holder *h) { return !h->open && h->messages == 0; }

static frl_em_holder *unused_holder(frl_em_backlog *b, uint16_t *index) {
  for (uint32_t i = 1; i < b->n_holders; i++) {
    if (!is_unused(b->holders[i])) continue;
    *index = (uint16_t)i;
    return b->holders[i];
  }
  return NULL;
}

frl_status frl_em_holder_open(
    frl_em_backlog *b, uint64_t max_messages, uint64_t max_bytes, uint16_t *holder) {
  frl_em_holder *h = unused_holder(b, holder);
  if (!h) {
    if (b->n_holders >= UINT16_MAX) return FRL_E_LIMIT;
    frl_em_holder **grown = frl_reallocarray(
        &b->mem, b->holders, (size_t)b->n_holders + 1, sizeof(frl_em_holder *));
    if (!grown) return FRL_E_NOMEM;
    b->holders = grown;
    h = frl_malloc(&b->mem, sizeof *h);
    if (!h) return FRL_E_NOMEM;
    b->holders[b->n_holders] = h;
    *holder = (uint16_t)b->n_holders++;
  }
  *h = (frl_em_holder){
      .max_messages = max_messages, .max_bytes = max_bytes, .open = true};
  return FRL_OK;
}

void frl_em_holder_close(frl_em_backlog *b, uint16_t holder) {
  frl_em_holder *h = b->holders[holder];
  h->open = false;
  while (h->keys.head) frl__em_key_requeue(b, h->keys.head);
}

void frl_em_holder_reopen(
    frl_em_backlog *b, uint16_t holder, uint64_t max_messages, uint64_t max_bytes) {
  frl_em_holder *h = b->holders[holder];
  h->max_messages = max_messages;
  h->max_bytes = max_bytes;
  h->open = true;
  /* keys that went on waiting for this holder may be delivered to it again */
  size_t at = 0;
  const frl_map_entry *m;
  while ((m = frl_map_next(&b->keys, &at))) frl__em_key_requeue(b, m->value);
}

/* ---- giving out ---- */

static bool has_room(const frl_em_holder *h) {
  return (h->max_messages == 0 || h->messages < h->max_messages) &&
         (h->max_bytes == 0 || h->bytes < h->max_bytes);
}

bool frl_em_backlog_has(const frl_em_backlog *b, uint16_t holder) {
  const frl_em_holder *h = b->holders[holder];
  return has_room(h) &&
         (b->ready.head || b->fresh_count > 0 || h->keys.head || b->free_keys.head);
}

typedef struct taking {
  frl_em_backlog *b;
  frl_em_holder *h;
  uint16_t holder;
  uint32_t due_tick;
  size_t max;
  size_t max_bytes;
  size_t n;
  size_t bytes;
  frl_em_delivery *out;
} taking;

static bool is_full(const taking *t, const frl_em_entry *e) {
  if (t->n == t->max) return true;
  if (t->n == 0) return !has_room(t->h);
  const uint32_t len = frl_em_length(e);
  if (t->bytes + len > t->max_bytes) return true;
  /* a message larger than the limit still gets through, alone */
  if (t->h->max_bytes > 0 && t->h->bytes + len > t->h->max_bytes) return true;
  return !has_room(t->h);
}

static void give(taking *t, uint32_t low, uint64_t sequence) {
  frl_em_backlog *b = t->b;
  frl_em_entry *e = frl_em_slot(b, low);
  if (b->counts) {
    b->counts->delivered++;
    if (e->attempts > 0) b->counts->redelivered++;
  }
  frl__em_lease(b, low, t->holder, t->due_tick);
  t->bytes += frl_em_length(e);
  t->out[t->n++] =
      (frl_em_delivery){e->block, sequence, e->index, e->generation, e->attempts};
}

/* The whole sequence number of an entry of the ring. */
static uint64_t widen(const frl_em_backlog *b, uint32_t low) {
  return b->base + (uint32_t)(low - (uint32_t)b->base);
}

static void take_key(taking *t, frl_em_key *key) {
  frl_em_backlog *b = t->b;
  while (key->cursor && !is_full(t, frl_em_slot(b, key->cursor))) {
    const uint32_t low = key->cursor;
    key->cursor = frl__em_keyed(b, low)->next;
    key->outstanding++;
    key->holder = t->holder;
    give(t, low, widen(b, low));
  }
  frl__em_key_requeue(b, key);
}

static void take_keys(taking *t, frl_em_key_list *list) {
  while (list->head && !is_full(t, frl_em_slot(t->b, list->head->cursor))) {
    take_key(t, list->head);
  }
}

static void take_ready(taking *t) {
  frl_em_backlog *b = t->b;
  while (b->ready.head && !is_full(t, frl_em_slot(b, b->ready.head))) {
    const uint32_t low = b->ready.head;
    frl__em_list_unlink(b, &b->ready, low);
    give(t, low, widen(b, low));
  }
}

static void take_fresh(taking *t) {
  frl_em_backlog *b = t->b;
  for (; b->fresh_count > 0; b->fresh++) {
    const uint32_t low = (uint32_t)b->fresh;
    const frl_em_entry *e = frl_em_slot(b, low);
    if (e->state != FRL_EM_FRESH || frl__em_key_of(b, low)) continue;
    if (is_full(t, e)) return;
    b->fresh_count--;
    give(t, low, b->fresh);
  }
}

size_t frl_em_backlog_take(frl_em_backlog *b, uint16_t holder, int64_t now_ms,
    uint32_t lease_ms, size_t max, size_t max_bytes, frl_em_delivery *out) {
  if (!frl_em_backlog_has(b, holder)) return 0;
  if (!b->wheel) {
    b->wheel = frl_calloc(&b->mem, FRL_EM_WHEEL_TICKS, sizeof *b->wheel);
    if (!b->wheel) return 0;
  }
  /* nothing leased or delayed: the wheel stood still meanwhile */
  if (b->leased + b->delayed == 0) b->tick = now_ms / FRL_EM_TICK_MS;
  taking t = {.b = b,
      .h = b->holders[holder],
      .holder = holder,
      .due_tick = frl__em_due_tick(now_ms, lease_ms),
      .max = max,
      .max_bytes = max_bytes,
      .out = out};
  take_keys(&t, &t.h->keys);
  take_keys(&t, &b->free_keys);
  take_ready(&t);
  take_fresh(&t);
  return t.n;
}

void frl_em_backlog_each(const frl_em_backlog *b,
    void (*fn)(void *ctx, const frl_em_entry *entry, uint64_t sequence), void *ctx) {
  for (uint64_t s = b->base; s < b->end; s++) {
    const frl_em_entry *e = frl_em_slot(b, (uint32_t)s);
    if (e->state != FRL_EM_FREE && e->state != FRL_EM_ACKED) fn(ctx, e, s);
  }
}
