#include "emulator_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "wire/reader.h"
#include "wire/writer.h"

static int64_t monotonic_ms(void *ctx) { return ((em_rig *)ctx)->now_ms; }

static int64_t wall_us(void *ctx) {
  return (((em_rig *)ctx)->now_ms + 3600000 + 1700000000000) * 1000;
}

void em_rig_init(em_rig *r) {
  memset(r, 0, sizeof *r);
  r->now_ms = 5000;
  const frl_clock clock = {monotonic_ms, wall_us, r};
  frl_em_store_init(&r->store, NULL, &clock);
}

void em_rig_deinit(em_rig *r) { frl_em_store_deinit(&r->store); }

void em_rig_start(em_rig *r, int options, const char *filter) {
  em_rig_init(r);
  r->topic = em_topic(r, RIG_TOPIC);
  r->sub = em_sub(r, RIG_SUB, RIG_TOPIC, options, filter);
}

static void good(frl_status st) { assert_int_equal(st, FRL_OK); }

frl_em_topic *em_topic(em_rig *r, const char *name) {
  frl_buf b;
  frl_buf_init(&b, NULL, 4096);
  good(frl_wire_text(&b, 1, name));
  frl_em_topic *topic = NULL;
  good(
      frl_em_store_create_topic(&r->store, frl_cursor_of(b.data, b.len), &topic, NULL));
  frl_buf_deinit(&b);
  return topic;
}

static void put_policies(frl_buf *b, int options) {
  size_t mark = 0;
  if (options & EM_DEAD_LETTER) {
    good(frl_wire_begin(b, 13, &mark));
    good(frl_wire_text(b, 1, "projects/p/topics/dead"));
    good(frl_wire_end(b, mark));
  }
  if (options & EM_RETRY) {
    good(frl_wire_begin(b, 14, &mark));
    good(frl_wire_time(b, 1, 1, 0));
    good(frl_wire_time(b, 2, 4, 0));
    good(frl_wire_end(b, mark));
  }
}

frl_em_sub *em_sub(
    em_rig *r, const char *name, const char *topic, int options, const char *filter) {
  frl_buf b;
  frl_buf_init(&b, NULL, 4096);
  good(frl_wire_text(&b, 1, name));
  good(frl_wire_text(&b, 2, topic));
  if (options & EM_RETAIN) good(frl_wire_bool(&b, 7, 1));
  if (options & EM_ORDERED) good(frl_wire_bool(&b, 10, 1));
  if (filter) good(frl_wire_text(&b, 12, filter));
  put_policies(&b, options);
  if (options & EM_EXACTLY_ONCE) good(frl_wire_bool(&b, 16, 1));
  frl_em_sub *sub = NULL;
  frl_error err = {0};
  const frl_status st =
      frl_em_store_create_sub(&r->store, frl_cursor_of(b.data, b.len), &sub, &err);
  if (st != FRL_OK) fail_msg("%s", err.message);
  frl_buf_deinit(&b);
  return sub;
}

static void put_message(
    frl_buf *b, const char *data, const char *key, const char *attribute) {
  size_t mark = 0;
  good(frl_wire_begin(b, 2, &mark));
  good(frl_wire_text(b, 1, data));
  if (attribute) {
    const char *equals = strchr(attribute, '=');
    good(frl_wire_entry(
        b, 2, attribute, (size_t)(equals - attribute), equals + 1, strlen(equals + 1)));
  }
  if (key) good(frl_wire_text(b, 5, key));
  good(frl_wire_end(b, mark));
}

static void publish(em_rig *r, const frl_buf *b) {
  uint64_t id = 0;
  size_t n = 0;
  frl_error err = {0};
  if (frl_em_store_publish(&r->store, frl_cursor_of(b->data, b->len), &id, &n, &err) !=
      FRL_OK) {
    fail_msg("%s", err.message);
  }
}

void em_publish(em_rig *r, const char *data, const char *key, const char *attribute) {
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 20);
  good(frl_wire_text(&b, 1, RIG_TOPIC));
  put_message(&b, data, key, attribute);
  publish(r, &b);
  frl_buf_deinit(&b);
}

void em_publish_many(em_rig *r, size_t n) {
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 20);
  good(frl_wire_text(&b, 1, RIG_TOPIC));
  for (size_t i = 0; i < n; i++) {
    char data[24];
    (void)snprintf(data, sizeof data, "%zu", i);
    put_message(&b, data, NULL, NULL);
  }
  publish(r, &b);
  frl_buf_deinit(&b);
}

size_t em_take(em_rig *r, uint16_t holder, size_t max) {
  assert_true(max <= sizeof r->got / sizeof *r->got);
  r->n = frl_em_sub_take(r->sub, holder, 10000, max, 1 << 20, r->got);
  return r->n;
}

const char *em_data(em_rig *r, size_t i) {
  static char data[64];
  frl_cursor body = frl_em_block_body(r->got[i].block, r->got[i].index);
  frl_wire_field f;
  while (frl_wire_next(&body, &f) == FRL_OK) {
    if (f.number != 1) continue;
    (void)snprintf(data, sizeof data, "%.*s", (int)f.value, (const char *)f.bytes.pos);
  }
  return data;
}

bool em_ack(em_rig *r, size_t i) {
  return frl_em_backlog_ack(&r->sub->backlog, r->got[i].sequence, r->got[i].generation);
}

bool em_nack(em_rig *r, size_t i) {
  return frl_em_backlog_modify(
      &r->sub->backlog, r->got[i].sequence, r->got[i].generation, r->now_ms, 0);
}

void em_pass(em_rig *r, int64_t ms) {
  for (; ms > 0; ms -= FRL_EM_TICK_MS) {
    r->now_ms += ms < FRL_EM_TICK_MS ? ms : FRL_EM_TICK_MS;
    (void)frl_em_store_tick(&r->store);
  }
}

void em_assert_taken(em_rig *r, const char *expected) {
  char all[1024] = "";
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++) {
    n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? " " : "", em_data(r, i));
  }
  assert_string_equal(all, expected);
}
