/* ArrowArrayStream over batches that are there, and over a kernel at work.
 *
 * Consumers call these from threads of their own, without the GIL: nothing here may
 * touch a Python object, but for the two functions that make a stream.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"

static _Atomic int64_t streams_alive;

int64_t frl_py_streams_alive(void) { return atomic_load(&streams_alive); }

static int errno_of(frl_status st) {
  if (st == FRL_E_NOMEM) return ENOMEM;
  return st == FRL_E_INVALID ? EINVAL : EIO;
}

/* ---- of batches ---- */

typedef struct batches {
  struct ArrowSchema schema;
  size_t n, at;
  frl_error err;
  frl_batch *held[];
} batches;

static int batches_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  batches *self = stream->private_data;
  const frl_status st = frl_schema_copy(out, NULL, &self->schema, &self->err);
  return st == FRL_OK ? 0 : errno_of(st);
}

static int batches_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  batches *self = stream->private_data;
  out->release = NULL;
  if (self->at == self->n) return 0;
  const frl_status st = frl_py_batch_share(out, self->held[self->at], &self->err);
  if (st != FRL_OK) return errno_of(st);
  self->at++;
  return 0;
}

static const char *batches_error(struct ArrowArrayStream *stream) {
  return ((batches *)stream->private_data)->err.message;
}

static void batches_release(struct ArrowArrayStream *stream) {
  batches *self = stream->private_data;
  for (size_t i = 0; i < self->n; i++) frl_batch_unref(self->held[i]);
  frl_schema_release(&self->schema);
  free(self);
  atomic_fetch_sub(&streams_alive, 1);
  stream->release = NULL;
}

int frl_py_stream_of_batches(struct ArrowArrayStream *out,
    const struct ArrowSchema *schema, frl_batch *const *held, size_t n) {
  batches *self = calloc(1, sizeof *self + n * sizeof(frl_batch *));
  frl_error err = {0};
  if (!self || frl_schema_copy(&self->schema, NULL, schema, &err) != FRL_OK) {
    free(self);
    PyErr_NoMemory();
    return -1;
  }
  for (size_t i = 0; i < n; i++) self->held[i] = frl_batch_ref(held[i]);
  self->n = n;
  atomic_fetch_add(&streams_alive, 1);
  *out = (struct ArrowArrayStream){.get_schema = batches_schema,
      .get_next = batches_next,
      .get_last_error = batches_error,
      .release = batches_release,
      .private_data = self};
  return 0;
}

/* ---- of a kernel ---- */

typedef struct through {
  struct ArrowArrayStream source;
  frl_kernel *kernel;
  frl_kernel_run *run;
  frl_error err;
} through;

static int through_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  through *self = stream->private_data;
  const frl_status st = frl_schema_copy(
      out, NULL, frl_kernel_schema(self->kernel, FRL_KERNEL_OUTPUT), &self->err);
  return st == FRL_OK ? 0 : errno_of(st);
}

/* Hands the source's next batch, or its end, to the kernel. */
static int through_feed(through *self) {
  struct ArrowArray batch = {.release = NULL};
  const int rc = self->source.get_next(&self->source, &batch);
  if (rc != 0) {
    const char *said = self->source.get_last_error(&self->source);
    self->err = (frl_error){0};
    snprintf(self->err.message, sizeof self->err.message, "input: %s",
        said ? said : strerror(rc));
    return rc;
  }
  const frl_status st = batch.release
                            ? frl_kernel_run_push(self->run, 0, &batch, &self->err)
                            : frl_kernel_run_finish(self->run, &self->err);
  return st == FRL_OK ? 0 : errno_of(st);
}

static int through_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  through *self = stream->private_data;
  for (;;) {
    out->release = NULL;
    const frl_status st = frl_kernel_run_next(self->run, out, &self->err);
    if (st == FRL_OK || st == FRL_END) return 0;
    if (st != FRL_NEED_MORE) return errno_of(st);
    const int rc = through_feed(self);
    if (rc != 0) return rc;
  }
}

static const char *through_error(struct ArrowArrayStream *stream) {
  return ((through *)stream->private_data)->err.message;
}

static void through_release(struct ArrowArrayStream *stream) {
  through *self = stream->private_data;
  self->source.release(&self->source);
  frl_kernel_run_destroy(self->run);
  frl_kernel_unref(self->kernel);
  free(self);
  atomic_fetch_sub(&streams_alive, 1);
  stream->release = NULL;
}

int frl_py_stream_of_run(struct ArrowArrayStream *out, struct ArrowArrayStream *source,
    frl_kernel *kernel, frl_kernel_run *run) {
  through *self = calloc(1, sizeof *self);
  if (!self) {
    PyErr_NoMemory();
    return -1;
  }
  self->source = *source;
  source->release = NULL;
  self->kernel = frl_kernel_ref(kernel);
  self->run = run;
  atomic_fetch_add(&streams_alive, 1);
  *out = (struct ArrowArrayStream){.get_schema = through_schema,
      .get_next = through_next,
      .get_last_error = through_error,
      .release = through_release,
      .private_data = self};
  return 0;
}
