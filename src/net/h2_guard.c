#include "net/h2_guard.h"

enum {
  FRAMES_BURST = 10000,
  FRAMES_PER_SECOND = 1000,
  RESETS_BURST = 1000,
  RESETS_PER_SECOND = 100,
  TINY_BURST = 2000,
  TINY_PER_SECOND = 100,
  TINY_BYTES = 128,
  /* a peer with the smallest usual window sends two WINDOW_UPDATEs for 32 KiB */
  BYTES_PER_FRAME = 4096,
  FRAMES_PER_DATA_FRAME = 2
};

static void budget_init(frl_h2_budget *b, int64_t burst, int64_t per_second) {
  *b = (frl_h2_budget){.left = burst, .burst = burst, .per_second = per_second};
}

void frl_h2_guard_init(frl_h2_guard *g, const frl_clock *clock) {
  g->clock = clock ? clock : &frl_clock_system;
  budget_init(&g->frames, FRAMES_BURST, FRAMES_PER_SECOND);
  budget_init(&g->resets, RESETS_BURST, RESETS_PER_SECOND);
  budget_init(&g->tiny, TINY_BURST, TINY_PER_SECOND);
  const int64_t now = frl_clock_now_ms(g->clock);
  g->frames.filled_ms = g->resets.filled_ms = g->tiny.filled_ms = now;
}

static void give(frl_h2_budget *b, int64_t n) {
  b->left = n >= b->burst - b->left ? b->burst : b->left + n;
}

/* The clock is read only when the budget seems used up. */
static bool spend(frl_h2_budget *b, const frl_clock *clock) {
  if (b->left > 0) {
    b->left--;
    return true;
  }
  const int64_t now = frl_clock_now_ms(clock);
  const int64_t passed = now - b->filled_ms;
  if (passed > (int64_t)60 * 1000) {
    b->left = b->burst;
  } else {
    give(b, passed * b->per_second / 1000);
  }
  if (b->left <= 0) return false;
  b->filled_ms = now;
  b->left--;
  return true;
}

bool frl_h2_guard_frame(frl_h2_guard *g) { return spend(&g->frames, g->clock); }
bool frl_h2_guard_reset(frl_h2_guard *g) { return spend(&g->resets, g->clock); }

bool frl_h2_guard_data_in(frl_h2_guard *g, size_t n) {
  if (n == 0) return spend(&g->frames, g->clock);
  give(&g->frames, (int64_t)(n / BYTES_PER_FRAME));
  return true;
}

bool frl_h2_guard_data_out(frl_h2_guard *g, size_t n, bool cut) {
  give(&g->frames, FRAMES_PER_DATA_FRAME + (int64_t)(n / BYTES_PER_FRAME));
  if (cut && n < TINY_BYTES) return spend(&g->tiny, g->clock);
  if (!cut || n >= (size_t)TINY_BYTES * 8) give(&g->tiny, 1);
  return true;
}
