/**
 * Buffers for columns, kept for reuse after they are freed.
 *
 * Memory fresh from the system costs a page fault for every 4 KiB written, which is
 * more than the copy into it; a buffer that went through the pool costs none. What is
 * kept idle is bounded in bytes, alone or together with what is in use; what is in use
 * is not (that is the reservoir's part).
 *
 * Threads: any. A pool is counted: every buffer in use holds a reference, so that a
 * batch may be released long after its producer has gone.
 */
#ifndef FRL_ARROW_POOL_H
#define FRL_ARROW_POOL_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_pool frl_pool;

/** A piece of memory; zeroed means none. data is aligned to 64 bytes. */
typedef struct frl_pool_buf {
  uint8_t *data;
  size_t cap; /* usable bytes, a multiple of 64 */
} frl_pool_buf;

/** max_idle_bytes 0: nothing is kept. mem NULL: the C library's. */
FRL_NODISCARD frl_status frl_pool_create(
    frl_pool **out, const frl_mem *mem, size_t max_idle_bytes, frl_error *err);
/**
 * More may be kept idle than max_idle_bytes, as long as it makes at most total_bytes
 * with what is in use: who may hold so much anyway need not fault it in again.
 */
void frl_pool_keep_within(frl_pool *pool, size_t total_bytes);
frl_pool *frl_pool_ref(frl_pool *pool);
/** NULL works. */
void frl_pool_unref(frl_pool *pool);
const frl_mem *frl_pool_mem(const frl_pool *pool);

/** At least min_bytes, contents unspecified. FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_pool_get(
    frl_pool *pool, frl_pool_buf *out, size_t min_bytes);
/** Gives the memory back and clears buf; a zeroed buf is ignored. */
void frl_pool_put(frl_pool *pool, frl_pool_buf *buf);
/**
 * Makes buf at least min_bytes large and keeps its first used_bytes. On FRL_E_NOMEM
 * buf is as before.
 */
FRL_NODISCARD frl_status frl_pool_grow(
    frl_pool *pool, frl_pool_buf *buf, size_t used_bytes, size_t min_bytes);
/** Frees what is idle. */
void frl_pool_trim(frl_pool *pool);

/** Capacity of all buffers handed out and not yet back. */
size_t frl_pool_used_bytes(frl_pool *pool);
/** Capacity of the buffers kept for reuse. */
size_t frl_pool_idle_bytes(frl_pool *pool);

/**
 * What to ask for next, in bytes or rows, from the last hint and what was needed: that
 * and an eighth more; shrinks by a quarter each time at most.
 */
static inline size_t frl_pool_learn(size_t hint, size_t seen) {
  const size_t grown = seen + seen / 8;
  const size_t shrunk = hint - hint / 4;
  return grown > shrunk ? grown : shrunk;
}

#endif /* FRL_ARROW_POOL_H */
