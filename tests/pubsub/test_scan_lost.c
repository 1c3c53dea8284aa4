/* Executors and drivers that die, as processes of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "numbered.h"
#include "other_process.h"
#include "support/cmocka_c.h"

enum { LINE = 4096, COUNT = 2000, LOOK_MS = 20, PATIENCE_MS = 20000 };

/** A batch of one partition, planned; nobody has read of it. */
static numbered *one_batch(const char *options) {
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, COUNT, 0);
  numbered_open(n, options, false);
  assert_true(numbered_next(n)); /* nobody is there: an opening batch */
  assert_int_equal(n->n_parts, 1);
  return n;
}

static other_process executor(const numbered *n, const char *rows) {
  const char *const arguments[] = {"executor", n->parts[0], "1", rows, NULL};
  return other_start(arguments);
}

static void an_owner_killed_after_its_rows_were_read(void **state) {
  (void)state;
  numbered *n = one_batch("\"numPartitions\":1,");
  other_process p = executor(n, "0");
  char line[LINE];
  other_line(&p, line, sizeof line);
  assert_true(strncmp(line, "read ", 5) == 0);
  const long rows = strtol(line + 5, NULL, 10);
  assert_true(rows > 0);
  const numbered_read before = numbered_scan(n, 0, "0", 0);
  assert_int_equal(before.status, FRL_END);
  assert_int_equal(before.rows, rows);
  assert_true(before.relayed);
  other_kill(&p);
  const numbered_read after = numbered_scan(n, 0, "0", 0);
  assert_int_equal(after.status, FRL_END);
  assert_int_equal(after.rows, 0); /* none, and never others */
  assert_int_equal(numbered_metric(n, "lostRows"), 0);
  numbered_committed(n);
  (void)numbered_next(n);
  assert_int_equal(numbered_metric(n, "lostRows"), rows);
  assert_true(numbered_backlog(n) >= (uint64_t)rows); /* not acked: they come again */
  numbered_end(n);
}

static void an_executor_killed_while_it_seals(void **state) {
  (void)state;
  numbered *n = one_batch("\"numPartitions\":1,\"maxBatchDelayMs\":60000,");
  other_process p = executor(n, "0");
  const int64_t until_ms = frl_clock_now_ms(NULL) + PATIENCE_MS;
  frl_emulator_stats stats = {.struct_size = sizeof stats};
  do {
    numbered_pause(LOOK_MS);
    frl_emulator_get_stats(n->emulator, &stats);
  } while (stats.outstanding == 0 && frl_clock_now_ms(NULL) < until_ms);
  other_kill(&p);
  numbered_publish(n, COUNT, COUNT, 0);
  const numbered_read retry = numbered_scan(n, 0, "0", 0);
  if (retry.status != FRL_END) print_error("%s\n", retry.error.message);
  assert_int_equal(retry.status, FRL_END);
  assert_true(retry.rows > 0); /* nobody has seen a row: another may seal it */
  assert_false(retry.relayed);
  numbered_committed(n);
  assert_int_equal(numbered_metric(n, "lostRows"), 0);
  numbered_end(n);
}

/** Leased messages fall to 0: they were given back, not left to their leases. */
static bool all_given_back(numbered *n) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + PATIENCE_MS;
  frl_emulator_stats stats = {.struct_size = sizeof stats};
  do {
    numbered_pause(LOOK_MS);
    frl_emulator_get_stats(n->emulator, &stats);
  } while (stats.outstanding > 0 && frl_clock_now_ms(NULL) < until_ms);
  return stats.outstanding == 0;
}

static void a_lost_driver_means_everything_is_given_back(void **state) {
  (void)state;
  numbered *n = numbered_start(false);
  numbered_publish(n, 0, COUNT, 0);
  char config[512];
  (void)snprintf(config, sizeof config,
      "{\"projectId\":\"p\",\"subscriptionId\":\"numbers\",\"emulatorHost\":\"%s\","
      "\"numPartitions\":1,\"coordinatorGraceMs\":500}",
      n->host);
  const char *const arguments[] = {"driver", config, NULL};
  other_process driver = other_start(arguments);
  char line[LINE];
  other_line(&driver, line, sizeof line);
  n->parts[0] = strdup(line);
  n->n_parts = 1;
  const numbered_read read = numbered_scan(n, 0, "0", 0);
  if (read.status != FRL_END) print_error("%s\n", read.error.message);
  assert_int_equal(read.status, FRL_END);
  assert_true(read.rows > 0);
  other_kill(&driver);
  /* a read without coordinator fails, and says where it should be */
  const numbered_read blind = numbered_scan(n, 0, "0", 0);
  assert_true(blind.status < 0);
  const char *address = strstr(line, "127.0.0.1:");
  assert_non_null(address);
  char host_port[32] = {0};
  (void)memcpy(host_port, address, strcspn(address, "\""));
  assert_non_null(strstr(blind.error.message, host_port));
  assert_true(all_given_back(n));
  assert_int_equal(numbered_backlog(n), COUNT);
  numbered_end(n);
}

static void a_process_that_ends_in_order_gives_everything_back(void **state) {
  (void)state;
  numbered *n = one_batch("\"numPartitions\":1,");
  const numbered_read read = numbered_scan(n, 0, "0", 0);
  assert_true(read.rows > 0);
  assert_true(frl_scan_process_bytes() > 0);
  frl_scan_process_close(PATIENCE_MS);
  assert_int_equal(frl_scan_process_bytes(), 0);
  assert_true(all_given_back(n));
  assert_int_equal(numbered_backlog(n), COUNT);
  /* its rows are lost for this batch, and come again in the next */
  const numbered_read again = numbered_scan(n, 0, "0", 0);
  assert_int_equal(again.status, FRL_END);
  assert_int_equal(again.rows, 0);
  memset(n->seen, 0, sizeof n->seen);
  numbered_committed(n);
  uint64_t rows = 0;
  while (rows < COUNT) {
    numbered_wait(n);
    rows += numbered_scan_all(n);
    numbered_committed(n);
  }
  assert_int_equal(numbered_wrong(n, COUNT, 1, 1), 0);
  (void)numbered_next(n);
  assert_int_equal(numbered_backlog_becomes(n, 0), 0);
  numbered_end(n);
}

static void a_wrong_token_is_refused(void **state) {
  (void)state;
  numbered *n = one_batch("\"numPartitions\":1,");
  char *token = strstr(n->parts[0], "\"token\":\"");
  assert_non_null(token);
  token += strlen("\"token\":\"");
  *token = *token == '0' ? '1' : '0';
  const numbered_read r = numbered_scan(n, 0, "0", 0);
  assert_int_equal(r.status, FRL_E_AUTH);
  numbered_end(n);
}

int main(int argc, char **argv) {
  if (other_process_main(argc, argv) || argc > 1) return 2;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_owner_killed_after_its_rows_were_read),
      cmocka_unit_test(an_executor_killed_while_it_seals),
      cmocka_unit_test(a_lost_driver_means_everything_is_given_back),
      cmocka_unit_test(a_process_that_ends_in_order_gives_everything_back),
      cmocka_unit_test(a_wrong_token_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
