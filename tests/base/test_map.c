#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

enum { N_KEYS = 2000 };

static size_t key_of(unsigned i, char *key, size_t size) {
  return (size_t)snprintf(key, size, "key-%u", i);
}

static void *value_of(unsigned i) { return (void *)(uintptr_t)(i + 1); }

static void put_get_remove(void **state) {
  (void)state;
  frl_map m;
  frl_map_init(&m, NULL);
  char key[32];
  assert_null(frl_map_get(&m, "absent", 6));
  assert_null(frl_map_remove(&m, "absent", 6));
  for (unsigned i = 0; i < N_KEYS; i++) {
    const size_t n = key_of(i, key, sizeof key);
    assert_int_equal(frl_map_put(&m, key, n, value_of(i), NULL), FRL_OK);
  }
  assert_int_equal(m.len, N_KEYS);
  for (unsigned i = 0; i < N_KEYS; i += 2) {
    const size_t n = key_of(i, key, sizeof key);
    assert_ptr_equal(frl_map_remove(&m, key, n), value_of(i));
  }
  for (unsigned i = 0; i < N_KEYS; i++) {
    const size_t n = key_of(i, key, sizeof key);
    assert_ptr_equal(frl_map_get(&m, key, n), i % 2 ? value_of(i) : NULL);
  }
  frl_map_deinit(&m);
}

static void put_again_gives_the_former_value(void **state) {
  (void)state;
  frl_map m;
  frl_map_init(&m, NULL);
  void *former = &m;
  assert_int_equal(frl_map_put(&m, "", 0, value_of(1), &former), FRL_OK);
  assert_null(former);
  assert_int_equal(frl_map_put(&m, "", 0, value_of(2), &former), FRL_OK);
  assert_ptr_equal(former, value_of(1));
  assert_ptr_equal(frl_map_get(&m, NULL, 0), value_of(2));
  assert_int_equal(m.len, 1);
  frl_map_deinit(&m);
}

/* Puts every entry's home in one slot by choosing keys whose hash ends alike. */
static void colliding_keys_survive_each_removal(void **state) {
  (void)state;
  enum { N = 10 };
  for (unsigned victim = 0; victim < N; victim++) {
    frl_map m;
    frl_map_init(&m, NULL);
    unsigned chosen[N];
    unsigned found = 0;
    char key[32];
    for (unsigned i = 0; found < N; i++) {
      const size_t n = key_of(i, key, sizeof key);
      if ((frl_hash(key, n, m.seed) & 15) != 14) continue; /* the run wraps */
      assert_int_equal(frl_map_put(&m, key, n, value_of(i), NULL), FRL_OK);
      chosen[found++] = i;
    }
    assert_int_equal(m.n_slots, 16);
    size_t n = key_of(chosen[victim], key, sizeof key);
    assert_ptr_equal(frl_map_remove(&m, key, n), value_of(chosen[victim]));
    for (unsigned i = 0; i < N; i++) {
      n = key_of(chosen[i], key, sizeof key);
      assert_ptr_equal(
          frl_map_get(&m, key, n), i == victim ? NULL : value_of(chosen[i]));
    }
    frl_map_deinit(&m);
  }
}

static void iteration_sees_each_entry_once(void **state) {
  (void)state;
  frl_map m;
  frl_map_init(&m, NULL);
  char key[32];
  for (unsigned i = 0; i < 100; i++) {
    const size_t n = key_of(i, key, sizeof key);
    assert_int_equal(frl_map_put(&m, key, n, value_of(i), NULL), FRL_OK);
  }
  bool seen[100] = {false};
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&m, &at)) != NULL) {
    const uintptr_t i = (uintptr_t)e->value - 1;
    assert_true(i < 100);
    assert_false(seen[i]);
    seen[i] = true;
    assert_int_equal(strlen(e->key), e->key_len);
  }
  for (unsigned i = 0; i < 100; i++) assert_true(seen[i]);
  frl_map_deinit(&m);
}

static frl_status fill(const frl_mem *mem) {
  frl_map m;
  frl_map_init(&m, mem);
  frl_status st = FRL_OK;
  char key[32];
  for (unsigned i = 0; i < 40 && st == FRL_OK; i++) {
    st = frl_map_put(&m, key, key_of(i, key, sizeof key), value_of(i), NULL);
    /* what went in before the failure is still found */
    for (unsigned j = 0; j < i; j++) {
      assert_ptr_equal(frl_map_get(&m, key, key_of(j, key, sizeof key)), value_of(j));
    }
  }
  frl_map_deinit(&m);
  return st;
}

static void every_nth_allocation_fails(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    failing_mem f;
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    const frl_status st = fill(&mem);
    assert_int_equal(f.live, 0);
    if (f.refused == 0) {
      assert_int_equal(st, FRL_OK);
      assert_true(n > 40);
      break;
    }
    assert_int_equal(st, FRL_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(put_get_remove),
      cmocka_unit_test(put_again_gives_the_former_value),
      cmocka_unit_test(colliding_keys_survive_each_removal),
      cmocka_unit_test(iteration_sees_each_entry_once),
      cmocka_unit_test(every_nth_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
