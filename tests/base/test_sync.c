#include <signal.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"
#include "support/cmocka_c.h"

typedef struct meeting {
  frl_mutex lock;
  frl_cond changed;
  int count;
  bool sigint_blocked;
  bool sigsegv_blocked;
} meeting;

static void count_up(void *ctx) {
  meeting *m = ctx;
  sigset_t mask;
  (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
  frl_mutex_lock(&m->lock);
  m->sigint_blocked = sigismember(&mask, SIGINT) == 1;
  m->sigsegv_blocked = sigismember(&mask, SIGSEGV) == 1;
  m->count++;
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
}

static void threads_meet_at_a_condition(void **state) {
  (void)state;
  meeting m = {.count = 0};
  frl_mutex_init(&m.lock);
  frl_cond_init(&m.changed);
  frl_thread threads[4];
  frl_error err;
  for (int i = 0; i < 4; i++) {
    assert_int_equal(
        frl_thread_start(&threads[i], "a-rather-long-name", count_up, &m, &err),
        FRL_OK);
  }
  frl_mutex_lock(&m.lock);
  while (m.count < 4) frl_cond_wait(&m.changed, &m.lock);
  frl_mutex_unlock(&m.lock);
  for (int i = 0; i < 4; i++) frl_thread_join(&threads[i]);
  frl_thread_join(&threads[0]); /* again does nothing */
  assert_true(m.sigint_blocked);
  assert_false(m.sigsegv_blocked);
  frl_cond_deinit(&m.changed);
  frl_mutex_deinit(&m.lock);
}

static void a_wait_ends_by_its_timeout(void **state) {
  (void)state;
  meeting m = {.count = 0};
  frl_mutex_init(&m.lock);
  frl_cond_init(&m.changed);
  const int64_t before = frl_clock_now_ms(NULL);
  frl_mutex_lock(&m.lock);
  bool woken = true;
  while (woken) woken = frl_cond_wait_ms(&m.changed, &m.lock, 5);
  frl_mutex_unlock(&m.lock);
  assert_true(frl_clock_now_ms(NULL) >= before);
  frl_cond_deinit(&m.changed);
  frl_mutex_deinit(&m.lock);
}

static int64_t fixed_ms(void *ctx) { return *(int64_t *)ctx; }

static void a_clock_can_be_replaced(void **state) {
  (void)state;
  int64_t now = 77;
  const frl_clock clock = {fixed_ms, fixed_ms, &now};
  assert_int_equal(frl_clock_now_ms(&clock), 77);
  assert_int_equal(frl_clock_wall_us(&clock), 77);
  /* after 2020 in microseconds, not in another unit */
  assert_true(frl_clock_wall_us(NULL) > (int64_t)1577836800 * 1000000);
}

static void sizes_that_wrap_give_no_memory(void **state) {
  (void)state;
  size_t out;
  assert_true(frl_mul_overflows(SIZE_MAX, 2, &out));
  assert_true(frl_add_overflows(SIZE_MAX, 1, &out));
  assert_false(frl_mul_overflows(SIZE_MAX, 0, &out));
  assert_int_equal(out, 0);
  assert_null(frl_calloc(NULL, SIZE_MAX / 2, 3));
  assert_null(frl_reallocarray(NULL, NULL, SIZE_MAX / 2, 3));
  assert_null(frl_strndup(NULL, "x", SIZE_MAX));
  char *empty = frl_calloc(NULL, 0, 8);
  assert_non_null(empty);
  frl_free(NULL, empty);
  frl_free(NULL, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_meet_at_a_condition),
      cmocka_unit_test(a_wait_ends_by_its_timeout),
      cmocka_unit_test(a_clock_can_be_replaced),
      cmocka_unit_test(sizes_that_wrap_give_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
