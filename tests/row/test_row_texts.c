/** Texts without a null, of every length, up to the last byte of their buffer. */
#include <ferrule/row.h>
#include <ferrule/schema.h>
#include <stdlib.h>
#include <string.h>

#include "../support/cmocka_c.h"

enum { TEXTS = 300, LONGEST = 41, ROW_BYTES = 8 + 8 + 8 + 48 };

/** Buffers of exactly the size of what is in them. */
typedef struct texts {
  int32_t *offsets;
  char *bytes;
} texts;

static void no_release(struct ArrowArray *array) { array->release = NULL; }

/** The text i has i % LONGEST bytes; the last row's end is the end of the buffer. */
static texts texts_init(void) {
  texts t = {malloc((TEXTS + 1) * sizeof *t.offsets), NULL};
  assert_non_null(t.offsets);
  t.offsets[0] = 0;
  for (int32_t i = 0; i < TEXTS; i++) t.offsets[i + 1] = t.offsets[i] + i % LONGEST;
  t.bytes = malloc((size_t)t.offsets[TEXTS]);
  assert_non_null(t.bytes);
  for (int32_t i = 0; i < t.offsets[TEXTS]; i++) t.bytes[i] = (char)(1 + i % 255);
  return t;
}

/** A frame with one text, as Spark has it; gives its bytes. */
static size_t expected(uint8_t *to, const texts *t, size_t i) {
  const size_t n = (size_t)(t->offsets[i + 1] - t->offsets[i]);
  const size_t whole = (n + 7) / 8 * 8;
  const uint64_t words[] = {16 + whole, 0, (uint64_t)16 << 32 | n};
  memset(to, 0, ROW_BYTES);
  memcpy(to, words, sizeof words);
  memcpy(to + sizeof words, t->bytes + t->offsets[i], n);
  return sizeof words + whole;
}

/** The rows from first on, of a column that ends where its buffers do. */
static void written_from(const texts *t, size_t first, frl_row_writer *writer) {
  const void *validity[] = {NULL};
  const void *buffers[] = {NULL, t->offsets, t->bytes};
  struct ArrowArray column = {.length = TEXTS - (int64_t)first,
      .offset = (int64_t)first,
      .n_buffers = 3,
      .buffers = buffers,
      .release = no_release};
  struct ArrowArray *children[] = {&column};
  const struct ArrowArray batch = {.length = column.length,
      .n_buffers = 1,
      .buffers = validity,
      .n_children = 1,
      .children = children,
      .release = no_release};
  assert_int_equal(frl_row_writer_begin(writer, &batch, NULL), FRL_OK);
  uint8_t room[10 * ROW_BYTES], row[ROW_BYTES];
  size_t at = 0, used, rows, i = first;
  while (frl_row_writer_next(writer, room, sizeof room, &used, &rows, NULL) == FRL_OK) {
    for (at = 0; at < used; i++) {
      const size_t n = expected(row, t, i);
      assert_true(at + n <= used);
      assert_memory_equal(room + at, row, n);
      at += n;
    }
  }
  assert_int_equal(i, TEXTS);
}

static void texts_of_every_length_are_whole_words(void **state) {
  (void)state;
  struct ArrowSchema schema;
  frl_row_writer *writer;
  assert_int_equal(
      frl_schema_from_ddl(&schema, NULL, "s STRING", SIZE_MAX, NULL), FRL_OK);
  assert_int_equal(frl_row_writer_create(&writer, &schema, NULL, NULL), FRL_OK);
  const texts t = texts_init();
  for (size_t first = 0; first < TEXTS; first++) written_from(&t, first, writer);
  free(t.offsets);
  free(t.bytes);
  frl_row_writer_destroy(writer);
  frl_schema_release(&schema);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_of_every_length_are_whole_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
