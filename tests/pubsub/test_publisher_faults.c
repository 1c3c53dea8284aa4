/* What a publisher does when the server refuses, made to happen by the emulator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish_batch.h"
#include "service.h"
#include "support/cmocka_c.h"

enum { LONG_MS = 20000 };

typedef struct outcome {
  int64_t rows;
  int64_t nulls;
  int64_t failed_rows;
  int calls;
} outcome;

static void on_done(
    void *ctx, struct ArrowArray *ids, int64_t failed_rows, const frl_error *failure) {
  (void)failure;
  outcome *o = ctx;
  o->calls++;
  o->failed_rows += failed_rows;
  if (!ids) return;
  o->rows += ids->length;
  o->nulls += ids->null_count;
}

static frl_publisher *open_publisher(service *s) {
  const frl_publisher_options options = {
      .struct_size = sizeof options, .topic = s->topic, .max_batch_messages = 10};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, s->pubsub, &options, NULL), FRL_OK);
  return publisher;
}

static void a_refusal_for_now_is_tried_again(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  static const char *const faults[] = {
      "refuse method=Publish calls=3 status=UNAVAILABLE",
      "refuse method=Publish calls=3 how=reset",
      "refuse method=Publish calls=1 how=drop"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    assert_int_equal(frl_emulator_set_faults(s.emulator, faults[i], NULL), FRL_OK);
    frl_publisher *publisher = open_publisher(&s);
    struct ArrowSchema schema;
    struct ArrowArray array;
    publish_numbers(&schema, &array, "m", 0, 100);
    outcome o = {0};
    assert_int_equal(
        frl_publisher_submit(publisher, &schema, &array, -1, on_done, &o, NULL),
        FRL_OK);
    assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
    assert_int_equal(o.rows, 100);
    assert_int_equal(o.nulls, 0);
    frl_schema_release(&schema);
    frl_publisher_close(publisher, 0);
  }
  service_close(&s);
}

static void a_refusal_for_good_nulls_its_rows_only(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  assert_int_equal(frl_emulator_set_faults(s.emulator,
                       "refuse method=Publish calls=1 status=PERMISSION_DENIED", NULL),
      FRL_OK);
  frl_publisher *publisher = open_publisher(&s);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, "m", 0, 100);
  outcome o = {0};
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, on_done, &o, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_E_AUTH);
  assert_int_equal(o.calls, 1);
  assert_int_equal(o.rows, 100);
  assert_int_equal(o.nulls, 10); /* one request's */
  assert_int_equal(o.failed_rows, 10);
  frl_schema_release(&schema);
  frl_publisher_close(publisher, 0);
  service_close(&s);
}

static void a_key_that_fails_takes_what_is_queued_behind_with_it(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  assert_int_equal(frl_emulator_set_faults(s.emulator,
                       "refuse method=Publish calls=1 status=PERMISSION_DENIED", NULL),
      FRL_OK);
  frl_publisher *publisher = open_publisher(&s);
  publish_row rows[50];
  for (size_t i = 0; i < 50; i++) rows[i] = (publish_row){"x", "key", NULL};
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, rows, 50);
  outcome o = {0};
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, on_done, &o, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_E_AUTH);
  assert_int_equal(o.failed_rows, 50);
  frl_schema_release(&schema);
  /* the key is free again for what is submitted after the failure was told */
  publish_batch(&schema, &array, rows, 50);
  o = (outcome){0};
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, on_done, &o, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  assert_int_equal(o.rows, 50);
  assert_int_equal(o.nulls, 0);
  frl_schema_release(&schema);
  frl_publisher_close(publisher, 0);
  service_close(&s);
}

static void closing_gives_up_what_is_not_answered(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  assert_int_equal(frl_emulator_set_faults(
                       s.emulator, "refuse method=Publish status=UNAVAILABLE", NULL),
      FRL_OK);
  frl_publisher *publisher = open_publisher(&s);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, "m", 0, 100);
  outcome o = {0};
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, on_done, &o, NULL), FRL_OK);
  frl_schema_release(&schema);
  frl_publisher_close(publisher, 200);
  assert_int_equal(o.calls, 1);
  assert_int_equal(o.failed_rows, 100);
  service_close(&s);
}

static void compressed_requests_arrive(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  const frl_publisher_options options = {
      .struct_size = sizeof options, .topic = s.topic, .gzip = true};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, s.pubsub, &options, NULL), FRL_OK);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, "much-the-same-text-again-and-again-", 0, 500);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  frl_schema_release(&schema);
  frl_publisher_close(publisher, 0);
  frl_subscriber *sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "much-the-same-text-again-and-again-", 500);
  seen_drain(&got, sub, LONG_MS);
  assert_int_equal(got.rows, 500);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_refusal_for_now_is_tried_again),
      cmocka_unit_test(a_refusal_for_good_nulls_its_rows_only),
      cmocka_unit_test(a_key_that_fails_takes_what_is_queued_behind_with_it),
      cmocka_unit_test(compressed_requests_arrive),
      cmocka_unit_test(closing_gives_up_what_is_not_answered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
