/**
 * Rows of any bytes: what is read is written so that it is read as the same.
 * Input: DDL, a zero byte, frames.
 */
#include <ferrule/row.h>
#include <ferrule/schema.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DDL_BYTES = 512 };

static void must(bool held) {
  if (!held) abort();
}

typedef struct frames {
  uint8_t *data;
  size_t n;
} frames;

static frl_status read_rows(
    struct ArrowArray *out, const struct ArrowSchema *schema, const frames *in) {
  frl_row_reader *reader;
  frl_error err = {0};
  frl_status st = frl_row_reader_create(&reader, schema, NULL, &err);
  if (st != FRL_OK) return st;
  st = frl_row_reader_add(reader, in->data, in->n, &err);
  if (st == FRL_OK) {
    st = frl_row_reader_finish(reader, out, &err);
  } else {
    must(err.message[0] && frl_row_reader_rows(reader) == 0);
  }
  frl_row_reader_destroy(reader);
  return st;
}

/** A word may become a word and a null decimal, and a byte a word. */
static frames written(
    const struct ArrowSchema *schema, const struct ArrowArray *batch, size_t n) {
  const size_t room = n * 4 + 64;
  frames out = {malloc(room), 0};
  must(out.data != NULL);
  frl_row_writer *writer;
  must(frl_row_writer_create(&writer, schema, NULL, NULL) == FRL_OK);
  must(frl_row_writer_begin(writer, batch, NULL) == FRL_OK);
  size_t rows;
  const frl_status st =
      frl_row_writer_next(writer, out.data, room, &out.n, &rows, NULL);
  must(st == (batch->length ? FRL_OK : FRL_END) && rows == (size_t)batch->length);
  frl_row_writer_destroy(writer);
  return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *end = size ? memchr(data, 0, size) : NULL;
  if (!end || end - data > MAX_DDL_BYTES) return 0;
  struct ArrowSchema schema;
  if (frl_schema_from_ddl(&schema, NULL, (const char *)data, SIZE_MAX, NULL)) return 0;
  /* a copy of its own, so that one byte too far is seen */
  frames in = {malloc(size), size - (size_t)(end + 1 - data)};
  must(in.data != NULL);
  uint8_t *exact = malloc(in.n ? in.n : 1);
  must(exact != NULL);
  memcpy(exact, end + 1, in.n);
  free(in.data);
  in.data = exact;
  struct ArrowArray batch;
  if (read_rows(&batch, &schema, &in) == FRL_OK) {
    const frames first = written(&schema, &batch, in.n);
    struct ArrowArray again;
    must(read_rows(&again, &schema, &first) == FRL_OK);
    const frames second = written(&schema, &again, first.n);
    must(first.n == second.n && memcmp(first.data, second.data, first.n) == 0);
    free(first.data);
    free(second.data);
    frl_array_release(&again);
    frl_array_release(&batch);
  }
  free(in.data);
  frl_schema_release(&schema);
  return 0;
}
