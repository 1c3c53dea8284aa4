#include "pubsub/reservoir/leases.h"

#include "base/error.h"
#include "base/mem.h"

enum { RETRY_BASE_MS = 100, RETRY_MAX_MS = 10 * 1000 };

void frl_leases_init(
    frl_leases *l, const frl_mem *mem, int64_t lease_ms, const frl_random *random) {
  *l = (frl_leases){.mem = mem ? *mem : frl_mem_default, .lease_ms = lease_ms};
  frl_id_map_init(&l->ids, mem, frl_random_u64(random));
  for (int k = 0; k < FRL_LEASE_KINDS; k++) {
    frl_backoff_init(&l->queues[k].backoff, RETRY_BASE_MS, RETRY_MAX_MS, random);
  }
}

void frl__lease_item_free(frl_leases *l, frl_lease_item *item) {
  frl_lot_unref(item->span.lot);
  frl_free(&l->mem, item);
}

static void free_items(frl_leases *l, frl_lease_item *item) {
  while (item) {
    frl_lease_item *next = item->next;
    frl__lease_item_free(l, item);
    item = next;
  }
}

void frl_leases_deinit(frl_leases *l) {
  for (int k = 0; k < FRL_LEASE_KINDS; k++) {
    free_items(l, l->queues[k].head);
    l->queues[k].head = l->queues[k].tail = NULL;
  }
  for (uint32_t i = 0; i < l->n_lots; i++) frl_lot_unref(l->lots[i]);
  frl_free(&l->mem, l->lots);
  l->lots = NULL;
  l->n_lots = l->lots_cap = 0;
  frl_id_map_deinit(&l->ids);
}

static frl_status grow_lots(frl_leases *l) {
  const uint32_t cap = l->lots_cap ? l->lots_cap * 2 : 64;
  if (cap < l->lots_cap) return FRL_E_LIMIT;
  frl_lot **grown = frl_reallocarray(&l->mem, l->lots, cap, sizeof *grown);
  if (!grown) return FRL_E_NOMEM;
  l->lots = grown;
  l->lots_cap = cap;
  return FRL_OK;
}

frl_status frl_leases_register(frl_leases *l, frl_lot *lot) {
  uint32_t i = l->next_free;
  while (i < l->n_lots && l->lots[i]) i++;
  if (i == l->n_lots) {
    if (l->n_lots == l->lots_cap) FRL_TRY(grow_lots(l));
    l->n_lots++;
  }
  l->lots[i] = frl_lot_ref(lot);
  l->next_free = i + 1;
  lot->index = i;
  lot->registered = true;
  return FRL_OK;
}

void frl_leases_unregister(frl_leases *l, frl_lot *lot) {
  if (!lot->registered) return;
  lot->registered = false;
  l->lots[lot->index] = NULL;
  if (lot->index < l->next_free) l->next_free = lot->index;
  frl_lot_unref(lot);
}

static uint64_t place_of(const frl_lot *lot, uint32_t row) {
  return (uint64_t)lot->index << 32 | row;
}

/* The id at place was delivered again: its newest ack id is the one that counts. */
static frl_status redelivered(
    frl_leases *l, frl_lot *lot, uint32_t row, frl_cursor ack_id) {
  FRL_TRY(frl_lot_replace_ack(lot, row, ack_id));
  if (lot->rows[row].state == FRL_ROW_ACKING) lot->rows[row].flags |= FRL_ROW_AGAIN;
  atomic_fetch_add_explicit(&l->redelivered, 1, memory_order_relaxed);
  return FRL_END;
}

frl_status frl_leases_admit(
    frl_leases *l, frl_lot *lot, frl_cursor message_id, frl_cursor ack_id) {
  const uint64_t key =
      frl_id_key(message_id.pos, frl_cursor_left(&message_id), l->ids.seed);
  uint64_t *present;
  FRL_TRY(frl_id_map_put(&l->ids, key, place_of(lot, lot->n_rows), &present));
  if (present) {
    frl_lot *former = l->lots[*present >> 32];
    const uint32_t row = (uint32_t)*present;
    if (frl_lot_has_id(former, row, message_id)) {
      return redelivered(l, former, row, ack_id);
    }
    /* another id with the same hash: this one stays unknown to the map */
    return frl_lot_add(lot, key, ack_id, message_id);
  }
  const frl_status st = frl_lot_add(lot, key, ack_id, message_id);
  if (st != FRL_OK) frl_id_map_remove(&l->ids, key, place_of(lot, lot->n_rows));
  return st;
}

void frl_leases_retract(frl_leases *l, frl_lot *lot) {
  const uint32_t row = lot->n_rows - 1;
  frl_id_map_remove(&l->ids, lot->rows[row].key, place_of(lot, row));
  frl_lot_drop_last(lot);
}

frl_lease_item *frl_lease_item_create(const frl_leases *l, frl_span span) {
  frl_lease_item *item = frl_calloc(&l->mem, 1, sizeof *item);
  if (!item) return NULL;
  item->span = span;
  (void)frl_lot_ref(span.lot);
  return item;
}

static void push(frl_lease_queue *q, frl_lease_item *item) {
  item->next = NULL;
  if (q->tail) {
    q->tail->next = item;
  } else {
    q->head = item;
  }
  q->tail = item;
}

/* Queues a renewal of the lot; without memory it is tried at the next tick. */
static void renew(frl_leases *l, frl_lot *lot, int64_t now_ms) {
  frl_lease_item *item = frl_lease_item_create(l, (frl_span){lot, 0, lot->n_rows});
  if (!item) return;
  item->since_ms = now_ms;
  lot->renewing = true;
  lot->renew_rows = lot->n_rows;
  lot->renew_sent_ms = INT64_MAX;
  push(&l->queues[FRL_LEASE_EXTEND], item);
}

void frl_leases_start(frl_leases *l, frl_lot *lot, bool doubtful) {
  lot->lease_until_ms = lot->first_ms + l->lease_ms;
  lot->renew_at_ms = doubtful ? lot->first_ms : lot->first_ms + l->lease_ms / 2;
  lot->awaits_receipt = l->receipts;
  if (l->receipts) {
    lot->renew_at_ms = lot->first_ms;
    renew(l, lot, lot->first_ms);
  }
}

void frl__leases_row_done(frl_leases *l, frl_lot *lot, uint32_t row) {
  frl_lot_row *r = &lot->rows[row];
  if (r->state == FRL_ROW_DONE) return;
  r->state = FRL_ROW_DONE;
  frl_id_map_remove(&l->ids, r->key, place_of(lot, row));
  if (--lot->open_rows == 0) frl_leases_unregister(l, lot);
}

void frl_leases_settle(
    frl_leases *l, frl_lease_item *item, enum frl_lease_kind kind, int64_t now_ms) {
  frl_lot *lot = item->span.lot;
  const uint32_t end = item->span.first + item->span.n;
  for (uint32_t i = item->span.first; i < end; i++) {
    frl_lot_row *r = &lot->rows[i];
    if (kind == FRL_LEASE_ACK) {
      r->state = FRL_ROW_ACKING;
    } else {
      r->state = FRL_ROW_NACKING;
      frl_id_map_remove(&l->ids, r->key, place_of(lot, i));
    }
  }
  item->since_ms = now_ms;
  push(&l->queues[kind], item);
}

static uint32_t count_held(const frl_lot *lot) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < lot->n_rows; i++) n += lot->rows[i].state == FRL_ROW_HELD;
  return n;
}

void frl_leases_tick(frl_leases *l, int64_t now_ms) {
  for (uint32_t i = 0; i < l->n_lots; i++) {
    frl_lot *lot = l->lots[i];
    /* a lot that is still built has no lease time yet */
    if (!lot || lot->lease_until_ms == 0) continue;
    if (now_ms >= lot->lease_until_ms && !lot->lapsed) {
      lot->lapsed = true;
      atomic_fetch_add_explicit(&l->expired, count_held(lot), memory_order_relaxed);
    }
    if (now_ms >= lot->renew_at_ms && !lot->renewing) renew(l, lot, now_ms);
  }
}

int64_t frl_leases_next_ms(const frl_leases *l, enum frl_lease_kind kind) {
  const frl_lease_queue *q = &l->queues[kind];
  return q->head ? q->not_before_ms : -1;
}
