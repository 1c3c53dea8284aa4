/** Many rows at once, against the same rows one by one. */
#include <ferrule/kernel_host.h>
#include <string.h>

#include "declared.h"
#include "support/cmocka_c.h"

static void write_rows(struct ArrowArray *out, int n, int null_every) {
  test_struct_writer w;
  assert_int_equal(test_struct_writer_init(&w), 0);
  for (int i = 0; i < n; i++) {
    test_struct row;
    memset(&row, 0, sizeof row);
    row.col.data = "abcdefghij";
    row.col.size = i % 10;
    row.int_col = i;
    row.is_null.col = null_every && i % null_every == 0;
    row.is_null.int_col = null_every && i % null_every == 1;
    assert_int_equal(test_struct_writer_add(&w, &row), 0);
  }
  assert_int_equal(test_struct_writer_finish(&w, out), 0);
  test_struct_writer_deinit(&w);
}

/** Copies the reader's rows in bulk, behind what the writer has. */
static void copy_in_bulk(test_struct_reader *r, test_struct_writer *w) {
  uint8_t *bytes = NULL;
  void *values = NULL;
  const frl_string from = frl_all_bytes(r->col.col);
  assert_int_equal(frl_put_as_long_as(w->col.col, r->col.col, &bytes), 0);
  if (from.size) memcpy(bytes, from.data, (size_t)from.size);
  assert_int_equal(frl_null_as(w->col.col, r->col.col), 0);
  assert_int_equal(frl_put_fixed(w->col.int_col, r->rows, &values), 0);
  for (int64_t i = 0; i < r->rows; i++) {
    const int64_t number = frl_get_i64(r->col.int_col, i);
    memcpy((char *)values + 8 * i, &number, 8);
  }
  assert_int_equal(frl_null_as(w->col.int_col, r->col.int_col), 0);
}

static void check_copies(int n, int null_every, int64_t offset) {
  struct ArrowArray in;
  struct ArrowArray out;
  struct ArrowSchema schema;
  test_struct_reader r;
  test_struct_writer w;
  enum { TIMES = 3 };
  write_rows(&in, n, null_every);
  in.offset = offset;
  in.length = n - offset;
  assert_int_equal(test_struct_reader_init(&r), 0);
  assert_int_equal(test_struct_writer_init(&w), 0);
  assert_int_equal(test_struct_reader_bind(&r, &in), 0);
  for (int i = 0; i < TIMES; i++) copy_in_bulk(&r, &w);
  assert_int_equal(test_struct_writer_finish(&w, &out), 0);
  assert_int_equal(test_struct_schema(&schema), 0);
  assert_int_equal(frl_kernel_check(&schema, &out, 0, NULL, NULL), FRL_OK);
  test_struct_reader got;
  assert_int_equal(test_struct_reader_init(&got), 0);
  assert_int_equal(test_struct_reader_bind(&got, &out), 0);
  assert_int_equal(got.rows, TIMES * r.rows);
  int64_t nulls = 0;
  for (int64_t i = 0; i < got.rows; i++) {
    test_struct a;
    test_struct b;
    assert_int_equal(test_struct_reader_get(&r, i % r.rows, &a), 0);
    assert_int_equal(test_struct_reader_get(&got, i, &b), 0);
    assert_int_equal(a.is_null.col, b.is_null.col);
    assert_int_equal(a.is_null.int_col, b.is_null.int_col);
    assert_true(frl_string_equal(a.col, b.col));
    assert_int_equal(a.int_col, b.int_col);
    nulls += b.is_null.col;
  }
  assert_int_equal(out.children[0]->null_count, nulls);
  test_struct_reader_deinit(&got);
  test_struct_reader_deinit(&r);
  test_struct_writer_deinit(&w);
  frl_array_release(&in);
  frl_array_release(&out);
  frl_schema_release(&schema);
}

static void bulk_rows_are_rows(void **state) {
  (void)state;
  const int sizes[] = {1, 7, 8, 9, 100, 5000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (int every = 0; every < 4; every++) {
      check_copies(sizes[i], every, 0);
      if (sizes[i] > 3) check_copies(sizes[i], every, 3);
    }
  }
}

static void nothing_is_bulk_too(void **state) {
  (void)state;
  struct ArrowArray in;
  struct ArrowArray out;
  test_struct_reader r;
  test_struct_writer w;
  write_rows(&in, 0, 0);
  assert_int_equal(test_struct_reader_init(&r), 0);
  assert_int_equal(test_struct_writer_init(&w), 0);
  assert_int_equal(test_struct_reader_bind(&r, &in), 0);
  copy_in_bulk(&r, &w);
  assert_int_equal(test_struct_writer_finish(&w, &out), 0);
  assert_int_equal(out.length, 0);
  test_struct_reader_deinit(&r);
  test_struct_writer_deinit(&w);
  frl_array_release(&in);
  frl_array_release(&out);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  plain_writer w;
  void *space = NULL;
  assert_int_equal(plain_writer_init(&w), 0);
  assert_int_equal(frl_put_fixed(w.col.flag, 8, &space), EINVAL); /* bits */
  assert_int_equal(frl_put_fixed(w.col.tiny, -1, &space), EINVAL);
  assert_int_equal(frl_put_fixed(w.col.tiny, INT64_MAX, &space), EOVERFLOW);
  assert_int_equal(frl_put_i16(w.col.small, 1), 0);
  const uint8_t none = 0;
  const frl_column nulls = {.validity = &none, .rows = 1};
  assert_int_equal(frl_null_as(w.col.small, &nulls), EINVAL); /* NOT NULL */
  assert_int_equal(frl_null_as(w.col.tiny, &nulls), EINVAL);  /* no row */
  plain_writer_deinit(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bulk_rows_are_rows),
      cmocka_unit_test(nothing_is_bulk_too),
      cmocka_unit_test(what_cannot_be_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
