/** Columns of values into batches: as rows of the same values, and none of it trusted.
 */
#include <ferrule/row.h>
#include <ferrule/schema.h>
#include <stdlib.h>
#include <string.h>

#include "../support/cmocka_c.h"
#include "../support/failing_mem.h"

enum { ROWS = 3 };

static const uint8_t flags[ROWS] = {1, 0, 7};
static const int64_t numbers[ROWS] = {-1, 0, INT64_MAX};
static const int64_t wide[2 * ROWS] = {5, 0, -5, -1, 0, 1};
static const int32_t ends[ROWS] = {2, 2, 5};
static const uint8_t second_null[ROWS] = {0, 1, 0};

static frl_row_reader *reader_of(const char *ddl, const frl_mem *mem) {
  struct ArrowSchema schema;
  const frl_row_options options = {.struct_size = sizeof options, .mem = mem};
  assert_int_equal(frl_schema_from_ddl(&schema, NULL, ddl, SIZE_MAX, NULL), FRL_OK);
  frl_row_reader *reader = NULL;
  const frl_status st = frl_row_reader_create(&reader, &schema, &options, NULL);
  assert_true(st == FRL_OK || (mem && st == FRL_E_NOMEM));
  frl_schema_release(&schema);
  return reader;
}

static frl_status add_all(
    frl_row_reader *reader, const uint8_t *nulls, frl_error *err) {
  const frl_row_values given[] = {
      {.data = flags, .n_bytes = sizeof flags, .nulls = nulls},
      {.data = numbers, .n_bytes = sizeof numbers, .nulls = nulls},
      {.data = numbers, .n_bytes = sizeof numbers, .nulls = nulls},
      {.data = wide, .n_bytes = sizeof wide, .nulls = nulls},
      {.data = "abcde", .n_bytes = 5, .ends = ends, .nulls = nulls},
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    const frl_status st = frl_row_reader_add_values(reader, i, &given[i], ROWS, err);
    if (st != FRL_OK) return st;
  }
  return frl_row_reader_end_rows(reader, ROWS, err);
}

static const char *const every_form =
    "a BOOLEAN, b BIGINT, c DECIMAL(18,2), d DECIMAL(38,0), e STRING";

static void values_lie_in_the_batch(void **state) {
  (void)state;
  frl_row_reader *reader = reader_of(every_form, NULL);
  static const int32_t widths[] = {1, 8, 8, 16, 0, -1};
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(frl_row_reader_width(reader, i), widths[i]);
  }
  for (int round = 0; round < 3; round++) { /* with nulls between those without */
    struct ArrowArray batch;
    assert_int_equal(add_all(reader, round == 1 ? second_null : NULL, NULL), FRL_OK);
    assert_int_equal(add_all(reader, round == 2 ? second_null : NULL, NULL), FRL_OK);
    assert_int_equal(frl_row_reader_rows(reader), 2 * ROWS);
    assert_int_equal(frl_row_reader_finish(reader, &batch, NULL), FRL_OK);
    assert_int_equal(batch.length, 2 * ROWS);
    for (int64_t c = 0; c < batch.n_children; c++) {
      const struct ArrowArray *column = batch.children[c];
      assert_int_equal(column->null_count, round ? 1 : 0);
      const uint8_t valid = round == 0 ? 0x3f : round == 1 ? 0x3d : 0x2f;
      if (round) assert_int_equal(*(const uint8_t *)column->buffers[0] & 0x3f, valid);
    }
    /* the last row of all: nothing in it is null */
    assert_int_equal(*(const uint8_t *)batch.children[0]->buffers[1] >> 5 & 1, 1);
    const int64_t *last = (const int64_t *)batch.children[1]->buffers[1] + 5;
    assert_true(*last == INT64_MAX);
    const int64_t *cents = (const int64_t *)batch.children[2]->buffers[1];
    assert_true(cents[0] == -1 && cents[1] == -1 && cents[10] == INT64_MAX);
    const int64_t *both = (const int64_t *)batch.children[3]->buffers[1] + 10;
    assert_true(both[0] == 0 && both[1] == 1);
    const int32_t *texts = batch.children[4]->buffers[1];
    const char *bytes = batch.children[4]->buffers[2];
    assert_int_equal(texts[6] - texts[5], 3);
    assert_memory_equal(bytes + texts[5], "cde", 3);
    frl_array_release(&batch);
  }
  frl_row_reader_destroy(reader);
}

static void no_rows_are_a_batch_too(void **state) {
  (void)state;
  frl_row_reader *reader = reader_of("a STRING, b INT", NULL);
  const frl_row_values none = {.data = NULL};
  struct ArrowArray batch;
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(frl_row_reader_add_values(reader, i, &none, 0, NULL), FRL_OK);
  }
  assert_int_equal(frl_row_reader_end_rows(reader, 0, NULL), FRL_OK);
  assert_int_equal(frl_row_reader_finish(reader, &batch, NULL), FRL_OK);
  assert_int_equal(batch.length, 0);
  frl_array_release(&batch);
  frl_row_reader_destroy(reader);
}

/** Values of one column that are refused; the column then takes good ones. */
static void refused(const char *ddl, frl_row_values bad, frl_status status,
    const char *message, frl_row_values good) {
  frl_row_reader *reader = reader_of(ddl, NULL);
  frl_error err = {0};
  struct ArrowArray batch;
  assert_int_equal(frl_row_reader_add_values(reader, 0, &bad, ROWS, &err), status);
  assert_non_null(strstr(err.message, message));
  assert_int_equal(frl_row_reader_end_rows(reader, ROWS, &err), FRL_E_INVALID);
  assert_non_null(strstr(err.message, "column \"a\" has not 3 values"));
  assert_int_equal(frl_row_reader_add_values(reader, 0, &good, ROWS, NULL), FRL_OK);
  assert_int_equal(
      frl_row_reader_add_values(reader, 0, &good, ROWS, &err), FRL_E_INVALID);
  assert_non_null(strstr(err.message, "it has its values"));
  assert_int_equal(frl_row_reader_end_rows(reader, ROWS, NULL), FRL_OK);
  assert_int_equal(frl_row_reader_finish(reader, &batch, NULL), FRL_OK);
  assert_int_equal(batch.length, ROWS);
  frl_array_release(&batch);
  frl_row_reader_destroy(reader);
}

static void what_is_wrong_is_refused_by_name(void **state) {
  (void)state;
  static const int32_t falling[ROWS] = {2, 1, 5};
  static const int32_t negative[ROWS] = {-1, 1, 5};
  static const int32_t beyond[ROWS] = {2, 2, 6};
  const frl_row_values text = {.data = "abcde", .n_bytes = 5, .ends = ends};
  const int32_t *const wrong[] = {falling, negative, beyond};
  static const char *const rows[] = {"row 1", "row 0", "row 2"};
  for (size_t i = 0; i < 3; i++) {
    frl_row_values bad = text;
    bad.ends = wrong[i];
    refused("a STRING", bad, FRL_E_MALFORMED, rows[i], text);
    bad.nulls = second_null;
    refused("a STRING", bad, FRL_E_MALFORMED, rows[i], text);
  }
  frl_row_values bad = text;
  bad.ends = NULL;
  refused("a STRING", bad, FRL_E_TRUNCATED, "less than 3 values", text);
  const frl_row_values number = {.data = numbers, .n_bytes = sizeof numbers};
  bad = number;
  bad.n_bytes--;
  refused("a BIGINT", bad, FRL_E_TRUNCATED, "less than 3 values", number);
  bad = number;
  bad.nulls = second_null;
  refused("a BIGINT NOT NULL", bad, FRL_E_INVALID,
      "row 1: column \"a\": null, but declared NOT NULL", number);
  bad = text;
  bad.nulls = second_null;
  refused("a STRING NOT NULL", bad, FRL_E_INVALID, "row 1: column \"a\": null", text);
}

static void nested_types_have_no_values(void **state) {
  (void)state;
  frl_row_reader *reader =
      reader_of("a ARRAY<INT>, b VARIANT, c STRUCT<d: INT>, e MAP<INT, INT>", NULL);
  const frl_row_values values = {.data = numbers, .n_bytes = sizeof numbers};
  for (size_t i = 0; i < 5; i++) {
    frl_error err = {0};
    assert_int_equal(frl_row_reader_width(reader, i), -1);
    assert_int_equal(
        frl_row_reader_add_values(reader, i, &values, 1, &err), FRL_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "is not flat"));
  }
  frl_row_reader_destroy(reader);
}

static void every_failed_allocation_is_survived(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    failing_mem failing;
    failing_mem_init(&failing, n);
    const frl_mem mem = failing_mem_of(&failing);
    frl_row_reader *reader = reader_of(every_form, &mem);
    frl_status st = reader ? FRL_OK : FRL_E_NOMEM;
    struct ArrowArray batch = {0};
    if (st == FRL_OK) st = add_all(reader, NULL, NULL);
    if (st == FRL_OK) st = add_all(reader, second_null, NULL);
    if (st == FRL_OK) st = frl_row_reader_finish(reader, &batch, NULL);
    frl_array_release(&batch);
    frl_row_reader_destroy(reader);
    assert_int_equal(failing.live, 0);
    if (failing.refused == 0) {
      assert_int_equal(st, FRL_OK);
      break;
    }
    assert_int_equal(st, FRL_E_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_lie_in_the_batch),
      cmocka_unit_test(no_rows_are_a_batch_too),
      cmocka_unit_test(what_is_wrong_is_refused_by_name),
      cmocka_unit_test(nested_types_have_no_values),
      cmocka_unit_test(every_failed_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
