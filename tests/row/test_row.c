/** Rows into batches and back: the same bytes, and none of them trusted. */
#include <ferrule/row.h>
#include <ferrule/schema.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/cmocka_c.h"
#include "../support/failing_mem.h"
#include "random_batch.h"

#define FLAT                                                                       \
  "a BOOLEAN, b TINYINT, c SMALLINT, d INT NOT NULL, e BIGINT, f FLOAT, g DOUBLE," \
  "h DECIMAL(9,2), i DECIMAL(38,10), j STRING, k BINARY, l DATE, m TIMESTAMP,"     \
  "n TIMESTAMP_NTZ, o TIME(6), p INTERVAL DAY TO SECOND, q VOID,"                  \
  "r INTERVAL YEAR TO MONTH, s STRING NOT NULL, t VARIANT"
#define NESTED                                                              \
  "a ARRAY<INT>, b ARRAY<BOOLEAN>, c ARRAY<STRING>, d MAP<STRING, BIGINT>," \
  "e STRUCT<x: INT, y: ARRAY<STRUCT<z: STRING, w: DECIMAL(30,3)>>>,"        \
  "f ARRAY<ARRAY<SMALLINT>>, g MAP<INT, MAP<STRING, ARRAY<DOUBLE>>>,"       \
  "h STRUCT<>, i ARRAY<DECIMAL(38,0)>, j ARRAY<VARIANT>, k ARRAY<VOID>,"    \
  "l STRUCT<a: STRUCT<b: STRUCT<c: BINARY NOT NULL>>>, m ARRAY<DECIMAL(5,1)>"

typedef struct frames {
  uint8_t *data;
  size_t n;
} frames;

/** All rows of a batch. */
static frames written(
    const struct ArrowSchema *schema, const struct ArrowArray *batch) {
  frl_row_writer *writer;
  frl_error err = {0};
  assert_int_equal(frl_row_writer_create(&writer, schema, NULL, &err), FRL_OK);
  assert_int_equal(frl_row_writer_begin(writer, batch, &err), FRL_OK);
  frames out = {malloc(1 << 24), 0};
  assert_non_null(out.data);
  memset(out.data, 0xa5, 1 << 24); /* what is not written is seen */
  size_t rows;
  const frl_status st =
      frl_row_writer_next(writer, out.data, 1 << 24, &out.n, &rows, &err);
  assert_int_equal(st, batch->length ? FRL_OK : FRL_END);
  assert_int_equal(rows, batch->length);
  frl_row_writer_destroy(writer);
  return out;
}

static frl_status read_rows(struct ArrowArray *out, const struct ArrowSchema *schema,
    const void *data, size_t n, frl_error *err) {
  frl_row_reader *reader;
  assert_int_equal(frl_row_reader_create(&reader, schema, NULL, err), FRL_OK);
  const frl_status st = frl_row_reader_add(reader, data, n, err);
  if (st == FRL_OK) {
    assert_int_equal(frl_row_reader_finish(reader, out, err), FRL_OK);
  } else {
    assert_int_equal(frl_row_reader_rows(reader), 0); /* none of them */
  }
  frl_row_reader_destroy(reader);
  return st;
}

static void comes_back(const char *ddl, size_t n_rows, uint64_t seed) {
  struct ArrowSchema schema;
  struct ArrowArray batch, again;
  random_batch(&schema, &batch, ddl, n_rows, seed);
  const frames first = written(&schema, &batch);
  frl_error err = {0};
  assert_int_equal(read_rows(&again, &schema, first.data, first.n, &err), FRL_OK);
  assert_int_equal(again.length, n_rows);
  const frames second = written(&schema, &again);
  assert_int_equal(first.n, second.n);
  assert_memory_equal(first.data, second.data, first.n);
  free(first.data);
  free(second.data);
  frl_array_release(&batch);
  frl_array_release(&again);
  frl_schema_release(&schema);
}

static void every_type_comes_back(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 8; seed++) {
    comes_back(FLAT, 1 + seed * 40, seed);
    comes_back(NESTED, 1 + seed * 20, seed);
  }
  comes_back(FLAT, 2500, 11); /* more than a block */
  comes_back(FLAT, 0, 12);
}

static void a_wide_row_has_a_bitmap_of_several_words(void **state) {
  (void)state;
  char ddl[200 * 16];
  size_t at = 0;
  for (int i = 0; i < 150; i++) {
    at += (size_t)snprintf(ddl + at, sizeof ddl - at, "%sc%d %s", i ? "," : "", i,
        i % 3 ? "INT" : "STRING");
  }
  comes_back(ddl, 30, 5);
}

/** What Spark 4.1.1 makes of (7, 'ferrule', null, -2.5). */
static void the_layout_is_sparks(void **state) {
  (void)state;
  static const uint64_t row[] = {48, /* size */
      4, 7, (uint64_t)40 << 32 | 7, 0, 0xc004000000000000, 0x00656c7572726566};
  struct ArrowSchema schema;
  struct ArrowArray batch;
  frl_error err = {0};
  assert_int_equal(frl_schema_from_ddl(&schema, NULL,
                       "id BIGINT, s STRING, n INT, d DOUBLE", SIZE_MAX, &err),
      FRL_OK);
  assert_int_equal(read_rows(&batch, &schema, row, sizeof row, &err), FRL_OK);
  assert_int_equal(batch.length, 1);
  assert_int_equal(*(const int64_t *)batch.children[0]->buffers[1], 7);
  assert_memory_equal(batch.children[1]->buffers[2], "ferrule", 7);
  assert_int_equal(batch.children[2]->null_count, 1);
  assert_true(*(const double *)batch.children[3]->buffers[1] == -2.5);
  const frames again = written(&schema, &batch);
  assert_int_equal(again.n, sizeof row);
  assert_memory_equal(again.data, row, sizeof row);
  free(again.data);
  frl_array_release(&batch);
  frl_schema_release(&schema);
}

static void a_slice_is_its_own_rows(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  random_batch(&schema, &batch,
      FLAT
      ","
      "z ARRAY<STRUCT<a: INT, b: MAP<INT, STRING>>>",
      90, 3);
  frl_batch *held;
  assert_int_equal(frl_batch_take(&held, NULL, &schema, &batch, NULL), FRL_OK);
  const frames whole = written(frl_batch_schema(held), frl_batch_array(held));
  size_t at = 0;
  for (int64_t row = 0; row < 90; row++) {
    struct ArrowArray slice;
    assert_int_equal(frl_batch_export(&slice, held, row, 1, NULL), FRL_OK);
    const frames one = written(frl_batch_schema(held), &slice);
    assert_true(at + one.n <= whole.n);
    assert_memory_equal(one.data, whole.data + at, one.n);
    at += one.n;
    free(one.data);
    frl_array_release(&slice);
  }
  assert_int_equal(at, whole.n);
  free(whole.data);
  frl_batch_unref(held);
}

static void every_prefix_is_truncated_or_whole_rows(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  random_batch(&schema, &batch, "a INT, b STRING, c ARRAY<STRING>", 3, 9);
  const frames all = written(&schema, &batch);
  for (size_t n = 0; n < all.n; n++) {
    uint8_t *exact = malloc(n ? n : 1); /* ASan sees one byte too far */
    assert_non_null(exact);
    memcpy(exact, all.data, n);
    struct ArrowArray out = {0};
    frl_error err = {0};
    const frl_status st = read_rows(&out, &schema, exact, n, &err);
    if (st == FRL_OK) {
      assert_true(out.length < 3);
      frl_array_release(&out);
    } else {
      assert_int_equal(st, FRL_E_TRUNCATED);
    }
    free(exact);
  }
  free(all.data);
  frl_array_release(&batch);
  frl_schema_release(&schema);
}

/** One row, all of whose bytes are given, fails with the text in the message. */
static void refused(const char *ddl, const uint64_t *row, size_t n_words,
    frl_status status, const char *says) {
  struct ArrowSchema schema;
  frl_error err = {0};
  assert_int_equal(frl_schema_from_ddl(&schema, NULL, ddl, SIZE_MAX, &err), FRL_OK);
  uint64_t *exact = malloc((n_words + 1) * sizeof *exact);
  assert_non_null(exact);
  exact[0] = n_words * sizeof *row;
  memcpy(exact + 1, row, n_words * sizeof *row);
  struct ArrowArray out;
  assert_int_equal(
      read_rows(&out, &schema, exact, (n_words + 1) * sizeof *exact, &err), status);
  if (!strstr(err.message, says)) fail_msg("\"%s\" lacks \"%s\"", err.message, says);
  free(exact);
  frl_schema_release(&schema);
}

static void hostile_rows_are_refused_by_name(void **state) {
  (void)state;
  const uint64_t beyond[] = {0, (uint64_t)16 << 32 | 9, 0};
  refused("a STRING", beyond, 3, FRL_E_MALFORMED, "row 0: column \"a\"");
  const uint64_t wraps[] = {0, UINT64_MAX, 0};
  refused("a STRING", wraps, 3, FRL_E_MALFORMED, "column \"a\"");
  const uint64_t two_share[] = {0, (uint64_t)24 << 32 | 8, (uint64_t)24 << 32 | 8, 0};
  refused("a STRING, b STRING", two_share, 4, FRL_E_MALFORMED, "column \"b\"");
  const uint64_t many[] = {0, (uint64_t)16 << 32 | 16, UINT64_MAX / 8, 0};
  refused("a ARRAY<BIGINT>", many, 4, FRL_E_MALFORMED, "column \"a.element\"");
  const uint64_t keys[] = {0, (uint64_t)16 << 32 | 16, 9, 0};
  refused("a MAP<INT, INT>", keys, 4, FRL_E_MALFORMED, "column \"a\"");
  const uint64_t fewer[] = {0, (uint64_t)16 << 32 | 48, 24, 1, 0, 5, 0, 0};
  refused("a MAP<INT, INT>", fewer, 8, FRL_E_MALFORMED, "column \"a\"");
  const uint64_t narrow[] = {0, (uint64_t)16 << 32 | 8, 0};
  refused("a STRUCT<b: INT>", narrow, 3, FRL_E_MALFORMED, "column \"a\"");
  const uint64_t decimal[] = {0, (uint64_t)16 << 32 | 17, 0, 0, 0};
  refused("a DECIMAL(20,0)", decimal, 5, FRL_E_MALFORMED, "column \"a\"");
  const uint64_t variant[] = {0, (uint64_t)16 << 32 | 8, 5};
  refused("a VARIANT", variant, 3, FRL_E_MALFORMED, "column \"a\"");
  const uint64_t null[] = {1, 0};
  refused("a INT NOT NULL", null, 2, FRL_E_INVALID, "NOT NULL");
  const uint64_t word[] = {0};
  refused("a INT", word, 1, FRL_E_MALFORMED, "8 bytes are no row");
}

static void a_failure_names_its_row_and_keeps_what_was_there(void **state) {
  (void)state;
  struct ArrowSchema schema;
  frl_error err = {0};
  assert_int_equal(
      frl_schema_from_ddl(&schema, NULL, "a INT NOT NULL, b STRING", SIZE_MAX, &err),
      FRL_OK);
  uint64_t rows[5000][4];
  for (size_t i = 0; i < 5000; i++) {
    rows[i][0] = 24;
    rows[i][1] = i == 4321 ? 1 : 0;
    rows[i][2] = i;
    rows[i][3] = (uint64_t)24 << 32;
  }
  frl_row_reader *reader;
  assert_int_equal(frl_row_reader_create(&reader, &schema, NULL, &err), FRL_OK);
  assert_int_equal(
      frl_row_reader_add(reader, rows, 100 * sizeof rows[0], &err), FRL_OK);
  assert_int_equal(frl_row_reader_add(reader, rows, sizeof rows, &err), FRL_E_INVALID);
  assert_non_null(strstr(err.message, "row 4421: column \"a\""));
  assert_int_equal(frl_row_reader_rows(reader), 100);
  assert_int_equal(
      frl_row_reader_add(reader, rows, 100 * sizeof rows[0], &err), FRL_OK);
  struct ArrowArray batch;
  assert_int_equal(frl_row_reader_finish(reader, &batch, &err), FRL_OK);
  assert_int_equal(batch.length, 200);
  assert_int_equal(((const int32_t *)batch.children[0]->buffers[1])[150], 50);
  frl_array_release(&batch);
  frl_row_reader_destroy(reader);
  frl_schema_release(&schema);
}

static void a_small_buffer_takes_rows_piece_by_piece(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  random_batch(&schema, &batch, NESTED, 300, 21);
  const frames all = written(&schema, &batch);
  frl_row_writer *writer;
  frl_error err = {0};
  assert_int_equal(frl_row_writer_create(&writer, &schema, NULL, &err), FRL_OK);
  assert_int_equal(frl_row_writer_begin(writer, &batch, &err), FRL_OK);
  size_t room = 8, at = 0, total = 0;
  uint8_t *small = malloc(room);
  for (;;) {
    size_t used, rows;
    assert_non_null(small);
    const frl_status st = frl_row_writer_next(writer, small, room, &used, &rows, &err);
    if (st == FRL_END) break;
    if (st == FRL_E_LIMIT) {
      assert_true(used > room && rows == 0);
      free(small);
      room = used;
      small = malloc(room);
      continue;
    }
    assert_int_equal(st, FRL_OK);
    assert_true(rows > 0 && used <= room);
    assert_memory_equal(small, all.data + at, used);
    at += used;
    total += rows;
  }
  assert_int_equal(total, 300);
  assert_int_equal(at, all.n);
  free(small);
  free(all.data);
  frl_row_writer_destroy(writer);
  frl_array_release(&batch);
  frl_schema_release(&schema);
}

static void what_rows_cannot_hold_is_refused_by_name(void **state) {
  (void)state;
  static const char *const ddls[] = {"a INTERVAL", "a ARRAY<GEOMETRY(0)>"};
  for (size_t i = 0; i < sizeof ddls / sizeof *ddls; i++) {
    struct ArrowSchema schema;
    frl_error err = {0};
    assert_int_equal(
        frl_schema_from_ddl(&schema, NULL, ddls[i], SIZE_MAX, &err), FRL_OK);
    frl_row_reader *reader;
    assert_int_equal(
        frl_row_reader_create(&reader, &schema, NULL, &err), FRL_E_UNSUPPORTED);
    assert_null(reader);
    assert_non_null(strstr(err.message, "column \"a"));
    frl_schema_release(&schema);
  }
}

static void another_shape_is_refused(void **state) {
  (void)state;
  struct ArrowSchema schema, other;
  struct ArrowArray batch;
  random_batch(&schema, &batch, "a INT, b STRING", 3, 1);
  assert_int_equal(
      frl_schema_from_ddl(&other, NULL, "a STRING, b INT", SIZE_MAX, NULL), FRL_OK);
  frl_row_writer *writer;
  frl_error err = {0};
  assert_int_equal(frl_row_writer_create(&writer, &other, NULL, &err), FRL_OK);
  assert_int_equal(frl_row_writer_begin(writer, &batch, &err), FRL_E_INVALID);
  uint8_t bytes[64];
  size_t used, rows;
  assert_int_equal(
      frl_row_writer_next(writer, bytes, sizeof bytes, &used, &rows, &err), FRL_END);
  frl_row_writer_destroy(writer);
  frl_array_release(&batch);
  frl_schema_release(&schema);
  frl_schema_release(&other);
}

static frl_status there_and_back(const struct ArrowSchema *schema,
    const struct ArrowArray *batch, const frames *all, const frl_mem *mem) {
  const frl_row_options options = {.struct_size = sizeof options, .mem = mem};
  frl_row_reader *reader = NULL;
  frl_row_writer *writer = NULL;
  struct ArrowArray out = {0};
  frl_status st = frl_row_reader_create(&reader, schema, &options, NULL);
  if (st == FRL_OK) st = frl_row_reader_add(reader, all->data, all->n, NULL);
  if (st == FRL_OK) st = frl_row_reader_finish(reader, &out, NULL);
  if (st == FRL_OK) st = frl_row_writer_create(&writer, schema, &options, NULL);
  if (st == FRL_OK) st = frl_row_writer_begin(writer, batch, NULL);
  frl_array_release(&out);
  frl_row_reader_destroy(reader);
  frl_row_writer_destroy(writer);
  return st;
}

static void every_failed_allocation_is_survived(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  random_batch(&schema, &batch, FLAT ", u MAP<STRING, ARRAY<STRUCT<a: INT>>>", 20, 2);
  const frames all = written(&schema, &batch);
  for (size_t n = 0;; n++) {
    failing_mem failing;
    failing_mem_init(&failing, n);
    const frl_mem mem = failing_mem_of(&failing);
    const frl_status st = there_and_back(&schema, &batch, &all, &mem);
    assert_int_equal(failing.live, 0);
    if (failing.refused == 0) {
      assert_int_equal(st, FRL_OK);
      break;
    }
    assert_int_equal(st, FRL_E_NOMEM);
  }
  free(all.data);
  frl_array_release(&batch);
  frl_schema_release(&schema);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_comes_back),
      cmocka_unit_test(a_wide_row_has_a_bitmap_of_several_words),
      cmocka_unit_test(the_layout_is_sparks),
      cmocka_unit_test(a_slice_is_its_own_rows),
      cmocka_unit_test(every_prefix_is_truncated_or_whole_rows),
      cmocka_unit_test(hostile_rows_are_refused_by_name),
      cmocka_unit_test(a_failure_names_its_row_and_keeps_what_was_there),
      cmocka_unit_test(a_small_buffer_takes_rows_piece_by_piece),
      cmocka_unit_test(what_rows_cannot_hold_is_refused_by_name),
      cmocka_unit_test(another_shape_is_refused),
      cmocka_unit_test(every_failed_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
