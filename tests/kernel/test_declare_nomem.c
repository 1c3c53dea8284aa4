/** Declared rows where memory runs out: every n-th allocation of the header refused. */
#include <stdlib.h>

static long grants; /* left; below 0: no end */
static long live;

static int granted(void) {
  if (grants == 0) return 0;
  if (grants > 0) grants--;
  return 1;
}

static void *counted_malloc(size_t n) {
  void *made = granted() ? malloc(n) : NULL;
  live += made != NULL;
  return made;
}

static void *counted_calloc(size_t n, size_t size) {
  void *made = granted() ? calloc(n, size) : NULL;
  live += made != NULL;
  return made;
}

static void *counted_realloc(void *old, size_t n) {
  void *made = granted() ? realloc(old, n) : NULL;
  live += made != NULL && !old;
  return made;
}

static void counted_free(void *old) {
  live -= old != NULL;
  free(old);
}

/* the header is compiled into its user: so are these */
#define malloc counted_malloc
#define calloc counted_calloc
#define realloc counted_realloc
#define free counted_free
#include "declared.h"

static int echo(const nested *in, nested *out, frl_kernel_error *error) {
  (void)error;
  *out = *in;
  return 0;
}
FRL_MAP_KERNEL(echo_nested, nested, nested, echo, "Rows as they are.")
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "support/cmocka_c.h"

/** A row that has something of everything, in this function's memory. */
static void fill(nested *row) {
  static const int64_t ints[] = {1, 2, 3};
  static const bool nulls[] = {false, true, false};
  static const frl_string texts[] = {{"a", 1}, {"bc", 2}, {"", 0}};
  static const numbers lists[] = {{ints, nulls, 3}, {ints, NULL, 1}};
  static const bool bits[] = {true, false, true};
  static point points[2];
  static track tracks_of[] = {{points, NULL, 2}, {points, NULL, 1}};
  static const int32_t keys[] = {7, 8};
  static tracks maps[] = {{points, tracks_of, NULL, 2}, {points, tracks_of, NULL, 1}};
  memset(row, 0, sizeof *row);
  points[0].lat = 1;
  points[1].is_null.lon = true;
  row->numbers_col = lists[0];
  row->words_col.items = texts;
  row->words_col.n = 3;
  row->grid_col.items = lists;
  row->grid_col.n = 2;
  row->flags_col.items = bits;
  row->flags_col.is_null = nulls;
  row->flags_col.n = 3;
  row->track_col = tracks_of[0];
  row->counts_col.keys = texts;
  row->counts_col.values = ints;
  row->counts_col.is_null = nulls;
  row->counts_col.n = 3;
  row->deep_col.keys = keys;
  row->deep_col.values = maps;
  row->deep_col.n = 2;
  row->is_null.inner_col = true;
}

static int write_batch(struct ArrowArray *out, int64_t *written) {
  nested_writer w;
  nested row;
  fill(&row);
  int rc = nested_writer_init(&w);
  if (rc) return rc;
  for (int i = 0; i < 3 && rc == 0; i++) {
    rc = nested_writer_add(&w, &row);
    *written = nested_writer_rows(&w);
    /* all columns as long as each other, whatever was refused */
    assert_int_equal(w.root.children[8].rows, *written);
  }
  if (rc == 0) rc = nested_writer_finish(&w, out);
  nested_writer_deinit(&w);
  return rc;
}

static int read_batch(const struct ArrowArray *batch) {
  nested_reader r;
  nested row;
  int rc = nested_reader_init(&r);
  if (rc) return rc;
  assert_int_equal(nested_reader_bind(&r, batch), 0);
  for (int64_t i = 0; i < r.rows && rc == 0; i++) {
    rc = nested_reader_get(&r, i, &row);
    if (rc == 0) assert_int_equal(row.deep_col.values[1].values[0].n, 2);
  }
  nested_reader_deinit(&r);
  return rc;
}

static int rows_scenario(void) {
  struct ArrowArray batch;
  int64_t written = 0;
  int rc = write_batch(&batch, &written);
  if (rc) return rc;
  assert_int_equal(written, 3);
  rc = read_batch(&batch);
  batch.release(&batch);
  return rc;
}

static int schema_scenario(void) {
  struct ArrowSchema schema;
  int rc = nested_schema(&schema);
  if (rc) return rc;
  schema.release(&schema);
  rc = plain_schema(&schema);
  if (rc == 0) schema.release(&schema);
  return rc;
}

static int kernel_scenario(void) {
  frl_kernel_instance instance;
  frl_kernel_error error = {-1, ""};
  struct ArrowArray batch;
  struct ArrowArray out;
  int64_t written = 0;
  const frl_kernel_def *def = &echo_nested_kernel;
  int rc = write_batch(&batch, &written);
  if (rc) return rc;
  rc = def->create(def, NULL, 0, &instance, &error);
  if (rc) {
    batch.release(&batch);
    assert_string_equal(error.message, "out of memory");
    return rc;
  }
  rc = instance.push(&instance, 0, &batch, &error);
  assert_null(batch.release);
  out.release = NULL;
  if (rc == 0) rc = instance.next(&instance, &out, &error);
  if (out.release) out.release(&out);
  instance.release(&instance);
  return rc;
}

static void until_it_succeeds(int (*scenario)(void)) {
  for (long n = 0;; n++) {
    assert_in_range(n, 0, 100000);
    grants = n;
    const int rc = scenario();
    assert_int_equal(live, 0);
    if (rc == 0) break;
    assert_int_equal(rc, ENOMEM);
  }
  grants = -1;
}

static void rows_survive_it(void **state) {
  (void)state;
  until_it_succeeds(rows_scenario);
}

static void schemas_survive_it(void **state) {
  (void)state;
  until_it_succeeds(schema_scenario);
}

static void kernels_survive_it(void **state) {
  (void)state;
  until_it_succeeds(kernel_scenario);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_survive_it),
      cmocka_unit_test(schemas_survive_it),
      cmocka_unit_test(kernels_survive_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
