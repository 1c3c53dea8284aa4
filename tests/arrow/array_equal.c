#include "array_equal.h"

#include <string.h>

#include "arrow/layout.h"

/** One row of an array; the array's offset is in it. */
typedef struct cell {
  const struct ArrowArray *array;
  int64_t row;
} cell;

static bool bit(const void *bits, int64_t i) {
  return (((const uint8_t *)bits)[i / 8] >> (i % 8) & 1) != 0;
}

static bool is_null(cell c) {
  const bool mapped = c.array->n_buffers > 0 && c.array->buffers[0];
  return mapped && !bit(c.array->buffers[0], c.row);
}

static bool bytes_equal(cell a, cell b) {
  const int32_t *of_a = (const int32_t *)a.array->buffers[1] + a.row;
  const int32_t *of_b = (const int32_t *)b.array->buffers[1] + b.row;
  const size_t n = (size_t)(of_a[1] - of_a[0]);
  return of_a[1] - of_a[0] == of_b[1] - of_b[0] &&
         (n == 0 || memcmp((const char *)a.array->buffers[2] + of_a[0],
                        (const char *)b.array->buffers[2] + of_b[0], n) == 0);
}

static bool lists_equal(const struct ArrowSchema *schema, cell a, cell b) {
  const int32_t *of_a = (const int32_t *)a.array->buffers[1] + a.row;
  const int32_t *of_b = (const int32_t *)b.array->buffers[1] + b.row;
  return of_a[1] - of_a[0] == of_b[1] - of_b[0] &&
         arrays_equal(schema->children[0], a.array->children[0], of_a[0],
             b.array->children[0], of_b[0], of_a[1] - of_a[0]);
}

static bool cells_equal(const struct ArrowSchema *schema, cell a, cell b) {
  frl_layout layout;
  if (frl_layout_of(&layout, schema->format) != FRL_OK) return false;
  if (layout.kind == FRL_LAYOUT_NULL) return true;
  if (is_null(a) || is_null(b)) return is_null(a) && is_null(b);
  const size_t width = layout.width_bytes;
  switch (layout.kind) {
    case FRL_LAYOUT_BOOL:
      return bit(a.array->buffers[1], a.row) == bit(b.array->buffers[1], b.row);
    case FRL_LAYOUT_FIXED:
      return memcmp((const char *)a.array->buffers[1] + (size_t)a.row * width,
                 (const char *)b.array->buffers[1] + (size_t)b.row * width, width) == 0;
    case FRL_LAYOUT_BYTES:
      return bytes_equal(a, b);
    case FRL_LAYOUT_LIST:
    case FRL_LAYOUT_MAP:
      return lists_equal(schema, a, b);
    case FRL_LAYOUT_STRUCT:
      for (int64_t i = 0; i < schema->n_children; i++) {
        if (!arrays_equal(schema->children[i], a.array->children[i], a.row,
                b.array->children[i], b.row, 1)) {
          return false;
        }
      }
      return true;
    default:
      return false;
  }
}

bool arrays_equal(const struct ArrowSchema *schema, const struct ArrowArray *a,
    int64_t a_first, const struct ArrowArray *b, int64_t b_first, int64_t n) {
  if (a->length < a_first + n || b->length < b_first + n) return false;
  for (int64_t i = 0; i < n; i++) {
    const cell of_a = {a, a->offset + a_first + i};
    const cell of_b = {b, b->offset + b_first + i};
    if (!cells_equal(schema, of_a, of_b)) return false;
  }
  return true;
}
