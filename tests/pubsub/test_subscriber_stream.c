/* One StreamingPull against a server that does what the test says. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sync.h"
#include "net/grpc_server.h"
#include "pubsub/reservoir/stream.h"
#include "received.h"
#include "support/cmocka_c.h"
#include "wire/reader.h"

enum { LONG_MS = 10000, MAX_CALLS = 8 };

/* What the server has seen of one call, and does. */
typedef struct script {
  int32_t end_with; /* at once; -1: stays open */
  bool answers_pings;
} script;

typedef struct rig {
  frl_loop *server_loop;
  frl_server *server;
  frl_pubsub *pubsub;
  frl_pull pull;
  script script;
  frl_mutex lock;
  frl_cond changed;
  /* under lock */
  int calls;
  int pings;
  int messages;
  int stopped;
  frl_status final;
  char route[128];
  char client_id[MAX_CALLS][64];
  uint64_t deadline_s;
  uint64_t protocol_version;
  char subscription[128];
} rig;

typedef struct server_call {
  rig *rig;
  frl_server_call *call;
  frl_buf request;
  int number;
  bool first_done;
} server_call;

static void copy(char *out, size_t size, frl_cursor c) {
  (void)snprintf(out, size, "%.*s", (int)frl_cursor_left(&c), (const char *)c.pos);
}

static frl_status on_open(void *service, frl_server_call *call, void **ctx) {
  rig *r = service;
  server_call *c = calloc(1, sizeof *c);
  if (!c) return FRL_E_NOMEM;
  frl_buf_init(&c->request, NULL, 4096);
  c->rig = r;
  c->call = call;
  const char *route =
      frl_metadata_get(frl_server_call_metadata(call), "x-goog-request-params");
  frl_mutex_lock(&r->lock);
  (void)snprintf(r->route, sizeof r->route, "%s", route ? route : "");
  c->number = r->calls++;
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
  *ctx = c;
  return FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  server_call *c = ctx;
  return frl_buf_append(&c->request, data, n);
}

static void note_first(rig *r, const server_call *c) {
  frl_cursor m = frl_cursor_of(c->request.data, c->request.len);
  frl_wire_field f;
  while (frl_wire_next(&m, &f) == FRL_OK) {
    if (f.number == 1) copy(r->subscription, sizeof r->subscription, f.bytes);
    if (f.number == 5) r->deadline_s = f.value;
    if (f.number == 10) r->protocol_version = f.value;
    if (f.number == 6 && c->number < MAX_CALLS) {
      copy(r->client_id[c->number], sizeof r->client_id[0], f.bytes);
    }
  }
}

static frl_status respond(server_call *c, const frl_buf *b) {
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  frl_status st = b->len ? frl_chain_copy(&chain, b->data, b->len) : FRL_OK;
  if (st == FRL_OK) st = frl_server_call_send(c->call, &chain);
  frl_chain_deinit(&chain);
  return st;
}

static frl_status on_first(server_call *c) {
  rig *r = c->rig;
  note_first(r, c);
  c->first_done = true;
  if (r->script.end_with >= 0) {
    frl_server_call_finish(c->call, r->script.end_with, "as the test says", NULL, 0);
    return FRL_OK;
  }
  const received m = {.ack_id = "a", .id = "1", .payload = "p"};
  frl_buf b;
  frl_buf_init(&b, NULL, 4096);
  received_respond(&b, &m);
  const frl_status st = respond(c, &b);
  frl_buf_deinit(&b);
  return st;
}

static frl_status on_end(void *ctx) {
  server_call *c = ctx;
  rig *r = c->rig;
  frl_status st = FRL_OK;
  frl_mutex_lock(&r->lock);
  if (!c->first_done) {
    st = on_first(c);
  } else if (c->request.len == 0) {
    r->pings++;
    frl_buf empty;
    frl_buf_init(&empty, NULL, 1);
    if (r->script.answers_pings) st = respond(c, &empty);
  }
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
  frl_buf_clear(&c->request);
  return st;
}

static void on_half_close(void *ctx) {
  server_call *c = ctx;
  frl_server_call_finish(c->call, FRL_GRPC_OK, "", NULL, 0);
}

static void on_closed(void *ctx) {
  server_call *c = ctx;
  frl_buf_deinit(&c->request);
  free(c);
}

/* ---- our side ---- */

static frl_status on_message(void *ctx, frl_cursor message) {
  (void)message;
  rig *r = ctx;
  frl_mutex_lock(&r->lock);
  r->messages++;
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
  return FRL_OK;
}

static void on_properties(void *ctx, bool exactly_once, bool ordered) {
  (void)ctx;
  (void)exactly_once;
  (void)ordered;
}

static bool is_full(void *ctx) {
  (void)ctx;
  return false;
}

static void on_final(void *ctx, frl_status status, const frl_error *error) {
  rig *r = ctx;
  (void)error;
  frl_mutex_lock(&r->lock);
  r->final = status;
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
}

static void on_stopped(void *ctx) {
  rig *r = ctx;
  frl_mutex_lock(&r->lock);
  r->stopped++;
  frl_cond_broadcast(&r->changed);
  frl_mutex_unlock(&r->lock);
}

static void start_pull(void *ctx) {
  rig *r = ctx;
  const frl_pull_handler handler = {
      on_message, on_properties, is_full, on_final, on_stopped, r};
  const frl_pull_options options = {.pubsub = r->pubsub,
      .subscription = "projects/p/subscriptions/s",
      .client_id = "client-1",
      .deadline_s = 42,
      .ping_every_ms = 50,
      .ping_patience_ms = 100};
  assert(frl_pull_init(&r->pull, &options, &handler) == FRL_OK);
  frl_pull_start(&r->pull);
}

static void tick(void *ctx) {
  rig *r = ctx;
  frl_pull_tick(&r->pull, frl_loop_now_ms(r->pubsub->loop));
}

static void stop_pull(void *ctx) { frl_pull_stop(&((rig *)ctx)->pull); }
static void end_pull(void *ctx) { frl_pull_deinit(&((rig *)ctx)->pull); }

static void rig_open(rig *r, script how) {
  *r = (rig){.script = how, .final = FRL_OK};
  frl_mutex_init(&r->lock);
  frl_cond_init(&r->changed);
  assert_int_equal(frl_loop_start(&r->server_loop, NULL, "server", NULL), FRL_OK);
  const frl_server_options options = {.struct_size = sizeof options};
  assert_int_equal(
      frl_server_listen(&r->server, r->server_loop, &options, NULL, NULL), FRL_OK);
  const frl_server_method method = {
      .path = "/google.pubsub.v1.Subscriber/StreamingPull",
      .on_open = on_open,
      .sink = {.on_data = on_data, .on_end = on_end},
      .on_half_close = on_half_close,
      .on_closed = on_closed,
      .service = r};
  assert_int_equal(frl_server_add(r->server, &method), FRL_OK);
  char address[32];
  (void)snprintf(
      address, sizeof address, "127.0.0.1:%u", (unsigned)frl_server_port(r->server));
  const frl_pubsub_options connection = {
      .struct_size = sizeof connection, .emulator_host = address};
  assert_int_equal(frl_pubsub_open(&r->pubsub, &connection, NULL), FRL_OK);
  assert_int_equal(frl_loop_call(r->pubsub->loop, start_pull, r), FRL_OK);
}

/* Ticks until *counter reaches n. */
static void wait_until(rig *r, const int *counter, int n) {
  const int64_t end_ms = frl_clock_now_ms(NULL) + LONG_MS;
  for (;;) {
    assert_int_equal(frl_loop_call(r->pubsub->loop, tick, r), FRL_OK);
    frl_mutex_lock(&r->lock);
    const bool done = *counter >= n;
    if (!done) (void)frl_cond_wait_ms(&r->changed, &r->lock, 10);
    frl_mutex_unlock(&r->lock);
    if (done) return;
    if (frl_clock_now_ms(NULL) > end_ms) fail_msg("%d of %d", *counter, n);
  }
}

static void rig_close(rig *r) {
  assert_int_equal(frl_loop_call(r->pubsub->loop, stop_pull, r), FRL_OK);
  wait_until(r, &r->stopped, 1);
  assert_int_equal(frl_loop_call(r->pubsub->loop, end_pull, r), FRL_OK);
  frl_pubsub_close(r->pubsub);
  frl_server_shutdown(r->server, 0);
  frl_loop_stop(r->server_loop);
  frl_cond_deinit(&r->changed);
  frl_mutex_deinit(&r->lock);
}

static void the_first_request_says_who_and_how(void **state) {
  (void)state;
  rig r;
  rig_open(&r, (script){-1, true});
  wait_until(&r, &r.messages, 1);
  assert_string_equal(r.subscription, "projects/p/subscriptions/s");
  assert_string_equal(r.route, "subscription=projects%2Fp%2Fsubscriptions%2Fs");
  assert_int_equal(r.deadline_s, 42);
  assert_int_equal(r.protocol_version, 1);
  assert_string_equal(r.client_id[0], "client-1");
  rig_close(&r);
}

static void answered_pings_keep_the_stream(void **state) {
  (void)state;
  rig r;
  rig_open(&r, (script){-1, true});
  wait_until(&r, &r.pings, 6);
  assert_int_equal(r.calls, 1);
  rig_close(&r);
}

static void a_stream_that_does_not_answer_is_opened_again(void **state) {
  (void)state;
  rig r;
  rig_open(&r, (script){-1, false});
  wait_until(&r, &r.calls, 3);
  assert_true(r.pings >= 2);
  assert_string_equal(r.client_id[1], "client-1"); /* the same one comes back */
  assert_int_equal(r.final, FRL_OK);
  rig_close(&r);
}

static void passing_failures_reopen(void **state) {
  (void)state;
  static const int32_t codes[] = {FRL_GRPC_OK, FRL_GRPC_CANCELLED, FRL_GRPC_UNKNOWN,
      FRL_GRPC_DEADLINE_EXCEEDED, FRL_GRPC_RESOURCE_EXHAUSTED, FRL_GRPC_ABORTED,
      FRL_GRPC_INTERNAL, FRL_GRPC_UNAVAILABLE};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    rig r;
    rig_open(&r, (script){codes[i], false});
    wait_until(&r, &r.calls, 2);
    assert_int_equal(r.final, FRL_OK);
    rig_close(&r);
  }
}

static void final_failures_end_it(void **state) {
  (void)state;
  static const struct {
    int32_t code;
    frl_status status;
  } cases[] = {{FRL_GRPC_NOT_FOUND, FRL_E_NOT_FOUND},
      {FRL_GRPC_PERMISSION_DENIED, FRL_E_AUTH}, {FRL_GRPC_UNAUTHENTICATED, FRL_E_AUTH},
      {FRL_GRPC_INVALID_ARGUMENT, FRL_E_INVALID},
      {FRL_GRPC_FAILED_PRECONDITION, FRL_E_STATE}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig r;
    rig_open(&r, (script){cases[i].code, false});
    const int64_t end_ms = frl_clock_now_ms(NULL) + LONG_MS;
    frl_mutex_lock(&r.lock);
    while (r.final == FRL_OK && frl_clock_now_ms(NULL) < end_ms) {
      (void)frl_cond_wait_ms(&r.changed, &r.lock, 100);
    }
    frl_mutex_unlock(&r.lock);
    assert_int_equal(r.final, cases[i].status);
    assert_int_equal(r.calls, 1);
    rig_close(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_request_says_who_and_how),
      cmocka_unit_test(answered_pings_keep_the_stream),
      cmocka_unit_test(a_stream_that_does_not_answer_is_opened_again),
      cmocka_unit_test(passing_failures_reopen),
      cmocka_unit_test(final_failures_end_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
