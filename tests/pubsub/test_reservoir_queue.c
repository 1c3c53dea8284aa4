#include <ferrule/pubsub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pubsub/reservoir/intake.h"
#include "pubsub/reservoir/reservoir.h"
#include "received.h"
#include "support/cmocka_c.h"

typedef struct rig {
  frl_pool *pool;
  frl_leases leases;
  frl_intake intake;
  frl_reservoir reservoir;
  int64_t now_ms;
  frl_clock clock;
  unsigned settled_calls;
  unsigned room_calls;
  uint64_t next_id;
} rig;

static int64_t now_ms(void *ctx) { return ((rig *)ctx)->now_ms; }
static int64_t wall_us(void *ctx) { return ((rig *)ctx)->now_ms * 1000; }
static void on_settled(void *ctx) { ((rig *)ctx)->settled_calls++; }
static void on_room(void *ctx) { ((rig *)ctx)->room_calls++; }

static int set_up(void **state) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  r->clock = (frl_clock){now_ms, wall_us, r};
  r->now_ms = 1000;
  r->next_id = 1;
  frl_leases_init(&r->leases, NULL, 60000, NULL);
  assert_int_equal(frl_pool_create(&r->pool, NULL, 0, NULL), FRL_OK);
  const frl_intake_options intake = {.columns = FRL_PUBSUB_DEFAULT_COLUMNS,
      .max_rows = 100000,
      .max_bytes = 1 << 30,
      .pool = r->pool,
      .leases = &r->leases};
  assert_int_equal(frl_intake_init(&r->intake, &intake, NULL), FRL_OK);
  const frl_reservoir_options options = {.clock = &r->clock,
      .max_bytes = 1 << 20,
      .payload_child = 2,
      .on_settled = on_settled,
      .on_room = on_room,
      .ctx = r};
  frl_reservoir_init(&r->reservoir, &options);
  *state = r;
  return 0;
}

static int tear_down(void **state) {
  rig *r = *state;
  frl_reservoir_deinit(&r->reservoir);
  frl_intake_deinit(&r->intake);
  frl_leases_deinit(&r->leases);
  frl_pool_unref(r->pool);
  free(r);
  return 0;
}

/* A lot of n rows with payload_bytes each, put into the reservoir. */
static frl_lot *put(rig *r, uint32_t n, size_t payload_bytes) {
  char *payload = calloc(1, payload_bytes + 1);
  assert_non_null(payload);
  memset(payload, 'x', payload_bytes);
  for (uint32_t i = 0; i < n; i++) {
    char id[24];
    (void)snprintf(id, sizeof id, "%llu", (unsigned long long)r->next_id++);
    const received m = {.ack_id = id, .id = id, .payload = payload};
    frl_buf b;
    frl_buf_init(&b, NULL, 1 << 20);
    received_encode(&b, &m);
    assert_int_equal(
        frl_intake_message(&r->intake, frl_cursor_of(b.data, b.len), r->now_ms),
        FRL_OK);
    frl_buf_deinit(&b);
  }
  free(payload);
  frl_lot *lot;
  assert_int_equal(frl_intake_finish(&r->intake, &lot), FRL_OK);
  frl_reservoir_put(&r->reservoir, &r->leases, lot);
  frl_lot_unref(lot); /* registered: it lives */
  return lot;
}

static frl_held *take(rig *r, uint32_t max_rows, uint64_t max_bytes) {
  frl_held *held;
  assert_int_equal(
      frl_reservoir_take(&r->reservoir, max_rows, max_bytes, 0, &held, NULL), FRL_OK);
  return held;
}

/* Gives what was settled to the lease manager; its rows count as answered. */
static uint64_t hand_over(rig *r) {
  const frl_settled s = frl_reservoir_settled(&r->reservoir);
  uint64_t rows = 0;
  for (int k = 0; k < 2; k++) {
    for (frl_lease_item *item = s.first[k]; item;) {
      frl_lease_item *next = item->next;
      rows += item->span.n;
      frl_leases_settle(&r->leases, item, (enum frl_lease_kind)k, r->now_ms);
      item = next;
    }
  }
  return rows;
}

static frl_subscriber_stats stats(rig *r) {
  frl_subscriber_stats s = {.struct_size = sizeof s};
  frl_reservoir_stats(&r->reservoir, &s);
  return s;
}

static void first_id(const frl_held *held, char *out, size_t size) {
  struct ArrowArray a;
  assert_int_equal(frl_held_export(held, &a, NULL), FRL_OK);
  const int32_t *offsets = a.children[0]->buffers[1];
  const int64_t i = a.offset;
  const int n = offsets[i + 1] - offsets[i];
  (void)snprintf(
      out, size, "%.*s", n, (const char *)a.children[0]->buffers[2] + offsets[i]);
  frl_array_release(&a);
}

static void rows_come_in_order_and_in_the_sizes_asked_for(void **state) {
  rig *r = *state;
  (void)put(r, 5, 10);
  (void)put(r, 3, 10);
  static const struct {
    uint32_t max_rows;
    uint64_t max_bytes;
    int64_t rows;
    const char *id;
  } steps[] = {{2, 0, 2, "1"}, {0, 20, 2, "3"}, {0, 0, 1, "5"}, {100, 9, 1, "6"},
      {100, 1000, 2, "7"}};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    frl_held *held = take(r, steps[i].max_rows, steps[i].max_bytes);
    assert_int_equal(frl_held_rows(held), steps[i].rows);
    char id[24];
    first_id(held, id, sizeof id);
    assert_string_equal(id, steps[i].id);
    assert_true(frl_held_bytes(held) > 0);
    frl_held_ack(held);
  }
  assert_int_equal(hand_over(r), 8);
}

static void what_waits_and_what_is_held_is_counted(void **state) {
  rig *r = *state;
  (void)put(r, 4, 10);
  frl_subscriber_stats s = stats(r);
  assert_int_equal(s.waiting_messages, 4);
  assert_int_equal(s.waiting_bytes, 40);
  r->now_ms += 250;
  assert_int_equal(stats(r).oldest_waiting_ms, 250);
  frl_held *held = take(r, 1, 0);
  s = stats(r);
  assert_int_equal(s.waiting_messages, 3);
  assert_int_equal(s.waiting_bytes, 30);
  assert_int_equal(s.held_messages, 1);
  assert_int_equal(s.held_bytes, 10);
  frl_held_nack(held);
  frl_held_ack(take(r, 0, 0));
  s = stats(r);
  assert_int_equal(s.held_messages, 0);
  assert_int_equal(s.waiting_bytes, 0);
  assert_int_equal(s.oldest_waiting_ms, -1);
  assert_int_equal(r->settled_calls, 1); /* one for all until they are fetched */
  assert_int_equal(hand_over(r), 4);
}

static void an_empty_reservoir_times_out(void **state) {
  rig *r = *state;
  frl_held *held;
  frl_error err = {0};
  assert_int_equal(
      frl_reservoir_take(&r->reservoir, 0, 0, 0, &held, &err), FRL_E_TIMEOUT);
  assert_null(held);
  assert_true(err.message[0] != '\0');
}

static void it_is_full_by_bytes_and_tells_when_there_is_room(void **state) {
  rig *r = *state;
  assert_false(frl_reservoir_full(&r->reservoir, 2 << 20)); /* nothing waits */
  for (int i = 0; i < 8; i++) (void)put(r, 100, 1000);
  const uint64_t waiting = r->reservoir.waiting_native;
  assert_true(waiting > 800 * 1000);
  const uint64_t lacking = (1 << 20) - waiting;
  assert_false(frl_reservoir_full(&r->reservoir, lacking - 1));
  assert_true(frl_reservoir_full(&r->reservoir, lacking));
  assert_int_equal(r->room_calls, 0);
  while (r->reservoir.waiting_native > (1 << 20) / 4 * 3) {
    assert_int_equal(r->room_calls, 0);
    frl_held_ack(take(r, 10, 0));
  }
  assert_int_equal(r->room_calls, 1);
  frl_held_ack(take(r, 0, 0));
  assert_int_equal(r->room_calls, 1); /* told once */
  (void)hand_over(r);
}

static void exported_rows_outlive_everything(void **state) {
  rig *r = *state;
  (void)put(r, 3, 10);
  frl_held *held = take(r, 2, 0);
  struct ArrowArray a;
  struct ArrowArray b;
  assert_int_equal(frl_held_export(held, &a, NULL), FRL_OK);
  assert_int_equal(frl_held_export(held, &b, NULL), FRL_OK);
  frl_held_ack(held);
  frl_held_ack(take(r, 0, 0));
  (void)hand_over(r);
  assert_int_equal(a.length, 2);
  frl_array_release(&a);
  const uint8_t *payload = b.children[2]->buffers[2];
  assert_int_equal(payload[19], 'x');
  frl_array_release(&b);
}

static void giving_back_takes_what_waits_and_what_is_held(void **state) {
  rig *r = *state;
  (void)put(r, 5, 10);
  frl_held *held = take(r, 2, 0);
  (void)held;
  frl_reservoir_nack_waiting(&r->reservoir);
  assert_int_equal(stats(r).waiting_messages, 0);
  frl_reservoir_nack_held(&r->reservoir);
  assert_int_equal(stats(r).held_messages, 0);
  assert_int_equal(hand_over(r), 5);
  frl_lease_request q;
  assert_true(frl_leases_next(&r->leases, FRL_LEASE_NACK, r->now_ms, &q));
  assert_int_equal(q.n_ids, 5);
  (void)frl_leases_answer(&r->leases, &q, &(frl_lease_answer){0}, r->now_ms);
}

static void a_flush_waits_for_answers(void **state) {
  rig *r = *state;
  (void)put(r, 2, 10);
  assert_int_equal(frl_reservoir_flush(&r->reservoir, 0, NULL), FRL_OK);
  frl_held_ack(take(r, 0, 0));
  frl_error err = {0};
  assert_int_equal(frl_reservoir_flush(&r->reservoir, 0, &err), FRL_E_TIMEOUT);
  assert_non_null(strstr(err.message, "2"));
  (void)hand_over(r);
  frl_reservoir_answered(&r->reservoir, 2);
  assert_int_equal(frl_reservoir_flush(&r->reservoir, 0, NULL), FRL_OK);
}

static void a_failure_shows_after_what_waits(void **state) {
  rig *r = *state;
  (void)put(r, 1, 10);
  const frl_error first = {.message = "gone"};
  const frl_error second = {.message = "gone again"};
  frl_reservoir_fail(&r->reservoir, FRL_E_NOT_FOUND, &first);
  frl_reservoir_fail(&r->reservoir, FRL_E_AUTH, &second);
  frl_held_ack(take(r, 0, 0));
  frl_held *held;
  frl_error err = {0};
  assert_int_equal(
      frl_reservoir_take(&r->reservoir, 0, 0, -1, &held, &err), FRL_E_NOT_FOUND);
  assert_string_equal(err.message, "gone");
  (void)put(r, 1, 10);
  frl_reservoir_close(&r->reservoir);
  assert_int_equal(
      frl_reservoir_take(&r->reservoir, 0, 0, -1, &held, &err), FRL_E_CLOSED);
  (void)hand_over(r);
}

static void rows_that_are_done_are_left_out(void **state) {
  rig *r = *state;
  for (int i = 0; i < 6; i++) {
    char id[16];
    (void)snprintf(id, sizeof id, "%d", 100 + i);
    const received m = {.ack_id = id, .id = id, .payload = "p"};
    frl_buf b;
    frl_buf_init(&b, NULL, 4096);
    received_encode(&b, &m);
    assert_int_equal(
        frl_intake_message(&r->intake, frl_cursor_of(b.data, b.len), 0), FRL_OK);
    frl_buf_deinit(&b);
  }
  frl_lot *lot;
  assert_int_equal(frl_intake_finish(&r->intake, &lot), FRL_OK);
  frl__leases_row_done(&r->leases, lot, 0);
  frl__leases_row_done(&r->leases, lot, 3);
  frl_reservoir_put(&r->reservoir, &r->leases, lot);
  frl_lot_unref(lot);
  frl_held *held = take(r, 0, 0);
  assert_int_equal(frl_held_rows(held), 2);
  char id[24];
  first_id(held, id, sizeof id);
  assert_string_equal(id, "101");
  frl_held_ack(held);
  held = take(r, 0, 0);
  assert_int_equal(frl_held_rows(held), 2);
  first_id(held, id, sizeof id);
  assert_string_equal(id, "104");
  frl_held_ack(held);
  assert_int_equal(hand_over(r), 4);
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      QUEUE_TEST(rows_come_in_order_and_in_the_sizes_asked_for),
      QUEUE_TEST(what_waits_and_what_is_held_is_counted),
      QUEUE_TEST(an_empty_reservoir_times_out),
      QUEUE_TEST(it_is_full_by_bytes_and_tells_when_there_is_room),
      QUEUE_TEST(exported_rows_outlive_everything),
      QUEUE_TEST(giving_back_takes_what_waits_and_what_is_held),
      QUEUE_TEST(a_flush_waits_for_answers),
      QUEUE_TEST(a_failure_shows_after_what_waits),
      QUEUE_TEST(rows_that_are_done_are_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
