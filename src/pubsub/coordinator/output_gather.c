/* Copies of chosen rows of the columns that a reservoir has. */
#include <string.h>

#include "arrow/columns.h"
#include "base/error.h"
#include "pubsub/coordinator/output.h"

static bool is_valid(const struct ArrowArray *a, size_t at) {
  const uint8_t *bits = a->buffers[0];
  return !bits || (bits[at >> 3] >> (at & 7) & 1);
}

static frl_status put_entries(frl_col *col, const struct ArrowArray *map, size_t at) {
  const int32_t *offsets = map->buffers[1];
  const struct ArrowArray *entries = map->children[0];
  const struct ArrowArray *keys = entries->children[0];
  const struct ArrowArray *values = entries->children[1];
  for (int32_t e = offsets[at]; e < offsets[at + 1]; e++) {
    const size_t k = (size_t)(e + entries->offset + keys->offset);
    const size_t v = (size_t)(e + entries->offset + values->offset);
    const int32_t *ko = keys->buffers[1];
    const int32_t *vo = values->buffers[1];
    FRL_TRY(frl_col_map_put(col, (const uint8_t *)keys->buffers[2] + ko[k],
        (size_t)(ko[k + 1] - ko[k]), (const uint8_t *)values->buffers[2] + vo[v],
        (size_t)(vo[v + 1] - vo[v])));
  }
  return frl_col_end_list(col);
}

static frl_status put_value(frl_col *col, const struct ArrowArray *column, size_t at) {
  if (!is_valid(column, at)) return frl_col_append_null(col);
  switch (col->layout.kind) {
    case FRL_LAYOUT_BYTES: {
      const int32_t *offsets = column->buffers[1];
      return frl_col_append_bytes(col,
          (const uint8_t *)column->buffers[2] + offsets[at],
          (size_t)(offsets[at + 1] - offsets[at]));
    }
    case FRL_LAYOUT_FIXED: {
      const size_t width = col->layout.width_bytes;
      return frl_col_append_fixed(
          col, (const uint8_t *)column->buffers[1] + at * width);
    }
    case FRL_LAYOUT_MAP:
      return put_entries(col, column, at);
    default:
      return FRL_E_UNSUPPORTED;
  }
}

static frl_status put_rows(frl_columns *columns, const struct ArrowArray *column,
    const int32_t *rows, size_t n_rows) {
  for (size_t i = 0; i < n_rows; i++) {
    FRL_TRY(put_value(
        frl_columns_at(columns, 0), column, (size_t)rows[i] + (size_t)column->offset));
    FRL_TRY(frl_columns_end_row(columns));
  }
  return FRL_OK;
}

frl_status frl__output_gather(struct ArrowArray *out, const struct ArrowSchema *schema,
    const struct ArrowArray *column, const int32_t *rows, size_t n_rows,
    frl_error *err) {
  struct ArrowSchema *children[] = {(struct ArrowSchema *)(uintptr_t)schema};
  struct ArrowSchema view = {
      .format = "+s", .name = "", .n_children = 1, .children = children};
  view.release = schema->release; /* not called: it marks the view as live */
  frl_pool *pool = NULL;
  FRL_TRY(frl_pool_create(&pool, NULL, 0, err));
  const frl_columns_options options = {.struct_size = sizeof options, .pool = pool};
  frl_columns *columns = NULL;
  frl_status st = frl_columns_create(&columns, &view, &options, err);
  if (st == FRL_OK) {
    st = put_rows(columns, column, rows, n_rows);
    if (st != FRL_OK) (void)frl_fail(err, st, "scan: rows could not be copied");
  }
  struct ArrowArray whole = {0};
  if (st == FRL_OK) st = frl_columns_finish(columns, &whole, err);
  if (st == FRL_OK) {
    *out = *whole.children[0];
    whole.children[0]->release = NULL;
  }
  frl_array_release(&whole);
  frl_columns_destroy(columns);
  frl_pool_unref(pool);
  return st;
}
