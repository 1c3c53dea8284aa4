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
      cmocka_unit_test(what_breaks_its_word_is_no_refusal),
      cmocka_unit_test(every_refused_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
