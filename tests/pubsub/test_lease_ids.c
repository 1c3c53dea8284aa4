#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pubsub/reservoir/id_map.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static void numbers_map_one_to_one_and_texts_to_hashes(void **state) {
  (void)state;
  static const char *const numbers[] = {"0", "1", "42", "12345678", "1234567890123456",
      "90000000", "99999999", "102030405060708090", "999999999999999999"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    const uint64_t key = frl_id_key(numbers[i], strlen(numbers[i]), 7);
    assert_true(frl_id_key_is_exact(key));
    assert_int_equal(key, strtoull(numbers[i], NULL, 10) + 1);
  }
  static const char *const texts[] = {"", "00", "01", "-1", "m0", "1 ",
      "1000000000000000000", "18446744073709551616", "1234567/",
      "1234567:", "12345678901234a6", "1\3773456789", " 12345678"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const uint64_t key = frl_id_key(texts[i], strlen(texts[i]), 7);
    assert_false(frl_id_key_is_exact(key));
    assert_int_equal(key, frl_id_key(texts[i], strlen(texts[i]), 7));
  }
}

static void it_agrees_with_a_plain_array(void **state) {
  (void)state;
  enum { KEYS = 3000, STEPS = 60000 };
  static uint64_t places[KEYS]; /* 0: absent */
  memset(places, 0, sizeof places);
  frl_id_map m;
  frl_id_map_init(&m, NULL, 99);
  uint64_t random = 1;
  size_t present_now = 0;
  for (int step = 0; step < STEPS; step++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const size_t i = (size_t)(random >> 33) % KEYS;
    const uint64_t key = 1 + i * (i % 3 ? 1 : 1000003);
    if (places[i]) {
      frl_id_map_remove(&m, key, places[i] + 1); /* another place: nothing */
      assert_int_equal(*frl_id_map_find(&m, key), places[i]);
      frl_id_map_remove(&m, key, places[i]);
      places[i] = 0;
      present_now--;
    } else if (!frl_id_map_find(&m, key)) {
      uint64_t *present;
      assert_int_equal(frl_id_map_put(&m, key, random | 1, &present), FRL_OK);
      assert_null(present);
      places[i] = random | 1;
      present_now++;
    }
    assert_int_equal(m.len, present_now);
  }
  frl_id_map_deinit(&m);
}

/* As a subscriber uses it: ids in a row come and are acked, with some that stay. */
static void what_comes_and_goes_takes_no_more_room(void **state) {
  (void)state;
  enum { HELD = 300, IDS = 200000, STAYS = 5000 };
  frl_id_map m;
  frl_id_map_init(&m, NULL, 3);
  for (uint64_t id = 1; id <= IDS; id++) {
    uint64_t *present;
    assert_int_equal(frl_id_map_put(&m, id, id, &present), FRL_OK);
    assert_null(present);
    if (id > HELD && (id - HELD) % STAYS) frl_id_map_remove(&m, id - HELD, id - HELD);
  }
  for (uint64_t id = STAYS; id <= IDS - HELD; id += STAYS) {
    assert_int_equal(*frl_id_map_find(&m, id), id);
  }
  assert_null(frl_id_map_find(&m, STAYS + 1));
  assert_int_equal(m.len, HELD + (IDS - HELD) / STAYS);
  assert_true(m.n_slots <= 2048);
  frl_id_map_deinit(&m);
}

/* Else one of them would be looked for through all of the others, and this never end.
 */
static void ids_that_end_alike_are_spread(void **state) {
  (void)state;
  enum { IDS = 200000 };
  static const uint64_t steps[] = {64, 1000, 4096, (uint64_t)1 << 20};
  for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
    frl_id_map m;
    frl_id_map_init(&m, NULL, 17);
    for (uint64_t i = 1; i <= IDS; i++) {
      uint64_t *present;
      assert_int_equal(frl_id_map_put(&m, i * steps[s], i, &present), FRL_OK);
      assert_null(present);
    }
    assert_int_equal(m.len, IDS);
    for (uint64_t i = 1; i <= IDS; i += 2) frl_id_map_remove(&m, i * steps[s], i);
    assert_int_equal(m.len, IDS / 2);
    for (uint64_t i = 1; i <= IDS; i++) {
      const uint64_t *place = frl_id_map_find(&m, i * steps[s]);
      assert_int_equal(place ? *place : 0, i % 2 ? 0 : i);
    }
    frl_id_map_deinit(&m);
  }
}

static void a_present_key_is_found_not_replaced(void **state) {
  (void)state;
  frl_id_map m;
  frl_id_map_init(&m, NULL, 1);
  uint64_t *present;
  assert_int_equal(frl_id_map_put(&m, 5, 50, &present), FRL_OK);
  assert_null(present);
  assert_int_equal(frl_id_map_put(&m, 5, 51, &present), FRL_OK);
  assert_non_null(present);
  assert_int_equal(*present, 50);
  assert_null(frl_id_map_find(&m, 6));
  frl_id_map_deinit(&m);
}

static void a_refused_allocation_changes_nothing(void **state) {
  (void)state;
  failing_mem f;
  failing_mem_init(&f, 1);
  const frl_mem mem = failing_mem_of(&f);
  frl_id_map m;
  frl_id_map_init(&m, &mem, 1);
  frl_status st = FRL_OK;
  uint64_t *present;
  uint64_t key = 0;
  while (st == FRL_OK) {
    key++;
    st = frl_id_map_put(&m, key, key, &present);
  }
  assert_int_equal(st, FRL_E_NOMEM);
  assert_true(key > 100);
  for (uint64_t i = 1; i < key; i++) assert_int_equal(*frl_id_map_find(&m, i), i);
  assert_null(frl_id_map_find(&m, key));
  frl_id_map_deinit(&m);
  assert_int_equal(f.live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_map_one_to_one_and_texts_to_hashes),
      cmocka_unit_test(it_agrees_with_a_plain_array),
      cmocka_unit_test(what_comes_and_goes_takes_no_more_room),
      cmocka_unit_test(ids_that_end_alike_are_spread),
      cmocka_unit_test(a_present_key_is_found_not_replaced),
      cmocka_unit_test(a_refused_allocation_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
