/* What goes wrong between us and a server, made to happen by the emulator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sync.h"
#include "publish_batch.h"
#include "service.h"
#include "support/cmocka_c.h"

enum { LONG_MS = 20000, ROWS = 3000 };

static void faults(service *s, const char *text) {
  frl_error err = {0};
  if (frl_emulator_set_faults(s->emulator, text, &err) != FRL_OK) {
    fail_msg("%s", err.message);
  }
}

static frl_subscriber_stats stats_of(frl_subscriber *s) {
  frl_subscriber_stats stats = {.struct_size = sizeof stats};
  frl_subscriber_get_stats(s, &stats);
  return stats;
}

static void pause_ms(int64_t ms) {
  const int64_t end_ms = frl_clock_now_ms(NULL) + ms;
  frl_mutex lock;
  frl_cond never;
  frl_mutex_init(&lock);
  frl_cond_init(&never);
  frl_mutex_lock(&lock);
  for (int64_t left = ms; left > 0; left = end_ms - frl_clock_now_ms(NULL)) {
    (void)frl_cond_wait_ms(&never, &lock, left);
  }
  frl_mutex_unlock(&lock);
  frl_cond_deinit(&never);
  frl_mutex_deinit(&lock);
}

static uint64_t backlog(service *s, uint64_t *leased) {
  char name[160];
  (void)snprintf(name, sizeof name, "projects/test/subscriptions/%s", s->subscription);
  uint64_t n = 0;
  assert_int_equal(frl_emulator_backlog(s->emulator, name, &n, leased, NULL), FRL_OK);
  return n;
}

static uint64_t unacked(service *s) {
  uint64_t leased = 0;
  return backlog(s, &leased);
}

/*
 * Everything published arrives and is acked under faults. Breaking ones lose what was
 * on its way: once they have happened they end, and so do the lost messages' leases.
 */
static frl_subscriber_stats drain_under(const char *text, bool breaking) {
  service s;
  service_open(&s, NULL);
  service_publish(&s, "m", 0, ROWS);
  faults(&s, text);
  frl_subscriber *sub = service_subscribe(&s, 60);
  for (int i = 0; breaking && stats_of(sub).reopened < 3; i++) {
    assert_true(i < 1000);
    pause_ms(20);
  }
  if (breaking) faults(&s, "expire-leases");
  seen got;
  seen_init(&got, "m", ROWS);
  seen_drain(&got, sub, LONG_MS);
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  const frl_subscriber_stats stats = stats_of(sub);
  assert_int_equal(unacked(&s), 0);
  assert_int_equal(stats.ack_failed, 0);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
  return stats;
}

static void streams_that_end_are_opened_again(void **state) {
  (void)state;
  assert_true(drain_under("kill-streams after=500 how=status", false).reopened > 0);
  assert_true(drain_under("kill-streams after=500 how=reset", true).reopened > 0);
}

static void connections_that_break_are_opened_again(void **state) {
  (void)state;
  assert_true(drain_under("kill-streams after=700 how=drop", true).reopened > 0);
}

static void acks_that_fail_for_now_are_sent_again(void **state) {
  (void)state;
  const frl_subscriber_stats stats =
      drain_under("refuse method=Acknowledge calls=3 status=UNAVAILABLE", false);
  assert_int_equal(stats.acked, ROWS);
}

static void a_duplicate_of_what_is_held_adds_no_row(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  service_publish(&s, "m", 0, 100);
  frl_subscriber *sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "m", 100);
  frl_held *helds[100];
  size_t n = 0;
  while (seen_distinct(&got) < 100) {
    assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &helds[n], NULL), FRL_OK);
    seen_note(&got, helds[n++]);
  }
  faults(&s, "expire-leases");
  frl_held *more;
  assert_int_equal(frl_subscriber_take(sub, 0, 0, 2000, &more, NULL), FRL_E_TIMEOUT);
  assert_int_equal(stats_of(sub).redelivered, 100);
  assert_int_equal(got.rows, 100);
  for (size_t i = 0; i < n; i++) frl_held_ack(helds[i]);
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  assert_int_equal(unacked(&s), 0); /* the newest ack ids were used */
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

static void a_server_that_comes_back_is_found(void **state) {
  (void)state;
  char dir[] = "/tmp/frl_test_faults_XXXXXX";
  assert_non_null(mkdtemp(dir));
  service s;
  service_open(&s, NULL);
  const uint16_t port = frl_emulator_port(s.emulator);
  frl_emulator_stop(s.emulator);
  const frl_emulator_options options = {
      .struct_size = sizeof options, .port = port, .data_dir = dir};
  frl_error err = {0};
  assert_int_equal(frl_emulator_start(&s.emulator, &options, &err), FRL_OK);
  const frl_subscription_options sub_options = {
      .struct_size = sizeof sub_options, .topic = s.topic};
  assert_int_equal(frl_pubsub_create_topic(s.pubsub, s.topic, &err), FRL_OK);
  assert_int_equal(
      frl_pubsub_create_subscription(s.pubsub, s.subscription, &sub_options, &err),
      FRL_OK);
  service_publish(&s, "m", 0, 500);
  frl_subscriber *sub = service_subscribe(&s, 60);
  frl_held *held;
  assert_int_equal(frl_subscriber_take(sub, 10, 0, LONG_MS, &held, &err), FRL_OK);
  frl_emulator_stop(s.emulator);
  assert_int_equal(frl_emulator_start(&s.emulator, &options, &err), FRL_OK);
  frl_held_ack(held);
  service_publish(&s, "m", 500, 500);
  seen got;
  seen_init(&got, "m", 1000);
  for (size_t i = 0; i < 10; i++) got.counts[i]++; /* those that were acked */
  seen_drain(&got, sub, LONG_MS);
  assert_true(stats_of(sub).reopened > 0);
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  frl_subscriber_close(sub, LONG_MS);
  assert_int_equal(unacked(&s), 0);
  seen_deinit(&got);
  service_close(&s);
}

static void a_slow_consumer_makes_the_server_wait(void **state) {
  (void)state;
  enum { MESSAGES = 400, BYTES = 100000, BOUND = 8 << 20 };
  service s;
  service_open(&s, NULL);
  char *payload = calloc(1, BYTES + 1);
  assert_non_null(payload);
  memset(payload, 'x', BYTES);
  publish_row rows[MESSAGES];
  for (int i = 0; i < MESSAGES; i++) rows[i] = (publish_row){payload, NULL, NULL};
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, rows, MESSAGES);
  const frl_publisher_options publish = {
      .struct_size = sizeof publish, .topic = s.topic};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, s.pubsub, &publish, NULL), FRL_OK);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  frl_publisher_close(publisher, 0);
  frl_schema_release(&schema);
  free(payload);
  const frl_subscriber_options options = {.struct_size = sizeof options,
      .subscription = s.subscription,
      .max_batch_delay_ms = 20,
      .max_bytes_per_batch = 1 << 20,
      .reservoir_bytes = BOUND};
  frl_subscriber *sub;
  assert_int_equal(frl_subscriber_open(&sub, s.pubsub, &options, NULL), FRL_OK);
  pause_ms(1500);
  frl_subscriber_stats stats = stats_of(sub);
  assert_true(stats.waiting_bytes > BOUND / 4);
  assert_true(stats.waiting_bytes <= BOUND);
  size_t rows_seen = 0;
  while (rows_seen < MESSAGES) {
    frl_held *held;
    assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &held, NULL), FRL_OK);
    rows_seen += (size_t)frl_held_rows(held);
    assert_true(stats_of(sub).waiting_bytes <= BOUND);
    frl_held_ack(held);
  }
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  assert_int_equal(unacked(&s), 0);
  frl_subscriber_close(sub, LONG_MS);
  service_close(&s);
}

static void publish_keyed(service *s, const char *key, int first, int n) {
  publish_row rows[64];
  char texts[64][16];
  for (int i = 0; i < n; i++) {
    (void)snprintf(texts[i], sizeof texts[i], "m%d", first + i);
    rows[i] = (publish_row){texts[i], key, NULL};
  }
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, rows, (size_t)n);
  const frl_publisher_options options = {
      .struct_size = sizeof options, .topic = s->topic};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, s->pubsub, &options, NULL), FRL_OK);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  frl_publisher_close(publisher, 0);
  frl_schema_release(&schema);
}

static int number_of_first(const frl_held *held) {
  struct ArrowArray a;
  assert_int_equal(frl_held_export(held, &a, NULL), FRL_OK);
  const int32_t *offsets = a.children[2]->buffers[1];
  char text[16] = {0};
  const size_t n = (size_t)(offsets[a.offset + 1] - offsets[a.offset]);
  memcpy(text, (const char *)a.children[2]->buffers[2] + offsets[a.offset], n);
  frl_array_release(&a);
  return (int)strtol(text + 1, NULL, 10);
}

static void a_nack_of_a_key_gives_back_what_waits_behind_it(void **state) {
  (void)state;
  service s;
  const frl_subscription_options options = {
      .struct_size = sizeof options, .ordered = true};
  service_open(&s, &options);
  publish_keyed(&s, "k", 0, 30);
  frl_subscriber *sub = service_subscribe(&s, 60);
  frl_held *held;
  for (int i = 0; i < 5; i++) {
    assert_int_equal(frl_subscriber_take(sub, 1, 0, LONG_MS, &held, NULL), FRL_OK);
    assert_int_equal(number_of_first(held), i);
    frl_held_ack(held);
  }
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  assert_int_equal(frl_subscriber_take(sub, 1, 0, LONG_MS, &held, NULL), FRL_OK);
  assert_int_equal(number_of_first(held), 5);
  frl_held_nack(held);
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  for (int i = 5; i < 30; i++) {
    assert_int_equal(frl_subscriber_take(sub, 1, 0, LONG_MS, &held, NULL), FRL_OK);
    assert_int_equal(number_of_first(held), i);
    frl_held_ack(held);
  }
  frl_subscriber_close(sub, LONG_MS);
  assert_int_equal(unacked(&s), 0);
  service_close(&s);
}

static void a_subscription_that_is_deleted_ends_the_subscriber(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  frl_subscriber *sub = service_subscribe(&s, 60);
  frl_held *held;
  assert_int_equal(frl_subscriber_take(sub, 0, 0, 300, &held, NULL), FRL_E_TIMEOUT);
  assert_int_equal(
      frl_pubsub_delete_subscription(s.pubsub, s.subscription, NULL), FRL_OK);
  frl_error err = {0};
  assert_int_equal(
      frl_subscriber_take(sub, 0, 0, LONG_MS, &held, &err), FRL_E_NOT_FOUND);
  assert_non_null(strstr(err.message, s.subscription));
  frl_subscriber_close(sub, LONG_MS);
  service_close(&s);
}

static void exactly_once_subscriptions_wait_for_their_receipts(void **state) {
  (void)state;
  service s;
  const frl_subscription_options options = {
      .struct_size = sizeof options, .exactly_once = true};
  service_open(&s, &options);
  service_publish(&s, "m", 0, ROWS);
  frl_subscriber *sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "m", ROWS);
  seen_drain(&got, sub, LONG_MS);
  assert_int_equal(frl_subscriber_flush(sub, LONG_MS, NULL), FRL_OK);
  const frl_subscriber_stats stats = stats_of(sub);
  assert_int_equal(got.rows, ROWS);
  assert_int_equal(stats.acked, ROWS);
  assert_true(stats.extended >= ROWS);
  assert_int_equal(unacked(&s), 0);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

/* Before its streams have heard anything, messages may be on their way. */
static void closed_at_once_it_keeps_no_lease(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  service_publish(&s, "m", 0, ROWS);
  for (int i = 0; i < 20; i++) {
    frl_subscriber *sub = service_subscribe(&s, 60);
    pause_ms(i % 4);
    frl_subscriber_close(sub, LONG_MS);
    uint64_t leased = 0;
    assert_int_equal(backlog(&s, &leased), ROWS);
    assert_int_equal(leased, 0);
  }
  service_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(streams_that_end_are_opened_again),
      cmocka_unit_test(connections_that_break_are_opened_again),
      cmocka_unit_test(acks_that_fail_for_now_are_sent_again),
      cmocka_unit_test(a_duplicate_of_what_is_held_adds_no_row),
      cmocka_unit_test(a_server_that_comes_back_is_found),
      cmocka_unit_test(a_slow_consumer_makes_the_server_wait),
      cmocka_unit_test(a_nack_of_a_key_gives_back_what_waits_behind_it),
      cmocka_unit_test(a_subscription_that_is_deleted_ends_the_subscriber),
      cmocka_unit_test(exactly_once_subscriptions_wait_for_their_receipts),
      cmocka_unit_test(closed_at_once_it_keeps_no_lease),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
