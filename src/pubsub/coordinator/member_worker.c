/* A member's own thread: acts on orders, reports, and leaves when it must. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "pubsub/coordinator/member.h"

enum {
  FLUSH_SLICE_MS = 20,
  LEAVE_FLUSH_MS = 5000,
  CLOSE_MS = 5000,
  BYE_MS = 1000,
  SLACK_MS = 100
};

/* ---- reports ---- */

/** For how long no message from before the cutoff has come or waited. */
static int64_t old_idle_ms(frl_member *m, const frl_subscriber_stats *s) {
  const int64_t now_ms = frl_clock_now_ms(NULL);
  if (s->waiting_messages && s->oldest_waiting_ms + SLACK_MS >= s->old_idle_ms) {
    m->clear_ms = -1;
  } else if (m->clear_ms < 0) {
    m->clear_ms = now_ms;
  }
  if (s->old_idle_ms < 0) return -1;
  int64_t idle_ms = m->clear_ms < 0 ? 0 : now_ms - m->clear_ms;
  if (s->old_idle_ms < idle_ms) idle_ms = s->old_idle_ms;
  return idle_ms;
}

static frl_coord_stats stats_of(frl_member *m, frl_subscriber *subscriber) {
  frl_subscriber_stats s = {.struct_size = sizeof s};
  frl_subscriber_get_stats(subscriber, &s);
  const int64_t idle_ms = old_idle_ms(m, &s);
  atomic_store(&m->old_idle_ms, idle_ms);
  return (frl_coord_stats){
      .received_messages = s.received_messages,
      .received_bytes = s.received_bytes,
      .waiting_messages = s.waiting_messages,
      .waiting_bytes = s.waiting_bytes,
      .held_messages = s.held_messages,
      .held_bytes = s.held_bytes,
      .acked = s.acked,
      .nacked = s.nacked,
      .ack_failed = s.ack_failed,
      .extended = s.extended,
      .expired = s.expired,
      .redelivered = s.redelivered,
      .reopened = s.reopened,
      .invalid_utf8 = s.invalid_utf8,
      .oldest_waiting_ms = s.oldest_waiting_ms,
      .idle_ms = s.idle_ms,
      .old_idle_ms = idle_ms,
      .open_streams = s.open_streams,
      .decode_ns = atomic_load(&m->decode_ns),
      .dropped_rows = atomic_load(&m->dropped_rows),
      .corrupt_rows = atomic_load(&m->corrupt_rows),
  };
}

static void report(frl_member *m, bool bye) {
  frl_mutex_lock(&m->lock);
  const frl_coord_report r = {
      .heard = m->heard, .flushed = m->flushed, .bye = bye ? 1 : 0};
  frl_subscriber *subscriber = m->subscriber;
  frl_mutex_unlock(&m->lock);
  if (!subscriber) {
    frl_link_report(m, &r, NULL);
    return;
  }
  const frl_coord_stats stats = stats_of(m, subscriber);
  frl_link_report(m, &r, &stats);
}

/* ---- orders ---- */

static frl_member_order *take_order(frl_member *m) {
  frl_mutex_lock(&m->lock);
  frl_member_order *o = m->orders;
  if (o) m->orders = o->next;
  if (!m->orders) m->orders_end = NULL;
  frl_mutex_unlock(&m->lock);
  return o;
}

static void order_free(frl_member_order *o) {
  free(o->acks);
  free(o);
}

/** Does what was ordered so far; *close says whether to leave. */
static void obey(frl_member *m, bool *close) {
  frl_member_order *o;
  bool some = false;
  while ((o = take_order(m)) != NULL) {
    some = true;
    if (o->kind == FRL_ORDER_SETTLE) {
      frl_part_settle(m, o->batch, frl_cursor_of(o->acks, o->acks_len));
    } else {
      *close = true;
    }
    frl_mutex_lock(&m->lock);
    m->heard = o->seq;
    frl_mutex_unlock(&m->lock);
    order_free(o);
  }
  if (some) report(m, false);
}

/** Lets the server's answers to what was settled come in. */
static void flush(frl_member *m, int64_t timeout_ms) {
  if (!m->subscriber) return;
  frl_mutex_lock(&m->lock);
  const uint64_t heard = m->heard;
  const bool due = heard > m->flushed;
  frl_mutex_unlock(&m->lock);
  if (!due || frl_subscriber_flush(m->subscriber, timeout_ms, NULL) != FRL_OK) return;
  frl_mutex_lock(&m->lock);
  m->flushed = heard;
  frl_mutex_unlock(&m->lock);
  report(m, false);
}

/** Somebody waits for a partition that no task of ours seals any more. */
static void freeze_waited_for(frl_member *m) {
  frl_mutex_lock(&m->lock);
  frl_part *part = m->to_freeze;
  m->to_freeze = NULL;
  const bool open = part && !part->has_sealer && part->phase < FRL_PART_READY;
  frl_mutex_unlock(&m->lock);
  if (!part) return;
  frl_error err = {0};
  if (open && frl_part_seal(m, part, &err) != FRL_OK) {
    frl_log(FRL_LOG_WARN, "executor", "partition not sealed: %s", err.message);
  }
  frl_part_release(m, part);
}

/* ---- leaving ---- */

static bool must_leave(frl_member *m) {
  bool leave = m->phase == FRL_MEMBER_LEAVING;
  if (!m->connected && m->refused) leave = true;
  if (!m->connected && frl_clock_now_ms(NULL) - m->lost_ms > (int64_t)m->grace_ms) {
    leave = true;
    frl_log(FRL_LOG_WARN, "executor",
        "coordinator %s cannot be reached: everything is given back", m->task.address);
  }
  return leave;
}

static void wait_for_users(frl_member *m) {
  frl_mutex_lock(&m->lock);
  if (m->phase == FRL_MEMBER_READY && m->failure == FRL_OK && !m->connected) {
    m->failure = frl_fail(&m->failure_error, FRL_E_UNAVAILABLE,
        "coordinator %s cannot be reached", m->task.address);
  }
  m->phase = FRL_MEMBER_LEAVING;
  frl_cond_broadcast(&m->changed);
  while (m->users) frl_cond_wait(&m->changed, &m->lock);
  frl_mutex_unlock(&m->lock);
}

/** Gives everything back and says goodbye. */
static void leave(frl_member *m) {
  wait_for_users(m);
  flush(m, LEAVE_FLUSH_MS);
  frl_part_nack_all(m);
  frl_mutex_lock(&m->lock);
  frl_subscriber *subscriber = m->subscriber;
  m->subscriber = NULL;
  frl_part *part = m->to_freeze;
  m->to_freeze = NULL;
  frl_mutex_unlock(&m->lock);
  frl_part_release(m, part);
  frl_coord_stats last = {0};
  bool answered = true;
  if (subscriber) {
    frl_error err = {0};
    answered = frl_subscriber_flush(subscriber, CLOSE_MS, &err) == FRL_OK;
    if (!answered) {
      frl_log(FRL_LOG_WARN, "executor", "not all was answered: %s", err.message);
    }
    last = stats_of(m, subscriber);
    last.waiting_messages = last.held_messages = 0;
  }
  frl_subscriber_close(subscriber, CLOSE_MS);
  frl_mutex_lock(&m->lock);
  if (answered) m->flushed = m->heard;
  const frl_coord_report bye = {.heard = m->heard, .flushed = m->flushed, .bye = 1};
  frl_mutex_unlock(&m->lock);
  frl_link_report(m, &bye, subscriber ? &last : NULL);
  frl_link_finish(m, BYE_MS); /* scans may still use the loop: freed with the member */
  frl_member_order *o;
  while ((o = take_order(m)) != NULL) order_free(o);
  frl_mutex_lock(&m->lock);
  m->phase = FRL_MEMBER_LEFT;
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
}

void frl__member_work(void *ctx) {
  frl_member *m = ctx;
  bool close = false;
  for (;;) {
    obey(m, &close);
    freeze_waited_for(m);
    flush(m, close ? LEAVE_FLUSH_MS : FLUSH_SLICE_MS);
    frl_mutex_lock(&m->lock);
    close = close || must_leave(m);
    if (!close && !m->orders && !m->to_freeze) {
      (void)frl_cond_wait_ms(&m->changed, &m->lock, (int64_t)m->beat_ms);
    }
    const bool joining = m->phase == FRL_MEMBER_JOINING;
    frl_mutex_unlock(&m->lock);
    if (close && !joining) break;
    report(m, false);
  }
  leave(m);
}
