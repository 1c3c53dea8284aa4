/* The driver's half: opening, offers, plans, commits, the end. */
#include <ferrule/coordinator.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "pubsub/coordinator/check.h"
#include "pubsub/coordinator/coordinator_internal.h"

enum {
  CLOCK_SKEW_US = 5 * 1000000, /* between the service's clock and ours */
  DRAIN_SLICE_MS = 1000
};
#define DEAD_LETTER_BYTES ((uint64_t)16 << 20)

void frl_coordinator_text_free(char *text) { frl_free(NULL, text); }

static void destroy(frl_coordinator *c) {
  frl__coord_serve_end(c);
  frl__coord_unshare(c);
  frl_ledger_deinit(&c->ledger);
  frl_coord_config_destroy(c->config);
  frl_cond_deinit(&c->changed);
  frl_mutex_deinit(&c->lock);
  free(c);
}

/** Half of an executor's memory waits, half is sealed. */
static void init_ledger(frl_coordinator *c) {
  const frl_coord_config *config = c->config;
  const uint64_t half = config->reservoir_bytes / 2;
  const frl_ledger_options options = {
      .num_partitions = config->num_partitions,
      .max_rows = config->max_rows,
      .max_bytes = config->max_bytes,
      .max_delay_ms = config->max_delay_ms,
      .sealed_bytes = half,
      .drain_idle_ms = config->drain_idle_ms,
      .lease_ms = (uint64_t)FRL_COORD_LEASE_S * 1000,
      .away_ms = FRL_COORD_AWAY_MS,
      .silent_ms = FRL_COORD_SILENT_MS,
      .ordered = c->subscription.ordered,
      .batch_read = config->batch_read,
  };
  char run[FRL_COORD_ID_SIZE];
  frl_random_hex(NULL, run, FRL_COORD_ID_BYTES);
  frl_ledger_init(&c->ledger, NULL, &options, run, NULL);
  c->waiting_bytes = half;
  if (c->subscription.dead_letter) {
    /* every nack counts as a delivery: prefetch little more than one batch */
    const uint64_t batch = config->max_bytes ? config->max_bytes : DEAD_LETTER_BYTES;
    if (batch < half) c->waiting_bytes = batch;
  }
}

static void drain_now(frl_coordinator *c) {
  if (c->cutoff_us == 0) c->cutoff_us = frl_clock_wall_us(NULL) + CLOCK_SKEW_US;
  frl_ledger_drain(&c->ledger, frl_clock_now_ms(NULL));
}

frl_status frl_coordinator_open(
    frl_coordinator **out, const char *config, frl_error *err) {
  *out = NULL;
  frl_coordinator *c = calloc(1, sizeof *c);
  if (!c) return frl_fail(err, FRL_E_NOMEM, "coordinator: out of memory");
  frl_mutex_init(&c->lock);
  frl_cond_init(&c->changed);
  frl_status st = frl_coord_config_parse(&c->config, config, strlen(config), err);
  if (st == FRL_OK) st = frl__coord_check(c, err);
  if (st == FRL_OK) {
    init_ledger(c);
    if (c->config->batch_read) drain_now(c);
    st = frl__coord_serve(c, err);
  }
  if (st != FRL_OK) {
    destroy(c);
    return st;
  }
  frl_log(FRL_LOG_INFO, "coordinator", "run %s of %s listens on %s", c->ledger.run,
      c->subscription.name, c->address);
  *out = c;
  return FRL_OK;
}

frl_status frl_coordinator_initial_offset(
    frl_coordinator *c, char **out, frl_error *err) {
  frl_offset offset = {.batch = 0};
  memcpy(offset.run, c->ledger.run, sizeof offset.run);
  const frl_status st = frl_offset_format(out, &offset);
  return st == FRL_OK ? st : frl_fail(err, st, "coordinator: out of memory");
}

frl_status frl_coordinator_drain(frl_coordinator *c, frl_error *err) {
  (void)err;
  frl_mutex_lock(&c->lock);
  drain_now(c);
  frl_mutex_unlock(&c->lock);
  return FRL_OK;
}

/** The ledger's offer, waiting a while where it says so; FRL_END: there is none. */
static frl_status offer(frl_coordinator *c, const frl_offset *start,
    const frl_batch_request *request, uint64_t *batch, frl_error *err) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + DRAIN_SLICE_MS;
  frl_status st = FRL_OK;
  enum frl_offer kind = FRL_OFFER_WAIT;
  frl_mutex_lock(&c->lock);
  while (st == FRL_OK && kind == FRL_OFFER_WAIT) {
    int64_t wait_ms;
    const int64_t now_ms = frl_clock_now_ms(NULL);
    st = frl_ledger_offer(
        &c->ledger, start, request, now_ms, &kind, batch, &wait_ms, err);
    frl__coord_pump(c);
    if (st != FRL_OK || kind != FRL_OFFER_WAIT) break;
    if (now_ms < until_ms) {
      (void)frl_cond_wait_ms(&c->changed, &c->lock, wait_ms);
    } else {
      st = frl_fail(err, FRL_E_TIMEOUT, "still waiting for what may come");
    }
  }
  frl_mutex_unlock(&c->lock);
  return st == FRL_OK && kind == FRL_OFFER_NOTHING ? FRL_END : st;
}

frl_status frl_coordinator_latest_offset(frl_coordinator *c, const char *start,
    const frl_batch_request *request, char **end, frl_error *err) {
  frl_offset from = {.batch = 0};
  memcpy(from.run, c->ledger.run, sizeof from.run);
  if (start) FRL_TRY(frl_offset_parse(&from, start, err));
  uint64_t batch = 0;
  frl_status st = offer(c, &from, request, &batch, err);
  if (st < 0) return st;
  if (st == FRL_OK) {
    memcpy(from.run, c->ledger.run, sizeof from.run);
    from.batch = batch;
  }
  st = frl_offset_format(end, &from);
  return st == FRL_OK ? st : frl_fail(err, st, "coordinator: out of memory");
}

/* ---- plans ---- */

/** What a task needs to know, as text. */
static char *partition_text(const frl_coordinator *c, uint64_t batch, uint32_t part) {
  yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
  yyjson_mut_val *root = yyjson_mut_obj(doc);
  yyjson_mut_doc_set_root(doc, root);
  char *text = NULL;
  if (yyjson_mut_obj_add_str(doc, root, "run", c->ledger.run) &&
      yyjson_mut_obj_add_uint(doc, root, "batch", batch) &&
      yyjson_mut_obj_add_uint(doc, root, "partition", part) &&
      yyjson_mut_obj_add_str(doc, root, "address", c->address) &&
      yyjson_mut_obj_add_str(doc, root, "token", c->token)) {
    text = yyjson_mut_write(doc, 0, NULL);
  }
  yyjson_mut_doc_free(doc);
  return text;
}

static bool add_partition(const frl_coordinator *c, const frl_ledger_batch *b,
    uint32_t i, yyjson_mut_doc *doc, yyjson_mut_val *list) {
  yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
  char *text = partition_text(c, b->id, i);
  bool ok = item && text && yyjson_mut_obj_add_strcpy(doc, item, "partition", text);
  free(text);
  const frl_ledger_member *m = b->parts[i].preferred;
  if (ok && m && m->state == FRL_EXECUTOR_LIVE) {
    ok = yyjson_mut_obj_add_strcpy(doc, item, "executor", m->hello.executor) &&
         yyjson_mut_obj_add_strcpy(doc, item, "host", m->hello.host);
  }
  return ok;
}

static char *plan_text(const frl_coordinator *c, const frl_ledger_batch *b) {
  yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
  yyjson_mut_val *list = yyjson_mut_arr(doc);
  yyjson_mut_doc_set_root(doc, list);
  bool ok = list != NULL;
  for (uint32_t i = 0; ok && b && i < b->n_parts; i++) {
    ok = add_partition(c, b, i, doc, list);
  }
  char *text = ok ? yyjson_mut_write(doc, 0, NULL) : NULL;
  yyjson_mut_doc_free(doc);
  return text;
}

frl_status frl_coordinator_plan(frl_coordinator *c, const char *start, const char *end,
    char **partitions, frl_error *err) {
  frl_offset from = {.batch = 0};
  frl_offset to;
  if (start) FRL_TRY(frl_offset_parse(&from, start, err));
  FRL_TRY(frl_offset_parse(&to, end, err));
  frl_mutex_lock(&c->lock);
  /* the messages of an earlier run came back when it ended: they are in later batches
   */
  const bool earlier = strcmp(to.run, c->ledger.run) != 0;
  const bool none = start && from.batch == to.batch && strcmp(from.run, to.run) == 0;
  const frl_ledger_batch *b = earlier ? NULL : frl_ledger_find(&c->ledger, to.batch);
  char *text = NULL;
  if (b || earlier || none) text = plan_text(c, none ? NULL : b);
  frl_mutex_unlock(&c->lock);
  if (!b && !earlier && !none) {
    return frl_fail(
        err, FRL_E_STATE, "batch %" PRIu64 " cannot be planned again", to.batch);
  }
  *partitions = text;
  return text ? FRL_OK : frl_fail(err, FRL_E_NOMEM, "coordinator: out of memory");
}

/* ---- commits and the end ---- */

static frl_status commit_locked(
    frl_coordinator *c, const frl_offset *end, frl_error *err) {
  if (strcmp(end->run, c->ledger.run) != 0) return FRL_OK;
  if (end->batch > c->ledger.last_batch) {
    return frl_fail(
        err, FRL_E_STATE, "batch %" PRIu64 " was never planned", end->batch);
  }
  const frl_status st =
      frl_ledger_commit(&c->ledger, end->batch, frl_clock_now_ms(NULL));
  return st == FRL_OK ? st : frl_fail(err, st, "coordinator: out of memory");
}

frl_status frl_coordinator_commit(frl_coordinator *c, const char *end, frl_error *err) {
  frl_offset offset;
  FRL_TRY(frl_offset_parse(&offset, end, err));
  frl_mutex_lock(&c->lock);
  const frl_status st = commit_locked(c, &offset, err);
  frl_mutex_unlock(&c->lock);
  frl__coord_pump(c);
  return st;
}

frl_status frl_coordinator_metrics(frl_coordinator *c, char **out, frl_error *err) {
  frl_mutex_lock(&c->lock);
  const frl_status st = frl__coord_metrics(c, frl_clock_now_ms(NULL), out);
  frl_mutex_unlock(&c->lock);
  return st == FRL_OK ? st : frl_fail(err, st, "coordinator: out of memory");
}

/** Until every executor has confirmed its acks, or the time is over. */
static frl_status settle(frl_coordinator *c, int64_t timeout_ms, frl_error *err) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + timeout_ms;
  frl_status st = FRL_OK;
  frl_mutex_lock(&c->lock);
  while (!frl_ledger_is_settled(&c->ledger)) {
    const int64_t left_ms = until_ms - frl_clock_now_ms(NULL);
    if (left_ms <= 0) {
      st = frl_fail(err, FRL_E_TIMEOUT,
          "some acknowledgements were not confirmed within %lld ms: their messages "
          "may come again",
          (long long)timeout_ms);
      break;
    }
    (void)frl_cond_wait_ms(&c->changed, &c->lock, left_ms);
  }
  if (st == FRL_OK && c->ledger.acks_lost) {
    st = frl_fail(err, FRL_E_TIMEOUT,
        "an executor went before it had confirmed its acknowledgements: its messages "
        "may come again");
  }
  frl_mutex_unlock(&c->lock);
  return st;
}

frl_status frl_coordinator_stop(
    frl_coordinator *c, const char *committed_end, int64_t timeout_ms, frl_error *err) {
  if (!c) return FRL_OK;
  frl_status st = FRL_OK;
  frl_offset offset;
  if (committed_end) st = frl_offset_parse(&offset, committed_end, err);
  frl_mutex_lock(&c->lock);
  if (committed_end && st == FRL_OK) st = commit_locked(c, &offset, err);
  frl_status stopped = frl_ledger_stop(&c->ledger, frl_clock_now_ms(NULL));
  frl_cond_broadcast(&c->changed);
  frl_mutex_unlock(&c->lock);
  frl__coord_pump(c);
  if (stopped == FRL_OK) stopped = settle(c, timeout_ms, st == FRL_OK ? err : NULL);
  destroy(c);
  return st == FRL_OK ? stopped : st;
}
