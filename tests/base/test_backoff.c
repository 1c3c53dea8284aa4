#include "base/backoff.h"
#include "base/random.h"
#include "support/cmocka_c.h"

static uint64_t next_of_list(void *ctx) {
  const uint64_t **at = ctx;
  return *(*at)++;
}

static uint64_t same_number(void *ctx) { return *(uint64_t *)ctx; }

static void waits_double_up_to_the_ceiling(void **state) {
  (void)state;
  /* bound * k + bound - 1 draws the longest wait of each step */
  static const uint64_t draws[] = {99, 199, 399, 799, 999, 999};
  const uint64_t *at = draws;
  const frl_random random = {next_of_list, (void *)&at};
  frl_backoff b;
  frl_backoff_init(&b, 100, 1000, &random);
  assert_int_equal(frl_backoff_next_ms(&b), 100);
  assert_int_equal(frl_backoff_next_ms(&b), 200);
  assert_int_equal(frl_backoff_next_ms(&b), 400);
  assert_int_equal(frl_backoff_next_ms(&b), 800);
  assert_int_equal(frl_backoff_next_ms(&b), 1000);
  assert_int_equal(frl_backoff_next_ms(&b), 1000);
}

static void reset_starts_again_and_the_least_wait_is_one(void **state) {
  (void)state;
  uint64_t zero = 0;
  const frl_random random = {same_number, &zero};
  frl_backoff b;
  frl_backoff_init(&b, 100, 1000, &random);
  for (int i = 0; i < 100; i++) assert_int_equal(frl_backoff_next_ms(&b), 1);
  frl_backoff_reset(&b);
  assert_int_equal(b.attempts, 0);
}

static void many_attempts_do_not_wrap(void **state) {
  (void)state;
  uint64_t high = UINT32_MAX - (uint64_t)1;
  const frl_random random = {same_number, &high};
  frl_backoff b;
  frl_backoff_init(&b, UINT32_MAX / 2, UINT32_MAX, &random);
  for (int i = 0; i < 100; i++) assert_true(frl_backoff_next_ms(&b) > 0);
  assert_int_equal(frl_backoff_next_ms(&b), UINT32_MAX);
}

static void odd_settings_are_made_sound(void **state) {
  (void)state;
  frl_backoff b;
  frl_backoff_init(&b, 0, 0, NULL);
  assert_int_equal(frl_backoff_next_ms(&b), 1);
  frl_backoff_init(&b, 50, 10, NULL);
  for (int i = 0; i < 100; i++) assert_in_range(frl_backoff_next_ms(&b), 1, 50);
}

static void below_refuses_the_uneven_rest(void **state) {
  (void)state;
  /* 2^64 - 1 is a multiple of 3: only the top value itself is refused */
  static const uint64_t draws[] = {UINT64_MAX, 5};
  const uint64_t *at = draws;
  const frl_random random = {next_of_list, (void *)&at};
  assert_int_equal(frl_random_below(&random, 3), 2);
  assert_ptr_equal(at, draws + 2);
  assert_int_equal(frl_random_below(&random, 0), 0);
}

static void hex_is_of_the_bytes_drawn(void **state) {
  (void)state;
  uint64_t bits = 0x0102030405060708u;
  const frl_random random = {same_number, &bits};
  char text[2 * 9 + 1];
  frl_random_hex(&random, text, 9);
  assert_string_equal(text, "080706050403020108");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waits_double_up_to_the_ceiling),
      cmocka_unit_test(reset_starts_again_and_the_least_wait_is_one),
      cmocka_unit_test(many_attempts_do_not_wrap),
      cmocka_unit_test(odd_settings_are_made_sound),
      cmocka_unit_test(below_refuses_the_uneven_rest),
      cmocka_unit_test(hex_is_of_the_bytes_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
