/**
 * Mutex, condition and thread, with clang's thread-safety annotations.
 *
 * A locked struct's fields are reached through functions marked FRL_REQUIRES.
 */
#ifndef FRL_BASE_SYNC_H
#define FRL_BASE_SYNC_H

#include <ferrule/error.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__clang__)
#define FRL_TS(x) __attribute__((x))
#else
#define FRL_TS(x)
#endif
#define FRL_REQUIRES(lock) FRL_TS(requires_capability(lock))
#define FRL_EXCLUDES(lock) FRL_TS(locks_excluded(lock))

typedef struct FRL_TS(capability("mutex")) frl_mutex {
  pthread_mutex_t raw;
} frl_mutex;

typedef struct frl_cond {
  pthread_cond_t raw; /* waits by the monotonic clock */
} frl_cond;

typedef struct frl_thread {
  pthread_t raw;
  bool started;
} frl_thread;

void frl_mutex_init(frl_mutex *m);
void frl_mutex_deinit(frl_mutex *m);
void frl_mutex_lock(frl_mutex *m) FRL_TS(acquire_capability(*m));
void frl_mutex_unlock(frl_mutex *m) FRL_TS(release_capability(*m));

void frl_cond_init(frl_cond *c);
void frl_cond_deinit(frl_cond *c);
void frl_cond_signal(frl_cond *c);
void frl_cond_broadcast(frl_cond *c);
void frl_cond_wait(frl_cond *c, frl_mutex *m) FRL_REQUIRES(*m);
/** false when timeout_ms (>= 0) passed first; wakes may be spurious. */
bool frl_cond_wait_ms(frl_cond *c, frl_mutex *m, int64_t timeout_ms) FRL_REQUIRES(*m);

/** The thread blocks every signal but the faults, and bears the name (cut to 15 bytes).
 */
FRL_NODISCARD frl_status frl_thread_start(
    frl_thread *t, const char *name, void (*run)(void *ctx), void *ctx, frl_error *err);
/** Waits for its end; does nothing if it never started. */
void frl_thread_join(frl_thread *t);

#endif /* FRL_BASE_SYNC_H */
