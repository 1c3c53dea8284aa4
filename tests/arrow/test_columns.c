/** Column builders: what is appended comes out, what fails changes nothing. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>

#include "arrow/columns.h"
#include "stingy_mem.h"

static void schema_keep(struct ArrowSchema *schema) { schema->release = NULL; }

/** The columns of a Pub/Sub message, plus one of each other kind. */
typedef struct message_schema {
  struct ArrowSchema root;
  struct ArrowSchema fields[7];
  struct ArrowSchema *field_ptrs[7];
  struct ArrowSchema entries;
  struct ArrowSchema *entries_ptr;
  struct ArrowSchema pair[2];
  struct ArrowSchema *pair_ptrs[2];
} message_schema;

static struct ArrowSchema field(const char *name, const char *format, bool nullable) {
  return (struct ArrowSchema){.format = format,
      .name = name,
      .flags = nullable ? ARROW_FLAG_NULLABLE : 0,
      .release = schema_keep};
}

enum { ID, TIME, PAYLOAD, ATTRIBUTES, FLAG, COUNT, KEY, N_FIELDS };

static void message_schema_init(message_schema *s) {
  s->fields[ID] = field("message_id", "u", false);
  s->fields[TIME] = field("publish_time", "tsu:UTC", false);
  s->fields[PAYLOAD] = field("payload", "z", true);
  s->fields[ATTRIBUTES] = field("attributes", "+m", true);
  s->fields[FLAG] = field("flag", "b", true);
  s->fields[COUNT] = field("count", "i", true);
  s->fields[KEY] = field("ordering_key", "u", true);
  s->pair[0] = field("key", "u", false);
  s->pair[1] = field("value", "u", true);
  for (int i = 0; i < 2; i++) s->pair_ptrs[i] = &s->pair[i];
  s->entries = field("entries", "+s", false);
  s->entries.n_children = 2;
  s->entries.children = s->pair_ptrs;
  s->entries_ptr = &s->entries;
  s->fields[ATTRIBUTES].n_children = 1;
  s->fields[ATTRIBUTES].children = &s->entries_ptr;
  for (int i = 0; i < N_FIELDS; i++) s->field_ptrs[i] = &s->fields[i];
  s->root = field("", "+s", false);
  s->root.n_children = N_FIELDS;
  s->root.children = s->field_ptrs;
}

typedef struct fixture {
  message_schema schema;
  frl_pool *pool;
  frl_columns *columns;
} fixture;

static frl_status open_with(fixture *f, const frl_mem *mem, size_t max_bytes) {
  message_schema_init(&f->schema);
  frl_status st = frl_pool_create(&f->pool, mem, 1 << 20, NULL);
  if (st != FRL_OK) return st;
  return frl_columns_create(&f->columns, &f->schema.root,
      &(frl_columns_options){.struct_size = sizeof(frl_columns_options),
          .pool = f->pool,
          .max_column_bytes = max_bytes,
          .first_rows = 4},
      NULL);
}

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  *state = f;
  return f && open_with(f, NULL, 0) == FRL_OK ? 0 : -1;
}

static int teardown(void **state) {
  fixture *f = *state;
  frl_columns_destroy(f->columns);
  assert_int_equal(frl_pool_used_bytes(f->pool), 0);
  frl_pool_unref(f->pool);
  free(f);
  return 0;
}

/** Row i: what its values are follows from i, with a null now and then. */
static frl_status append_row(frl_columns *all, int i) {
  char text[32];
  const size_t n = (size_t)snprintf(text, sizeof text, "message-%d", i);
  frl_status st = frl_col_append_bytes(frl_columns_at(all, ID), text, n);
  if (st == FRL_OK) st = frl_col_append_i64(frl_columns_at(all, TIME), i * 1000LL);
  frl_col *payload = frl_columns_at(all, PAYLOAD);
  for (int k = 0; st == FRL_OK && k < i % 4; k++) {
    st = frl_col_extend_bytes(payload, text, n);
  }
  if (st == FRL_OK) st = frl_col_end_bytes(payload);
  frl_col *attributes = frl_columns_at(all, ATTRIBUTES);
  for (int k = 0; st == FRL_OK && k < i % 3; k++) {
    st = frl_col_map_put(attributes, "k", 1, text, n);
  }
  if (st == FRL_OK && i % 5) st = frl_col_end_list(attributes);
  if (st == FRL_OK) st = frl_col_append_bool(frl_columns_at(all, FLAG), i % 2 != 0);
  if (st == FRL_OK && i % 7) st = frl_col_append_i32(frl_columns_at(all, COUNT), i);
  if (st == FRL_OK) st = frl_columns_end_row(all);
  return st;
}

static bool valid_at(const struct ArrowArray *a, int64_t row) {
  const uint8_t *bits = a->buffers[0];
  return !bits || (bits[row / 8] >> (row % 8) & 1);
}

static void check_text(
    const struct ArrowArray *a, int64_t row, const char *want, size_t repeat) {
  const int32_t *offsets = a->buffers[1];
  const char *values = a->buffers[2];
  const size_t n = strlen(want);
  assert_int_equal(offsets[row + 1] - offsets[row], (int64_t)(n * repeat));
  for (size_t k = 0; k < repeat; k++) {
    assert_memory_equal(values + offsets[row] + k * n, want, n);
  }
}

static void check_row(const struct ArrowArray *batch, int64_t row, int i) {
  char text[32];
  (void)snprintf(text, sizeof text, "message-%d", i);
  struct ArrowArray **c = batch->children;
  check_text(c[ID], row, text, 1);
  assert_int_equal(((const int64_t *)c[TIME]->buffers[1])[row], i * 1000LL);
  check_text(c[PAYLOAD], row, text, (size_t)(i % 4));
  const int32_t *maps = c[ATTRIBUTES]->buffers[1];
  assert_int_equal(valid_at(c[ATTRIBUTES], row), i % 5 != 0);
  assert_int_equal(maps[row + 1] - maps[row], i % 5 ? i % 3 : 0);
  const struct ArrowArray *entries = c[ATTRIBUTES]->children[0];
  for (int32_t e = maps[row]; e < maps[row + 1]; e++) {
    check_text(entries->children[0], e, "k", 1);
    check_text(entries->children[1], e, text, 1);
  }
  const uint8_t *flags = c[FLAG]->buffers[1];
  assert_int_equal(flags[row / 8] >> (row % 8) & 1, i % 2);
  assert_int_equal(valid_at(c[COUNT], row), i % 7 != 0);
  assert_int_equal(((const int32_t *)c[COUNT]->buffers[1])[row], i % 7 ? i : 0);
  assert_false(valid_at(c[KEY], row));
}

static void rows_come_out_as_appended(void **state) {
  fixture *f = *state;
  for (int round = 0; round < 3; round++) { /* later rounds reuse dirty buffers */
    for (int i = 0; i < 5000; i++) assert_int_equal(append_row(f->columns, i), FRL_OK);
    assert_int_equal(frl_columns_rows(f->columns), 5000);
    assert_true(
        frl_columns_filled_bytes(f->columns) <= frl_columns_held_bytes(f->columns));
    struct ArrowArray batch;
    assert_int_equal(frl_columns_finish(f->columns, &batch, NULL), FRL_OK);
    assert_int_equal(frl_columns_rows(f->columns), 0);
    assert_int_equal(batch.length, 5000);
    assert_int_equal(batch.children[ATTRIBUTES]->null_count, 1000);
    assert_int_equal(batch.children[KEY]->null_count, 5000);
    for (int i = 0; i < 5000; i++) check_row(&batch, i, i);
    for (int i = 0; i < N_FIELDS; i++) {
      const struct ArrowArray *c = batch.children[i];
      for (int64_t b = 0; b < c->n_buffers; b++) {
        assert_int_equal((uintptr_t)c->buffers[b] % 64, 0);
      }
    }
    batch.release(&batch);
  }
}

static void finish_without_rows_is_a_valid_batch(void **state) {
  fixture *f = *state;
  struct ArrowArray batch;
  assert_int_equal(frl_columns_finish(f->columns, &batch, NULL), FRL_OK);
  assert_int_equal(batch.length, 0);
  assert_int_equal(((const int32_t *)batch.children[ID]->buffers[1])[0], 0);
  batch.release(&batch);
}

static void dropped_row_leaves_no_trace(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 100; i++) {
    assert_int_equal(append_row(f->columns, i), FRL_OK);
    /* half a row, different in its extent each time */
    frl_col *c = frl_columns_at(f->columns, ATTRIBUTES);
    assert_int_equal(frl_col_map_put(c, "lost", 4, "lost", 4), FRL_OK);
    if (i % 2) assert_int_equal(frl_col_end_list(c), FRL_OK);
    c = frl_columns_at(f->columns, PAYLOAD);
    assert_int_equal(frl_col_extend_bytes(c, "lost", 4), FRL_OK);
    if (i % 3) assert_int_equal(frl_col_end_bytes(c), FRL_OK);
    c = frl_columns_at(f->columns, FLAG);
    if (i % 4) assert_int_equal(frl_col_append_bool(c, true), FRL_OK);
    c = frl_columns_at(f->columns, COUNT);
    if (i % 5) assert_int_equal(frl_col_append_null(c), FRL_OK);
    frl_columns_drop_row(f->columns);
  }
  struct ArrowArray batch;
  assert_int_equal(frl_columns_finish(f->columns, &batch, NULL), FRL_OK);
  assert_int_equal(batch.children[COUNT]->null_count, 15);
  for (int i = 0; i < 100; i++) check_row(&batch, i, i);
  batch.release(&batch);
}

/* Row i is null but for every fifth; some nulls end a value that was begun. */
static void append_sparse(frl_col *c, int i) {
  if (i % 5 == 0) {
    assert_int_equal(frl_col_append_bytes(c, "text", 4), FRL_OK);
    return;
  }
  if (i % 3 == 0) assert_int_equal(frl_col_extend_bytes(c, "lost", 4), FRL_OK);
  assert_int_equal(frl_col_append_null(c), FRL_OK);
}

static void null_texts_take_no_bytes(void **state) {
  fixture *f = *state;
  frl_col *c = frl_columns_at(f->columns, PAYLOAD);
  for (int i = 0; i < 100; i++) append_sparse(c, i);
  frl_col_truncate(c, 37); /* inside a byte of the bitmap */
  assert_int_equal(c->nulls, 29);
  for (int i = 37; i < 100; i++) append_sparse(c, i);
  assert_int_equal(c->rows, 100);
  assert_int_equal(c->nulls, 80);
  assert_int_equal(c->used_bytes, 20 * 4);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(c->validity[i / 8] >> (i % 8) & 1, i % 5 == 0);
    assert_int_equal(c->offsets[i + 1] - c->offsets[i], i % 5 == 0 ? 4 : 0);
  }
  frl_col_truncate(c, 0);
}

static void truncate_keeps_the_first_rows(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 100; i++) assert_int_equal(append_row(f->columns, i), FRL_OK);
  frl_columns_truncate(f->columns, 33);
  for (int i = 33; i < 70; i++) assert_int_equal(append_row(f->columns, i), FRL_OK);
  struct ArrowArray batch;
  assert_int_equal(frl_columns_finish(f->columns, &batch, NULL), FRL_OK);
  assert_int_equal(batch.length, 70);
  assert_int_equal(batch.children[COUNT]->null_count, 10);
  for (int i = 0; i < 70; i++) check_row(&batch, i, i);
  batch.release(&batch);
}

static void required_column_without_value_fails(void **state) {
  fixture *f = *state;
  assert_int_equal(frl_columns_end_row(f->columns), FRL_E_INVALID);
  frl_columns_drop_row(f->columns);
  assert_int_equal(frl_columns_rows(f->columns), 0);
  assert_int_equal(frl_col_append_null(frl_columns_at(f->columns, ID)), FRL_E_INVALID);
}

static void ceiling_is_a_limit_not_an_overflow(void **state) {
  (void)state;
  fixture f = {0};
  assert_int_equal(open_with(&f, NULL, 100), FRL_OK);
  frl_col *c = frl_columns_at(f.columns, PAYLOAD);
  char text[101] = {0};
  assert_int_equal(frl_col_append_bytes(c, text, 101), FRL_E_LIMIT);
  assert_int_equal(frl_col_append_bytes(c, text, 60), FRL_OK);
  assert_int_equal(frl_col_append_bytes(c, text, 41), FRL_E_LIMIT);
  assert_int_equal(frl_col_append_bytes(c, text, 40), FRL_OK);
  assert_int_equal(frl_col_extend_bytes(c, text, 1), FRL_E_LIMIT);
  assert_int_equal(c->rows, 2);
  frl_columns_destroy(f.columns);
  frl_pool_unref(f.pool);
}

static void rows_are_bounded_too(void **state) {
  fixture *f = *state;
  frl_columns *columns;
  frl_columns_options options = {.pool = f->pool, .max_rows = 3};
  assert_int_equal(
      frl_columns_create(&columns, &f->schema.root, &options, NULL), FRL_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(append_row(columns, i), FRL_OK);
  assert_int_equal(append_row(columns, 3), FRL_E_LIMIT);
  frl_columns_drop_row(columns);
  struct ArrowArray batch;
  assert_int_equal(frl_columns_finish(columns, &batch, NULL), FRL_OK);
  for (int i = 0; i < 3; i++) check_row(&batch, i, i);
  batch.release(&batch);
  assert_int_equal(append_row(columns, 3), FRL_OK); /* there is room again */
  frl_columns_destroy(columns);
  options.max_rows = INT32_MAX;
  assert_int_equal(
      frl_columns_create(&columns, &f->schema.root, &options, NULL), FRL_E_INVALID);
}

static void children_outlive_their_parent(void **state) {
  (void)state;
  fixture f = {0};
  assert_int_equal(open_with(&f, NULL, 0), FRL_OK);
  for (int i = 0; i < 10; i++) assert_int_equal(append_row(f.columns, i), FRL_OK);
  struct ArrowArray batch;
  assert_int_equal(frl_columns_finish(f.columns, &batch, NULL), FRL_OK);
  frl_columns_destroy(f.columns);
  frl_pool_unref(f.pool); /* the array keeps it */
  struct ArrowArray child = *batch.children[ID];
  batch.children[ID]->release = NULL;
  batch.release(&batch);
  check_text(&child, 7, "message-7", 1);
  child.release(&child);
}

static bool run_with(long grants) {
  stingy s = {.grants = grants};
  const frl_mem mem = stingy_mem(&s);
  fixture f = {0};
  struct ArrowArray batch = {0};
  frl_status st = open_with(&f, &mem, 0);
  for (int i = 0; st == FRL_OK && i < 3000; i++) {
    st = append_row(f.columns, i);
    if (st == FRL_OK) continue;
    frl_columns_drop_row(f.columns);
    assert_int_equal(frl_columns_rows(f.columns), i);
  }
  if (st == FRL_OK) st = frl_columns_finish(f.columns, &batch, NULL);
  for (int i = 0; st == FRL_OK && i < 3000; i++) check_row(&batch, i, i);
  frl_array_release(&batch);
  frl_columns_destroy(f.columns);
  frl_pool_unref(f.pool);
  assert_true(st == FRL_OK || st == FRL_E_NOMEM);
  assert_int_equal(s.live, 0);
  return st == FRL_OK;
}

static void every_failing_allocation_is_survived(void **state) {
  (void)state;
  long n = 0;
  while (!run_with(n)) n++;
  assert_true(n > 10);
}

static void unbuildable_types_are_refused_by_name(void **state) {
  fixture *f = *state;
  static const char *const formats[] = {"U", "+L", "+w:3", "vu", "+us:0,1", "nonsense"};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    f->schema.fields[COUNT].format = formats[i];
    frl_columns *columns;
    frl_error err;
    const frl_status st = frl_columns_create(
        &columns, &f->schema.root, &(frl_columns_options){.pool = f->pool}, &err);
    assert_true(st == FRL_E_UNSUPPORTED || st == FRL_E_INVALID);
    assert_null(columns);
    assert_non_null(strstr(err.message, "\"count\""));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(rows_come_out_as_appended, setup, teardown),
      cmocka_unit_test_setup_teardown(
          finish_without_rows_is_a_valid_batch, setup, teardown),
      cmocka_unit_test_setup_teardown(dropped_row_leaves_no_trace, setup, teardown),
      cmocka_unit_test_setup_teardown(null_texts_take_no_bytes, setup, teardown),
      cmocka_unit_test_setup_teardown(truncate_keeps_the_first_rows, setup, teardown),
      cmocka_unit_test_setup_teardown(
          required_column_without_value_fails, setup, teardown),
      cmocka_unit_test(ceiling_is_a_limit_not_an_overflow),
      cmocka_unit_test_setup_teardown(rows_are_bounded_too, setup, teardown),
      cmocka_unit_test(children_outlive_their_parent),
      cmocka_unit_test(every_failing_allocation_is_survived),
      cmocka_unit_test_setup_teardown(
          unbuildable_types_are_refused_by_name, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
