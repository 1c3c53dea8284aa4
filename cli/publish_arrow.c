#include <errno.h>
#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error_context.h"
#include "interrupt.h"
#include "publish_work.h"

/* Bytes of the payload column, for the progress; 0 where there is none. */
static uint64_t payload_bytes(
    const struct ArrowSchema *schema, const struct ArrowArray *array) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    const struct ArrowSchema *column = schema->children[i];
    const struct ArrowArray *c = array->children[i];
    const char *name = column->name ? column->name : "";
    if (strcmp(name, "payload") != 0 && strcmp(name, "data") != 0) continue;
    const int64_t from = c->offset + array->offset;
    const int64_t to = from + array->length;
    const char format = column->format[1] ? '?' : column->format[0];
    if (format == 'z' || format == 'u') {
      const int32_t *offsets = c->buffers[1];
      return offsets ? (uint64_t)(offsets[to] - offsets[from]) : 0;
    }
    if (format == 'Z' || format == 'U') {
      const int64_t *offsets = c->buffers[1];
      return offsets ? (uint64_t)(offsets[to] - offsets[from]) : 0;
    }
  }
  return 0;
}

/* Rows are counted from where a step began. */
static frl_status name_step(
    uint64_t batch, uint64_t row, frl_status st, frl_error *err) {
  if (st != FRL_E_INVALID) return st;
  cli_error_before(err, st, "batch %llu, from row %llu on", (unsigned long long)batch,
      (unsigned long long)row);
  return FRL_E_MALFORMED;
}

/* A batch of the input in steps, as a rate and a limit want them. */
static frl_status submit_batch(
    publish_work *w, frl_batch *batch, uint64_t number, frl_error *err) {
  const struct ArrowSchema *schema = frl_batch_schema(batch);
  const uint64_t rows = (uint64_t)frl_batch_rows(batch);
  uint64_t at = 0;
  while (at < rows && w->sent < w->limit && !cli_interrupted()) {
    const uint64_t step = publish_step(w, rows - at);
    struct ArrowArray part = {0};
    frl_status st = frl_batch_export(&part, batch, (int64_t)at, (int64_t)step, err);
    if (st != FRL_OK) return st;
    st = publish_submit(w, schema, &part, payload_bytes(schema, &part), err);
    if (st != FRL_OK) return name_step(number, at, st, err);
    at += step;
  }
  return FRL_OK;
}

static frl_status publish_next(
    publish_work *w, frl_ipc_reader *reader, uint64_t number, frl_error *err) {
  struct ArrowArray array = {0};
  frl_status st = frl_ipc_reader_next(reader, &array, err);
  if (st != FRL_OK) return st;
  struct ArrowSchema schema = {0};
  st = frl_schema_copy(&schema, NULL, frl_ipc_reader_schema(reader), err);
  frl_batch *batch = NULL;
  if (st == FRL_OK) st = frl_batch_take(&batch, NULL, &schema, &array, err);
  if (st == FRL_OK) st = submit_batch(w, batch, number, err);
  frl_batch_unref(batch);
  frl_schema_release(&schema);
  frl_array_release(&array);
  return st;
}

/* An interrupt ends the wait for what a pipe still gives. */
static frl_status read_some(
    void *ctx, void *data, size_t n, size_t *got, frl_error *err) {
  const int *fd = ctx;
  ssize_t had;
  do {
    if (cli_interrupted()) return FRL_E_CANCELLED;
    had = read(*fd, data, n);
  } while (had < 0 && errno == EINTR);
  if (had < 0) {
    (void)snprintf(
        err->message, sizeof err->message, "cannot read: %s", strerror(errno));
    return FRL_E_IO;
  }
  *got = (size_t)had;
  return FRL_OK;
}

frl_status publish_arrow(publish_work *w, int fd, frl_error *err) {
  frl_ipc_reader *reader = NULL;
  frl_status st = frl_ipc_reader_open_fn(&reader, read_some, &fd, NULL, err);
  uint64_t batch = 0;
  while (st == FRL_OK && w->sent < w->limit && !cli_interrupted()) {
    st = publish_next(w, reader, batch++, err);
  }
  frl_ipc_reader_destroy(reader);
  return st;
}
