/** One line about long work, on standard error, at most once a second. */
#ifndef FERRULE_CLI_PROGRESS_H
#define FERRULE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cli_progress {
  const char *verb; /* "published" */
  bool quiet;
  bool terminal; /* rewrite the line in place */
  double started_s;
  double shown_s;
  uint64_t messages;
  uint64_t bytes;
} cli_progress;

void cli_progress_start(cli_progress *p, const char *verb, bool quiet);
/** Counts, and shows the line if a second has passed. */
void cli_progress_add(cli_progress *p, uint64_t messages, uint64_t bytes);
/** Shows the totals; extra may be NULL and goes behind them. */
void cli_progress_finish(cli_progress *p, const char *extra);
/**
 * Waits until what was counted is no more than rate messages a second since the start;
 * 0: does not wait. An interrupt ends it within a tenth of a second.
 */
void cli_progress_keep_rate(const cli_progress *p, uint64_t rate);
/** Monotonic seconds. */
double cli_now_s(void);

#endif /* FERRULE_CLI_PROGRESS_H */
