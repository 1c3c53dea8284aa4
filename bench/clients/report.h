/** What every client of the benchmarks prints at its end: one line of JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdint.h>

typedef struct bench_start {
  double wall_s;
  double cpu_s; /* of the whole process, user and system */
} bench_start;

bench_start bench_begin(void);
void bench_report(const bench_start *start, uint64_t messages, uint64_t bytes);
/** A number of the command line, or exit 2 with the usage. */
uint64_t bench_number(const char *text, const char *usage);

#endif /* BENCH_REPORT_H */
