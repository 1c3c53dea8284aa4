#include <ferrule/pubsub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pubsub/reservoir/intake.h"
#include "received.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"
#include "wire/walk.h"

enum { ALL = FRL_PUBSUB_DEFAULT_COLUMNS | FRL_PUBSUB_ACK_ID, NOW_MS = 5000 };

typedef struct rig {
  frl_pool *pool;
  frl_leases leases;
  frl_intake intake;
} rig;

static frl_status rig_init(rig *r, const frl_mem *mem, frl_intake_options options) {
  *r = (rig){0};
  frl_leases_init(&r->leases, mem, 60000, NULL);
  frl_status st = frl_pool_create(&r->pool, mem, 0, NULL);
  if (st != FRL_OK) return st;
  options.mem = mem;
  options.pool = r->pool;
  options.leases = &r->leases;
  if (!options.max_rows) options.max_rows = 1000;
  if (!options.max_bytes) options.max_bytes = 1 << 20;
  return frl_intake_init(&r->intake, &options, NULL);
}

static void rig_deinit(rig *r) {
  frl_intake_deinit(&r->intake);
  frl_leases_deinit(&r->leases);
  frl_pool_unref(r->pool);
}

static frl_status feed(rig *r, const received *m) {
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 20);
  received_encode(&b, m);
  uint8_t *exact = malloc(b.len); /* ASan sees one byte too far */
  assert_non_null(exact);
  memcpy(exact, b.data, b.len);
  const frl_status st =
      frl_intake_message(&r->intake, frl_cursor_of(exact, b.len), NOW_MS);
  free(exact);
  frl_buf_deinit(&b);
  return st;
}

static const struct ArrowArray *finish(rig *r, frl_lot **lot) {
  assert_int_equal(frl_intake_finish(&r->intake, lot), FRL_OK);
  return frl_batch_array((*lot)->batch);
}

static void expect_text(const struct ArrowArray *a, int64_t row, const char *text) {
  const uint8_t *validity = a->buffers[0];
  const bool valid = !validity || (validity[row >> 3] >> (row & 7) & 1) != 0;
  assert_int_equal(valid, text != NULL);
  if (!text) return;
  const int32_t *offsets = a->buffers[1];
  const size_t n = (size_t)(offsets[row + 1] - offsets[row]);
  assert_int_equal(n, strlen(text));
  assert_memory_equal((const char *)a->buffers[2] + offsets[row], text, n);
}

static const received FIRST = {.ack_id = "a1",
    .id = "1001",
    .payload = "hello",
    .key = "k",
    .attribute = "colour",
    .seconds = 1700000000,
    .nanos = 123456789};
static const received SECOND = {.ack_id = "a2", .id = "1002", .seconds = -1};

static void every_column_gets_its_field(void **state) {
  (void)state;
  rig r;
  assert_int_equal(rig_init(&r, NULL, (frl_intake_options){.columns = ALL}), FRL_OK);
  assert_int_equal(feed(&r, &FIRST), FRL_OK);
  assert_int_equal(feed(&r, &SECOND), FRL_OK);
  frl_lot *lot;
  const struct ArrowArray *a = finish(&r, &lot);
  assert_int_equal(a->length, 2);
  assert_int_equal(a->n_children, 6);
  expect_text(a->children[0], 0, "1001");
  expect_text(a->children[0], 1, "1002");
  const int64_t *times = a->children[1]->buffers[1];
  assert_int_equal(times[0], 1700000000123456);
  assert_int_equal(times[1], -1000000);
  expect_text(a->children[2], 0, "hello");
  expect_text(a->children[2], 1, "");
  const int32_t *entries = a->children[3]->buffers[1];
  assert_int_equal(entries[1], 1);
  assert_int_equal(entries[2], 1);
  expect_text(a->children[3]->children[0]->children[0], 0, "colour");
  expect_text(a->children[3]->children[0]->children[1], 0, "colour");
  expect_text(a->children[4], 0, "k");
  expect_text(a->children[4], 1, NULL);
  expect_text(a->children[5], 0, "a1");
  expect_text(a->children[5], 1, "a2");
  assert_int_equal(lot->payload_bytes, 5);
  assert_int_equal(lot->lease_until_ms, NOW_MS + 60000);
  frl_lot_unref(lot);
  rig_deinit(&r);
}

static void only_the_columns_asked_for_are_built(void **state) {
  (void)state;
  for (uint32_t columns = 1; columns <= ALL; columns++) {
    rig r;
    assert_int_equal(
        rig_init(&r, NULL, (frl_intake_options){.columns = columns}), FRL_OK);
    assert_int_equal(feed(&r, &FIRST), FRL_OK);
    struct ArrowSchema schema;
    assert_int_equal(frl_intake_schema(&schema, NULL, columns, false, NULL), FRL_OK);
    frl_lot *lot;
    const struct ArrowArray *a = finish(&r, &lot);
    assert_int_equal(a->n_children, schema.n_children);
    for (int64_t i = 0; i < a->n_children; i++) {
      if (strcmp(schema.children[i]->name, "payload") == 0) {
        expect_text(a->children[i], 0, "hello");
      }
      if (strcmp(schema.children[i]->name, "ack_id") == 0) {
        expect_text(a->children[i], 0, "a1");
      }
    }
    frl_schema_release(&schema);
    frl_lot_unref(lot);
    rig_deinit(&r);
  }
}

static void a_payload_that_is_no_text_is_null_and_counted(void **state) {
  (void)state;
  rig r;
  const frl_intake_options options = {
      .columns = FRL_PUBSUB_PAYLOAD, .payload_utf8 = true};
  assert_int_equal(rig_init(&r, NULL, options), FRL_OK);
  const received good = {.ack_id = "a", .id = "1", .payload = "gr\xc3\xbc\xc3\x9f"};
  const received bad = {.ack_id = "b", .id = "2", .payload = "\xc3("};
  assert_int_equal(feed(&r, &good), FRL_OK);
  assert_int_equal(feed(&r, &bad), FRL_OK);
  assert_int_equal(r.intake.invalid_utf8, 1);
  frl_lot *lot;
  const struct ArrowArray *a = finish(&r, &lot);
  expect_text(a->children[0], 0, "gr\xc3\xbc\xc3\x9f");
  expect_text(a->children[0], 1, NULL);
  frl_lot_unref(lot);
  rig_deinit(&r);
}

static void a_lot_is_full_by_rows_or_bytes(void **state) {
  (void)state;
  rig r;
  frl_lot *lot;
  assert_int_equal(
      rig_init(&r, NULL, (frl_intake_options){.columns = ALL, .max_rows = 1}), FRL_OK);
  assert_int_equal(feed(&r, &FIRST), FRL_OK);
  assert_true(r.intake.full);
  assert_int_equal(feed(&r, &SECOND), FRL_E_STATE);
  (void)finish(&r, &lot);
  frl_lot_unref(lot);
  assert_int_equal(feed(&r, &SECOND), FRL_OK);
  rig_deinit(&r);
  assert_int_equal(
      rig_init(&r, NULL, (frl_intake_options){.columns = ALL, .max_bytes = 50}),
      FRL_OK);
  assert_int_equal(feed(&r, &SECOND), FRL_OK);
  assert_false(r.intake.full);
  assert_int_equal(feed(&r, &FIRST), FRL_OK);
  assert_true(r.intake.full);
  rig_deinit(&r);
}

static void a_held_id_adds_no_row(void **state) {
  (void)state;
  rig r;
  assert_int_equal(rig_init(&r, NULL, (frl_intake_options){.columns = ALL}), FRL_OK);
  assert_int_equal(feed(&r, &FIRST), FRL_OK);
  assert_int_equal(feed(&r, &FIRST), FRL_OK); /* in the lot that is built */
  frl_lot *lot;
  assert_int_equal(finish(&r, &lot)->length, 1);
  received again = FIRST;
  again.ack_id = "newer";
  assert_int_equal(feed(&r, &again), FRL_OK); /* in a finished one */
  assert_int_equal(frl_intake_rows(&r.intake), 0);
  const frl_cursor ack = frl_lot_ack_id(lot, 0);
  assert_int_equal(frl_cursor_left(&ack), 5);
  assert_memory_equal(ack.pos, "newer", 5);
  assert_int_equal(r.intake.messages, 1);
  frl_lot *none;
  assert_int_equal(frl_intake_finish(&r.intake, &none), FRL_END);
  frl_lot_unref(lot);
  rig_deinit(&r);
}

static void what_was_published_before_the_cutoff_is_noticed(void **state) {
  (void)state;
  rig r;
  const frl_intake_options options = {
      .columns = FRL_PUBSUB_PAYLOAD, .cutoff_us = 1700000000000000};
  assert_int_equal(rig_init(&r, NULL, options), FRL_OK);
  assert_int_equal(feed(&r, &FIRST), FRL_OK);
  assert_int_equal(r.intake.last_old_ms, -1);
  assert_int_equal(feed(&r, &SECOND), FRL_OK);
  assert_int_equal(r.intake.last_old_ms, NOW_MS);
  rig_deinit(&r);
}

static void counted_deliveries_are_noticed(void **state) {
  (void)state;
  rig r;
  assert_int_equal(rig_init(&r, NULL, (frl_intake_options){.columns = ALL}), FRL_OK);
  assert_int_equal(feed(&r, &FIRST), FRL_OK);
  assert_false(r.intake.seen_attempts);
  received counted = SECOND;
  counted.attempt = 1;
  assert_int_equal(feed(&r, &counted), FRL_OK);
  assert_true(r.intake.seen_attempts);
  rig_deinit(&r);
}

static void every_prefix_is_refused_or_read_and_leaves_whole_rows(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 4096);
  received_encode(&b, &FIRST);
  for (size_t n = 0; n < b.len; n++) {
    rig r;
    assert_int_equal(rig_init(&r, NULL, (frl_intake_options){.columns = ALL}), FRL_OK);
    uint8_t *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, b.data, n);
    const frl_status st =
        frl_intake_message(&r.intake, frl_cursor_of(exact, n), NOW_MS);
    free(exact);
    if (st != FRL_OK) {
      assert_true(st == FRL_E_TRUNCATED || st == FRL_E_MALFORMED);
      assert_int_equal(frl_intake_rows(&r.intake), 0);
      assert_int_equal(r.leases.ids.len, 0);
    }
    /* whatever came before, the next message is whole */
    assert_int_equal(feed(&r, &SECOND), FRL_OK);
    frl_lot *lot;
    const struct ArrowArray *a = finish(&r, &lot);
    expect_text(a->children[0], a->length - 1, "1002");
    frl_lot_unref(lot);
    rig_deinit(&r);
  }
  frl_buf_deinit(&b);
}

static frl_status scenario(const frl_mem *mem) {
  rig r;
  frl_status st = rig_init(&r, mem, (frl_intake_options){.columns = ALL});
  for (int i = 0; st == FRL_OK && i < 300; i++) {
    char id[16];
    (void)snprintf(id, sizeof id, "m%d", i % 200);
    received m = FIRST;
    m.id = id;
    m.key = i % 3 ? "k" : NULL;
    st = feed(&r, &m);
  }
  frl_lot *lot = NULL;
  if (st == FRL_OK) st = frl_intake_finish(&r.intake, &lot);
  if (st == FRL_OK) assert_int_equal(lot->n_rows, 200);
  frl_lot_unref(lot);
  rig_deinit(&r);
  return st;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  failing_mem f;
  size_t n = 0;
  for (;; n++) {
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    const frl_status st = scenario(&mem);
    assert_int_equal(f.live, 0);
    if (f.refused == 0) break;
    assert_int_equal(st, FRL_E_NOMEM);
  }
  assert_true(n > 20);
}

static frl_status on_field(void *ctx, const frl_wire_field *field) {
  rig *r = ctx;
  assert_int_equal(field->number, 1);
  return frl_intake_message(&r->intake, field->bytes, NOW_MS);
}

static void a_response_may_come_in_chunks_of_any_size(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 4096);
  received_respond(&b, &FIRST);
  received_respond(&b, &SECOND);
  for (size_t step = 1; step <= b.len; step++) {
    rig r;
    assert_int_equal(rig_init(&r, NULL, (frl_intake_options){.columns = ALL}), FRL_OK);
    frl_walk walk;
    frl_walk_init(&walk, NULL, 1 << 20, on_field, &r);
    for (size_t at = 0; at < b.len; at += step) {
      const size_t n = b.len - at < step ? b.len - at : step;
      assert_int_equal(frl_walk_feed(&walk, b.data + at, n), FRL_OK);
    }
    assert_int_equal(frl_walk_end(&walk), FRL_OK);
    frl_lot *lot;
    const struct ArrowArray *a = finish(&r, &lot);
    assert_int_equal(a->length, 2);
    expect_text(a->children[2], 0, "hello");
    expect_text(a->children[5], 1, "a2");
    frl_lot_unref(lot);
    frl_walk_deinit(&walk);
    rig_deinit(&r);
  }
  frl_buf_deinit(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_column_gets_its_field),
      cmocka_unit_test(only_the_columns_asked_for_are_built),
      cmocka_unit_test(a_payload_that_is_no_text_is_null_and_counted),
      cmocka_unit_test(a_lot_is_full_by_rows_or_bytes),
      cmocka_unit_test(a_held_id_adds_no_row),
      cmocka_unit_test(what_was_published_before_the_cutoff_is_noticed),
      cmocka_unit_test(counted_deliveries_are_noticed),
      cmocka_unit_test(every_prefix_is_refused_or_read_and_leaves_whole_rows),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(a_response_may_come_in_chunks_of_any_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
