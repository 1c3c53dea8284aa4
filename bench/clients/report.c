#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double wall_s(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_s(const struct rusage *u) {
  return (double)u->ru_utime.tv_sec + (double)u->ru_stime.tv_sec +
         1e-6 * (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

bench_start bench_begin(void) {
  struct rusage u;
  (void)getrusage(RUSAGE_SELF, &u);
  return (bench_start){wall_s(), cpu_s(&u)};
}

void bench_report(const bench_start *start, uint64_t messages, uint64_t bytes) {
  struct rusage u;
  (void)getrusage(RUSAGE_SELF, &u);
  (void)printf(
      "{\"messages\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"cpu_seconds\":%.6f,"
      "\"max_rss_kb\":%ld}\n",
      (unsigned long long)messages, (unsigned long long)bytes, wall_s() - start->wall_s,
      cpu_s(&u) - start->cpu_s, u.ru_maxrss);
}

uint64_t bench_number(const char *text, const char *usage) {
  char *end = NULL;
  const uint64_t value = strtoull(text, &end, 10);
  if (end == text || *end != '\0') {
    (void)fprintf(stderr, "%s\n", usage);
    exit(2);
  }
  return value;
}
