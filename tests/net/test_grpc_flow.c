/* Flow control that follows the consumer, and compression. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rig.h"

enum { WINDOW = 128 * 1024 };

static int set_up(void **state) {
  if (rig_set_up(state) != 0) return -1;
  rig *r = *state;
  r->channel_options.stream_window_bytes = WINDOW;
  return 0;
}

static uint64_t bytes_of(probe *p) {
  frl_mutex_lock(&p->lock);
  const uint64_t n = p->bytes;
  frl_mutex_unlock(&p->lock);
  return n;
}

static bool is_closed(probe *p) {
  frl_mutex_lock(&p->lock);
  const bool closed = p->closed;
  frl_mutex_unlock(&p->lock);
  return closed;
}

/* Waits until no more bytes come: the same number for a while. */
static uint64_t settled_bytes(probe *p) {
  uint64_t before = bytes_of(p);
  for (int calm = 0; calm < 20;) {
    const struct timespec pause = {0, 5 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    const uint64_t now = bytes_of(p);
    calm = now == before ? calm + 1 : 0;
    before = now;
  }
  return before;
}

static void a_consumer_that_stops_makes_the_server_wait(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_init(&p, r, "/t.S/Source");
  p.options.manual_window = true;
  probe_start(&p);
  probe_send_text(&p, "2000 10000", true);
  const uint64_t got = settled_bytes(&p);
  assert_true(got > 0);
  assert_true(got <= WINDOW);
  /* the server stopped as well, and holds little */
  assert_true(rig_read(r, &r->source_unsent_max) < (2u << 20));

  /* another stream of the same connection goes on */
  probe other;
  probe_begin(&other, r, "/t.S/Source", "2000 10000", true);
  assert_int_equal(probe_wait_closed(&other), FRL_GRPC_OK);
  assert_int_equal(other.bytes, 20000000);
  probe_deinit(&other);
  assert_int_equal(bytes_of(&p), got);

  uint64_t given = 0;
  while (given < 20000000) {
    const uint64_t now = settled_bytes(&p);
    if (now == given) break;
    assert_true(now - given <= WINDOW);
    probe_consumed(&p, (size_t)(now - given));
    given = now;
    if (given > 1000000) break;
  }
  /* from here on freely */
  probe_consumed(&p, 20000000);
  while (!is_closed(&p)) {
    const uint64_t now = bytes_of(&p);
    if (now > given) probe_consumed(&p, (size_t)(now - given));
    given = now;
    const struct timespec pause = {0, 1000 * 1000};
    (void)nanosleep(&pause, NULL);
  }
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.bytes, 20000000);
  probe_deinit(&p);
}

static void gzip_both_ways(void **state) {
  rig *r = *state;
  r->channel_options.gzip = true;
  rig_start(r);
  const size_t n = 3u << 20;
  char *text = malloc(n);
  assert_non_null(text);
  for (size_t i = 0; i < n; i++) text[i] = (char)('a' + i % 7);
  probe p;
  probe_init(&p, r, "/t.S/Bidi");
  frl_metadata md = {0};
  assert_int_equal(frl_metadata_add(&md, NULL, "x-gzip", "1", 1), FRL_OK);
  p.options.metadata = &md;
  probe_start(&p);
  for (uint32_t i = 1; i < 4; i++) {
    probe_send(&p, text, n, false);
    assert_true(probe_wait_messages(&p, i));
    assert_int_equal(p.last.len, n);
    assert_memory_equal(p.last.data, text, n);
    probe_send_text(&p, "short", false);
    assert_true(probe_wait_messages(&p, ++i));
    assert_int_equal(p.last.len, 5);
  }
  probe_finish(&p);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  probe_deinit(&p);
  frl_metadata_deinit(&md, NULL);
  free(text);
}

static void gzip_with_a_window_given_back_by_hand(void **state) {
  rig *r = *state;
  rig_start(r);
  probe p;
  probe_init(&p, r, "/t.S/Source");
  frl_metadata md = {0};
  assert_int_equal(frl_metadata_add(&md, NULL, "x-gzip", "1", 1), FRL_OK);
  p.options.metadata = &md;
  p.options.manual_window = true;
  probe_start(&p);
  probe_send_text(&p, "2000 50000", true);
  uint64_t given = 0;
  while (!is_closed(&p)) {
    const uint64_t now = bytes_of(&p);
    if (now > given) probe_consumed(&p, (size_t)(now - given));
    given = now;
    const struct timespec pause = {0, 1000 * 1000};
    (void)nanosleep(&pause, NULL);
  }
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.messages, 2000);
  probe_deinit(&p);
  frl_metadata_deinit(&md, NULL);
}

static void a_gzip_bomb_stops_at_the_limit(void **state) {
  rig *r = *state;
  r->channel_options.gzip = true;
  r->server_options.max_message_bytes = 1u << 20;
  rig_start(r);
  const size_t n = 64u << 20;
  void *zeros = calloc(1, n);
  assert_non_null(zeros);
  frl_buf out;
  frl_buf_init(&out, NULL, 100);
  frl_error err = {0};
  assert_int_equal(rig_unary(r, "/t.S/Echo", zeros, n, 0, &out, &err), FRL_E_LIMIT);
  assert_int_equal(err.origin_code, FRL_GRPC_RESOURCE_EXHAUSTED);
  frl_buf_deinit(&out);
  free(zeros);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_consumer_that_stops_makes_the_server_wait),
      CASE(gzip_both_ways),
      CASE(gzip_with_a_window_given_back_by_hand),
      CASE(a_gzip_bomb_stops_at_the_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
