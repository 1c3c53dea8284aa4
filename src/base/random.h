/** Randomness, behind a struct that tests replace. */
#ifndef FRL_BASE_RANDOM_H
#define FRL_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct frl_random {
  uint64_t (*next_u64)(void *ctx);
  void *ctx;
} frl_random;

/** The system's generator: unpredictable, any thread. */
extern const frl_random frl_random_system;

/** NULL for random means frl_random_system in all of these. */
uint64_t frl_random_u64(const frl_random *random);
/** Evenly from 0 .. bound - 1; 0 when bound is 0. */
uint64_t frl_random_below(const frl_random *random, uint64_t bound);
/** Writes 2 * n_bytes lower-case hex digits and a NUL. */
void frl_random_hex(const frl_random *random, char *out, size_t n_bytes);

#endif /* FRL_BASE_RANDOM_H */
