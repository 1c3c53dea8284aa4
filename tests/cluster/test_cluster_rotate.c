/* Logs that are put aside, and a reader that goes on. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/log_file.h"
#include "cluster/rotate.h"
#include "support/cmocka_c.h"

enum { LIMIT_BYTES = 256 * 1024, LINES_MAX = 200000 };

typedef struct work {
  char folder[64];
  char log[96];
  char former[100];
  int fd; /* of the writer, which knows nothing */
  unsigned written;
} work;

static int set_up(void **state) {
  work *w = calloc(1, sizeof *w);
  (void)snprintf(w->folder, sizeof w->folder, "/tmp/ferrule-rotate-XXXXXX");
  if (!w || !mkdtemp(w->folder)) return -1;
  (void)snprintf(w->log, sizeof w->log, "%s/service.log", w->folder);
  (void)snprintf(w->former, sizeof w->former, "%s.1", w->log);
  w->fd = open(w->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  *state = w;
  return w->fd < 0;
}

static int tear_down(void **state) {
  work *w = *state;
  (void)close(w->fd);
  (void)unlink(w->log);
  (void)unlink(w->former);
  (void)rmdir(w->folder);
  free(w);
  return 0;
}

static void write_lines(work *w, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    char line[64];
    const int len =
        snprintf(line, sizeof line, "line %08u of the service\n", w->written);
    assert_int_equal(write(w->fd, line, (size_t)len), len);
    w->written++;
  }
}

static off_t size_of(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? info.st_size : -1;
}

static bool rotate(const work *w) {
  bool done = false;
  assert_int_equal(frl__cluster_rotate(w->log, LIMIT_BYTES, &done, NULL), FRL_OK);
  return done;
}

typedef struct heard {
  unsigned next;
  unsigned n;
} heard;

/* Every line, in order, whole. */
static void hear(void *ctx, const frl_cluster_line *line) {
  heard *h = ctx;
  char wanted[64];
  const int n = snprintf(wanted, sizeof wanted, "line %08u of the service", h->next);
  assert_int_equal(line->message_len, n);
  assert_memory_equal(line->message, wanted, (size_t)n);
  h->next++;
  h->n++;
}

static void a_small_log_is_left_alone(void **state) {
  work *w = *state;
  write_lines(w, 100);
  assert_false(rotate(w));
  assert_int_equal(size_of(w->former), -1);
  bool done = true;
  assert_int_equal(frl__cluster_rotate("/tmp/nowhere.log", 1, &done, NULL), FRL_OK);
  assert_false(done);
}

static void disk_space_is_bounded_however_much_is_written(void **state) {
  work *w = *state;
  while (w->written < LINES_MAX) {
    write_lines(w, 2000);
    (void)rotate(w);
    assert_true(size_of(w->log) < LIMIT_BYTES + 64 * 1024);
    assert_true(size_of(w->former) < LIMIT_BYTES + 128 * 1024);
  }
}

static void a_follower_hears_every_line_once(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  heard h = {0};
  unsigned rotations = 0;
  frl__cluster_log_open(&f, w->log, "service");
  for (int turn = 0; turn < 60; turn++) {
    write_lines(w, 700); /* the reader comes between, before and after */
    if (turn % 3) (void)frl__cluster_log_read(&f, UINT32_MAX, hear, &h);
    rotations += rotate(w);
    write_lines(w, 13);
    if (turn % 2) (void)frl__cluster_log_read(&f, UINT32_MAX, hear, &h);
  }
  (void)frl__cluster_log_read(&f, UINT32_MAX, hear, &h);
  assert_true(rotations >= 4);
  assert_int_equal(h.n, w->written);
  frl__cluster_log_close(&f);
}

static void the_tail_of_a_new_log_reaches_into_the_former(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  while (!rotate(w)) write_lines(w, 500);
  write_lines(w, 3);
  heard h = {.next = w->written - (unsigned)(64 * 1024 / 29)};
  frl__cluster_log_open(&f, w->log, "service");
  (void)frl__cluster_log_read(&f, 64 * 1024, hear, &h);
  assert_int_equal(h.next, w->written);
  frl__cluster_log_close(&f);
}

static void a_former_log_that_cannot_be_written_says_why(void **state) {
  work *w = *state;
  char next[128];
  bool done = true;
  frl_error err = {0};
  (void)snprintf(next, sizeof next, "%s.1.next", w->log);
  assert_int_equal(mkdir(next, 0755), 0);
  while (size_of(w->log) < LIMIT_BYTES) write_lines(w, 500);
  assert_int_not_equal(frl__cluster_rotate(w->log, LIMIT_BYTES, &done, &err), FRL_OK);
  assert_false(done);
  assert_int_equal(err.origin_code, EISDIR);
  assert_true(size_of(w->log) >= LIMIT_BYTES); /* kept as long as there is hope */
  while (size_of(w->log) < 2 * LIMIT_BYTES) write_lines(w, 500);
  assert_int_not_equal(frl__cluster_rotate(w->log, LIMIT_BYTES, &done, &err), FRL_OK);
  assert_int_equal(size_of(w->log), 0);
  (void)rmdir(next);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_small_log_is_left_alone, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          disk_space_is_bounded_however_much_is_written, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          a_follower_hears_every_line_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          the_tail_of_a_new_log_reaches_into_the_former, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          a_former_log_that_cannot_be_written_says_why, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
