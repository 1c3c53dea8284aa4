/* The requests that a publisher makes of its rows, as a server sees them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/sync.h"
#include "net/grpc_server.h"
#include "net/rpc.h"
#include "publish_batch.h"
#include "pubsub/connection.h"
#include "support/cmocka_c.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum { LONG_MS = 20000, MAX_CALLS = 400, MESSAGES = 2 };

/** One Publish call. */
typedef struct publish_call {
  struct rig *rig;
  frl_server_call *call;
  frl_buf request;
  size_t rows;
  bool waits; /* its whole request is there, its answer is not */
} publish_call;

typedef struct rig {
  frl_loop *loop;
  frl_server *server;
  frl_pubsub *pubsub;
  frl_publisher *publisher;
  frl_mutex lock;
  /* under the lock */
  publish_call calls[MAX_CALLS];
  size_t n_calls;
  size_t waiting;
  bool hold; /* answer nothing */
} rig;

/* ---- the server ---- */

static frl_status on_open(void *service, frl_server_call *call, void **ctx) {
  rig *r = service;
  frl_mutex_lock(&r->lock);
  const bool room = r->n_calls < MAX_CALLS;
  publish_call *c = &r->calls[room ? r->n_calls++ : 0];
  frl_mutex_unlock(&r->lock);
  if (!room) return FRL_E_LIMIT;
  c->rig = r;
  c->call = call;
  frl_buf_init(&c->request, NULL, 16u << 20);
  *ctx = c;
  return FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  publish_call *c = ctx;
  return frl_buf_append(&c->request, data, n);
}

static size_t messages_in(const frl_buf *request) {
  frl_cursor at = frl_cursor_of(request->data, request->len);
  frl_wire_field f;
  size_t n = 0;
  while (frl_wire_next(&at, &f) == FRL_OK) n += f.number == MESSAGES;
  return n;
}

/* On the server's thread, which must not assert. */
static void must(frl_status st) {
  if (st != FRL_OK) abort();
}

static void answer(publish_call *c) {
  frl_buf b;
  frl_buf_init(&b, NULL, 1u << 20);
  for (size_t i = 0; i < c->rows; i++) must(frl_wire_text(&b, 1, "id"));
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  must(frl_chain_copy(&chain, b.data, b.len));
  must(frl_server_call_send(c->call, &chain));
  frl_chain_deinit(&chain);
  frl_server_call_finish(c->call, FRL_GRPC_OK, NULL, NULL, 0);
  frl_buf_deinit(&b);
}

static frl_status on_end(void *ctx) {
  publish_call *c = ctx;
  rig *r = c->rig;
  frl_mutex_lock(&r->lock);
  c->rows = messages_in(&c->request);
  c->waits = r->hold;
  r->waiting += r->hold;
  frl_mutex_unlock(&r->lock);
  if (!c->waits) answer(c);
  return FRL_OK;
}

static void on_closed(void *ctx) {
  publish_call *c = ctx;
  c->call = NULL;
}

static void let_go(void *ctx) {
  rig *r = ctx;
  frl_mutex_lock(&r->lock);
  r->hold = false;
  r->waiting = 0;
  frl_mutex_unlock(&r->lock);
  for (size_t i = 0; i < r->n_calls; i++) {
    if (r->calls[i].waits && r->calls[i].call) answer(&r->calls[i]);
    r->calls[i].waits = false;
  }
}

/* ---- the rig ---- */

static void rig_open(rig *r, frl_publisher_options *options) {
  frl_mutex_init(&r->lock);
  assert_int_equal(frl_loop_start(&r->loop, NULL, "server", NULL), FRL_OK);
  const frl_server_options server = {.struct_size = sizeof server};
  assert_int_equal(frl_server_listen(&r->server, r->loop, &server, NULL, NULL), FRL_OK);
  const frl_server_method method = {.path = "/google.pubsub.v1.Publisher/Publish",
      .on_open = on_open,
      .sink = {.on_data = on_data, .on_end = on_end},
      .on_closed = on_closed,
      .service = r};
  assert_int_equal(frl_server_add(r->server, &method), FRL_OK);
  char host[32];
  (void)snprintf(host, sizeof host, "127.0.0.1:%u", frl_server_port(r->server));
  const frl_pubsub_options connection = {
      .struct_size = sizeof connection, .project_id = "p", .emulator_host = host};
  assert_int_equal(frl_pubsub_open(&r->pubsub, &connection, NULL), FRL_OK);
  options->struct_size = sizeof *options;
  options->topic = "topic";
  assert_int_equal(frl_publisher_open(&r->publisher, r->pubsub, options, NULL), FRL_OK);
}

static void rig_close(rig *r) {
  frl_publisher_close(r->publisher, 0);
  frl_pubsub_close(r->pubsub);
  frl_server_shutdown(r->server, 0);
  frl_loop_stop(r->loop);
  for (size_t i = 0; i < r->n_calls; i++) frl_buf_deinit(&r->calls[i].request);
  frl_mutex_deinit(&r->lock);
  free(r);
}

static rig *rig_new(void) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  return r;
}

/** n rows of so many bytes, of so many keys (0: none). */
static void submit(rig *r, size_t n, size_t bytes, unsigned keys) {
  publish_row *rows = calloc(n, sizeof *rows);
  char *text = malloc(bytes + 1);
  assert_true(rows && text);
  memset(text, 'x', bytes);
  text[bytes] = 0;
  static const char *const names[] = {"a", "b"};
  for (size_t i = 0; i < n; i++) {
    rows[i] = (publish_row){text, keys ? names[i % keys] : NULL, NULL};
  }
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, rows, n);
  assert_int_equal(
      frl_publisher_submit(r->publisher, &schema, &array, -1, NULL, NULL, NULL),
      FRL_OK);
  frl_schema_release(&schema);
  free(rows);
  free(text);
}

static size_t waiting(rig *r) {
  frl_mutex_lock(&r->lock);
  const size_t n = r->waiting;
  frl_mutex_unlock(&r->lock);
  return n;
}

static void pause_a_while(void) {
  const struct timespec pause = {0, 5 * 1000 * 1000};
  (void)nanosleep(&pause, NULL);
}

/** Until so many requests wait for their answer; then for more than there may be. */
static void wait_for_requests(rig *r, size_t n) {
  for (int i = 0; i < 2000 && waiting(r) < n; i++) pause_a_while();
  for (int i = 0; i < 20; i++) pause_a_while();
  assert_int_equal(waiting(r), n);
}

static void do_nothing(void *ctx) { (void)ctx; }

/** After it the calls may be read. */
static frl_status flush(rig *r, frl_error *err) {
  const frl_status st = frl_publisher_flush(r->publisher, LONG_MS, err);
  assert_int_equal(frl_loop_call(r->loop, do_nothing, NULL), FRL_OK);
  return st;
}

static size_t rows_in_all(const rig *r) {
  size_t n = 0;
  for (size_t i = 0; i < r->n_calls; i++) n += r->calls[i].rows;
  return n;
}

/* ---- tests ---- */

static void a_request_ends_by_rows(void **state) {
  (void)state;
  rig *r = rig_new();
  rig_open(r, &(frl_publisher_options){.max_batch_messages = 10});
  submit(r, 95, 10, 0);
  assert_int_equal(flush(r, NULL), FRL_OK);
  assert_int_equal(r->n_calls, 10);
  assert_int_equal(rows_in_all(r), 95);
  for (size_t i = 0; i < r->n_calls; i++) assert_in_range(r->calls[i].rows, 5, 10);
  rig_close(r);
}

static void a_request_ends_by_bytes(void **state) {
  (void)state;
  rig *r = rig_new();
  rig_open(r, &(frl_publisher_options){.max_batch_bytes = 10000});
  submit(r, 100, 1000, 0);
  assert_int_equal(flush(r, NULL), FRL_OK);
  assert_int_equal(rows_in_all(r), 100);
  assert_in_range(r->n_calls, 10, 15);
  for (size_t i = 0; i < r->n_calls; i++) {
    assert_true(r->calls[i].request.len <= 10000 + 100);
  }
  rig_close(r);
}

static void a_row_larger_than_a_request_goes_alone(void **state) {
  (void)state;
  rig *r = rig_new();
  rig_open(r, &(frl_publisher_options){.max_batch_bytes = 100});
  submit(r, 4, 1000, 0);
  assert_int_equal(flush(r, NULL), FRL_OK);
  assert_int_equal(r->n_calls, 4);
  assert_int_equal(rows_in_all(r), 4);
  rig_close(r);
}

static void so_many_requests_are_out_at_most(void **state) {
  (void)state;
  rig *r = rig_new();
  r->hold = true;
  rig_open(r,
      &(frl_publisher_options){.max_batch_messages = 1, .max_in_flight_requests = 3});
  submit(r, 50, 10, 0);
  wait_for_requests(r, 3);
  assert_int_equal(frl_loop_call(r->loop, let_go, r), FRL_OK);
  assert_int_equal(flush(r, NULL), FRL_OK);
  assert_int_equal(rows_in_all(r), 50);
  rig_close(r);
}

static void one_request_of_a_key_is_out(void **state) {
  (void)state;
  rig *r = rig_new();
  r->hold = true;
  rig_open(r, &(frl_publisher_options){.max_batch_messages = 5});
  submit(r, 40, 10, 2);
  wait_for_requests(r, 2);
  assert_int_equal(frl_loop_call(r->loop, let_go, r), FRL_OK);
  assert_int_equal(flush(r, NULL), FRL_OK);
  assert_int_equal(rows_in_all(r), 40);
  rig_close(r);
}

static void a_row_that_is_not_answered_in_its_time_fails(void **state) {
  (void)state;
  rig *r = rig_new();
  r->hold = true;
  rig_open(r, &(frl_publisher_options){.timeout_ms = 200});
  submit(r, 3, 10, 0);
  frl_error err = {0};
  assert_int_equal(flush(r, &err), FRL_E_TIMEOUT);
  assert_non_null(strstr(err.message, "projects/p/topics/topic"));
  rig_close(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_ends_by_rows),
      cmocka_unit_test(a_request_ends_by_bytes),
      cmocka_unit_test(a_row_larger_than_a_request_goes_alone),
      cmocka_unit_test(so_many_requests_are_out_at_most),
      cmocka_unit_test(one_request_of_a_key_is_out),
      cmocka_unit_test(a_row_that_is_not_answered_in_its_time_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
