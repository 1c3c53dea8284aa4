/* What any server and our subscriber must do together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish_batch.h"
#include "service.h"
#include "support/cmocka_c.h"

enum { LONG_MS = 20000, ABSENCE_MS = 1500 };

static frl_subscriber_stats stats_of(frl_subscriber *s) {
  frl_subscriber_stats stats = {.struct_size = sizeof stats};
  frl_subscriber_get_stats(s, &stats);
  return stats;
}

static void expect_nothing(frl_subscriber *s) {
  frl_held *held;
  assert_int_equal(
      frl_subscriber_take(s, 0, 0, ABSENCE_MS, &held, NULL), FRL_E_TIMEOUT);
}

static void what_is_acked_does_not_come_again(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  service_publish(&s, "m", 0, 60);
  frl_subscriber *sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "m", 60);
  seen_drain(&got, sub, LONG_MS);
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  const frl_subscriber_stats stats = stats_of(sub);
  assert_int_equal(stats.acked, 60);
  assert_int_equal(stats.ack_failed, 0);
  assert_int_equal(stats.held_messages, 0);
  assert_int_equal(stats.received_messages, 60);
  assert_int_equal(got.rows, 60);
  frl_subscriber_close(sub, LONG_MS);
  sub = service_subscribe(&s, 60);
  expect_nothing(sub);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

static void what_is_nacked_comes_again(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  service_publish(&s, "m", 0, 1);
  frl_subscriber *sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "m", 1);
  for (int i = 0; i < 3; i++) {
    frl_held *held;
    assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &held, NULL), FRL_OK);
    seen_note(&got, held);
    frl_held_nack(held);
    assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  }
  assert_int_equal(got.counts[0], 3);
  assert_int_equal(stats_of(sub).nacked, 3);
  frl_held *held;
  assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &held, NULL), FRL_OK);
  frl_held_ack(held);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

static void closing_gives_back_what_waits_and_what_is_held(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  service_publish(&s, "m", 0, 20);
  /* a server may lose what it was about to send: that comes when its lease ends */
  frl_subscriber *sub = service_subscribe(&s, 10);
  frl_held *held;
  assert_int_equal(frl_subscriber_take(sub, 1, 0, LONG_MS, &held, NULL), FRL_OK);
  frl_subscriber_close(sub, LONG_MS); /* held dies with it */
  sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "m", 20);
  seen_drain(&got, sub, LONG_MS);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

static void a_lease_is_kept_beyond_its_deadline(void **state) {
  (void)state;
  service s;
  const frl_subscription_options options = {
      .struct_size = sizeof options, .ack_deadline_s = 10};
  service_open(&s, &options);
  service_publish(&s, "m", 0, 5);
  frl_subscriber *sub = service_subscribe(&s, 10);
  seen got;
  seen_init(&got, "m", 5);
  frl_held *helds[5];
  size_t n = 0;
  while (seen_distinct(&got) < 5) {
    assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &helds[n], NULL), FRL_OK);
    seen_note(&got, helds[n++]);
  }
  frl_held *held;
  assert_int_equal(frl_subscriber_take(sub, 0, 0, 13000, &held, NULL), FRL_E_TIMEOUT);
  frl_subscriber_stats stats = stats_of(sub);
  assert_int_equal(stats.redelivered, 0);
  assert_int_equal(stats.expired, 0);
  assert_true(stats.extended >= 10); /* twice, each */
  for (size_t i = 0; i < n; i++) frl_held_ack(helds[i]);
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  assert_int_equal(stats_of(sub).acked, 5);
  expect_nothing(sub);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

static void every_field_arrives(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  const frl_publisher_options publish = {
      .struct_size = sizeof publish, .topic = s.topic};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, s.pubsub, &publish, NULL), FRL_OK);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_row row = {"payload", NULL, "colour"};
  publish_batch(&schema, &array, &row, 1);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  frl_publisher_close(publisher, 0);
  frl_schema_release(&schema);
  frl_subscriber *sub = service_subscribe(&s, 60);
  frl_held *held;
  assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &held, NULL), FRL_OK);
  struct ArrowArray a;
  assert_int_equal(frl_held_export(held, &a, NULL), FRL_OK);
  const int32_t *ids = a.children[0]->buffers[1];
  assert_true(ids[1] > ids[0]);
  const int64_t *times = a.children[1]->buffers[1];
  assert_true(times[0] > 1600000000000000);
  assert_memory_equal(a.children[2]->buffers[2], "payload", 7);
  const int32_t *entries = a.children[3]->buffers[1];
  assert_int_equal(entries[1] - entries[0], 1);
  assert_memory_equal(a.children[3]->children[0]->children[0]->buffers[2], "colour", 6);
  frl_array_release(&a);
  frl_held_ack(held);
  frl_subscriber_close(sub, LONG_MS);
  service_close(&s);
}

/* Every delivery counts there: what is not read soon must not be fetched. */
static void under_dead_letters_one_batch_is_out_at_most(void **state) {
  (void)state;
  enum { MESSAGES = 1000, BATCH_ROWS = 40, STREAMS = 2, MOST = BATCH_ROWS + STREAMS };
  service s;
  service_open(&s, NULL);
  if (!s.emulator) { /* Google's fake sends all it has, whatever may be outstanding */
    service_close(&s);
    skip();
  }
  const frl_subscription_options settings = {.struct_size = sizeof settings,
      .topic = s.topic,
      .dead_letter_topic = s.topic,
      .max_delivery_attempts = 5};
  char name[80];
  (void)snprintf(name, sizeof name, "%s-dead", s.subscription);
  assert_int_equal(
      frl_pubsub_create_subscription(s.pubsub, name, &settings, NULL), FRL_OK);
  service_publish(&s, "m", 0, MESSAGES);
  const frl_subscriber_options options = {.struct_size = sizeof options,
      .subscription = name,
      .streams = STREAMS,
      .max_rows_per_batch = BATCH_ROWS,
      .max_batch_delay_ms = 20};
  frl_subscriber *sub;
  assert_int_equal(frl_subscriber_open(&sub, s.pubsub, &options, NULL), FRL_OK);
  frl_held *helds[MOST + 1];
  size_t n = 0;
  int64_t rows = 0;
  /* a batch comes, however slow the service is, and then nothing that is not settled */
  while (frl_subscriber_take(sub, 0, 0, rows < BATCH_ROWS ? LONG_MS : ABSENCE_MS,
             &helds[n], NULL) == FRL_OK) {
    rows += frl_held_rows(helds[n++]);
    assert_true(rows <= MOST);
  }
  assert_true(rows >= BATCH_ROWS);
  assert_int_equal(stats_of(sub).received_messages, rows);
  /* what is settled makes room for as much again */
  while (n > 0) frl_held_ack(helds[--n]);
  frl_held *held;
  assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &held, NULL), FRL_OK);
  frl_held_ack(held);
  frl_subscriber_close(sub, LONG_MS);
  assert_int_equal(frl_pubsub_delete_subscription(s.pubsub, name, NULL), FRL_OK);
  service_close(&s);
}

static void a_missing_subscription_is_told_at_once(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  const frl_subscriber_options options = {
      .struct_size = sizeof options, .subscription = "none-such"};
  frl_subscriber *sub;
  frl_error err = {0};
  assert_int_equal(
      frl_subscriber_open(&sub, s.pubsub, &options, &err), FRL_E_NOT_FOUND);
  assert_null(sub);
  assert_non_null(strstr(err.message, "projects/test/subscriptions/none-such"));
  assert_non_null(strstr(err.message, "create it"));
  assert_non_null(strstr(err.message, s.address));
  service_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_acked_does_not_come_again),
      cmocka_unit_test(what_is_nacked_comes_again),
      cmocka_unit_test(closing_gives_back_what_waits_and_what_is_held),
      cmocka_unit_test(a_lease_is_kept_beyond_its_deadline),
      cmocka_unit_test(every_field_arrives),
      cmocka_unit_test(under_dead_letters_one_batch_is_out_at_most),
      cmocka_unit_test(a_missing_subscription_is_told_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
