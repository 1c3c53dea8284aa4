#include "net/loop.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/sync.h"
#include "net/loop_internal.h"

enum {
  /* one read fills most of the socket's buffer, and stays within the L2 cache */
  READ_BUF_BYTES = 256 * 1024,
  PLAIN_BUF_BYTES = 64 * 1024
};

typedef struct post {
  struct post *next;
  void (*fn)(void *ctx);
  void *ctx;
  bool *done; /* set under the lock after fn ran; NULL: the post is on the heap */
} post;

struct frl_loop {
  uv_loop_t uv;
  uv_async_t wake;
  uv_prepare_t turn; /* runs the tasks before each wait */
  uv_idle_t busy;    /* active while tasks are left, so that nothing waits */
  frl_thread thread;
  frl_mem mem;
  frl_mutex lock;
  frl_cond ran;
  post *first; /* posts, stopping: under the lock */
  post *last;
  bool stopping;
  frl_task tasks; /* ring */
  uint8_t *read_buf;
  uint8_t *plain_buf;
};

struct frl_timer {
  uv_timer_t handle;
  void (*fire)(void *ctx);
  void *ctx;
  frl_mem mem;
};

static _Thread_local const frl_loop *current_loop;

uv_loop_t *frl__loop_uv(frl_loop *loop) { return &loop->uv; }
const frl_mem *frl__loop_mem(const frl_loop *loop) { return &loop->mem; }
bool frl_loop_is_current(const frl_loop *loop) { return current_loop == loop; }

int64_t frl_loop_now_ms(const frl_loop *loop) { return (int64_t)uv_now(&loop->uv); }

uint8_t *frl__loop_read_buf(frl_loop *loop, size_t *size) {
  *size = READ_BUF_BYTES;
  return loop->read_buf;
}

uint8_t *frl__loop_plain_buf(frl_loop *loop, size_t *size) {
  if (!loop->plain_buf) loop->plain_buf = frl_malloc(&loop->mem, PLAIN_BUF_BYTES);
  *size = PLAIN_BUF_BYTES;
  return loop->plain_buf;
}

void frl__loop_defer(frl_loop *loop, frl_task *task) {
  assert(frl_loop_is_current(loop));
  if (task->queued) return;
  task->queued = true;
  task->next = &loop->tasks;
  task->prev = loop->tasks.prev;
  loop->tasks.prev->next = task;
  loop->tasks.prev = task;
}

void frl__loop_undefer(frl_loop *loop, frl_task *task) {
  (void)loop;
  if (!task->queued) return;
  task->queued = false;
  task->prev->next = task->next;
  task->next->prev = task->prev;
}

static void on_busy(uv_idle_t *handle) { (void)handle; }

static void on_turn(uv_prepare_t *handle) {
  frl_loop *loop = handle->data;
  frl_task end = {.queued = true};
  /* what the tasks put off themselves comes behind the end: next turn */
  end.next = &loop->tasks;
  end.prev = loop->tasks.prev;
  loop->tasks.prev->next = &end;
  loop->tasks.prev = &end;
  while (loop->tasks.next != &end) {
    frl_task *task = loop->tasks.next;
    frl__loop_undefer(loop, task);
    task->run(task);
  }
  frl__loop_undefer(loop, &end);
  if (loop->tasks.next == &loop->tasks) {
    (void)uv_idle_stop(&loop->busy);
  } else {
    (void)uv_idle_start(&loop->busy, on_busy);
  }
}

static void run_post(frl_loop *loop, post *p) {
  p->fn(p->ctx);
  if (!p->done) {
    frl_free(&loop->mem, p);
    return;
  }
  frl_mutex_lock(&loop->lock);
  *p->done = true;
  frl_cond_broadcast(&loop->ran);
  frl_mutex_unlock(&loop->lock);
}

/* Runs what is there now: later posts wake again, so that they starve no socket. */
static void on_wake(uv_async_t *handle) {
  frl_loop *loop = handle->data;
  frl_mutex_lock(&loop->lock);
  post *first = loop->first;
  loop->first = loop->last = NULL;
  frl_mutex_unlock(&loop->lock);
  while (first) {
    post *p = first;
    first = p->next; /* p is gone once it ran */
    run_post(loop, p);
  }
  frl_mutex_lock(&loop->lock);
  const bool stop = loop->stopping && !loop->first;
  frl_mutex_unlock(&loop->lock);
  if (stop) uv_stop(&loop->uv);
}

static void close_left(uv_handle_t *handle, void *arg) {
  (void)arg;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void loop_main(void *ctx) {
  frl_loop *loop = ctx;
  current_loop = loop;
  (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
  /* ends that were put off by the last posts */
  while (loop->tasks.next != &loop->tasks) on_turn(&loop->turn);
  uv_walk(&loop->uv, close_left, NULL);
  (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
  current_loop = NULL;
}

static void loop_free(frl_loop *loop) {
  const frl_mem mem = loop->mem;
  frl_cond_deinit(&loop->ran);
  frl_mutex_deinit(&loop->lock);
  frl_free(&mem, loop->read_buf);
  frl_free(&mem, loop->plain_buf);
  frl_free(&mem, loop);
}

static int open_handles(frl_loop *loop) {
  int rc = uv_async_init(&loop->uv, &loop->wake, on_wake);
  if (rc != 0) return rc;
  loop->wake.data = loop;
  (void)uv_prepare_init(&loop->uv, &loop->turn);
  loop->turn.data = loop;
  (void)uv_idle_init(&loop->uv, &loop->busy);
  return uv_prepare_start(&loop->turn, on_turn);
}

static frl_status start_thread(frl_loop *loop, const char *name, frl_error *err) {
  int rc = uv_loop_init(&loop->uv);
  if (rc != 0) return frl_fail(err, FRL_E_IO, "loop: %s", uv_strerror(rc));
  rc = open_handles(loop);
  frl_status st = rc == 0 ? frl_thread_start(&loop->thread, name, loop_main, loop, err)
                          : frl_fail(err, FRL_E_IO, "loop: %s", uv_strerror(rc));
  if (st != FRL_OK) {
    uv_walk(&loop->uv, close_left, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop->uv);
  }
  return st;
}

frl_status frl_loop_start(
    frl_loop **out, const frl_mem *mem, const char *name, frl_error *err) {
  *out = NULL;
  frl_loop *loop = frl_calloc(mem, 1, sizeof *loop);
  if (!loop) return frl_fail(err, FRL_E_NOMEM, "loop: out of memory");
  loop->mem = mem ? *mem : frl_mem_default;
  loop->tasks.next = loop->tasks.prev = &loop->tasks;
  frl_mutex_init(&loop->lock);
  frl_cond_init(&loop->ran);
  loop->read_buf = frl_malloc(&loop->mem, READ_BUF_BYTES);
  const frl_status st = loop->read_buf ? start_thread(loop, name, err)
                                       : frl_fail(err, FRL_E_NOMEM, "loop: no buffer");
  if (st != FRL_OK) {
    loop_free(loop);
    return st;
  }
  *out = loop;
  return FRL_OK;
}

void frl_loop_stop(frl_loop *loop) {
  if (!loop) return;
  assert(!frl_loop_is_current(loop));
  frl_mutex_lock(&loop->lock);
  loop->stopping = true;
  (void)uv_async_send(&loop->wake);
  frl_mutex_unlock(&loop->lock);
  frl_thread_join(&loop->thread);
  (void)uv_loop_close(&loop->uv);
  loop_free(loop);
}

/* The wake-up is sent under the lock: the handle is open until stopping is set. */
static frl_status enqueue(frl_loop *loop, post *p) {
  frl_mutex_lock(&loop->lock);
  if (loop->stopping) {
    frl_mutex_unlock(&loop->lock);
    return FRL_E_CLOSED;
  }
  if (loop->last) {
    loop->last->next = p;
  } else {
    loop->first = p;
  }
  loop->last = p;
  (void)uv_async_send(&loop->wake);
  frl_mutex_unlock(&loop->lock);
  return FRL_OK;
}

frl_status frl_loop_post(frl_loop *loop, void (*fn)(void *ctx), void *ctx) {
  post *p = frl_malloc(&loop->mem, sizeof *p);
  if (!p) return FRL_E_NOMEM;
  *p = (post){.fn = fn, .ctx = ctx};
  const frl_status st = enqueue(loop, p);
  if (st != FRL_OK) frl_free(&loop->mem, p);
  return st;
}

frl_status frl_loop_call(frl_loop *loop, void (*fn)(void *ctx), void *ctx) {
  if (frl_loop_is_current(loop)) {
    fn(ctx);
    return FRL_OK;
  }
  bool done = false;
  post p = {.fn = fn, .ctx = ctx, .done = &done};
  FRL_TRY(enqueue(loop, &p));
  frl_mutex_lock(&loop->lock);
  while (!done) frl_cond_wait(&loop->ran, &loop->lock);
  frl_mutex_unlock(&loop->lock);
  return FRL_OK;
}

static void on_fire(uv_timer_t *handle) {
  frl_timer *t = handle->data;
  t->fire(t->ctx);
}

static void free_timer(uv_handle_t *handle) {
  frl_timer *t = handle->data;
  const frl_mem mem = t->mem;
  frl_free(&mem, t);
}

frl_status frl_timer_create(
    frl_timer **out, frl_loop *loop, void (*fire)(void *ctx), void *ctx) {
  *out = NULL;
  frl_timer *t = frl_calloc(&loop->mem, 1, sizeof *t);
  if (!t) return FRL_E_NOMEM;
  t->fire = fire;
  t->ctx = ctx;
  t->mem = loop->mem;
  (void)uv_timer_init(&loop->uv, &t->handle);
  t->handle.data = t;
  *out = t;
  return FRL_OK;
}

void frl_timer_start(frl_timer *t, uint64_t delay_ms, uint64_t repeat_ms) {
  /* the loop's idea of now may be a long callback old */
  uv_update_time(t->handle.loop);
  (void)uv_timer_start(&t->handle, on_fire, delay_ms, repeat_ms);
}

void frl_timer_stop(frl_timer *t) { (void)uv_timer_stop(&t->handle); }

void frl_timer_destroy(frl_timer *t) {
  if (!t) return;
  uv_close((uv_handle_t *)&t->handle, free_timer);
}
