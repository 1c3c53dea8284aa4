#include "numbered.h"

#include <ferrule/pubsub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

#include "arrow/columns.h"
#include "arrow/schema_make.h"
#include "base/clock.h"
#include "support/cmocka_c.h"

#define TOPIC "projects/p/topics/numbers"
#define SUBSCRIPTION "projects/p/subscriptions/numbers"

enum { STOP_MS = 10000, SLICE_MS = 100, PATIENCE_MS = 20000, ROWS_A_BATCH = 5000 };

void numbered_pause(long ms) {
  const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  (void)nanosleep(&t, NULL);
}

numbered *numbered_start(bool ordered) {
  numbered *n = calloc(1, sizeof *n);
  assert_non_null(n);
  n->executors = 1;
  n->cores = 2;
  const frl_emulator_options options = {.struct_size = sizeof options};
  assert_int_equal(frl_emulator_start(&n->emulator, &options, NULL), FRL_OK);
  (void)snprintf(n->host, sizeof n->host, "127.0.0.1:%u",
      (unsigned)frl_emulator_port(n->emulator));
  assert_int_equal(frl_emulator_create_topic(n->emulator, TOPIC, NULL), FRL_OK);
  assert_int_equal(frl_emulator_create_subscription(
                       n->emulator, SUBSCRIPTION, TOPIC, 10, ordered, NULL),
      FRL_OK);
  return n;
}

static void forget_batch(numbered *n) {
  for (uint32_t i = 0; i < n->n_parts; i++) {
    free(n->parts[i]);
    free(n->placed[i]);
  }
  n->n_parts = 0;
  memset(n->part_of, 0, sizeof n->part_of);
  frl_coordinator_text_free(n->end);
  n->end = NULL;
}

void numbered_end(numbered *n) {
  if (n->c) (void)numbered_stop(n, NULL);
  forget_batch(n);
  frl_coordinator_text_free(n->offset);
  frl_scan_process_close(STOP_MS);
  frl_emulator_stop(n->emulator);
  free(n);
}

/* ---- publishing ---- */

/** What the messages are. */
typedef struct content {
  const char *before, *behind; /* the number */
  uint32_t keys;
} content;

static void make_batch(struct ArrowSchema *schema, struct ArrowArray *array,
    uint32_t first, uint32_t count, const content *what) {
  struct ArrowSchema *child;
  assert_int_equal(frl_schema_make(schema, NULL, "+s"), FRL_OK);
  assert_int_equal(frl_schema_add_child(schema, "z", "payload", &child), FRL_OK);
  assert_int_equal(frl_schema_add_child(schema, "u", "ordering_key", &child), FRL_OK);
  frl_pool *pool;
  assert_int_equal(frl_pool_create(&pool, NULL, 0, NULL), FRL_OK);
  const frl_columns_options options = {.struct_size = sizeof options, .pool = pool};
  frl_columns *columns;
  assert_int_equal(frl_columns_create(&columns, schema, &options, NULL), FRL_OK);
  for (uint32_t i = 0; i < count; i++) {
    char text[128];
    (void)snprintf(text, sizeof text, "%s%u%s", what->before, first + i, what->behind);
    assert_int_equal(
        frl_col_append_bytes(frl_columns_at(columns, 0), text, strlen(text)), FRL_OK);
    if (what->keys) {
      (void)snprintf(text, sizeof text, "key%u", (first + i) % what->keys);
      assert_int_equal(
          frl_col_append_bytes(frl_columns_at(columns, 1), text, strlen(text)), FRL_OK);
    }
    assert_int_equal(frl_columns_end_row(columns), FRL_OK);
  }
  assert_int_equal(frl_columns_finish(columns, array, NULL), FRL_OK);
  frl_columns_destroy(columns);
  frl_pool_unref(pool);
}

static void publish(numbered *n, uint32_t first, uint32_t count, const content *what) {
  frl_error err = {0};
  const frl_pubsub_options connection = {
      .struct_size = sizeof connection, .emulator_host = n->host};
  frl_pubsub *pubsub;
  assert_int_equal(frl_pubsub_open(&pubsub, &connection, &err), FRL_OK);
  const frl_publisher_options options = {.struct_size = sizeof options, .topic = TOPIC};
  frl_publisher *publisher;
  assert_int_equal(frl_publisher_open(&publisher, pubsub, &options, &err), FRL_OK);
  for (uint32_t done = 0; done < count;) {
    const uint32_t left = count - done;
    const uint32_t some = left < ROWS_A_BATCH ? left : ROWS_A_BATCH;
    struct ArrowSchema schema;
    struct ArrowArray array;
    make_batch(&schema, &array, first + done, some, what);
    const frl_status st =
        frl_publisher_submit(publisher, &schema, &array, -1, NULL, NULL, &err);
    if (st != FRL_OK) print_error("publish: %s\n", err.message);
    assert_int_equal(st, FRL_OK);
    frl_schema_release(&schema);
    done += some;
  }
  assert_int_equal(frl_publisher_flush(publisher, 30000, &err), FRL_OK);
  frl_publisher_close(publisher, 0);
  frl_pubsub_close(pubsub);
}

void numbered_publish(numbered *n, uint32_t first, uint32_t count, uint32_t keys) {
  publish(n, first, count, &(content){"", "", keys});
}

void numbered_publish_texts(
    numbered *n, uint32_t count, const char *before, const char *behind) {
  publish(n, 0, count, &(content){before, behind, 0});
}

void numbered_delete_subscription(numbered *n) {
  const frl_pubsub_options connection = {
      .struct_size = sizeof connection, .emulator_host = n->host};
  frl_pubsub *pubsub;
  assert_int_equal(frl_pubsub_open(&pubsub, &connection, NULL), FRL_OK);
  assert_int_equal(frl_pubsub_delete_subscription(pubsub, SUBSCRIPTION, NULL), FRL_OK);
  frl_pubsub_close(pubsub);
}

/* ---- the driver ---- */

void numbered_open(numbered *n, const char *extra, bool drain) {
  char config[2048];
  (void)snprintf(config, sizeof config,
      /* of a name that is there twice the first counts */
      "{%s\"projectId\":\"p\",\"subscriptionId\":\"numbers\",\"emulatorHost\":\"%s\","
      "\"drainIdleMs\":%d,\"maxBatchDelayMs\":200,\"reservoirBytes\":33554432}",
      extra ? extra : "", n->host, NUMBERED_DRAIN_IDLE_MS);
  frl_error err = {0};
  const frl_status st = frl_coordinator_open(&n->c, config, &err);
  if (st != FRL_OK) print_error("open: %s\n", err.message);
  assert_int_equal(st, FRL_OK);
  if (drain) assert_int_equal(frl_coordinator_drain(n->c, NULL), FRL_OK);
  if (!n->offset) {
    assert_int_equal(frl_coordinator_initial_offset(n->c, &n->offset, NULL), FRL_OK);
  }
}

frl_status numbered_stop(numbered *n, const char *committed_end) {
  frl_error err = {0};
  const frl_status st = frl_coordinator_stop(n->c, committed_end, STOP_MS, &err);
  if (st != FRL_OK) print_message("stop: %s\n", err.message);
  n->c = NULL;
  return st;
}

static void plan(numbered *n) {
  char *text;
  assert_int_equal(frl_coordinator_plan(n->c, n->offset, n->end, &text, NULL), FRL_OK);
  yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
  assert_non_null(doc);
  size_t i;
  size_t max;
  yyjson_val *item;
  yyjson_arr_foreach(yyjson_doc_get_root(doc), i, max, item) {
    assert_true(i < NUMBERED_PARTS);
    n->parts[i] = strdup(yyjson_get_str(yyjson_obj_get(item, "partition")));
    yyjson_val *executor = yyjson_obj_get(item, "executor");
    n->placed[i] = executor ? strdup(yyjson_get_str(executor)) : NULL;
    n->n_parts = (uint32_t)i + 1;
  }
  yyjson_doc_free(doc);
  frl_coordinator_text_free(text);
}

bool numbered_next(numbered *n) {
  assert_null(n->end);
  const frl_batch_request request = {
      .struct_size = sizeof request, .executors = n->executors, .cores = n->cores};
  frl_error err = {0};
  frl_status st;
  const int64_t until_ms = frl_clock_now_ms(NULL) + PATIENCE_MS;
  do {
    st = frl_coordinator_latest_offset(n->c, n->offset, &request, &n->end, &err);
  } while (st == FRL_E_TIMEOUT && frl_clock_now_ms(NULL) < until_ms);
  if (st != FRL_OK) print_error("latest offset: %s\n", err.message);
  assert_int_equal(st, FRL_OK);
  if (strcmp(n->end, n->offset) == 0) {
    forget_batch(n);
    return false;
  }
  plan(n);
  return true;
}

void numbered_committed(numbered *n) {
  frl_coordinator_text_free(n->offset);
  n->offset = n->end;
  n->end = NULL;
  forget_batch(n);
}

void numbered_wait(numbered *n) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + PATIENCE_MS;
  while (!numbered_next(n)) {
    assert_true(frl_clock_now_ms(NULL) < until_ms);
    numbered_pause(10);
  }
}

/* ---- executors ---- */

static void watch_key(numbered *n, uint32_t part, unsigned long number) {
  const unsigned long key = number % n->keys;
  if (number < n->last[key]) n->out_of_order++;
  n->last[key] = number;
  if (n->part_of[key] && n->part_of[key] != part + 1) n->split++;
  n->part_of[key] = part + 1;
}

static void count_rows(numbered *n, numbered_read *r, uint32_t part,
    const struct ArrowSchema *schema, const struct ArrowArray *array,
    uint64_t max_rows) {
  int64_t child = 0;
  while (strcmp(schema->children[child]->name, "payload") != 0) child++;
  const struct ArrowArray *column = array->children[child];
  const int32_t *offsets = (const int32_t *)column->buffers[1] + column->offset;
  const char *bytes = column->buffers[2];
  for (int64_t i = 0; i < array->length && (!max_rows || r->rows < max_rows); i++) {
    char text[32] = {0};
    const size_t len = (size_t)(offsets[i + 1] - offsets[i]);
    if (len < sizeof text) memcpy(text, bytes + offsets[i], len);
    const unsigned long number = strtoul(text, NULL, 10);
    if (number < NUMBERED_MAX) n->seen[number]++;
    if (n->keys) watch_key(n, part, number);
    r->sum += number;
    r->rows++;
  }
}

numbered_read numbered_scan(
    numbered *n, uint32_t part, const char *executor, uint64_t max_rows) {
  numbered_read r = {.status = FRL_OK};
  frl_scan *scan;
  r.status = frl_scan_open(&scan, n->parts[part], executor, "localhost", &r.error);
  if (r.status != FRL_OK) return r;
  struct ArrowSchema schema;
  assert_int_equal(frl_scan_schema(scan, &schema, NULL), FRL_OK);
  const int64_t until_ms = frl_clock_now_ms(NULL) + PATIENCE_MS;
  while (r.status == FRL_OK && (!max_rows || r.rows < max_rows)) {
    struct ArrowArray array;
    r.status = frl_scan_next(scan, &array, SLICE_MS, &r.error);
    if (r.status == FRL_E_TIMEOUT && frl_clock_now_ms(NULL) < until_ms) {
      r.status = FRL_OK;
      continue;
    }
    if (r.status != FRL_OK) break;
    count_rows(n, &r, part, &schema, &array, max_rows);
    frl_array_release(&array);
  }
  frl_scan_stats stats = {.struct_size = sizeof stats};
  frl_scan_get_stats(scan, &stats);
  r.relayed = stats.relayed;
  frl_schema_release(&schema);
  frl_scan_close(scan);
  return r;
}

uint64_t numbered_scan_all(numbered *n) {
  uint64_t rows = 0;
  for (uint32_t i = 0; i < n->n_parts; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "%u", i % n->executors);
    const numbered_read r = numbered_scan(n, i, n->placed[i] ? n->placed[i] : name, 0);
    if (r.status != FRL_END) print_error("scan: %s\n", r.error.message);
    assert_int_equal(r.status, FRL_END);
    rows += r.rows;
  }
  return rows;
}

uint64_t numbered_run_within(numbered *n, uint64_t max_rows, uint32_t *batches) {
  uint64_t rows = 0;
  if (batches) *batches = 0;
  while (numbered_next(n)) {
    const uint64_t some = numbered_scan_all(n);
    assert_true(some <= max_rows);
    rows += some;
    if (batches && some) ++*batches;
    numbered_committed(n);
  }
  return rows;
}

uint64_t numbered_run(numbered *n) { return numbered_run_within(n, UINT64_MAX, NULL); }

/* ---- figures ---- */

uint32_t numbered_wrong(const numbered *n, uint32_t count, uint32_t min, uint32_t max) {
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (n->seen[i] < min || n->seen[i] > max) wrong++;
  }
  return wrong;
}

uint64_t numbered_backlog(numbered *n) {
  uint64_t unacked = 0;
  uint64_t leased = 0;
  assert_int_equal(
      frl_emulator_backlog(n->emulator, SUBSCRIPTION, &unacked, &leased, NULL), FRL_OK);
  return unacked;
}

uint64_t numbered_backlog_becomes(numbered *n, uint64_t value) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + PATIENCE_MS;
  while (numbered_backlog(n) != value && frl_clock_now_ms(NULL) < until_ms)
    numbered_pause(10);
  return numbered_backlog(n);
}

int64_t numbered_metric(numbered *n, const char *name) {
  char *text;
  assert_int_equal(frl_coordinator_metrics(n->c, &text, NULL), FRL_OK);
  yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
  assert_non_null(doc);
  yyjson_val *v = yyjson_obj_get(yyjson_doc_get_root(doc), name);
  const int64_t figure = v ? (int64_t)yyjson_get_uint(v) : -1;
  yyjson_doc_free(doc);
  frl_coordinator_text_free(text);
  return figure;
}
