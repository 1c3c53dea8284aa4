#include "cluster/application.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/process.h"
#include "cluster/launch.h"
#include "cluster/lock.h"
#include "cluster/record.h"
#include "cluster/stamp.h"

/* the second: of as many empty lines as a chunk can hold */
enum { CHUNK_BYTES = 16 * 1024, STAMPED_MAX = 32 * CHUNK_BYTES };

static const char application_name[] = "spark-app";

typedef struct stream_copy {
  uv_pipe_t pipe;
  int to; /* the caller's output */
  char chunk[CHUNK_BYTES];
} stream_copy;

typedef struct application {
  frl_cluster_state state; /* with one service: the application */
  char place[FRL_CLUSTER_PATH_MAX];
  uv_loop_t uv;
  uv_process_t process;
  uv_signal_t interrupt;
  uv_signal_t terminate;
  stream_copy out;
  stream_copy err;
  int log;
  bool within; /* a line of the log has begun */
  bool interactive;
  int code;
} application;

/* ---- its record ---- */

static void write_record(application *a) {
  /* a full disk must not end what it was started for */
  if (frl__cluster_state_write_file(&a->state, a->place, NULL) != FRL_OK) return;
}

static void record_start(application *a) {
  frl_cluster_record *r = &a->state.services[0];
  frl_process process = {0};
  *r = (frl_cluster_record){.state = FRL_CLUSTER_READY, .pid = (int32_t)a->process.pid};
  (void)snprintf(r->name, sizeof r->name, "%s", application_name);
  r->started = frl_process_find(r->pid, &process) ? process.started : 0;
  r->since_us = frl_clock_wall_us(NULL);
  a->state.n_services = 1;
  write_record(a);
}

static void record_end(application *a) {
  frl_cluster_record *r = &a->state.services[0];
  r->pid = 0;
  r->started = 0;
  r->since_us = frl_clock_wall_us(NULL);
  r->state = a->code == 0 ? FRL_CLUSTER_STOPPED : FRL_CLUSTER_ENDED;
  (void)snprintf(r->reason, sizeof r->reason, "exit code %d", a->code);
  write_record(a);
}

void frl__cluster_tell_applications(
    const frl_cluster_state *state, frl_cluster_service_fn each, void *ctx) {
  char path[FRL_CLUSTER_PATH_MAX];
  frl_cluster_state own;
  if (!frl__cluster_place(path, state->settings.folder, "spark-app.json")) return;
  if (frl__cluster_state_read_file(&own, path, NULL) != FRL_OK || !own.n_services)
    return;
  frl_cluster_service service;
  frl_process process;
  frl__cluster_service_of(&service, &own.services[0]);
  if (service.pid && frl_process_find(service.pid, &process) &&
      process.started == own.services[0].started) {
    service.resident_bytes = process.resident_bytes;
  } else if (service.pid) {
    service.pid = 0;
    service.state = FRL_CLUSTER_ENDED;
    service.reason = "it is gone";
  }
  each(ctx, &service);
}

/* ---- its output ---- */

static void write_all(int fd, const char *data, size_t n) {
  while (fd >= 0 && n) {
    const ssize_t written = write(fd, data, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return; /* a reader that left, a full disk: the rest goes on */
    data += written;
    n -= (size_t)written;
  }
}

/* Both streams go into one log. */
static void log_lines(application *a, const char *data, size_t n) {
  frl_buf b;
  const bool before = a->within;
  frl_buf_init(&b, NULL, STAMPED_MAX);
  if (frl__cluster_stamp(&a->within, frl_clock_wall_us(NULL), data, n, &b) == FRL_OK) {
    write_all(a->log, (const char *)b.data, b.len);
  } else {
    a->within = before;
    write_all(a->log, data, n); /* rather without its time than not at all */
  }
  frl_buf_deinit(&b);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
  stream_copy *s = handle->data;
  (void)size;
  *buf = uv_buf_init(s->chunk, CHUNK_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  stream_copy *s = stream->data;
  if (n > 0) {
    write_all(s->to, buf->base, (size_t)n);
    log_lines(stream->loop->data, buf->base, (size_t)n);
  }
  if (n < 0) uv_close((uv_handle_t *)stream, NULL);
}

static void on_ended(uv_process_t *process, int64_t status, int number) {
  application *a = process->data;
  a->code = number ? 128 + number : (int)status;
  uv_close((uv_handle_t *)process, NULL);
  uv_close((uv_handle_t *)&a->interrupt, NULL);
  uv_close((uv_handle_t *)&a->terminate, NULL);
}

/* The terminal sends Ctrl-C to the application too: it decides, we wait. */
static void on_interrupt(uv_signal_t *handle, int number) {
  (void)handle;
  (void)number;
}

/* This one was sent to us alone. */
static void on_terminate(uv_signal_t *handle, int number) {
  application *a = handle->data;
  (void)uv_process_kill(&a->process, number);
}

static void open_stream(
    application *a, stream_copy *s, uv_stdio_container_t *slot, int to) {
  if (a->interactive) {
    *slot = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = to};
    return;
  }
  s->to = to;
  (void)uv_pipe_init(&a->uv, &s->pipe, 0);
  s->pipe.data = s;
  *slot = (uv_stdio_container_t){.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
      .data.stream = (uv_stream_t *)&s->pipe};
}

static frl_status spawn(
    application *a, frl_cluster_words *argv, frl_cluster_words *env, frl_error *err) {
  uv_stdio_container_t stdio[3] = {{.flags = UV_INHERIT_FD, .data.fd = 0}};
  open_stream(a, &a->out, &stdio[1], 1);
  open_stream(a, &a->err, &stdio[2], 2);
  const uv_process_options_t options = {.exit_cb = on_ended,
      .file = argv->items[0],
      .args = argv->items,
      .env = env->items,
      .stdio_count = 3,
      .stdio = stdio};
  (void)uv_signal_init(&a->uv, &a->interrupt);
  (void)uv_signal_start(&a->interrupt, on_interrupt, SIGINT);
  (void)uv_signal_init(&a->uv, &a->terminate);
  a->terminate.data = a;
  (void)uv_signal_start(&a->terminate, on_terminate, SIGTERM);
  a->process.data = a;
  const int rc = uv_spawn(&a->uv, &a->process, &options);
  if (rc == 0) {
    record_start(a);
    if (a->interactive) return FRL_OK;
    (void)uv_read_start((uv_stream_t *)&a->out.pipe, on_alloc, on_read);
    (void)uv_read_start((uv_stream_t *)&a->err.pipe, on_alloc, on_read);
    return FRL_OK;
  }
  uv_close((uv_handle_t *)&a->process, NULL);
  uv_close((uv_handle_t *)&a->interrupt, NULL);
  uv_close((uv_handle_t *)&a->terminate, NULL);
  if (!a->interactive) {
    uv_close((uv_handle_t *)&a->out.pipe, NULL);
    uv_close((uv_handle_t *)&a->err.pipe, NULL);
  }
  return frl_fail_errno(err, -rc, "%s", argv->items[0]);
}

static frl_status run(
    application *a, frl_cluster_words *argv, frl_cluster_words *env, frl_error *err) {
  const int rc = uv_loop_init(&a->uv);
  if (rc != 0) return frl_fail_errno(err, -rc, "cluster: event loop");
  a->uv.data = a;
  const frl_status st = spawn(a, argv, env, err);
  (void)uv_run(&a->uv, UV_RUN_DEFAULT);
  if (a->within) write_all(a->log, "\n", 1);
  (void)uv_loop_close(&a->uv);
  if (st == FRL_OK) record_end(a);
  return st;
}

static frl_status prepare(application *a, const char *const *argv,
    frl_cluster_words *words, frl_cluster_words *env, frl_error *err) {
  const bool python = strcmp(argv[0], "python") == 0;
  frl__cluster_words_add(words, "%s", python ? a->state.settings.python : argv[0]);
  for (size_t i = 1; argv[i]; i++) frl__cluster_words_add(words, "%s", argv[i]);
  if (words->failed) return frl_fail(err, FRL_E_NOMEM, "cluster: out of memory");
  return frl__cluster_environment(&a->state, NULL, env, err);
}

static frl_status open_application(application *a, const char *folder, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  FRL_TRY(frl__cluster_folder(path, folder, err));
  FRL_TRY(frl__cluster_state_read(&a->state, path, err));
  if (!frl__cluster_is_supervised(path)) {
    return frl_fail(
        err, FRL_E_STATE, "the cluster in %s does not run: ferrule cluster up", path);
  }
  if (frl__cluster_place(a->place, path, "spark-app.json")) return FRL_OK;
  return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", path);
}

static frl_status run_logged(application *a, const char *const *argv, frl_error *err) {
  frl_cluster_words words = {0};
  frl_cluster_words env = {0};
  char path[FRL_CLUSTER_PATH_MAX];
  (void)frl__cluster_place(path, a->state.settings.folder, "logs/spark-app.log");
  a->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  frl_status st = prepare(a, argv, &words, &env, err);
  if (st == FRL_OK) st = run(a, &words, &env, err);
  if (a->log >= 0) (void)close(a->log);
  frl__cluster_words_deinit(&words);
  frl__cluster_words_deinit(&env);
  return st;
}

frl_status frl_cluster_run(const char *folder, const char *const *argv,
    bool interactive, int *code, frl_error *err) {
  application *a = frl_calloc(NULL, 1, sizeof *a);
  if (!a) return frl_fail(err, FRL_E_NOMEM, "cluster: out of memory");
  a->interactive = interactive;
  frl_status st = open_application(a, folder, err);
  if (st == FRL_OK) st = run_logged(a, argv, err);
  *code = a->code;
  frl_free(NULL, a);
  return st;
}
