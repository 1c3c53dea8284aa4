#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t system_monotonic_ms(void *ctx) {
  (void)ctx;
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_wall_us(void *ctx) {
  (void)ctx;
  struct timespec t;
  (void)clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const frl_clock frl_clock_system = {system_monotonic_ms, system_wall_us, NULL};

int64_t frl_clock_now_ms(const frl_clock *clock) {
  const frl_clock *c = clock ? clock : &frl_clock_system;
  return c->monotonic_ms(c->ctx);
}

int64_t frl_clock_wall_us(const frl_clock *clock) {
  const frl_clock *c = clock ? clock : &frl_clock_system;
  return c->wall_us(c->ctx);
}
