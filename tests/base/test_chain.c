#include <string.h>

#include "base/chain.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static void count_release(void *owner) { ++*(int *)owner; }

static void deinit_releases_each_slice_once(void **state) {
  (void)state;
  int released = 0;
  frl_chain c;
  frl_chain_init(&c, NULL);
  for (int i = 0; i < 20; i++) {
    const frl_slice s = {(const uint8_t *)"abc", 3, count_release, &released};
    assert_int_equal(frl_chain_push(&c, s), FRL_OK);
  }
  const frl_slice borrowed = {(const uint8_t *)"x", 1, NULL, NULL};
  assert_int_equal(frl_chain_push(&c, borrowed), FRL_OK);
  assert_int_equal(c.bytes, 61);
  frl_chain_deinit(&c);
  assert_int_equal(released, 20);
  frl_chain_deinit(&c); /* again does nothing */
  assert_int_equal(released, 20);
}

static void move_empties_the_source(void **state) {
  (void)state;
  int released = 0;
  frl_chain from;
  frl_chain to;
  frl_chain_init(&from, NULL);
  frl_chain_init(&to, NULL);
  const frl_slice s = {(const uint8_t *)"abc", 3, count_release, &released};
  assert_int_equal(frl_chain_push(&from, s), FRL_OK);
  frl_chain_move(&to, &from);
  assert_int_equal(from.n_slices, 0);
  assert_int_equal(from.bytes, 0);
  assert_int_equal(to.bytes, 3);
  frl_chain_deinit(&from);
  assert_int_equal(released, 0);
  assert_int_equal(frl_chain_push(&from, s), FRL_OK); /* usable again */
  frl_chain_deinit(&from);
  assert_int_equal(released, 1);
  frl_chain_deinit(&to);
  assert_int_equal(released, 2);
}

static void a_copy_does_not_borrow(void **state) {
  (void)state;
  frl_chain c;
  frl_chain_init(&c, NULL);
  char text[] = "before";
  assert_int_equal(frl_chain_copy(&c, text, 6), FRL_OK);
  assert_int_equal(frl_chain_copy(&c, NULL, 0), FRL_OK);
  memset(text, 'x', 6);
  assert_memory_equal(c.slices[0].data, "before", 6);
  assert_int_equal(frl_chain_copy(&c, text, SIZE_MAX), FRL_E_LIMIT);
  frl_chain_deinit(&c);
}

static void every_nth_allocation_fails(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    failing_mem f;
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    frl_chain c;
    frl_chain_init(&c, &mem);
    frl_status st = FRL_OK;
    for (int i = 0; i < 20 && st == FRL_OK; i++) st = frl_chain_copy(&c, "abc", 3);
    frl_chain_deinit(&c);
    assert_int_equal(f.live, 0);
    if (f.refused == 0) break;
    assert_int_equal(st, FRL_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(deinit_releases_each_slice_once),
      cmocka_unit_test(move_empties_the_source),
      cmocka_unit_test(a_copy_does_not_borrow),
      cmocka_unit_test(every_nth_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
