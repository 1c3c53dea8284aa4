#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig_service.h"

enum { PATIENCE_MS = 20000 };

void rig_init(rig *r) {
  memset(r, 0, sizeof *r);
  r->server_options.struct_size = sizeof r->server_options;
  r->channel_options.struct_size = sizeof r->channel_options;
  r->channel_options.backoff_base_ms = 5;
  r->channel_options.backoff_max_ms = 50;
  assert_int_equal(frl_loop_start(&r->server_loop, NULL, "server", NULL), FRL_OK);
  assert_int_equal(frl_loop_start(&r->client_loop, NULL, "client", NULL), FRL_OK);
}

static void start_server(rig *r) {
  frl_error err = {0};
  const frl_mem *mem = r->server_mem.realloc ? &r->server_mem : NULL;
  r->server_options.hold = true;
  frl_status st =
      frl_server_listen(&r->server, r->server_loop, &r->server_options, mem, &err);
  if (st == FRL_OK) {
    rig_service_add(r);
    st = frl_server_open(r->server, &err);
  }
  if (st != FRL_OK) print_error("listen: %s\n", err.message);
  assert_int_equal(st, FRL_OK);
}

void rig_start(rig *r) {
  start_server(r);
  (void)snprintf(
      r->target, sizeof r->target, "127.0.0.1:%u", frl_server_port(r->server));
  if (!r->channel_options.target) r->channel_options.target = r->target;
  frl_error err = {0};
  const frl_status st =
      frl_channel_create(&r->channel, r->client_loop, &r->channel_options, NULL, &err);
  if (st != FRL_OK) print_error("channel: %s\n", err.message);
  assert_int_equal(st, FRL_OK);
}

void rig_stop_server(rig *r, uint32_t grace_ms) {
  frl_server_shutdown(r->server, grace_ms);
  r->server = NULL;
}

void rig_restart_server(rig *r) {
  r->server_options.port = (uint16_t)strtoul(strrchr(r->target, ':') + 1, NULL, 10);
  start_server(r);
}

void rig_stop(rig *r) {
  frl_channel_destroy(r->channel);
  frl_server_shutdown(r->server, 0);
  frl_loop_stop(r->client_loop);
  frl_loop_stop(r->server_loop);
}

int rig_set_up(void **state) {
  rig *r = malloc(sizeof *r);
  if (!r) return -1;
  rig_init(r);
  *state = r;
  return 0;
}

int rig_tear_down(void **state) {
  rig_stop(*state);
  free(*state);
  return 0;
}

static void no_op(void *ctx) { (void)ctx; }

void rig_settle(rig *r) {
  for (int i = 0; i < 4; i++) {
    assert_int_equal(frl_loop_call(r->client_loop, no_op, NULL), FRL_OK);
    assert_int_equal(frl_loop_call(r->server_loop, no_op, NULL), FRL_OK);
  }
}

typedef struct fail_args {
  failing_mem *failing;
  size_t n;
} fail_args;

static void fail_on_loop(void *ctx) {
  const fail_args *a = ctx;
  a->failing->fail_at = a->failing->requests + a->n;
}

void rig_fail_at(rig *r, failing_mem *failing, size_t n) {
  fail_args a = {failing, n};
  assert_int_equal(frl_loop_call(r->server_loop, fail_on_loop, &a), FRL_OK);
}

typedef struct read_args {
  const uint64_t *counter;
  uint64_t value;
} read_args;

static void read_counter(void *ctx) {
  read_args *a = ctx;
  a->value = *a->counter;
}

uint64_t rig_read(rig *r, const uint64_t *counter) {
  read_args a = {counter, 0};
  assert_int_equal(frl_loop_call(r->server_loop, read_counter, &a), FRL_OK);
  return a.value;
}

frl_status rig_unary(rig *r, const char *path, const void *data, size_t n,
    int64_t timeout_ms, frl_buf *out, frl_error *err) {
  const frl_call_options options = {
      .struct_size = sizeof options, .path = path, .timeout_ms = timeout_ms};
  return frl_unary(r->channel, &options, data, n, out, NULL, err);
}

frl_status rig_echo(rig *r, frl_error *err) {
  frl_buf out;
  frl_buf_init(&out, NULL, 100);
  const frl_status st = rig_unary(r, "/t.S/Echo", "hello", 5, 15000, &out, err);
  if (st == FRL_OK) {
    assert_int_equal(out.len, 5);
    assert_memory_equal(out.data, "hello", 5);
  }
  frl_buf_deinit(&out);
  return st;
}

/* ---- the probe ---- */

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  probe *p = ctx;
  frl_mutex_lock(&p->lock);
  p->bytes += n;
  const frl_status st = frl_buf_append(&p->current, data, n);
  frl_cond_broadcast(&p->changed);
  frl_mutex_unlock(&p->lock);
  return st;
}

static frl_status on_end(void *ctx) {
  probe *p = ctx;
  frl_mutex_lock(&p->lock);
  const frl_buf former = p->last;
  p->last = p->current;
  p->current = former;
  frl_buf_clear(&p->current);
  p->messages++;
  const bool enough = p->fail_after && p->messages >= p->fail_after;
  frl_cond_broadcast(&p->changed);
  frl_mutex_unlock(&p->lock);
  return enough ? FRL_E_LIMIT : FRL_OK;
}

static void on_headers(void *ctx, const frl_metadata *headers) {
  probe *p = ctx;
  frl_mutex_lock(&p->lock);
  p->headers = true;
  const char *value = frl_metadata_get(headers, "x-test");
  if (value) (void)snprintf(p->header_value, sizeof p->header_value, "%s", value);
  frl_cond_broadcast(&p->changed);
  frl_mutex_unlock(&p->lock);
}

static void on_writable(void *ctx) {
  probe *p = ctx;
  frl_mutex_lock(&p->lock);
  p->writable++;
  frl_cond_broadcast(&p->changed);
  frl_mutex_unlock(&p->lock);
}

static void on_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  probe *p = ctx;
  frl_mutex_lock(&p->lock);
  p->call = NULL;
  p->closed = true;
  p->code = status->code;
  (void)snprintf(p->message, sizeof p->message, "%s", status->message);
  if (status->details_len) {
    if (frl_buf_append(&p->details, status->details, status->details_len) != FRL_OK) {
      abort();
    }
  }
  const char *value = frl_metadata_get(trailers, "x-trailer-bin");
  if (value) memcpy(p->trailer_value, value, 4);
  frl_cond_broadcast(&p->changed);
  frl_mutex_unlock(&p->lock);
}

void probe_init(probe *p, rig *r, const char *path) {
  memset(p, 0, sizeof *p);
  p->rig = r;
  p->options = (frl_call_options){.struct_size = sizeof p->options, .path = path};
  frl_mutex_init(&p->lock);
  frl_cond_init(&p->changed);
  frl_buf_init(&p->last, NULL, 128u << 20);
  frl_buf_init(&p->current, NULL, 128u << 20);
  frl_buf_init(&p->details, NULL, 1u << 20);
}

static void start(void *ctx) {
  probe *p = ctx;
  static const frl_call_handler handler = {.sink = {NULL, on_data, on_end},
      .on_headers = on_headers,
      .on_writable = on_writable,
      .on_closed = on_closed};
  if (frl_call_start(&p->call, p->rig->channel, &p->options, &handler, p, NULL) !=
      FRL_OK) {
    frl_mutex_lock(&p->lock);
    p->call = NULL;
    p->closed = p->refused = true;
    frl_mutex_unlock(&p->lock);
  }
}

static void on_loop(probe *p, void (*fn)(void *ctx), void *ctx) {
  assert_int_equal(frl_loop_call(p->rig->client_loop, fn, ctx), FRL_OK);
}

bool probe_try_start(probe *p) {
  on_loop(p, start, p);
  frl_mutex_lock(&p->lock);
  const bool started = !p->refused;
  frl_mutex_unlock(&p->lock);
  return started;
}

void probe_start(probe *p) { assert_true(probe_try_start(p)); }

typedef struct send_args {
  probe *probe;
  const void *data;
  size_t n;
  bool last;
} send_args;

static void send_on_loop(void *ctx) {
  const send_args *a = ctx;
  if (!a->probe->call) return;
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  if (frl_chain_copy(&chain, a->data, a->n) != FRL_OK) abort();
  /* the call may have ended meanwhile, which the test sees by its status */
  const frl_status st = frl_call_send(a->probe->call, &chain, a->last);
  if (st != FRL_OK && st != FRL_E_CLOSED) frl_call_cancel(a->probe->call);
  frl_chain_deinit(&chain);
}

void probe_send(probe *p, const void *data, size_t n, bool last) {
  send_args a = {p, data, n, last};
  on_loop(p, send_on_loop, &a);
}

void probe_send_text(probe *p, const char *text, bool last) {
  probe_send(p, text, strlen(text), last);
}

void probe_begin(probe *p, rig *r, const char *path, const char *text, bool last) {
  probe_init(p, r, path);
  probe_start(p);
  probe_send_text(p, text, last);
}

static void finish_on_loop(void *ctx) {
  probe *p = ctx;
  /* the call may have ended meanwhile */
  if (p->call && frl_call_finish(p->call) == FRL_E_NOMEM) frl_call_cancel(p->call);
}

void probe_finish(probe *p) { on_loop(p, finish_on_loop, p); }

static void cancel_on_loop(void *ctx) {
  probe *p = ctx;
  if (p->call) frl_call_cancel(p->call);
}

void probe_cancel(probe *p) { on_loop(p, cancel_on_loop, p); }

static void consume_on_loop(void *ctx) {
  const send_args *a = ctx;
  if (a->probe->call) frl_call_consumed(a->probe->call, a->n);
}

void probe_consumed(probe *p, size_t n) {
  send_args a = {.probe = p, .n = n};
  on_loop(p, consume_on_loop, &a);
}

bool probe_wait_messages(probe *p, uint32_t n) {
  frl_mutex_lock(&p->lock);
  bool in_time = true;
  while (in_time && p->messages < n && !p->closed) {
    in_time = frl_cond_wait_ms(&p->changed, &p->lock, PATIENCE_MS);
  }
  const bool enough = p->messages >= n;
  frl_mutex_unlock(&p->lock);
  return enough;
}

int32_t probe_wait_closed(probe *p) {
  frl_mutex_lock(&p->lock);
  bool in_time = true;
  while (in_time && !p->closed) {
    in_time = frl_cond_wait_ms(&p->changed, &p->lock, PATIENCE_MS);
  }
  const bool closed = p->closed;
  const int32_t code = p->code;
  frl_mutex_unlock(&p->lock);
  assert_true(closed);
  return code;
}

void probe_deinit(probe *p) {
  probe_cancel(p);
  (void)probe_wait_closed(p);
  frl_buf_deinit(&p->last);
  frl_buf_deinit(&p->current);
  frl_buf_deinit(&p->details);
  frl_cond_deinit(&p->changed);
  frl_mutex_deinit(&p->lock);
}
