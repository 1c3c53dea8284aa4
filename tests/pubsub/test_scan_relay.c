/* One partition read more than once: by retries, joins, other executors. */
#include <string.h>

#include "numbered.h"
#include "support/cmocka_c.h"

enum { MANY = 60000 };

/** A batch under way whose only partition holds what came of count messages. */
static numbered *batch_of(uint32_t count, const char *options) {
  numbered *n = numbered_start(false);
  n->executors = 2;
  numbered_open(n, options ? options : "\"numPartitions\":1,", false);
  numbered_publish(n, 0, count, 0);
  for (;;) {
    numbered_wait(n);
    if (n->n_parts == 0) fail();
    const numbered_read r = numbered_scan(n, 0, "0", 1);
    assert_true(r.status == FRL_OK || r.status == FRL_END);
    if (r.rows) return n;
    numbered_committed(n);
  }
}

static void a_second_read_gets_the_same_rows(void **state) {
  (void)state;
  numbered *n = batch_of(1000, NULL);
  const numbered_read first = numbered_scan(n, 0, "0", 0);
  numbered_publish(n, 1000, 1000, 0); /* more has come meanwhile */
  const numbered_read second = numbered_scan(n, 0, "0", 0);
  assert_int_equal(first.status, FRL_END);
  assert_int_equal(second.status, FRL_END);
  assert_true(first.rows > 0);
  assert_int_equal(first.rows, second.rows);
  assert_int_equal(first.sum, second.sum);
  assert_false(second.relayed);
  numbered_end(n);
}

static void another_executor_gets_the_same_rows(void **state) {
  (void)state;
  numbered *n = batch_of(MANY, NULL);
  const numbered_read first = numbered_scan(n, 0, "0", 0);
  const numbered_read second = numbered_scan(n, 0, "1", 0);
  const numbered_read third = numbered_scan(n, 0, "1", 0);
  assert_int_equal(first.status, FRL_END);
  if (second.status != FRL_END) print_error("%s\n", second.error.message);
  assert_int_equal(second.status, FRL_END);
  assert_true(first.rows > 0);
  assert_true(second.relayed);
  assert_true(third.relayed);
  assert_int_equal(first.rows, second.rows);
  assert_int_equal(first.sum, second.sum);
  assert_int_equal(first.rows, third.rows);
  assert_int_equal(first.sum, third.sum);
  numbered_end(n);
}

static void a_relay_left_early_disturbs_nobody(void **state) {
  (void)state;
  numbered *n = batch_of(MANY, NULL);
  for (int i = 0; i < 5; i++) {
    const numbered_read some = numbered_scan(n, 0, "1", 1);
    assert_int_equal(some.rows, 1);
  }
  const numbered_read all = numbered_scan(n, 0, "1", 0);
  assert_int_equal(all.status, FRL_END);
  const numbered_read local = numbered_scan(n, 0, "0", 0);
  assert_int_equal(all.rows, local.rows);
  assert_int_equal(all.sum, local.sum);
  numbered_end(n);
}

static void a_limit_consumes_what_was_sealed(void **state) {
  (void)state;
  numbered *n = batch_of(100, NULL); /* one row was read of it */
  numbered_committed(n);
  (void)numbered_run(n);
  assert_int_equal(numbered_backlog_becomes(n, 0), 0);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  numbered_end(n);
}

static void a_closed_batch_is_an_error_to_read(void **state) {
  (void)state;
  numbered *n = batch_of(100, NULL);
  assert_int_equal(frl_coordinator_commit(n->c, n->end, NULL), FRL_OK);
  const numbered_read late = numbered_scan(n, 0, "0", 0);
  assert_int_equal(late.status, FRL_E_STATE);
  assert_non_null(strstr(late.error.message, "closed"));
  assert_int_equal(numbered_scan(n, 0, "1", 0).status, FRL_E_STATE);
  numbered_end(n);
}

/** A task that was killed while it sealed: what it took is the partition. */
static void a_partition_left_half_filled_is_sealed_as_it_is(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  n->executors = 2;
  numbered_open(n, "\"numPartitions\":1,\"maxBatchDelayMs\":60000,", false);
  numbered_publish(n, 0, 500, 0);
  numbered_wait(n);
  frl_scan *scan;
  assert_int_equal(frl_scan_open(&scan, n->parts[0], "0", "localhost", NULL), FRL_OK);
  struct ArrowArray array;
  /* long enough to take something, too short to see the end of it */
  for (int i = 0; i < 3; i++) {
    assert_int_equal(frl_scan_next(scan, &array, 20, NULL), FRL_E_TIMEOUT);
  }
  frl_scan_close(scan);
  const numbered_read second = numbered_scan(n, 0, "1", 0);
  assert_int_equal(second.status, FRL_END);
  const numbered_read third = numbered_scan(n, 0, "0", 0);
  assert_int_equal(third.status, FRL_END);
  assert_int_equal(second.rows, third.rows);
  assert_int_equal(second.sum, third.sum);
  numbered_end(n);
}

/** A stream whose one partition has taken 500 messages and is not sealed. */
static numbered *half_filled(void) {
  enum { TRIES = 20 };
  for (int i = 0; i < TRIES; i++) {
    numbered *n = batch_of(1, NULL); /* from now on there is a reservoir */
    numbered_committed(n);
    numbered_publish(n, 1, 500, 0);
    while (numbered_metric(n, "waitingMessages") != 500) numbered_pause(10);
    assert_true(numbered_next(n));
    frl_scan *scan;
    assert_int_equal(frl_scan_open(&scan, n->parts[0], "0", "localhost", NULL), FRL_OK);
    struct ArrowArray array = {0};
    const frl_status st = frl_scan_next(scan, &array, 20, NULL);
    frl_array_release(&array);
    frl_scan_close(scan);
    if (st == FRL_E_TIMEOUT) return n;
    numbered_end(n); /* a busy machine: it was sealed before we looked */
  }
  fail();
  return NULL;
}

static void what_was_taken_but_not_sealed_is_given_back(void **state) {
  (void)state;
  for (int committed = 0; committed < 2; committed++) {
    numbered *n = half_filled();
    assert_int_equal(numbered_stop(n, committed ? n->end : NULL), FRL_OK);
    assert_int_equal(numbered_backlog(n), 500);
    numbered_end(n);
  }
}

static void batches_handed_out_outlive_everything(void **state) {
  (void)state;
  numbered *n = batch_of(100, NULL);
  frl_scan *scan;
  assert_int_equal(frl_scan_open(&scan, n->parts[0], "0", "localhost", NULL), FRL_OK);
  struct ArrowArray array;
  frl_status st;
  do {
    st = frl_scan_next(scan, &array, 100, NULL);
  } while (st == FRL_E_TIMEOUT);
  assert_int_equal(st, FRL_OK);
  frl_scan_close(scan);
  numbered_end(n);
  const struct ArrowArray *payload = array.children[2];
  const int32_t *offsets = payload->buffers[1];
  assert_true(offsets[payload->offset + array.length] > 0);
  assert_true(*((const char *)payload->buffers[2] + offsets[payload->offset]) >= '0');
  frl_array_release(&array);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_read_gets_the_same_rows),
      cmocka_unit_test(another_executor_gets_the_same_rows),
      cmocka_unit_test(a_relay_left_early_disturbs_nobody),
      cmocka_unit_test(a_limit_consumes_what_was_sealed),
      cmocka_unit_test(a_closed_batch_is_an_error_to_read),
      cmocka_unit_test(a_partition_left_half_filled_is_sealed_as_it_is),
      cmocka_unit_test(what_was_taken_but_not_sealed_is_given_back),
      cmocka_unit_test(batches_handed_out_outlive_everything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
