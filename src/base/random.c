#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static uint64_t system_next_u64(void *ctx) {
  (void)ctx;
  uint64_t value;
  for (;;) {
    const ssize_t n = getrandom(&value, sizeof value, 0);
    if (n == (ssize_t)sizeof value) return value;
    /* for eight bytes the kernel can only say EINTR */
    if (n < 0 && errno != EINTR) abort();
  }
}

const frl_random frl_random_system = {system_next_u64, NULL};

uint64_t frl_random_u64(const frl_random *random) {
  const frl_random *r = random ? random : &frl_random_system;
  return r->next_u64(r->ctx);
}

uint64_t frl_random_below(const frl_random *random, uint64_t bound) {
  if (bound == 0) return 0;
  /* refuse the uneven remainder of the range */
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value;
  do {
    value = frl_random_u64(random);
  } while (value >= limit);
  return value % bound;
}

void frl_random_hex(const frl_random *random, char *out, size_t n_bytes) {
  static const char digits[] = "0123456789abcdef";
  uint64_t bits = 0;
  for (size_t i = 0; i < n_bytes; i++) {
    if (i % 8 == 0) bits = frl_random_u64(random);
    *out++ = digits[bits >> 4 & 15];
    *out++ = digits[bits & 15];
    bits >>= 8;
  }
  *out = '\0';
}
