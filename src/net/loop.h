/**
 * One thread that runs one libuv loop.
 *
 * Everything of net/ belongs to one loop and is touched on its thread only,
 * unless a function says "any thread". Memory of a thing that lives on a loop is
 * freed two-step: close asks, on_closed tells when nothing will touch it again.
 */
#ifndef FRL_NET_LOOP_H
#define FRL_NET_LOOP_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct frl_loop frl_loop;
typedef struct frl_timer frl_timer;

/** Starts the thread. @param name at most 15 bytes, for debuggers. */
FRL_NODISCARD frl_status frl_loop_start(
    frl_loop **out, const frl_mem *mem, const char *name, frl_error *err);
/**
 * Runs what was posted before, closes what is open on the loop, ends the thread
 * and frees. NULL works. Not from the loop's own thread.
 */
void frl_loop_stop(frl_loop *loop);
/** Runs fn on the loop's thread, in order of posting. Any thread. */
FRL_NODISCARD frl_status frl_loop_post(
    frl_loop *loop, void (*fn)(void *ctx), void *ctx);
/** Posts and waits until fn has run; from the loop itself: runs it at once. */
FRL_NODISCARD frl_status frl_loop_call(
    frl_loop *loop, void (*fn)(void *ctx), void *ctx);
/** Whether the caller is on the loop's thread. Any thread. */
bool frl_loop_is_current(const frl_loop *loop);
/** Monotonic milliseconds as the loop saw them at its last turn. */
int64_t frl_loop_now_ms(const frl_loop *loop);

/** A timer on the loop, stopped at first. Loop thread. */
FRL_NODISCARD frl_status frl_timer_create(
    frl_timer **out, frl_loop *loop, void (*fire)(void *ctx), void *ctx);
/** First after delay_ms, then every repeat_ms (0 = once). Restarts. */
void frl_timer_start(frl_timer *t, uint64_t delay_ms, uint64_t repeat_ms);
void frl_timer_stop(frl_timer *t);
/** fire is not called any more. NULL works. */
void frl_timer_destroy(frl_timer *t);

#endif /* FRL_NET_LOOP_H */
