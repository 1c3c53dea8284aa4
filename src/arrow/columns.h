/**
 * Columns that grow by appending, over pooled buffers; the hot path of every decoder.
 *
 * A frl_columns is built from the schema of a struct and is a tree of frl_col, one for
 * each field. Values are appended column by column; frl_columns_end_row closes the
 * row, frl_columns_drop_row takes back whatever an unfinished row has appended.
 * frl_columns_finish hands the rows out as an Arrow struct array and starts anew.
 *
 * An append is a bounds check and a copy; only growth leaves the header. An append
 * that fails leaves its column as it was. Failures of every append:
 *   FRL_E_LIMIT  the column's ceiling (max_column_bytes, max_rows); finish, then go on
 *   FRL_E_NOMEM  the allocator
 * The kind of a column is the caller's to know: an append to a column of another kind
 * is a bug (asserted), not an error.
 *
 * Nulls: while a column has none, no validity bitmap exists and appends pay nothing.
 *
 * Threads: one at a time. The finished array may be released on any thread.
 */
#ifndef FRL_ARROW_COLUMNS_H
#define FRL_ARROW_COLUMNS_H

#include <assert.h>
#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arrow/layout.h"
#include "arrow/pool.h"

typedef struct frl_columns frl_columns;

/**
 * One column under construction. Fields are read by the inline functions below and
 * written by them and columns*.c only.
 */
typedef struct frl_col {
  uint8_t *values;   /* bytes, fixed values or bits */
  size_t used_bytes; /* BYTES: in values; may be ahead of the last offset */
  size_t room_bytes; /* BYTES: capacity of values, within the ceiling */
  int32_t *offsets;  /* BYTES, LIST, MAP: rows + 1 of them */
  uint8_t *validity; /* NULL: no null so far */
  size_t rows;
  size_t room_rows; /* rows that fit before growth */
  size_t nulls;
  frl_layout layout;
  bool nullable;
  bool open; /* BYTES: a value has been begun by extend */
  struct frl_col *children;
  size_t n_children;
  frl_columns *owner;
  frl_pool_buf values_buf;
  frl_pool_buf offsets_buf;
  frl_pool_buf validity_buf;
  size_t hint_bytes; /* learnt from the last batches */
  size_t hint_rows;
} frl_col;

/** Zero means the default that stands behind each field. */
typedef struct frl_columns_options {
  size_t struct_size;
  frl_pool *pool;           /* needed; a reference is taken */
  size_t max_column_bytes;  /* INT32_MAX, also the largest allowed */
  size_t max_rows;          /* INT32_MAX - 1, also the largest allowed */
  size_t first_rows;        /* 1024: room made by a column's first append */
  size_t first_value_bytes; /* 16: the same for each row of a BYTES column */
} frl_columns_options;

/**
 * @param schema  a struct (+s); borrowed during the call. Depth at most 64.
 * @return FRL_OK; FRL_E_INVALID (no struct, broken schema), FRL_E_UNSUPPORTED (a type
 *         without builder: dictionaries, views, unions, large or fixed-size lists,
 * large strings), FRL_E_LIMIT (depth), FRL_E_NOMEM. The message names the field.
 */
FRL_NODISCARD frl_status frl_columns_create(frl_columns **out,
    const struct ArrowSchema *schema, const frl_columns_options *options,
    frl_error *err);
/** NULL works. */
void frl_columns_destroy(frl_columns *columns);

size_t frl_columns_count(const frl_columns *columns);
/** Valid as long as the columns are. */
frl_col *frl_columns_at(frl_columns *columns, size_t index);
/** Complete rows since the last finish. */
size_t frl_columns_rows(const frl_columns *columns);
/** Bytes that the rows take: values, offsets and bitmaps as far as filled. */
size_t frl_columns_filled_bytes(const frl_columns *columns);
/** Bytes held for them: the buffers' capacity. */
size_t frl_columns_held_bytes(const frl_columns *columns);

/**
 * Closes a row. Columns that got no value for it get null; that a column got more than
 * one is a bug (asserted).
 * @return FRL_OK; FRL_E_INVALID (a column that is not nullable has no value);
 *         FRL_E_LIMIT; FRL_E_NOMEM. On failure call drop_row.
 */
FRL_NODISCARD frl_status frl_columns_end_row(frl_columns *columns);
/** Closes n_rows rows at once, for each of which every column got its value (asserted).
 * FRL_E_LIMIT, FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_columns_end_rows(frl_columns *columns, size_t n_rows);
/** Takes back what was appended after the last end_row. */
void frl_columns_drop_row(frl_columns *columns);
/** Takes back complete rows too, down to n_rows. */
void frl_columns_truncate(frl_columns *columns, size_t n_rows);

/**
 * The complete rows as a struct array (an open row must have been ended or dropped).
 * The columns are empty afterwards and make room for about as much again at their first
 * append. On failure nothing has changed.
 * @return FRL_OK, FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_columns_finish(
    frl_columns *columns, struct ArrowArray *out, frl_error *err);

/** Makes room for n_rows more rows and, in a BYTES column, n_bytes more bytes. */
FRL_NODISCARD frl_status frl_col_reserve(frl_col *c, size_t n_rows, size_t n_bytes);
/** A null, in nested columns below too; FRL_E_INVALID if not nullable. */
FRL_NODISCARD frl_status frl_col_append_null(frl_col *c);
/** Takes back rows down to n_rows, and any value begun. */
void frl_col_truncate(frl_col *c, size_t n_rows);

/** For the inline functions only. */
FRL_NODISCARD frl_status frl__col_grow(frl_col *c, size_t n_rows, size_t n_bytes);

/** For the inline functions only: the row now closed is valid. */
static inline void frl__col_row_done(frl_col *c) {
  const size_t row = c->rows++;
  if (c->validity) {
    /* a new byte of the bitmap holds what the buffer's last user left */
    if ((row & 7) == 0) c->validity[row >> 3] = 0;
    c->validity[row >> 3] = (uint8_t)(c->validity[row >> 3] | 1u << (row & 7));
  }
}

/** BYTES: one value. */
FRL_NODISCARD static inline frl_status frl_col_append_bytes(
    frl_col *c, const void *data, size_t n) {
  assert(c->layout.kind == FRL_LAYOUT_BYTES && !c->open);
  if (c->rows == c->room_rows || n > c->room_bytes - c->used_bytes) {
    const frl_status st = frl__col_grow(c, 1, n);
    if (st != FRL_OK) return st;
  }
  if (n) memcpy(c->values + c->used_bytes, data, n);
  c->used_bytes += n;
  c->offsets[c->rows + 1] = (int32_t)c->used_bytes;
  frl__col_row_done(c);
  return FRL_OK;
}

/** BYTES: a piece of a value that comes in pieces; close it with frl_col_end_bytes. */
FRL_NODISCARD static inline frl_status frl_col_extend_bytes(
    frl_col *c, const void *data, size_t n) {
  assert(c->layout.kind == FRL_LAYOUT_BYTES);
  if (c->rows == c->room_rows || n > c->room_bytes - c->used_bytes) {
    const frl_status st = frl__col_grow(c, 1, n);
    if (st != FRL_OK) return st;
  }
  if (n) memcpy(c->values + c->used_bytes, data, n);
  c->used_bytes += n;
  c->open = true;
  return FRL_OK;
}

/** BYTES: closes a value begun by extend; without any extend it is empty. */
FRL_NODISCARD static inline frl_status frl_col_end_bytes(frl_col *c) {
  assert(c->layout.kind == FRL_LAYOUT_BYTES);
  if (c->rows == c->room_rows) {
    const frl_status st = frl__col_grow(c, 1, 0);
    if (st != FRL_OK) return st;
  }
  c->offsets[c->rows + 1] = (int32_t)c->used_bytes;
  c->open = false;
  frl__col_row_done(c);
  return FRL_OK;
}

/** FIXED: width_bytes bytes in the machine's order, such as a decimal. */
FRL_NODISCARD static inline frl_status frl_col_append_fixed(
    frl_col *c, const void *value) {
  assert(c->layout.kind == FRL_LAYOUT_FIXED);
  if (c->rows == c->room_rows) {
    const frl_status st = frl__col_grow(c, 1, 0);
    if (st != FRL_OK) return st;
  }
  const size_t width = c->layout.width_bytes;
  memcpy(c->values + c->rows * width, value, width);
  frl__col_row_done(c);
  return FRL_OK;
}

/** FIXED: n values, one behind the other. */
FRL_NODISCARD frl_status frl_col_append_run(
    frl_col *c, const void *values, size_t n_rows);
/** BYTES: n values, one behind the other in bytes; ends rise from 0 on. */
FRL_NODISCARD frl_status frl_col_append_texts(
    frl_col *c, const void *bytes, const int32_t *ends, size_t n_rows);

/** FIXED of 8 bytes: integers, timestamps, durations, times of day. */
FRL_NODISCARD static inline frl_status frl_col_append_i64(frl_col *c, int64_t value) {
  assert(c->layout.kind == FRL_LAYOUT_FIXED && c->layout.width_bytes == 8);
  if (c->rows == c->room_rows) {
    const frl_status st = frl__col_grow(c, 1, 0);
    if (st != FRL_OK) return st;
  }
  memcpy(c->values + c->rows * sizeof value, &value, sizeof value);
  frl__col_row_done(c);
  return FRL_OK;
}

/** FIXED of 4 bytes: integers, dates, year-month intervals. */
FRL_NODISCARD static inline frl_status frl_col_append_i32(frl_col *c, int32_t value) {
  assert(c->layout.kind == FRL_LAYOUT_FIXED && c->layout.width_bytes == 4);
  if (c->rows == c->room_rows) {
    const frl_status st = frl__col_grow(c, 1, 0);
    if (st != FRL_OK) return st;
  }
  memcpy(c->values + c->rows * sizeof value, &value, sizeof value);
  frl__col_row_done(c);
  return FRL_OK;
}

FRL_NODISCARD static inline frl_status frl_col_append_i16(frl_col *c, int16_t value) {
  assert(c->layout.width_bytes == sizeof value);
  return frl_col_append_fixed(c, &value);
}

FRL_NODISCARD static inline frl_status frl_col_append_i8(frl_col *c, int8_t value) {
  assert(c->layout.width_bytes == sizeof value);
  return frl_col_append_fixed(c, &value);
}

FRL_NODISCARD static inline frl_status frl_col_append_f32(frl_col *c, float value) {
  assert(c->layout.width_bytes == sizeof value);
  return frl_col_append_fixed(c, &value);
}

FRL_NODISCARD static inline frl_status frl_col_append_f64(frl_col *c, double value) {
  assert(c->layout.width_bytes == sizeof value);
  return frl_col_append_fixed(c, &value);
}

FRL_NODISCARD static inline frl_status frl_col_append_bool(frl_col *c, bool value) {
  assert(c->layout.kind == FRL_LAYOUT_BOOL);
  if (c->rows == c->room_rows) {
    const frl_status st = frl__col_grow(c, 1, 0);
    if (st != FRL_OK) return st;
  }
  uint8_t *byte = c->values + (c->rows >> 3);
  if ((c->rows & 7) == 0) *byte = 0;
  *byte = (uint8_t)(*byte | (unsigned)value << (c->rows & 7));
  frl__col_row_done(c);
  return FRL_OK;
}

/**
 * STRUCT: closes one struct whose children each got their value; a child without one
 * gets null (FRL_E_INVALID if it is not nullable).
 */
FRL_NODISCARD frl_status frl_col_end_struct(frl_col *c);
/** STRUCT: closes n structs at once; each child got n values (asserted). */
FRL_NODISCARD frl_status frl_col_end_structs(frl_col *c, size_t n);

/** LIST, MAP: closes one list; its elements are what the child got since the last. */
FRL_NODISCARD static inline frl_status frl_col_end_list(frl_col *c) {
  assert(c->layout.kind == FRL_LAYOUT_LIST || c->layout.kind == FRL_LAYOUT_MAP);
  if (c->rows == c->room_rows) {
    const frl_status st = frl__col_grow(c, 1, 0);
    if (st != FRL_OK) return st;
  }
  c->offsets[c->rows + 1] = (int32_t)c->children[0].rows;
  frl__col_row_done(c);
  return FRL_OK;
}

/** LIST: the elements. MAP: the struct of key and value. */
static inline frl_col *frl_col_items(frl_col *c) { return &c->children[0]; }
/** STRUCT: a field. */
static inline frl_col *frl_col_child(frl_col *c, size_t i) { return &c->children[i]; }
static inline frl_col *frl_col_map_keys(frl_col *c) {
  return &c->children[0].children[0];
}
static inline frl_col *frl_col_map_values(frl_col *c) {
  return &c->children[0].children[1];
}

/** MAP of texts to texts: one entry of the map under way (frl_col_end_list closes). */
FRL_NODISCARD frl_status frl_col_map_put(frl_col *c, const void *key, size_t key_bytes,
    const void *value, size_t value_bytes);

#endif /* FRL_ARROW_COLUMNS_H */
