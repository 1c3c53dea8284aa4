#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "publish_batch.h"
#include "support/cmocka_c.h"

enum { PAYLOAD_COLUMN = 2 };

static void start_server(service *s) {
  const char *other = getenv("FERRULE_TEST_PUBSUB");
  if (other && *other) {
    (void)snprintf(s->address, sizeof s->address, "%s", other);
    return;
  }
  frl_error err = {0};
  const frl_emulator_options options = {.struct_size = sizeof options};
  if (frl_emulator_start(&s->emulator, &options, &err) != FRL_OK) {
    fail_msg("emulator: %s", err.message);
  }
  (void)snprintf(s->address, sizeof s->address, "127.0.0.1:%u",
      (unsigned)frl_emulator_port(s->emulator));
}

void service_open(service *s, const frl_subscription_options *options) {
  *s = (service){0};
  start_server(s);
  const frl_pubsub_options connection = {.struct_size = sizeof connection,
      .project_id = "test",
      .emulator_host = s->address};
  frl_error err = {0};
  assert_int_equal(frl_pubsub_open(&s->pubsub, &connection, &err), FRL_OK);
  char unique[17];
  frl_random_hex(NULL, unique, 8);
  (void)snprintf(s->topic, sizeof s->topic, "topic-%s", unique);
  (void)snprintf(s->subscription, sizeof s->subscription, "sub-%s", unique);
  if (frl_pubsub_create_topic(s->pubsub, s->topic, &err) != FRL_OK) {
    fail_msg("topic: %s", err.message);
  }
  frl_subscription_options o = {.struct_size = sizeof o};
  if (options) o = *options;
  o.topic = s->topic;
  if (frl_pubsub_create_subscription(s->pubsub, s->subscription, &o, &err) != FRL_OK) {
    fail_msg("subscription: %s", err.message);
  }
}

void service_close(service *s) {
  frl_pubsub_close(s->pubsub);
  frl_emulator_stop(s->emulator);
}

void service_publish(service *s, const char *prefix, size_t first, size_t n) {
  const frl_publisher_options options = {
      .struct_size = sizeof options, .topic = s->topic};
  frl_publisher *publisher;
  frl_error err = {0};
  assert_int_equal(frl_publisher_open(&publisher, s->pubsub, &options, &err), FRL_OK);
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_numbers(&schema, &array, prefix, first, n);
  assert_int_equal(
      frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, &err), FRL_OK);
  if (frl_publisher_flush(publisher, 20000, &err) != FRL_OK) {
    fail_msg("publish: %s", err.message);
  }
  frl_publisher_close(publisher, 0);
  frl_schema_release(&schema);
}

frl_subscriber *service_subscribe(service *s, uint32_t lease_s) {
  const frl_subscriber_options options = {.struct_size = sizeof options,
      .subscription = s->subscription,
      .lease_s = lease_s,
      .max_batch_delay_ms = 20};
  frl_subscriber *subscriber;
  frl_error err = {0};
  if (frl_subscriber_open(&subscriber, s->pubsub, &options, &err) != FRL_OK) {
    fail_msg("subscriber: %s", err.message);
  }
  return subscriber;
}

void seen_init(seen *s, const char *prefix, size_t n) {
  *s = (seen){.prefix = prefix, .n = n, .counts = calloc(n, sizeof(unsigned))};
  assert_non_null(s->counts);
}

void seen_deinit(seen *s) { free(s->counts); }

void seen_note(seen *s, const frl_held *held) {
  struct ArrowArray a;
  assert_int_equal(frl_held_export(held, &a, NULL), FRL_OK);
  const int32_t *offsets = a.children[PAYLOAD_COLUMN]->buffers[1];
  const char *bytes = a.children[PAYLOAD_COLUMN]->buffers[2];
  const size_t prefix = strlen(s->prefix);
  for (int64_t i = a.offset; i < a.offset + a.length; i++) {
    char text[32] = {0};
    const size_t n = (size_t)(offsets[i + 1] - offsets[i]);
    assert_true(n > prefix && n - prefix < sizeof text);
    assert_memory_equal(bytes + offsets[i], s->prefix, prefix);
    memcpy(text, bytes + offsets[i] + prefix, n - prefix);
    const size_t number = strtoul(text, NULL, 10);
    assert_true(number < s->n);
    s->counts[number]++;
    s->rows++;
  }
  frl_array_release(&a);
}

size_t seen_distinct(const seen *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++) n += s->counts[i] != 0;
  return n;
}

void seen_drain(seen *s, frl_subscriber *subscriber, int64_t timeout_ms) {
  const int64_t end_ms = frl_clock_now_ms(NULL) + timeout_ms;
  while (seen_distinct(s) < s->n) {
    const int64_t left_ms = end_ms - frl_clock_now_ms(NULL);
    frl_held *held;
    frl_error err = {0};
    const frl_status st =
        frl_subscriber_take(subscriber, 0, 0, left_ms > 0 ? left_ms : 0, &held, &err);
    if (st != FRL_OK) {
      fail_msg("%zu of %zu came: %s", seen_distinct(s), s->n, err.message);
    }
    seen_note(s, held);
    frl_held_ack(held);
  }
}
