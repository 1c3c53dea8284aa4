/**
 * Batches whose arrays were tampered with: what the check takes the reader must be able
 * to read. The input is a list of changes, four bytes each: array, kind, value, place.
 * Lengths only shrink and bytes of texts stay, since the sizes of buffers cannot be
 * known to anybody.
 */
#include <ferrule/kernel_host.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "declared.h"
#include "sample_rows.h"

enum { ROWS = 12, ARRAYS_MAX = 128, CHANGE_BYTES = 4, CHANGES_MAX = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
  if (!held) abort();
}

static void make(struct ArrowArray *out) {
  nested_writer w;
  sampler s = {.state = 2463534242u, .null_percent = 20};
  must(nested_writer_init(&w) == 0);
  for (int i = 0; i < ROWS; i++) {
    nested row;
    sample_nested(&s, &row);
    must(nested_writer_add(&w, &row) == 0);
  }
  must(nested_writer_finish(&w, out) == 0);
  nested_writer_deinit(&w);
  sampler_free(&s);
}

typedef struct arrays {
  struct ArrowArray *all[ARRAYS_MAX];
  bool is_list[ARRAYS_MAX];
  int64_t rows[ARRAYS_MAX]; /* that its buffers were made for */
  int n;
} arrays;

static void gather(
    arrays *a, struct ArrowArray *array, const struct ArrowSchema *schema) {
  must(a->n < ARRAYS_MAX);
  a->is_list[a->n] =
      strcmp(schema->format, "+l") == 0 || strcmp(schema->format, "+m") == 0;
  a->rows[a->n] = array->length;
  a->all[a->n++] = array;
  for (int64_t i = 0; i < schema->n_children; i++) {
    gather(a, array->children[i], schema->children[i]);
  }
}

static void change(arrays *a, const uint8_t *bytes) {
  const int at = bytes[0] % a->n;
  struct ArrowArray *array = a->all[at];
  const int8_t value = (int8_t)bytes[2];
  if (array->length < 0) return; /* spoilt as much as it can be */
  switch (bytes[1] % 6) {
    case 0:
      array->length = value < 0 ? value : array->length - value % (array->length + 1);
      break;
    case 1:
      if (value >= 0 && value <= array->length) {
        array->offset += value;
        array->length -= value;
      }
      break;
    case 2:
      array->null_count = value;
      break;
    case 3:
      array->n_children = value;
      break;
    case 4:
      array->n_buffers = value;
      break;
    default:
      if (a->is_list[at] && bytes[3] <= a->rows[at] && array->buffers[1]) {
        union {
          const void *in;
          int32_t *out;
        } offsets = {.in = array->buffers[1]};
        offsets.out[bytes[3]] = value;
      } else if (!a->is_list[at]) {
        array->buffers[0] = NULL;
      }
      break;
  }
}

static void read_all(const struct ArrowArray *batch) {
  nested_reader r;
  must(nested_reader_init(&r) == 0);
  must(nested_reader_bind(&r, batch) == 0);
  for (int64_t i = 0; i < r.rows; i++) {
    nested row;
    must(nested_reader_get(&r, i, &row) == 0);
    must(nested_equal(&row, &row)); /* looks at every value */
  }
  nested_reader_deinit(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ArrowArray batch;
  struct ArrowSchema schema;
  arrays a = {.n = 0};
  frl_error err;
  int64_t row = -2;
  must(nested_schema(&schema) == 0);
  make(&batch);
  gather(&a, &batch, &schema);
  for (size_t i = 0; i + CHANGE_BYTES <= size && i < CHANGE_BYTES * CHANGES_MAX;
       i += CHANGE_BYTES) {
    change(&a, data + i);
  }
  const frl_status st = frl_kernel_check(&schema, &batch, 0, &row, &err);
  if (st == FRL_OK) {
    must(row == -1);
    read_all(&batch);
  } else {
    must(row >= -1 && memchr(err.message, 0, sizeof err.message));
    must(row < batch.length || row == -1);
  }
  batch.release(&batch);
  schema.release(&schema);
  return 0;
}
