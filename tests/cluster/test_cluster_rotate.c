/* Logs that are put aside, and a reader that goes on. */
#define _GNU_SOURCE /* fallocate */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/log_file.h"
#include "cluster/rotate.h"
#include "support/cmocka_c.h"

enum { LIMIT_BYTES = 256 * 1024, LINES_MAX = 200000, LINE_BYTES = 29 };

typedef struct work {
  char folder[64];
  char log[96];
  char former[128];
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
  static const char *const endings[] = {
      "", ".1", ".1.next", ".position", ".former", ".former.1", ".former.position"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s%s", w->log, endings[i]);
    (void)unlink(path);
  }
  assert_int_equal(rmdir(w->folder), 0);
  free(w);
  return 0;
}

/* Not on tmpfs, which /tmp is on many machines. */
static bool takes_bytes_out(const work *w) {
  const int fd = open(w->former, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  assert_true(fd >= 0 && ftruncate(fd, LIMIT_BYTES) == 0);
  const bool taken = fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, LIMIT_BYTES / 2) == 0;
  (void)close(fd);
  assert_int_equal(unlink(w->former), 0);
  return taken;
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
  unsigned skipped; /* lines, after a word that bytes are missing */
  unsigned again;   /* lines that came twice, after a word that they may */
  unsigned told;
  unsigned long long told_bytes;
} heard;

/* Every line, in order, whole; what is missing was told before. */
static void hear(void *ctx, const frl_cluster_line *line) {
  heard *h = ctx;
  char text[256];
  unsigned number = 0;
  (void)snprintf(text, sizeof text, "%.*s", (int)line->message_len, line->message);
  if (line->level == FRL_LOG_WARN) {
    char *end = NULL;
    const unsigned long long bytes = strtoull(text, &end, 10);
    assert_int_equal(line->logger_len, strlen("cluster"));
    if (end != text) assert_non_null(strstr(text, "bytes of this log are not shown"));
    h->told_bytes += bytes;
    h->told++;
    return;
  }
  assert_int_equal(line->message_len, LINE_BYTES - 1);
  assert_int_equal(sscanf(text, "line %08u of the service", &number), 1);
  if (number > h->next) assert_true(h->told > 0);
  if (number > h->next) h->skipped += number - h->next;
  if (number < h->next) h->again++;
  h->next = number + 1;
  h->n++;
}

static void hear_all(frl_cluster_log_file *f, heard *h) {
  (void)frl__cluster_log_read(f, UINT32_MAX, hear, h);
}

static void open_reader(frl_cluster_log_file *f, const work *w) {
  frl__cluster_log_open(f, w->log, "service");
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
  open_reader(&f, w);
  for (int turn = 0; turn < 60; turn++) {
    write_lines(w, 700); /* the reader comes between, before and after */
    if (turn % 3) hear_all(&f, &h);
    rotations += rotate(w);
    write_lines(w, 13);
    if (turn % 2) hear_all(&f, &h);
  }
  hear_all(&f, &h);
  assert_true(rotations >= 4);
  assert_int_equal(h.n, w->written);
  assert_int_equal(h.told, 0);
  frl__cluster_log_close(&f);
}

static void write_until_put_aside(work *w) {
  while (!rotate(w)) write_lines(w, 500);
}

static void a_late_reader_finds_what_was_put_aside_once(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  heard h = {0};
  open_reader(&f, w);
  for (int round = 0; round < 8; round++) {
    write_lines(w, 100 + 400 * (unsigned)round);
    hear_all(&f, &h);
    write_until_put_aside(w);
    /* and the log is longer again than it was when it was read */
    write_lines(w, LIMIT_BYTES / LINE_BYTES - 1000);
  }
  hear_all(&f, &h);
  assert_int_equal(h.n, w->written);
  assert_int_equal(h.told, 0);
  frl__cluster_log_close(&f);
}

static void a_reader_that_comes_too_late_says_how_much_is_missing(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  heard h = {0};
  open_reader(&f, w);
  write_lines(w, 1000);
  hear_all(&f, &h);
  for (int i = 0; i < 5; i++) write_until_put_aside(w);
  write_lines(w, 4000);
  hear_all(&f, &h);
  assert_int_equal(h.told, 1);
  assert_true(h.skipped > 0);
  assert_int_equal(h.n + h.skipped, w->written);
  /* to the byte but for the line that is cut */
  const unsigned long long missing = (unsigned long long)h.skipped * LINE_BYTES;
  assert_true(h.told_bytes <= missing && missing - h.told_bytes <= LINE_BYTES);
  write_lines(w, 10);
  hear_all(&f, &h);
  assert_int_equal(h.n + h.skipped, w->written);
  assert_int_equal(h.told, 1);
  frl__cluster_log_close(&f);
}

static void a_log_that_is_found_late_is_read_from_what_is_kept(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  heard h = {0};
  write_until_put_aside(w);
  open_reader(&f, w);
  hear_all(&f, &h);
  assert_int_equal(h.n, w->written);
  frl__cluster_log_close(&f);
  write_until_put_aside(w);
  h = (heard){0};
  open_reader(&f, w);
  hear_all(&f, &h);
  assert_int_equal(h.told, 1);
  assert_int_equal(h.n + h.skipped, w->written);
  frl__cluster_log_close(&f);
}

static void begin_anew(work *w) {
  frl__cluster_log_becomes_former(w->log);
  (void)close(w->fd);
  w->fd = open(w->log, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  assert_true(w->fd >= 0);
}

static void the_rest_of_a_former_start_is_read_before_the_new_one(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  heard h = {0};
  open_reader(&f, w);
  write_lines(w, 1000);
  hear_all(&f, &h);
  write_until_put_aside(w); /* the first time: the reader has not seen a position */
  write_lines(w, 2000);
  begin_anew(w);
  write_lines(w, 5000);
  hear_all(&f, &h);
  assert_int_equal(h.n, w->written);
  write_until_put_aside(w);
  hear_all(&f, &h);
  write_lines(w, 10);
  begin_anew(w);
  begin_anew(w); /* nothing of the one before is left but what the reader holds */
  write_lines(w, 10);
  hear_all(&f, &h);
  assert_int_equal(h.n, w->written);
  assert_int_equal(h.told, 0);
  frl__cluster_log_close(&f);
}

static void the_rest_of_a_deleted_log_is_read_and_it_is_gone(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  heard h = {0};
  open_reader(&f, w);
  write_lines(w, 100);
  hear_all(&f, &h);
  write_lines(w, 100);
  assert_int_equal(unlink(w->log), 0);
  assert_false(f.gone);
  hear_all(&f, &h);
  assert_int_equal(h.n, w->written);
  assert_true(f.gone);
  frl__cluster_log_close(&f);
}

static void one_that_was_killed_while_it_took_bytes_out_is_told(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  heard h = {0};
  char path[128];
  frl_cluster_log_position at;
  const bool some_stays = takes_bytes_out(w);
  write_until_put_aside(w);
  open_reader(&f, w);
  hear_all(&f, &h);
  (void)snprintf(path, sizeof path, "%s.position", w->log);
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  assert_true(frl__cluster_log_position_read(fd, &at));
  at.moving = 1;
  assert_int_equal(frl__cluster_log_position_write(fd, &at, NULL), FRL_OK);
  (void)close(fd);
  write_lines(w, 100);
  hear_all(&f, &h);
  hear_all(&f, &h);
  assert_int_equal(h.told, 1);
  assert_int_equal(h.n, w->written - 100);
  assert_false(rotate(w)); /* the next supervisor looks */
  hear_all(&f, &h);
  assert_int_equal(h.told, 2);
  assert_int_equal(h.again > 0, some_stays);
  /* what it is read again from may be the middle of a line, or just after one */
  assert_int_equal(h.skipped, some_stays ? 0 : 1);
  assert_int_equal(h.next, w->written);
  frl__cluster_log_close(&f);
}

typedef struct busy {
  work *w;
  atomic_bool written;
} busy;

static void *write_on(void *ctx) {
  busy *b = ctx;
  char line[64];
  for (unsigned i = 0; i < LINES_MAX; i++) {
    const int n = snprintf(line, sizeof line, "line %08u of the service\n", i);
    if (write(b->w->fd, line, (size_t)n) != n) break;
  }
  atomic_store(&b->written, true);
  return NULL;
}

static void *rotate_on(void *ctx) {
  busy *b = ctx;
  bool done = false;
  while (!atomic_load(&b->written)) {
    (void)!frl__cluster_rotate(b->w->log, LIMIT_BYTES, &done, NULL);
  }
  return NULL;
}

/* Nothing is missing that is not told, whenever who of the three has no CPU. */
static void writer_rotation_and_reader_at_once(void **state) {
  work *w = *state;
  busy b = {.w = w};
  pthread_t threads[2];
  frl_cluster_log_file f;
  heard h = {0};
  if (!takes_bytes_out(w)) skip(); /* there a line may be lost, see rotate.h */
  atomic_init(&b.written, false);
  open_reader(&f, w);
  assert_int_equal(pthread_create(&threads[0], NULL, write_on, &b), 0);
  assert_int_equal(pthread_create(&threads[1], NULL, rotate_on, &b), 0);
  while (!atomic_load(&b.written)) hear_all(&f, &h);
  for (int i = 0; i < 2; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  hear_all(&f, &h);
  assert_int_equal(h.again, 0);
  assert_int_equal(h.n + h.skipped, LINES_MAX);
  frl__cluster_log_close(&f);
}

static void the_tail_of_a_new_log_reaches_into_the_former(void **state) {
  work *w = *state;
  frl_cluster_log_file f;
  while (!rotate(w)) write_lines(w, 500);
  write_lines(w, 3);
  heard h = {.next = w->written - (unsigned)(64 * 1024 / 29)};
  open_reader(&f, w);
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
          a_late_reader_finds_what_was_put_aside_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          a_reader_that_comes_too_late_says_how_much_is_missing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          a_log_that_is_found_late_is_read_from_what_is_kept, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          the_rest_of_a_former_start_is_read_before_the_new_one, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          the_rest_of_a_deleted_log_is_read_and_it_is_gone, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          one_that_was_killed_while_it_took_bytes_out_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          writer_rotation_and_reader_at_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          the_tail_of_a_new_log_reaches_into_the_former, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          a_former_log_that_cannot_be_written_says_why, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
