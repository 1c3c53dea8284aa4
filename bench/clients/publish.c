/* Publishes from an Arrow column, with message ids returned. */
#include <ferrule/pubsub.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { BATCH_ROWS = 4096 };

static const char usage[] = "usage: publish HOST:PORT TOPIC MESSAGES PAYLOAD_BYTES";

typedef struct column {
  struct ArrowSchema *schema_children[1];
  struct ArrowArray *array_children[1];
  struct ArrowSchema schema_child;
  struct ArrowArray array_child;
  const void *struct_buffers[1];
  const void *buffers[3];
} column;

/* The rows outlive every submit: nothing is freed by a release. */
static void keep_schema(struct ArrowSchema *s) { s->release = NULL; }
static void keep_array(struct ArrowArray *a) { a->release = NULL; }

static bool make_rows(column *c, size_t payload_bytes) {
  int32_t *offsets = malloc((BATCH_ROWS + 1) * sizeof *offsets);
  uint8_t *data = malloc(BATCH_ROWS * payload_bytes);
  if (!offsets || !data) return false;
  for (size_t i = 0; i <= BATCH_ROWS; i++) offsets[i] = (int32_t)(i * payload_bytes);
  uint64_t state = 88172645463325252u;
  for (size_t i = 0; i < BATCH_ROWS * payload_bytes; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    data[i] = (uint8_t)(state >> 24);
  }
  c->buffers[1] = offsets;
  c->buffers[2] = data;
  return true;
}

static void make_batch(
    column *c, struct ArrowSchema *schema, struct ArrowArray *array) {
  c->schema_child =
      (struct ArrowSchema){.format = "z", .name = "payload", .release = keep_schema};
  c->array_child = (struct ArrowArray){.length = BATCH_ROWS,
      .n_buffers = 3,
      .buffers = c->buffers,
      .release = keep_array};
  c->schema_children[0] = &c->schema_child;
  c->array_children[0] = &c->array_child;
  *schema = (struct ArrowSchema){.format = "+s",
      .name = "",
      .n_children = 1,
      .children = c->schema_children,
      .release = keep_schema};
  *array = (struct ArrowArray){.length = BATCH_ROWS,
      .n_buffers = 1,
      .n_children = 1,
      .buffers = c->struct_buffers,
      .children = c->array_children,
      .release = keep_array};
}

static void count_ids(
    void *ctx, struct ArrowArray *ids, int64_t failed_rows, const frl_error *failure) {
  atomic_uint_fast64_t *published = ctx;
  if (failure) (void)fprintf(stderr, "publish: %s\n", failure->message);
  if (ids) *published += (uint64_t)(ids->length - failed_rows);
}

static frl_status publish(
    frl_publisher *publisher, uint64_t messages, size_t payload_bytes, frl_error *err) {
  column *c = calloc(1, sizeof *c);
  if (!c || !make_rows(c, payload_bytes)) return FRL_E_NOMEM;
  frl_batch *batch = NULL;
  struct ArrowSchema schema;
  struct ArrowArray rows;
  make_batch(c, &schema, &rows);
  struct ArrowSchema given = schema;
  frl_status st = frl_batch_take(&batch, NULL, &given, &rows, err);
  atomic_uint_fast64_t published = 0;
  const bench_start start = bench_begin();
  for (uint64_t i = 0; st == FRL_OK && i < messages; i += BATCH_ROWS) {
    struct ArrowArray part;
    st = frl_batch_export(&part, batch, 0, -1, err);
    if (st != FRL_OK) break;
    st =
        frl_publisher_submit(publisher, &schema, &part, -1, count_ids, &published, err);
  }
  if (st == FRL_OK) st = frl_publisher_flush(publisher, 60000, err);
  const uint64_t done = published;
  bench_report(&start, done, done * payload_bytes);
  return st;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    (void)fprintf(stderr, "%s\n", usage);
    return 2;
  }
  const frl_pubsub_options connection = {.struct_size = sizeof connection,
      .project_id = "bench",
      .emulator_host = argv[1]};
  const frl_publisher_options options = {
      .struct_size = sizeof options, .topic = argv[2], .max_batch_messages = 1000};
  const uint64_t messages = bench_number(argv[3], usage);
  const size_t payload_bytes = (size_t)bench_number(argv[4], usage);
  frl_error err = {0};
  frl_pubsub *pubsub = NULL;
  frl_publisher *publisher = NULL;
  frl_status st = frl_pubsub_open(&pubsub, &connection, &err);
  if (st == FRL_OK) st = frl_publisher_open(&publisher, pubsub, &options, &err);
  if (st == FRL_OK) st = publish(publisher, messages, payload_bytes, &err);
  if (st != FRL_OK) (void)fprintf(stderr, "publish: %s\n", err.message);
  frl_publisher_close(publisher, 0);
  frl_pubsub_close(pubsub);
  return st != FRL_OK;
}
