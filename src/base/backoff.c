#include "base/backoff.h"

void frl_backoff_init(
    frl_backoff *b, uint32_t base_ms, uint32_t max_ms, const frl_random *random) {
  b->base_ms = base_ms ? base_ms : 1;
  b->max_ms = max_ms < b->base_ms ? b->base_ms : max_ms;
  b->attempts = 0;
  b->random = random ? *random : frl_random_system;
}

uint32_t frl_backoff_next_ms(frl_backoff *b) {
  uint64_t ceiling = b->max_ms;
  if (b->attempts < 32) {
    const uint64_t grown = (uint64_t)b->base_ms << b->attempts;
    if (grown < ceiling) ceiling = grown;
  }
  if (b->attempts < UINT32_MAX) b->attempts++;
  return 1 + (uint32_t)frl_random_below(&b->random, ceiling);
}

void frl_backoff_reset(frl_backoff *b) { b->attempts = 0; }
