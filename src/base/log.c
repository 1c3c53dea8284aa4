#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static frl_log_fn sink_fn;
static void *sink_ctx;
static atomic_int sink_level = -1;

void frl_log_set(frl_log_fn fn, void *ctx, enum frl_log_level max_level) {
  (void)pthread_mutex_lock(&sink_lock);
  sink_fn = fn;
  sink_ctx = ctx;
  atomic_store(&sink_level, fn ? (int)max_level : -1);
  (void)pthread_mutex_unlock(&sink_lock);
}

void frl_log(enum frl_log_level level, const char *facility, const char *fmt, ...) {
  if ((int)level > atomic_load_explicit(&sink_level, memory_order_relaxed)) return;
  char line[1024];
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(line, sizeof line, fmt, args);
  va_end(args);
  (void)pthread_mutex_lock(&sink_lock);
  const frl_log_fn fn = sink_fn;
  void *const ctx = sink_ctx;
  (void)pthread_mutex_unlock(&sink_lock);
  if (fn) fn(ctx, level, facility, line);
}
