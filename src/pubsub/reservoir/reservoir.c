#include "pubsub/reservoir/reservoir.h"

#include "base/error.h"
#include "base/mem.h"

void frl_reservoir_init(frl_reservoir *r, const frl_reservoir_options *options) {
  *r = (frl_reservoir){.options = *options, .clock = options->clock};
  r->mem = options->mem ? *options->mem : frl_mem_default;
  frl_mutex_init(&r->lock);
  frl_cond_init(&r->changed);
}

static void free_item(frl_reservoir *r, frl_lease_item *item) {
  frl_lot_unref(item->span.lot);
  frl_free(&r->mem, item);
}

static void free_items(frl_reservoir *r, frl_lease_item *item) {
  while (item) {
    frl_lease_item *next = item->next;
    free_item(r, item);
    item = next;
  }
}

void frl_reservoir_deinit(frl_reservoir *r) {
  free_items(r, r->head);
  for (int k = 0; k < 2; k++) free_items(r, r->settled.first[k]);
  while (r->helds) {
    frl_held *held = r->helds;
    r->helds = held->next;
    frl_batch_unref(held->batch);
    free_item(r, held->item);
    frl_free(&r->mem, held);
  }
  frl_cond_deinit(&r->changed);
  frl_mutex_deinit(&r->lock);
}

/* A span's share of a figure of its lot. */
static uint64_t share(const frl_span *span, uint64_t of_lot) {
  if (span->n == span->lot->n_rows) return of_lot;
  const double part = (double)span->n / (double)span->lot->n_rows;
  return (uint64_t)((double)of_lot * part);
}

/* Offsets of the payload column, or NULL. */
static const int32_t *payload_offsets(const frl_reservoir *r, const frl_lot *lot) {
  if (r->options.payload_child < 0 || !lot->batch) return NULL;
  const struct ArrowArray *payload =
      frl_batch_array(lot->batch)->children[r->options.payload_child];
  const int32_t *offsets = payload->buffers[1];
  return offsets + payload->offset;
}

static uint64_t payload_of(const frl_reservoir *r, const frl_span *span) {
  const int32_t *offsets = payload_offsets(r, span->lot);
  if (!offsets) return share(span, span->lot->payload_bytes);
  return (uint64_t)(offsets[span->first + span->n] - offsets[span->first]);
}

static void add_waiting(frl_reservoir *r, const frl_span *span) FRL_REQUIRES(r->lock) {
  r->waiting_rows += span->n;
  r->waiting_payload += payload_of(r, span);
  r->waiting_native += share(span, span->lot->native_bytes);
  span->lot->waiting_rows += span->n;
}

/* Sums of shares may be off by rounding: an empty reservoir is exactly empty. */
static void sub_waiting(frl_reservoir *r, const frl_span *span) FRL_REQUIRES(r->lock) {
  const uint64_t payload = payload_of(r, span);
  const uint64_t native = share(span, span->lot->native_bytes);
  r->waiting_rows -= span->n;
  r->waiting_payload -= payload < r->waiting_payload ? payload : r->waiting_payload;
  r->waiting_native -= native < r->waiting_native ? native : r->waiting_native;
  if (r->waiting_rows == 0) r->waiting_payload = r->waiting_native = 0;
  span->lot->waiting_rows -= span->n;
}

static void push_waiting(frl_reservoir *r, frl_lease_item *item) FRL_REQUIRES(r->lock) {
  item->next = NULL;
  if (r->tail) {
    r->tail->next = item;
  } else {
    r->head = item;
  }
  r->tail = item;
}

/* The next run of rows from *at on that are still held. */
static bool next_run(const frl_lot *lot, uint32_t *at, frl_span *out) {
  uint32_t i = *at;
  while (i < lot->n_rows && lot->rows[i].state != FRL_ROW_HELD) i++;
  out->first = i;
  while (i < lot->n_rows && lot->rows[i].state == FRL_ROW_HELD) i++;
  out->n = i - out->first;
  *at = i;
  return out->n > 0;
}

static void forget_rows(frl_leases *leases, const frl_span *span) {
  for (uint32_t i = 0; i < span->n; i++) {
    frl__leases_row_done(leases, span->lot, span->first + i);
  }
}

void frl_reservoir_put(frl_reservoir *r, frl_leases *leases, frl_lot *lot) {
  frl_span span = {.lot = lot};
  frl_mutex_lock(&r->lock);
  for (uint32_t at = 0; next_run(lot, &at, &span);) {
    frl_lease_item *item = frl_lease_item_create(leases, span);
    if (item) {
      push_waiting(r, item);
      add_waiting(r, &span);
    } else {
      forget_rows(leases, &span);
    }
  }
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
}

bool frl_reservoir_full(frl_reservoir *r, uint64_t building_bytes) {
  frl_mutex_lock(&r->lock);
  /* with nothing waiting nobody could make room */
  const bool full =
      r->waiting_rows && r->waiting_native + building_bytes >= r->options.max_bytes;
  if (full) r->wants_room = true;
  frl_mutex_unlock(&r->lock);
  return full;
}

/* Rows of the span that make at most max_bytes of payload, at least one. */
static uint32_t rows_within(const frl_reservoir *r, const frl_span *span,
    uint32_t max_rows, uint64_t max_bytes) {
  uint32_t n = max_rows && max_rows < span->n ? max_rows : span->n;
  if (max_bytes == 0) return n;
  const int32_t *offsets = payload_offsets(r, span->lot);
  if (offsets) {
    const uint64_t from = (uint64_t)offsets[span->first];
    while (n > 1 && (uint64_t)offsets[span->first + n] - from > max_bytes) n--;
    return n;
  }
  const uint64_t each = span->lot->payload_bytes / span->lot->n_rows;
  if (each && max_bytes / each < n) n = (uint32_t)(max_bytes / each);
  return n ? n : 1;
}

/* Moves the first n rows of the head into *item; all or nothing. */
static frl_status cut_head(frl_reservoir *r, uint32_t n, frl_lease_item **item)
    FRL_REQUIRES(r->lock) {
  frl_lease_item *head = r->head;
  if (n == head->span.n) {
    r->head = head->next;
    if (!r->head) r->tail = NULL;
    head->next = NULL;
    *item = head;
    return FRL_OK;
  }
  frl_lease_item *part = frl_calloc(&r->mem, 1, sizeof *part);
  if (!part) return FRL_E_NOMEM;
  part->span = (frl_span){frl_lot_ref(head->span.lot), head->span.first, n};
  head->span.first += n;
  head->span.n -= n;
  *item = part;
  return FRL_OK;
}

/* The batch of a lot goes with the last rows that are taken. */
static frl_batch *take_batch(frl_lot *lot) {
  if (lot->waiting_rows) return frl_batch_ref(lot->batch);
  frl_batch *batch = lot->batch;
  lot->batch = NULL;
  return batch;
}

static frl_status take_rows(frl_reservoir *r, uint32_t max_rows, uint64_t max_bytes,
    frl_held **out) FRL_REQUIRES(r->lock) {
  frl_held *held = frl_calloc(&r->mem, 1, sizeof *held);
  if (!held) return FRL_E_NOMEM;
  const uint32_t n = rows_within(r, &r->head->span, max_rows, max_bytes);
  const frl_status st = cut_head(r, n, &held->item);
  if (st != FRL_OK) {
    frl_free(&r->mem, held);
    return st;
  }
  const frl_span *span = &held->item->span;
  held->reservoir = r;
  held->payload_bytes = payload_of(r, span);
  held->native_bytes = share(span, span->lot->native_bytes);
  sub_waiting(r, span);
  held->batch = take_batch(span->lot);
  r->held_rows += n;
  r->held_payload += held->payload_bytes;
  held->next = r->helds;
  if (held->next) held->next->prev = held;
  r->helds = held;
  *out = held;
  return FRL_OK;
}

/* Waits until something can be taken; FRL_OK: the head is there. */
static frl_status wait_head(frl_reservoir *r, int64_t timeout_ms, frl_error *err)
    FRL_REQUIRES(r->lock) {
  const int64_t end_ms = frl_clock_now_ms(r->clock) + (timeout_ms > 0 ? timeout_ms : 0);
  for (;;) {
    if (r->closed) return frl_fail(err, FRL_E_CLOSED, "subscriber: closed");
    if (r->head) return FRL_OK;
    if (r->failure != FRL_OK) {
      if (err) *err = r->failure_error;
      return r->failure;
    }
    if (timeout_ms < 0) {
      frl_cond_wait(&r->changed, &r->lock);
      continue;
    }
    const int64_t left_ms = end_ms - frl_clock_now_ms(r->clock);
    if (left_ms <= 0) {
      return frl_fail(err, FRL_E_TIMEOUT, "subscriber: no message came in time");
    }
    (void)frl_cond_wait_ms(&r->changed, &r->lock, left_ms);
  }
}

frl_status frl_reservoir_take(frl_reservoir *r, uint32_t max_rows, uint64_t max_bytes,
    int64_t timeout_ms, frl_held **out, frl_error *err) {
  *out = NULL;
  bool room = false;
  frl_mutex_lock(&r->lock);
  frl_status st = wait_head(r, timeout_ms, err);
  if (st == FRL_OK) {
    st = take_rows(r, max_rows, max_bytes, out);
    if (st != FRL_OK) (void)frl_fail(err, st, "subscriber: no memory to take rows");
    /* not at the first free byte: streams go on for a while before they wait again */
    room = r->wants_room && r->waiting_native <= r->options.max_bytes / 4 * 3;
    if (room) r->wants_room = false;
  }
  frl_mutex_unlock(&r->lock);
  if (room) r->options.on_room(r->options.ctx);
  return st;
}

static void push_settled(frl_reservoir *r, frl_lease_item *item,
    enum frl_lease_kind kind) FRL_REQUIRES(r->lock) {
  item->next = NULL;
  if (r->settled_tail[kind]) {
    r->settled_tail[kind]->next = item;
  } else {
    r->settled.first[kind] = item;
  }
  r->settled_tail[kind] = item;
  r->unanswered += item->span.n;
}

static void settle_held(frl_reservoir *r, frl_held *held, enum frl_lease_kind kind)
    FRL_REQUIRES(r->lock) {
  if (held->prev) {
    held->prev->next = held->next;
  } else {
    r->helds = held->next;
  }
  if (held->next) held->next->prev = held->prev;
  r->held_rows -= held->item->span.n;
  r->held_payload -= held->payload_bytes;
  push_settled(r, held->item, kind);
}

void frl_reservoir_settle(frl_held *held, enum frl_lease_kind kind) {
  frl_reservoir *r = held->reservoir;
  frl_mutex_lock(&r->lock);
  const bool first = !r->settled.first[0] && !r->settled.first[1];
  settle_held(r, held, kind);
  frl_mutex_unlock(&r->lock);
  frl_batch_unref(held->batch);
  frl_free(&r->mem, held);
  if (first) r->options.on_settled(r->options.ctx);
}

frl_settled frl_reservoir_settled(frl_reservoir *r) {
  frl_mutex_lock(&r->lock);
  const frl_settled settled = r->settled;
  r->settled = (frl_settled){0};
  r->settled_tail[0] = r->settled_tail[1] = NULL;
  frl_mutex_unlock(&r->lock);
  return settled;
}

void frl_reservoir_nack_waiting(frl_reservoir *r) {
  frl_mutex_lock(&r->lock);
  const bool room = r->wants_room;
  r->wants_room = false;
  while (r->head) {
    frl_lease_item *item = r->head;
    r->head = item->next;
    frl_lot *lot = item->span.lot;
    sub_waiting(r, &item->span);
    if (lot->waiting_rows == 0) {
      frl_batch_unref(lot->batch);
      lot->batch = NULL;
    }
    push_settled(r, item, FRL_LEASE_NACK);
  }
  r->tail = NULL;
  frl_mutex_unlock(&r->lock);
  if (room) r->options.on_room(r->options.ctx);
}

void frl_reservoir_nack_held(frl_reservoir *r) {
  frl_mutex_lock(&r->lock);
  while (r->helds) {
    frl_held *held = r->helds;
    settle_held(r, held, FRL_LEASE_NACK);
    frl_batch_unref(held->batch);
    frl_free(&r->mem, held);
  }
  frl_mutex_unlock(&r->lock);
}

void frl_reservoir_answered(frl_reservoir *r, uint64_t n) {
  if (n == 0) return;
  frl_mutex_lock(&r->lock);
  r->unanswered -= n < r->unanswered ? n : r->unanswered;
  if (r->unanswered == 0) frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
}

frl_status frl_reservoir_flush(frl_reservoir *r, int64_t timeout_ms, frl_error *err) {
  const int64_t end_ms = frl_clock_now_ms(r->clock) + (timeout_ms > 0 ? timeout_ms : 0);
  frl_status st = FRL_OK;
  frl_mutex_lock(&r->lock);
  while (r->unanswered) {
    if (timeout_ms < 0) {
      frl_cond_wait(&r->changed, &r->lock);
      continue;
    }
    const int64_t left_ms = end_ms - frl_clock_now_ms(r->clock);
    if (left_ms <= 0) {
      st = frl_fail(err, FRL_E_TIMEOUT,
          "subscriber: %llu acknowledgements are not confirmed",
          (unsigned long long)r->unanswered);
      break;
    }
    (void)frl_cond_wait_ms(&r->changed, &r->lock, left_ms);
  }
  frl_mutex_unlock(&r->lock);
  return st;
}

void frl_reservoir_fail(frl_reservoir *r, frl_status status, const frl_error *error) {
  frl_mutex_lock(&r->lock);
  if (r->failure == FRL_OK) {
    r->failure = status;
    r->failure_error = *error;
  }
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
}

void frl_reservoir_close(frl_reservoir *r) {
  frl_mutex_lock(&r->lock);
  r->closed = true;
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
}

void frl_reservoir_stats(frl_reservoir *r, frl_subscriber_stats *out) {
  frl_mutex_lock(&r->lock);
  out->waiting_messages = r->waiting_rows;
  out->waiting_bytes = r->waiting_payload;
  out->held_messages = r->held_rows;
  out->held_bytes = r->held_payload;
  const int64_t now_ms = frl_clock_now_ms(r->clock);
  out->oldest_waiting_ms = r->head ? now_ms - r->head->span.lot->first_ms : -1;
  frl_mutex_unlock(&r->lock);
}
