/**
 * Writing many rows at once, for loops that a compiler makes wide.
 *
 * Part of <ferrule/kernel.h>; include that. Errors as in builder.h.
 */
#ifndef FERRULE_KERNEL_BULK_H
#define FERRULE_KERNEL_BULK_H

#include <errno.h>
#include <ferrule/kernel/builder.h>
#include <ferrule/kernel/column.h>

/** The bits of rows first .. first + n - 1, where a bitmap exists: not null. */
FRLK_FN void frlk_set_valid(frl_builder *b, int64_t first, int64_t n) {
  for (int64_t row = first; b->validity && row < first + n; row++) {
    if ((row & 7) == 0) b->validity[row >> 3] = 0;
    b->validity[row >> 3] = (uint8_t)(b->validity[row >> 3] | 1u << (row & 7));
  }
}

FRLK_FN int frlk_rows_room(frl_builder *b, int64_t n) {
  if (n < 0) return EINVAL;
  return n <= b->room - b->rows && b->room ? 0 : frlk_grow_rows(b, n);
}

/**
 * n values of a column of fixed width (not BOOLEAN), none null: *space is where the
 * caller writes them, as the C type, before the next append to this column.
 */
FRLK_FN int frl_put_fixed(frl_builder *b, int64_t n, void **space) {
  const int64_t width = frlk_width(b->kind);
  const int rc = width ? frlk_rows_room(b, n) : EINVAL;
  if (rc) return rc;
  *space = b->values + b->rows * width;
  frlk_set_valid(b, b->rows, n);
  b->rows += n;
  return 0;
}

/** The bytes of all of a STRING or BINARY column's rows, one behind the other. */
FRLK_FN frl_string frl_all_bytes(const frl_column *c) {
  frl_string s = {"", 0};
  if (c->rows == 0) return s;
  s.size = c->offsets[c->rows] - c->offsets[0];
  if (s.size) s.data = (const char *)c->values + c->offsets[0];
  return s;
}

/**
 * As many STRING or BINARY values as a column has, each as long as that column's, none
 * null: *space is where the caller writes frl_all_bytes(like).size bytes.
 */
FRLK_FN int frl_put_as_long_as(
    frl_builder *b, const frl_column *like, uint8_t **space) {
  const int64_t n = like->rows;
  const int64_t bytes = frl_all_bytes(like).size;
  int rc = frlk_rows_room(b, n);
  if (rc) return rc;
  if (bytes > b->room_bytes - b->used_bytes || !b->values) {
    rc = frlk_grow_bytes(b, bytes);
    if (rc) return rc;
  }
  const int32_t shift = n ? (int32_t)b->used_bytes - like->offsets[0] : 0;
  int32_t *to = b->offsets + b->rows + 1;
  for (int64_t i = 0; i < n; i++) to[i] = like->offsets[i + 1] + shift;
  *space = b->values + b->used_bytes;
  frlk_set_valid(b, b->rows, n);
  b->used_bytes += bytes;
  b->rows += n;
  return 0;
}

/** Of the last rows, as many as a column has, those become null that are null there. */
FRLK_FN int frl_null_as(frl_builder *b, const frl_column *like) {
  if (!like->validity || like->rows == 0) return 0;
  if (like->rows > b->rows) return EINVAL;
  for (int64_t i = 0; i < like->rows; i++) {
    const int64_t row = b->rows - like->rows + i;
    if (!frl_is_null(like, i)) continue;
    if (!frlk_may_be_null(b)) return frlk_refuse_null(b);
    if (!b->validity) {
      const int rc = frlk_begin_validity(b);
      if (rc) return rc;
    }
    if (b->validity[row >> 3] >> (row & 7) & 1) b->nulls++;
    b->validity[row >> 3] = (uint8_t)(b->validity[row >> 3] & ~(1u << (row & 7)));
  }
  return 0;
}

#endif /* FERRULE_KERNEL_BULK_H */
