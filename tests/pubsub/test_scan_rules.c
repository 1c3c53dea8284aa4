/* What the stream keeps to when the service, or the plan, does not help. */
#include <stdlib.h>
#include <string.h>

#include "numbered.h"
#include "support/cmocka_c.h"

enum { COUNT = 20000, KEYS = 10 };

/** Every number at least once, none more than max times, nothing left behind. */
static void assert_complete(numbered *n, uint32_t count, uint32_t max) {
  assert_int_equal(numbered_wrong(n, count, 1, max), 0);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

static void keys_of_an_ordered_subscription_stay_in_order(void **state) {
  (void)state;
  numbered *n = numbered_start(true);
  numbered_publish(n, 0, COUNT, KEYS);
  n->executors = 2;
  n->cores = 4;
  n->keys = KEYS;
  numbered_open(n, "\"numPartitions\":4,\"maxRowsPerBatch\":3000,", true);
  assert_int_equal(numbered_run(n), COUNT);
  assert_int_equal(n->out_of_order, 0);
  assert_int_equal(n->split, 0); /* tasks run side by side: order holds within a part */
  assert_complete(n, COUNT, 1);
}

static void a_key_given_back_begins_where_it_was(void **state) {
  (void)state;
  numbered *n = numbered_start(true);
  numbered_publish(n, 0, COUNT, KEYS);
  n->keys = KEYS;
  numbered_open(n, "\"maxRowsPerBatch\":3000,", true);
  for (int i = 0; i < 3; i++) {
    assert_true(numbered_next(n));
    (void)numbered_scan_all(n);
    if (i < 2) numbered_committed(n);
  }
  /* the last batch was not committed: it comes again, and in order */
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  numbered_committed(n);
  memset(n->last, 0, sizeof n->last);
  n->out_of_order = 0;
  numbered_open(n, NULL, true);
  (void)numbered_run(n);
  assert_int_equal(n->out_of_order, 0);
  assert_complete(n, COUNT, 2);
}

static void a_reservoir_that_gets_no_task_gives_its_messages_to_others(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, COUNT, 0);
  n->executors = 2;
  n->cores = 2;
  numbered_open(n, "\"numPartitions\":2,\"maxRowsPerBatch\":4000,", true);
  assert_true(numbered_next(n));
  (void)numbered_scan_all(n); /* both are there now */
  numbered_committed(n);
  while (numbered_next(n)) { /* coalesce(1): all on one */
    for (uint32_t i = 0; i < n->n_parts; i++) {
      assert_int_equal(numbered_scan(n, i, "0", 0).status, FRL_END);
    }
    numbered_committed(n);
  }
  assert_complete(n, COUNT, 1);
}

static void streams_that_break_lose_nothing(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, COUNT, 0);
  numbered_open(n, "\"maxRowsPerBatch\":5000,", true);
  assert_int_equal(frl_emulator_set_faults(n->emulator,
                       "kill-streams after=3000; duplicate every=50", NULL),
      FRL_OK);
  for (int i = 0; i < 3 && numbered_next(n); i++) {
    (void)numbered_scan_all(n);
    numbered_committed(n);
  }
  assert_int_equal(frl_emulator_set_faults(n->emulator, "", NULL), FRL_OK);
  (void)numbered_run(n);
  assert_complete(n, COUNT, 3);
}

static void leases_that_run_out_while_sealed_add_no_row(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 1000, 0);
  numbered_open(n, "\"numPartitions\":1,", true);
  uint64_t rows = 0;
  while (rows < 1000) {
    assert_true(numbered_next(n));
    rows += numbered_scan_all(n);
    if (rows < 1000) numbered_committed(n);
  }
  assert_int_equal(frl_emulator_set_faults(n->emulator, "expire-leases", NULL), FRL_OK);
  numbered_pause(300); /* they come again, and are known */
  numbered_committed(n);
  (void)numbered_run(n);
  assert_complete(n, 1000, 1);
}

/**
 * The acks of the batch before may be on their way while one is sealed. Here none is
 * committed: a batch that begins at an earlier offset leaves those before it open.
 */
static void batches_that_overlap_share_the_room_for_sealed_rows(void **state) {
  (void)state;
  enum { BATCHES = 6, RESERVOIR_BYTES = 8 << 20, LEAST_ROW_BYTES = 80 };
  numbered *n = numbered_start(false);
  numbered_publish_texts(n, NUMBERED_MAX, "", ".....................");
  numbered_open(n, "\"reservoirBytes\":8388608,\"numPartitions\":1,", true);
  char *starts[2] = {strdup(n->offset), NULL};
  assert_true(numbered_next(n));
  (void)numbered_scan_all(n);
  numbered_committed(n);
  starts[1] = strdup(n->offset);
  uint64_t sealed = 0;
  for (int i = BATCHES; i-- > 0;) {
    free(n->offset);
    n->offset = strdup(starts[i % 2]);
    assert_true(numbered_next(n)); /* offered because messages wait */
    sealed += numbered_scan_all(n);
    numbered_committed(n);
  }
  free(starts[0]);
  free(starts[1]);
  /* half of the reservoir and what is taken at once, which is no more */
  assert_in_range(sealed, 1, RESERVOIR_BYTES / LEAST_ROW_BYTES);
  (void)numbered_run(n); /* commits them: there is room again */
  assert_complete(n, NUMBERED_MAX, 1);
}

static void numbers_published_while_it_runs_are_read_too(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  n->executors = 2;
  numbered_open(n, NULL, false);
  uint64_t rows = 0;
  for (uint32_t i = 0; i < 10; i++) {
    numbered_publish(n, i * 500, 500, 0);
    numbered_wait(n);
    rows += numbered_scan_all(n);
    numbered_committed(n);
  }
  while (rows < 5000) {
    numbered_wait(n);
    rows += numbered_scan_all(n);
    numbered_committed(n);
  }
  (void)numbered_next(n);
  assert_complete(n, 5000, 1);
}

/** Nothing waits any more, and still the query hears of it. */
static void a_subscription_that_is_gone_fails_the_stream(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_open(n, "\"numPartitions\":1,", false);
  numbered_wait(n);
  assert_int_equal(numbered_scan_all(n), 0);
  numbered_committed(n);
  numbered_delete_subscription(n);
  numbered_wait(n);
  const numbered_read r = numbered_scan(n, 0, "0", 0);
  assert_int_equal(r.status, FRL_E_NOT_FOUND);
  numbered_end(n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_of_an_ordered_subscription_stay_in_order),
      cmocka_unit_test(a_key_given_back_begins_where_it_was),
      cmocka_unit_test(a_reservoir_that_gets_no_task_gives_its_messages_to_others),
      cmocka_unit_test(streams_that_break_lose_nothing),
      cmocka_unit_test(leases_that_run_out_while_sealed_add_no_row),
      cmocka_unit_test(batches_that_overlap_share_the_room_for_sealed_rows),
      cmocka_unit_test(numbers_published_while_it_runs_are_read_too),
      cmocka_unit_test(a_subscription_that_is_gone_fails_the_stream),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
