/** Running kernels: batches in and out, state, options, failures, what stays alive. */
#include <ferrule/kernel_host.h>
#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "declared.h"
#include "sample_kernels.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

/** Rows with int_col from first on, col their number as a text. */
static void make_batch(struct ArrowArray *out, int64_t first, int64_t n) {
  test_struct_writer w;
  assert_int_equal(test_struct_writer_init(&w), 0);
  for (int64_t i = first; i < first + n; i++) {
    char text[32];
    test_struct row;
    memset(&row, 0, sizeof row);
    (void)snprintf(text, sizeof text, "%lld", (long long)i);
    row.col = frl_string_of(text);
    row.int_col = i;
    assert_int_equal(test_struct_writer_add(&w, &row), 0);
  }
  assert_int_equal(test_struct_writer_finish(&w, out), 0);
  test_struct_writer_deinit(&w);
}

static frl_kernel_run *start(
    const frl_kernel_def *def, const frl_kernel_option *options, size_t n_options) {
  frl_error err = {0};
  frl_kernel *k;
  frl_kernel_run *run;
  assert_int_equal(frl_kernel_from_def(&k, def, NULL, &err), FRL_OK);
  const frl_status st = frl_kernel_run_create(&run, k, options, n_options, NULL, &err);
  if (st != FRL_OK) print_message("%s\n", err.message);
  assert_int_equal(st, FRL_OK);
  frl_kernel_unref(k); /* the run holds it */
  return run;
}

static void assert_nothing_lives(void) {
  frl_kernel_live live;
  frl_kernel_count_live(&live);
  assert_int_equal(live.kernels, 0);
  assert_int_equal(live.runs, 0);
  assert_int_equal(live.batches_in, 0);
  assert_int_equal(live.batches_out, 0);
}

/** All that waits; gives the rows and the sum of int_col. */
static int64_t drain(frl_kernel_run *run, int64_t *sum, frl_status end) {
  int64_t rows = 0;
  test_struct_reader r;
  assert_int_equal(test_struct_reader_init(&r), 0);
  for (;;) {
    struct ArrowArray out;
    frl_error err = {0};
    const frl_status st = frl_kernel_run_next(run, &out, &err);
    if (st != FRL_OK) {
      if (st != end) print_message("%s\n", err.message);
      assert_int_equal(st, end);
      break;
    }
    assert_int_equal(test_struct_reader_bind(&r, &out), 0);
    for (int64_t i = 0; i < r.rows; i++) *sum += frl_get_i64(r.col.int_col, i);
    rows += r.rows;
    frl_array_release(&out);
  }
  test_struct_reader_deinit(&r);
  return rows;
}

static void a_map_gives_a_row_for_a_row(void **state) {
  (void)state;
  frl_kernel_run *run = start(&sample_echo, NULL, 0);
  int64_t sum = 0;
  int64_t rows = 0;
  for (int i = 0; i < 3; i++) {
    struct ArrowArray in;
    make_batch(&in, 10 * i, 10);
    assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
    assert_null(in.release);
    rows += drain(run, &sum, FRL_NEED_MORE);
  }
  assert_int_equal(frl_kernel_run_finish(run, NULL), FRL_OK);
  assert_int_equal(drain(run, &sum, FRL_END), 0);
  assert_int_equal(rows, 30);
  assert_int_equal(sum, 30 * 29 / 2);
  frl_kernel_stats stats;
  frl_kernel_run_stats(run, &stats);
  assert_int_equal(stats.rows_in, 30);
  assert_int_equal(stats.rows_out, 30);
  assert_int_equal(stats.batches_in, 3);
  assert_int_equal(stats.batches_out, 3);
  frl_kernel_run_destroy(run);
  assert_nothing_lives();
}

/** 200 rows of up to 2000 copies come in more than one batch, each bounded. */
static void much_output_comes_in_several_batches(void **state) {
  (void)state;
  frl_kernel_run *run = start(&sample_repeat, NULL, 0);
  struct ArrowArray in;
  make_batch(&in, 0, 2000);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
  int batches = 0;
  int64_t rows = 0;
  struct ArrowArray out;
  while (frl_kernel_run_next(run, &out, NULL) == FRL_OK) {
    assert_in_range(out.length, 1, 65536 + 256 * 2000);
    rows += out.length;
    batches++;
    frl_array_release(&out);
  }
  assert_int_equal(rows, 2000 * 1999 / 2);
  assert_in_range(batches, 4, 100);
  frl_kernel_run_destroy(run);
  assert_nothing_lives();
}

static void state_lasts_over_batches_and_is_flushed(void **state) {
  (void)state;
  const frl_kernel_option options[] = {{"label", "all"}, {"start", "-7"}};
  frl_kernel_run *run = start(&sample_total, options, 2);
  int64_t sum = 0;
  for (int i = 0; i < 5; i++) {
    struct ArrowArray in;
    make_batch(&in, 100 * i, 100);
    assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
    assert_int_equal(drain(run, &sum, FRL_NEED_MORE), 0);
  }
  assert_int_equal(frl_kernel_run_finish(run, NULL), FRL_OK);
  assert_int_equal(drain(run, &sum, FRL_END), 1);
  assert_int_equal(sum, 500 * 499 / 2 - 7);
  struct ArrowArray out;
  assert_int_equal(frl_kernel_run_next(run, &out, NULL), FRL_END);
  frl_kernel_run_destroy(run);
  assert_nothing_lives();
}

static void output_outlives_its_run(void **state) {
  (void)state;
  frl_kernel_run *run = start(&sample_echo, NULL, 0);
  struct ArrowArray in;
  struct ArrowArray out;
  make_batch(&in, 0, 5);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
  assert_int_equal(frl_kernel_run_next(run, &out, NULL), FRL_OK);
  frl_kernel_run_destroy(run);
  frl_kernel_live live;
  frl_kernel_count_live(&live);
  assert_int_equal(live.batches_out, 1);
  assert_int_equal(live.runs, 0);
  struct ArrowArray child = *out.children[0];
  out.children[0]->release = NULL;
  frl_array_release(&out);
  assert_int_equal(((const int32_t *)child.buffers[1])[5], 5);
  child.release(&child);
  assert_nothing_lives();
}

static void a_failure_names_the_row(void **state) {
  (void)state;
  frl_kernel_run *run = start(&sample_echo, NULL, 0);
  struct ArrowArray in;
  int64_t sum = 0;
  frl_error err = {0};
  make_batch(&in, 0, 40);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
  (void)drain(run, &sum, FRL_NEED_MORE);
  make_batch(&in, -3, 5);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
  struct ArrowArray out;
  assert_int_equal(frl_kernel_run_next(run, &out, &err), FRL_E_INVALID);
  assert_string_equal(
      err.message, "kernel echo: row 42 (row 2 of its batch): int_col is -1");
  frl_kernel_failure failure;
  frl_kernel_run_failure(run, &failure);
  assert_string_equal(failure.message, "int_col is -1");
  assert_int_equal(failure.row, 42);
  assert_int_equal(failure.row_in_batch, 2);
  assert_int_equal(frl_kernel_run_next(run, &out, &err), FRL_E_STATE);
  assert_int_equal(frl_kernel_run_finish(run, &err), FRL_E_STATE);
  make_batch(&in, 0, 1);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, &err), FRL_E_STATE);
  assert_null(in.release);
  frl_kernel_run_destroy(run);
  assert_nothing_lives();
}

static void results_must_be_taken_before_the_next_batch(void **state) {
  (void)state;
  frl_kernel_run *run = start(&sample_echo, NULL, 0);
  struct ArrowArray in;
  frl_error err = {0};
  make_batch(&in, 0, 1);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
  make_batch(&in, 0, 1);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, &err), FRL_E_STATE);
  assert_string_equal(
      err.message, "kernel echo: results of the last batch wait: call next");
  make_batch(&in, 0, 1);
  frl_kernel_run_destroy(run);
  frl_array_release(&in);
  assert_nothing_lives();
}

static void cogroups_take_one_side_after_the_other(void **state) {
  (void)state;
  frl_kernel_run *run = start(&sample_pair, NULL, 0);
  struct ArrowArray in;
  struct ArrowArray out;
  frl_error err = {0};
  for (int i = 0; i < 2; i++) {
    make_batch(&in, 0, 7);
    assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
    assert_int_equal(frl_kernel_run_next(run, &out, NULL), FRL_NEED_MORE);
  }
  make_batch(&in, 0, 3); /* of the left side's schema */
  assert_int_equal(frl_kernel_run_push(run, 1, &in, &err), FRL_E_INVALID);
  frl_kernel_run_destroy(run);
  run = start(&sample_pair, NULL, 0);
  make_batch(&in, 0, 7);
  assert_int_equal(frl_kernel_run_push(run, 2, &in, &err), FRL_E_INVALID);
  assert_string_equal(err.message, "kernel pair: it has no input 2");
  assert_int_equal(frl_kernel_run_finish(run, NULL), FRL_OK);
  assert_int_equal(frl_kernel_run_next(run, &out, NULL), FRL_OK);
  assert_int_equal(out.length, 1);
  frl_array_release(&out);
  frl_kernel_run_destroy(run);
  assert_nothing_lives();
}

static void check_refused(const frl_kernel_option *options, size_t n, const char *why) {
  frl_error err = {0};
  frl_kernel *k;
  frl_kernel_run *run;
  assert_int_equal(frl_kernel_from_def(&k, &sample_total, NULL, &err), FRL_OK);
  assert_int_equal(
      frl_kernel_run_create(&run, k, options, n, NULL, &err), FRL_E_INVALID);
  assert_null(run);
  assert_string_equal(err.message, why);
  frl_kernel_unref(k);
  assert_nothing_lives();
}

static void options_that_do_not_fit_are_refused(void **state) {
  (void)state;
  const frl_kernel_option unknown[] = {{"label", "x"}, {"strat", "1"}};
  const frl_kernel_option twice[] = {{"label", "x"}, {"label", "y"}};
  const frl_kernel_option far[] = {{"label", "x"}, {"start", "101"}};
  check_refused(
      NULL, 0, "kernel total: option label must be given: The text beside it.");
  check_refused(unknown, 2, "kernel total: it has no option strat");
  check_refused(twice, 2, "kernel total: option label is given twice");
  check_refused(far, 2,
      "kernel total: option start is 101: a whole number from -100 to 100 is needed");
}

static void check_lie(const char *lie, const char *why) {
  const frl_kernel_option option = {"lie", lie};
  frl_kernel_run *run = start(&sample_liar, &option, 1);
  struct ArrowArray in;
  struct ArrowArray out;
  frl_error err = {0};
  make_batch(&in, 0, 1);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
  const frl_status st = frl_kernel_run_next(run, &out, &err);
  assert_int_equal(st, why ? FRL_E_INVALID : FRL_OK);
  if (why) {
    frl_kernel_failure failure;
    frl_kernel_run_failure(run, &failure);
    assert_string_equal(err.message, why);
    assert_int_equal(failure.fault, 1);
  }
  frl_array_release(&out);
  frl_kernel_run_destroy(run);
  assert_nothing_lives();
}

static void output_that_breaks_its_schema_is_refused(void **state) {
  (void)state;
  check_lie("", NULL);
  check_lie("text", "kernel liar: output: row 1: batch, field \"col\": not UTF-8");
  check_lie("null", "kernel liar: column `col`: null in a NOT NULL column");
  check_lie("put null", "kernel liar: column `col`: null in a NOT NULL column");
  check_lie("uneven",
      "kernel liar: column `int_col` has got 3 values where `col` has got 2: uneven "
      "length");
  check_lie("only last",
      "kernel liar: column `int_col` has got 1 values where `col` has got 0: uneven "
      "length");
  check_lie("minus", "kernel liar: it gave -1, which is neither 0 nor an errno value");
}

static void a_check_can_be_left_out(void **state) {
  (void)state;
  const frl_kernel_option option = {"lie", "text"};
  const frl_kernel_run_options options = {
      .struct_size = sizeof options, .skip = FRL_KERNEL_SKIP_UTF8};
  frl_kernel *k;
  frl_kernel_run *run;
  struct ArrowArray in;
  struct ArrowArray out;
  assert_int_equal(frl_kernel_from_def(&k, &sample_liar, NULL, NULL), FRL_OK);
  assert_int_equal(frl_kernel_run_create(&run, k, &option, 1, &options, NULL), FRL_OK);
  make_batch(&in, 0, 1);
  assert_int_equal(frl_kernel_run_push(run, 0, &in, NULL), FRL_OK);
  assert_int_equal(frl_kernel_run_next(run, &out, NULL), FRL_OK);
  frl_array_release(&out);
  frl_kernel_run_destroy(run);
  frl_kernel_unref(k);
  assert_nothing_lives();
}

static void a_kernel_shows_its_schemas(void **state) {
  (void)state;
  frl_kernel *k;
  assert_int_equal(frl_kernel_from_def(&k, &sample_pair, NULL, NULL), FRL_OK);
  assert_int_equal(frl_kernel_inputs(k), 2);
  assert_string_equal(frl_kernel_ddl(k, 0), "`col` STRING, `int_col` BIGINT");
  assert_string_equal(frl_kernel_ddl(k, 1), "`other` INT");
  assert_string_equal(frl_kernel_ddl(k, FRL_KERNEL_OUTPUT),
      "`left_rows` BIGINT NOT NULL, `right_rows` BIGINT NOT NULL");
  assert_string_equal(frl_kernel_json(k, 1),
      "{\"type\":\"struct\",\"fields\":[{\"name\":\"other\",\"type\":\"integer\","
      "\"nullable\":true,\"metadata\":{}}]}");
  assert_null(frl_kernel_ddl(k, 2));
  assert_null(frl_kernel_schema(k, -2));
  frl_kernel_unref(k);
  assert_nothing_lives();
}

static int large_string_schema(const frl_kernel_def *self, struct ArrowSchema *out) {
  const int rc = sample_echo.output_schema(self, out);
  if (rc == 0) out->children[0]->format = "U";
  return rc;
}

static void a_schema_that_spark_does_not_take_is_refused(void **state) {
  (void)state;
  frl_kernel_def def = sample_echo;
  frl_kernel *k;
  frl_error err = {0};
  def.output_schema = large_string_schema;
  assert_int_equal(frl_kernel_from_def(&k, &def, NULL, &err), FRL_E_UNSUPPORTED);
  assert_non_null(strstr(err.message, "kernel echo, output, field \"col\": "));
  def = sample_echo;
  def.n_inputs = 3;
  assert_int_equal(frl_kernel_from_def(&k, &def, NULL, &err), FRL_E_INVALID);
  def = sample_echo;
  def.create = NULL;
  assert_int_equal(frl_kernel_from_def(&k, &def, NULL, &err), FRL_E_INVALID);
  def = sample_echo;
  def.reserved[3] = &def;
  assert_int_equal(frl_kernel_from_def(&k, &def, NULL, &err), FRL_E_UNSUPPORTED);
  assert_nothing_lives();
}

static frl_status scenario(const frl_mem *mem, frl_error *err) {
  frl_kernel *k = NULL;
  frl_kernel_run *run = NULL;
  struct ArrowArray in;
  struct ArrowArray out = {0};
  make_batch(&in, 0, 4);
  frl_status st = frl_kernel_from_def(&k, &sample_echo, mem, err);
  if (st == FRL_OK) st = frl_kernel_run_create(&run, k, NULL, 0, NULL, err);
  if (st == FRL_OK) st = frl_kernel_run_push(run, 0, &in, err);
  if (st == FRL_OK) st = frl_kernel_run_next(run, &out, err);
  frl_array_release(&out);
  if (st == FRL_OK) {
    assert_int_equal(frl_kernel_run_next(run, &out, err), FRL_NEED_MORE);
    st = frl_kernel_run_finish(run, err);
  }
  frl_kernel_run_destroy(run);
  frl_kernel_unref(k);
  frl_array_release(&in);
  return st;
}

static void every_refused_allocation_is_survived(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    failing_mem f;
    frl_error err = {0};
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    const frl_status st = scenario(&mem, &err);
    assert_int_equal(f.live, 0);
    assert_nothing_lives();
    if (st == FRL_OK) {
      assert_int_equal(f.refused, 0);
      assert_in_range(n, 10, 1000);
      return;
    }
    assert_int_equal(st, FRL_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_map_gives_a_row_for_a_row),
      cmocka_unit_test(much_output_comes_in_several_batches),
      cmocka_unit_test(state_lasts_over_batches_and_is_flushed),
      cmocka_unit_test(output_outlives_its_run),
      cmocka_unit_test(a_failure_names_the_row),
      cmocka_unit_test(results_must_be_taken_before_the_next_batch),
      cmocka_unit_test(cogroups_take_one_side_after_the_other),
      cmocka_unit_test(options_that_do_not_fit_are_refused),
      cmocka_unit_test(output_that_breaks_its_schema_is_refused),
      cmocka_unit_test(a_check_can_be_left_out),
      cmocka_unit_test(a_kernel_shows_its_schemas),
      cmocka_unit_test(a_schema_that_spark_does_not_take_is_refused),
      cmocka_unit_test(every_refused_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
