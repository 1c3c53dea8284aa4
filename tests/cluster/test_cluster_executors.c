/* Folders of executors that have ended do not heap up. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cluster/executors.h"
#include "cluster/remove.h"
#include "support/cmocka_c.h"

static const char variable[] = "FERRULE_CLUSTER=of-this-test";

typedef struct work {
  char folder[64];
  char application[128];
} work;

static int set_up(void **state) {
  work *w = calloc(1, sizeof *w);
  char path[128];
  (void)snprintf(w->folder, sizeof w->folder, "/tmp/ferrule-executors-XXXXXX");
  if (!w || !mkdtemp(w->folder)) return -1;
  static const char *const names[] = {
      ".cluster", ".cluster/work", ".cluster/work/app-1"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
    if (mkdir(path, 0755) != 0) return -1;
  }
  (void)snprintf(w->application, sizeof w->application, "%s", path);
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  work *w = *state;
  assert_int_equal(frl__cluster_remove_tree(w->folder, NULL), FRL_OK);
  free(w);
  return 0;
}

static void path_of(char out[192], const work *w, const char *name) {
  (void)snprintf(out, 192, "%s/%s", w->application, name);
}

static bool is_there(const work *w, const char *name) {
  char path[192];
  path_of(path, w, name);
  return access(path, F_OK) == 0;
}

/* A folder with a log, last written to so long ago. */
static void make_executor(const work *w, const char *name, time_t age_s) {
  char path[192];
  char log[224];
  const struct timespec at = {.tv_sec = time(NULL) - age_s};
  const struct timespec times[2] = {at, at};
  path_of(path, w, name);
  (void)snprintf(log, sizeof log, "%s/stderr", path);
  assert_int_equal(mkdir(path, 0755), 0);
  const int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  assert_true(fd >= 0);
  assert_int_equal(futimens(fd, times), 0);
  (void)close(fd);
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A process that is at work in a folder. */
static pid_t run_in(const work *w, const char *name) {
  char path[192];
  int started[2];
  char end;
  path_of(path, w, name);
  assert_int_equal(pipe(started), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    char mark[] = "FERRULE_CLUSTER=of-this-test";
    char *const environment[] = {mark, NULL};
    (void)fcntl(started[1], F_SETFD, FD_CLOEXEC); /* exec ends it */
    if (chdir(path) == 0) (void)execle("/bin/sleep", "sleep", "600", NULL, environment);
    _exit(1);
  }
  (void)close(started[1]);
  assert_int_equal(read(started[0], &end, 1), 0);
  (void)close(started[0]);
  return pid;
}

static uint32_t prune(const work *w, uint32_t keep) {
  return frl__cluster_prune_executors(w->folder, variable, keep, 60);
}

static void the_newest_of_those_that_ended_are_kept(void **state) {
  const work *w = *state;
  make_executor(w, "0", 4000);
  make_executor(w, "1", 3000);
  make_executor(w, "2", 5000); /* ended first */
  make_executor(w, "10", 1000);
  make_executor(w, "driver", 9000); /* no executor */
  assert_int_equal(prune(w, 4), 0);
  assert_int_equal(prune(w, 2), 2);
  assert_false(is_there(w, "0") || is_there(w, "2"));
  assert_true(is_there(w, "1") && is_there(w, "10") && is_there(w, "driver"));
}

static void one_that_runs_is_kept_however_long_it_says_nothing(void **state) {
  const work *w = *state;
  make_executor(w, "0", 9000);
  make_executor(w, "1", 3000);
  make_executor(w, "2", 2000);
  const pid_t pid = run_in(w, "0");
  assert_int_equal(prune(w, 1), 1);
  assert_true(is_there(w, "0") && is_there(w, "2"));
  assert_false(is_there(w, "1"));
  (void)kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  assert_int_equal(prune(w, 1), 1);
  assert_false(is_there(w, "0"));
}

static void one_that_has_only_just_ended_is_kept(void **state) {
  const work *w = *state;
  make_executor(w, "0", 9000);
  make_executor(w, "1", 10);
  make_executor(w, "2", 5);
  assert_int_equal(prune(w, 1), 1);
  assert_true(is_there(w, "1") && is_there(w, "2"));
}

static void no_folder_is_no_failure(void **state) {
  (void)state;
  assert_int_equal(frl__cluster_prune_executors("/tmp/nowhere", variable, 0, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(
          the_newest_of_those_that_ended_are_kept, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          one_that_runs_is_kept_however_long_it_says_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          one_that_has_only_just_ended_is_kept, set_up, tear_down),
      cmocka_unit_test(no_folder_is_no_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
