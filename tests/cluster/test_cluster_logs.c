#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/log_file.h"
#include "cluster/stamp.h"
#include "support/cmocka_c.h"

static frl_cluster_line parse(
    frl_cluster_log_context *context, const char *text, bool kept) {
  frl_cluster_line line;
  assert_int_equal(frl__cluster_log_parse(&line, context, text, strlen(text)), kept);
  return line;
}

static void is(const char *text, size_t n, const char *wanted) {
  assert_int_equal(n, strlen(wanted));
  assert_memory_equal(text, wanted, n);
}

static void a_record_is_taken_apart(void **state) {
  (void)state;
  frl_cluster_log_context c = {0};
  const frl_cluster_line l =
      parse(&c, "2026-01-31T10:00:00.123Z WARN TaskSetManager: Lost task: 0.0", true);
  assert_int_equal(l.level, FRL_LOG_WARN);
  assert_string_equal(l.time, "2026-01-31T10:00:00.123Z");
  is(l.logger, l.logger_len, "TaskSetManager");
  is(l.message, l.message_len, "Lost task: 0.0");
}

static void a_stack_trace_belongs_to_its_record(void **state) {
  (void)state;
  static const char *const lines[] = {"java.io.IOException: No space left on device",
      "\tat java.base/java.io.FileOutputStream.writeBytes(Native Method)",
      "Caused by: org.apache.spark.SparkException", ""};
  frl_cluster_log_context c = {0};
  (void)parse(&c, "2026-01-31T10:00:00.123Z ERROR Executor: Exception in task", true);
  for (size_t i = 0; i < 4; i++) {
    const frl_cluster_line l = parse(&c, lines[i], true);
    assert_int_equal(l.level, FRL_LOG_ERROR);
    assert_int_equal(l.logger_len, 0);
    is(l.message, l.message_len, lines[i]);
  }
}

static void an_application_speaks_at_info(void **state) {
  (void)state;
  frl_cluster_log_context c = {0};
  (void)parse(&c, "2026-01-31T10:00:00.123Z ERROR Executor: Exception in task", true);
  const frl_cluster_line l = parse(&c, "rows stored: 7", true);
  assert_int_equal(l.level, FRL_LOG_INFO);
  assert_int_equal(l.logger_len, 0);
  /* and what looks like a trace behind it is the application's too */
  assert_int_equal(parse(&c, "\tat home", true).level, FRL_LOG_INFO);
  (void)parse(&c, "WARNING: Using incubator modules: jdk.incubator.vector", false);
}

static void what_an_application_says_has_its_time(void **state) {
  (void)state;
  static const char error[] =
      "2026-01-31T10:00:02.000Z 2026-01-31T10:00:01.999Z ERROR Executor: m";
  frl_cluster_log_context c = {0};
  frl_cluster_line l = parse(&c, "2026-01-31T10:00:01.000Z rows: 7", true);
  assert_string_equal(l.time, "2026-01-31T10:00:01.000Z");
  assert_int_equal(l.level, FRL_LOG_INFO);
  is(l.message, l.message_len, "rows: 7");
  l = parse(&c, error, true); /* a driver's own record */
  assert_string_equal(l.time, "2026-01-31T10:00:01.999Z");
  assert_int_equal(l.level, FRL_LOG_ERROR);
  is(l.message, l.message_len, "m");
  l = parse(&c, "2026-01-31T10:00:02.000Z \tat home", true);
  assert_int_equal(l.level, FRL_LOG_ERROR);
  l = parse(&c, "2026-01-31T10:00:03.000Z ERROR in line 3: x", true);
  assert_int_equal(l.logger_len, 0);
  is(l.message, l.message_len, "ERROR in line 3: x");
  l = parse(&c, "2026-01-31T10:00:04.000Z ", true);
  assert_int_equal(l.message_len, 0);
  assert_string_equal(l.time, "2026-01-31T10:00:04.000Z");
  (void)parse(&c, "2026-01-31T10:00:04.000Z WARNING: Using incubator modules", false);
}

static void each_line_is_stamped_once(void **state) {
  (void)state;
  frl_buf b;
  bool within = false;
  frl_buf_init(&b, NULL, 1 << 10);
  const int64_t us = 1769853600123456; /* 2026-01-31T10:00:00.123456Z */
  assert_int_equal(frl__cluster_stamp(&within, us, "one\ntw", 6, &b), FRL_OK);
  assert_true(within);
  assert_int_equal(frl__cluster_stamp(&within, us + 9000, "o\n\nx\n", 5, &b), FRL_OK);
  assert_false(within);
  assert_int_equal(frl_buf_append(&b, "", 1), FRL_OK);
  assert_string_equal((const char *)b.data,
      "2026-01-31T10:00:00.123Z one\n2026-01-31T10:00:00.123Z two\n"
      "2026-01-31T10:00:00.132Z \n2026-01-31T10:00:00.132Z x\n");
  frl_buf_deinit(&b);
  frl_buf_init(&b, NULL, 8);
  assert_int_equal(frl__cluster_stamp(&within, us, "x", 1, &b), FRL_E_LIMIT);
  frl_buf_deinit(&b);
}

static void how_an_executor_was_started_is_noise(void **state) {
  (void)state;
  static const char command[] = "Spark Executor Command: \"/usr/bin/java\" \"-cp\"";
  static const char bar[] = "========================================";
  frl_cluster_log_context c = {0};
  frl_cluster_line l;
  assert_true(frl__cluster_log_parse(&l, &c, bar, strlen(bar))); /* an application's */
  assert_false(frl__cluster_log_parse(&l, &c, command, strlen(command)));
  assert_false(frl__cluster_log_parse(&l, &c, bar, strlen(bar)));
  assert_false(frl__cluster_log_parse(&l, &c, "", 0));
  assert_true(frl__cluster_log_parse(&l, &c, "said", 4));
  assert_true(frl__cluster_log_parse(&l, &c, bar, strlen(bar)));
  assert_true(frl__cluster_log_parse(&l, &c, "", 0));
}

static void no_prefix_of_a_record_reads_beyond_it(void **state) {
  (void)state;
  static const char text[] = "2026-01-31T10:00:00.123Z FATAL Executor: m";
  for (size_t n = 0; n < sizeof text; n++) {
    char *exact = malloc(n ? n : 1);
    frl_cluster_log_context c = {0};
    frl_cluster_line l;
    memcpy(exact, text, n);
    assert_true(frl__cluster_log_parse(&l, &c, exact, n));
    assert_true(l.message_len <= n);
    free(exact);
  }
}

typedef struct heard {
  char text[4096];
  unsigned n;
} heard;

static void hear(void *ctx, const frl_cluster_line *line) {
  heard *h = ctx;
  const size_t at = strlen(h->text);
  h->n++;
  (void)snprintf(h->text + at, sizeof h->text - at, "%.*s|", (int)line->message_len,
      line->message);
}

static void write_text(const char *path, int flags, const char *text) {
  const int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  (void)close(fd);
}

static void lines_come_whole_as_the_file_grows(void **state) {
  (void)state;
  char path[] = "/tmp/ferrule-log-XXXXXX";
  heard h = {0};
  frl_cluster_log_file f;
  (void)close(mkstemp(path));
  frl__cluster_log_open(&f, path, "s");
  assert_false(frl__cluster_log_read(&f, 100, hear, &h));
  write_text(path, O_APPEND, "one\ntw");
  assert_true(frl__cluster_log_read(&f, 100, hear, &h));
  assert_string_equal(h.text, "one|");
  write_text(path, O_APPEND, "o\n\nlast");
  assert_true(frl__cluster_log_read(&f, 100, hear, &h));
  assert_string_equal(h.text, "one|two||");
  write_text(path, O_TRUNC, "new\n"); /* by nobody of ours: what was pending is gone */
  assert_true(frl__cluster_log_read(&f, 100, hear, &h));
  assert_string_equal(h.text,
      "one|two||somebody emptied this log: what stood there last may be missing|new|");
  h = (heard){.n = 0};
  write_text(path, O_APPEND, "end");
  assert_true(frl__cluster_log_read(&f, 100, hear, &h));
  frl__cluster_log_flush(&f, hear, &h);
  assert_string_equal(h.text, "end|");
  frl__cluster_log_close(&f);
  (void)unlink(path);
}

static void the_tail_begins_with_a_whole_line(void **state) {
  (void)state;
  char path[] = "/tmp/ferrule-log-XXXXXX";
  heard h = {0};
  frl_cluster_log_file f;
  (void)close(mkstemp(path));
  write_text(path, 0, "first line\nsecond line\nthird line\n");
  frl__cluster_log_open(&f, path, "s");
  assert_true(frl__cluster_log_read(&f, 16, hear, &h));
  assert_string_equal(h.text, "third line|");
  frl__cluster_log_close(&f);
  (void)unlink(path);
}

static void a_line_without_an_end_is_given_in_parts(void **state) {
  (void)state;
  char path[] = "/tmp/ferrule-log-XXXXXX";
  heard h = {0};
  frl_cluster_log_file f;
  const size_t n = 2 << 20;
  char *text = malloc(n + 1);
  memset(text, 'x', n);
  text[n] = '\0';
  (void)close(mkstemp(path));
  write_text(path, 0, text);
  frl__cluster_log_open(&f, path, "s");
  assert_true(frl__cluster_log_read(&f, 8 << 20, hear, &h));
  assert_true(h.n >= 4 && h.n <= 8);
  frl__cluster_log_close(&f);
  (void)unlink(path);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_record_is_taken_apart),
      cmocka_unit_test(a_stack_trace_belongs_to_its_record),
      cmocka_unit_test(an_application_speaks_at_info),
      cmocka_unit_test(what_an_application_says_has_its_time),
      cmocka_unit_test(each_line_is_stamped_once),
      cmocka_unit_test(how_an_executor_was_started_is_noise),
      cmocka_unit_test(no_prefix_of_a_record_reads_beyond_it),
      cmocka_unit_test(lines_come_whole_as_the_file_grows),
      cmocka_unit_test(the_tail_begins_with_a_whole_line),
      cmocka_unit_test(a_line_without_an_end_is_given_in_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
