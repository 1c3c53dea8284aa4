/** The buffer pool: reuse, bounds, and release on another thread than the producer's.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <ferrule/schema.h>
#include <pthread.h>

#include "arrow/columns.h"
#include "sample_batch.h"

static void freed_buffer_is_given_again(void **state) {
  (void)state;
  frl_pool *pool;
  frl_pool_buf buf;
  assert_int_equal(frl_pool_create(&pool, NULL, 1 << 20, NULL), FRL_OK);
  assert_int_equal(frl_pool_get(pool, &buf, 100000), FRL_OK);
  assert_true(buf.cap >= 100000);
  assert_int_equal((uintptr_t)buf.data % 64, 0);
  assert_int_equal(frl_pool_used_bytes(pool), buf.cap);
  const uint8_t *first = buf.data;
  frl_pool_put(pool, &buf);
  assert_null(buf.data);
  assert_int_equal(frl_pool_used_bytes(pool), 0);
  assert_true(frl_pool_idle_bytes(pool) >= 100000);
  assert_int_equal(frl_pool_get(pool, &buf, 90000), FRL_OK);
  assert_ptr_equal(buf.data, first);
  assert_int_equal(frl_pool_idle_bytes(pool), 0);
  frl_pool_put(pool, &buf);
  frl_pool_unref(pool);
}

static void idle_bytes_are_bounded(void **state) {
  (void)state;
  enum { N = 40, LIMIT = 100000 };
  frl_pool *pool;
  frl_pool_buf bufs[N] = {{0}};
  assert_int_equal(frl_pool_create(&pool, NULL, LIMIT, NULL), FRL_OK);
  for (size_t i = 0; i < N; i++) {
    assert_int_equal(frl_pool_get(pool, &bufs[i], 4000 + i * 997), FRL_OK);
  }
  for (size_t i = 0; i < N; i++) {
    frl_pool_put(pool, &bufs[i]);
    assert_true(frl_pool_idle_bytes(pool) <= LIMIT);
  }
  /* what came last is kept, whatever sizes were there before */
  assert_true(frl_pool_idle_bytes(pool) >= 40000);
  frl_pool_buf large = {0};
  assert_int_equal(frl_pool_get(pool, &large, LIMIT + 1), FRL_OK);
  frl_pool_put(pool, &large); /* larger than all that may be kept */
  assert_true(frl_pool_idle_bytes(pool) <= LIMIT);
  frl_pool_trim(pool);
  assert_int_equal(frl_pool_idle_bytes(pool), 0);
  frl_pool_unref(pool);
}

static void idle_fills_up_what_is_in_use(void **state) {
  (void)state;
  enum { N = 8, SIZE = 100000, TOTAL = N * 131072 };
  frl_pool *pool;
  assert_int_equal(frl_pool_create(&pool, NULL, SIZE * 2, NULL), FRL_OK);
  frl_pool_keep_within(pool, TOTAL);
  frl_pool_buf bufs[N] = {{0}};
  for (int i = 0; i < N; i++)
    assert_int_equal(frl_pool_get(pool, &bufs[i], SIZE), FRL_OK);
  for (int i = 0; i < N; i++) frl_pool_put(pool, &bufs[i]);
  assert_true(frl_pool_idle_bytes(pool) >= (size_t)N * SIZE);
  /* what comes into use takes the place of what is idle */
  assert_int_equal(frl_pool_get(pool, &bufs[0], TOTAL / 2), FRL_OK);
  assert_true(frl_pool_used_bytes(pool) + frl_pool_idle_bytes(pool) <= TOTAL);
  assert_int_equal(frl_pool_get(pool, &bufs[1], TOTAL), FRL_OK);
  assert_true(frl_pool_idle_bytes(pool) <= (size_t)SIZE * 2);
  for (int i = 0; i < N; i++) frl_pool_put(pool, &bufs[i]);
  frl_pool_unref(pool);
}

static void growth_keeps_what_is_used(void **state) {
  (void)state;
  frl_pool *pool;
  frl_pool_buf buf = {0};
  assert_int_equal(frl_pool_create(&pool, NULL, 0, NULL), FRL_OK);
  for (size_t n = 1; n < 1 << 20; n = n * 3 + 7) {
    const size_t used = buf.cap;
    assert_int_equal(frl_pool_grow(pool, &buf, used, n), FRL_OK);
    assert_true(buf.cap >= n);
    for (size_t i = 0; i < used; i++) assert_int_equal(buf.data[i], (uint8_t)(i * 7));
    for (size_t i = used; i < buf.cap; i++) buf.data[i] = (uint8_t)(i * 7);
  }
  assert_int_equal(frl_pool_get(pool, &(frl_pool_buf){0}, SIZE_MAX), FRL_E_NOMEM);
  frl_pool_put(pool, &buf);
  frl_pool_unref(pool);
}

/** Batches on their way from the producer to the thread that releases them. */
typedef struct handover {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct ArrowArray slot;
  int64_t rows;
  int64_t bad;
  bool over;
} handover;

static void *release_all(void *ctx) {
  handover *h = ctx;
  (void)pthread_mutex_lock(&h->lock);
  while (!h->over || h->slot.release) {
    if (!h->slot.release) {
      (void)pthread_cond_wait(&h->changed, &h->lock);
      continue;
    }
    struct ArrowArray batch = h->slot;
    h->slot.release = NULL;
    (void)pthread_cond_signal(&h->changed);
    (void)pthread_mutex_unlock(&h->lock);
    const int64_t *ids = batch.children[0]->buffers[1];
    for (int64_t i = 0; i < batch.length; i++) h->bad += ids[i] != h->rows + i;
    h->rows += batch.length;
    batch.release(&batch);
    (void)pthread_mutex_lock(&h->lock);
  }
  (void)pthread_mutex_unlock(&h->lock);
  return NULL;
}

static void hand_over(handover *h, const struct ArrowArray *batch) {
  (void)pthread_mutex_lock(&h->lock);
  while (h->slot.release) (void)pthread_cond_wait(&h->changed, &h->lock);
  h->slot = *batch;
  (void)pthread_cond_signal(&h->changed);
  (void)pthread_mutex_unlock(&h->lock);
}

static void batches_are_released_on_another_thread(void **state) {
  (void)state;
  enum { BATCHES = 200, ROWS = 300 };
  handover h = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  frl_pool *pool;
  frl_columns *columns;
  struct ArrowSchema schema;
  pthread_t thread;
  assert_int_equal(
      frl_schema_from_ddl(&schema, NULL, "id BIGINT, text STRING", SIZE_MAX, NULL), 0);
  assert_int_equal(frl_pool_create(&pool, NULL, 4 << 20, NULL), FRL_OK);
  assert_int_equal(
      frl_columns_create(&columns, &schema, &(frl_columns_options){.pool = pool}, NULL),
      FRL_OK);
  frl_schema_release(&schema);
  assert_int_equal(pthread_create(&thread, NULL, release_all, &h), 0);
  for (int64_t b = 0; b < BATCHES; b++) {
    for (int64_t i = 0; i < ROWS; i++) {
      assert_int_equal(
          frl_col_append_i64(frl_columns_at(columns, 0), b * ROWS + i), FRL_OK);
      assert_int_equal(
          frl_col_append_bytes(frl_columns_at(columns, 1), "text", 4), FRL_OK);
      assert_int_equal(frl_columns_end_row(columns), FRL_OK);
    }
    struct ArrowArray batch;
    assert_int_equal(frl_columns_finish(columns, &batch, NULL), FRL_OK);
    hand_over(&h, &batch);
  }
  frl_columns_destroy(columns);
  (void)pthread_mutex_lock(&h.lock);
  h.over = true;
  (void)pthread_cond_signal(&h.changed);
  (void)pthread_mutex_unlock(&h.lock);
  (void)pthread_join(thread, NULL);
  assert_int_equal(h.rows, BATCHES * ROWS);
  assert_int_equal(h.bad, 0);
  assert_int_equal(frl_pool_used_bytes(pool), 0);
  frl_pool_unref(pool);
}

static void *share_and_release(void *ctx) {
  frl_batch *batch = ctx;
  for (int i = 0; i < 200; i++) {
    struct ArrowArray array;
    struct ArrowSchema schema;
    if (frl_batch_export(&array, batch, i % 50, 1, NULL) != FRL_OK) abort();
    if (frl_batch_export_schema(&schema, batch, NULL) != FRL_OK) abort();
    schema.release(&schema);
    struct ArrowArray child = *array.children[0]; /* moved out, lives on */
    array.children[0]->release = NULL;
    array.release(&array);
    if (((const int64_t *)child.buffers[1])[0] != 0) abort();
    child.release(&child);
  }
  frl_batch_unref(batch);
  return NULL;
}

static void one_batch_is_shared_by_threads(void **state) {
  (void)state;
  enum { THREADS = 4 };
  struct ArrowSchema schema;
  struct ArrowArray array;
  frl_batch *batch;
  pthread_t threads[THREADS];
  assert_int_equal(sample_schema(&schema, NULL), FRL_OK);
  assert_int_equal(sample_batch(&array, NULL, &schema, 0, 100), FRL_OK);
  assert_int_equal(frl_batch_take(&batch, NULL, &schema, &array, NULL), FRL_OK);
  assert_int_equal(frl_batch_rows(batch), 100);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(
        pthread_create(&threads[i], NULL, share_and_release, frl_batch_ref(batch)), 0);
  }
  frl_batch_unref(batch);
  for (int i = 0; i < THREADS; i++) (void)pthread_join(threads[i], NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(freed_buffer_is_given_again),
      cmocka_unit_test(idle_bytes_are_bounded),
      cmocka_unit_test(idle_fills_up_what_is_in_use),
      cmocka_unit_test(growth_keeps_what_is_used),
      cmocka_unit_test(batches_are_released_on_another_thread),
      cmocka_unit_test(one_batch_is_shared_by_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
