/** What one list of fields declares: schema, DDL, JSON, checker, reader and writer. */
#include <ferrule/batch.h>
#include <ferrule/kernel_host.h>
#include <ferrule/schema.h>
#include <stdlib.h>
#include <string.h>

#include "declared.h"
#include "sample_rows.h"
#include "support/cmocka_c.h"

static void the_ddl_is_the_known_one(void **state) {
  (void)state;
  char ddl[64];
  assert_int_equal(test_struct_ddl(ddl, sizeof ddl), 30);
  assert_string_equal(ddl, "`col` STRING, `int_col` BIGINT");
}

static void a_text_that_does_not_fit_is_cut_and_counted(void **state) {
  (void)state;
  char all[64];
  const size_t n = test_struct_ddl(all, sizeof all);
  for (size_t room = 0; room < n + 2; room++) {
    char *cut = malloc(room ? room : 1);
    assert_int_equal(test_struct_ddl(cut, room), n);
    if (room) {
      assert_int_equal(strlen(cut), room - 1 < n ? room - 1 : n);
      assert_memory_equal(cut, all, strlen(cut));
    }
    free(cut);
  }
}

typedef struct declared_type {
  int (*schema)(struct ArrowSchema *out);
  size_t (*ddl)(char *out, size_t room);
  size_t (*json)(char *out, size_t room);
  int (*check)(const struct ArrowSchema *given, char *why, size_t room);
} declared_type;

static const declared_type all[] = {
    {test_struct_schema, test_struct_ddl, test_struct_json, test_struct_check},
    {plain_schema, plain_ddl, plain_json, plain_check},
    {nested_schema, nested_ddl, nested_json, nested_check}};

static char *text_of(size_t (*make)(char *out, size_t room)) {
  const size_t n = make(NULL, 0);
  char *text = malloc(n + 1); /* exactly: ASan sees one byte too far */
  assert_non_null(text);
  assert_int_equal(make(text, n + 1), n);
  assert_int_equal(strlen(text), n);
  return text;
}

/** The header's own DDL and JSON against those that the library makes of its schema. */
static void its_texts_are_those_of_its_schema(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct ArrowSchema schema;
    frl_error err = {0};
    char *ddl;
    char *json;
    assert_int_equal(all[i].schema(&schema), 0);
    assert_int_equal(frl_schema_to_ddl(&ddl, NULL, &schema, NULL, &err), FRL_OK);
    assert_int_equal(frl_schema_to_json(&json, NULL, &schema, &err), FRL_OK);
    char *own_ddl = text_of(all[i].ddl);
    char *own_json = text_of(all[i].json);
    assert_string_equal(own_ddl, ddl);
    assert_string_equal(own_json, json);
    free(own_ddl);
    free(own_json);
    frl_text_free(NULL, ddl);
    frl_text_free(NULL, json);
    schema.release(&schema);
    assert_null(schema.release);
  }
}

static void its_schema_comes_back_from_json(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct ArrowSchema back;
    frl_error err = {0};
    char *json = text_of(all[i].json);
    char why[300] = "";
    assert_int_equal(
        frl_schema_from_json(&back, NULL, json, strlen(json), &err), FRL_OK);
    assert_int_equal(all[i].check(&back, why, sizeof why), 0);
    char *again;
    assert_int_equal(frl_schema_to_json(&again, NULL, &back, &err), FRL_OK);
    assert_string_equal(again, json);
    frl_text_free(NULL, again);
    frl_schema_release(&back);
    free(json);
  }
}

static void every_declared_type_is_one_spark_takes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct ArrowSchema schema;
    frl_error err = {0};
    assert_int_equal(all[i].schema(&schema), 0);
    const frl_status st =
        frl_schema_match_check(NULL, NULL, &schema, &schema, NULL, &err);
    if (st != FRL_OK) print_message("%s\n", err.message);
    assert_int_equal(st, FRL_OK);
    frl_schema_release(&schema);
  }
}

static void check_ddl(const char *ddl, const char *expected) {
  struct ArrowSchema given;
  char why[300] = "";
  assert_int_equal(frl_schema_from_ddl(&given, NULL, ddl, SIZE_MAX, NULL), FRL_OK);
  const int rc = test_struct_check(&given, why, sizeof why);
  assert_int_equal(rc, expected ? EINVAL : 0);
  assert_string_equal(why, expected ? expected : "");
  frl_schema_release(&given);
}

static void its_checker_says_what_differs(void **state) {
  (void)state;
  check_ddl("col STRING, int_col BIGINT", NULL);
  check_ddl("col STRING NOT NULL, int_col BIGINT", NULL);
  check_ddl("col STRING", "column `int_col`: is missing");
  check_ddl(
      "int_col BIGINT, col STRING", "column `col`: is needed where `int_col` stands");
  check_ddl("col STRING, int_col INT",
      "column `int_col`: has the Arrow format i, BIGINT needs l");
  check_ddl("col STRING, int_col BIGINT, more INT",
      "column `more`: is one more than is needed");
  char why[100];
  assert_int_equal(test_struct_check(NULL, why, sizeof why), EINVAL);
}

static void nulls_where_none_may_be_differ(void **state) {
  (void)state;
  struct ArrowSchema given;
  char why[300];
  assert_int_equal(nested_schema(&given), 0);
  assert_int_equal(nested_check(&given, why, sizeof why), 0);
  given.children[1]->children[0]->flags |= ARROW_FLAG_NULLABLE;
  assert_int_equal(nested_check(&given, why, sizeof why), EINVAL);
  assert_string_equal(
      why, "column `words_col.element`: may be null, NOT NULL is needed");
  frl_schema_release(&given);
}

/* ---- rows ---- */

enum { ROWS = 700 };

static void write_plain(struct ArrowArray *out, plain *rows, sampler *s) {
  plain_writer w;
  assert_int_equal(plain_writer_init(&w), 0);
  for (int i = 0; i < ROWS; i++) {
    sample_plain(s, &rows[i]);
    assert_int_equal(plain_writer_add(&w, &rows[i]), 0);
  }
  assert_int_equal(plain_writer_rows(&w), ROWS);
  assert_int_equal(plain_writer_finish(&w, out), 0);
  assert_int_equal(plain_writer_rows(&w), 0);
  plain_writer_deinit(&w);
}

static void assert_good(
    int (*make)(struct ArrowSchema *out), const struct ArrowArray *array) {
  struct ArrowSchema schema;
  frl_error err = {0};
  assert_int_equal(make(&schema), 0);
  const frl_status st = frl_kernel_check(&schema, array, 0, NULL, &err);
  if (st != FRL_OK) print_message("%s\n", err.message);
  assert_int_equal(st, FRL_OK);
  frl_schema_release(&schema);
}

static void plain_rows_come_back(void **state) {
  (void)state;
  static plain rows[ROWS];
  const unsigned percents[] = {0, 30, 100};
  for (size_t k = 0; k < 3; k++) {
    sampler s = {.state = 88172645463325252u + k, .null_percent = percents[k]};
    struct ArrowArray array;
    plain_reader r;
    write_plain(&array, rows, &s);
    assert_good(plain_schema, &array);
    assert_int_equal(plain_reader_init(&r), 0);
    assert_int_equal(plain_reader_bind(&r, &array), 0);
    assert_int_equal(r.rows, ROWS);
    for (int i = 0; i < ROWS; i++) {
      plain got;
      assert_int_equal(plain_reader_get(&r, i, &got), 0);
      assert_true(plain_equal(&got, &rows[i]));
    }
    plain_reader_deinit(&r);
    frl_array_release(&array);
    sampler_free(&s);
  }
}

static void write_nested(struct ArrowArray *out, nested *rows, sampler *s) {
  nested_writer w;
  assert_int_equal(nested_writer_init(&w), 0);
  for (int i = 0; i < ROWS; i++) {
    sample_nested(s, &rows[i]);
    assert_int_equal(nested_writer_add(&w, &rows[i]), 0);
  }
  assert_int_equal(nested_writer_finish(&w, out), 0);
  nested_writer_deinit(&w);
}

/** Through slices too, which begin at any row. */
static void nested_rows_come_back_from_slices(void **state) {
  (void)state;
  static nested rows[ROWS];
  const unsigned percents[] = {0, 25, 100};
  for (size_t k = 0; k < 3; k++) {
    sampler s = {.state = 362436069u + k, .null_percent = percents[k]};
    struct ArrowSchema schema;
    struct ArrowArray array;
    frl_batch *batch;
    nested_reader r;
    write_nested(&array, rows, &s);
    assert_good(nested_schema, &array);
    assert_int_equal(nested_schema(&schema), 0);
    assert_int_equal(frl_batch_take(&batch, NULL, &schema, &array, NULL), FRL_OK);
    assert_int_equal(nested_reader_init(&r), 0);
    for (int64_t first = 0; first < ROWS; first += 97) {
      struct ArrowArray slice;
      assert_int_equal(frl_batch_export(&slice, batch, first, -1, NULL), FRL_OK);
      assert_good(nested_schema, &slice);
      assert_int_equal(nested_reader_bind(&r, &slice), 0);
      assert_int_equal(r.rows, ROWS - first);
      for (int64_t i = 0; i < r.rows; i++) {
        nested got;
        assert_int_equal(nested_reader_get(&r, i, &got), 0);
        assert_true(nested_equal(&got, &rows[first + i]));
      }
      frl_array_release(&slice);
    }
    nested_reader_deinit(&r);
    frl_batch_unref(batch);
    sampler_free(&s);
  }
}

static void strings_are_views_of_the_batch(void **state) {
  (void)state;
  test_struct_writer w;
  test_struct_reader r;
  struct ArrowArray array;
  test_struct row;
  memset(&row, 0, sizeof row);
  row.col = frl_string_of("in place");
  assert_int_equal(test_struct_writer_init(&w), 0);
  assert_int_equal(test_struct_writer_add(&w, &row), 0);
  assert_int_equal(test_struct_writer_finish(&w, &array), 0);
  assert_int_equal(test_struct_reader_init(&r), 0);
  assert_int_equal(test_struct_reader_bind(&r, &array), 0);
  assert_int_equal(test_struct_reader_get(&r, 0, &row), 0);
  assert_ptr_equal(row.col.data, array.children[0]->buffers[2]);
  assert_true(frl_string_equal(frl_get_string(r.col.col, 0), row.col));
  test_struct_reader_deinit(&r);
  test_struct_writer_deinit(&w);
  frl_array_release(&array);
}

static void a_refused_row_leaves_nothing(void **state) {
  (void)state;
  nested_writer w;
  struct ArrowArray array;
  static nested row;
  sampler s = {.state = 5, .null_percent = 0};
  assert_int_equal(nested_writer_init(&w), 0);
  for (int i = 0; i < 20; i++) {
    sample_nested(&s, &row);
    row.is_null.words_col = i % 3 == 1; /* may not be */
    assert_int_equal(nested_writer_add(&w, &row), i % 3 == 1 ? EINVAL : 0);
    if (i % 3 == 1) assert_string_equal(w.fault, "words_col");
  }
  assert_int_equal(nested_writer_rows(&w), 13);
  assert_int_equal(nested_writer_finish(&w, &array), 0);
  assert_int_equal(array.length, 13);
  assert_good(nested_schema, &array);
  nested_writer_deinit(&w);
  frl_array_release(&array);
  sampler_free(&s);
}

static void columns_of_uneven_length_are_refused(void **state) {
  (void)state;
  test_struct_writer w;
  struct ArrowArray array;
  assert_int_equal(test_struct_writer_init(&w), 0);
  assert_int_equal(frl_put_null(w.col.col), 0);
  assert_int_equal(test_struct_writer_finish(&w, &array), EINVAL);
  assert_string_equal(w.fault, "int_col");
  assert_int_equal(frl_put_i64(w.col.int_col, 1), 0);
  assert_int_equal(test_struct_writer_finish(&w, &array), 0);
  frl_array_release(&array);
  test_struct_writer_deinit(&w);
}

static void an_empty_batch_is_one(void **state) {
  (void)state;
  nested_writer w;
  nested_reader r;
  struct ArrowArray array;
  assert_int_equal(nested_writer_init(&w), 0);
  assert_int_equal(nested_writer_finish(&w, &array), 0);
  assert_int_equal(array.length, 0);
  assert_good(nested_schema, &array);
  assert_int_equal(nested_reader_init(&r), 0);
  assert_int_equal(nested_reader_bind(&r, &array), 0);
  assert_int_equal(r.rows, 0);
  nested_reader_deinit(&r);
  nested_writer_deinit(&w);
  frl_array_release(&array);
}

static void a_batch_of_another_shape_is_not_bound(void **state) {
  (void)state;
  test_struct_writer w;
  plain_reader r;
  struct ArrowArray array;
  assert_int_equal(test_struct_writer_init(&w), 0);
  assert_int_equal(test_struct_writer_finish(&w, &array), 0);
  assert_int_equal(plain_reader_init(&r), 0);
  assert_int_equal(plain_reader_bind(&r, &array), EINVAL);
  assert_int_equal(r.rows, 0);
  plain_reader_deinit(&r);
  test_struct_writer_deinit(&w);
  frl_array_release(&array);
}

static void a_child_moved_out_lives_on(void **state) {
  (void)state;
  struct ArrowSchema schema;
  assert_int_equal(nested_schema(&schema), 0);
  struct ArrowSchema child = *schema.children[7];
  schema.children[7]->release = NULL;
  schema.release(&schema);
  assert_string_equal(child.name, "deep_col");
  assert_string_equal(child.children[0]->children[0]->format, "i");
  child.release(&child);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_ddl_is_the_known_one),
      cmocka_unit_test(a_text_that_does_not_fit_is_cut_and_counted),
      cmocka_unit_test(its_texts_are_those_of_its_schema),
      cmocka_unit_test(its_schema_comes_back_from_json),
      cmocka_unit_test(every_declared_type_is_one_spark_takes),
      cmocka_unit_test(its_checker_says_what_differs),
      cmocka_unit_test(nulls_where_none_may_be_differ),
      cmocka_unit_test(plain_rows_come_back),
      cmocka_unit_test(nested_rows_come_back_from_slices),
      cmocka_unit_test(strings_are_views_of_the_batch),
      cmocka_unit_test(a_refused_row_leaves_nothing),
      cmocka_unit_test(columns_of_uneven_length_are_refused),
      cmocka_unit_test(an_empty_batch_is_one),
      cmocka_unit_test(a_batch_of_another_shape_is_not_bound),
      cmocka_unit_test(a_child_moved_out_lives_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
