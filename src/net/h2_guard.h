/**
 * Bounds on what a peer may make an HTTP/2 session do for nothing.
 *
 * Every frame that moves no data costs a little of a budget; time and useful data
 * fill it up again. A peer that runs out is cut off. Three budgets, since an honest
 * peer's habits differ: frames, resets (each throws work away), tiny writes (a
 * window opened byte by byte).
 */
#ifndef FRL_NET_H2_GUARD_H
#define FRL_NET_H2_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

typedef struct frl_h2_budget {
  int64_t left;
  int64_t burst;
  int64_t per_second;
  int64_t filled_ms;
} frl_h2_budget;

typedef struct frl_h2_guard {
  frl_h2_budget frames;
  frl_h2_budget resets;
  frl_h2_budget tiny;
  const frl_clock *clock;
} frl_h2_guard;

void frl_h2_guard_init(frl_h2_guard *g, const frl_clock *clock);
/** A frame without data came. false: the budget is used up; so in all below. */
bool frl_h2_guard_frame(frl_h2_guard *g);
/** The peer reset a stream, or made us reset one. */
bool frl_h2_guard_reset(frl_h2_guard *g);
/** n bytes of DATA came. */
bool frl_h2_guard_data_in(frl_h2_guard *g, size_t n);
/** n bytes of DATA went; cut = the window held the rest back. */
bool frl_h2_guard_data_out(frl_h2_guard *g, size_t n, bool cut);

#endif /* FRL_NET_H2_GUARD_H */
