/* A member's call to the coordinator: reports up, orders down. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "pubsub/coordinator/member.h"

enum { RETRY_MS = 200 };

typedef struct posted_report {
  frl_member *m;
  frl_buf bytes;
} posted_report;

static void send_bytes(frl_member *m, const frl_buf *bytes) {
  if (!m->call) return;
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  frl_status st = frl_chain_copy(&chain, bytes->data, bytes->len);
  if (st == FRL_OK) st = frl_call_send(m->call, &chain, false);
  /* a report that is not sent is followed by another */
  if (st != FRL_OK) frl_chain_deinit(&chain);
}

static frl_status encode_report(frl_buf *out, const frl_coord_report *report,
    const frl_coord_hello *hello, const frl_coord_stats *stats) {
  if (hello) FRL_TRY(frl_coord_encode_into(out, 1, FRL_COORD_HELLO, hello));
  if (stats) FRL_TRY(frl_coord_encode_into(out, 2, FRL_COORD_STATS, stats));
  return frl_coord_encode(out, FRL_COORD_REPORT, report);
}

/* ---- orders ---- */

static void push_order(frl_member *m, const frl_coord_order *order) {
  if (order->seq <= m->last_seq) return; /* it came before the connection broke */
  /* without memory it is not heard, and comes again with the next connection */
  frl_member_order *o = calloc(1, sizeof *o);
  if (!o) return;
  const size_t n = frl_cursor_left(&order->acks);
  if (n) o->acks = malloc(n);
  if (n && !o->acks) {
    free(o);
    return;
  }
  if (n) memcpy(o->acks, order->acks.pos, n);
  o->acks_len = n;
  o->kind = (enum frl_coord_order_kind)order->kind;
  o->seq = order->seq;
  o->batch = order->batch;
  m->last_seq = order->seq;
  if (m->orders_end) m->orders_end->next = o;
  if (!m->orders) m->orders = o;
  m->orders_end = o;
}

static frl_status take_welcome(frl_member *m, frl_cursor bytes) {
  frl_coord_welcome w = {0};
  FRL_TRY(frl_coord_decode(&w, FRL_COORD_WELCOME, bytes));
  m->connected = true;
  if (m->welcome) return FRL_OK;
  frl_error err = {0};
  const frl_status st = frl_coord_config_parse(
      &m->config, (const char *)w.config.pos, frl_cursor_left(&w.config), &err);
  if (st != FRL_OK) {
    m->failure = st;
    m->failure_error = err;
    return FRL_OK;
  }
  m->welcome = true;
  m->cutoff_us = w.cutoff_us;
  m->grace_ms = w.grace_ms;
  m->beat_ms = w.beat_ms;
  m->lease_s = w.lease_s;
  m->ordered = w.ordered != 0;
  m->reservoir_bytes = w.reservoir_bytes;
  m->sealed_bytes = m->config->reservoir_bytes / 2;
  return FRL_OK;
}

static frl_status link_begin(void *ctx) {
  frl_member *m = ctx;
  frl_buf_clear(&m->message);
  return FRL_OK;
}

static frl_status link_data(void *ctx, const uint8_t *data, size_t n) {
  frl_member *m = ctx;
  return frl_buf_append(&m->message, data, n);
}

static frl_status link_message(void *ctx) {
  frl_member *m = ctx;
  frl_coord_order order = {0};
  FRL_TRY(frl_coord_decode(
      &order, FRL_COORD_ORDER, frl_cursor_of(m->message.data, m->message.len)));
  frl_status st = FRL_OK;
  frl_mutex_lock(&m->lock);
  if (order.kind == FRL_ORDER_WELCOME) st = take_welcome(m, order.welcome);
  if (order.kind == FRL_ORDER_SETTLE || order.kind == FRL_ORDER_CLOSE) {
    push_order(m, &order);
  }
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
  if (order.kind == FRL_ORDER_RELAY) frl_provide_start(m, &order);
  return st;
}

/* ---- the call ---- */

static void link_connect(void *ctx);

/** Answers after which there is no use in asking again. */
static bool is_final(int32_t code) {
  return code == FRL_GRPC_FAILED_PRECONDITION || code == FRL_GRPC_UNAUTHENTICATED ||
         code == FRL_GRPC_INVALID_ARGUMENT || code == FRL_GRPC_PERMISSION_DENIED ||
         code == FRL_GRPC_UNIMPLEMENTED;
}

static void link_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  (void)trailers;
  frl_member *m = ctx;
  m->call = NULL;
  frl_mutex_lock(&m->lock);
  if (m->connected) m->lost_ms = frl_clock_now_ms(NULL);
  m->connected = false;
  if (is_final(status->code)) m->refused = true;
  if (m->failure == FRL_OK && (m->refused || !m->welcome)) {
    m->failure = frl_fail_grpc(&m->failure_error,
        status->code ? status->code : FRL_GRPC_UNAVAILABLE, "coordinator %s: %s",
        m->task.address, *status->message ? status->message : "the call ended");
  }
  const bool again = m->welcome && !m->refused && !m->link_closed;
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
  if (again) frl_timer_start(m->retry, RETRY_MS, 0);
}

static void send_hello(frl_member *m) {
  frl_mutex_lock(&m->lock);
  const frl_coord_report report = {.heard = m->heard, .flushed = m->flushed};
  frl_mutex_unlock(&m->lock);
  frl_buf b;
  frl_buf_init(&b, NULL, 64 << 10);
  if (encode_report(&b, &report, &m->hello, NULL) == FRL_OK) {
    send_bytes(m, &b);
  } else {
    frl_call_cancel(m->call);
  }
  frl_buf_deinit(&b);
}

static void link_failed(frl_member *m, frl_status st) {
  frl_mutex_lock(&m->lock);
  if (!m->welcome && m->failure == FRL_OK) {
    m->failure = frl_fail(
        &m->failure_error, st, "coordinator %s: the call was refused", m->task.address);
  }
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
  frl_timer_start(m->retry, RETRY_MS, 0);
}

static void link_connect(void *ctx) {
  frl_member *m = ctx;
  if (m->call || m->link_closed) return;
  frl_metadata md = {0};
  static const frl_call_handler handler = {
      .sink = {link_begin, link_data, link_message}, .on_closed = link_closed};
  frl_status st = frl__member_metadata(m, &md);
  const frl_call_options options = {.struct_size = sizeof options,
      .path = FRL_COORD_SERVICE "Member",
      .metadata = &md};
  if (st == FRL_OK) {
    st = frl_call_start(&m->call, m->channel, &options, &handler, m, NULL);
  }
  frl_metadata_deinit(&md, NULL);
  if (st == FRL_OK) {
    send_hello(m);
  } else {
    m->call = NULL;
    link_failed(m, st);
  }
}

static void link_start(void *ctx) {
  frl_member *m = ctx;
  if (frl_timer_create(&m->retry, m->loop, link_connect, m) == FRL_OK) link_connect(m);
}

frl_status frl_link_open(frl_member *m, frl_error *err) {
  const frl_status st = frl_loop_call(m->loop, link_start, m);
  if (st == FRL_OK && m->retry) return FRL_OK;
  return frl_fail(err, FRL_E_NOMEM, "executor: out of memory");
}

/* ---- reports ---- */

static void send_posted(void *ctx) {
  posted_report *p = ctx;
  send_bytes(p->m, &p->bytes);
  frl_buf_deinit(&p->bytes);
  free(p);
}

void frl_link_report(
    frl_member *m, const frl_coord_report *report, const frl_coord_stats *stats) {
  posted_report *p = calloc(1, sizeof *p);
  if (!p) return; /* another report follows */
  p->m = m;
  frl_buf_init(&p->bytes, NULL, 64 << 10);
  if (encode_report(&p->bytes, report, NULL, stats) == FRL_OK &&
      frl_loop_post(m->loop, send_posted, p) == FRL_OK) {
    return;
  }
  frl_buf_deinit(&p->bytes);
  free(p);
}

static void half_close(void *ctx) {
  frl_member *m = ctx;
  m->link_closed = true; /* not to be opened again */
  if (m->call && frl_call_finish(m->call) != FRL_OK) frl_call_cancel(m->call);
}

void frl_link_finish(frl_member *m, int64_t timeout_ms) {
  if (!m->loop || frl_loop_call(m->loop, half_close, m) != FRL_OK) return;
  const int64_t until_ms = frl_clock_now_ms(NULL) + timeout_ms;
  frl_mutex_lock(&m->lock);
  while (m->connected) {
    const int64_t left_ms = until_ms - frl_clock_now_ms(NULL);
    if (left_ms <= 0) break;
    (void)frl_cond_wait_ms(&m->changed, &m->lock, left_ms);
  }
  frl_mutex_unlock(&m->lock);
}

static void link_end(void *ctx) {
  frl_member *m = ctx;
  m->link_closed = true;
  frl_timer_destroy(m->retry);
  m->retry = NULL;
  frl_provide_close_all(m);
}

void frl_link_close(frl_member *m) {
  if (!m->loop) return;
  if (frl_loop_call(m->loop, link_end, m) != FRL_OK) m->link_closed = true;
  frl_channel_destroy(m->channel);
  m->channel = NULL;
  frl_loop_stop(m->loop);
  m->loop = NULL;
}
