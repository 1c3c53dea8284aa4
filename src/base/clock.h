/** Time, behind a struct that tests replace. */
#ifndef FRL_BASE_CLOCK_H
#define FRL_BASE_CLOCK_H

#include <stdint.h>

typedef struct frl_clock {
  /** Milliseconds that only grow; the origin means nothing. */
  int64_t (*monotonic_ms)(void *ctx);
  /** Microseconds since 1970-01-01 UTC; may jump. */
  int64_t (*wall_us)(void *ctx);
  void *ctx;
} frl_clock;

/** The system's clocks. */
extern const frl_clock frl_clock_system;

/** NULL for clock means frl_clock_system. */
int64_t frl_clock_now_ms(const frl_clock *clock);
int64_t frl_clock_wall_us(const frl_clock *clock);

#endif /* FRL_BASE_CLOCK_H */
