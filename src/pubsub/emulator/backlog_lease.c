/* Leases and how they end: ack, nack, expiry, retry backoff, seek. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/emulator/ack_id.h"
#include "pubsub/emulator/backlog_internal.h"

/* ---- lists ---- */

void frl__em_list_push(frl_em_backlog *b, frl_em_list *list, uint32_t low) {
  frl_em_entry *e = frl_em_slot(b, low);
  e->next = 0;
  e->prev = list->tail;
  if (list->tail) {
    frl_em_slot(b, list->tail)->next = low;
  } else {
    list->head = low;
  }
  list->tail = low;
}

void frl__em_list_unlink(frl_em_backlog *b, frl_em_list *list, uint32_t low) {
  const frl_em_entry *e = frl_em_slot(b, low);
  if (e->prev) {
    frl_em_slot(b, e->prev)->next = e->next;
  } else {
    list->head = e->next;
  }
  if (e->next) {
    frl_em_slot(b, e->next)->prev = e->prev;
  } else {
    list->tail = e->prev;
  }
}

static frl_em_list *bucket(const frl_em_backlog *b, const frl_em_entry *e) {
  return &b->wheel[e->due_tick & (FRL_EM_WHEEL_TICKS - 1)];
}

uint32_t frl__em_due_tick(int64_t now_ms, uint32_t wait_ms) {
  return (uint32_t)((now_ms + wait_ms + FRL_EM_TICK_MS - 1) / FRL_EM_TICK_MS);
}

/* ---- leases ---- */

void frl__em_lease(
    frl_em_backlog *b, uint32_t low, uint16_t holder, uint32_t due_tick) {
  frl_em_entry *e = frl_em_slot(b, low);
  e->state = FRL_EM_LEASED;
  e->holder = holder;
  e->due_tick = due_tick;
  e->generation = e->generation < FRL_EM_GENERATION_MAX ? e->generation + 1 : 1;
  if (e->attempts < UINT8_MAX) e->attempts++;
  frl__em_list_push(b, bucket(b, e), low);
  frl_em_holder *h = b->holders[holder];
  h->messages++;
  h->bytes += frl_em_length(e);
  b->leased++;
}

void frl__em_unlease(frl_em_backlog *b, uint32_t low) {
  const frl_em_entry *e = frl_em_slot(b, low);
  frl__em_list_unlink(b, bucket(b, e), low);
  frl_em_holder *h = b->holders[e->holder];
  h->messages--;
  h->bytes -= frl_em_length(e);
  b->leased--;
  frl_em_key *key = frl__em_key_of(b, low);
  if (key) key->outstanding--;
}

void frl__em_delay(frl_em_backlog *b, uint32_t low, int64_t now_ms, uint32_t wait_ms) {
  frl_em_entry *e = frl_em_slot(b, low);
  e->state = FRL_EM_DELAYED;
  e->due_tick = frl__em_due_tick(now_ms, wait_ms);
  frl__em_list_push(b, bucket(b, e), low);
  b->delayed++;
}

/* Out of whatever it waits in. */
static void detach(frl_em_backlog *b, uint32_t low) {
  const frl_em_entry *e = frl_em_slot(b, low);
  switch (e->state) {
    case FRL_EM_LEASED:
      frl__em_unlease(b, low);
      break;
    case FRL_EM_DELAYED:
      frl__em_list_unlink(b, bucket(b, e), low);
      b->delayed--;
      break;
    case FRL_EM_READY:
      frl__em_list_unlink(b, &b->ready, low);
      break;
    case FRL_EM_FRESH:
      if (!frl__em_key_of(b, low)) b->fresh_count--;
      break;
    default:
      break;
  }
}

static void drop_base(frl_em_backlog *b) {
  while (b->base < b->end && frl_em_slot(b, (uint32_t)b->base)->state == FRL_EM_FREE) {
    b->base++;
  }
  if (b->fresh < b->base) b->fresh = b->base;
}

static void free_entry(frl_em_entry *e) {
  frl_em_block_unref(e->block);
  e->block = NULL;
  e->state = FRL_EM_FREE;
}

static void settle(frl_em_backlog *b, uint64_t sequence, bool keep) {
  const uint32_t low = (uint32_t)sequence;
  frl_em_entry *e = frl_em_slot(b, low);
  detach(b, low);
  if (frl__em_key_of(b, low)) frl__em_key_remove(b, low);
  b->unacked--;
  if (b->on_settled) b->on_settled(b->ctx, sequence);
  if (keep) {
    e->state = FRL_EM_ACKED;
    return;
  }
  free_entry(e);
  if (sequence == b->base) drop_base(b);
}

static uint32_t backoff_ms(const frl_em_rules *r, uint32_t attempts) {
  if (!r->backs_off) return 0;
  uint64_t wait = r->min_backoff_ms;
  for (uint32_t i = 1; i < attempts && wait < r->max_backoff_ms; i++) wait *= 2;
  return wait < r->max_backoff_ms ? (uint32_t)wait : r->max_backoff_ms;
}

/* Of a key at most one message is in its backoff: the one at the cursor. */
static void end_backoff(frl_em_backlog *b, const frl_em_key *key) {
  if (!key->cursor) return;
  frl_em_entry *e = frl_em_slot(b, key->cursor);
  if (e->state != FRL_EM_DELAYED) return;
  detach(b, key->cursor);
  e->state = FRL_EM_FRESH;
}

/* A lease ended without an ack. */
static void give_back(frl_em_backlog *b, uint64_t sequence, int64_t now_ms) {
  const uint32_t low = (uint32_t)sequence;
  frl_em_entry *e = frl_em_slot(b, low);
  const uint32_t max = b->rules.max_attempts;
  if (max > 0 && e->attempts >= max && b->on_dead &&
      b->on_dead(b->ctx, e->block, e->index, e->attempts)) {
    settle(b, sequence, b->rules.retain_acked);
    return;
  }
  frl__em_unlease(b, low);
  const uint32_t wait_ms = backoff_ms(&b->rules, e->attempts);
  frl_em_key *key = frl__em_key_of(b, low);
  e->state = FRL_EM_FRESH;
  if (key) {
    end_backoff(b, key);
    key->blocked = wait_ms > 0;
    frl__em_key_rewind(b, low);
  }
  if (wait_ms > 0) {
    frl__em_delay(b, low, now_ms, wait_ms);
  } else if (!key) {
    e->state = FRL_EM_READY;
    frl__em_list_push(b, &b->ready, low);
  }
}

static void backoff_over(frl_em_backlog *b, uint32_t low) {
  frl_em_entry *e = frl_em_slot(b, low);
  frl_em_key *key = frl__em_key_of(b, low);
  detach(b, low);
  if (!key) {
    e->state = FRL_EM_READY;
    frl__em_list_push(b, &b->ready, low);
    return;
  }
  e->state = FRL_EM_FRESH;
  key->blocked = false;
  frl__em_key_requeue(b, key);
}

/* ---- what clients ask ---- */

static frl_em_entry *find(const frl_em_backlog *b, uint64_t sequence) {
  if (sequence < b->base || sequence >= b->end) return NULL;
  return frl_em_slot(b, (uint32_t)sequence);
}

bool frl_em_backlog_ack(frl_em_backlog *b, uint64_t sequence, uint32_t generation) {
  const frl_em_entry *e = find(b, sequence);
  if (!e) return sequence < b->base;
  if (e->state == FRL_EM_FREE || e->state == FRL_EM_ACKED) return true;
  if (b->rules.exactly_once) {
    if (e->state != FRL_EM_LEASED || generation != e->generation) return false;
  }
  /* else an ack that comes late still saves a delivery */
  if (b->counts) b->counts->acked++;
  settle(b, sequence, b->rules.retain_acked);
  return true;
}

void frl_em_backlog_settle(frl_em_backlog *b, uint64_t sequence) {
  const frl_em_entry *e = find(b, sequence);
  if (!e || e->state == FRL_EM_FREE || e->state == FRL_EM_ACKED) return;
  settle(b, sequence, b->rules.retain_acked);
}

bool frl_em_backlog_modify(frl_em_backlog *b, uint64_t sequence, uint32_t generation,
    int64_t now_ms, uint32_t lease_ms) {
  frl_em_entry *e = find(b, sequence);
  if (!e || e->state != FRL_EM_LEASED || generation != e->generation) return false;
  if (lease_ms == 0) {
    if (b->counts) b->counts->nacked++;
    give_back(b, sequence, now_ms);
    return true;
  }
  const uint32_t due = frl__em_due_tick(now_ms, lease_ms);
  if (due == e->due_tick) return true;
  frl__em_list_unlink(b, bucket(b, e), (uint32_t)sequence);
  e->due_tick = due;
  frl__em_list_push(b, bucket(b, e), (uint32_t)sequence);
  return true;
}

static void expire(frl_em_backlog *b, uint64_t sequence, int64_t now_ms) {
  if (b->counts) b->counts->expired++;
  give_back(b, sequence, now_ms);
}

void frl_em_backlog_expire(frl_em_backlog *b, uint64_t sequence, int64_t now_ms) {
  const frl_em_entry *e = find(b, sequence);
  if (e && e->state == FRL_EM_LEASED) expire(b, sequence, now_ms);
}

void frl_em_backlog_expire_all(frl_em_backlog *b, int64_t now_ms) {
  for (uint64_t s = b->base; s < b->end; s++) frl_em_backlog_expire(b, s, now_ms);
}

static void empty_bucket(frl_em_backlog *b, uint32_t tick, int64_t now_ms) {
  const frl_em_list *list = &b->wheel[tick & (FRL_EM_WHEEL_TICKS - 1)];
  while (list->head) {
    const uint32_t low = list->head;
    if (frl_em_slot(b, low)->state == FRL_EM_DELAYED) {
      backoff_over(b, low);
    } else {
      expire(b, b->base + (uint32_t)(low - (uint32_t)b->base), now_ms);
    }
  }
}

void frl_em_backlog_advance(frl_em_backlog *b, int64_t now_ms) {
  const int64_t now = now_ms / FRL_EM_TICK_MS;
  if (b->leased + b->delayed == 0) {
    b->tick = now;
    return;
  }
  if (now - b->tick > FRL_EM_WHEEL_TICKS) b->tick = now - FRL_EM_WHEEL_TICKS;
  while (b->tick < now) {
    b->tick++;
    empty_bucket(b, (uint32_t)b->tick, now_ms);
  }
}

/* ---- retention and seek ---- */

void frl_em_backlog_trim(frl_em_backlog *b, int64_t publish_us) {
  while (b->base < b->end) {
    frl_em_entry *e = frl_em_slot(b, (uint32_t)b->base);
    if (e->state != FRL_EM_FREE && e->block->publish_us >= publish_us) break;
    if (e->state == FRL_EM_ACKED) {
      free_entry(e);
    } else if (e->state != FRL_EM_FREE) {
      settle(b, b->base, false);
    }
    drop_base(b);
  }
}

static void clear_lists(frl_em_backlog *b) {
  if (b->wheel) memset(b->wheel, 0, FRL_EM_WHEEL_TICKS * sizeof *b->wheel);
  b->ready = (frl_em_list){0};
  b->leased = b->delayed = b->fresh_count = b->unacked = 0;
  b->fresh = b->base;
  frl__em_keys_clear(b);
  for (uint32_t i = 0; i < b->n_holders; i++) {
    b->holders[i]->messages = b->holders[i]->bytes = 0;
  }
}

static frl_status wait_again(frl_em_backlog *b, uint32_t low) {
  frl_em_entry *e = frl_em_slot(b, low);
  e->state = FRL_EM_FRESH;
  b->unacked++;
  if (!b->rules.ordered || e->block->messages[e->index].key_len == 0) {
    b->fresh_count++;
    return FRL_OK;
  }
  return frl__em_key_append(b, low, frl_em_block_key(e->block, e->index));
}

frl_status frl_em_backlog_seek(frl_em_backlog *b, frl_em_wanted_fn wanted, void *ctx) {
  clear_lists(b);
  frl_status st = FRL_OK;
  for (uint64_t s = b->base; s < b->end && st == FRL_OK; s++) {
    frl_em_entry *e = frl_em_slot(b, (uint32_t)s);
    if (e->state == FRL_EM_FREE) continue;
    if (b->keyed) *frl__em_keyed(b, (uint32_t)s) = (frl_em_keyed){0};
    if (wanted(ctx, e->block, e->index, e->state == FRL_EM_ACKED)) {
      st = wait_again(b, (uint32_t)s);
    } else if (b->rules.retain_acked) {
      e->state = FRL_EM_ACKED;
    } else {
      free_entry(e);
    }
  }
  drop_base(b);
  return st;
}
