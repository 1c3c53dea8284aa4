/* Starting a cluster, and waiting until it answers. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/process.h"
#include "base/random.h"
#include "cluster/builds.h"
#include "cluster/doctor.h"
#include "cluster/idle.h"
#include "cluster/launch.h"
#include "cluster/lock.h"
#include "cluster/record.h"
#include "cluster/rotate.h"

enum { READY_MS = 180000, BEHIND_MS = 10000, TURN_MS = 50 };

typedef struct ascent {
  const frl_cluster_watch *watch;
  frl_cluster_settings settings;
  frl_cluster_state seen; /* as it was told last */
  int32_t supervisor;     /* that was started here; 0: was there */
  int64_t began_ms;
  int64_t began_us;
  bool renews;
} ascent;

/* ---- before the start ---- */

static void tell_bad(void *ctx, const frl_cluster_finding *finding) {
  const frl_cluster_watch *watch = ctx;
  if (!finding->good && watch->found) watch->found(watch->ctx, finding);
}

static frl_status check(const ascent *a, frl_error *err) {
  /* the report hands its context on as it is */
  union {
    const frl_cluster_watch *in;
    void *out;
  } ctx = {.in = a->watch};
  frl_cluster_facts facts;
  frl_cluster_report report = {.each = tell_bad, .ctx = ctx.out};
  frl__cluster_look(&facts, &a->settings);
  frl__cluster_judge(&facts, &a->settings, &report);
  frl__cluster_judge_leftover(&a->settings, &report);
  frl__cluster_judge_ports(&a->settings, &report);
  if (report.bad == 0) return FRL_OK;
  return frl_fail(
      err, FRL_E_STATE, "%u of the checks failed, nothing was started", report.bad);
}

static frl_status make_place(const char *folder, frl_error *err) {
  static const char *const names[] = {"", "logs"};
  for (size_t i = 0; i < 2; i++) {
    char path[FRL_CLUSTER_PATH_MAX];
    if (!frl__cluster_place(path, folder, names[i])) {
      return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", folder);
    }
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
      return frl_fail_errno(err, errno, "cluster: folder %s", path);
    }
  }
  return FRL_OK;
}

static frl_status spawn_with_log(ascent *a, int log, frl_error *err) {
  char supervise[] = "supervise";
  char cluster[] = "cluster";
  char folder[] = "--folder";
  char *const args[] = {
      a->settings.command, cluster, supervise, folder, a->settings.folder, NULL};
  uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
      {.flags = UV_INHERIT_FD, .data.fd = log},
      {.flags = UV_INHERIT_FD, .data.fd = log}};
  const uv_process_options_t options = {.file = a->settings.command,
      .args = (char **)args,
      .cwd = a->settings.folder,
      .flags = UV_PROCESS_DETACHED,
      .stdio_count = 3,
      .stdio = stdio};
  uv_loop_t loop;
  uv_process_t process;
  int rc = uv_loop_init(&loop);
  if (rc != 0) return frl_fail_errno(err, -rc, "cluster: event loop");
  rc = uv_spawn(&loop, &process, &options);
  a->supervisor = rc == 0 ? (int32_t)process.pid : 0;
  uv_close((uv_handle_t *)&process, NULL); /* it lives on */
  (void)uv_run(&loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&loop);
  return rc == 0 ? FRL_OK : frl_fail_errno(err, -rc, "%s", a->settings.command);
}

static frl_status spawn_supervisor(ascent *a, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(path, a->settings.folder, "logs/supervisor.log")) {
    return frl_fail(err, FRL_E_LIMIT, "cluster: the folder's name is too long");
  }
  frl__cluster_log_becomes_former(path);
  const int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return frl_fail_errno(err, errno, "cluster: %s", path);
  const frl_status st = spawn_with_log(a, log, err);
  (void)close(log);
  return st;
}

static frl_status begin(ascent *a, frl_error *err) {
  frl_cluster_state *state = &a->seen;
  FRL_TRY(make_place(a->settings.folder, err));
  FRL_TRY(frl__cluster_copy_builds(&a->settings, err));
  *state = (frl_cluster_state){.settings = a->settings};
  frl_random_hex(NULL, state->id, 16);
  frl__cluster_plan(state);
  for (uint32_t i = 0; i < state->n_services; i++) {
    state->services[i].since_us = frl_clock_wall_us(NULL);
  }
  FRL_TRY(frl__cluster_state_write(state, err));
  return spawn_supervisor(a, err);
}

/* ---- waiting ---- */

static bool any_is(const frl_cluster_state *s, enum frl_cluster_service_state state) {
  for (uint32_t i = 0; i < s->n_services; i++) {
    if (s->services[i].state == state) return true;
  }
  return false;
}

/* A process that has just ended is in the state file a moment longer. */
static bool is_behind(const frl_cluster_state *s) {
  for (uint32_t i = 0; i < s->n_services; i++) {
    const frl_cluster_record *r = &s->services[i];
    if (r->pid && !frl_process_runs(r->pid, r->started)) return true;
  }
  return false;
}

/* What an up that was called again does: what has ended is started. */
static frl_status wake(ascent *a, frl_error *err) {
  const char *folder = a->settings.folder;
  FRL_TRY(frl__cluster_state_read(&a->seen, folder, err));
  const char *other = frl__cluster_difference(&a->seen.settings, &a->settings);
  if (other) {
    return frl_fail(err, FRL_E_STATE,
        "the cluster runs with other settings (--%s): ferrule cluster stop, then up, "
        "takes these",
        other);
  }
  while (is_behind(&a->seen) && frl_clock_now_ms(NULL) - a->began_ms < BEHIND_MS) {
    (void)nanosleep(&(struct timespec){0, TURN_MS * 1000000L}, NULL);
    FRL_TRY(frl__cluster_state_read(&a->seen, folder, err));
  }
  a->began_us = frl_clock_wall_us(NULL); /* what ended before is no failure of ours */
  if (any_is(&a->seen, FRL_CLUSTER_ENDED)) {
    (void)uv_kill(a->seen.supervisor_pid, SIGHUP);
  }
  return FRL_OK;
}

static void tell_changes(ascent *a, const frl_cluster_state *now) {
  for (uint32_t i = 0; i < now->n_services; i++) {
    const frl_cluster_record *r = &now->services[i];
    if (i < a->seen.n_services && a->seen.services[i].state == r->state) continue;
    frl_cluster_service service;
    frl__cluster_service_of(&service, r);
    if (a->watch->changed) a->watch->changed(a->watch->ctx, &service);
  }
  a->seen = *now;
}

/* FRL_NEED_MORE: not all of it answers yet. */
static frl_status judge(const ascent *a, const frl_cluster_state *now, frl_error *err) {
  frl_status st = FRL_OK;
  for (uint32_t i = 0; i < now->n_services; i++) {
    const frl_cluster_record *r = &now->services[i];
    if (r->state == FRL_CLUSTER_READY) continue;
    st = FRL_NEED_MORE;
    if (r->state == FRL_CLUSTER_ENDED && r->since_us > a->began_us &&
        !now->settings.restart) {
      return frl_fail(err, FRL_E_STATE,
          "%s has ended (%s); its log: %s/.cluster/logs/%s.log", r->name, r->reason,
          a->settings.folder, r->name);
    }
  }
  return now->n_services ? st : FRL_NEED_MORE;
}

static frl_status look(ascent *a, frl_error *err) {
  frl_cluster_state now;
  FRL_TRY(frl__cluster_state_read(&now, a->settings.folder, err));
  tell_changes(a, &now);
  frl_process process;
  if (a->supervisor && !frl_process_find(a->supervisor, &process)) {
    return frl_fail(err, FRL_E_STATE,
        "the supervisor has ended; its log: %s/.cluster/logs/supervisor.log",
        a->settings.folder);
  }
  return judge(a, &now, err);
}

static frl_status wait_until_ready(ascent *a, frl_error *err) {
  const frl_cluster_watch *w = a->watch;
  const int64_t limit_ms = w->timeout_ms ? w->timeout_ms : READY_MS;
  for (;;) {
    const frl_status st = look(a, err);
    if (st != FRL_NEED_MORE) return st;
    if (w->cancelled && w->cancelled(w->ctx)) {
      return frl_fail(err, FRL_E_CANCELLED, "interrupted; the services go on starting");
    }
    if (frl_clock_now_ms(NULL) - a->began_ms > limit_ms) {
      return frl_fail(err, FRL_E_TIMEOUT,
          "not every service answers yet; ferrule cluster ps and logs tell more");
    }
    (void)nanosleep(&(struct timespec){0, TURN_MS * 1000000L}, NULL);
  }
}

/* An older build that nobody uses makes room for the present one. */
static frl_status renew(const ascent *a, frl_error *err) {
  frl_cluster_state now;
  char builds[64];
  uint32_t ended = 0;
  FRL_TRY(frl__cluster_state_read(&now, a->settings.folder, err));
  if (!frl__cluster_builds_differ(&now, builds, sizeof builds)) return FRL_OK;
  if (!frl__cluster_is_idle(&now)) return FRL_OK;
  const frl_cluster_finding finding = {.struct_size = sizeof finding,
      .good = true,
      .what = builds,
      .found = "built anew since the cluster started",
      .remedy = "nobody uses the cluster: it is started again"};
  if (a->watch->found) a->watch->found(a->watch->ctx, &finding);
  return frl_cluster_stop(a->settings.folder, &ended, err);
}

static frl_status ascend(ascent *a, frl_error *err) {
  a->began_ms = frl_clock_now_ms(NULL);
  a->began_us = frl_clock_wall_us(NULL);
  if (a->renews && frl__cluster_is_supervised(a->settings.folder)) {
    FRL_TRY(renew(a, err));
  }
  if (frl__cluster_is_supervised(a->settings.folder)) {
    FRL_TRY(wake(a, err));
  } else {
    FRL_TRY(check(a, err));
    FRL_TRY(begin(a, err));
  }
  return wait_until_ready(a, err);
}

static frl_status ascend_with(const frl_cluster_settings *settings, bool renews,
    const frl_cluster_watch *watch, frl_error *err) {
  static const frl_cluster_watch nobody;
  ascent *a = calloc(1, sizeof *a);
  if (!a) return frl_fail(err, FRL_E_NOMEM, "cluster: out of memory");
  a->watch = watch ? watch : &nobody;
  a->settings = *settings;
  a->renews = renews;
  const frl_status st = ascend(a, err);
  free(a);
  return st;
}

frl_status frl_cluster_up(const frl_cluster_options *options,
    const frl_cluster_watch *watch, frl_error *err) {
  frl_cluster_settings settings;
  FRL_TRY(frl__cluster_resolve(&settings, options, err));
  if (!settings.command[0]) {
    return frl_fail(err, FRL_E_INVALID, "cluster: command: its path is needed");
  }
  if (frl__cluster_is_supervised(settings.folder)) {
    frl_cluster_state state;
    FRL_TRY(frl__cluster_state_read(&state, settings.folder, err));
    frl__cluster_inherit(&settings, options, &state.settings);
  }
  return ascend_with(&settings, options->renew, watch, err);
}

frl_status frl_cluster_start(
    const char *folder, const frl_cluster_watch *watch, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  frl_cluster_state state;
  FRL_TRY(frl__cluster_folder(path, folder, err));
  FRL_TRY(frl__cluster_state_read(&state, path, err));
  return ascend_with(&state.settings, false, watch, err);
}
