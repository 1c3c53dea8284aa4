/* Ending a cluster, and removing what it leaves. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/process.h"
#include "cluster/class_archive.h"
#include "cluster/leftover.h"
#include "cluster/lock.h"
#include "cluster/remove.h"
#include "cluster/state.h"

enum { SUPERVISOR_MS = 330000, TURN_MS = 50 };

static frl_status stop_supervisor(
    const frl_cluster_state *state, const char *folder, frl_error *err) {
  const int32_t pid = state->supervisor_pid;
  if (frl_process_runs(pid, state->supervisor_started)) (void)uv_kill(pid, SIGTERM);
  const int64_t began_ms = frl_clock_now_ms(NULL);
  while (frl__cluster_is_supervised(folder)) {
    if (frl_clock_now_ms(NULL) - began_ms > SUPERVISOR_MS) {
      return frl_fail(
          err, FRL_E_TIMEOUT, "the supervisor, process %d, does not end", pid);
    }
    (void)nanosleep(&(struct timespec){0, TURN_MS * 1000000L}, NULL);
  }
  return FRL_OK;
}

static uint32_t running(const frl_cluster_state *state) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < state->n_services; i++) n += state->services[i].pid != 0;
  return n;
}

/* After a crash the state file still says what ran then. Where it cannot be written, on
   a full disk, readers find that those processes are gone. */
static void settle(frl_cluster_state *state) {
  bool changed = state->supervisor_pid != 0;
  state->supervisor_pid = 0;
  state->supervisor_started = 0;
  for (uint32_t i = 0; i < state->n_services; i++) {
    frl_cluster_record *r = &state->services[i];
    changed = changed || r->state != FRL_CLUSTER_STOPPED;
    r->state = FRL_CLUSTER_STOPPED;
    r->pid = 0;
    r->started = 0;
    r->reason[0] = '\0';
  }
  if (changed) (void)!frl__cluster_state_write(state, NULL);
}

frl_status frl_cluster_stop(const char *folder, uint32_t *ended, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  frl_cluster_state state;
  *ended = 0;
  FRL_TRY(frl__cluster_folder(path, folder, err));
  const frl_status st = frl__cluster_state_read(&state, path, err);
  if (st == FRL_E_NOT_FOUND) return FRL_OK;
  if (st != FRL_OK) return st;
  if (frl__cluster_is_supervised(path)) {
    /* the state of a supervisor that has just begun may not name it yet */
    const int64_t began_ms = frl_clock_now_ms(NULL);
    while (!state.supervisor_pid && frl_clock_now_ms(NULL) - began_ms < 5000) {
      (void)nanosleep(&(struct timespec){0, TURN_MS * 1000000L}, NULL);
      FRL_TRY(frl__cluster_state_read(&state, path, err));
    }
    *ended = running(&state);
    FRL_TRY(stop_supervisor(&state, path, err));
    FRL_TRY(frl__cluster_state_read(&state, path, err));
  }
  FRL_TRY(frl__cluster_end_leftover(state.id, ended, err));
  frl_cluster_archive archive;
  frl__cluster_archive_find(&archive, &state.settings, state.id);
  frl__cluster_archive_discard(&archive);
  settle(&state);
  return FRL_OK;
}

frl_status frl_cluster_clean(const char *folder, bool tables, frl_error *err) {
  static const char *const names[] = {".cluster", "checkpoints", "spark-warehouse"};
  char path[FRL_CLUSTER_PATH_MAX];
  uint32_t ended = 0;
  FRL_TRY(frl__cluster_folder(path, folder, err));
  const frl_status st = frl_cluster_stop(folder, &ended, err);
  /* a state file of another version, or a broken one, is what clean is for */
  const bool unreadable = st == FRL_E_MALFORMED && !frl__cluster_is_supervised(path);
  if (st != FRL_OK && !unreadable) return st;
  for (size_t i = 0; i < (tables ? 3 : 2); i++) {
    char victim[FRL_CLUSTER_PATH_MAX];
    if (snprintf(victim, sizeof victim, "%s/%s", path, names[i]) >=
        (int)sizeof victim) {
      return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", path);
    }
    FRL_TRY(frl__cluster_remove_tree(victim, err));
  }
  return FRL_OK;
}
