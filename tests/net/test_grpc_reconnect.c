/* Connections come and go: GOAWAY, restarts, several at once, keepalive. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw_socket.h"
#include "rig.h"

static void echo(rig *r) {
  frl_buf out;
  frl_buf_init(&out, NULL, 100);
  frl_error err = {0};
  const frl_call_options options = {.struct_size = sizeof options,
      .path = "/t.S/Echo",
      .timeout_ms = 20000,
      .wait_for_ready = true};
  const frl_status st = frl_unary(r->channel, &options, "hey", 3, &out, NULL, &err);
  if (st != FRL_OK) print_error("%s\n", err.message);
  assert_int_equal(st, FRL_OK);
  assert_memory_equal(out.data, "hey", 3);
  frl_buf_deinit(&out);
}

static void calls_work_again_after_a_restart(void **state) {
  rig *r = *state;
  rig_start(r);
  for (int i = 0; i < 5; i++) {
    echo(r);
    rig_stop_server(r, i % 2 ? 1000 : 0);
    rig_restart_server(r);
  }
  echo(r);
}

typedef struct stopper {
  rig *rig;
  frl_thread thread;
} stopper;

static void stop_gracefully(void *ctx) {
  stopper *s = ctx;
  rig_stop_server(s->rig, 20000);
}

static void a_graceful_shutdown_lets_open_calls_finish(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_begin(&p, r, "/t.S/Bidi", "one", false);
  assert_true(probe_wait_messages(&p, 1));
  stopper s = {.rig = r};
  assert_int_equal(
      frl_thread_start(&s.thread, "stopper", stop_gracefully, &s, NULL), FRL_OK);
  for (uint32_t i = 2; i < 20; i++) {
    probe_send_text(&p, "more", false);
    assert_true(probe_wait_messages(&p, i));
  }
  probe_finish(&p);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  frl_thread_join(&s.thread);
  probe_deinit(&p);
  assert_int_equal(r->opened, r->closed);
}

static void a_shutdown_without_grace_ends_open_calls(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_begin(&p, r, "/t.S/Hang", "one", false);
  while (rig_read(r, &r->opened) == 0) {
  }
  rig_stop_server(r, 50);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_UNAVAILABLE);
  probe_deinit(&p);
  assert_int_equal(r->opened, r->closed);
}

static void waiting_calls_start_when_the_server_does(void **state) {
  rig *r = *state;
  rig_start(r);
  rig_stop_server(r, 0);
  enum { CALLS = 20 };
  probe p[CALLS];
  for (int i = 0; i < CALLS; i++) {
    probe_init(&p[i], r, "/t.S/Bidi");
    p[i].options.wait_for_ready = true;
    probe_start(&p[i]);
    probe_send_text(&p[i], "early", true);
  }
  rig_restart_server(r);
  for (int i = 0; i < CALLS; i++) {
    assert_int_equal(probe_wait_closed(&p[i]), FRL_GRPC_OK);
    assert_int_equal(p[i].messages, 1);
    probe_deinit(&p[i]);
  }
}

static void calls_spread_over_connections(void **state) {
  rig *r = *state;
  r->channel_options.connections = 4;
  r->server_options.max_streams = 2;
  rig_start(r);
  enum { CALLS = 8 };
  probe p[CALLS];
  for (int i = 0; i < CALLS; i++) {
    probe_begin(&p[i], r, "/t.S/Bidi", "x", false);
  }
  /* all at once: two streams on each connection is all the server allows */
  for (int i = 0; i < CALLS; i++) assert_true(probe_wait_messages(&p[i], 1));
  for (int i = 0; i < CALLS; i++) {
    probe_finish(&p[i]);
    assert_int_equal(probe_wait_closed(&p[i]), FRL_GRPC_OK);
    probe_deinit(&p[i]);
  }
}

static void calls_beyond_the_stream_limit_wait_their_turn(void **state) {
  rig *r = *state;
  r->server_options.max_streams = 3;
  rig_start(r);
  enum { CALLS = 30 };
  probe p[CALLS];
  for (int i = 0; i < CALLS; i++) {
    probe_begin(&p[i], r, "/t.S/Source", "3 100", true);
  }
  for (int i = 0; i < CALLS; i++) {
    assert_int_equal(probe_wait_closed(&p[i]), FRL_GRPC_OK);
    assert_int_equal(p[i].messages, 3);
    probe_deinit(&p[i]);
  }
}

/* A server of bytes: says GOAWAY(last stream 0), so that the call was not seen. */
static void say_goaway_to_the_first(void *ctx) {
  const int listener = *(const int *)ctx;
  const int fd = accept(listener, NULL, NULL);
  static const uint8_t settings[] = {0, 0, 0, 4, 0, 0, 0, 0, 0};
  static const uint8_t goaway[] = {0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  raw_send(fd, settings, sizeof settings);
  raw_read_until_frame(fd, 1);
  raw_send(fd, goaway, sizeof goaway);
  (void)close(listener); /* a real server takes the port over */
  raw_drain(fd);
  (void)close(fd);
}

static void a_stream_above_goaways_last_is_tried_again(void **state) {
  rig *r = *state;
  uint16_t port = 0;
  int listener = raw_listen(&port);
  frl_thread server;
  assert_int_equal(
      frl_thread_start(&server, "goaway", say_goaway_to_the_first, &listener, NULL),
      FRL_OK);
  rig_start(r);
  frl_channel_destroy(r->channel);
  r->channel = NULL;
  char target[64];
  raw_target(target, sizeof target, port);
  r->channel_options.target = target;
  assert_int_equal(
      frl_channel_create(&r->channel, r->client_loop, &r->channel_options, NULL, NULL),
      FRL_OK);
  probe p;
  probe_init(&p, r, "/t.S/Bidi");
  p.options.wait_for_ready = true;
  probe_start(&p);
  probe_send_text(&p, "sent twice", true);
  frl_thread_join(&server);
  rig_stop_server(r, 0);
  memcpy(r->target, target, sizeof target);
  rig_restart_server(r);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.messages, 1);
  assert_memory_equal(p.last.data, "sent twice", 10);
  probe_deinit(&p);
}

/* A server of bytes that takes everything and never says a word. */
static void say_nothing(void *ctx) {
  const int fd = accept(*(const int *)ctx, NULL, NULL);
  raw_drain(fd);
  (void)close(fd);
}

static void start_with_target(rig *r, const char *target) {
  r->channel_options.target = target;
  rig_start(r);
}

static void a_silent_server_fails_the_connection_in_time(void **state) {
  rig *r = *state;
  uint16_t port = 0;
  int listener = raw_listen(&port);
  frl_thread server;
  assert_int_equal(
      frl_thread_start(&server, "silent", say_nothing, &listener, NULL), FRL_OK);
  char target[64];
  raw_target(target, sizeof target, port);
  r->channel_options.connect_timeout_ms = 100;
  start_with_target(r, target);
  frl_buf out;
  frl_buf_init(&out, NULL, 100);
  frl_error err = {0};
  assert_int_equal(rig_unary(r, "/t.S/Echo", "x", 1, 0, &out, &err), FRL_E_UNAVAILABLE);
  frl_thread_join(&server);
  (void)close(listener);
  frl_buf_deinit(&out);
}

/* Speaks once, then is as dead as a cut cable. */
static void settle_then_say_nothing(void *ctx) {
  const int fd = accept(*(const int *)ctx, NULL, NULL);
  static const uint8_t settings[] = {0, 0, 0, 4, 0, 0, 0, 0, 0};
  raw_send(fd, settings, sizeof settings);
  raw_drain(fd);
  (void)close(fd);
}

static void keepalive_finds_a_dead_server(void **state) {
  rig *r = *state;
  uint16_t port = 0;
  int listener = raw_listen(&port);
  frl_thread server;
  assert_int_equal(
      frl_thread_start(&server, "dead", settle_then_say_nothing, &listener, NULL),
      FRL_OK);
  char target[64];
  raw_target(target, sizeof target, port);
  r->channel_options.keepalive_ms = 30;
  r->channel_options.keepalive_timeout_ms = 50;
  start_with_target(r, target);
  probe p;
  probe_begin(&p, r, "/t.S/Hang", "x", false);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_UNAVAILABLE);
  assert_non_null(strstr(p.message, "keepalive"));
  probe_deinit(&p);
  frl_thread_join(&server);
  (void)close(listener);
}

static void keepalive_leaves_a_living_server_alone(void **state) {
  rig *r = *state;
  r->channel_options.keepalive_ms = 5;
  r->server_options.keepalive_ms = 7;
  rig_start(r);
  probe p;
  probe_init(&p, r, "/t.S/Hang");
  p.options.timeout_ms = 300;
  probe_start(&p);
  probe_send_text(&p, "x", false);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_DEADLINE_EXCEEDED);
  probe_deinit(&p);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(calls_work_again_after_a_restart),
      CASE(a_graceful_shutdown_lets_open_calls_finish),
      CASE(a_shutdown_without_grace_ends_open_calls),
      CASE(waiting_calls_start_when_the_server_does),
      CASE(calls_spread_over_connections),
      CASE(calls_beyond_the_stream_limit_wait_their_turn),
      CASE(a_stream_above_goaways_last_is_tried_again),
      CASE(a_silent_server_fails_the_connection_in_time),
      CASE(keepalive_finds_a_dead_server),
      CASE(keepalive_leaves_a_living_server_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
