#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"

double cli_now_s(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void cli_progress_start(cli_progress *p, const char *verb, bool quiet) {
  *p = (cli_progress){.verb = verb,
      .quiet = quiet,
      .terminal = isatty(STDERR_FILENO) == 1,
      .started_s = cli_now_s()};
  p->shown_s = p->started_s;
}

static void show(const cli_progress *p, double now_s, const char *end) {
  const double seconds = now_s - p->started_s;
  const double rate = seconds > 0 ? (double)p->bytes / 1e6 / seconds : 0;
  (void)fprintf(stderr, "%s%s %llu messages, %.1f MB, %.1f MB/s, %.1f s%s",
      p->terminal ? "\r\033[K" : "", p->verb, (unsigned long long)p->messages,
      (double)p->bytes / 1e6, rate, seconds, end);
  (void)fflush(stderr);
}

void cli_progress_add(cli_progress *p, uint64_t messages, uint64_t bytes) {
  p->messages += messages;
  p->bytes += bytes;
  if (p->quiet) return;
  const double now_s = cli_now_s();
  if (now_s - p->shown_s < 1) return;
  p->shown_s = now_s;
  show(p, now_s, p->terminal ? "" : "\n");
}

void cli_progress_finish(cli_progress *p, const char *extra) {
  if (p->quiet) return;
  show(p, cli_now_s(), "");
  (void)fprintf(stderr, "%s%s\n", extra ? "; " : "", extra ? extra : "");
}

void cli_progress_keep_rate(const cli_progress *p, uint64_t rate) {
  while (rate && !cli_interrupted()) {
    const double due_s = p->started_s + (double)p->messages / (double)rate;
    const double left_s = due_s - cli_now_s();
    if (left_s <= 0) return;
    const long ns = left_s > 0.1 ? 100000000L : (long)(left_s * 1e9);
    (void)nanosleep(&(struct timespec){0, ns}, NULL);
  }
}
