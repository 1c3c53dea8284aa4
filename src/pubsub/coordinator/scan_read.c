#include "pubsub/coordinator/scan_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "pubsub/reservoir/reservoir.h"

enum {
  TAKE_MS = 50,   /* one wait for messages */
  QUIET_MS = 100, /* nothing more came: what there is, is the partition */
  DRAIN_SLACK_MS = 100,
  MAX_ANSWER_BYTES = 1024
};

static int64_t shorter(int64_t a, int64_t b) { return a < b ? a : b; }

/** Sleeps on the member, which wakes it when something changes. */
static void doze(frl_member *m, int64_t ms) {
  frl_mutex_lock(&m->lock);
  if (m->phase == FRL_MEMBER_READY && ms > 0) {
    (void)frl_cond_wait_ms(&m->changed, &m->lock, ms);
  }
  frl_mutex_unlock(&m->lock);
}

frl_status frl__scan_wait(const frl_scan *s, int64_t timeout_ms) {
  const int64_t left_ms = s->ask_at_ms - frl_clock_now_ms(NULL);
  if (left_ms <= 0) return FRL_NEED_MORE;
  doze(s->member, shorter(left_ms, timeout_ms));
  return frl_clock_now_ms(NULL) >= s->ask_at_ms ? FRL_NEED_MORE : FRL_E_TIMEOUT;
}

/* ---- sealing ---- */

void frl__scan_bound(frl_scan *s, const frl_coord_grant *grant) {
  frl_mutex_lock(&s->member->lock);
  if (s->part->phase == FRL_PART_OPEN && grant->kind == FRL_GRANT_SEAL) {
    s->part->max_rows = grant->max_rows;
    s->part->max_bytes = grant->max_bytes;
    s->part->until_ms = frl_clock_now_ms(NULL) + (int64_t)grant->time_ms;
  }
  frl_mutex_unlock(&s->member->lock);
}

typedef struct room {
  bool full;
  bool crowded; /* no more may be sealed by this process now */
  uint32_t rows;
  uint64_t bytes;
  int64_t wait_ms;
} room;

/**
 * When a partition of the batch took something last; -1: none has. One that finds
 * nothing need not wait for as long as the others found something. The lock is held.
 */
static int64_t last_take_ms(const frl_member *m, uint64_t batch) {
  int64_t last_ms = -1;
  for (const frl_part *p = m->parts; p; p = p->next) {
    if (p->batch == batch && p->last_take_ms > last_ms) last_ms = p->last_take_ms;
  }
  return last_ms;
}

/** What the partition may still take. The lock is held. */
static room room_of(const frl_member *m, const frl_part *part, int64_t now_ms) {
  room r = {.wait_ms = part->until_ms - now_ms};
  const int64_t last_ms = last_take_ms(m, part->batch);
  if (last_ms >= 0) r.wait_ms = shorter(r.wait_ms, last_ms + QUIET_MS - now_ms);
  if (r.wait_ms < 0) r.wait_ms = 0;
  const uint64_t rows_left = part->max_rows - part->n_rows;
  r.rows = rows_left < UINT32_MAX ? (uint32_t)rows_left : UINT32_MAX;
  if (part->max_rows == 0) r.rows = 0;
  r.bytes = part->max_bytes ? part->max_bytes - part->bytes : 0;
  r.full = (part->max_rows && part->n_rows >= part->max_rows) ||
           (part->max_bytes && part->bytes >= part->max_bytes);
  /* the batch before may be on its way out: only its own rows make a part full */
  r.crowded = m->held_bytes >= m->sealed_bytes;
  if (r.crowded && part->n_rows) r.full = true;
  return r;
}

/** Takes one batch. FRL_END when the partition is to be sealed. */
static frl_status take_some(frl_scan *s, int64_t timeout_ms, frl_error *err) {
  frl_member *m = s->member;
  frl_mutex_lock(&m->lock);
  const room r = room_of(m, s->part, frl_clock_now_ms(NULL));
  const bool open = s->part->phase == FRL_PART_OPEN;
  frl_mutex_unlock(&m->lock);
  if (!open || r.full) return FRL_END;
  if (r.crowded) {
    doze(m, shorter(shorter(r.wait_ms, timeout_ms), TAKE_MS));
    return r.wait_ms > 0 ? FRL_E_TIMEOUT : FRL_END;
  }
  frl_subscriber *subscriber = frl_member_begin_use(m, err);
  if (!subscriber) return FRL_E_CLOSED;
  frl_held *held = NULL;
  const int64_t wait_ms = shorter(shorter(r.wait_ms, timeout_ms), TAKE_MS);
  frl_status st = frl_subscriber_take(subscriber, r.rows, r.bytes, wait_ms, &held, err);
  if (st == FRL_OK) {
    st = frl_part_add(m, s->part, held);
    if (st != FRL_OK) {
      frl_held_nack(held);
      (void)frl_fail(err, st, "the partition was closed while it was filled");
    }
  } else if (st == FRL_E_TIMEOUT) {
    st = wait_ms >= r.wait_ms ? FRL_END : FRL_E_TIMEOUT;
  }
  frl_member_end_use(m);
  return st;
}

static void end_sealing(frl_scan *s) {
  if (!s->is_sealer) return;
  frl_mutex_lock(&s->member->lock);
  s->part->has_sealer = false;
  frl_cond_broadcast(&s->member->changed);
  frl_mutex_unlock(&s->member->lock);
  s->is_sealer = false;
}

static frl_status seal(frl_scan *s, frl_error *err) {
  const frl_status st = frl_part_seal(s->member, s->part, err);
  end_sealing(s);
  if (st != FRL_OK) return st;
  s->step = FRL_SCAN_READ;
  return FRL_NEED_MORE;
}

/** Becomes the sealer, or waits for the one there is. */
static frl_status become_sealer(frl_scan *s, int64_t timeout_ms, frl_error *err) {
  frl_member *m = s->member;
  frl_status st = FRL_OK;
  frl_mutex_lock(&m->lock);
  if (s->part->phase == FRL_PART_OPEN && s->part->has_sealer && timeout_ms > 0) {
    (void)frl_cond_wait_ms(&m->changed, &m->lock, timeout_ms);
  }
  if (m->phase != FRL_MEMBER_READY) {
    st = frl__member_failure(m, err);
  } else if (s->part->phase == FRL_PART_READY) {
    s->step = FRL_SCAN_READ;
    st = FRL_NEED_MORE;
  } else if (s->part->phase == FRL_PART_CLOSED) {
    st = frl_fail(
        err, FRL_E_STATE, "the batch is closed: its rows cannot be read again");
  } else if (s->part->has_sealer) {
    st = FRL_E_TIMEOUT;
  } else {
    s->part->has_sealer = true;
    s->is_sealer = true;
  }
  frl_mutex_unlock(&m->lock);
  return st;
}

frl_status frl__scan_seal(frl_scan *s, int64_t timeout_ms, frl_error *err) {
  if (!s->is_sealer) FRL_TRY(become_sealer(s, timeout_ms, err));
  const int64_t until_ms = frl_clock_now_ms(NULL) + timeout_ms;
  for (;;) {
    const int64_t left_ms = until_ms - frl_clock_now_ms(NULL);
    const frl_status st = take_some(s, left_ms > 0 ? left_ms : 0, err);
    if (st == FRL_END) return seal(s, err);
    if (st != FRL_OK && st != FRL_E_TIMEOUT) return st;
    if (frl_clock_now_ms(NULL) >= until_ms) return FRL_E_TIMEOUT;
  }
}

/* ---- reading ---- */

frl_status frl__scan_read(frl_scan *s, struct ArrowArray *messages, frl_error *err) {
  frl_member *m = s->member;
  frl_part_rows rows = {0};
  frl_mutex_lock(&m->lock);
  /* a sealed partition does not change: its list may be read once it is copied */
  const bool more = s->next_rows < s->part->n;
  if (more) {
    rows = s->part->rows[s->next_rows++];
    (void)frl_batch_ref(rows.batch);
  }
  frl_mutex_unlock(&m->lock);
  if (!more) return FRL_END;
  const frl_status st = frl_batch_export(messages, rows.batch, rows.first, rows.n, err);
  frl_batch_unref(rows.batch);
  return st;
}

/* ---- batch reads ---- */

/** Whether all that was published before the read began has come and was taken. */
static bool is_drained(frl_member *m, frl_subscriber *subscriber) {
  frl_subscriber_stats stats = {.struct_size = sizeof stats};
  frl_subscriber_get_stats(subscriber, &stats);
  if (stats.open_streams == 0) return false;
  const int64_t wanted_ms = (int64_t)m->config->drain_idle_ms;
  if (stats.old_idle_ms < wanted_ms || atomic_load(&m->old_idle_ms) < wanted_ms) {
    return false;
  }
  return stats.waiting_messages == 0 ||
         stats.oldest_waiting_ms + DRAIN_SLACK_MS < stats.old_idle_ms;
}

static frl_status remember(frl_scan *s, frl_held *held) {
  if (s->n_streamed == s->cap_streamed) {
    const size_t cap = s->cap_streamed ? s->cap_streamed * 2 : 64;
    frl_part_rows *grown = realloc(s->streamed, cap * sizeof *grown);
    if (!grown) return FRL_E_NOMEM;
    s->streamed = grown;
    s->cap_streamed = cap;
  }
  s->streamed[s->n_streamed++] = (frl_part_rows){.held = held};
  /* the lease is kept, the rows live as long as who reads them */
  frl_batch_unref(held->batch);
  held->batch = NULL;
  return FRL_OK;
}

static frl_status stream_take(frl_scan *s, frl_subscriber *subscriber,
    struct ArrowArray *messages, int64_t timeout_ms, frl_error *err) {
  frl_held *held = NULL;
  frl_status st = is_drained(s->member, subscriber)
                      ? FRL_END
                      : frl_subscriber_take(
                            subscriber, 0, 0, shorter(timeout_ms, TAKE_MS), &held, err);
  if (st != FRL_OK) return st;
  st = frl_held_export(held, messages, err);
  if (st == FRL_OK) st = remember(s, held);
  if (st != FRL_OK) {
    frl_array_release(messages);
    frl_held_nack(held);
  }
  return st;
}

/** Tells that nobody is to read the partition again. */
static frl_status stream_seal(frl_scan *s, frl_error *err) {
  frl_coord_part request = {.batch = s->task.batch,
      .partition = s->task.partition,
      .rows = s->stats.rows,
      .bytes = s->stats.bytes};
  memcpy(request.run, s->task.run, sizeof request.run);
  memcpy(request.member, s->member->hello.member, sizeof request.member);
  frl_buf response;
  frl_buf_init(&response, NULL, MAX_ANSWER_BYTES);
  const frl_status st = frl_member_call(s->member, "Sealed", &request, &response, err);
  frl_buf_deinit(&response);
  return st;
}

/** All was read: acked where asked for, else kept so that it does not come again. */
static frl_status stream_end(frl_scan *s, frl_error *err) {
  FRL_TRY(stream_seal(s, err));
  if (s->member->config->ack_on_read) {
    for (size_t i = 0; i < s->n_streamed; i++) frl_held_ack(s->streamed[i].held);
    s->n_streamed = 0;
  } else if (frl_part_keep(s->member, s->streamed, s->n_streamed) == FRL_OK) {
    s->n_streamed = 0;
  }
  return FRL_END;
}

frl_status frl__scan_stream(
    frl_scan *s, struct ArrowArray *messages, int64_t timeout_ms, frl_error *err) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + timeout_ms;
  frl_status st;
  do {
    frl_subscriber *subscriber = frl_member_begin_use(s->member, err);
    if (!subscriber) return FRL_E_CLOSED;
    const int64_t left_ms = until_ms - frl_clock_now_ms(NULL);
    st = stream_take(s, subscriber, messages, left_ms > 0 ? left_ms : 0, err);
    if (st == FRL_END) st = stream_end(s, err);
    frl_member_end_use(s->member);
  } while (st == FRL_E_TIMEOUT && frl_clock_now_ms(NULL) < until_ms);
  return st;
}

/* ---- the end ---- */

/** A read that was not finished gives its messages to whoever reads next. */
static void return_streamed(frl_scan *s) {
  if (s->n_streamed && frl_member_begin_use(s->member, NULL)) {
    for (size_t i = 0; i < s->n_streamed; i++) frl_held_nack(s->streamed[i].held);
    frl_member_end_use(s->member);
  }
  free(s->streamed);
}

void frl__scan_end(frl_scan *s) {
  if (s->part) {
    end_sealing(s);
    frl_part_release(s->member, s->part);
  }
  if (s->member) return_streamed(s);
}
