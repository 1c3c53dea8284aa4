#include "other_process.h"

#include <ferrule/coordinator.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yyjson.h>

#include "support/cmocka_c.h"

enum { MAX_ARGUMENTS = 8, SLICE_MS = 100 };

static const char *program; /* /proc/self/exe may be a tool that runs us */

other_process other_start(const char *const *arguments) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const char *argv[MAX_ARGUMENTS + 2] = {program};
  for (int i = 0; i < MAX_ARGUMENTS && arguments[i]; i++) argv[i + 1] = arguments[i];
  other_process p = {.from = ends[0], .pid = fork()};
  assert_true(p.pid >= 0);
  if (p.pid == 0) {
    (void)dup2(ends[1], STDOUT_FILENO);
    (void)close(ends[0]);
    (void)execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
  }
  (void)close(ends[1]);
  return p;
}

void other_line(const other_process *p, char *line, int size) {
  int n = 0;
  char c;
  while (n < size - 1 && read(p->from, &c, 1) == 1 && c != '\n') line[n++] = c;
  line[n] = 0;
}

void other_kill(other_process *p) {
  (void)kill(p->pid, SIGKILL);
  (void)waitpid(p->pid, NULL, 0);
  (void)close(p->from);
}

/* ---- the other process ---- */

static void stay(void) {
  (void)fflush(stdout);
  for (;;) (void)pause();
}

static void be_executor(char **argv) {
  frl_scan *scan;
  frl_error err = {0};
  if (frl_scan_open(&scan, argv[2], argv[3], "localhost", &err) != FRL_OK) {
    (void)printf("failed: %s\n", err.message);
    stay();
  }
  const int64_t max = strtoll(argv[4], NULL, 10);
  int64_t rows = 0;
  frl_status st = FRL_OK;
  while ((st == FRL_OK || st == FRL_E_TIMEOUT) && (max == 0 || rows < max)) {
    struct ArrowArray array;
    st = frl_scan_next(scan, &array, SLICE_MS, &err);
    if (st != FRL_OK) continue;
    rows += array.length;
    frl_array_release(&array);
  }
  if (st < 0) (void)printf("failed: %s\n", err.message);
  (void)printf("read %lld\n", (long long)rows);
  stay();
}

static void be_driver(char **argv) {
  frl_coordinator *c;
  frl_error err = {0};
  char *start = NULL;
  char *end = NULL;
  char *parts = NULL;
  const frl_batch_request request = {.struct_size = sizeof request};
  frl_status st = frl_coordinator_open(&c, argv[2], &err);
  if (st == FRL_OK) st = frl_coordinator_initial_offset(c, &start, &err);
  if (st == FRL_OK) st = frl_coordinator_latest_offset(c, start, &request, &end, &err);
  if (st == FRL_OK) st = frl_coordinator_plan(c, start, end, &parts, &err);
  yyjson_doc *doc = st == FRL_OK ? yyjson_read(parts, strlen(parts), 0) : NULL;
  yyjson_val *first = yyjson_arr_get_first(yyjson_doc_get_root(doc));
  const char *text = yyjson_get_str(yyjson_obj_get(first, "partition"));
  (void)printf("%s\n", text ? text : err.message);
  stay();
}

bool other_process_main(int argc, char **argv) {
  program = argv[0];
  if (argc == 5 && strcmp(argv[1], "executor") == 0) be_executor(argv);
  if (argc == 3 && strcmp(argv[1], "driver") == 0) be_driver(argv);
  return false;
}
