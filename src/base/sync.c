#include "base/sync.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/mem.h"

#if defined(__linux__)
#include <sys/prctl.h>
#endif

void frl_mutex_init(frl_mutex *m) { (void)pthread_mutex_init(&m->raw, NULL); }
void frl_mutex_deinit(frl_mutex *m) { (void)pthread_mutex_destroy(&m->raw); }

void frl_mutex_lock(frl_mutex *m) FRL_TS(no_thread_safety_analysis) {
  (void)pthread_mutex_lock(&m->raw);
}

void frl_mutex_unlock(frl_mutex *m) FRL_TS(no_thread_safety_analysis) {
  (void)pthread_mutex_unlock(&m->raw);
}

void frl_cond_init(frl_cond *c) {
  pthread_condattr_t attr;
  (void)pthread_condattr_init(&attr);
  (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&c->raw, &attr);
  (void)pthread_condattr_destroy(&attr);
}

void frl_cond_deinit(frl_cond *c) { (void)pthread_cond_destroy(&c->raw); }
void frl_cond_signal(frl_cond *c) { (void)pthread_cond_signal(&c->raw); }
void frl_cond_broadcast(frl_cond *c) { (void)pthread_cond_broadcast(&c->raw); }

void frl_cond_wait(frl_cond *c, frl_mutex *m) {
  (void)pthread_cond_wait(&c->raw, &m->raw);
}

bool frl_cond_wait_ms(frl_cond *c, frl_mutex *m, int64_t timeout_ms) {
  struct timespec until;
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += (time_t)(timeout_ms / 1000);
  until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000L;
  }
  return pthread_cond_timedwait(&c->raw, &m->raw, &until) == 0;
}

typedef struct thread_start {
  void (*run)(void *ctx);
  void *ctx;
  char name[16];
} thread_start;

static void *thread_main(void *arg) {
  thread_start start = *(thread_start *)arg;
  free(arg);
#if defined(__linux__)
  (void)prctl(PR_SET_NAME, start.name);
#endif
  start.run(start.ctx);
  return NULL;
}

frl_status frl_thread_start(frl_thread *t, const char *name, void (*run)(void *ctx),
    void *ctx, frl_error *err) {
  t->started = false;
  thread_start *start = malloc(sizeof *start);
  if (!start) return frl_fail(err, FRL_E_NOMEM, "thread %s: out of memory", name);
  *start = (thread_start){.run = run, .ctx = ctx};
  for (size_t i = 0; i + 1 < sizeof start->name && name[i]; i++) {
    start->name[i] = name[i];
  }
  /* a signal belongs to the application's threads, never to ours */
  sigset_t all;
  sigset_t former;
  (void)sigfillset(&all);
  /* a fault cannot be put off, and a JVM or a sanitizer wants to see it */
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    (void)sigdelset(&all, faults[i]);
  }
  (void)pthread_sigmask(SIG_SETMASK, &all, &former);
  const int rc = pthread_create(&t->raw, NULL, thread_main, start);
  (void)pthread_sigmask(SIG_SETMASK, &former, NULL);
  if (rc != 0) {
    free(start);
    return frl_fail_errno(err, rc, "thread %s did not start", name);
  }
  t->started = true;
  return FRL_OK;
}

void frl_thread_join(frl_thread *t) {
  if (!t->started) return;
  (void)pthread_join(t->raw, NULL);
  t->started = false;
}
