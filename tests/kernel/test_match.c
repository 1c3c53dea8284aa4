/** How schemas differ from what is needed, and what is said of it. */
#include <ferrule/kernel_host.h>
#include <ferrule/schema.h>
#include <string.h>

#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static void schema_of(struct ArrowSchema *out, const char *ddl) {
  frl_error err = {0};
  if (frl_schema_from_ddl(out, NULL, ddl, SIZE_MAX, &err) != FRL_OK) {
    fail_msg("%s", err.message);
  }
}

static void check(const char *wanted_ddl, const char *given_ddl,
    const frl_schema_match *rules, const char *said) {
  struct ArrowSchema wanted;
  struct ArrowSchema given;
  frl_error err = {0};
  schema_of(&wanted, wanted_ddl);
  schema_of(&given, given_ddl);
  const frl_status st =
      frl_schema_match_check(NULL, NULL, &wanted, &given, rules, &err);
  assert_string_equal(err.message, said ? said : "");
  assert_int_equal(st, said ? FRL_E_INVALID : FRL_OK);
  frl_schema_release(&wanted);
  frl_schema_release(&given);
}

static void what_a_kernel_cannot_tell_apart_matches(void **state) {
  (void)state;
  check("a INT, b STRING", "a INT COMMENT 'x', b STRING NOT NULL", NULL, NULL);
  check("a STRING", "a STRING COLLATE UNICODE_CI", NULL, NULL);
  check("a STRING COLLATE UNICODE_CI", "a STRING", NULL, NULL);
  check("a STRING, b STRING", "a CHAR(3), b VARCHAR(9)", NULL, NULL);
  check("a TIME(3)", "a TIME(6)", NULL, NULL);
  check("a INTERVAL DAY", "a INTERVAL DAY TO SECOND", NULL, NULL);
  check("a GEOMETRY(ANY)", "a GEOMETRY(4326)", NULL, NULL);
  check("a ARRAY<STRUCT<x: MAP<STRING, INT>>>", "a ARRAY<STRUCT<x: MAP<STRING, INT>>>",
      NULL, NULL);
}

static void every_kind_of_difference_is_named(void **state) {
  (void)state;
  check("a INT", "a BIGINT", NULL, "column 1, `a`: is BIGINT, INT is needed");
  check("a INT, b INT", "b INT, a INT", NULL,
      "column 1, `b`: stands where `a` is needed");
  check("a INT", "A INT", NULL, "column 1, `A`: stands where `a` is needed");
  check("a INT, b INT", "a INT", NULL, "column 2, `b`: is missing");
  check("a INT", "a INT, b INT", NULL, "column 2, `b`: is one more than is needed");
  check("a INT NOT NULL", "a INT", NULL,
      "column 1, `a`: may be null, NOT NULL is needed");
  check("a DECIMAL(10,2)", "a DECIMAL(10,3)", NULL,
      "column 1, `a`: is DECIMAL(10,3), DECIMAL(10,2) is needed");
  check("a TIMESTAMP", "a TIMESTAMP_NTZ", NULL,
      "column 1, `a`: is TIMESTAMP_NTZ, TIMESTAMP is needed");
  check("a VARIANT", "a STRUCT<value: BINARY NOT NULL, metadata: BINARY NOT NULL>",
      NULL,
      "column 1, `a`: is STRUCT<`value`: BINARY NOT NULL, `metadata`: BINARY NOT "
      "NULL>, VARIANT is needed");
  check("a GEOMETRY(4326)", "a GEOMETRY(3857)", NULL,
      "column 1, `a`: is GEOMETRY(3857), GEOMETRY(4326) is needed");
  check("a STRUCT<x: INT, y: MAP<INT, ARRAY<STRING>>>",
      "a STRUCT<x: INT, y: MAP<INT, ARRAY<BINARY>>>", NULL,
      "column 1, `a.y.value.element`: is BINARY, STRING is needed");
  check("a STRUCT<x: INT>", "a STRUCT<x: INT, y: INT>", NULL,
      "column 1, `a`: is STRUCT<`x`: INT, `y`: INT>, STRUCT<`x`: INT> is needed");
}

static void rules_can_be_loosened(void **state) {
  (void)state;
  const frl_schema_match names = {.struct_size = sizeof names, .types_only = 1};
  const frl_schema_match nulls = {.struct_size = sizeof nulls, .ignore_nullable = 1};
  const frl_schema_match cases = {.struct_size = sizeof cases, .ignore_case = 1};
  check("a INT, b STRUCT<x: INT>", "c INT, d STRUCT<y: INT>", &names, NULL);
  check("a INT NOT NULL, b STRUCT<x: INT NOT NULL>", "a INT, b STRUCT<x: INT>", &nulls,
      NULL);
  check("a INT, `\xc3\xbc` INT", "A INT, `\xc3\xbc` INT", &cases, NULL);
  check("a INT", "b INT", &cases, "column 1, `b`: stands where `a` is needed");
}

static void check_form(const char *format, const frl_schema_match *rules, bool good) {
  struct ArrowSchema wanted;
  struct ArrowSchema given;
  schema_of(&wanted, "a STRING");
  schema_of(&given, "a STRING");
  const char *own = given.children[0]->format;
  given.children[0]->format = format;
  assert_int_equal(frl_schema_match_check(NULL, NULL, &wanted, &given, rules, NULL),
      good ? FRL_OK : FRL_E_INVALID);
  given.children[0]->format = own;
  frl_schema_release(&wanted);
  frl_schema_release(&given);
}

static void check_form_told(const char *ddl, const char *format, const char *said) {
  struct ArrowSchema wanted;
  struct ArrowSchema given;
  frl_error err = {0};
  schema_of(&wanted, ddl);
  schema_of(&given, ddl);
  const char *own = given.children[0]->format;
  given.children[0]->format = format;
  assert_true(
      frl_schema_match_check(NULL, NULL, &wanted, &given, NULL, &err) != FRL_OK);
  assert_string_equal(err.message, said);
  given.children[0]->format = own;
  frl_schema_release(&wanted);
  frl_schema_release(&given);
}

static void arrow_types_are_called_by_their_names(void **state) {
  (void)state;
  check_form_told(
      "a STRING", "U", "column 1, `a`: is Arrow's large_string, string is needed");
  check_form_told("a BIGINT", "I", "column 1, `a`: is Arrow's uint32, int64 is needed");
  check_form_told("a BINARY", "w:12",
      "column 1, `a`: is Arrow's fixed_size_binary[12], binary is needed");
  check_form_told("a TIMESTAMP", "tsn:Europe/Oslo",
      "column 1, `a`: is Arrow's timestamp[ns, Europe/Oslo], timestamp[us, UTC] is "
      "needed");
  check_form_told("a DATE", "\xff\n", "column 1, `a`: no valid Arrow type: \"??\"");
}

static void another_arrow_form_of_a_type_differs_unless_asked(void **state) {
  (void)state;
  const frl_schema_match any = {.struct_size = sizeof any, .any_string_offset = 1};
  check_form("u", NULL, true);
  check_form("U", NULL, false);
  check_form("vu", NULL, false);
  check_form("U", &any, true);
  check_form("vu", &any, true);
  check_form("z", &any, false);
}

static void the_zone_of_a_timestamp_does_not_matter(void **state) {
  (void)state;
  struct ArrowSchema wanted;
  struct ArrowSchema given;
  schema_of(&wanted, "a TIMESTAMP");
  schema_of(&given, "a TIMESTAMP");
  const char *own = given.children[0]->format;
  given.children[0]->format = "tsu:America/New_York";
  assert_int_equal(
      frl_schema_match_check(NULL, NULL, &wanted, &given, NULL, NULL), FRL_OK);
  given.children[0]->format = "tsn:UTC";
  assert_int_equal(
      frl_schema_match_check(NULL, NULL, &wanted, &given, NULL, NULL), FRL_E_INVALID);
  given.children[0]->format = own;
  frl_schema_release(&wanted);
  frl_schema_release(&given);
}

static void the_report_lists_all_and_shows_both(void **state) {
  (void)state;
  struct ArrowSchema wanted;
  struct ArrowSchema given;
  char *report;
  schema_of(&wanted, "a INT, b STRING NOT NULL, c DATE");
  schema_of(&given, "b STRING, a BIGINT");
  assert_int_equal(frl_schema_match_check(&report, NULL, &wanted, &given, NULL, NULL),
      FRL_E_INVALID);
  assert_string_equal(report,
      "the schema differs from the one needed:\n"
      "  column 1, `b`: stands where `a` is needed\n"
      "  column 1, `b`: is STRING, INT is needed\n"
      "  column 2, `a`: stands where `b` is needed\n"
      "  column 2, `a`: may be null, NOT NULL is needed\n"
      "  column 2, `a`: is BIGINT, STRING is needed\n"
      "  column 3, `c`: is missing\n"
      "  needed: `a` INT, `b` STRING NOT NULL, `c` DATE\n"
      "  given:  `b` STRING, `a` BIGINT");
  frl_text_free(NULL, report);
  frl_schema_release(&wanted);
  frl_schema_release(&given);
}

static void what_spark_has_no_type_for_is_unsupported(void **state) {
  (void)state;
  struct ArrowSchema wanted;
  struct ArrowSchema given;
  frl_error err = {0};
  schema_of(&wanted, "a DATE");
  schema_of(&given, "a DATE");
  const char *own = given.children[0]->format;
  given.children[0]->format = "tdm";
  assert_int_equal(frl_schema_match_check(NULL, NULL, &wanted, &given, NULL, &err),
      FRL_E_UNSUPPORTED);
  assert_string_equal(
      err.message, "column 1, `a`: Spark has no type for Arrow's date64");
  given.children[0]->format = own;
  assert_int_equal(
      frl_schema_match_check(NULL, NULL, &wanted, NULL, NULL, &err), FRL_E_UNSUPPORTED);
  frl_schema_release(&wanted);
  frl_schema_release(&given);
}

static void every_refused_allocation_is_survived(void **state) {
  (void)state;
  struct ArrowSchema wanted;
  struct ArrowSchema given;
  schema_of(&wanted, "a INT, b STRUCT<x: ARRAY<INT>>, c DATE");
  schema_of(&given, "a BIGINT, b STRUCT<x: ARRAY<STRING>>");
  for (size_t n = 0;; n++) {
    failing_mem f;
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    char *report;
    const frl_status st =
        frl_schema_match_check(&report, &mem, &wanted, &given, NULL, NULL);
    frl_text_free(&mem, report);
    assert_int_equal(f.live, 0);
    if (f.refused == 0) {
      assert_int_equal(st, FRL_E_INVALID);
      break;
    }
    assert_int_equal(st, FRL_E_NOMEM);
  }
  frl_schema_release(&wanted);
  frl_schema_release(&given);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_kernel_cannot_tell_apart_matches),
      cmocka_unit_test(every_kind_of_difference_is_named),
      cmocka_unit_test(rules_can_be_loosened),
      cmocka_unit_test(arrow_types_are_called_by_their_names),
      cmocka_unit_test(another_arrow_form_of_a_type_differs_unless_asked),
      cmocka_unit_test(the_zone_of_a_timestamp_does_not_matter),
      cmocka_unit_test(the_report_lists_all_and_shows_both),
      cmocka_unit_test(what_spark_has_no_type_for_is_unsupported),
      cmocka_unit_test(every_refused_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
