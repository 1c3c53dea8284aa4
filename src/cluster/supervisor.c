#include "cluster/supervisor.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "cluster/executors.h"
#include "cluster/launch.h"
#include "cluster/leftover.h"
#include "cluster/lock.h"
#include "cluster/rotate.h"

enum {
  TICK_MS = 100,
  START_MS = 600000,   /* from its start to its first answer: then it hangs */
  STOP_MS = 15000,     /* from SIGTERM to SIGKILL */
  ARCHIVE_MS = 300000, /* where Connect writes its classes down first */
  ROTATE_MS = 2000,    /* between two looks at the sizes of the logs */
  PRUNE_MS = 60000,    /* between two looks at the executors that have ended */
  EXECUTORS_KEPT = 16, /* of those */
  REWRITE_MS = 1000,   /* after a state file that could not be written */
  RESTART_BASE_MS = 500,
  RESTART_MAX_MS = 30000
};

static bool may_start(const frl_cluster_supervisor *s, uint32_t i) {
  uint32_t number = 0;
  const enum frl_cluster_kind kind = frl__cluster_kind_of(&s->state, i, &number);
  if (kind != FRL_CLUSTER_WORKER && kind != FRL_CLUSTER_CONNECT) return true;
  return s->state.services[0].state == FRL_CLUSTER_READY;
}

static void watch_child(frl_cluster_supervisor *s, uint32_t i, int64_t now_ms) {
  frl_cluster_child *c = &s->children[i];
  frl_cluster_record *r = &s->state.services[i];
  switch (r->state) {
    case FRL_CLUSTER_WAITING:
      if (may_start(s, i)) frl__cluster_child_start(c);
      break;
    case FRL_CLUSTER_STARTING:
      if (now_ms - c->began_ms > START_MS) {
        frl_log(FRL_LOG_ERROR, "cluster", "%s did not answer within %d s: %s", r->name,
            START_MS / 1000, c->probe_error.message);
        c->hung = true;
        frl__cluster_child_signal(c, SIGKILL);
      } else {
        frl__cluster_child_probe(c);
      }
      break;
    case FRL_CLUSTER_ENDED:
      if (s->state.settings.restart && now_ms >= c->next_ms) {
        r->restarts++;
        frl__cluster_child_is(c, FRL_CLUSTER_WAITING, r->reason);
      }
      break;
    default:
      break;
  }
}

static void write_state(frl_cluster_supervisor *s, int64_t now_ms) {
  frl_error err = {0};
  if (!s->dirty || now_ms < s->written_ms) return;
  if (frl__cluster_state_write(&s->state, &err) == FRL_OK) {
    s->dirty = false;
  } else {
    s->written_ms = now_ms + REWRITE_MS;
    frl_log(FRL_LOG_ERROR, "cluster", "%s", err.message);
  }
}

static bool all_ended(const frl_cluster_supervisor *s) {
  for (uint32_t i = 0; i < s->state.n_services; i++) {
    if (s->children[i].running || s->children[i].probing) return false;
  }
  return true;
}

static void close_handle(uv_handle_t *handle, void *ctx) {
  (void)ctx;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static int64_t stop_limit_ms(const frl_cluster_supervisor *s) {
  return frl__cluster_archive_writes(&s->archive) ? ARCHIVE_MS : STOP_MS;
}

static void end_stopping(frl_cluster_supervisor *s, int64_t now_ms) {
  if (all_ended(s)) {
    uv_walk(&s->uv, close_handle, NULL);
  } else if (!s->killed && now_ms - s->stop_ms > stop_limit_ms(s)) {
    s->killed = true;
    for (uint32_t i = 0; i < s->state.n_services; i++) {
      frl__cluster_child_signal(&s->children[i], SIGKILL);
    }
  }
}

static void prune_executors(frl_cluster_supervisor *s, int64_t now_ms) {
  char mark[64];
  (void)snprintf(mark, sizeof mark, "FERRULE_CLUSTER=%s", s->state.id);
  s->prune_ms = now_ms + PRUNE_MS;
  (void)frl__cluster_prune_executors(
      s->state.settings.folder, mark, EXECUTORS_KEPT, PRUNE_MS / 1000);
}

static void on_tick(uv_timer_t *timer) {
  frl_cluster_supervisor *s = timer->data;
  const int64_t now_ms = frl_clock_now_ms(NULL);
  if (s->stopping) {
    end_stopping(s, now_ms);
  } else {
    for (uint32_t i = 0; i < s->state.n_services; i++) watch_child(s, i, now_ms);
  }
  write_state(s, now_ms);
  if (now_ms >= s->rotate_ms) {
    s->rotate_ms = now_ms + ROTATE_MS;
    frl__cluster_rotate_all(s->state.settings.folder, s->state.settings.log_bytes);
  }
  if (now_ms >= s->prune_ms && !s->stopping) prune_executors(s, now_ms);
  if (!s->stopping) frl__cluster_status_update(&s->status, &s->state, &s->uv, now_ms);
}

static void begin_stopping(frl_cluster_supervisor *s) {
  if (s->stopping) return;
  frl_log(FRL_LOG_INFO, "cluster", "stopping");
  s->stopping = true;
  s->stop_ms = frl_clock_now_ms(NULL);
  for (uint32_t i = 0; i < s->state.n_services; i++) {
    frl_cluster_child *c = &s->children[i];
    if (!c->running) frl__cluster_child_is(c, FRL_CLUSTER_STOPPED, "");
    frl__cluster_child_signal(c, SIGTERM);
  }
}

static void on_signal(uv_signal_t *handle, int number) {
  frl_cluster_supervisor *s = handle->data;
  if (number != SIGHUP) {
    begin_stopping(s);
    return;
  }
  for (uint32_t i = 0; !s->stopping && i < s->state.n_services; i++) {
    if (s->state.services[i].state != FRL_CLUSTER_ENDED) continue;
    s->state.services[i].restarts++;
    frl__cluster_child_is(&s->children[i], FRL_CLUSTER_WAITING, "");
  }
}

static frl_status open_loop(frl_cluster_supervisor *s, frl_error *err) {
  static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
  int rc = uv_loop_init(&s->uv);
  if (rc != 0) return frl_fail_errno(err, -rc, "cluster: event loop");
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    (void)uv_signal_init(&s->uv, &s->signals[i]);
    s->signals[i].data = s;
    (void)uv_signal_start(&s->signals[i], on_signal, numbers[i]);
  }
  (void)uv_timer_init(&s->uv, &s->tick);
  s->tick.data = s;
  (void)uv_timer_start(&s->tick, on_tick, 0, TICK_MS);
  return FRL_OK;
}

static void begin(frl_cluster_supervisor *s) {
  frl_process self = {0};
  s->state.supervisor_pid = (int32_t)getpid();
  (void)frl_process_find(s->state.supervisor_pid, &self);
  s->state.supervisor_started = self.started;
  frl__cluster_plan(&s->state);
  frl__cluster_keep_former_logs(&s->state);
  for (uint32_t i = 0; i < s->state.n_services; i++) {
    frl_cluster_child *c = &s->children[i];
    c->owner = s;
    c->index = i;
    frl_backoff_init(&c->backoff, RESTART_BASE_MS, RESTART_MAX_MS, NULL);
    frl__cluster_child_is(c, FRL_CLUSTER_WAITING, "");
  }
}

static frl_status run(frl_cluster_supervisor *s, frl_error *err) {
  FRL_TRY(frl_loop_start(&s->calls, NULL, "cluster-probes", err));
  frl_status st = open_loop(s, err);
  if (st == FRL_OK) {
    begin(s);
    frl__cluster_status_open(&s->status, &s->state, s->calls);
    (void)uv_run(&s->uv, UV_RUN_DEFAULT);
    (void)uv_loop_close(&s->uv);
    frl__cluster_status_close(&s->status);
    uint32_t ended = 0;
    st = frl__cluster_end_leftover(s->state.id, &ended, err);
    frl__cluster_archive_discard(&s->archive);
    s->state.supervisor_pid = 0;
    s->state.supervisor_started = 0;
    s->dirty = true;
    s->written_ms = 0;
    write_state(s, frl_clock_now_ms(NULL));
  }
  frl_loop_stop(s->calls);
  return st;
}

static frl_status supervise(
    frl_cluster_supervisor *s, const char *path, frl_error *err) {
  FRL_TRY(frl__cluster_state_read(&s->state, path, err));
  frl__cluster_archive_find(&s->archive, &s->state.settings, s->state.id);
  FRL_TRY(frl__cluster_configure(&s->state, &s->archive, err));
  (void)curl_global_init(CURL_GLOBAL_DEFAULT);
  const frl_status st = run(s, err);
  curl_global_cleanup();
  return st;
}

frl_status frl_cluster_supervise(const char *folder, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  int lock = -1;
  FRL_TRY(frl__cluster_folder(path, folder, err));
  FRL_TRY(frl__cluster_lock(&lock, path, err));
  frl_cluster_supervisor *s = calloc(1, sizeof *s);
  frl_status st = FRL_E_NOMEM;
  if (s) {
    st = supervise(s, path, err);
  } else {
    (void)frl_fail(err, st, "cluster: out of memory");
  }
  free(s);
  frl__cluster_unlock(lock);
  return st;
}
