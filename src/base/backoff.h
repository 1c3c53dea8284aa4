/**
 * Exponential backoff with full jitter: the n-th wait is drawn evenly from
 * 1 .. min(max, base * 2^n) milliseconds.
 */
#ifndef FRL_BASE_BACKOFF_H
#define FRL_BASE_BACKOFF_H

#include <stdint.h>

#include "base/random.h"

typedef struct frl_backoff {
  uint32_t base_ms;
  uint32_t max_ms;
  uint32_t attempts; /* waits drawn since the last reset */
  frl_random random;
} frl_backoff;

/** random NULL = the system's. */
void frl_backoff_init(
    frl_backoff *b, uint32_t base_ms, uint32_t max_ms, const frl_random *random);
/** The next wait in milliseconds. */
uint32_t frl_backoff_next_ms(frl_backoff *b);
/** After a success. */
void frl_backoff_reset(frl_backoff *b);

#endif /* FRL_BASE_BACKOFF_H */
