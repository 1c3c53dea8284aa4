/* What any server and our publisher and admin calls must do together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish_batch.h"
#include "service.h"
#include "support/cmocka_c.h"

enum { LONG_MS = 20000 };

typedef struct outcome {
  int calls;
  int64_t rows;
  int64_t nulls;
  int64_t failed_rows;
  frl_error failure;
} outcome;

static void on_done(
    void *ctx, struct ArrowArray *ids, int64_t failed_rows, const frl_error *failure) {
  outcome *o = ctx;
  o->calls++;
  o->failed_rows += failed_rows;
  if (failure) o->failure = *failure;
  if (!ids) return;
  o->rows += ids->length;
  const int32_t *offsets = ids->buffers[1];
  for (int64_t i = 0; i < ids->length; i++) o->nulls += offsets[i] == offsets[i + 1];
}

static frl_publisher *open_publisher(service *s, const char *topic) {
  const frl_publisher_options options = {.struct_size = sizeof options,
      .topic = topic,
      .max_batch_messages = 7,
      .linger_ms = 5};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, s->pubsub, &options, NULL), FRL_OK);
  return publisher;
}

static void every_row_gets_an_id(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  frl_publisher *publisher = open_publisher(&s, s.topic);
  outcome o = {0};
  for (size_t i = 0; i < 3; i++) {
    struct ArrowSchema schema;
    struct ArrowArray array;
    publish_numbers(&schema, &array, "m", i * 10, 10);
    assert_int_equal(
        frl_publisher_submit(publisher, &schema, &array, -1, on_done, &o, NULL),
        FRL_OK);
    assert_null(array.release);
    frl_schema_release(&schema);
  }
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  assert_int_equal(o.calls, 3);
  assert_int_equal(o.rows, 30);
  assert_int_equal(o.nulls, 0);
  assert_int_equal(o.failed_rows, 0);
  frl_publisher_close(publisher, 0);
  frl_subscriber *sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "m", 30);
  seen_drain(&got, sub, LONG_MS);
  frl_subscriber_close(sub, LONG_MS);
  seen_deinit(&got);
  service_close(&s);
}

static void a_lingering_row_is_sent_without_a_flush(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  frl_publisher *publisher = open_publisher(&s, s.topic);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, "m", 0, 1);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, NULL), FRL_OK);
  frl_schema_release(&schema);
  frl_subscriber *sub = service_subscribe(&s, 60);
  seen got;
  seen_init(&got, "m", 1);
  seen_drain(&got, sub, LONG_MS);
  frl_subscriber_close(sub, LONG_MS);
  frl_publisher_close(publisher, 0);
  seen_deinit(&got);
  service_close(&s);
}

static void a_missing_topic_fails_every_row(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  frl_publisher *publisher = open_publisher(&s, "none-such");
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, "m", 0, 10);
  outcome o = {0};
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, on_done, &o, NULL), FRL_OK);
  frl_schema_release(&schema);
  frl_error err = {0};
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, &err), FRL_E_NOT_FOUND);
  assert_non_null(strstr(err.message, "projects/test/topics/none-such"));
  assert_int_equal(o.calls, 1);
  assert_int_equal(o.failed_rows, 10);
  assert_int_equal(o.failure.origin_code, 5);
  /* told once */
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  frl_publisher_close(publisher, 0);
  service_close(&s);
}

static void keys_keep_their_order(void **state) {
  (void)state;
  service s;
  const frl_subscription_options options = {
      .struct_size = sizeof options, .ordered = true};
  service_open(&s, &options);
  frl_publisher *publisher = open_publisher(&s, s.topic);
  enum { ROWS = 40, KEYS = 3 };
  char texts[ROWS][16];
  publish_row rows[ROWS];
  static const char *const keys[KEYS] = {"a", "b", "c"};
  for (int i = 0; i < ROWS; i++) {
    (void)snprintf(texts[i], sizeof texts[i], "m%d", i);
    rows[i] = (publish_row){texts[i], keys[i % KEYS], NULL};
  }
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, rows, ROWS);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, NULL), FRL_OK);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  frl_schema_release(&schema);
  frl_publisher_close(publisher, 0);
  frl_subscriber *sub = service_subscribe(&s, 60);
  int last[KEYS] = {-1, -1, -1};
  for (int n = 0; n < ROWS;) {
    frl_held *held;
    assert_int_equal(frl_subscriber_take(sub, 0, 0, LONG_MS, &held, NULL), FRL_OK);
    struct ArrowArray a;
    assert_int_equal(frl_held_export(held, &a, NULL), FRL_OK);
    const int32_t *offsets = a.children[2]->buffers[1];
    const char *bytes = a.children[2]->buffers[2];
    for (int64_t i = 0; i < a.length; i++, n++) {
      char text[16] = {0};
      memcpy(text, bytes + offsets[i] + 1, (size_t)(offsets[i + 1] - offsets[i] - 1));
      const int number = (int)strtol(text, NULL, 10);
      assert_true(number > last[number % KEYS]);
      last[number % KEYS] = number;
    }
    frl_array_release(&a);
    frl_held_ack(held);
  }
  frl_subscriber_close(sub, LONG_MS);
  service_close(&s);
}

static void without_room_nothing_is_taken(void **state) {
  (void)state;
  service s;
  service_open(&s, NULL);
  const frl_publisher_options options = {.struct_size = sizeof options,
      .topic = s.topic,
      .linger_ms = 60000,
      .max_in_flight_bytes = 100};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, s.pubsub, &options, NULL), FRL_OK);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm", 0, 2);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, 0, NULL, NULL, NULL), FRL_OK);
  frl_schema_release(&schema);
  publish_numbers(&schema, &array, "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm", 2, 2);
  frl_error err = {0};
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, 10, NULL, NULL, &err),
      FRL_E_TIMEOUT);
  assert_non_null(array.release);
  assert_int_equal(frl_publisher_flush(publisher, LONG_MS, NULL), FRL_OK);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, 0, NULL, NULL, NULL), FRL_OK);
  frl_schema_release(&schema);
  frl_publisher_close(publisher, LONG_MS);
  service_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_gets_an_id),
      cmocka_unit_test(a_lingering_row_is_sent_without_a_flush),
      cmocka_unit_test(a_missing_topic_fails_every_row),
      cmocka_unit_test(keys_keep_their_order),
      cmocka_unit_test(without_room_nothing_is_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
