/* The figures that Spark shows; what is not known is left out. */
#include <inttypes.h>

#include "base/error.h"
#include "pubsub/coordinator/coordinator_internal.h"

enum { MAX_METRICS_BYTES = 16 << 10 };

typedef struct figures {
  frl_coord_stats sum;
  int64_t oldest_waiting_ms;
  uint32_t executors;
  bool known; /* by at least one report */
} figures;

static figures gather(const frl_ledger *l, int64_t now_ms) {
  figures f = {.sum = l->departed, .oldest_waiting_ms = -1};
  for (const frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state == FRL_EXECUTOR_GONE || !m->has_stats) continue;
    f.known = true;
    f.executors++;
    frl__ledger_sum(&f.sum, &m->stats);
    f.sum.waiting_messages += m->stats.waiting_messages;
    f.sum.waiting_bytes += m->stats.waiting_bytes;
    f.sum.held_messages += m->stats.held_messages;
    f.sum.held_bytes += m->stats.held_bytes;
    f.sum.open_streams += m->stats.open_streams;
    if (m->stats.oldest_waiting_ms < 0) continue;
    const int64_t age_ms = m->stats.oldest_waiting_ms + now_ms - m->stats_ms;
    if (age_ms > f.oldest_waiting_ms) f.oldest_waiting_ms = age_ms;
  }
  return f;
}

static frl_status put(frl_buf *b, const char *name, uint64_t value) {
  return frl_buf_printf(b, "%s\"%s\":%" PRIu64, b->len > 1 ? "," : "", name, value);
}

static frl_status put_counters(frl_buf *b, const figures *f) {
  FRL_TRY(put(b, "receivedMessages", f->sum.received_messages));
  FRL_TRY(put(b, "receivedBytes", f->sum.received_bytes));
  FRL_TRY(put(b, "ackedMessages", f->sum.acked));
  FRL_TRY(put(b, "nackedMessages", f->sum.nacked));
  FRL_TRY(put(b, "failedAcks", f->sum.ack_failed));
  FRL_TRY(put(b, "extendedLeases", f->sum.extended));
  FRL_TRY(put(b, "expiredLeases", f->sum.expired));
  FRL_TRY(put(b, "redeliveredMessages", f->sum.redelivered));
  FRL_TRY(put(b, "reopenedStreams", f->sum.reopened));
  FRL_TRY(put(b, "invalidUtf8", f->sum.invalid_utf8));
  FRL_TRY(put(b, "decodeMs", f->sum.decode_ns / 1000000));
  FRL_TRY(put(b, "droppedRows", f->sum.dropped_rows));
  return put(b, "corruptRows", f->sum.corrupt_rows);
}

/** Partitions of a batch read that still have rows for who comes. */
static uint32_t count_unread(const frl_ledger *l) {
  uint32_t n = 0;
  for (uint32_t i = 0; l->batches && i < l->batches->n_parts; i++) {
    const enum frl_part_state state = l->batches->parts[i].state;
    n += state == FRL_PART_FREE || state == FRL_PART_CLAIMED;
  }
  return n;
}

static frl_status put_all(frl_buf *b, const frl_ledger *l, const figures *f) {
  FRL_TRY(frl_buf_append_u8(b, '{'));
  FRL_TRY(put(b, "executors", f->executors));
  FRL_TRY(put(b, "batches", l->last_batch));
  if (l->options.batch_read) FRL_TRY(put(b, "unreadPartitions", count_unread(l)));
  FRL_TRY(put(b, "committedRows", l->rows_acked));
  FRL_TRY(put(b, "returnedRows", l->rows_nacked));
  FRL_TRY(put(b, "lostRows", l->rows_lost));
  if (f->known) {
    FRL_TRY(put(b, "waitingMessages", f->sum.waiting_messages));
    FRL_TRY(put(b, "waitingBytes", f->sum.waiting_bytes));
    FRL_TRY(put(b, "heldMessages", f->sum.waiting_messages + f->sum.held_messages));
    FRL_TRY(put(b, "heldLeases", f->sum.waiting_messages + f->sum.held_messages));
    FRL_TRY(put(b, "heldBytes", f->sum.waiting_bytes + f->sum.held_bytes));
    FRL_TRY(put(b, "openStreams", f->sum.open_streams));
  }
  if (f->oldest_waiting_ms >= 0) {
    FRL_TRY(put(b, "oldestMessageMs", (uint64_t)f->oldest_waiting_ms));
  }
  if (f->known || l->departed.received_messages) FRL_TRY(put_counters(b, f));
  FRL_TRY(frl_buf_append_u8(b, '}'));
  return frl_buf_append_u8(b, 0);
}

frl_status frl__coord_metrics(const frl_coordinator *c, int64_t now_ms, char **out) {
  const figures f = gather(&c->ledger, now_ms);
  frl_buf b;
  frl_buf_init(&b, NULL, MAX_METRICS_BYTES);
  const frl_status st = put_all(&b, &c->ledger, &f);
  size_t n;
  if (st == FRL_OK) *out = (char *)frl_buf_take(&b, &n);
  frl_buf_deinit(&b);
  return st;
}
