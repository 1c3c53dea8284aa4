/* A whole stream in one process: what is published is read once and acked. */
#include <string.h>
#include <yyjson.h>

#include "numbered.h"
#include "support/cmocka_c.h"

static void every_message_is_read_once_and_acked(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, NUMBERED_MAX, 0);
  n->executors = 2;
  n->cores = 4;
  numbered_open(n, NULL, true);
  assert_int_equal(numbered_run(n), NUMBERED_MAX);
  assert_int_equal(numbered_wrong(n, NUMBERED_MAX, 1, 1), 0);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0); /* acks end before stop does */
  numbered_end(n);
}

/** Nothing comes while the reservoir is full; that does not mean that all has come. */
static void a_slow_reader_does_not_end_a_drain_early(void **state) {
  (void)state;
  enum { COUNT = 100000 };
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, COUNT, 0);
  numbered_open(n, "\"reservoirBytes\":8388608,\"numPartitions\":1,", true);
  uint64_t rows = 0;
  while (numbered_next(n)) {
    numbered_pause(NUMBERED_DRAIN_IDLE_MS + 300);
    rows += numbered_scan_all(n);
    numbered_committed(n);
  }
  assert_int_equal(rows, COUNT);
  assert_int_equal(numbered_wrong(n, COUNT, 1, 1), 0);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

static void nothing_is_acked_before_the_commit(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 100, 0);
  numbered_open(n, NULL, false);
  /* what nobody has reported is not 0, it is unknown */
  assert_int_equal(numbered_metric(n, "heldMessages"), -1);
  assert_int_equal(numbered_metric(n, "receivedMessages"), -1);
  uint64_t rows = 0;
  while (rows < 100) {
    numbered_wait(n);
    rows += numbered_scan_all(n);
    if (rows < 100) numbered_committed(n);
  }
  assert_true(numbered_backlog(n) > 0);
  numbered_committed(n);
  assert_false(numbered_next(n));
  assert_int_equal(numbered_backlog_becomes(n, 0), 0);
  assert_int_equal(numbered_metric(n, "committedRows"), 100);
  assert_int_equal(numbered_metric(n, "receivedMessages"), 100);
  assert_int_equal(numbered_metric(n, "oldestMessageMs"), -1); /* none waits */
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  numbered_end(n);
}

/** One batch of 100 messages, read and not committed. */
static numbered *one_batch_read(void) {
  numbered *n = numbered_start(false);
  numbered_open(n, "\"numPartitions\":1,", false);
  numbered_wait(n); /* opens the reservoir */
  assert_int_equal(numbered_scan_all(n), 0);
  numbered_committed(n);
  numbered_publish(n, 0, 100, 0);
  uint64_t rows = 0;
  for (;;) {
    numbered_wait(n);
    rows += numbered_scan_all(n);
    if (rows == 100) return n;
    numbered_committed(n);
  }
}

static void stop_with_a_committed_end_acks_it(void **state) {
  (void)state;
  numbered *n = one_batch_read();
  assert_int_equal(numbered_stop(n, n->end), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

static void stop_without_one_gives_the_batch_back(void **state) {
  (void)state;
  numbered *n = one_batch_read();
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  const uint64_t left = numbered_backlog(n);
  assert_true(left > 0 && left <= 100);
  /* the next run gets them at once, not when their leases end */
  numbered_committed(n);
  numbered_open(n, NULL, true);
  assert_int_equal(numbered_run(n), left);
  assert_int_equal(numbered_wrong(n, 100, 1, 2), 0);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

static void a_restart_plans_the_earlier_runs_batch_empty(void **state) {
  (void)state;
  numbered *n = one_batch_read();
  char *end = strdup(n->end);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  numbered_open(n, NULL, false);
  char *partitions;
  assert_int_equal(
      frl_coordinator_plan(n->c, n->offset, end, &partitions, NULL), FRL_OK);
  assert_string_equal(partitions, "[]");
  frl_coordinator_text_free(partitions);
  assert_int_equal(frl_coordinator_commit(n->c, end, NULL), FRL_OK);
  free(end);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  numbered_end(n);
}

/** Tasks of both run in the same executors, as with two queries of one application. */
static void two_streams_of_a_process_keep_apart(void **state) {
  (void)state;
  enum { EACH = 1000 };
  numbered *pair[] = {numbered_start(false), numbered_start(false)};
  for (uint32_t i = 0; i < 2; i++) {
    pair[i]->executors = 2;
    numbered_publish(pair[i], i * EACH, EACH, 0);
    numbered_open(pair[i], "\"maxRowsPerBatch\":300,", true);
  }
  uint64_t rows[2] = {0};
  bool goes_on[2] = {true, true};
  while (goes_on[0] || goes_on[1]) {
    for (uint32_t i = 0; i < 2; i++) {
      goes_on[i] = goes_on[i] && numbered_next(pair[i]);
      if (!goes_on[i]) continue;
      rows[i] += numbered_scan_all(pair[i]);
      numbered_committed(pair[i]);
    }
  }
  for (uint32_t i = 0; i < 2; i++) {
    assert_int_equal(rows[i], EACH);
    for (uint32_t k = 0; k < EACH; k++) {
      assert_int_equal(pair[i]->seen[i * EACH + k], 1);
    }
    assert_int_equal(numbered_stop(pair[i], NULL), FRL_OK);
    assert_int_equal(numbered_backlog(pair[i]), 0);
    numbered_end(pair[i]);
  }
}

static void a_second_stream_on_the_subscription_is_refused(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_open(n, NULL, false);
  char config[256];
  (void)snprintf(config, sizeof config,
      "{\"projectId\":\"p\",\"subscriptionId\":\"numbers\",\"emulatorHost\":\"%s\"}",
      n->host);
  frl_coordinator *second;
  frl_error err = {0};
  assert_int_equal(frl_coordinator_open(&second, config, &err), FRL_E_STATE);
  assert_non_null(strstr(err.message, "allowSharedSubscription"));
  (void)snprintf(config, sizeof config,
      "{\"projectId\":\"p\",\"subscriptionId\":\"numbers\",\"emulatorHost\":\"%s\","
      "\"allowSharedSubscription\":\"true\"}",
      n->host);
  assert_int_equal(frl_coordinator_open(&second, config, &err), FRL_OK);
  assert_int_equal(frl_coordinator_stop(second, NULL, 1000, NULL), FRL_OK);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  numbered_open(n, NULL, false); /* and it is free again */
  numbered_end(n);
}

static void a_missing_subscription_says_what_to_do(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  char config[256];
  (void)snprintf(config, sizeof config,
      "{\"projectId\":\"p\",\"subscriptionId\":\"none\",\"emulatorHost\":\"%s\"}",
      n->host);
  frl_error err = {0};
  assert_int_equal(frl_coordinator_open(&n->c, config, &err), FRL_E_NOT_FOUND);
  assert_non_null(strstr(err.message, "ferrule pubsub sub create"));
  numbered_end(n);
}

static void limits_bound_a_batch(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 5000, 0);
  numbered_open(n, "\"maxRowsPerBatch\":1000,\"numPartitions\":3,", true);
  assert_int_equal(numbered_run_within(n, 1000, NULL), 5000);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

static void a_part_that_finds_nothing_does_not_wait_the_batch_out(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 100, 0);
  numbered_open(n, "\"maxBatchDelayMs\":600000,\"numPartitions\":2,", false);
  numbered_wait(n);
  assert_int_equal(n->n_parts, 2);
  const numbered_read some = numbered_scan(n, 0, "0", 0);
  assert_int_equal(some.status, FRL_END);
  assert_true(some.rows > 0);
  assert_int_equal(numbered_scan(n, 1, "0", 0).status, FRL_END);
  numbered_end(n);
}

static void a_batch_read_gives_everything_back(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 20000, 0);
  numbered_open(n, "\"batchRead\":true,\"numPartitions\":1,", false);
  assert_true(numbered_next(n));
  assert_int_equal(numbered_scan_all(n), 20000);
  assert_int_equal(numbered_wrong(n, 20000, 1, 1), 0);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 20000);
  numbered_end(n);
}

static void a_batch_read_acks_on_read_where_asked(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 1000, 0);
  numbered_open(
      n, "\"batchRead\":true,\"numPartitions\":1,\"acknowledge\":\"onRead\",", false);
  assert_true(numbered_next(n));
  assert_int_equal(numbered_scan_all(n), 1000);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

static void a_batch_read_left_midway_acks_nothing(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, 1000, 0);
  numbered_open(
      n, "\"batchRead\":true,\"numPartitions\":1,\"acknowledge\":\"onRead\",", false);
  assert_true(numbered_next(n));
  assert_int_equal(numbered_scan(n, 0, "0", 10).rows, 10);
  assert_int_equal(numbered_backlog(n), 1000);
  /* the task that is tried again finds all of them */
  const numbered_read again = numbered_scan(n, 0, "0", 0);
  assert_int_equal(again.status, FRL_END);
  assert_int_equal(again.rows, 1000);
  assert_int_equal(numbered_wrong(n, 1000, 1, 2), 0);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_int_equal(numbered_backlog(n), 0);
  numbered_end(n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_message_is_read_once_and_acked),
      cmocka_unit_test(a_slow_reader_does_not_end_a_drain_early),
      cmocka_unit_test(nothing_is_acked_before_the_commit),
      cmocka_unit_test(stop_with_a_committed_end_acks_it),
      cmocka_unit_test(stop_without_one_gives_the_batch_back),
      cmocka_unit_test(a_restart_plans_the_earlier_runs_batch_empty),
      cmocka_unit_test(two_streams_of_a_process_keep_apart),
      cmocka_unit_test(a_second_stream_on_the_subscription_is_refused),
      cmocka_unit_test(a_missing_subscription_says_what_to_do),
      cmocka_unit_test(limits_bound_a_batch),
      cmocka_unit_test(a_part_that_finds_nothing_does_not_wait_the_batch_out),
      cmocka_unit_test(a_batch_read_gives_everything_back),
      cmocka_unit_test(a_batch_read_acks_on_read_where_asked),
      cmocka_unit_test(a_batch_read_left_midway_acks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
