#include <stdlib.h>
#include <string.h>

#include "json_rig.h"
#include "support/cmocka_c.h"

static void absent_and_null_fields_are_null(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a INT NOT NULL, b STRING", NULL);
  const char *const texts[] = {
      "{}", "{\"a\":null,\"b\":null}", "{\"c\":1,\"b\":\"x\"}"};
  assert_int_equal(json_rig_decode(&rig, texts, 3), FRL_OK);
  assert_int_equal(rig.result.bad_rows, 0);
  for (size_t row = 0; row < 3; row++) assert_true(json_null(json_col(&rig, 0), row));
  assert_true(json_null(json_col(&rig, 1), 1));
  json_assert_text(json_col(&rig, 1), 2, "x");
  json_rig_close(&rig);
}

static void names_are_compared_exactly(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a INT, abcdefghijklmnopqrstuvwxyz INT, `` INT", NULL);
  json_rig_one(&rig,
      "{\"A\":1,\"abcdefghijklmnopqrstuvwxyz\":2,\"\":3,"
      "\"abcdefghijklmnopqrstuvwxyZ\":4,\"a\\u0000\":5}");
  assert_true(json_null(json_col(&rig, 0), 0));
  assert_int_equal(json_i32(json_col(&rig, 1), 0), 2);
  assert_int_equal(json_i32(json_col(&rig, 2), 0), 3);
  json_rig_close(&rig);
}

static void fields_may_come_in_any_order(void **state) {
  (void)state;
  static const char late[] =
      "{\"x\":0,\"y\":0,\"z\":0,\"w\":0,\"v\":0,\"u\":0,\"b\":2,\"c\":3,\"a\":1}";
  json_rig rig;
  json_rig_open(&rig, "a INT, b INT, c INT", NULL);
  const char *const texts[] = {
      "{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"a\":1,\"b\":2}", late};
  assert_int_equal(json_rig_decode(&rig, texts, 3), FRL_OK);
  for (size_t row = 0; row < 3; row++) {
    for (size_t i = 0; i < 3; i++) {
      assert_int_equal(json_i32(json_col(&rig, i), row), i + 1);
    }
  }
  json_rig_close(&rig);
}

static void the_last_equal_name_that_fits_wins(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a INT, l ARRAY<STRING>", NULL);
  json_rig_one(&rig, "{\"a\":1,\"a\":2}");
  assert_int_equal(json_i32(json_col(&rig, 0), 0), 2);
  json_rig_one(&rig, "{\"a\":1,\"a\":null}");
  assert_true(json_null(json_col(&rig, 0), 0));
  assert_int_equal(rig.result.bad_rows, 0);
  json_rig_one(&rig, "{\"a\":1,\"a\":\"x\"}");
  assert_int_equal(json_i32(json_col(&rig, 0), 0), 1);
  assert_int_equal(rig.result.bad_rows, 1);
  json_rig_one(&rig, "{\"a\":\"x\",\"a\":3}");
  assert_int_equal(json_i32(json_col(&rig, 0), 0), 3);
  assert_int_equal(rig.result.bad_rows, 1);
  json_rig_one(&rig, "{\"l\":[\"a\",\"b\"],\"l\":[\"c\"]}");
  const struct ArrowArray *const list = json_col(&rig, 1);
  assert_int_equal(json_offset(list, 1), 1);
  json_assert_text(list->children[0], 0, "c");
  json_rig_close(&rig);
}

static void parts_keep_what_fits(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "s STRUCT<x: INT, y: STRING, z: ARRAY<INT>>", NULL);
  json_rig_one(&rig, "{\"s\":{\"x\":\"bad\",\"y\":\"q\",\"z\":[1,null,\"bad\"]}}");
  const struct ArrowArray *const s = json_col(&rig, 0);
  assert_false(json_null(s, 0));
  assert_true(json_null(s->children[0], 0));
  json_assert_text(s->children[1], 0, "q");
  assert_true(json_null(s->children[2], 0));
  assert_int_equal(rig.result.bad_rows, 1);
  assert_string_equal(
      rig.result.reasons[0].text, "s.x: expected INT, got string \"bad\"");
  json_rig_one(&rig, "{\"s\":5}");
  assert_true(json_null(json_col(&rig, 0), 0));
  assert_string_equal(rig.result.reasons[0].text, "s: expected STRUCT, got number 5");
  json_rig_close(&rig);
}

static void a_bad_element_spoils_its_array_or_map(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig,
      "l ARRAY<STRUCT<x: INT>>, m MAP<STRING, INT>, n ARRAY<ARRAY<INT>>, a INT", NULL);
  const char *const texts[] = {
      "{\"l\":[{\"x\":1},5],\"m\":{\"k\":1,\"j\":\"x\"},\"n\":[[1],[\"x\"]],\"a\":1}",
      "{\"l\":[{\"x\":1},{\"x\":\"x\"},null],\"m\":{\"k\":1,\"k\":2},\"n\":[[],null],"
      "\"a\":2}"};
  assert_int_equal(json_rig_decode(&rig, texts, 2), FRL_OK);
  assert_int_equal(rig.result.bad_rows, 2);
  for (size_t i = 0; i < 3; i++) assert_true(json_null(json_col(&rig, i), 0));
  const struct ArrowArray *const list = json_col(&rig, 0);
  assert_int_equal(json_offset(list, 1), 0); /* nothing of the spoiled one is left */
  assert_int_equal(json_offset(list, 2), 3);
  assert_int_equal(list->children[0]->length, 3);
  assert_int_equal(json_i32(list->children[0]->children[0], 0), 1);
  assert_true(json_null(list->children[0]->children[0], 1));
  assert_true(json_null(list->children[0], 2));
  const struct ArrowArray *const map = json_col(&rig, 1);
  assert_int_equal(json_offset(map, 2), 2); /* equal keys are both kept */
  json_assert_text(map->children[0]->children[0], 1, "k");
  assert_int_equal(json_i32(map->children[0]->children[1], 1), 2);
  assert_int_equal(json_i32(json_col(&rig, 3), 0), 1);
  assert_string_equal(
      rig.result.reasons[1].text, "l[].x: expected INT, got string \"x\"");
  json_rig_close(&rig);
}

static void what_spark_allows_beyond_the_standard(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a STRING", NULL);
  static const struct {
    const char *record;
    size_t n;
    const char *want;
  } given[] = {
      {"{'a':'it\\'s \"q\"'}", 18, "it's \"q\""},
      {"{\"a\":\"it\\'s\"}", 13, "it's"},
      {"{\"a\":\"\xff\"}", 9, "\xef\xbf\xbd"},
      {"{\"a\":\"\xe2\x82x\"}", 11, "\xef\xbf\xbdx"},
      {"{\"a\":\"\xed\xa0\x80\"}", 11, "\xef\xbf\xbd"},
      {"{\"a\":\"\xc0\x80\"}", 10, "\xef\xbf\xbd\xef\xbf\xbd"},
      {"{\"a\":\"\\ud800x\"}", 15, "?x"},
      {"{\"a\":\"\\udc00\\ud800\"}", 20, "??"},
      {"{\"a\":1} behind", 14, "1"},
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    assert_int_equal(json_rig_decode_bytes(&rig, given[i].record, given[i].n), FRL_OK);
    assert_int_equal(rig.result.bad_rows, 0);
    json_assert_text(json_col(&rig, 0), 0, given[i].want);
  }
  json_rig_close(&rig);
  const frl_json_options strict = {.struct_size = sizeof strict,
      .no_single_quotes = true,
      .no_non_numeric_numbers = true};
  json_rig_open(&rig, "a STRING, d DOUBLE", &strict);
  static const char *const refused[] = {"{'a':1}", "{\"d\":NaN}", "{\"d\":\"NaN\"}"};
  for (size_t i = 0; i < 3; i++) {
    json_rig_one(&rig, refused[i]);
    assert_int_equal(rig.result.bad_rows, 1);
  }
  json_rig_close(&rig);
}

static void each_leniency_is_asked_for_by_itself(void **state) {
  (void)state;
  static const struct {
    frl_json_options options;
    const char *record;
    const char *want; /* of column a */
  } cases[] = {{{.comments = true}, "/*{*/{//\n\"a\"/**/:/*\"*/1}", "1"},
      {{.unquoted_field_names = true}, "{ a : 1, b-c: 2}", "1"},
      {{.unquoted_field_names = true}, "{x:{y:[true]},a:{7:8}}", "{\"7\":8}"},
      {{.leading_zeros = true}, "{\"a\":[007,-00.50,00,10]}", "[7,-0.50,0,10]"},
      {{.escape_any_character = true}, "{\"a\":\"\\x\\\xc3\xa9\\\"\"}", "x\xc3\xa9\""},
      {{.unquoted_control_chars = true}, "{\"a\":\"\t\x01\"}", "\t\x01"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_json_options options = cases[i].options;
    options.struct_size = sizeof options;
    json_rig rig;
    json_rig_open(&rig, "a STRING", &options);
    json_rig_one(&rig, cases[i].record);
    assert_int_equal(rig.result.bad_rows, 0);
    json_assert_text(json_col(&rig, 0), 0, cases[i].want);
    json_rig_close(&rig);
    json_rig_open(&rig, "a STRING", NULL);
    json_rig_one(&rig, cases[i].record);
    assert_int_equal(rig.result.bad_rows, 1);
    json_rig_close(&rig);
  }
}

static void a_record_of_comments_is_empty(void **state) {
  (void)state;
  const frl_json_options options = {.struct_size = sizeof options, .comments = true};
  json_rig rig;
  json_rig_open(&rig, "a INT", &options);
  static const char *const texts[] = {"/**/", "//", " /* { */ // }", "/*", "/", "/*/"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    json_rig_one(&rig, texts[i]);
    assert_int_equal(rig.result.empty_rows, i < 3);
    assert_int_equal(rig.result.bad_rows, i >= 3);
  }
  json_rig_close(&rig);
}

static void what_is_no_json_gives_nulls(void **state) {
  (void)state;
  static const char *const texts[] = {"{", "{\"a\":1", "{\"a\":1,}", "{a:1}", "}", "x",
      "{\"a\":01}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":INF}",
      "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}", "{\"a\":1 \"b\":2}", "\xef\xbb\xbf{\"a\":1}",
      "[]", "[{\"a\":1}]", "null", "1", "\"x\"", "true", "/**/{\"a\":1}"};
  json_rig rig;
  json_rig_open(&rig, "a INT, _corrupt_record STRING", NULL);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    json_rig_one(&rig, texts[i]);
    assert_int_equal(rig.result.bad_rows, 1);
    assert_true(json_null(json_col(&rig, 0), 0));
    json_assert_text(json_col(&rig, 1), 0, texts[i]);
    assert_memory_equal(rig.result.reasons[0].text, "record: ", 8);
  }
  static const char *const blank[] = {"", " ", "\r\n\t "};
  assert_int_equal(json_rig_decode(&rig, blank, 3), FRL_OK);
  assert_int_equal(rig.result.empty_rows, 3);
  assert_int_equal(rig.result.bad_rows, 0);
  assert_true(json_null(json_col(&rig, 1), 0));
  json_rig_close(&rig);
}

static void nul_bytes_do_not_end_a_record(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a INT", NULL);
  assert_int_equal(json_rig_decode_bytes(&rig, "{\"a\":1\0}", 8), FRL_OK);
  assert_int_equal(rig.result.bad_rows, 1);
  assert_int_equal(json_rig_decode_bytes(&rig, "\0", 1), FRL_OK);
  assert_int_equal(rig.result.bad_rows, 1);
  assert_int_equal(json_rig_decode_bytes(&rig, "{\"a\":1}\0", 8), FRL_OK);
  assert_int_equal(rig.result.bad_rows, 0);
  json_rig_close(&rig);
}

static char *nested(size_t depth) {
  char *text = malloc(depth * 2 + 16);
  assert_non_null(text);
  (void)memcpy(text, "{\"a\":", 5);
  memset(text + 5, '[', depth);
  memset(text + 5 + depth, ']', depth);
  (void)memcpy(text + 5 + 2 * depth, "}", 2);
  return text;
}

static void depth_is_bounded(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a STRING", NULL);
  char *text = nested(FRL_JSON_MAX_DEPTH - 1);
  json_rig_one(&rig, text);
  assert_int_equal(rig.result.bad_rows, 0);
  free(text);
  text = nested(FRL_JSON_MAX_DEPTH);
  json_rig_one(&rig, text);
  assert_int_equal(rig.result.bad_rows, 1);
  free(text);
  text = nested(300000);
  json_rig_one(&rig, text);
  assert_int_equal(rig.result.bad_rows, 1);
  text[200000] = '\0'; /* and never closed */
  json_rig_one(&rig, text);
  assert_int_equal(rig.result.bad_rows, 1);
  free(text);
  json_rig_close(&rig);
}

static void every_prefix_of_a_record_is_bad(void **state) {
  (void)state;
  static const char text[] =
      "{\"a\":-12.5e3,\"s\":{\"x\":[1,2,{\"k\":\"\\u00e9\\ud83d\\ude00\xc3\xa9\"}]},"
      "\"t\":\"2020-01-01T00:00:00Z\",\"n\":null,\"b\":true}";
  json_rig rig;
  json_rig_open(&rig, "a DOUBLE, s STRING, t TIMESTAMP, b BOOLEAN", NULL);
  for (size_t n = 1; n < sizeof text - 1; n++) {
    assert_int_equal(json_rig_decode_bytes(&rig, text, n), FRL_OK);
    assert_int_equal(rig.result.bad_rows, 1);
    for (size_t i = 0; i < 4; i++) assert_true(json_null(json_col(&rig, i), 0));
  }
  json_rig_one(&rig, text);
  assert_int_equal(rig.result.bad_rows, 0);
  json_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(absent_and_null_fields_are_null),
      cmocka_unit_test(names_are_compared_exactly),
      cmocka_unit_test(fields_may_come_in_any_order),
      cmocka_unit_test(the_last_equal_name_that_fits_wins),
      cmocka_unit_test(parts_keep_what_fits),
      cmocka_unit_test(a_bad_element_spoils_its_array_or_map),
      cmocka_unit_test(what_spark_allows_beyond_the_standard),
      cmocka_unit_test(each_leniency_is_asked_for_by_itself),
      cmocka_unit_test(a_record_of_comments_is_empty),
      cmocka_unit_test(what_is_no_json_gives_nulls),
      cmocka_unit_test(nul_bytes_do_not_end_a_record),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(every_prefix_of_a_record_is_bad),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
