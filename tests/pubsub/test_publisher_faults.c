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

/** A publisher of ten messages a request, and what became of the rows. */
typedef struct faulty {
  service service;
  frl_publisher *publisher;
  outcome outcome;
} faulty;

static void begin(faulty *f, const char *faults, bool gzip) {
  *f = (faulty){.publisher = NULL};
  service_open(&f->service, NULL);
  assert_int_equal(frl_emulator_set_faults(f->service.emulator, faults, NULL), FRL_OK);
  const frl_publisher_options options = {.struct_size = sizeof options,
      .topic = f->service.topic,
      .max_batch_messages = gzip ? 0 : 10,
      .gzip = gzip};
  assert_int_equal(
      frl_publisher_open(&f->publisher, f->service.pubsub, &options, NULL), FRL_OK);
}

static void end(faulty *f, int64_t close_ms) {
  frl_publisher_close(f->publisher, close_ms);
  f->publisher = NULL;
}

static void submit(faulty *f, struct ArrowSchema *schema, struct ArrowArray *array) {
  f->outcome = (outcome){0};
  assert_int_equal(
      frl_publisher_submit(f->publisher, schema, array, -1, on_done, &f->outcome, NULL),
      FRL_OK);
  frl_schema_release(schema);
}

static void submit_numbers(faulty *f, const char *prefix, size_t n) {
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, prefix, 0, n);
  submit(f, &schema, &array);
}

static void submit_of_one_key(faulty *f, size_t n) {
  publish_row rows[50];
  assert_true(n <= 50);
  for (size_t i = 0; i < n; i++) rows[i] = (publish_row){"x", "key", NULL};
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, rows, n);
  submit(f, &schema, &array);
}

static frl_status flush(const faulty *f) {
  return frl_publisher_flush(f->publisher, LONG_MS, NULL);
}

static void a_refusal_for_now_is_tried_again(void **state) {
  (void)state;
  static const char *const faults[] = {
      "refuse method=Publish calls=3 status=UNAVAILABLE",
      "refuse method=Publish calls=3 how=reset",
      "refuse method=Publish calls=1 how=drop"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    faulty f;
    begin(&f, faults[i], false);
    submit_numbers(&f, "m", 100);
    assert_int_equal(flush(&f), FRL_OK);
    assert_int_equal(f.outcome.rows, 100);
    assert_int_equal(f.outcome.nulls, 0);
    end(&f, 0);
    service_close(&f.service);
  }
}

static const char refuse_once[] =
    "refuse method=Publish calls=1 status=PERMISSION_DENIED";

static void a_refusal_for_good_nulls_its_rows_only(void **state) {
  (void)state;
  faulty f;
  begin(&f, refuse_once, false);
  submit_numbers(&f, "m", 100);
  assert_int_equal(flush(&f), FRL_E_AUTH);
  assert_int_equal(f.outcome.calls, 1);
  assert_int_equal(f.outcome.rows, 100);
  assert_int_equal(f.outcome.nulls, 10); /* one request's */
  assert_int_equal(f.outcome.failed_rows, 10);
  end(&f, 0);
  service_close(&f.service);
}

static void a_key_that_fails_takes_what_is_queued_behind_with_it(void **state) {
  (void)state;
  faulty f;
  begin(&f, refuse_once, false);
  submit_of_one_key(&f, 50);
  assert_int_equal(flush(&f), FRL_E_AUTH);
  assert_int_equal(f.outcome.failed_rows, 50);
  /* the key is free again for what is submitted after the failure was told */
  submit_of_one_key(&f, 50);
  assert_int_equal(flush(&f), FRL_OK);
  assert_int_equal(f.outcome.rows, 50);
  assert_int_equal(f.outcome.nulls, 0);
  end(&f, 0);
  service_close(&f.service);
}

static void closing_gives_up_what_is_not_answered(void **state) {
  (void)state;
  faulty f;
  begin(&f, "refuse method=Publish status=UNAVAILABLE", false);
  submit_numbers(&f, "m", 100);
  end(&f, 200);
  assert_int_equal(f.outcome.calls, 1);
  assert_int_equal(f.outcome.failed_rows, 100);
  service_close(&f.service);
}

static void compressed_requests_arrive(void **state) {
  (void)state;
  static const char prefix[] = "much-the-same-text-again-and-again-";
  faulty f;
  begin(&f, "", true);
  submit_numbers(&f, prefix, 500);
  assert_int_equal(flush(&f), FRL_OK);
  end(&f, 0);
  frl_subscriber *sub = service_subscribe(&f.service, 60);
  seen got;
  seen_init(&got, prefix, 500);
  seen_drain(&got, sub, LONG_MS);
  assert_int_equal(got.rows, 500);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&f.service);
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
