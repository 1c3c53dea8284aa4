#include "arrow/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/sync.h"

enum {
  POOL_ALIGN = 64,
  POOL_MIN_SHIFT = 10, /* the smallest buffer is 4 << 10 bytes */
  POOL_STEPS = 4,      /* sizes between two powers of two */
  POOL_CLASSES = 128,
  POOL_LOOK_AHEAD = 3 /* a reused buffer is at most 1.75 times what was asked */
};

/** Lies in the 64 bytes before the data. */
typedef struct pool_block {
  struct pool_block *next;
  void *raw; /* what the allocator gave */
  size_t cap;
  size_t size_class;
} pool_block;

struct frl_pool {
  frl_mem mem;
  size_t max_idle_bytes;
  size_t total_bytes; /* up to which idle buffers may fill up those in use */
  atomic_size_t refs;
  frl_mutex lock;
  pool_block *idle[POOL_CLASSES];
  size_t idle_bytes;
  size_t used_bytes;
  size_t evict_next; /* class to take from when the pool is full */
};

static size_t class_bytes(size_t size_class) {
  const size_t step = size_class % POOL_STEPS;
  return (POOL_STEPS + step) << (POOL_MIN_SHIFT + size_class / POOL_STEPS);
}

/** POOL_CLASSES when no class is large enough. */
static size_t class_for(size_t min_bytes) {
  size_t size_class = 0;
  while (size_class < POOL_CLASSES && class_bytes(size_class) < min_bytes) size_class++;
  return size_class;
}

frl_status frl_pool_create(
    frl_pool **out, const frl_mem *mem, size_t max_idle_bytes, frl_error *err) {
  *out = NULL;
  frl_pool *pool = frl_calloc(mem, 1, sizeof *pool);
  if (!pool) return frl_fail(err, FRL_E_NOMEM, "buffer pool: out of memory");
  pool->mem = mem ? *mem : frl_mem_default;
  pool->max_idle_bytes = max_idle_bytes;
  atomic_init(&pool->refs, 1);
  frl_mutex_init(&pool->lock);
  *out = pool;
  return FRL_OK;
}

void frl_pool_keep_within(frl_pool *pool, size_t total_bytes) {
  frl_mutex_lock(&pool->lock);
  pool->total_bytes = total_bytes;
  frl_mutex_unlock(&pool->lock);
}

frl_pool *frl_pool_ref(frl_pool *pool) {
  (void)atomic_fetch_add_explicit(&pool->refs, 1, memory_order_relaxed);
  return pool;
}

static void free_blocks(const frl_mem *mem, pool_block *list) {
  while (list) {
    pool_block *next = list->next;
    frl_free(mem, list->raw);
    list = next;
  }
}

/** Unlinks every idle block, or as many as bring idle_bytes down to limit. */
static pool_block *unlink_idle(frl_pool *pool, size_t limit) FRL_REQUIRES(pool->lock) {
  pool_block *list = NULL;
  size_t empty_seen = 0;
  while (pool->idle_bytes > limit && empty_seen < POOL_CLASSES) {
    pool_block **head = &pool->idle[pool->evict_next];
    pool->evict_next = (pool->evict_next + 1) % POOL_CLASSES;
    empty_seen++;
    if (!*head) continue;
    pool_block *block = *head;
    *head = block->next;
    pool->idle_bytes -= block->cap;
    block->next = list;
    list = block;
    empty_seen = 0;
  }
  return list;
}

/** What may lie idle beside what is in use. */
static size_t idle_limit(const frl_pool *pool) FRL_REQUIRES(pool->lock) {
  const size_t used = pool->used_bytes;
  const size_t left = used < pool->total_bytes ? pool->total_bytes - used : 0;
  return left > pool->max_idle_bytes ? left : pool->max_idle_bytes;
}

void frl_pool_trim(frl_pool *pool) {
  frl_mutex_lock(&pool->lock);
  pool_block *list = unlink_idle(pool, 0);
  frl_mutex_unlock(&pool->lock);
  free_blocks(&pool->mem, list);
}

void frl_pool_unref(frl_pool *pool) {
  if (!pool) return;
  if (atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_acq_rel) != 1) return;
  frl_pool_trim(pool);
  frl_mutex_deinit(&pool->lock);
  const frl_mem mem = pool->mem;
  frl_free(&mem, pool);
}

const frl_mem *frl_pool_mem(const frl_pool *pool) { return &pool->mem; }

static pool_block *block_new(const frl_mem *mem, size_t size_class) {
  const size_t cap = class_bytes(size_class);
  size_t total;
  if (frl_add_overflows(cap, (size_t)2 * POOL_ALIGN, &total)) return NULL;
  uint8_t *raw = frl_malloc(mem, total);
  if (!raw) return NULL;
  const size_t past = (size_t)((uintptr_t)raw % POOL_ALIGN);
  uint8_t *aligned = raw + (past ? POOL_ALIGN - past : 0);
  pool_block *block = (pool_block *)(void *)aligned;
  *block = (pool_block){.raw = raw, .cap = cap, .size_class = size_class};
  return block;
}

static pool_block *take_idle(frl_pool *pool, size_t size_class)
    FRL_REQUIRES(pool->lock) {
  const size_t last = size_class + POOL_LOOK_AHEAD;
  for (size_t i = size_class; i <= last && i < POOL_CLASSES; i++) {
    pool_block *block = pool->idle[i];
    if (!block) continue;
    pool->idle[i] = block->next;
    pool->idle_bytes -= block->cap;
    return block;
  }
  return NULL;
}

frl_status frl_pool_get(frl_pool *pool, frl_pool_buf *out, size_t min_bytes) {
  const size_t size_class = class_for(min_bytes);
  if (size_class == POOL_CLASSES) return FRL_E_NOMEM;
  frl_mutex_lock(&pool->lock);
  pool_block *block = take_idle(pool, size_class);
  pool->used_bytes += block ? block->cap : class_bytes(size_class);
  pool_block *excess = unlink_idle(pool, idle_limit(pool));
  frl_mutex_unlock(&pool->lock);
  free_blocks(&pool->mem, excess);
  if (!block) block = block_new(&pool->mem, size_class);
  if (!block) {
    frl_mutex_lock(&pool->lock);
    pool->used_bytes -= class_bytes(size_class);
    frl_mutex_unlock(&pool->lock);
    return FRL_E_NOMEM;
  }
  (void)frl_pool_ref(pool);
  *out = (frl_pool_buf){(uint8_t *)block + POOL_ALIGN, block->cap};
  return FRL_OK;
}

void frl_pool_put(frl_pool *pool, frl_pool_buf *buf) {
  if (!buf->data) return;
  pool_block *block = (pool_block *)(void *)(buf->data - POOL_ALIGN);
  *buf = (frl_pool_buf){0};
  pool_block *excess = NULL;
  frl_mutex_lock(&pool->lock);
  pool->used_bytes -= block->cap;
  const size_t limit = idle_limit(pool);
  if (block->cap > limit) {
    block->next = NULL;
    excess = block;
  } else {
    excess = unlink_idle(pool, limit - block->cap);
    block->next = pool->idle[block->size_class];
    pool->idle[block->size_class] = block;
    pool->idle_bytes += block->cap;
  }
  frl_mutex_unlock(&pool->lock);
  free_blocks(&pool->mem, excess);
  frl_pool_unref(pool);
}

frl_status frl_pool_grow(
    frl_pool *pool, frl_pool_buf *buf, size_t used_bytes, size_t min_bytes) {
  if (buf->data && buf->cap >= min_bytes) return FRL_OK;
  frl_pool_buf larger;
  FRL_TRY(frl_pool_get(pool, &larger, min_bytes));
  if (buf->data && used_bytes) memcpy(larger.data, buf->data, used_bytes);
  frl_pool_put(pool, buf);
  *buf = larger;
  return FRL_OK;
}

size_t frl_pool_used_bytes(frl_pool *pool) {
  frl_mutex_lock(&pool->lock);
  const size_t bytes = pool->used_bytes;
  frl_mutex_unlock(&pool->lock);
  return bytes;
}

size_t frl_pool_idle_bytes(frl_pool *pool) {
  frl_mutex_lock(&pool->lock);
  const size_t bytes = pool->idle_bytes;
  frl_mutex_unlock(&pool->lock);
  return bytes;
}
