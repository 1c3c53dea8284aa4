#include "pubsub/coordinator/ledger.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

enum {
  OPENING_BASE_MS = 500,
  OPENING_MAX_MS = 30000, /* the longest a message waits for an executor to start */
  DEAF_MS = 10000,
  DRAIN_LOOK_MS = 50, /* between two looks whether a drain has ended */
  KEPT_BATCHES = 4    /* closed ones, so that a late reader gets a clear answer */
};

void frl_ledger_init(frl_ledger *l, const frl_mem *mem,
    const frl_ledger_options *options, const char *run, const frl_random *random) {
  *l = (frl_ledger){.mem = mem ? *mem : frl_mem_default, .options = *options};
  const size_t n = strlen(run);
  memcpy(l->run, run, n < FRL_COORD_ID_SIZE ? n : FRL_COORD_ID_SIZE - 1);
  frl_backoff_init(&l->opening, OPENING_BASE_MS, OPENING_MAX_MS, random);
}

static void batch_free(frl_ledger *l, frl_ledger_batch *b) {
  frl_free(&l->mem, b->parts);
  frl_free(&l->mem, b);
}

void frl_ledger_deinit(frl_ledger *l) {
  while (l->batches) {
    frl_ledger_batch *b = l->batches;
    l->batches = b->next;
    batch_free(l, b);
  }
  while (l->members) {
    frl_ledger_member *m = l->members;
    l->members = m->next;
    frl__ledger_gone(l, m, false, 0);
    frl_free(&l->mem, m);
  }
}

frl_ledger_batch *frl__ledger_batch(const frl_ledger *l, uint64_t id) {
  for (frl_ledger_batch *b = l->batches; b; b = b->next) {
    if (b->id == id) return b;
  }
  return NULL;
}

const frl_ledger_batch *frl_ledger_find(const frl_ledger *l, uint64_t batch) {
  return frl__ledger_batch(l, batch);
}

void frl_ledger_drain(frl_ledger *l, int64_t now_ms) {
  l->draining = true;
  l->drain_not_before_ms = now_ms;
}

/* ---- offers ---- */

static bool is_drained(const frl_ledger *l, const frl_ledger_member *m) {
  const frl_coord_stats *s = &m->stats;
  /* figures from before the last verdicts say nothing of what they gave back */
  return m->has_stats && m->stats_ms > l->last_commit_ms && s->open_streams > 0 &&
         s->old_idle_ms >= (int64_t)l->options.drain_idle_ms;
}

typedef struct presence {
  uint32_t live;
  uint32_t coming; /* away or not yet reporting */
  bool waiting;    /* some message waits */
  bool drained;    /* all of them are */
} presence;

static presence look_at_members(const frl_ledger *l) {
  presence p = {.drained = true};
  for (const frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state == FRL_EXECUTOR_AWAY) p.coming++;
    if (m->state != FRL_EXECUTOR_LIVE) continue;
    p.live++;
    if (!m->has_stats) p.coming++;
    if (m->stats.waiting_messages > 0) p.waiting = true;
    if (!is_drained(l, m)) p.drained = false;
  }
  return p;
}

/**
 * Without a stream for long: a task is sent to look, which fails with the reason if
 * the subscription is gone for good.
 */
static bool is_someone_deaf(const frl_ledger *l, int64_t now_ms) {
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state != FRL_EXECUTOR_LIVE || m->deaf_since_ms < 0) continue;
    if (now_ms - m->deaf_since_ms < DEAF_MS) continue;
    m->deaf_since_ms = now_ms; /* and again after as long */
    return true;
  }
  return false;
}

static enum frl_offer decide(
    frl_ledger *l, int64_t now_ms, bool *opening, int64_t *wait_ms) {
  const presence p = look_at_members(l);
  *wait_ms = DRAIN_LOOK_MS;
  if (l->draining && p.live && p.drained && !p.coming &&
      now_ms >= l->drain_not_before_ms) {
    return FRL_OFFER_NOTHING;
  }
  if (p.waiting || is_someone_deaf(l, now_ms)) return FRL_OFFER_BATCH;
  if (p.live == 0 && p.coming == 0) {
    if (now_ms >= l->opening_not_before_ms) {
      *opening = true;
      return FRL_OFFER_BATCH;
    }
    *wait_ms = l->opening_not_before_ms - now_ms;
    return l->draining ? FRL_OFFER_WAIT : FRL_OFFER_NOTHING;
  }
  return l->draining ? FRL_OFFER_WAIT : FRL_OFFER_NOTHING;
}

void frl__ledger_delay_opening(frl_ledger *l, int64_t now_ms) {
  const int64_t then_ms = now_ms + frl_backoff_next_ms(&l->opening);
  if (then_ms > l->opening_not_before_ms) l->opening_not_before_ms = then_ms;
}

static frl_status batch_create(frl_ledger *l, const frl_offset *start, bool opening,
    const frl_batch_request *request, int64_t now_ms, frl_error *err) {
  frl_ledger_batch *b = frl_calloc(&l->mem, 1, sizeof *b);
  if (!b) return frl_fail(err, FRL_E_NOMEM, "coordinator: out of memory");
  b->id = l->last_batch + 1;
  memcpy(b->start_run, start->run, sizeof b->start_run);
  b->start_batch = start->batch;
  b->opening = opening;
  b->first_claim_ms = -1;
  const frl_status st = frl__ledger_plan(l, b, request, err);
  if (st != FRL_OK) {
    batch_free(l, b);
    return st;
  }
  b->next = l->batches;
  l->batches = b;
  l->last_batch = b->id;
  if (opening) frl__ledger_delay_opening(l, now_ms);
  return FRL_OK;
}

frl_status frl_ledger_offer(frl_ledger *l, const frl_offset *start,
    const frl_batch_request *request, int64_t now_ms, enum frl_offer *offer,
    uint64_t *batch, int64_t *wait_ms, frl_error *err) {
  *wait_ms = 0;
  if (l->stopping) return frl_fail(err, FRL_E_CLOSED, "the stream is stopped");
  if (strcmp(start->run, l->run) == 0) {
    if (start->batch > l->last_batch) {
      return frl_fail(err, FRL_E_STATE,
          "offset of batch %" PRIu64 ", but this run has planned %" PRIu64 " batches",
          start->batch, l->last_batch);
    }
    FRL_TRY(frl_ledger_commit(l, start->batch, now_ms));
  }
  frl_ledger_tick(l, now_ms);
  const frl_ledger_batch *last = l->batches;
  if (last && !last->closed && last->start_batch == start->batch &&
      strcmp(last->start_run, start->run) == 0) {
    *offer = FRL_OFFER_BATCH;
    *batch = last->id;
    return FRL_OK;
  }
  bool opening = false;
  *offer = decide(l, now_ms, &opening, wait_ms);
  if (*offer != FRL_OFFER_BATCH) return FRL_OK;
  FRL_TRY(batch_create(l, start, opening, request, now_ms, err));
  *batch = l->last_batch;
  return FRL_OK;
}

/* ---- verdicts ---- */

/** What the member is told of the batch; NULL where it has no part in it. */
static frl_status verdict(
    frl_ledger *l, frl_ledger_member *m, frl_ledger_batch *b, bool commit) {
  if (m->last_claim < b->id) return FRL_OK;
  frl_ledger_order *order;
  FRL_TRY(frl__ledger_order(l, m, FRL_ORDER_SETTLE, b->id, &order));
  for (uint32_t i = 0; commit && i < b->n_parts; i++) {
    const frl_ledger_part *part = &b->parts[i];
    if (part->owner != m || part->state != FRL_PART_SEALED) continue;
    FRL_TRY(frl_coord_list_put(&order->acks, i));
  }
  return FRL_OK;
}

/** Counts what becomes of the batch's rows. */
static void count_rows(
    frl_ledger *l, const frl_ledger_batch *b, bool commit, int64_t now_ms) {
  for (uint32_t i = 0; i < b->n_parts; i++) {
    const frl_ledger_part *part = &b->parts[i];
    if (part->rows) frl_backoff_reset(&l->opening);
    if (part->state == FRL_PART_LOST) {
      l->rows_lost += part->rows;
    } else if (commit) {
      l->rows_acked += part->rows;
    } else if (part->rows) {
      l->rows_nacked += part->rows;
      l->drain_not_before_ms = now_ms + (int64_t)l->options.drain_idle_ms;
    }
  }
}

static frl_status batch_close(
    frl_ledger *l, frl_ledger_batch *b, bool commit, int64_t now_ms) {
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state == FRL_EXECUTOR_GONE) continue;
    FRL_TRY(verdict(l, m, b, commit));
  }
  count_rows(l, b, commit, now_ms);
  b->closed = true;
  return FRL_OK;
}

/** A reservoir with messages in which no task landed for a batch gives them back. */
static frl_status close_bypassed(
    frl_ledger *l, const frl_ledger_batch *b, int64_t now_ms) {
  bool read = false;
  for (uint32_t i = 0; i < b->n_parts; i++) {
    read = read || b->parts[i].state != FRL_PART_FREE;
  }
  if (!read) return FRL_OK;
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state != FRL_EXECUTOR_LIVE || m->waited_in != b->id) continue;
    if (m->last_claim >= b->id) continue;
    frl_ledger_order *order;
    FRL_TRY(frl__ledger_order(l, m, FRL_ORDER_CLOSE, 0, &order));
    m->state = FRL_EXECUTOR_CLOSING;
    l->drain_not_before_ms = now_ms + (int64_t)l->options.drain_idle_ms;
  }
  return FRL_OK;
}

/** Forgets closed batches that nobody can ask for, and members nobody refers to. */
static void forget_old(frl_ledger *l) {
  unsigned closed = 0;
  for (frl_ledger_batch **at = &l->batches; *at;) {
    frl_ledger_batch *b = *at;
    if (b->closed && ++closed > KEPT_BATCHES) {
      *at = b->next;
      batch_free(l, b);
    } else {
      at = &b->next;
    }
  }
}

frl_status frl_ledger_commit(frl_ledger *l, uint64_t batch, int64_t now_ms) {
  if (batch <= l->committed) return FRL_OK;
  for (uint64_t id = l->committed + 1; id <= batch; id++) {
    frl_ledger_batch *b = frl__ledger_batch(l, id);
    if (!b || b->closed) continue;
    FRL_TRY(batch_close(l, b, true, now_ms));
    FRL_TRY(close_bypassed(l, b, now_ms));
    l->last_commit_ms = now_ms;
  }
  l->committed = batch < l->last_batch ? batch : l->last_batch;
  forget_old(l);
  return FRL_OK;
}

frl_status frl_ledger_stop(frl_ledger *l, int64_t now_ms) {
  l->stopping = true;
  for (frl_ledger_batch *b = l->batches; b; b = b->next) {
    if (!b->closed) FRL_TRY(batch_close(l, b, false, now_ms));
  }
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state == FRL_EXECUTOR_GONE || m->state == FRL_EXECUTOR_CLOSING) continue;
    if (m->state == FRL_EXECUTOR_AWAY) {
      frl__ledger_gone(l, m, true, now_ms); /* there is no time to wait for it */
      continue;
    }
    frl_ledger_order *order;
    FRL_TRY(frl__ledger_order(l, m, FRL_ORDER_CLOSE, 0, &order));
    m->state = FRL_EXECUTOR_CLOSING;
  }
  return FRL_OK;
}
