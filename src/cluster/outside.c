#include "cluster/outside.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

enum { ANSWER_MS = 60000, DISCARD_BYTES = 4096 };

typedef struct question {
  uv_process_t process;
  uv_pipe_t pipe;
  uv_timer_t timer;
  char *out;
  size_t max;
  size_t n;
  char discard[DISCARD_BYTES];
  int64_t code;
} question;

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
  question *q = handle->data;
  (void)size;
  const size_t room = q->max - 1 - q->n;
  *buf = room ? uv_buf_init(q->out + q->n, (unsigned)room)
              : uv_buf_init(q->discard, DISCARD_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  question *q = stream->data;
  if (n > 0 && buf->base != q->discard) q->n += (size_t)n;
  if (n < 0) uv_close((uv_handle_t *)stream, NULL);
}

static void on_ended(uv_process_t *process, int64_t status, int signal) {
  question *q = process->data;
  q->code = signal ? 128 + signal : status;
  uv_close((uv_handle_t *)process, NULL);
  if (!uv_is_closing((uv_handle_t *)&q->timer)) {
    uv_close((uv_handle_t *)&q->timer, NULL);
  }
}

static void on_late(uv_timer_t *timer) {
  question *q = timer->data;
  (void)uv_process_kill(&q->process, SIGKILL);
}

static bool start(uv_loop_t *loop, question *q, const char *const *argv) {
  uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
          .data.stream = (uv_stream_t *)&q->pipe},
      {.flags = UV_IGNORE}};
  /* libuv does not write to the arguments */
  union {
    const char *const *in;
    char **out;
  } args = {.in = argv};
  const uv_process_options_t options = {.exit_cb = on_ended,
      .file = argv[0],
      .args = args.out,
      .stdio = stdio,
      .stdio_count = 3};
  q->process.data = q->pipe.data = q->timer.data = q;
  (void)uv_pipe_init(loop, &q->pipe, 0);
  (void)uv_timer_init(loop, &q->timer);
  if (uv_spawn(loop, &q->process, &options) != 0) {
    uv_close((uv_handle_t *)&q->process, NULL);
    uv_close((uv_handle_t *)&q->pipe, NULL);
    uv_close((uv_handle_t *)&q->timer, NULL);
    return false;
  }
  (void)uv_timer_start(&q->timer, on_late, ANSWER_MS, 0);
  return uv_read_start((uv_stream_t *)&q->pipe, on_alloc, on_read) == 0;
}

bool frl__cluster_ask(const char *const *argv, char *out, size_t max) {
  question q = {.out = out, .max = max, .code = -1};
  uv_loop_t loop;
  if (uv_loop_init(&loop) != 0) return false;
  const bool started = start(&loop, &q, argv);
  (void)uv_run(&loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&loop);
  out[q.n] = '\0';
  return started && q.code == 0;
}
