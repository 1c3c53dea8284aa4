/** What a subscriber does on the loop: taking in, pausing, ticking. */
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "pubsub/reservoir/subscriber.h"

enum {
  TICK_MS = 250,
  QUIET_MS = 10000, /* then the buffers of the last rush go back to the system */
  DOUBT_MS = 5000 /* held back for longer, messages may have grown old at the server */
};

static int64_t now_of(const frl_subscriber *s) {
  return frl_loop_now_ms(s->pubsub->loop);
}

static uint32_t count_open(const frl_subscriber *s, uint64_t *reopened) {
  uint32_t open = 0;
  *reopened = 0;
  for (uint32_t i = 0; i < s->n_streams; i++) {
    if (s->streams[i].call && s->streams[i].answered) open++;
    *reopened += s->streams[i].reopened;
  }
  return open;
}

/* Copies the loop's counts to where other threads may read them. */
static void publish_stats(frl_subscriber *s) {
  uint64_t reopened;
  const uint32_t open = count_open(s, &reopened);
  frl_mutex_lock(&s->lock);
  s->seen.received_messages = s->intake.messages;
  s->seen.received_bytes = s->intake.payload_bytes;
  s->seen.invalid_utf8 = s->intake.invalid_utf8;
  s->seen.open_streams = open;
  s->seen.reopened = reopened;
  s->last_ms = s->intake.last_ms;
  s->last_old_ms = s->intake.last_old_ms;
  frl_mutex_unlock(&s->lock);
}

void frl__subscriber_finish_lot(frl_subscriber *s) {
  frl_timer_stop(s->delay);
  frl_lot *lot;
  if (frl_intake_finish(&s->intake, &lot) != FRL_OK) return;
  publish_stats(s); /* before, so that who takes a row finds it counted */
  /* with receipts it becomes available when they are answered */
  if (!s->leases.receipts) frl_reservoir_put(&s->reservoir, &s->leases, lot);
  frl_lot_unref(lot);
}

static void on_delay(void *ctx) {
  frl_subscriber *s = ctx;
  frl__subscriber_finish_lot(s);
  frl__subscriber_pump(s);
}

/* Dead letters count every delivery: nothing more is fetched than one batch. */
static void limit_outstanding(frl_subscriber *s) {
  if (s->limited) return;
  s->limited = true;
  for (uint32_t i = 0; i < s->n_streams; i++) {
    s->streams[i].options.max_outstanding_messages =
        s->options.max_rows_per_batch / s->n_streams + 1;
    frl_pull_reopen(&s->streams[i]);
  }
}

static frl_status on_message(void *ctx, frl_cursor received) {
  frl_subscriber *s = ctx;
  const uint32_t rows = frl_intake_rows(&s->intake);
  frl_status st = frl_intake_message(&s->intake, received, now_of(s));
  if (st == FRL_E_STATE) {
    frl__subscriber_finish_lot(s);
    frl__subscriber_pump(s);
    st = frl_intake_message(&s->intake, received, now_of(s));
  }
  if (st != FRL_OK) return st;
  if (rows == 0 && frl_intake_rows(&s->intake)) {
    frl_timer_start(s->delay, s->options.max_batch_delay_ms, 0);
  }
  if (s->intake.full) {
    frl__subscriber_finish_lot(s);
    frl__subscriber_pump(s);
  }
  return FRL_OK;
}

static void on_properties(void *ctx, bool exactly_once, bool ordered) {
  frl_subscriber *s = ctx;
  s->ordered = ordered;
  s->leases.receipts = exactly_once;
}

static bool is_full(void *ctx) {
  frl_subscriber *s = ctx;
  if (s->paused) return true;
  if (!frl_reservoir_full(&s->reservoir, frl_intake_native_bytes(&s->intake))) {
    return false;
  }
  s->paused = true;
  s->paused_ms = now_of(s);
  return true;
}

static void resume(void *ctx) {
  frl_subscriber *s = ctx;
  if (!s->paused) return;
  s->paused = false;
  if (now_of(s) - s->paused_ms > DOUBT_MS) s->intake.doubtful = true;
  for (uint32_t i = 0; i < s->n_streams; i++) frl_pull_resume(&s->streams[i]);
}

void frl__subscriber_on_room(void *ctx) {
  frl_subscriber *s = ctx;
  /* should it fail for want of memory, the next tick does it */
  const frl_status posted = frl_loop_post(s->pubsub->loop, resume, s);
  (void)posted;
}

static void on_final(void *ctx, frl_status status, const frl_error *error) {
  frl_subscriber *s = ctx;
  frl__subscriber_finish_lot(s);
  frl_reservoir_fail(&s->reservoir, status, error);
}

static void on_stopped(void *ctx) {
  frl_subscriber *s = ctx;
  if (--s->live_streams) return;
  frl_mutex_lock(&s->lock);
  s->streams_stopped = true;
  frl_cond_broadcast(&s->idle);
  frl_mutex_unlock(&s->lock);
}

static void on_ready(void *ctx, frl_lot *lot) {
  frl_subscriber *s = ctx;
  frl_reservoir_put(&s->reservoir, &s->leases, lot);
  if (s->ordered && lot->first_ms <= s->nacked_ms) {
    frl_reservoir_nack_waiting(&s->reservoir);
  }
}

static void on_tick(void *ctx) {
  frl_subscriber *s = ctx;
  const int64_t now_ms = now_of(s);
  frl_leases_tick(&s->leases, now_ms);
  for (uint32_t i = 0; i < s->n_streams; i++) frl_pull_tick(&s->streams[i], now_ms);
  if (s->intake.seen_attempts) limit_outstanding(s);
  /* in case a post was lost for want of memory */
  if (s->paused &&
      !frl_reservoir_full(&s->reservoir, frl_intake_native_bytes(&s->intake))) {
    resume(s);
  }
  frl__subscriber_collect(s);
  frl__subscriber_pump(s);
  publish_stats(s);
  if (now_ms - s->intake.last_ms > QUIET_MS) frl_pool_trim(s->pool);
}

static frl_status start_streams(frl_subscriber *s) {
  const frl_pull_handler handler = {.on_message = on_message,
      .on_properties = on_properties,
      .is_full = is_full,
      .on_final = on_final,
      .on_stopped = on_stopped,
      .ctx = s};
  frl_pull_options options = {.pubsub = s->pubsub,
      .subscription = s->subscription,
      .client_id = s->client_id,
      .deadline_s = s->options.lease_s};
  if (s->limited) {
    options.max_outstanding_messages = s->options.max_rows_per_batch / s->n_streams + 1;
  }
  for (uint32_t i = 0; i < s->n_streams; i++) {
    FRL_TRY(frl_pull_init(&s->streams[i], &options, &handler));
    s->live_streams++;
  }
  for (uint32_t i = 0; i < s->n_streams; i++) frl_pull_start(&s->streams[i]);
  return FRL_OK;
}

void frl__subscriber_start(void *ctx) {
  frl_subscriber *s = ctx;
  s->leases.on_ready = on_ready;
  s->leases.ctx = s;
  s->opened_ms = now_of(s);
  frl_status st = frl_timer_create(&s->tick, s->pubsub->loop, on_tick, s);
  if (st == FRL_OK) st = frl_timer_create(&s->delay, s->pubsub->loop, on_delay, s);
  if (st == FRL_OK) st = start_streams(s);
  if (st == FRL_OK) frl_timer_start(s->tick, TICK_MS, TICK_MS);
  s->start_status = st;
}

void frl__subscriber_stop_streams(void *ctx) {
  frl_subscriber *s = ctx;
  if (s->live_streams == 0) {
    s->live_streams = 1;
    on_stopped(s);
    return;
  }
  const uint32_t n = s->live_streams;
  for (uint32_t i = 0; i < n; i++) frl_pull_stop(&s->streams[i]);
}

void frl__subscriber_tear_down(void *ctx) {
  frl_subscriber *s = ctx;
  frl_timer_destroy(s->tick);
  frl_timer_destroy(s->delay);
  s->tick = s->delay = NULL;
  for (uint32_t i = 0; i < s->n_streams; i++) {
    if (s->streams && s->streams[i].options.pubsub) frl_pull_deinit(&s->streams[i]);
  }
  frl_intake_deinit(&s->intake);
  frl_leases_deinit(&s->leases);
}
