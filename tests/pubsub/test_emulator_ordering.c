/* Ordering keys, seek and snapshots. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulator_rig.h"

static int set_up_with(void **state, int options) {
  em_rig *r = calloc(1, sizeof *r);
  if (!r) return -1;
  em_rig_start(r, options, NULL);
  *state = r;
  return 0;
}

static int plain(void **state) { return set_up_with(state, 0); }
static int retaining(void **state) { return set_up_with(state, EM_RETAIN); }
static int ordered(void **state) { return set_up_with(state, EM_ORDERED); }
static int ordered_with_retries(void **state) {
  return set_up_with(state, EM_ORDERED | EM_RETRY);
}

static int tear_down(void **state) {
  em_rig_deinit(*state);
  free(*state);
  return 0;
}

/* x1, x2, ... of the key x. */
static void publish_x(em_rig *r, int n) {
  for (int i = 1; i <= n; i++) {
    char data[16];
    (void)snprintf(data, sizeof data, "x%d", i);
    em_publish(r, data, "x", NULL);
  }
}

static uint16_t open_holder(em_rig *r) {
  uint16_t h = 0;
  assert_int_equal(frl_em_holder_open(&r->sub->backlog, 0, 0, &h), FRL_OK);
  return h;
}

static void a_key_stays_with_one_stream_while_it_is_out(void **state) {
  em_rig *r = *state;
  const uint16_t a = open_holder(r);
  const uint16_t b = open_holder(r);
  publish_x(r, 2);
  assert_int_equal(em_take(r, a, 1), 1);
  em_assert_taken(r, "x1");
  assert_int_equal(em_take(r, b, 10), 0);
  em_publish(r, "x3", "x", NULL);
  em_publish(r, "y1", "y", NULL);
  (void)em_take(r, b, 10);
  em_assert_taken(r, "y1");
  (void)em_take(r, a, 10);
  em_assert_taken(r, "x2 x3");
}

static void a_key_may_move_once_all_is_acked(void **state) {
  em_rig *r = *state;
  const uint16_t a = open_holder(r);
  const uint16_t b = open_holder(r);
  publish_x(r, 2);
  assert_int_equal(em_take(r, a, 1), 1);
  assert_true(em_ack(r, 0));
  (void)em_take(r, b, 10);
  em_assert_taken(r, "x2");
}

static void a_nack_brings_all_later_ones_of_the_key_again(void **state) {
  em_rig *r = *state;
  const uint16_t a = open_holder(r);
  publish_x(r, 4);
  assert_int_equal(em_take(r, a, 3), 3);
  assert_true(em_ack(r, 0));
  assert_true(em_nack(r, 1));
  assert_int_equal(r->sub->backlog.leased, 0);
  (void)em_take(r, a, 10);
  em_assert_taken(r, "x2 x3 x4");
}

static void expiry_does_the_same(void **state) {
  em_rig *r = *state;
  publish_x(r, 2);
  const uint16_t a = open_holder(r);
  assert_int_equal(em_take(r, a, 2), 2);
  assert_true(frl_em_backlog_modify(
      &r->sub->backlog, r->got[1].sequence, r->got[1].generation, r->now_ms, 60000));
  em_pass(r, 11000);
  frl_em_holder_close(&r->sub->backlog, a);
  (void)em_take(r, 0, 10);
  em_assert_taken(r, "x1 x2");
}

static void a_key_in_backoff_holds_its_later_messages(void **state) {
  em_rig *r = *state;
  publish_x(r, 2);
  em_publish(r, "free", NULL, NULL);
  assert_int_equal(em_take(r, 0, 2), 2);
  assert_true(em_nack(r, 1)); /* x2 waits, then x1 does */
  assert_true(em_nack(r, 0));
  (void)em_take(r, 0, 10);
  em_assert_taken(r, "free");
  em_pass(r, 5000);
  (void)em_take(r, 0, 10);
  em_assert_taken(r, "x1 x2");
}

static void pulls_get_a_key_again_only_after_its_acks(void **state) {
  em_rig *r = *state;
  publish_x(r, 2);
  assert_int_equal(em_take(r, 0, 1), 1);
  const frl_em_delivery first = r->got[0];
  assert_int_equal(em_take(r, 0, 10), 0);
  assert_true(frl_em_backlog_ack(&r->sub->backlog, first.sequence, first.generation));
  (void)em_take(r, 0, 10);
  em_assert_taken(r, "x2");
}

static void many_keys_end_empty(void **state) {
  em_rig *r = *state;
  const uint16_t a = open_holder(r);
  uint64_t seen = 0;
  for (int i = 0; i < 3000; i++) {
    char key[8];
    (void)snprintf(key, sizeof key, "k%d", i % 37);
    em_publish(r, "d", key, NULL);
    if (i % 5 != 0) continue;
    (void)em_take(r, i % 2 ? a : 0, 8);
    for (size_t k = 0; k < r->n; k++) {
      if ((i + (int)k) % 4 == 0) {
        (void)em_nack(r, k); /* may have gone back with an earlier one */
      } else if (em_ack(r, k)) {
        seen++;
      }
    }
  }
  frl_em_holder_close(&r->sub->backlog, a);
  for (int turn = 0; turn < 1000 && r->sub->backlog.unacked > 0; turn++) {
    em_pass(r, 11000);
    (void)em_take(r, 0, 1000);
    for (size_t k = 0; k < r->n; k++) assert_true(em_ack(r, k));
  }
  assert_true(seen > 0);
  assert_int_equal(r->sub->backlog.keys.len, 0);
  assert_int_equal(r->store.retained_bytes, 0);
}

static void seek_to_a_time_acks_and_revives(void **state) {
  em_rig *r = *state;
  em_publish(r, "old", NULL, NULL);
  em_pass(r, 1000);
  const int64_t between_us = frl_clock_wall_us(&r->store.clock);
  em_pass(r, 1000);
  em_publish(r, "new", NULL, NULL);
  assert_int_equal(em_take(r, 0, 2), 2);
  assert_true(em_ack(r, 1));
  assert_int_equal(frl_em_store_seek_time(&r->store, r->sub, between_us, NULL), FRL_OK);
  (void)em_take(r, 0, 2);
  em_assert_taken(r, "new");
  assert_int_equal(frl_em_store_seek_time(&r->store, r->sub, 0, NULL), FRL_OK);
  (void)em_take(r, 0, 2);
  em_assert_taken(r, "old new");
  assert_int_equal(frl_em_store_seek_time(&r->store, r->sub, INT64_MAX, NULL), FRL_OK);
  assert_int_equal(em_take(r, 0, 2), 0);
  assert_int_equal(r->sub->backlog.unacked, 0);
}

static void seek_to_a_snapshot_restores_its_backlog(void **state) {
  em_rig *r = *state;
  em_publish(r, "acked before", NULL, NULL);
  assert_int_equal(em_take(r, 0, 1), 1);
  assert_true(em_ack(r, 0));
  em_publish(r, "waiting", NULL, NULL);
  const frl_cursor name = frl_cursor_of("projects/p/snapshots/snap", 25);
  frl_em_snapshot *snapshot = NULL;
  assert_int_equal(
      frl_em_store_create_snapshot(&r->store, name,
          frl_cursor_of(RIG_SUB, strlen(RIG_SUB)), (frl_cursor){0}, &snapshot, NULL),
      FRL_OK);
  em_publish(r, "later", NULL, NULL);
  assert_int_equal(em_take(r, 0, 2), 2);
  assert_true(em_ack(r, 0));
  assert_true(em_ack(r, 1));
  assert_int_equal(
      frl_em_store_seek_snapshot(&r->store, r->sub, snapshot, NULL), FRL_OK);
  (void)em_take(r, 0, 10);
  em_assert_taken(r, "waiting later");
  assert_int_equal(frl_em_store_delete_snapshot(&r->store, name, NULL), FRL_OK);
}

static void messages_past_retention_are_dropped(void **state) {
  em_rig *r = *state;
  em_publish(r, "old", "x", NULL);
  em_publish(r, "old", NULL, NULL);
  r->now_ms += 8LL * 24 * 3600 * 1000;
  em_publish(r, "new", "x", NULL);
  frl_em_store_housekeep(&r->store);
  (void)em_take(r, 0, 10);
  em_assert_taken(r, "new");
}

#define CASE(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_key_stays_with_one_stream_while_it_is_out, ordered),
      CASE(a_key_may_move_once_all_is_acked, ordered),
      CASE(a_nack_brings_all_later_ones_of_the_key_again, ordered),
      CASE(expiry_does_the_same, ordered),
      CASE(a_key_in_backoff_holds_its_later_messages, ordered_with_retries),
      CASE(pulls_get_a_key_again_only_after_its_acks, ordered),
      CASE(many_keys_end_empty, ordered),
      CASE(seek_to_a_time_acks_and_revives, retaining),
      CASE(seek_to_a_snapshot_restores_its_backlog, plain),
      CASE(messages_past_retention_are_dropped, ordered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
