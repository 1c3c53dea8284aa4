#include "cluster/leftover.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"

enum { ASK_MS = 10000, KILL_MS = 20000, TURN_MS = 50 };

frl_status frl__cluster_leftover(const char *id,
    void (*each)(void *ctx, const frl_process *process), void *ctx, frl_error *err) {
  char variable[64];
  (void)snprintf(variable, sizeof variable, "FERRULE_CLUSTER=%s", id);
  return frl_process_with_variable(variable, each, ctx, err);
}

typedef struct sweep {
  int number; /* the signal, 0: only count */
  uint32_t n;
  frl_process last;
} sweep;

static void signal_one(void *ctx, const frl_process *process) {
  sweep *s = ctx;
  s->n++;
  s->last = *process;
  if (s->number) (void)uv_kill(process->pid, s->number);
}

frl_status frl__cluster_end_leftover(const char *id, uint32_t *ended, frl_error *err) {
  if (!id[0]) return FRL_OK;
  sweep s = {.number = SIGTERM};
  FRL_TRY(frl__cluster_leftover(id, signal_one, &s, err));
  *ended += s.n;
  const int64_t began_ms = frl_clock_now_ms(NULL);
  while (s.n) {
    const int64_t waited_ms = frl_clock_now_ms(NULL) - began_ms;
    if (waited_ms > KILL_MS) {
      return frl_fail(
          err, FRL_E_TIMEOUT, "process %d (%s) does not end", s.last.pid, s.last.name);
    }
    (void)nanosleep(&(struct timespec){0, TURN_MS * 1000000L}, NULL);
    s = (sweep){.number = waited_ms > ASK_MS ? SIGKILL : 0};
    FRL_TRY(frl__cluster_leftover(id, signal_one, &s, err));
  }
  return FRL_OK;
}
