/** Rows into columns, a column at a time over all rows that are handed in at once. */
#include "row/reader.h"

#include <ferrule/row.h>

#include "arrow/columns.h"
#include "arrow/pool.h"
#include "base/error.h"
#include "base/mem.h"
#include "row/plan.h"
#include "row/value_read.h"

enum { DEFAULT_IDLE_BYTES = 64 << 20 };

frl_status frl_row_reader_create(frl_row_reader **out, const struct ArrowSchema *schema,
    const frl_row_options *options, frl_error *err) {
  *out = NULL;
  const frl_row_options none = {.struct_size = sizeof none};
  if (!options) options = &none;
  frl_row_reader *reader = frl_calloc(options->mem, 1, sizeof *reader);
  if (!reader) return frl_fail(err, FRL_E_NOMEM, "rows: out of memory");
  reader->mem = options->mem ? *options->mem : frl_mem_default;
  const size_t idle = options->max_idle_bytes;
  frl_status st = frl_row_node_init(&reader->plan, schema, &reader->mem, err);
  if (st == FRL_OK) {
    st = frl_pool_create(
        &reader->pool, &reader->mem, idle ? idle : DEFAULT_IDLE_BYTES, err);
  }
  if (st == FRL_OK) {
    const frl_columns_options made = {.struct_size = sizeof made, .pool = reader->pool};
    st = frl_columns_create(&reader->columns, schema, &made, err);
  }
  if (st != FRL_OK) {
    frl_row_reader_destroy(reader);
    return st;
  }
  *out = reader;
  return FRL_OK;
}

void frl_row_reader_destroy(frl_row_reader *reader) {
  if (!reader) return;
  const frl_mem mem = reader->mem;
  frl_columns_destroy(reader->columns);
  frl_pool_unref(reader->pool);
  frl_row_node_deinit(&reader->plan, &mem);
  frl_free(&mem, reader);
}

size_t frl_row_reader_rows(const frl_row_reader *reader) {
  return frl_columns_rows(reader->columns);
}

frl_status frl_row_reader_finish(
    frl_row_reader *reader, struct ArrowArray *out, frl_error *err) {
  return frl_columns_finish(reader->columns, out, err);
}

static bool is_null(const frl_row_region *row, size_t column) {
  return frl_row_bit(row->data, column);
}

static frl_status longs(frl_col *c, const frl_row_region *rows, size_t n, size_t column,
    size_t word, size_t *at) {
  for (*at = 0; *at < n; ++*at) {
    const frl_row_region *row = &rows[*at];
    if (is_null(row, column)) {
      FRL_TRY(frl_col_append_null(c));
    } else {
      FRL_TRY(frl_col_append_i64(c, (int64_t)frl_row_load64(row->data + word)));
    }
  }
  return FRL_OK;
}

static frl_status ints(frl_col *c, const frl_row_region *rows, size_t n, size_t column,
    size_t word, size_t *at) {
  for (*at = 0; *at < n; ++*at) {
    const frl_row_region *row = &rows[*at];
    if (is_null(row, column)) {
      FRL_TRY(frl_col_append_null(c));
    } else {
      int32_t value;
      memcpy(&value, row->data + word, sizeof value);
      FRL_TRY(frl_col_append_i32(c, value));
    }
  }
  return FRL_OK;
}

static frl_status texts(frl_col *c, frl_row_region *rows, size_t n, size_t column,
    size_t word, size_t *at) {
  for (*at = 0; *at < n; ++*at) {
    frl_row_region *row = &rows[*at];
    if (is_null(row, column)) {
      FRL_TRY(frl_col_append_null(c));
    } else {
      frl_row_region bytes;
      FRL_TRY(frl_row_pointed(&bytes, row, row->data + word));
      FRL_TRY(frl_col_append_bytes(c, bytes.data, bytes.size));
    }
  }
  return FRL_OK;
}

static frl_status values(frl_col *c, const frl_row_node *node, frl_row_region *rows,
    size_t n, size_t column, size_t word, frl_row_place *at) {
  const size_t first = at->row;
  for (size_t i = 0; i < n; i++) {
    at->row = first + i;
    if (is_null(&rows[i], column)) {
      const frl_status st = frl_col_append_null(c);
      if (st != FRL_OK) return frl_row_read_failed(at, node, st);
    } else {
      FRL_TRY(frl_row_read_value(c, node, &rows[i], rows[i].data + word, at));
    }
  }
  at->row = first;
  return FRL_OK;
}

/** What most columns are has loops of its own; the rest goes value by value. */
static frl_status read_column(
    frl_row_reader *reader, size_t column, size_t n, frl_row_place *at) {
  frl_col *c = frl_columns_at(reader->columns, column);
  const frl_row_node *node = &reader->plan.children[column];
  const size_t word =
      frl_row_bitmap_bytes(reader->plan.n_children) + column * FRL_ROW_WORD;
  frl_status st;
  size_t stopped = 0;
  if (node->form == FRL_ROW_FIXED && node->width_bytes == 8) {
    st = longs(c, reader->block, n, column, word, &stopped);
  } else if (node->form == FRL_ROW_FIXED && node->width_bytes == 4) {
    st = ints(c, reader->block, n, column, word, &stopped);
  } else if (node->form == FRL_ROW_BYTES) {
    st = texts(c, reader->block, n, column, word, &stopped);
  } else {
    return values(c, node, reader->block, n, column, word, at);
  }
  if (st == FRL_OK) return FRL_OK;
  at->row += stopped;
  return frl_row_read_failed(at, node, st);
}

static frl_status read_block(frl_row_reader *reader, size_t n, frl_row_place *at) {
  for (size_t column = 0; column < reader->plan.n_children; column++) {
    FRL_TRY(read_column(reader, column, n, at));
  }
  const frl_status st = frl_columns_end_rows(reader->columns, n);
  return st == FRL_OK ? FRL_OK : frl_row_read_failed(at, &reader->plan, st);
}

/** The next frame; the row's fixed part is there. */
static frl_status next_frame(frl_row_region *row, const uint8_t **next,
    const uint8_t *end, size_t fixed, const frl_row_place *at) {
  if (end - *next < FRL_ROW_FRAME_BYTES) {
    return frl_fail(at->err, FRL_E_TRUNCATED, "rows: row %zu: no whole size", at->row);
  }
  const uint64_t size = frl_row_load64(*next);
  const uint8_t *data = *next + FRL_ROW_FRAME_BYTES;
  if (size > (uint64_t)(end - data)) {
    return frl_fail(
        at->err, FRL_E_TRUNCATED, "rows: row %zu: it ends too early", at->row);
  }
  if (size < fixed || size % FRL_ROW_WORD) {
    return frl_fail(at->err, FRL_E_MALFORMED,
        "rows: row %zu: %llu bytes are no row of these columns", at->row,
        (unsigned long long)size);
  }
  *row = (frl_row_region){data, (size_t)size, (size_t)size - fixed};
  *next = data + size;
  return FRL_OK;
}

static frl_status add_all(frl_row_reader *reader, const uint8_t *next,
    const uint8_t *end, frl_row_place *at) {
  const size_t fixed = frl_row_fixed_bytes(reader->plan.n_children);
  while (next != end) {
    const size_t first = at->row;
    size_t n = 0;
    while (n < FRL_ROW_BLOCK && next != end) {
      at->row = first + n;
      FRL_TRY(next_frame(&reader->block[n], &next, end, fixed, at));
      n++;
    }
    at->row = first;
    FRL_TRY(read_block(reader, n, at));
    at->row = first + n;
  }
  return FRL_OK;
}

frl_status frl_row_reader_add(
    frl_row_reader *reader, const void *frames, size_t n_bytes, frl_error *err) {
  if (n_bytes == 0) return FRL_OK;
  const size_t before = frl_columns_rows(reader->columns);
  frl_row_place at = {before, err};
  const uint8_t *bytes = frames;
  const frl_status st = add_all(reader, bytes, bytes + n_bytes, &at);
  if (st != FRL_OK) frl_columns_truncate(reader->columns, before);
  return st;
}
