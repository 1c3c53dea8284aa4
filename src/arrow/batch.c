#include <ferrule/batch.h>
#include <ferrule/schema.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/mem.h"

enum { MAX_DEPTH = 128 };

struct frl_batch {
  frl_mem mem;
  atomic_size_t refs;
  struct ArrowSchema schema;
  struct ArrowArray array;
};

/** What an exported array owns: a reference and the copies of its children. */
typedef struct array_share {
  frl_batch *batch;
  struct ArrowArray **child_ptrs;
  struct ArrowArray *children; /* the dictionary, if any, is the last */
  size_t n_children;
} array_share;

void frl_array_release(struct ArrowArray *array) {
  if (array && array->release) array->release(array);
}

void frl_schema_release(struct ArrowSchema *schema) {
  if (schema && schema->release) schema->release(schema);
}

/** NULL, or what makes the pair no valid batch. */
static const char *shape_fault(
    const struct ArrowSchema *schema, const struct ArrowArray *array, int depth) {
  if (depth > MAX_DEPTH) return "nested too deep";
  if (!schema || !array) return "a child is missing";
  if (!schema->release || !array->release) return "already released";
  if (!schema->format) return "a type is missing";
  if (array->length < 0 || array->offset < 0) return "a negative length or offset";
  if (schema->n_children != array->n_children || schema->n_children < 0) {
    return "schema and array differ in the number of children";
  }
  if (!schema->dictionary != !array->dictionary) {
    return "schema and array differ in having a dictionary";
  }
  for (int64_t i = 0; i < schema->n_children; i++) {
    const char *fault = shape_fault(schema->children[i], array->children[i], depth + 1);
    if (fault) return fault;
  }
  return schema->dictionary
             ? shape_fault(schema->dictionary, array->dictionary, depth + 1)
             : NULL;
}

frl_status frl_batch_take(frl_batch **out, const frl_mem *mem,
    struct ArrowSchema *schema, struct ArrowArray *array, frl_error *err) {
  *out = NULL;
  const char *fault = shape_fault(schema, array, 0);
  if (fault) return frl_fail(err, FRL_E_INVALID, "batch: %s", fault);
  frl_batch *batch = frl_calloc(mem, 1, sizeof *batch);
  if (!batch) return frl_fail(err, FRL_E_NOMEM, "batch: out of memory");
  batch->mem = mem ? *mem : frl_mem_default;
  atomic_init(&batch->refs, 1);
  batch->schema = *schema;
  batch->array = *array;
  schema->release = NULL;
  array->release = NULL;
  *out = batch;
  return FRL_OK;
}

frl_batch *frl_batch_ref(frl_batch *batch) {
  (void)atomic_fetch_add_explicit(&batch->refs, 1, memory_order_relaxed);
  return batch;
}

void frl_batch_unref(frl_batch *batch) {
  if (!batch) return;
  if (atomic_fetch_sub_explicit(&batch->refs, 1, memory_order_acq_rel) != 1) return;
  frl_array_release(&batch->array);
  frl_schema_release(&batch->schema);
  const frl_mem mem = batch->mem;
  frl_free(&mem, batch);
}

int64_t frl_batch_rows(const frl_batch *batch) { return batch->array.length; }

const struct ArrowSchema *frl_batch_schema(const frl_batch *batch) {
  return &batch->schema;
}

const struct ArrowArray *frl_batch_array(const frl_batch *batch) {
  return &batch->array;
}

static void array_share_release(struct ArrowArray *array) {
  array_share *share = array->private_data;
  array->release = NULL;
  for (size_t i = 0; i < share->n_children; i++) {
    frl_array_release(share->child_ptrs[i]); /* nothing if it was moved out */
  }
  frl_batch *batch = share->batch;
  frl_free(&batch->mem, share);
  frl_batch_unref(batch);
}

static frl_status share_array(
    struct ArrowArray *out, frl_batch *batch, const struct ArrowArray *in) {
  const size_t n = (size_t)in->n_children;
  const size_t n_all = n + (in->dictionary ? 1 : 0);
  array_share *share = frl_calloc(&batch->mem, 1,
      sizeof *share + n_all * (sizeof *share->children + sizeof *share->child_ptrs));
  if (!share) return FRL_E_NOMEM;
  share->batch = frl_batch_ref(batch);
  share->children = (struct ArrowArray *)(void *)(share + 1);
  share->child_ptrs = (struct ArrowArray **)(void *)(share->children + n_all);
  *out = *in;
  out->release = array_share_release;
  out->private_data = share;
  out->children = n ? share->child_ptrs : NULL;
  out->dictionary = in->dictionary ? &share->children[n] : NULL;
  share->n_children = n_all;
  for (size_t i = 0; i < n_all; i++) share->child_ptrs[i] = &share->children[i];
  for (size_t i = 0; i < n; i++) {
    FRL_TRY(share_array(&share->children[i], batch, in->children[i]));
  }
  return in->dictionary ? share_array(out->dictionary, batch, in->dictionary) : FRL_OK;
}

frl_status frl_batch_export(struct ArrowArray *out, frl_batch *batch, int64_t first_row,
    int64_t n_rows, frl_error *err) {
  *out = (struct ArrowArray){0};
  const int64_t rows = batch->array.length;
  if (first_row < 0 || first_row > rows || n_rows < -1 || n_rows > rows - first_row) {
    return frl_fail(err, FRL_E_INVALID, "batch: %lld rows from %lld on, of %lld",
        (long long)n_rows, (long long)first_row, (long long)rows);
  }
  struct ArrowArray shared = {0};
  const frl_status st = share_array(&shared, batch, &batch->array);
  if (st != FRL_OK) {
    frl_array_release(&shared);
    return frl_fail(err, st, "batch: out of memory for a share");
  }
  shared.length = n_rows < 0 ? rows - first_row : n_rows;
  shared.offset += first_row;
  /* how many of the nulls lie in the range is not known */
  if (shared.length != rows && shared.null_count != 0) shared.null_count = -1;
  *out = shared;
  return FRL_OK;
}

frl_status frl_batch_export_schema(
    struct ArrowSchema *out, frl_batch *batch, frl_error *err) {
  *out = (struct ArrowSchema){0};
  return frl_schema_copy(out, &batch->mem, &batch->schema, err);
}
