/** Columns into rows, a column at a time over as many rows as fit. */
#include <ferrule/row.h>

#include "base/error.h"
#include "base/mem.h"
#include "row/plan.h"
#include "row/value_write.h"

enum { BLOCK_ROWS = 256, WORDS_MAX_BYTES = 4 * FRL_ROW_WORD };

struct frl_row_writer {
  frl_mem mem;
  frl_row_node plan;
  frl_row_view view;
  size_t fixed_bytes;
  size_t next; /* row of the batch */
  size_t rows; /* of the batch */
  size_t sizes[BLOCK_ROWS];
  frl_row_target targets[BLOCK_ROWS];
};

frl_status frl_row_writer_create(frl_row_writer **out, const struct ArrowSchema *schema,
    const frl_row_options *options, frl_error *err) {
  *out = NULL;
  const frl_mem *mem = options ? options->mem : NULL;
  frl_row_writer *writer = frl_calloc(mem, 1, sizeof *writer);
  if (!writer) return frl_fail(err, FRL_E_NOMEM, "rows: out of memory");
  writer->mem = mem ? *mem : frl_mem_default;
  frl_status st = frl_row_node_init(&writer->plan, schema, &writer->mem, err);
  if (st == FRL_OK) {
    st = frl_row_view_init(&writer->view, &writer->plan, &writer->mem);
    if (st != FRL_OK) st = frl_fail(err, st, "rows: out of memory");
  }
  if (st != FRL_OK) {
    frl_row_writer_destroy(writer);
    return st;
  }
  writer->fixed_bytes = frl_row_fixed_bytes(writer->plan.n_children);
  *out = writer;
  return FRL_OK;
}

void frl_row_writer_destroy(frl_row_writer *writer) {
  if (!writer) return;
  const frl_mem mem = writer->mem;
  frl_row_view_deinit(&writer->view, &mem);
  frl_row_node_deinit(&writer->plan, &mem);
  frl_free(&mem, writer);
}

frl_status frl_row_writer_begin(
    frl_row_writer *writer, const struct ArrowArray *batch, frl_error *err) {
  writer->rows = writer->next = 0;
  if (!batch->release || batch->length < 0 ||
      frl_row_view_bind(&writer->view, &writer->plan, batch) != FRL_OK) {
    return frl_fail(err, FRL_E_INVALID, "rows: the batch is not of the schema");
  }
  writer->rows = (size_t)batch->length;
  return FRL_OK;
}

/** Of a value of the batch's i-th row. */
static size_t value_at(
    const frl_row_writer *writer, const frl_row_view *view, size_t i) {
  return i + writer->view.offset + view->offset;
}

static bool texts_without_null(const frl_row_node *node, const frl_row_view *view) {
  return node->form == FRL_ROW_BYTES && !view->validity;
}

static void add_text_sizes(
    frl_row_writer *writer, const frl_row_view *view, size_t first, size_t n) {
  size_t begin = frl_row_view_begin(view, first);
  for (size_t i = 0; i < n; i++) {
    const size_t end = frl_row_view_begin(view, first + i + 1);
    writer->sizes[i] += frl_row_whole_words(end - begin);
    begin = end;
  }
}

static void add_sizes(frl_row_writer *writer, size_t column, size_t n) {
  const frl_row_node *node = &writer->plan.children[column];
  const frl_row_view *view = &writer->view.children[column];
  if (node->form < FRL_ROW_DECIMAL_BYTES) return;
  const size_t first = value_at(writer, view, writer->next);
  if (texts_without_null(node, view)) {
    add_text_sizes(writer, view, first, n);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    writer->sizes[i] += frl_row_value_bytes(node, view, first + i, false);
  }
}

/** Sizes of the next n rows, frames included. */
static void measure(frl_row_writer *writer, size_t n) {
  for (size_t i = 0; i < n; i++) {
    writer->sizes[i] = FRL_ROW_FRAME_BYTES + writer->fixed_bytes;
  }
  for (size_t column = 0; column < writer->plan.n_children; column++) {
    add_sizes(writer, column, n);
  }
}

/** Frames, bitmaps without a null and empty words. */
static void lay_out(frl_row_writer *writer, uint8_t *frames, size_t n) {
  for (size_t i = 0; i < n; i++) {
    frl_row_store64(frames, writer->sizes[i] - FRL_ROW_FRAME_BYTES);
    uint8_t *row = frames + FRL_ROW_FRAME_BYTES;
    /* few words, which a call would cost more than */
    for (size_t at = 0; at < writer->fixed_bytes; at += FRL_ROW_WORD) {
      frl_row_store64(row + at, 0);
    }
    writer->targets[i] = (frl_row_target){row, writer->fixed_bytes};
    frames += writer->sizes[i];
  }
}

static void write_fixed8(
    frl_row_writer *writer, const uint8_t *values, size_t word, size_t n) {
  for (size_t i = 0; i < n; i++) {
    memcpy(writer->targets[i].data + word, values + i * 8, 8);
  }
}

/** Most texts are a word or two, which are moved whole where the bytes do not end. */
static void write_texts(frl_row_writer *writer, const frl_row_view *view, size_t first,
    size_t word, size_t n) {
  const size_t last = frl_row_view_begin(view, first + n);
  size_t begin = frl_row_view_begin(view, first);
  for (size_t i = 0; i < n; i++) {
    frl_row_target *target = &writer->targets[i];
    const size_t end = frl_row_view_begin(view, first + i + 1);
    const size_t size = end - begin;
    uint8_t *to = target->data + target->used;
    frl_row_point(target->data + word, target->used, size);
    if (size > WORDS_MAX_BYTES || begin + WORDS_MAX_BYTES > last) {
      target->used += frl_row_put_bytes(to, view->values + begin, size);
    } else {
      target->used += frl_row_put_words(to, view->values + begin, size);
    }
    begin = end;
  }
}

static void write_column(frl_row_writer *writer, size_t column, size_t n) {
  const frl_row_node *node = &writer->plan.children[column];
  const frl_row_view *view = &writer->view.children[column];
  const size_t word =
      frl_row_bitmap_bytes(writer->plan.n_children) + column * FRL_ROW_WORD;
  const size_t first = value_at(writer, view, writer->next);
  if (node->form == FRL_ROW_FIXED && node->width_bytes == 8 && !view->validity) {
    write_fixed8(writer, view->values + first * 8, word, n);
    return;
  }
  if (n && texts_without_null(node, view)) {
    write_texts(writer, view, first, word, n);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    frl_row_target *target = &writer->targets[i];
    uint8_t *slot = target->data + word;
    if (node->form == FRL_ROW_VOID || frl_row_view_null(view, first + i)) {
      frl_row_set_bit(target->data, column);
      frl_row_write_null(node, target, slot, false);
    } else {
      frl_row_write_value(node, view, first + i, target, slot, false);
    }
  }
}

/** As many of the next n rows, measured, as fit; *bytes is what they take. */
static size_t that_fit(
    const frl_row_writer *writer, size_t n, size_t room, size_t *bytes) {
  size_t fit = 0;
  *bytes = 0;
  while (fit < n && writer->sizes[fit] <= room - *bytes) *bytes += writer->sizes[fit++];
  return fit;
}

frl_status frl_row_writer_next(frl_row_writer *writer, void *frames, size_t n_bytes,
    size_t *used, size_t *rows, frl_error *err) {
  *used = *rows = 0;
  if (writer->next == writer->rows) return FRL_END;
  uint8_t *to = frames;
  while (writer->next < writer->rows) {
    const size_t left = writer->rows - writer->next;
    const size_t n = left < BLOCK_ROWS ? left : BLOCK_ROWS;
    measure(writer, n);
    size_t bytes;
    const size_t fit = that_fit(writer, n, n_bytes - *used, &bytes);
    lay_out(writer, to + *used, fit);
    for (size_t column = 0; column < writer->plan.n_children; column++) {
      write_column(writer, column, fit);
    }
    writer->next += fit;
    *used += bytes;
    *rows += fit;
    if (fit < n) break;
  }
  if (*rows) return FRL_OK;
  *used = writer->sizes[0];
  if (*used > INT32_MAX) {
    return frl_fail(err, FRL_E_INVALID,
        "rows: row %zu: %zu bytes; Spark's rows end at 2 GiB", writer->next, *used);
  }
  return FRL_E_LIMIT;
}
