#include <stdlib.h>
#include <string.h>

#include "field_log.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"
#include "wire/walk.h"
#include "wire/writer.h"

enum { LOG_MAX = 1 << 20 };

static void build_message(frl_buf *b) {
  char text[200];
  memset(text, 'p', sizeof text);
  assert_int_equal(frl_wire_varint(b, 1, 150), FRL_OK);
  assert_int_equal(frl_wire_text(b, 2, ""), FRL_OK);
  assert_int_equal(frl_wire_bytes(b, 3, text, sizeof text), FRL_OK);
  assert_int_equal(frl_wire_fixed64(b, 4, 42), FRL_OK);
  assert_int_equal(frl_wire_varint(b, 536870911, UINT64_MAX), FRL_OK);
  assert_int_equal(frl_buf_append(b, "\x35\x01\x02\x03\x04", 5), FRL_OK);
}

static frl_status walk_in_two(
    const frl_mem *mem, const frl_buf *msg, size_t cut, size_t step, frl_buf *log) {
  frl_walk w;
  frl_walk_init(&w, mem, 1000, field_log_add, log);
  frl_status st = FRL_OK;
  for (size_t at = 0; at < msg->len && st == FRL_OK;) {
    size_t n = at < cut ? cut - at : step;
    if (n > msg->len - at) n = msg->len - at;
    uint8_t *exact = malloc(n); /* the bytes live for this call only */
    assert_non_null(exact);
    memcpy(exact, msg->data + at, n);
    st = frl_walk_feed(&w, exact, n);
    free(exact);
    at += n;
  }
  if (st == FRL_OK) st = frl_walk_end(&w);
  frl_walk_deinit(&w);
  return st;
}

static void every_cut_and_every_step_gives_the_same_fields(void **state) {
  (void)state;
  frl_buf msg;
  frl_buf whole;
  frl_buf_init(&msg, NULL, 4096);
  frl_buf_init(&whole, NULL, LOG_MAX);
  build_message(&msg);
  assert_int_equal(field_log_whole(&whole, msg.data, msg.len, 1000), FRL_END);
  for (size_t cut = 0; cut <= msg.len; cut++) {
    for (size_t step = 1; step <= msg.len; step = step * 3 + 1) {
      frl_buf log;
      frl_buf_init(&log, NULL, LOG_MAX);
      assert_int_equal(walk_in_two(NULL, &msg, cut, step, &log), FRL_OK);
      assert_int_equal(log.len, whole.len);
      assert_memory_equal(log.data, whole.data, whole.len);
      frl_buf_deinit(&log);
    }
  }
  frl_buf_deinit(&whole);
  frl_buf_deinit(&msg);
}

static void every_prefix_ends_truncated_or_at_a_field(void **state) {
  (void)state;
  frl_buf msg;
  frl_buf_init(&msg, NULL, 4096);
  build_message(&msg);
  const size_t all = msg.len;
  for (size_t n = 0; n <= all; n++) {
    frl_buf whole;
    frl_buf log;
    frl_buf_init(&whole, NULL, LOG_MAX);
    frl_buf_init(&log, NULL, LOG_MAX);
    const frl_status want = field_log_whole(&whole, msg.data, n, 1000);
    msg.len = n;
    assert_int_equal(walk_in_two(NULL, &msg, 0, 1, &log),
        want == FRL_END ? FRL_OK : FRL_E_TRUNCATED);
    assert_int_equal(log.len, whole.len);
    frl_buf_deinit(&whole);
    frl_buf_deinit(&log);
  }
  frl_buf_deinit(&msg);
}

static frl_status feed_one_field(size_t value_bytes, size_t max, size_t step) {
  static const uint8_t zeros[64];
  frl_buf msg;
  frl_buf log;
  frl_buf_init(&msg, NULL, 4096);
  frl_buf_init(&log, NULL, LOG_MAX);
  assert_int_equal(frl_wire_bytes(&msg, 1, zeros, value_bytes), FRL_OK);
  frl_walk w;
  frl_walk_init(&w, NULL, max, field_log_add, &log);
  frl_status st = FRL_OK;
  for (size_t at = 0; at < msg.len && st == FRL_OK; at += step) {
    const size_t left = msg.len - at;
    st = frl_walk_feed(&w, msg.data + at, left < step ? left : step);
  }
  frl_walk_deinit(&w);
  frl_buf_deinit(&log);
  frl_buf_deinit(&msg);
  return st;
}

static void the_limit_is_the_same_however_bytes_arrive(void **state) {
  (void)state;
  for (size_t step = 1; step <= 70; step++) {
    assert_int_equal(feed_one_field(40, 40, step), FRL_OK);
    assert_int_equal(feed_one_field(41, 40, step), FRL_E_LIMIT);
  }
}

static void a_declared_giant_is_refused_before_it_arrives(void **state) {
  (void)state;
  static const uint8_t head[] = {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  failing_mem f;
  failing_mem_init(&f, SIZE_MAX);
  const frl_mem mem = failing_mem_of(&f);
  frl_buf log;
  frl_buf_init(&log, NULL, LOG_MAX);
  frl_walk w;
  frl_walk_init(&w, &mem, 1000, field_log_add, &log);
  assert_int_equal(frl_walk_feed(&w, head, sizeof head), FRL_E_LIMIT);
  assert_int_equal(f.requests, 0);
  frl_walk_deinit(&w);
  frl_buf_deinit(&log);
}

static void malformed_is_seen_at_its_tag(void **state) {
  (void)state;
  /* field number 0 with a long value that never comes */
  static const uint8_t bad[] = {0x02, 0xe8, 0x07};
  frl_walk w;
  frl_walk_init(&w, NULL, 1000, field_log_add, NULL);
  assert_int_equal(frl_walk_feed(&w, bad, 1), FRL_E_MALFORMED);
  frl_walk_reset(&w);
  assert_int_equal(frl_walk_feed(&w, bad, sizeof bad), FRL_E_MALFORMED);
  frl_walk_deinit(&w);
}

static void reset_forgets_and_the_next_message_is_read(void **state) {
  (void)state;
  static const uint8_t half[] = {0x0a, 0x05, 'a'};
  static const uint8_t next[] = {0x08, 0x01};
  frl_buf log;
  frl_buf_init(&log, NULL, LOG_MAX);
  frl_walk w;
  frl_walk_init(&w, NULL, 1000, field_log_add, &log);
  assert_int_equal(frl_walk_feed(&w, half, sizeof half), FRL_OK);
  frl_walk_reset(&w);
  assert_int_equal(frl_walk_feed(&w, next, sizeof next), FRL_OK);
  assert_int_equal(frl_walk_end(&w), FRL_OK);
  assert_int_equal(log.len, 24);
  assert_int_equal(frl_walk_feed(&w, half, sizeof half), FRL_OK);
  assert_int_equal(frl_walk_end(&w), FRL_E_TRUNCATED);
  assert_int_equal(frl_walk_feed(&w, next, sizeof next), FRL_OK);
  assert_int_equal(frl_walk_end(&w), FRL_OK);
  assert_int_equal(log.len, 48);
  frl_walk_deinit(&w);
  frl_buf_deinit(&log);
}

static frl_status stop_at_two(void *ctx, const frl_wire_field *field) {
  (void)field;
  return ++*(int *)ctx == 2 ? FRL_E_CANCELLED : FRL_OK;
}

static void the_callback_can_stop_the_walk(void **state) {
  (void)state;
  static const uint8_t msg[] = {0x08, 1, 0x08, 2, 0x08, 3};
  for (size_t step = 1; step <= sizeof msg; step++) {
    int seen = 0;
    frl_walk w;
    frl_walk_init(&w, NULL, 1000, stop_at_two, &seen);
    frl_status st = FRL_OK;
    for (size_t at = 0; at < sizeof msg && st == FRL_OK; at += step) {
      const size_t left = sizeof msg - at;
      st = frl_walk_feed(&w, msg + at, left < step ? left : step);
    }
    assert_int_equal(st, FRL_E_CANCELLED);
    assert_int_equal(seen, 2);
    frl_walk_deinit(&w);
  }
}

static void every_nth_allocation_fails(void **state) {
  (void)state;
  frl_buf msg;
  frl_buf_init(&msg, NULL, 4096);
  build_message(&msg);
  size_t n = 0;
  for (;; n++) {
    failing_mem f;
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    frl_buf log;
    frl_buf_init(&log, NULL, LOG_MAX);
    const frl_status st = walk_in_two(&mem, &msg, 0, 1, &log);
    frl_buf_deinit(&log);
    assert_int_equal(f.live, 0);
    if (f.refused == 0) break;
    assert_int_equal(st, FRL_E_NOMEM);
  }
  assert_true(n > 0);
  frl_buf_deinit(&msg);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_cut_and_every_step_gives_the_same_fields),
      cmocka_unit_test(every_prefix_ends_truncated_or_at_a_field),
      cmocka_unit_test(the_limit_is_the_same_however_bytes_arrive),
      cmocka_unit_test(a_declared_giant_is_refused_before_it_arrives),
      cmocka_unit_test(malformed_is_seen_at_its_tag),
      cmocka_unit_test(reset_forgets_and_the_next_message_is_read),
      cmocka_unit_test(the_callback_can_stop_the_walk),
      cmocka_unit_test(every_nth_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
