/* Every way in which a call may end badly, and what each side hears of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "raw_socket.h"
#include "rig.h"

/* The server closes its half of a call a moment after the client heard the end. */
static void assert_server_forgot_all(rig *r) {
  for (int i = 0; i < 2000; i++) {
    if (rig_read(r, &r->opened) == rig_read(r, &r->closed)) return;
    struct timespec pause = {0, 5 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
  }
  fail_msg("%llu calls opened, %llu closed", (unsigned long long)r->opened,
      (unsigned long long)r->closed);
}

static void a_status_carries_its_code_and_message(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_init(&p, r, "/t.S/Echo");
  frl_metadata md = {0};
  assert_int_equal(frl_metadata_add(&md, NULL, "x-code", "5", 1), FRL_OK);
  p.options.metadata = &md;
  probe_start(&p);
  probe_send_text(&p, "x", true);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_NOT_FOUND);
  assert_string_equal(p.message, "told to fail: 100% \xc3\xa9");
  probe_deinit(&p);
  frl_metadata_deinit(&md, NULL);
}

static void metadata_of_grpc_itself_is_refused(void **state) {
  rig *r = *state;
  rig_start(r);
  frl_metadata md = {0};
  assert_int_equal(frl_metadata_add(&md, NULL, "grpc-status", "5", 1), FRL_OK);
  const frl_call_options options = {
      .struct_size = sizeof options, .path = "/t.S/Echo", .metadata = &md};
  frl_buf out;
  frl_buf_init(&out, NULL, 100);
  frl_error err = {0};
  assert_int_equal(
      frl_unary(r->channel, &options, "", 0, &out, NULL, &err), FRL_E_INVALID);
  frl_metadata_deinit(&md, NULL);
  frl_buf_deinit(&out);
}

static void a_deadline_ends_both_sides(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_init(&p, r, "/t.S/Hang");
  p.options.timeout_ms = 50;
  probe_start(&p);
  probe_send_text(&p, "x", false);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_DEADLINE_EXCEEDED);
  probe_deinit(&p);
  assert_server_forgot_all(r);
}

static void a_deadline_covers_waiting_for_a_connection(void **state) {
  rig *r = *state;
  rig_start(r);
  rig_stop_server(r, 0);
  probe p;
  probe_init(&p, r, "/t.S/Bidi");
  p.options.timeout_ms = 100;
  p.options.wait_for_ready = true;
  probe_start(&p);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_DEADLINE_EXCEEDED);
  probe_deinit(&p);
}

static void cancelling_ends_both_sides(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_begin(&p, r, "/t.S/Bidi", "x", false);
  assert_true(probe_wait_messages(&p, 1));
  probe_cancel(&p);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_CANCELLED);
  probe_deinit(&p);
  assert_server_forgot_all(r);
}

static void a_call_cancelled_at_once_never_hangs(void **state) {
  rig *r = *state;
  rig_start(r);
  for (int i = 0; i < 100; i++) {
    probe p;
    probe_init(&p, r, "/t.S/Bidi");
    probe_start(&p);
    probe_cancel(&p);
    assert_int_equal(probe_wait_closed(&p), FRL_GRPC_CANCELLED);
    probe_deinit(&p);
  }
  assert_server_forgot_all(r);
}

static void a_reset_stream_is_reported_and_the_connection_lives(void **state) {
  rig *r = *state;
  rig_start(r);
  probe other;
  probe_begin(&other, r, "/t.S/Bidi", "one", false);
  assert_true(probe_wait_messages(&other, 1));
  probe p;
  probe_begin(&p, r, "/t.S/Reset", "x", true);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_INTERNAL);
  probe_deinit(&p);
  probe_send_text(&other, "two", true);
  assert_int_equal(probe_wait_closed(&other), FRL_GRPC_OK);
  assert_int_equal(other.messages, 2);
  probe_deinit(&other);
}

static void a_connection_lost_inside_a_message_is_unavailable(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_init(&p, r, "/t.S/Drop");
  probe_start(&p);
  uint8_t *big = calloc(1, 4u << 20);
  assert_non_null(big);
  probe_send(&p, big, 4u << 20, true);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_UNAVAILABLE);
  assert_int_equal(p.messages, 0);
  probe_deinit(&p);
  free(big);
  assert_server_forgot_all(r);
}

static void a_server_that_is_not_there_is_unavailable(void **state) {
  rig *r = *state;
  rig_start(r);
  rig_stop_server(r, 0);
  frl_buf out;
  frl_buf_init(&out, NULL, 100);
  frl_error err = {0};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(
        rig_unary(r, "/t.S/Echo", "x", 1, 0, &out, &err), FRL_E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "refused"));
    assert_true(err.retriable);
  }
  frl_buf_deinit(&out);
}

static void a_name_that_does_not_resolve_is_unavailable(void **state) {
  rig *r = *state;
  r->channel_options.target = "no-such-host.invalid:1";
  rig_start(r);
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_E_UNAVAILABLE);
}

/* Both ends of a call of 1000 bytes fit, one byte more does not. */
static void assert_limit_of_1000(rig *r, frl_error *err) {
  rig_start(r);
  frl_buf out;
  frl_buf_init(&out, NULL, 1u << 20);
  static const uint8_t data[1001];
  assert_int_equal(rig_unary(r, "/t.S/Echo", data, 1000, 0, &out, err), FRL_OK);
  assert_int_equal(rig_unary(r, "/t.S/Echo", data, 1001, 0, &out, err), FRL_E_LIMIT);
  frl_buf_deinit(&out);
}

static void a_response_beyond_the_limit_is_refused(void **state) {
  rig *r = *state;
  r->channel_options.max_message_bytes = 1000;
  frl_error err = {0};
  assert_limit_of_1000(r, &err);
  assert_int_equal(err.origin_code, FRL_GRPC_RESOURCE_EXHAUSTED);
}

static void a_request_beyond_the_limit_is_refused(void **state) {
  rig *r = *state;
  r->server_options.max_message_bytes = 1000;
  frl_error err = {0};
  assert_limit_of_1000(r, &err);
  assert_non_null(strstr(err.message, "limit of 1000"));
}

static void a_sink_that_says_no_ends_the_call(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_init(&p, r, "/t.S/Source");
  p.fail_after = 3;
  probe_start(&p);
  probe_send_text(&p, "1000000 1000", true);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_RESOURCE_EXHAUSTED);
  assert_int_equal(p.messages, 3);
  probe_deinit(&p);
  assert_server_forgot_all(r);
}

/* An HTTP/2 server that is no gRPC server: a proxy with bad news, for example. */
static void answer_503(void *ctx) {
  const int fd = accept(*(const int *)ctx, NULL, NULL);
  static const uint8_t status[] = {0x08, 3, '5', '0', '3'};
  (void)raw_send_frame(fd, 4, 0, 0, NULL, 0);
  (void)raw_read_until_frame(fd, 1);
  (void)raw_send_frame(fd, 1, 5, 1, status, sizeof status);
  (void)raw_drain(fd);
  (void)close(fd);
}

static void an_http_status_is_translated(void **state) {
  rig *r = *state;
  uint16_t port = 0;
  int listener = raw_listen(&port);
  frl_thread server;
  assert_int_equal(
      frl_thread_start(&server, "http", answer_503, &listener, NULL), FRL_OK);
  char target[64];
  raw_target(target, sizeof target, port);
  r->channel_options.target = target;
  rig_start(r);
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_E_UNAVAILABLE);
  assert_non_null(strstr(err.message, "HTTP status 503"));
  frl_channel_destroy(r->channel);
  r->channel = NULL;
  frl_thread_join(&server);
  (void)close(listener);
}

static void every_address_of_a_name_is_tried(void **state) {
  rig *r = *state;
  /* where localhost is ::1 as well, nobody listens there */
  rig_start(r);
  frl_channel_destroy(r->channel);
  char target[64];
  (void)snprintf(target, sizeof target, "localhost:%u", frl_server_port(r->server));
  r->channel_options.target = target;
  assert_int_equal(
      frl_channel_create(&r->channel, r->client_loop, &r->channel_options, NULL, NULL),
      FRL_OK);
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_OK);
}

static void targets_that_make_no_sense_are_refused(void **state) {
  rig *r = *state;
  rig_start(r);
  static const char *const wrong[] = {"", "host", "host:", "host:0", "host:65536",
      "host:1x", ":1", "[::1:1", "a:b:1", "[::1]1"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    frl_channel_options options = r->channel_options;
    options.target = wrong[i];
    frl_channel *channel = NULL;
    assert_int_equal(frl_channel_create(&channel, r->client_loop, &options, NULL, NULL),
        FRL_E_INVALID);
    assert_null(channel);
  }
}

static bool was_refused(probe *p) {
  frl_mutex_lock(&p->lock);
  const bool refused = p->closed && p->code == FRL_GRPC_RESOURCE_EXHAUSTED;
  frl_mutex_unlock(&p->lock);
  return refused;
}

typedef struct listen_args {
  rig *rig;
  frl_status status;
  frl_error err;
} listen_args;

static void listen_again(void *ctx) {
  listen_args *a = ctx;
  frl_server *server = NULL;
  const frl_server_options options = {
      .struct_size = sizeof options, .port = frl_server_port(a->rig->server)};
  a->status = frl_server_listen(&server, a->rig->server_loop, &options, NULL, &a->err);
}

static void a_taken_port_is_an_error(void **state) {
  rig *r = *state;
  rig_start(r);
  listen_args a = {.rig = r};
  listen_again(&a);
  assert_int_equal(a.status, FRL_E_IO);
  assert_non_null(strstr(a.err.message, "in use"));
  a.status = FRL_OK;
  assert_int_equal(frl_loop_call(r->server_loop, listen_again, &a), FRL_OK);
  assert_int_equal(a.status, FRL_E_IO);
}

/* Responses that nobody lets through pile up to the bound, and no further. */
static void unsent_responses_are_bounded(void **state) {
  rig *r = *state;
  r->server_options.max_unsent_bytes = 1u << 20;
  r->channel_options.stream_window_bytes = 1000;
  rig_start(r);
  enum { CALLS = 40, BYTES = 100000 };
  static uint8_t data[BYTES];
  probe p[CALLS];
  for (int i = 0; i < CALLS; i++) {
    probe_init(&p[i], r, "/t.S/Echo");
    p[i].options.manual_window = true;
    probe_start(&p[i]);
    probe_send(&p[i], data, sizeof data, true);
  }
  /* ten fit into the bound, whichever come first */
  int refused = 0;
  for (int round = 0; refused < CALLS - 11 && round < 4000; round++) {
    const struct timespec pause = {0, 5 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    refused = 0;
    for (int i = 0; i < CALLS; i++) refused += was_refused(&p[i]);
  }
  assert_in_range(refused, CALLS - 11, CALLS - 9);
  for (int i = 0; i < CALLS; i++) probe_deinit(&p[i]);
}

static void destroying_a_channel_ends_its_calls(void **state) {
  rig *r = *state;
  rig_start(r);
  probe a;
  probe b;
  probe_init(&a, r, "/t.S/Hang");
  probe_init(&b, r, "/t.S/Source");
  probe_start(&a);
  probe_start(&b);
  probe_send_text(&b, "100000 10000", true);
  assert_true(probe_wait_messages(&b, 5));
  frl_channel_destroy(r->channel);
  r->channel = NULL;
  assert_true(a.closed && b.closed); /* before destroy has returned */
  assert_int_equal(a.code, FRL_GRPC_CANCELLED);
  assert_int_equal(b.code, FRL_GRPC_CANCELLED);
  probe_deinit(&a);
  probe_deinit(&b);
  assert_server_forgot_all(r);
}

static void a_half_closed_call_takes_no_more(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_begin(&p, r, "/t.S/Sink", "abc", true);
  probe_send_text(&p, "def", false);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.last.len, 1);
  assert_memory_equal(p.last.data, "3", 1);
  probe_deinit(&p);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_status_carries_its_code_and_message),
      CASE(metadata_of_grpc_itself_is_refused),
      CASE(a_deadline_ends_both_sides),
      CASE(a_deadline_covers_waiting_for_a_connection),
      CASE(cancelling_ends_both_sides),
      CASE(a_call_cancelled_at_once_never_hangs),
      CASE(a_reset_stream_is_reported_and_the_connection_lives),
      CASE(a_connection_lost_inside_a_message_is_unavailable),
      CASE(a_server_that_is_not_there_is_unavailable),
      CASE(a_name_that_does_not_resolve_is_unavailable),
      CASE(a_response_beyond_the_limit_is_refused),
      CASE(a_request_beyond_the_limit_is_refused),
      CASE(a_sink_that_says_no_ends_the_call),
      CASE(an_http_status_is_translated),
      CASE(every_address_of_a_name_is_tried),
      CASE(targets_that_make_no_sense_are_refused),
      CASE(a_taken_port_is_an_error),
      CASE(unsent_responses_are_bounded),
      CASE(destroying_a_channel_ends_its_calls),
      CASE(a_half_closed_call_takes_no_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
