#include "pubsub/reservoir/subscriber.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "pubsub/admin.h"

enum {
  DEFAULT_STREAMS = 2,
  MAX_STREAMS = 256,
  DEFAULT_RESERVOIR_BYTES = 256 << 20,
  DEFAULT_BATCH_ROWS = 16384,
  DEFAULT_BATCH_BYTES = 4 << 20, /* more leaves the caches and costs a fifth */
  MAX_BATCH_BYTES = 1 << 30,
  DEFAULT_BATCH_DELAY_MS = 100,
  MIN_LEASE_S = 10,
  MAX_LEASE_S = 60,
  POOL_IDLE_BYTES = 24 << 20
};

static uint32_t or_default(uint32_t value, uint32_t standard) {
  return value ? value : standard;
}

static void fill_defaults(frl_subscriber_options *o, uint32_t connections) {
  o->columns &= FRL_PUBSUB_DEFAULT_COLUMNS | FRL_PUBSUB_ACK_ID;
  if (o->columns == 0) o->columns = FRL_PUBSUB_DEFAULT_COLUMNS;
  const uint32_t streams = connections > 1 ? connections : DEFAULT_STREAMS;
  o->streams = or_default(o->streams, streams);
  if (o->streams > MAX_STREAMS) o->streams = MAX_STREAMS;
  if (o->reservoir_bytes == 0) o->reservoir_bytes = DEFAULT_RESERVOIR_BYTES;
  o->max_rows_per_batch = or_default(o->max_rows_per_batch, DEFAULT_BATCH_ROWS);
  o->max_bytes_per_batch = or_default(o->max_bytes_per_batch, DEFAULT_BATCH_BYTES);
  if (o->max_bytes_per_batch > MAX_BATCH_BYTES) {
    o->max_bytes_per_batch = MAX_BATCH_BYTES;
  }
  o->max_batch_delay_ms = or_default(o->max_batch_delay_ms, DEFAULT_BATCH_DELAY_MS);
  o->lease_s = or_default(o->lease_s, MAX_LEASE_S);
  if (o->lease_s > MAX_LEASE_S) o->lease_s = MAX_LEASE_S;
  if (o->lease_s < MIN_LEASE_S) o->lease_s = MIN_LEASE_S;
}

/*
 * Asks what the subscription is. An account that may consume but not look is let
 * through: the streams tell most of it.
 */
static frl_status look_at(frl_subscriber *s, frl_error *err) {
  frl_error local;
  frl_error *e = err ? err : &local;
  frl_subscription_info info = {.struct_size = sizeof info};
  const frl_status st =
      frl_pubsub_get_subscription(s->pubsub, s->subscription, &info, e);
  if (st == FRL_E_AUTH && e->origin == FRL_ORIGIN_GRPC &&
      e->origin_code == FRL_GRPC_PERMISSION_DENIED) {
    frl_log(FRL_LOG_INFO, "pubsub", "%s may not be looked at: %s", s->subscription,
        e->message);
    return FRL_OK;
  }
  if (st != FRL_OK) return st;
  if (info.detached) {
    return frl_fail(err, FRL_E_STATE,
        "subscription %s is detached from its topic: nothing will ever come from it",
        s->subscription);
  }
  s->ordered = info.ordered;
  s->limited = info.dead_letter;
  s->leases.receipts = info.exactly_once;
  /* the service wants no shorter leases there */
  if (info.exactly_once) s->options.lease_s = MAX_LEASE_S;
  return FRL_OK;
}

static int payload_child(uint32_t columns) {
  if (!(columns & FRL_PUBSUB_PAYLOAD)) return -1;
  int child = 0;
  for (uint32_t bit = 1; bit < FRL_PUBSUB_PAYLOAD; bit <<= 1) {
    child += (columns & bit) != 0;
  }
  return child;
}

/* The reservoir is full while what the server may still send fits. */
static uint64_t waiting_bound(const frl_subscriber *s) {
  const uint64_t window = s->pubsub->channel_options.stream_window_bytes;
  const uint64_t coming = window * s->n_streams;
  const uint64_t bytes = s->options.reservoir_bytes;
  return coming < bytes / 2 ? bytes - coming : bytes / 2;
}

static frl_status set_up(frl_subscriber *s, frl_error *err) {
  s->n_streams = s->options.streams;
  FRL_TRY(frl_pool_create(&s->pool, &s->mem, POOL_IDLE_BYTES, err));
  frl_pool_keep_within(s->pool, (size_t)s->options.reservoir_bytes);
  s->leases.lease_ms = (int64_t)s->options.lease_s * 1000;
  const frl_intake_options intake = {.columns = s->options.columns,
      .payload_utf8 = s->options.payload_utf8,
      .max_rows = s->options.max_rows_per_batch,
      .max_bytes = s->options.max_bytes_per_batch,
      .cutoff_us = s->options.cutoff_us,
      .mem = &s->mem,
      .pool = s->pool,
      .leases = &s->leases};
  FRL_TRY(frl_intake_init(&s->intake, &intake, err));
  s->streams = frl_calloc(&s->mem, s->n_streams, sizeof *s->streams);
  if (!s->streams) return frl_fail(err, FRL_E_NOMEM, "subscriber: out of memory");
  s->reservoir.options.max_bytes = waiting_bound(s);
  return FRL_OK;
}

static void free_subscriber(frl_subscriber *s) {
  frl__subscriber_tear_down(s);
  frl_reservoir_deinit(&s->reservoir);
  frl_pool_unref(s->pool);
  frl_cond_deinit(&s->idle);
  frl_mutex_deinit(&s->lock);
  const frl_mem mem = s->mem;
  frl_free(&mem, s->streams);
  frl_free(&mem, s->subscription);
  frl_free(&mem, s);
}

static frl_status create(
    frl_subscriber **out, frl_pubsub *pubsub, const frl_subscriber_options *options) {
  frl_subscriber *s = frl_calloc(&pubsub->mem, 1, sizeof *s);
  if (!s) return FRL_E_NOMEM;
  s->mem = pubsub->mem;
  s->pubsub = pubsub;
  const size_t given = options->struct_size;
  memcpy(&s->options, options, given < sizeof *options ? given : sizeof *options);
  fill_defaults(&s->options, pubsub->connections);
  frl_random_hex(NULL, s->client_id, FRL_CLIENT_ID_BYTES);
  frl_mutex_init(&s->lock);
  frl_cond_init(&s->idle);
  s->last_ms = s->last_old_ms = s->nacked_ms = -1;
  frl_leases_init(&s->leases, &s->mem, (int64_t)MAX_LEASE_S * 1000, NULL);
  const frl_reservoir_options reservoir = {.mem = &s->mem,
      .clock = &frl_clock_system,
      .payload_child = payload_child(s->options.columns),
      .on_settled = frl__subscriber_on_settled,
      .on_room = frl__subscriber_on_room,
      .ctx = s};
  frl_reservoir_init(&s->reservoir, &reservoir);
  *out = s;
  return FRL_OK;
}

frl_status frl_subscriber_open(frl_subscriber **out, frl_pubsub *pubsub,
    const frl_subscriber_options *options, frl_error *err) {
  *out = NULL;
  frl_subscriber *s;
  if (create(&s, pubsub, options) != FRL_OK) {
    return frl_fail(err, FRL_E_NOMEM, "subscriber: out of memory");
  }
  frl_status st = frl__pubsub_full_name(
      pubsub, "subscriptions", options->subscription, &s->subscription, err);
  if (st == FRL_OK) st = look_at(s, err);
  if (st == FRL_OK) st = set_up(s, err);
  if (st != FRL_OK) {
    free_subscriber(s);
    return st;
  }
  st = frl_loop_call(pubsub->loop, frl__subscriber_start, s);
  if (st == FRL_OK) st = s->start_status;
  if (st != FRL_OK) {
    frl_subscriber_close(s, 0);
    return frl_fail(err, st, "subscriber: the streams could not be opened");
  }
  *out = s;
  return FRL_OK;
}

frl_status frl_subscriber_schema(
    const frl_subscriber *subscriber, struct ArrowSchema *out, frl_error *err) {
  return frl_intake_schema(out, &subscriber->mem, subscriber->options.columns,
      subscriber->options.payload_utf8, err);
}

frl_status frl_subscriber_take(frl_subscriber *subscriber, uint32_t max_rows,
    uint64_t max_bytes, int64_t timeout_ms, frl_held **out, frl_error *err) {
  return frl_reservoir_take(
      &subscriber->reservoir, max_rows, max_bytes, timeout_ms, out, err);
}

int64_t frl_held_rows(const frl_held *held) { return held->item->span.n; }

uint64_t frl_held_bytes(const frl_held *held) { return held->native_bytes; }

frl_status frl_held_export(
    const frl_held *held, struct ArrowArray *out, frl_error *err) {
  const frl_span *span = &held->item->span;
  return frl_batch_export(out, held->batch, span->first, span->n, err);
}

void frl_held_ack(frl_held *held) {
  if (held) frl_reservoir_settle(held, FRL_LEASE_ACK);
}

void frl_held_nack(frl_held *held) {
  if (held) frl_reservoir_settle(held, FRL_LEASE_NACK);
}

frl_status frl_subscriber_flush(
    frl_subscriber *subscriber, int64_t timeout_ms, frl_error *err) {
  return frl_reservoir_flush(&subscriber->reservoir, timeout_ms, err);
}

static void wait_for(frl_subscriber *s, const bool *flag) {
  frl_mutex_lock(&s->lock);
  while (!*flag) frl_cond_wait(&s->idle, &s->lock);
  frl_mutex_unlock(&s->lock);
}

/* Without memory for the message to the loop the work is still to be done. */
static void on_loop(frl_subscriber *s, void (*fn)(void *ctx)) {
  while (frl_loop_call(s->pubsub->loop, fn, s) != FRL_OK) {
    frl_mutex_lock(&s->lock);
    (void)frl_cond_wait_ms(&s->idle, &s->lock, 10);
    frl_mutex_unlock(&s->lock);
  }
}

void frl_subscriber_close(frl_subscriber *subscriber, int64_t timeout_ms) {
  if (!subscriber) return;
  frl_subscriber *s = subscriber;
  frl_reservoir_close(&s->reservoir);
  on_loop(s, frl__subscriber_stop_streams);
  wait_for(s, &s->streams_stopped);
  on_loop(s, frl__subscriber_give_back);
  frl_error late;
  if (frl_reservoir_flush(&s->reservoir, timeout_ms, &late) != FRL_OK) {
    frl_log(FRL_LOG_WARN, "pubsub", "closing %s: %s", s->subscription, late.message);
  }
  on_loop(s, frl__subscriber_end_calls);
  wait_for(s, &s->calls_ended);
  on_loop(s, frl__subscriber_tear_down);
  free_subscriber(s);
}

void frl_subscriber_get_stats(
    const frl_subscriber *subscriber, frl_subscriber_stats *out) {
  frl_subscriber *s = (frl_subscriber *)subscriber; /* its locks are not the value */
  const size_t size = out->struct_size;
  frl_mutex_lock(&s->lock);
  frl_subscriber_stats all = s->seen;
  const int64_t last_ms = s->last_ms;
  const int64_t last_old_ms = s->last_old_ms >= 0 ? s->last_old_ms : s->opened_ms;
  frl_mutex_unlock(&s->lock);
  frl_reservoir_stats(&s->reservoir, &all);
  const frl_leases *l = &s->leases;
  all.acked = atomic_load(&l->acked);
  all.nacked = atomic_load(&l->nacked);
  all.ack_failed = atomic_load(&l->ack_failed);
  all.extended = atomic_load(&l->extended);
  all.expired = atomic_load(&l->expired);
  all.redelivered = atomic_load(&l->redelivered);
  const int64_t now_ms = frl_clock_now_ms(NULL);
  all.idle_ms = last_ms < 0 ? -1 : now_ms - last_ms;
  all.old_idle_ms = s->options.cutoff_us ? now_ms - last_old_ms : -1;
  all.struct_size = size;
  memcpy(out, &all, size < sizeof all ? size : sizeof all);
}
