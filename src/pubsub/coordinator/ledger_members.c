/* The ledger's executors: coming, reporting, going; orders for them. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/coordinator/ledger.h"

enum {
  MAX_MEMBERS = 100000,
  MAX_LIST_BYTES = 10 * FRL_COORD_MAX_PARTITIONS,
  RATE_WINDOW_MS = 2000
};

frl_ledger_member *frl_ledger_member_of(const frl_ledger *l, const char *id) {
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    if (strcmp(m->hello.member, id) == 0) return m;
  }
  return NULL;
}

/** Drops gone members that no partition of a kept batch belongs to. */
static void forget_gone(frl_ledger *l) {
  for (frl_ledger_member **at = &l->members; *at;) {
    frl_ledger_member *m = *at;
    bool referred = m->linked || m->state != FRL_EXECUTOR_GONE;
    for (const frl_ledger_batch *b = l->batches; b && !referred; b = b->next) {
      for (uint32_t i = 0; i < b->n_parts && !referred; i++) {
        referred = b->parts[i].owner == m || b->parts[i].preferred == m;
      }
    }
    if (referred) {
      at = &m->next;
    } else {
      *at = m->next;
      frl_free(&l->mem, m);
    }
  }
}

static frl_status come_back(
    frl_ledger *l, frl_ledger_member *m, int64_t now_ms, frl_error *err) {
  if (m->state == FRL_EXECUTOR_GONE) {
    return frl_fail(err, FRL_E_STATE,
        "executor %s was given up after %lld ms without connection", m->hello.executor,
        (long long)l->options.away_ms);
  }
  if (m->state == FRL_EXECUTOR_AWAY) m->state = FRL_EXECUTOR_LIVE;
  m->stats_ms = now_ms;
  return FRL_OK;
}

frl_status frl_ledger_join(frl_ledger *l, const frl_coord_hello *hello, int64_t now_ms,
    frl_ledger_member **out, frl_error *err) {
  *out = NULL;
  if (strcmp(hello->run, l->run) != 0) {
    return frl_fail(err, FRL_E_STATE, "that run of the query is over");
  }
  if (!*hello->member || !*hello->executor) {
    return frl_fail(err, FRL_E_INVALID, "an executor without name");
  }
  if (l->stopping) return frl_fail(err, FRL_E_STATE, "the stream is stopped");
  frl_ledger_member *m = frl_ledger_member_of(l, hello->member);
  if (m) {
    *out = m;
    return come_back(l, m, now_ms, err);
  }
  forget_gone(l);
  size_t n = 0;
  for (m = l->members; m; m = m->next) n++;
  if (n >= MAX_MEMBERS) return frl_fail(err, FRL_E_LIMIT, "too many executors");
  m = frl_calloc(&l->mem, 1, sizeof *m);
  if (!m) return frl_fail(err, FRL_E_NOMEM, "coordinator: out of memory");
  m->hello = *hello;
  m->stats_ms = now_ms;
  m->deaf_since_ms = -1;
  m->next = l->members;
  l->members = m;
  *out = m;
  return FRL_OK;
}

static void order_free(frl_ledger *l, frl_ledger_order *order) {
  frl_buf_deinit(&order->acks);
  frl_free(&l->mem, order);
}

static void forget_orders(frl_ledger *l, frl_ledger_member *m, uint64_t up_to) {
  while (m->orders && m->orders->seq <= up_to) {
    frl_ledger_order *order = m->orders;
    m->orders = order->next;
    order_free(l, order);
  }
  if (!m->orders) m->orders_end = NULL;
}

frl_status frl__ledger_order(frl_ledger *l, frl_ledger_member *m,
    enum frl_coord_order_kind kind, uint64_t batch, frl_ledger_order **out) {
  frl_ledger_order *order = frl_calloc(&l->mem, 1, sizeof *order);
  if (!order) return FRL_E_NOMEM;
  order->seq = ++m->last_seq;
  order->kind = kind;
  order->batch = batch;
  frl_buf_init(&order->acks, &l->mem, MAX_LIST_BYTES);
  if (m->orders_end) m->orders_end->next = order;
  if (!m->orders) m->orders = order;
  m->orders_end = order;
  *out = order;
  return FRL_OK;
}

const frl_ledger_order *frl_ledger_next_order(
    const frl_ledger_member *m, uint64_t after_seq) {
  const frl_ledger_order *order = m->orders;
  while (order && order->seq <= after_seq) order = order->next;
  return order;
}

void frl__ledger_sum(frl_coord_stats *sum, const frl_coord_stats *add) {
  sum->received_messages += add->received_messages;
  sum->received_bytes += add->received_bytes;
  sum->acked += add->acked;
  sum->nacked += add->nacked;
  sum->ack_failed += add->ack_failed;
  sum->extended += add->extended;
  sum->expired += add->expired;
  sum->redelivered += add->redelivered;
  sum->reopened += add->reopened;
  sum->invalid_utf8 += add->invalid_utf8;
  sum->decode_ns += add->decode_ns;
  sum->dropped_rows += add->dropped_rows;
  sum->corrupt_rows += add->corrupt_rows;
}

static void measure_rate(
    frl_ledger_member *m, const frl_coord_stats *stats, int64_t now_ms) {
  const int64_t passed = now_ms - m->stats_ms;
  if (!m->has_stats || passed <= 0) return;
  if (stats->received_bytes < m->stats.received_bytes) return;
  const double rate =
      (double)(stats->received_bytes - m->stats.received_bytes) / (double)passed;
  const double share =
      passed >= RATE_WINDOW_MS ? 1.0 : (double)passed / (double)RATE_WINDOW_MS;
  m->bytes_per_ms += (rate - m->bytes_per_ms) * share;
}

void frl_ledger_report(frl_ledger *l, frl_ledger_member *m,
    const frl_coord_stats *stats, uint64_t heard, uint64_t flushed, int64_t now_ms) {
  if (m->state == FRL_EXECUTOR_GONE) return;
  /* an executor cannot confirm what it was never told */
  if (heard > m->last_seq) heard = m->last_seq;
  if (flushed > heard) flushed = heard;
  if (heard > m->heard) m->heard = heard;
  if (flushed > m->flushed) m->flushed = flushed;
  forget_orders(l, m, m->flushed);
  if (!stats) return;
  measure_rate(m, stats, now_ms);
  m->stats = *stats;
  m->has_stats = true;
  m->stats_ms = now_ms;
  if (stats->open_streams || m->deaf_since_ms < 0) m->deaf_since_ms = now_ms;
}

/** Whether rows went with the member. */
static bool lose_parts(frl_ledger *l, const frl_ledger_member *m) {
  bool lost = false;
  for (frl_ledger_batch *b = l->batches; b; b = b->next) {
    for (uint32_t i = 0; !b->closed && i < b->n_parts; i++) {
      frl_ledger_part *part = &b->parts[i];
      if (part->owner != m) continue;
      if (part->state == FRL_PART_SEALED) {
        part->state = FRL_PART_LOST;
        lost = lost || part->rows > 0;
      }
      if (part->state != FRL_PART_CLAIMED) continue;
      /* no row of it was handed out: somebody else may seal it */
      part->state = FRL_PART_FREE;
      part->owner = NULL;
    }
  }
  return lost;
}

void frl__ledger_gone(frl_ledger *l, frl_ledger_member *m, bool loss, int64_t now_ms) {
  if (m->state == FRL_EXECUTOR_GONE) return;
  bool owes = m->stats.waiting_messages > 0;
  for (const frl_ledger_order *o = m->orders; o; o = o->next) {
    if (o->acks.len) l->acks_lost = owes = true;
  }
  m->state = FRL_EXECUTOR_GONE;
  if (lose_parts(l, m)) owes = true;
  /* an idle executor that Spark took back must not be asked for again at once */
  if (!owes) frl__ledger_delay_opening(l, now_ms);
  forget_orders(l, m, UINT64_MAX);
  m->flushed = m->last_seq;
  frl__ledger_sum(&l->departed, &m->stats);
  const int64_t again_ms =
      (loss ? (int64_t)l->options.lease_ms : 0) + (int64_t)l->options.drain_idle_ms;
  if (now_ms + again_ms > l->drain_not_before_ms) {
    l->drain_not_before_ms = now_ms + again_ms;
  }
}

void frl_ledger_bye(frl_ledger *l, frl_ledger_member *m, int64_t now_ms) {
  /* what it did not confirm counts as lost there */
  frl__ledger_gone(l, m, false, now_ms);
}

void frl_ledger_lost(frl_ledger *l, frl_ledger_member *m, int64_t now_ms) {
  switch (m->state) {
    case FRL_EXECUTOR_LIVE:
      m->state = FRL_EXECUTOR_AWAY;
      m->away_since_ms = now_ms;
      break;
    case FRL_EXECUTOR_CLOSING:
      frl__ledger_gone(l, m, m->flushed < m->last_seq, now_ms);
      break;
    case FRL_EXECUTOR_AWAY:
    case FRL_EXECUTOR_GONE:
      break;
  }
}

void frl_ledger_tick(frl_ledger *l, int64_t now_ms) {
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state == FRL_EXECUTOR_LIVE &&
        now_ms - m->stats_ms > (int64_t)l->options.silent_ms) {
      frl_ledger_lost(l, m, now_ms);
    }
    if (m->state == FRL_EXECUTOR_AWAY &&
        now_ms - m->away_since_ms >= (int64_t)l->options.away_ms) {
      frl__ledger_gone(l, m, true, now_ms);
    }
  }
}

bool frl_ledger_is_settled(const frl_ledger *l) {
  for (const frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state != FRL_EXECUTOR_GONE && m->flushed < m->last_seq) return false;
  }
  return true;
}
