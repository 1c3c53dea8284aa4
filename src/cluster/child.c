/* One service of the supervisor: its process, its probes, its state. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "cluster/launch.h"
#include "cluster/probe.h"
#include "cluster/rotate.h"
#include "cluster/supervisor.h"

static frl_cluster_record *record_of(frl_cluster_child *c) {
  return &c->owner->state.services[c->index];
}

void frl__cluster_child_is(
    frl_cluster_child *c, enum frl_cluster_service_state state, const char *reason) {
  frl_cluster_record *r = record_of(c);
  r->state = state;
  r->since_us = frl_clock_wall_us(NULL);
  (void)snprintf(r->reason, sizeof r->reason, "%s", reason);
  c->owner->dirty = true;
  const enum frl_log_level level =
      state == FRL_CLUSTER_ENDED ? FRL_LOG_ERROR : FRL_LOG_INFO;
  frl_log(level, "cluster", "%s is %s%s%s", r->name, frl_cluster_state_name(state),
      reason[0] ? ": " : "", reason);
}

static bool log_path(char out[FRL_CLUSTER_PATH_MAX], const frl_cluster_state *state,
    const char *service) {
  char name[64];
  (void)snprintf(name, sizeof name, "logs/%s.log", service);
  return frl__cluster_place(out, state->settings.folder, name);
}

void frl__cluster_keep_former_logs(const frl_cluster_state *state) {
  for (uint32_t i = 0; i < state->n_services; i++) {
    char path[FRL_CLUSTER_PATH_MAX];
    if (log_path(path, state, state->services[i].name)) {
      frl__cluster_log_becomes_former(path);
    }
  }
}

static void on_ended(uv_process_t *process, int64_t status, int number) {
  frl_cluster_child *c = process->data;
  frl_cluster_record *r = record_of(c);
  char reason[64];
  c->running = false;
  r->pid = 0;
  r->started = 0;
  uv_close((uv_handle_t *)process, NULL);
  if (c->hung) {
    (void)snprintf(reason, sizeof reason, "did not answer, was killed");
  } else if (number) {
    (void)snprintf(reason, sizeof reason, "killed by signal %d", number);
  } else {
    (void)snprintf(reason, sizeof reason, "exit code %lld", (long long)status);
  }
  uint32_t worker = 0;
  if (!number && frl__cluster_kind_of(&c->owner->state, c->index, &worker) ==
                     FRL_CLUSTER_CONNECT) {
    frl__cluster_archive_keep(&c->owner->archive);
  }
  if (c->owner->stopping) {
    frl__cluster_child_is(c, FRL_CLUSTER_STOPPED, "");
    return;
  }
  /* who held on for a minute had a good start */
  if (frl_clock_now_ms(NULL) - c->began_ms > 60000) frl_backoff_reset(&c->backoff);
  c->next_ms = frl_clock_now_ms(NULL) + 500 + frl_backoff_next_ms(&c->backoff);
  frl__cluster_child_is(c, FRL_CLUSTER_ENDED, reason);
}

static frl_status spawn(frl_cluster_child *c, frl_cluster_words *argv,
    frl_cluster_words *env, int log, frl_error *err) {
  uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
      {.flags = UV_INHERIT_FD, .data.fd = log},
      {.flags = UV_INHERIT_FD, .data.fd = log}};
  char place[FRL_CLUSTER_PATH_MAX];
  (void)frl__cluster_place(place, c->owner->state.settings.folder, "");
  const uv_process_options_t options = {.exit_cb = on_ended,
      .file = argv->items[0],
      .args = argv->items,
      .env = env->items,
      .cwd = place,
      .flags = UV_PROCESS_DETACHED, /* a session: the terminal's Ctrl-C is not its */
      .stdio_count = 3,
      .stdio = stdio};
  c->process.data = c;
  const int rc = uv_spawn(&c->owner->uv, &c->process, &options);
  if (rc == 0) return FRL_OK;
  uv_close((uv_handle_t *)&c->process, NULL);
  return frl_fail_errno(err, -rc, "%s", argv->items[0]);
}

static frl_status start(frl_cluster_child *c, frl_cluster_words *argv,
    frl_cluster_words *env, frl_error *err) {
  const frl_cluster_state *state = &c->owner->state;
  uint32_t number = 0;
  FRL_TRY(frl__cluster_arguments(state, c->index, argv, err));
  FRL_TRY(frl__cluster_environment(state, &c->owner->archive, env, err));
  if (frl__cluster_kind_of(state, c->index, &number) == FRL_CLUSTER_CONNECT) {
    frl__cluster_words_drop(
        env, "SPARK_DAEMON_MEMORY="); /* would be its driver's too */
    /* the archive is one for every jar: the process that writes it has none */
    if (frl__cluster_archive_writes(&c->owner->archive)) {
      frl__cluster_words_drop(env, "SPARK_DIST_CLASSPATH=");
    }
  }
  char path[FRL_CLUSTER_PATH_MAX];
  if (!log_path(path, state, record_of(c)->name)) return FRL_E_LIMIT;
  const int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return frl_fail_errno(err, errno, "%s", path);
  const frl_status st = spawn(c, argv, env, log, err);
  (void)close(log);
  return st;
}

void frl__cluster_child_start(frl_cluster_child *c) {
  frl_cluster_words argv = {0};
  frl_cluster_words env = {0};
  frl_error err = {0};
  const frl_status st = start(c, &argv, &env, &err);
  frl__cluster_words_deinit(&argv);
  frl__cluster_words_deinit(&env);
  c->began_ms = frl_clock_now_ms(NULL);
  if (st != FRL_OK) {
    c->next_ms = c->began_ms + 500 + frl_backoff_next_ms(&c->backoff);
    frl__cluster_child_is(c, FRL_CLUSTER_ENDED, err.message);
    return;
  }
  frl_process process = {0};
  frl_cluster_record *r = record_of(c);
  r->pid = (int32_t)c->process.pid;
  r->started = frl_process_find(r->pid, &process) ? process.started : 0;
  c->running = true;
  c->hung = false;
  frl__cluster_child_is(c, FRL_CLUSTER_STARTING, "");
}

void frl__cluster_child_signal(frl_cluster_child *c, int number) {
  if (c->running) (void)uv_kill(-c->process.pid, number);
}

/* ---- probes ---- */

static void ask(uv_work_t *work) {
  frl_cluster_child *c = work->data;
  c->probe_error = (frl_error){0};
  c->probe_status =
      frl__cluster_probe(&c->owner->state, c->index, c->owner->calls, &c->probe_error);
}

static void on_answer(uv_work_t *work, int status) {
  frl_cluster_child *c = work->data;
  c->probing = false;
  const bool starting = record_of(c)->state == FRL_CLUSTER_STARTING;
  if (status == 0 && starting && c->probe_status == FRL_OK) {
    frl__cluster_child_is(c, FRL_CLUSTER_READY, "");
  }
}

void frl__cluster_child_probe(frl_cluster_child *c) {
  if (c->probing) return;
  c->probe.data = c;
  c->probing = uv_queue_work(&c->owner->uv, &c->probe, ask, on_answer) == 0;
}
