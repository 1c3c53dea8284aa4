/** What a publisher does on the loop: lanes, requests, retries. */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "pubsub/publisher.h"
#include "wire/writer.h"

enum {
  RETRY_BASE_MS = 100,
  RETRY_MAX_MS = 60 * 1000,
  CALL_TIMEOUT_MS = 60 * 1000,
  TIMER_MS = 5
};

static int64_t now_of(const frl_publisher *p) {
  return frl_loop_now_ms(p->pubsub->loop);
}

/* ---- lanes ---- */

static frl_publish_lane *lane_of(frl_publisher *p, frl_cursor key) {
  const size_t n = frl_cursor_left(&key);
  if (n == 0) return &p->unkeyed;
  frl_publish_lane *lane = frl_map_get(&p->lanes, key.pos, n);
  if (lane) return lane;
  lane = frl_calloc(&p->mem, 1, sizeof *lane);
  if (!lane) return NULL;
  lane->key = frl_strndup(&p->mem, (const char *)key.pos, n);
  lane->key_bytes = n;
  if (lane->key && frl_map_put(&p->lanes, key.pos, n, lane, NULL) == FRL_OK) {
    return lane;
  }
  frl_free(&p->mem, lane->key);
  frl_free(&p->mem, lane);
  return NULL;
}

static void drop_idle_lane(frl_publisher *p, frl_publish_lane *lane) {
  if (!lane->key || lane->head || lane->in_flight) return;
  (void)frl_map_remove(&p->lanes, lane->key, lane->key_bytes);
  frl_free(&p->mem, lane->key);
  frl_free(&p->mem, lane);
}

static frl_publish_span *new_span(
    frl_publisher *p, frl_cargo *cargo, int64_t first, int64_t n, uint64_t bytes) {
  frl_publish_span *span = frl_calloc(&p->mem, 1, sizeof *span);
  if (!span) return NULL;
  span->cargo = frl_cargo_ref(cargo);
  span->first = first;
  span->n = n;
  span->bytes = bytes;
  return span;
}

static bool queue_rows(frl_publisher *p, frl_publish_lane *lane, frl_cargo *cargo,
    int64_t first, int64_t n, uint64_t bytes) {
  if (!lane) return false;
  frl_publish_span *tail = lane->tail;
  if (tail && tail->cargo == cargo && tail->first + tail->n == first) {
    tail->n += n;
    tail->bytes += bytes;
  } else {
    frl_publish_span *span = new_span(p, cargo, first, n, bytes);
    if (!span) return false;
    if (!lane->head) lane->first_ms = now_of(p);
    if (tail) {
      tail->next = span;
    } else {
      lane->head = span;
    }
    lane->tail = span;
  }
  lane->rows += (uint64_t)n;
  lane->bytes += bytes;
  return true;
}

static uint64_t row_bytes(const frl_cargo *cargo, int64_t row) {
  const frl_cursor payload = frl_publish_payload(&cargo->rows, row);
  return frl_publish_put_bytes(&cargo->rows, row) + frl_cursor_left(&payload);
}

static void fail_rows(
    frl_publisher *p, frl_cargo *cargo, int64_t first, int64_t n, uint64_t bytes) {
  frl_error error = {0};
  const frl_status st = frl_fail(&error, FRL_E_NOMEM, "publish: out of memory");
  frl_publish_span span = {.cargo = cargo, .first = first, .n = n, .bytes = bytes};
  frl__publisher_rows_done(p, &span, NULL, &error, st);
}

static void take_in_keyed(frl_publisher *p, frl_cargo *cargo) {
  for (int64_t i = 0; i < cargo->rows.n_rows; i++) {
    frl_publish_lane *lane = lane_of(p, frl_publish_key(&cargo->rows, i));
    const uint64_t bytes = row_bytes(cargo, i);
    if (!queue_rows(p, lane, cargo, i, 1, bytes)) fail_rows(p, cargo, i, 1, bytes);
  }
}

static void take_in(frl_publisher *p, frl_cargo *cargo) {
  const int64_t n = cargo->rows.n_rows;
  /* the cargo may end inside, when memory does */
  (void)frl_cargo_ref(cargo);
  if (cargo->rows.ordering_key.offsets) {
    take_in_keyed(p, cargo);
  } else if (!queue_rows(p, &p->unkeyed, cargo, 0, n, cargo->bytes)) {
    fail_rows(p, cargo, 0, n, cargo->bytes);
  }
  frl_cargo_unref(cargo);
}

static bool take_incoming(frl_publisher *p) {
  frl_mutex_lock(&p->lock);
  frl_cargo *cargo = p->incoming;
  p->incoming = p->incoming_tail = NULL;
  const bool flushing = p->flushing > 0;
  frl_mutex_unlock(&p->lock);
  while (cargo) {
    frl_cargo *next = cargo->next;
    take_in(p, cargo);
    cargo = next;
  }
  return flushing;
}

/* ---- requests ---- */

/* Rows of the lane's head that still fit into the request. */
static int64_t rows_that_fit(const frl_publisher *p, const frl_publish_request *r,
    const frl_publish_span *span, uint64_t *bytes) {
  uint64_t total = 0;
  int64_t n = 0;
  for (; n < span->n; n++) {
    const uint64_t rows = r->rows + (uint64_t)n;
    if (rows == p->options.max_batch_messages) break;
    const uint64_t more = row_bytes(span->cargo, span->first + n);
    if (rows && r->bytes + total + more > p->options.max_batch_bytes) break;
    total += more;
  }
  *bytes = total;
  return n;
}

/* Moves the first n rows of the lane into the request; false without memory. */
static bool move_rows(frl_publisher *p, frl_publish_lane *lane, frl_publish_request *r,
    frl_publish_span ***end, int64_t n, uint64_t bytes) {
  frl_publish_span *span = lane->head;
  if (n < span->n) {
    frl_publish_span *part = new_span(p, span->cargo, span->first, n, bytes);
    if (!part) return false;
    span->first += n;
    span->n -= n;
    span->bytes -= bytes;
    span = part;
  } else {
    lane->head = span->next;
    if (!lane->head) lane->tail = NULL;
  }
  span->next = NULL;
  **end = span;
  *end = &span->next;
  r->rows += (uint64_t)n;
  lane->rows -= (uint64_t)n;
  return true;
}

static frl_publish_request *cut_request(frl_publisher *p, frl_publish_lane *lane) {
  frl_publish_request *r = frl_calloc(&p->mem, 1, sizeof *r);
  if (!r) return NULL;
  r->publisher = p;
  r->lane = lane;
  r->first_ms = now_of(p);
  frl_backoff_init(&r->backoff, RETRY_BASE_MS, RETRY_MAX_MS, NULL);
  frl_publish_span **end = &r->spans;
  while (lane->head) {
    uint64_t bytes;
    const int64_t n = rows_that_fit(p, r, lane->head, &bytes);
    if (n == 0 || !move_rows(p, lane, r, &end, n, bytes)) break;
    r->bytes += bytes;
    lane->bytes -= bytes < lane->bytes ? bytes : lane->bytes;
  }
  if (!r->spans) {
    frl_free(&p->mem, r);
    return NULL;
  }
  lane->first_ms = r->first_ms;
  return r;
}

static bool may_retry(const frl_rpc_status *status) {
  switch (status->code) {
    case FRL_GRPC_INTERNAL:
      return !strstr(status->message, "invalid UTF-8");
    case FRL_GRPC_ABORTED:
    case FRL_GRPC_CANCELLED:
    case FRL_GRPC_RESOURCE_EXHAUSTED:
    case FRL_GRPC_UNKNOWN:
    case FRL_GRPC_UNAVAILABLE:
    case FRL_GRPC_DEADLINE_EXCEEDED:
      return true;
    default:
      return false;
  }
}

/* Of the time that the request's rows have, retries included. */
static int64_t time_left_ms(const frl_publisher *p, const frl_publish_request *r) {
  return r->first_ms + (int64_t)p->options.timeout_ms - now_of(p);
}

/* No server has ever answered: it may be the wrong address. */
static bool is_nowhere(const frl_publisher *p, const frl_publish_request *r) {
  return !atomic_load(&p->pubsub->answered) &&
         now_of(p) - r->first_ms >= FRL_FIRST_CONTACT_MS;
}

static void retry_later(frl_publisher *p, frl_publish_request *r) {
  r->retry_ms = now_of(p) + frl_backoff_next_ms(&r->backoff);
  r->next = p->retries;
  p->retries = r;
}

/* A key's failure takes with it what was queued behind: its order would be broken. */
static void fail_lane(frl_publisher *p, frl_publish_lane *lane, const frl_error *error,
    frl_status status) {
  while (lane->head) {
    frl_publish_span *span = lane->head;
    lane->head = span->next;
    frl__publisher_rows_done(p, span, NULL, error, status);
    frl_cargo_unref(span->cargo);
    frl_free(&p->mem, span);
  }
  lane->tail = NULL;
  lane->rows = 0;
  lane->bytes = 0;
}

static void on_answer(void *ctx, const frl_rpc_status *status, frl_cursor response) {
  frl_publish_request *r = ctx;
  frl_publisher *p = r->publisher;
  frl_publish_lane *lane = r->lane;
  const bool nowhere = is_nowhere(p, r);
  const bool late = nowhere || time_left_ms(p, r) <= 0;
  p->in_flight--;
  if (status->code == FRL_GRPC_OK) {
    lane->in_flight--;
    frl__publisher_request_done(p, r, response, NULL, FRL_OK);
    drop_idle_lane(p, lane);
  } else if (may_retry(status) && !late && !p->closing) {
    frl_log(FRL_LOG_INFO, "pubsub", "Publish of %llu messages ended with code %d: %s",
        (unsigned long long)r->rows, (int)status->code, status->message);
    retry_later(p, r);
  } else {
    frl_error error = {0};
    const frl_status st = frl_fail_grpc(
        &error, status->code, "publish to %s: %s", p->topic, status->message);
    if (nowhere) frl__pubsub_explain(p->pubsub, p->topic, st, &error);
    lane->in_flight--;
    frl__publisher_request_done(p, r, frl_cursor_of(NULL, 0), &error, st);
    if (lane->key) fail_lane(p, lane, &error, st);
    drop_idle_lane(p, lane);
  }
  frl__publisher_run(p);
}

/* false: no memory or no connection now; the request waits for another attempt. */
static bool send_request(frl_publisher *p, frl_publish_request *r) {
  const frl_rpc_route route = {
      "/google.pubsub.v1.Publisher/Publish", "topic", p->topic};
  const int64_t left_ms = time_left_ms(p, r);
  int64_t timeout_ms = left_ms < CALL_TIMEOUT_MS ? left_ms : CALL_TIMEOUT_MS;
  if (timeout_ms < 1) timeout_ms = 1; /* 0 would mean no end */
  frl_chain chain;
  frl_chain_init(&chain, &p->mem);
  frl_status st = frl__publish_encode(r, &chain);
  if (st == FRL_OK) {
    st = frl__rpc_start(&p->calls, p->pubsub, p->channel, &route, &chain, timeout_ms,
        on_answer, r, NULL);
  }
  frl_chain_deinit(&chain);
  if (st != FRL_OK) {
    retry_later(p, r);
    return false;
  }
  p->in_flight++;
  return true;
}

static bool has_slot(const frl_publisher *p) {
  return !p->closing && p->in_flight < p->options.max_in_flight_requests;
}

static void send_retries(frl_publisher *p) {
  frl_publish_request *due = p->retries;
  p->retries = NULL;
  while (due) {
    frl_publish_request *next = due->next;
    if (has_slot(p) && now_of(p) >= due->retry_ms) {
      (void)send_request(p, due);
    } else {
      due->next = p->retries;
      p->retries = due;
    }
    due = next;
  }
}

static bool is_due(
    const frl_publisher *p, const frl_publish_lane *lane, bool flushing) {
  if (!lane->head || (lane->key && lane->in_flight)) return false;
  return flushing || lane->rows >= p->options.max_batch_messages ||
         lane->bytes >= p->options.max_batch_bytes ||
         now_of(p) - lane->first_ms >= (int64_t)p->options.linger_ms;
}

static void send_lane(frl_publisher *p, frl_publish_lane *lane, bool flushing) {
  while (has_slot(p) && is_due(p, lane, flushing)) {
    frl_publish_request *r = cut_request(p, lane);
    if (!r) return;
    lane->in_flight++;
    if (!send_request(p, r)) return;
  }
}

void frl__publisher_run(void *ctx) {
  frl_publisher *p = ctx;
  const bool flushing = take_incoming(p);
  send_retries(p);
  send_lane(p, &p->unkeyed, flushing);
  const frl_map_entry *entry;
  for (size_t at = 0; has_slot(p) && (entry = frl_map_next(&p->lanes, &at));) {
    send_lane(p, entry->value, flushing);
  }
}

void frl__publisher_start(void *ctx) {
  frl_publisher *p = ctx;
  p->start_status = frl_timer_create(&p->timer, p->pubsub->loop, frl__publisher_run, p);
  if (p->start_status != FRL_OK) return;
  const uint32_t linger = p->options.linger_ms;
  const uint64_t every = linger > 2 * TIMER_MS ? linger / 2 : TIMER_MS;
  frl_timer_start(p->timer, every, every);
}

/* ---- the end ---- */

void frl__publisher_abandon(void *ctx) {
  frl_publisher *p = ctx;
  p->closing = true;
  (void)take_incoming(p);
  frl_error error = {0};
  const frl_status st = frl_fail(
      &error, FRL_E_CANCELLED, "publish to %s: the publisher was closed", p->topic);
  while (p->retries) {
    frl_publish_request *r = p->retries;
    p->retries = r->next;
    r->lane->in_flight--;
    frl__publisher_request_done(p, r, frl_cursor_of(NULL, 0), &error, st);
  }
  fail_lane(p, &p->unkeyed, &error, st);
  const frl_map_entry *entry;
  for (size_t at = 0; (entry = frl_map_next(&p->lanes, &at));) {
    fail_lane(p, entry->value, &error, st);
  }
  frl__rpc_cancel_all(&p->calls);
}

void frl__publisher_tear_down(void *ctx) {
  frl_publisher *p = ctx;
  frl_timer_destroy(p->timer);
  const frl_map_entry *entry;
  for (size_t at = 0; (entry = frl_map_next(&p->lanes, &at));) {
    frl_publish_lane *lane = entry->value;
    frl_free(&p->mem, lane->key);
    frl_free(&p->mem, lane);
  }
  frl_map_deinit(&p->lanes);
}
