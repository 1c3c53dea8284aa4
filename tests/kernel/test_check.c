/** Batches that are not what their schema says. */
#include <ferrule/batch.h>
#include <ferrule/kernel_host.h>
#include <ferrule/schema.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "declared.h"
#include "kernel/value.h"
#include "sample_rows.h"
#include "support/cmocka_c.h"

#define LISTED(X)          \
  X(ARRAY(words), names)   \
  X(DECIMAL(5, 2), amount) \
  X(TIME(6), moment)       \
  X(STRUCT(point), place)
FRL_ROW(listed, LISTED)

enum { ROWS = 9 };

typedef struct sample {
  struct ArrowSchema schema;
  struct ArrowArray array;
} sample;

/** Row i has i % 3 names, 1.00 * i, i hours; the place is null at 4. */
static sample make(void) {
  sample s;
  listed_writer w;
  frl_string names[] = {
      frl_string_of("one"), frl_string_of("\xc3\xbc"), frl_string_of("three")};
  assert_int_equal(listed_schema(&s.schema), 0);
  assert_int_equal(listed_writer_init(&w), 0);
  for (int i = 0; i < ROWS; i++) {
    listed row;
    memset(&row, 0, sizeof row);
    row.names.items = names;
    row.names.n = i % 3;
    row.amount = frl_decimal_of(100 * i);
    row.moment = i * INT64_C(3600000000000);
    row.is_null.place = i == 4;
    assert_int_equal(listed_writer_add(&w, &row), 0);
  }
  assert_int_equal(listed_writer_finish(&w, &s.array), 0);
  listed_writer_deinit(&w);
  return s;
}

static void drop(sample *s) {
  frl_schema_release(&s->schema);
  frl_array_release(&s->array);
}

/** What an array points to, to be spoilt. */
static void *bytes_of(const struct ArrowArray *array, int buffer) {
  union {
    const void *in;
    void *out;
  } pointer = {.in = array->buffers[buffer]};
  return pointer.out;
}

static void refused(const sample *s, int64_t expected_row, const char *said) {
  frl_error err = {0};
  int64_t row = -2;
  assert_int_equal(
      frl_kernel_check(&s->schema, &s->array, 0, &row, &err), FRL_E_INVALID);
  assert_string_equal(err.message, said);
  assert_int_equal(row, expected_row);
}

static void a_good_batch_is_taken(void **state) {
  (void)state;
  sample s = make();
  int64_t row = -2;
  assert_int_equal(frl_kernel_check(&s.schema, &s.array, 0, &row, NULL), FRL_OK);
  assert_int_equal(row, -1);
  drop(&s);
}

static void values_at_fault_are_found_in_their_row(void **state) {
  (void)state;
  sample s = make();
  uint8_t *texts = bytes_of(s.array.children[0]->children[0], 2);
  texts[3] = 0xff; /* rows 1, 2: "one", "one" "ü"; the second begins at 3 */
  refused(&s, 2, "row 2: batch, field \"names.element\": not UTF-8");
  texts[3] = 'o';
  int64_t *amounts = bytes_of(s.array.children[1], 1);
  amounts[2 * 7] = 100000;
  refused(&s, 7,
      "row 7: batch, field \"amount\": a decimal with more digits than its type has");
  amounts[2 * 7] = -99999;
  amounts[2 * 7 + 1] = -1;
  assert_int_equal(frl_kernel_check(&s.schema, &s.array, 0, NULL, NULL), FRL_OK);
  amounts[2 * 7] = -100000;
  refused(&s, 7,
      "row 7: batch, field \"amount\": a decimal with more digits than its type has");
  amounts[2 * 7] = 0;
  amounts[2 * 7 + 1] = 0;
  int64_t *moments = bytes_of(s.array.children[2], 1);
  moments[8] = INT64_C(86400000000000);
  refused(&s, 8,
      "row 8: batch, field \"moment\": a time of day that is not within the day");
  assert_int_equal(
      frl_kernel_check(&s.schema, &s.array, FRL_KERNEL_SKIP_VALUES, NULL, NULL),
      FRL_OK);
  moments[8] = -1;
  refused(&s, 8,
      "row 8: batch, field \"moment\": a time of day that is not within the day");
  drop(&s);
}

/** In a text that is cut within a character the whole is UTF-8, the parts are not. */
static void a_character_cut_in_two_is_no_utf8(void **state) {
  (void)state;
  sample s = make();
  const struct ArrowArray *texts = s.array.children[0]->children[0];
  int32_t *offsets = bytes_of(texts, 1);
  assert_int_equal(offsets[2], 6);
  assert_int_equal(offsets[3], 8); /* row 2: "one", "ü" */
  offsets[2] = 7;
  refused(&s, 2, "row 2: batch, field \"names.element\": not UTF-8");
  drop(&s);
}

static void nulls_count_only_where_they_can_be_seen(void **state) {
  (void)state;
  sample s = make();
  /* lat, NOT NULL, is null in row 4, whose place is null: not seen */
  struct ArrowArray *lat = s.array.children[3]->children[0];
  static uint8_t bits[2] = {0xef, 0xff};
  lat->buffers[0] = bits;
  lat->null_count = 1;
  bits[0] = 0xef;
  assert_int_equal(frl_kernel_check(&s.schema, &s.array, 0, NULL, NULL), FRL_OK);
  bits[0] = 0xcf;
  refused(
      &s, 5, "row 5: batch, field \"place.lat\": null in a column that is NOT NULL");
  lat->null_count = -1; /* not known: the bitmap says */
  refused(
      &s, 5, "row 5: batch, field \"place.lat\": null in a column that is NOT NULL");
  assert_int_equal(
      frl_kernel_check(&s.schema, &s.array, FRL_KERNEL_SKIP_NULLS, NULL, NULL), FRL_OK);
  lat->buffers[0] = NULL;
  drop(&s);
}

static void rows_that_are_null_are_refused(void **state) {
  (void)state;
  sample s = make();
  static const uint8_t bits[2] = {0xf7, 0xff};
  s.array.buffers[0] = bits;
  s.array.null_count = 1;
  refused(&s, 3, "row 3: batch: a row itself is null");
  s.array.buffers[0] = NULL;
  drop(&s);
}

/** One number of an array is spoilt at a time; afterwards it is good again. */
static void broken_shapes_are_refused(void **state) {
  (void)state;
  sample s = make();
  struct ArrowArray *list = s.array.children[0];
  struct ArrowArray *amount = s.array.children[1];
  int32_t *offsets = bytes_of(list, 1);
  const struct {
    int64_t *number;
    int64_t value;
    const char *said;
  } cases[] = {
      {&s.array.n_children, 3, "batch: another number of children than its type has"},
      {&s.array.length, -1, "batch: a negative length or offset"},
      {&s.array.offset, -1, "batch: a negative length or offset"},
      {&s.array.offset, INT64_MAX, "batch: a negative length or offset"},
      {&s.array.offset, 1,
          "batch, field \"names\": it has fewer rows than it must have"},
      {&amount->length, ROWS - 1,
          "batch, field \"amount\": it has fewer rows than it must have"},
      {&amount->n_buffers, 3,
          "batch, field \"amount\": another number of buffers than its type has"},
      {&amount->null_count, ROWS + 1,
          "batch, field \"amount\": an impossible null count"},
      {&amount->null_count, 1,
          "batch, field \"amount\": nulls are counted, but no validity bitmap is "
          "there"},
      {&list->n_children, 0,
          "batch, field \"names\": another number of children than its type has"},
      {&list->children[0]->length, 8,
          "batch, field \"names.element\": it has fewer rows than it must have"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int64_t good = *cases[i].number;
    *cases[i].number = cases[i].value;
    refused(&s, -1, cases[i].said);
    *cases[i].number = good;
    assert_int_equal(frl_kernel_check(&s.schema, &s.array, 0, NULL, NULL), FRL_OK);
  }
  offsets[4] = 100;
  refused(&s, 4, "row 4: batch, field \"names\": its offsets run backwards");
  offsets[4] = 3;
  offsets[0] = -1;
  refused(&s, 0, "row 0: batch, field \"names\": an offset is negative");
  drop(&s);
}

static void missing_buffers_and_children_are_refused(void **state) {
  (void)state;
  sample s = make();
  struct ArrowArray *amount = s.array.children[1];
  const void *values = amount->buffers[1];
  amount->buffers[1] = NULL;
  refused(&s, -1, "batch, field \"amount\": its values are missing");
  amount->buffers[1] = values;
  s.array.children[1] = NULL;
  refused(&s, -1, "batch, field \"amount\": its array is missing");
  s.array.children[1] = amount;
  void (*release)(struct ArrowArray *) = amount->release;
  amount->release = NULL;
  refused(&s, -1, "batch, field \"amount\": its array is released");
  amount->release = release;
  drop(&s);
}

static void forms_that_are_not_checked_are_unsupported(void **state) {
  (void)state;
  sample s = make();
  const char *format = s.schema.children[1]->format;
  s.schema.children[1]->format = "U";
  assert_int_equal(
      frl_kernel_check(&s.schema, &s.array, 0, NULL, NULL), FRL_E_UNSUPPORTED);
  s.schema.children[1]->format = format;
  drop(&s);
}

/** Long texts of several alphabets, and one wrong byte anywhere in them. */
static void utf8_is_judged_at_every_place(void **state) {
  (void)state;
  enum { N = 300 };
  struct ArrowSchema schema;
  struct ArrowArray array;
  test_struct_writer w;
  test_struct row;
  char text[N];
  for (int i = 0; i < N; i += 3) memcpy(text + i, i % 2 ? "\xe2\x82\xac" : "abc", 3);
  memset(&row, 0, sizeof row);
  row.col.data = text;
  row.col.size = N;
  assert_int_equal(test_struct_schema(&schema), 0);
  assert_int_equal(test_struct_writer_init(&w), 0);
  for (int i = -1; i < N; i++) {
    const char good = i >= 0 ? text[i] : 0;
    if (i >= 0) text[i] = (char)0xc0; /* stands nowhere in UTF-8 */
    assert_int_equal(test_struct_writer_add(&w, &row), 0);
    assert_int_equal(test_struct_writer_finish(&w, &array), 0);
    assert_int_equal(frl_kernel_check(&schema, &array, 0, NULL, NULL),
        i < 0 ? FRL_OK : FRL_E_INVALID);
    frl_array_release(&array);
    if (i >= 0) text[i] = good;
  }
  test_struct_writer_deinit(&w);
  frl_schema_release(&schema);
}

/** Sequences of every kind of byte, against the judge that JSON and DDL use. */
static void utf8_is_what_the_other_judge_says(void **state) {
  (void)state;
  static const uint8_t kinds[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1,
      0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};
  enum { KINDS = sizeof kinds, BYTES = 4 };
  char text[BYTES];
  int32_t offsets[2] = {0, 0};
  const void *buffers[3] = {NULL, offsets, text};
  struct ArrowArray array = {.length = 1, .n_buffers = 3, .buffers = buffers};
  for (unsigned all = 0; all < KINDS * KINDS * KINDS * KINDS; all++) {
    unsigned left = all;
    for (int i = 0; i < BYTES; i++, left /= KINDS) text[i] = (char)kinds[left % KINDS];
    for (offsets[1] = 1; offsets[1] <= BYTES; offsets[1]++) {
      const bool good = frl_value_bad_utf8(&array, 0, 1) < 0;
      assert_int_equal(good, frl_utf8_check(text, (size_t)offsets[1], NULL));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_batch_is_taken),
      cmocka_unit_test(values_at_fault_are_found_in_their_row),
      cmocka_unit_test(a_character_cut_in_two_is_no_utf8),
      cmocka_unit_test(nulls_count_only_where_they_can_be_seen),
      cmocka_unit_test(rows_that_are_null_are_refused),
      cmocka_unit_test(broken_shapes_are_refused),
      cmocka_unit_test(missing_buffers_and_children_are_refused),
      cmocka_unit_test(forms_that_are_not_checked_are_unsupported),
      cmocka_unit_test(utf8_is_judged_at_every_place),
      cmocka_unit_test(utf8_is_what_the_other_judge_says),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
