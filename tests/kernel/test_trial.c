/** Kernels of every type on the awkward batches, in this process. */
#include <ferrule/kernel_host.h>
#include <string.h>

#include "declared.h"
#include "sample_kernels.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static int echo_plain(const plain *in, plain *out, frl_kernel_error *error) {
  (void)error;
  *out = *in;
  return 0;
}
FRL_MAP_KERNEL(plain_rows, plain, plain, echo_plain, "Rows as they are.")

static int echo_nested(const nested *in, nested *out, frl_kernel_error *error) {
  (void)error;
  *out = *in;
  return 0;
}
FRL_MAP_KERNEL(nested_rows, nested, nested, echo_nested, "Rows as they are.")

static void try_all(
    const frl_kernel_def *def, const frl_kernel_option *options, size_t n_options) {
  frl_kernel *k;
  frl_kernel_live live;
  assert_int_equal(frl_kernel_from_def(&k, def, NULL, NULL), FRL_OK);
  for (size_t i = 0; i < frl_kernel_trial_count(); i++) {
    frl_error err = {0};
    int refused = 1;
    const frl_status st = frl_kernel_try(k, i, options, n_options, &refused, &err);
    if (st != FRL_OK) fail_msg("%s: %s", frl_kernel_trial_name(i), err.message);
    assert_int_equal(refused, 0);
    assert_true(frl_kernel_trial_what(i)[0]);
  }
  frl_kernel_unref(k);
  frl_kernel_count_live(&live);
  assert_int_equal(live.kernels + live.runs + live.batches_in + live.batches_out, 0);
}

static void rows_of_plain_types_pass(void **state) {
  (void)state;
  try_all(&plain_rows_kernel, NULL, 0);
}

static void rows_of_nested_types_pass(void **state) {
  (void)state;
  try_all(&nested_rows_kernel, NULL, 0);
}

static void state_and_cogroups_pass(void **state) {
  (void)state;
  const frl_kernel_option label = {"label", "x"};
  try_all(&sample_total, &label, 1);
  try_all(&sample_pair, NULL, 0);
}

static size_t trial_named(const char *name) {
  for (size_t i = 0;; i++) {
    assert_non_null(frl_kernel_trial_name(i));
    if (strcmp(frl_kernel_trial_name(i), name) == 0) return i;
  }
}

/* a kernel that knows of the batch's offset only, as one in plain C may */

static int naive_push(frl_kernel_instance *self, int32_t input,
    struct ArrowArray *batch, frl_kernel_error *error) {
  (void)self, (void)input;
  if (batch->offset == 0 && batch->children[0]->offset == 0) return 0;
  return frl_kernel_fail(error, -1, "offset %lld, of the column %lld",
      (long long)batch->offset, (long long)batch->children[0]->offset);
}

static int naive_next(
    frl_kernel_instance *self, struct ArrowArray *out, frl_kernel_error *error) {
  (void)self, (void)error;
  out->release = NULL;
  return 0;
}

static int naive_finish(frl_kernel_instance *self, frl_kernel_error *error) {
  (void)self, (void)error;
  return 0;
}

static void naive_release(frl_kernel_instance *self) { self->release = NULL; }

static int naive_create(const frl_kernel_def *self, const frl_kernel_option *options,
    int64_t n, frl_kernel_instance *out, frl_kernel_error *error) {
  (void)self, (void)options, (void)n, (void)error;
  *out =
      (frl_kernel_instance){naive_push, naive_next, naive_finish, naive_release, NULL};
  return 0;
}

static void check_slice(frl_kernel *k, const char *trial, const char *said) {
  frl_error err = {0};
  int refused = 0;
  const frl_status st = frl_kernel_try(k, trial_named(trial), NULL, 0, &refused, &err);
  assert_int_equal(st, FRL_E_INVALID);
  assert_int_equal(refused, 1);
  assert_string_equal(err.message, said);
}

static void batches_and_columns_are_sliced(void **state) {
  (void)state;
  frl_kernel_def naive = plain_rows_kernel;
  frl_kernel *k;
  naive.flags = 0;
  naive.create = naive_create;
  assert_int_equal(frl_kernel_from_def(&k, &naive, NULL, NULL), FRL_OK);
  check_slice(k, "sliced", "kernel plain_rows: offset 13, of the column 0");
  check_slice(k, "sliced-columns", "kernel plain_rows: offset 0, of the column 13");
  frl_kernel_unref(k);
}

static void what_breaks_its_word_is_no_refusal(void **state) {
  (void)state;
  const frl_kernel_option lie = {"lie", "text"};
  frl_kernel *k;
  frl_error err = {0};
  int refused = 1;
  assert_int_equal(frl_kernel_from_def(&k, &sample_liar, NULL, NULL), FRL_OK);
  assert_int_equal(
      frl_kernel_try(k, trial_named("one"), &lie, 1, &refused, &err), FRL_E_INVALID);
  assert_int_equal(refused, 0);
  assert_string_equal(
      err.message, "kernel liar: output: row 1: batch, field \"col\": not UTF-8");
  assert_int_equal(frl_kernel_try(k, 1000, &lie, 1, &refused, &err), FRL_E_INVALID);
  frl_kernel_unref(k);
}

static void every_refused_allocation_is_survived(void **state) {
  (void)state;
  const size_t trial = trial_named("one");
  for (size_t n = 0;; n++) {
    failing_mem f;
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    frl_kernel *k;
    int refused = 0;
    frl_status st = frl_kernel_from_def(&k, &nested_rows_kernel, &mem, NULL);
    if (st == FRL_OK) st = frl_kernel_try(k, trial, NULL, 0, &refused, NULL);
    frl_kernel_unref(k);
    assert_int_equal(f.live, 0);
    if (st == FRL_OK) break;
    assert_int_equal(st, FRL_E_NOMEM);
    assert_true(f.refused > 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_plain_types_pass),
      cmocka_unit_test(rows_of_nested_types_pass),
      cmocka_unit_test(state_and_cogroups_pass),
      cmocka_unit_test(batches_and_columns_are_sliced),
      cmocka_unit_test(what_breaks_its_word_is_no_refusal),
      cmocka_unit_test(every_refused_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
