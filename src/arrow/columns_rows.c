/** Rows of columns: closing them, nulls, taking them back. */
#include "arrow/columns.h"
#include "arrow/columns_internal.h"
#include "base/error.h"

static size_t bitmap_bytes(size_t rows) { return rows / 8 + (rows % 8 != 0); }

static bool bit(const uint8_t *bits, size_t i) {
  return (bits[i >> 3] >> (i & 7) & 1) != 0;
}

/** The first null: a bitmap that says valid for every row so far. */
static frl_status need_validity(frl_col *c) {
  if (c->validity) return FRL_OK;
  const size_t rows = c->room_rows < 1024 ? 1024 : c->room_rows;
  /* nested columns have no room of their own until they have a bitmap */
  const bool unbounded = c->layout.kind == FRL_LAYOUT_STRUCT;
  const size_t want = unbounded ? c->rows + 1024 : rows;
  FRL_TRY(frl_pool_get(c->owner->pool, &c->validity_buf, bitmap_bytes(want)));
  c->validity = c->validity_buf.data;
  memset(c->validity, 0xff, bitmap_bytes(c->rows));
  if (c->rows & 7) {
    c->validity[c->rows >> 3] = (uint8_t)((1u << (c->rows & 7)) - 1);
  }
  if (c->room_rows > c->validity_buf.cap * 8) c->room_rows = c->validity_buf.cap * 8;
  return FRL_OK;
}

static void drop_unfinished(frl_col *c) { frl_col_truncate(c, c->rows); }

static frl_status append_blank(frl_col *c, bool null);

static frl_status blank_children(frl_col *c) {
  for (size_t i = 0; i < c->n_children; i++) {
    frl_col *child = &c->children[i];
    const frl_status st = append_blank(child, child->nullable);
    if (st == FRL_OK) continue;
    drop_unfinished(c);
    return st;
  }
  return FRL_OK;
}

/** A null, or the zero of the type where none is allowed (below a null struct). */
static frl_status append_blank(frl_col *c, bool null) {
  drop_unfinished(c);
  const bool bitmap = null && c->layout.kind != FRL_LAYOUT_NULL;
  if (bitmap) FRL_TRY(need_validity(c));
  if (c->rows == c->room_rows) FRL_TRY(frl__col_grow(c, 1, 0));
  switch (c->layout.kind) {
    case FRL_LAYOUT_BYTES:
    case FRL_LAYOUT_LIST:
    case FRL_LAYOUT_MAP:
      c->offsets[c->rows + 1] = c->offsets[c->rows];
      break;
    case FRL_LAYOUT_FIXED:
      memset(c->values + c->rows * c->layout.width_bytes, 0, c->layout.width_bytes);
      break;
    case FRL_LAYOUT_BOOL:
      if ((c->rows & 7) == 0) c->values[c->rows >> 3] = 0;
      break;
    case FRL_LAYOUT_STRUCT:
      FRL_TRY(blank_children(c));
      break;
    case FRL_LAYOUT_NULL:
    case FRL_LAYOUT_OTHER:
      break;
  }
  frl__col_row_done(c);
  if (null) c->nulls++;
  if (bitmap) {
    const size_t row = c->rows - 1;
    c->validity[row >> 3] = (uint8_t)(c->validity[row >> 3] & ~(1u << (row & 7)));
  }
  return FRL_OK;
}

frl_status frl_col_append_null(frl_col *c) {
  if (!c->nullable) return FRL_E_INVALID;
  const size_t row = c->rows;
  if (c->layout.kind != FRL_LAYOUT_BYTES || !c->validity || row == c->room_rows) {
    return append_blank(c, true);
  }
  /* the most frequent one, not the first: a bit that stays off */
  c->open = false;
  c->used_bytes = (size_t)c->offsets[row];
  c->offsets[row + 1] = c->offsets[row];
  if ((row & 7) == 0) c->validity[row >> 3] = 0;
  c->rows = row + 1;
  c->nulls++;
  return FRL_OK;
}

static void forget_nulls(frl_col *c, size_t n_rows) {
  if (c->layout.kind == FRL_LAYOUT_NULL) c->nulls = n_rows;
  if (!c->validity) return;
  for (size_t row = n_rows; row < c->rows; row++) {
    if (!bit(c->validity, row)) c->nulls--;
  }
  /* the next row of this byte is ored in */
  if (n_rows & 7) {
    const unsigned keep = (1u << (n_rows & 7)) - 1;
    c->validity[n_rows >> 3] = (uint8_t)(c->validity[n_rows >> 3] & keep);
  }
}

void frl_col_truncate(frl_col *c, size_t n_rows) {
  assert(n_rows <= c->rows);
  c->open = false;
  if (n_rows != c->rows) forget_nulls(c, n_rows);
  switch (c->layout.kind) {
    case FRL_LAYOUT_BYTES:
      c->used_bytes = c->offsets ? (size_t)c->offsets[n_rows] : 0;
      break;
    case FRL_LAYOUT_LIST:
    case FRL_LAYOUT_MAP:
      frl_col_truncate(&c->children[0], c->offsets ? (size_t)c->offsets[n_rows] : 0);
      break;
    case FRL_LAYOUT_STRUCT:
      for (size_t i = 0; i < c->n_children; i++) {
        frl_col_truncate(&c->children[i], n_rows);
      }
      break;
    case FRL_LAYOUT_BOOL:
      if (n_rows & 7) {
        const unsigned keep = (1u << (n_rows & 7)) - 1;
        c->values[n_rows >> 3] = (uint8_t)(c->values[n_rows >> 3] & keep);
      }
      break;
    case FRL_LAYOUT_FIXED:
    case FRL_LAYOUT_NULL:
    case FRL_LAYOUT_OTHER:
      break;
  }
  c->rows = n_rows;
}

frl_status frl_col_end_struct(frl_col *c) {
  assert(c->layout.kind == FRL_LAYOUT_STRUCT);
  for (size_t i = 0; i < c->n_children; i++) {
    frl_col *child = &c->children[i];
    assert(child->rows - c->rows <= 1 && !child->open);
    if (child->rows == c->rows) FRL_TRY(frl_col_append_null(child));
  }
  if (c->rows == c->room_rows) FRL_TRY(frl__col_grow(c, 1, 0));
  frl__col_row_done(c);
  return FRL_OK;
}

static void rows_done(frl_col *c, size_t n) {
  if (!c->validity) {
    c->rows += n;
    return;
  }
  for (size_t i = 0; i < n; i++) frl__col_row_done(c);
}

frl_status frl_col_end_structs(frl_col *c, size_t n) {
  assert(c->layout.kind == FRL_LAYOUT_STRUCT);
  for (size_t i = 0; i < c->n_children; i++) {
    assert(c->children[i].rows == c->rows + n && !c->children[i].open);
  }
  if (n > c->room_rows - c->rows) FRL_TRY(frl__col_grow(c, n, 0));
  rows_done(c, n);
  return FRL_OK;
}

frl_status frl_col_append_run(frl_col *c, const void *values, size_t n_rows) {
  assert(c->layout.kind == FRL_LAYOUT_FIXED);
  if (n_rows == 0) return FRL_OK;
  if (n_rows > c->room_rows - c->rows) FRL_TRY(frl__col_grow(c, n_rows, 0));
  const size_t width = c->layout.width_bytes;
  memcpy(c->values + c->rows * width, values, n_rows * width);
  rows_done(c, n_rows);
  return FRL_OK;
}

frl_status frl_col_append_texts(
    frl_col *c, const void *bytes, const int32_t *ends, size_t n_rows) {
  assert(c->layout.kind == FRL_LAYOUT_BYTES && !c->open);
  if (n_rows == 0) return FRL_OK;
  const size_t n_bytes = (size_t)ends[n_rows - 1];
  if (n_rows > c->room_rows - c->rows || n_bytes > c->room_bytes - c->used_bytes) {
    FRL_TRY(frl__col_grow(c, n_rows, n_bytes));
  }
  const int32_t base = (int32_t)c->used_bytes;
  if (n_bytes) memcpy(c->values + c->used_bytes, bytes, n_bytes);
  for (size_t i = 0; i < n_rows; i++) c->offsets[c->rows + 1 + i] = base + ends[i];
  c->used_bytes += n_bytes;
  rows_done(c, n_rows);
  return FRL_OK;
}

static frl_status map_put(frl_col *c, const void *key, size_t key_bytes,
    const void *value, size_t value_bytes) {
  frl_col *entry = frl_col_items(c);
  FRL_TRY(frl_col_append_bytes(&entry->children[0], key, key_bytes));
  FRL_TRY(frl_col_append_bytes(&entry->children[1], value, value_bytes));
  if (entry->rows == entry->room_rows) FRL_TRY(frl__col_grow(entry, 1, 0));
  frl__col_row_done(entry);
  return FRL_OK;
}

frl_status frl_col_map_put(frl_col *c, const void *key, size_t key_bytes,
    const void *value, size_t value_bytes) {
  assert(c->layout.kind == FRL_LAYOUT_MAP);
  const frl_status st = map_put(c, key, key_bytes, value, value_bytes);
  if (st != FRL_OK) drop_unfinished(frl_col_items(c));
  return st;
}

frl_status frl_columns_end_row(frl_columns *columns) {
  return frl_col_end_struct(&columns->root);
}

frl_status frl_columns_end_rows(frl_columns *columns, size_t n_rows) {
  return frl_col_end_structs(&columns->root, n_rows);
}

void frl_columns_drop_row(frl_columns *columns) {
  frl_col_truncate(&columns->root, columns->root.rows);
}

void frl_columns_truncate(frl_columns *columns, size_t n_rows) {
  frl_col_truncate(&columns->root, n_rows);
}
