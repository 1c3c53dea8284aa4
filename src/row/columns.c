/** Values that come column by column, of flat types, into a reader's batch. */
#include "base/error.h"
#include "row/reader.h"

enum { DECIMAL_BYTES = 16 };

/** Bytes of one value as it is handed in; 0: a text. */
static size_t width_of(const frl_row_node *node) {
  switch (node->form) {
    case FRL_ROW_BOOL:
    case FRL_ROW_FIXED:
      return node->width_bytes;
    case FRL_ROW_DECIMAL_WORD:
      return FRL_ROW_WORD;
    case FRL_ROW_DECIMAL_BYTES:
      return DECIMAL_BYTES;
    default:
      return 0;
  }
}

int32_t frl_row_reader_width(const frl_row_reader *reader, size_t column) {
  if (column >= reader->plan.n_children) return -1;
  const frl_row_node *node = &reader->plan.children[column];
  const size_t width = width_of(node);
  return width || node->form == FRL_ROW_BYTES ? (int32_t)width : -1;
}

static frl_status append_one(
    frl_col *c, const frl_row_node *node, const uint8_t *value) {
  if (node->form == FRL_ROW_BOOL) return frl_col_append_bool(c, *value != 0);
  if (node->form != FRL_ROW_DECIMAL_WORD) return frl_col_append_fixed(c, value);
  const int64_t low = (int64_t)frl_row_load64(value);
  const int64_t both[2] = {low, low < 0 ? -1 : 0};
  return frl_col_append_fixed(c, both);
}

/** *at is how many were appended. */
static frl_status append_fixed(frl_col *c, const frl_row_node *node,
    const frl_row_values *given, size_t n, size_t *at) {
  const size_t width = width_of(node);
  const uint8_t *value = given->data;
  const bool as_is = node->form == FRL_ROW_FIXED || node->form == FRL_ROW_DECIMAL_BYTES;
  if (!given->nulls && as_is) return frl_col_append_run(c, value, n);
  for (*at = 0; *at < n; ++*at, value += width) {
    if (given->nulls && given->nulls[*at]) {
      FRL_TRY(frl_col_append_null(c));
    } else {
      FRL_TRY(append_one(c, node, value));
    }
  }
  return FRL_OK;
}

static frl_status append_texts(
    frl_col *c, const frl_row_values *given, size_t n, size_t *at) {
  int32_t begin = 0;
  for (*at = 0; *at < n; ++*at) {
    const int32_t end = given->ends[*at];
    if (end < begin || (size_t)end > given->n_bytes) return FRL_E_MALFORMED;
    begin = end;
  }
  *at = 0;
  if (!given->nulls) return frl_col_append_texts(c, given->data, given->ends, n);
  begin = 0;
  for (; *at < n; ++*at) {
    const int32_t end = given->ends[*at];
    if (given->nulls[*at]) {
      FRL_TRY(frl_col_append_null(c));
    } else {
      const uint8_t *bytes = given->data;
      FRL_TRY(frl_col_append_bytes(c, bytes + begin, (size_t)(end - begin)));
    }
    begin = end;
  }
  return FRL_OK;
}

frl_status frl_row_reader_add_values(frl_row_reader *reader, size_t column,
    const frl_row_values *values, size_t n_rows, frl_error *err) {
  const int32_t width = frl_row_reader_width(reader, column);
  if (width < 0) {
    return frl_fail(err, FRL_E_UNSUPPORTED, "rows: column %zu is not flat", column);
  }
  const frl_row_node *node = &reader->plan.children[column];
  frl_col *c = frl_columns_at(reader->columns, column);
  const size_t before = frl_columns_rows(reader->columns);
  if (c->rows != before) {
    return frl_fail(
        err, FRL_E_INVALID, "rows: column \"%s\": it has its values", node->path);
  }
  if (width ? values->n_bytes / (size_t)width < n_rows : n_rows && !values->ends) {
    return frl_fail(err, FRL_E_TRUNCATED, "rows: column \"%s\": less than %zu values",
        node->path, n_rows);
  }
  size_t at = 0;
  const frl_status st = width ? append_fixed(c, node, values, n_rows, &at)
                              : append_texts(c, values, n_rows, &at);
  if (st == FRL_OK) return FRL_OK;
  frl_col_truncate(c, before);
  const frl_row_place place = {before + at, err};
  return frl_row_read_failed(&place, node, st);
}

frl_status frl_row_reader_end_rows(
    frl_row_reader *reader, size_t n_rows, frl_error *err) {
  const size_t before = frl_columns_rows(reader->columns);
  for (size_t i = 0; i < reader->plan.n_children; i++) {
    if (frl_columns_at(reader->columns, i)->rows == before + n_rows) continue;
    frl_columns_truncate(reader->columns, before);
    return frl_fail(err, FRL_E_INVALID, "rows: column \"%s\" has not %zu values",
        reader->plan.children[i].path, n_rows);
  }
  const frl_status st = frl_columns_end_rows(reader->columns, n_rows);
  if (st == FRL_OK) return FRL_OK;
  frl_columns_truncate(reader->columns, before);
  const frl_row_place place = {before, err};
  return frl_row_read_failed(&place, &reader->plan, st);
}
