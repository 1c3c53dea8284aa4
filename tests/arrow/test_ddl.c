/** Spark DDL text to Arrow schemas and back. What is expected is Spark 4.1.1's doing.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <ferrule/schema.h>

#include "stingy_mem.h"

typedef struct type_case {
  const char *ddl;    /* as written by a user */
  const char *format; /* of the Arrow form */
  const char *out;    /* as Ferrule writes it; NULL: the same */
} type_case;

static const type_case types[] = {
    {"BOOLEAN", "b", NULL},
    {"TINYINT", "c", NULL},
    {"byte", "c", "TINYINT"},
    {"SMALLINT", "s", NULL},
    {"Short", "s", "SMALLINT"},
    {"INT", "i", NULL},
    {"INTEGER", "i", "INT"},
    {"BIGINT", "l", NULL},
    {"LONG", "l", "BIGINT"},
    {"FLOAT", "f", NULL},
    {"REAL", "f", "FLOAT"},
    {"DOUBLE", "g", NULL},
    {"DECIMAL", "d:10,0", "DECIMAL(10,0)"},
    {"DEC(7)", "d:7,0", "DECIMAL(7,0)"},
    {"NUMERIC ( 38 , 38 )", "d:38,38", "DECIMAL(38,38)"},
    {"STRING", "u", NULL},
    {"STRING COLLATE utf8_lcase", "u", "STRING COLLATE UTF8_LCASE"},
    {"STRING COLLATE `UNICODE_CI`", "u", "STRING COLLATE UNICODE_CI"},
    {"STRING COLLATE sr_Cyrl_SRB_AI", "u", NULL},
    {"STRING COLLATE UTF8_BINARY", "u", "STRING"},
    {"CHAR(5)", "u", NULL},
    {"CHARACTER(5)", "u", "CHAR(5)"},
    {"VARCHAR(2147483647)", "u", NULL},
    {"BINARY", "z", NULL},
    {"DATE", "tdD", NULL},
    {"TIMESTAMP", "tsu:UTC", NULL},
    {"TIMESTAMP_LTZ", "tsu:UTC", "TIMESTAMP"},
    {"TIMESTAMP_NTZ", "tsu:", NULL},
    {"TIMESTAMP WITHOUT TIME ZONE", "tsu:", "TIMESTAMP_NTZ"},
    {"TIME", "ttn", "TIME(6)"},
    {"TIME(0)", "ttn", NULL},
    {"TIME(3) WITHOUT TIME ZONE", "ttn", "TIME(3)"},
    {"INTERVAL", "tin", NULL},
    {"INTERVAL YEAR", "tiM", NULL},
    {"INTERVAL MONTH", "tiM", NULL},
    {"INTERVAL YEAR TO MONTH", "tiM", NULL},
    {"INTERVAL DAY", "tDu", NULL},
    {"INTERVAL DAY TO HOUR", "tDu", NULL},
    {"INTERVAL DAY TO MINUTE", "tDu", NULL},
    {"INTERVAL DAY TO SECOND", "tDu", NULL},
    {"INTERVAL HOUR", "tDu", NULL},
    {"INTERVAL HOUR TO MINUTE", "tDu", NULL},
    {"INTERVAL HOUR TO SECOND", "tDu", NULL},
    {"INTERVAL MINUTE", "tDu", NULL},
    {"INTERVAL MINUTE TO SECOND", "tDu", NULL},
    {"interval second", "tDu", "INTERVAL SECOND"},
    {"VOID", "n", NULL},
    {"VARIANT", "+s", NULL},
    {"GEOMETRY(4326)", "+s", NULL},
    {"GEOMETRY(any)", "+s", "GEOMETRY(ANY)"},
    {"GEOGRAPHY(4326)", "+s", NULL},
    {"ARRAY<INT>", "+l", NULL},
    {"ARRAY < ARRAY<ARRAY<INT>>>", "+l", "ARRAY<ARRAY<ARRAY<INT>>>"},
    {"MAP<STRING,INT>", "+m", "MAP<STRING, INT>"},
    {"MAP<STRING COLLATE UNICODE, MAP<INT, CHAR(3)>>", "+m", NULL},
    {"STRUCT<>", "+s", NULL},
    {"STRUCT<a INT, `b c`: STRING NOT NULL COMMENT 'x'>", "+s",
        "STRUCT<`a`: INT, `b c`: STRING NOT NULL COMMENT 'x'>"},
    {"ARRAY<STRUCT<a: VARIANT, b: ARRAY<TIME(2)>>>", "+l",
        "ARRAY<STRUCT<`a`: VARIANT, `b`: ARRAY<TIME(2)>>>"},
};

enum { N_TYPES = sizeof types / sizeof *types };

static void check_ddl(const struct ArrowSchema *schema, const char *want) {
  frl_error err = {0};
  char *text;
  assert_int_equal(frl_schema_to_ddl(&text, NULL, schema, NULL, &err), FRL_OK);
  assert_string_equal(text, want);
  frl_text_free(NULL, text);
}

static void every_type_goes_both_ways(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TYPES; i++) {
    const type_case *c = &types[i];
    char ddl[128];
    char want[128];
    (void)snprintf(ddl, sizeof ddl, "col %s NOT NULL", c->ddl);
    (void)snprintf(want, sizeof want, "`col` %s NOT NULL", c->out ? c->out : c->ddl);
    struct ArrowSchema schema;
    frl_error err = {0};
    if (frl_schema_from_ddl(&schema, NULL, ddl, SIZE_MAX, &err) != FRL_OK) {
      fail_msg("%s: %s", ddl, err.message);
    }
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, 1);
    assert_string_equal(schema.children[0]->name, "col");
    assert_string_equal(schema.children[0]->format, c->format);
    assert_int_equal(schema.children[0]->flags, 0);
    check_ddl(&schema, want);
    schema.release(&schema);
    assert_int_equal(frl_schema_from_ddl(&schema, NULL, want, SIZE_MAX, &err), FRL_OK);
    check_ddl(&schema, want);
    schema.release(&schema);
  }
}

static void every_type_goes_through_json(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TYPES; i++) {
    char ddl[128];
    (void)snprintf(ddl, sizeof ddl, "`a``b` %s COMMENT 'c'",
        types[i].out ? types[i].out : types[i].ddl);
    struct ArrowSchema first;
    struct ArrowSchema second;
    frl_error err = {0};
    char *json;
    assert_int_equal(frl_schema_from_ddl(&first, NULL, ddl, SIZE_MAX, &err), FRL_OK);
    assert_int_equal(frl_schema_to_json(&json, NULL, &first, &err), FRL_OK);
    if (frl_schema_from_json(&second, NULL, json, SIZE_MAX, &err) != FRL_OK) {
      fail_msg("%s: %s", json, err.message);
    }
    check_ddl(&second, ddl);
    frl_text_free(NULL, json);
    first.release(&first);
    second.release(&second);
  }
}

typedef struct text_case {
  const char *in;
  const char *out;
} text_case;

static void columns_are_read_as_spark_reads_them(void **state) {
  (void)state;
  static const text_case cases[] = {
      {"a INT", "`a` INT"},
      {"a: INT, b : STRING", "`a` INT, `b` STRING"},
      {"date DATE, array INT, interval INT, time TIME, string STRING",
          "`date` DATE, `array` INT, `interval` INT, `time` TIME(6), `string` STRING"},
      {"1a INT, _ INT, 1e INT", "`1a` INT, `_` INT, `1e` INT"},
      {"`` INT, ` ` INT, `a``b` INT, `\n` INT, `\xc3\xa4` INT",
          "`` INT, ` ` INT, `a``b` INT, `\n` INT, `\xc3\xa4` INT"},
      {"a int, a int", "`a` INT, `a` INT"},
      {"a int /* c */ NOT -- x\n NULL", "`a` INT NOT NULL"},
      {"struct<a: int>", "`a` INT"},
      {"INT", "INT"},
      {"interval day", "INTERVAL DAY"},
      {"", ""},
      {" \t\r\n", ""},
      {"a INT COMMENT 'it\\'s \\\\ ok'", "`a` INT COMMENT 'it\\'s \\\\ ok'"},
      {"a INT COMMENT 'it''s'", "`a` INT COMMENT 'it\\'s'"},
      {"a INT COMMENT \"d\"\"q's\"", "`a` INT COMMENT 'd\"q\\'s'"},
      {"a INT COMMENT 'a' \"b\"", "`a` INT COMMENT 'ab'"},
      {"a INT COMMENT r'raw\\n'", "`a` INT COMMENT 'raw\\\\n'"},
      {"a INT COMMENT 'tab\\tq\\041\\u0041\\x'", "`a` INT COMMENT 'tab\tq!Ax'"},
      {"a INT COMMENT 'pct\\%\\_\\Z'", "`a` INT COMMENT 'pct\\\\%\\\\_\x1a'"},
      {"a INT COMMENT '\\uD83D\\uDE00\\U0001F600\\uD83D'",
          "`a` INT COMMENT '\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xef\xbf\xbd'"},
      {"a INT COMMENT 'nul\\0z'", "`a` INT COMMENT 'nul\\u0000z'"},
      {"a INT COMMENT ''", "`a` INT COMMENT ''"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ArrowSchema schema;
    frl_error err = {0};
    if (frl_schema_from_ddl(&schema, NULL, cases[i].in, SIZE_MAX, &err) != FRL_OK) {
      fail_msg("%s: %s", cases[i].in, err.message);
    }
    check_ddl(&schema, cases[i].out);
    schema.release(&schema);
  }
}

static void faults_name_their_position(void **state) {
  (void)state;
  static const struct {
    const char *ddl;
    int byte;
  } cases[] = {
      {"a", 2},
      {"a INT,", 7},
      {"a FOO", 3},
      {"a INT b INT", 7},
      {"a INT COMMENT 'x' NOT NULL", 19},
      {"a INT NULL", 7},
      {"a INT DEFAULT 5", 7},
      {"a INT NOT", 10},
      {"a INT COMMENT", 14},
      {"a INT COMMENT 'x", 15},
      {"1 INT", 1},
      {"1L INT", 1},
      {"a-b INT", 2},
      {"\xc3\xa4 INT", 1},
      {"a ARRAY", 8},
      {"a ARRAY<INT", 12},
      {"a ARRAY<INT>>", 13},
      {"a ARRAY<INT NOT NULL>", 13},
      {"a MAP<INT>", 10},
      {"a STRUCT<b INT,>", 16},
      {"a DECIMAL(39,2)", 11},
      {"a DECIMAL(5,6)", 13},
      {"a DECIMAL(5,-1)", 13},
      {"a CHAR", 7},
      {"a VARCHAR(99999999999)", 11},
      {"a INT(5)", 6},
      {"a STRING COLLATE a.b", 19},
      {"a STRING COLLATE ''", 18},
      {"a TIME(10)", 8},
      {"a TIMESTAMP(6)", 12},
      {"a INTERVAL YEAR TO DAY", 20},
      {"a INTERVAL DAY TO DAY", 19},
      {"a INTERVAL SECOND TO MINUTE", 22},
      {"a GEOMETRY", 11},
      {"a GEOMETRY(x)", 12},
      {"a INT /* x", 7},
      {"`a INT", 1},
      {"a INT;", 6},
      {"a INT COMMENT 'x\xff'", 17},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ArrowSchema schema;
    frl_error err = {0};
    char want[32];
    (void)snprintf(want, sizeof want, "DDL, byte %d: ", cases[i].byte);
    const frl_status st =
        frl_schema_from_ddl(&schema, NULL, cases[i].ddl, SIZE_MAX, &err);
    if (st != FRL_E_MALFORMED || strncmp(err.message, want, strlen(want)) != 0) {
      fail_msg("%s: %s, %s", cases[i].ddl, frl_status_name(st), err.message);
    }
    assert_null(schema.release);
  }
}

static const char long_ddl[] =
    "id BIGINT NOT NULL COMMENT 'it\\'s', `a``b` STRUCT<x: DECIMAL(9,2), y: "
    "MAP<STRING COLLATE UNICODE, ARRAY<INTERVAL DAY TO HOUR>>>, v VARIANT, "
    "t TIMESTAMP WITHOUT TIME ZONE, g GEOMETRY(ANY), c CHAR(7) /* end */";

static void every_prefix_is_read_or_refused(void **state) {
  (void)state;
  int read = 0;
  for (size_t n = 0; n < sizeof long_ddl; n++) {
    char *exact = malloc(n ? n : 1); /* ASan sees one byte too far */
    assert_non_null(exact);
    memcpy(exact, long_ddl, n);
    struct ArrowSchema schema;
    const frl_status st = frl_schema_from_ddl(&schema, NULL, exact, n, NULL);
    assert_true(st == FRL_OK || st == FRL_E_MALFORMED);
    assert_int_equal(st == FRL_OK, schema.release != NULL);
    if (st == FRL_OK) read++;
    frl_schema_release(&schema);
    free(exact);
  }
  assert_true(read >= 6);
}

static void depth_is_bounded(void **state) {
  (void)state;
  char ddl[1024];
  for (int depth = FRL_SCHEMA_MAX_DEPTH - 1; depth <= FRL_SCHEMA_MAX_DEPTH; depth++) {
    size_t n = (size_t)snprintf(ddl, sizeof ddl, "a ");
    for (int i = 0; i < depth; i++) n += (size_t)snprintf(ddl + n, 8, "ARRAY<");
    n += (size_t)snprintf(ddl + n, 8, "INT");
    for (int i = 0; i < depth; i++) ddl[n++] = '>';
    struct ArrowSchema schema;
    const frl_status want = depth < FRL_SCHEMA_MAX_DEPTH ? FRL_OK : FRL_E_LIMIT;
    frl_error err = {0};
    assert_int_equal(frl_schema_from_ddl(&schema, NULL, ddl, n, &err), want);
    if (want != FRL_OK) continue;
    char *text;
    assert_int_equal(frl_schema_to_ddl(&text, NULL, &schema, NULL, &err), FRL_OK);
    frl_text_free(NULL, text);
    assert_int_equal(frl_schema_to_json(&text, NULL, &schema, &err), FRL_OK);
    schema.release(&schema);
    assert_int_equal(frl_schema_from_json(&schema, NULL, text, SIZE_MAX, &err), FRL_OK);
    frl_text_free(NULL, text);
    schema.release(&schema);
  }
}

static bool round_trip_with(long grants) {
  stingy s = {.grants = grants};
  const frl_mem mem = stingy_mem(&s);
  struct ArrowSchema schema;
  struct ArrowSchema again = {0};
  struct ArrowSchema copy = {0};
  char *ddl = NULL;
  char *json = NULL;
  frl_error err = {0};
  frl_status st = frl_schema_from_ddl(&schema, &mem, long_ddl, SIZE_MAX, &err);
  if (st == FRL_OK) st = frl_schema_to_ddl(&ddl, &mem, &schema, NULL, &err);
  if (st == FRL_OK) st = frl_schema_to_json(&json, &mem, &schema, &err);
  if (st == FRL_OK) st = frl_schema_from_json(&again, &mem, json, SIZE_MAX, &err);
  if (st == FRL_OK) st = frl_schema_copy(&copy, &mem, &again, &err);
  if (st == FRL_OK) check_ddl(&copy, ddl);
  assert_true(st == FRL_OK || st == FRL_E_NOMEM);
  if (st != FRL_OK) assert_non_null(strstr(err.message, "memory"));
  frl_schema_release(&schema);
  frl_schema_release(&again);
  frl_schema_release(&copy);
  frl_text_free(&mem, ddl);
  frl_text_free(&mem, json);
  assert_int_equal(s.live, 0);
  return st == FRL_OK;
}

static void every_failing_allocation_is_survived(void **state) {
  (void)state;
  long n = 0;
  while (!round_trip_with(n)) n++;
  assert_true(n > 100);
}

static void schema_keep(struct ArrowSchema *schema) { schema->release = NULL; }

static void foreign_types_are_widened_or_refused(void **state) {
  (void)state;
  static const struct {
    const char *format;
    const char *ddl; /* NULL: refused */
  } cases[] = {{"C", "SMALLINT"}, {"S", "INT"}, {"I", "BIGINT"}, {"L", "DECIMAL(20,0)"},
      {"e", "FLOAT"}, {"U", "STRING"}, {"Z", "BINARY"}, {"vu", "STRING"},
      {"vz", "BINARY"}, {"w:16", "BINARY"}, {"d:9,2,32", "DECIMAL(9,2)"},
      {"d:38,10,256", "DECIMAL(38,10)"}, {"tsn:Europe/Berlin", "TIMESTAMP"},
      {"tsm:", "TIMESTAMP_NTZ"}, {"tts", "TIME(0)"}, {"ttm", "TIME(3)"},
      {"ttu", "TIME(6)"}, {"tDn", "INTERVAL DAY TO SECOND"}, {"d:39,2,256", NULL},
      {"d:9,-2", NULL}, {"tdm", NULL}, {"tiD", NULL}, {"+ud:", NULL}, {"+us:0", NULL},
      {"", NULL}, {"q", NULL}, {"uu", NULL}, {"w:", NULL}, {"tsx:", NULL},
      {"d:1", NULL}, {"+l", NULL}, {"+m", NULL}, {"+q", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ArrowSchema field = {.format = cases[i].format,
        .name = "f",
        .flags = ARROW_FLAG_NULLABLE,
        .release = schema_keep};
    struct ArrowSchema *children[] = {&field};
    const struct ArrowSchema root = {
        .format = "+s", .n_children = 1, .children = children, .release = schema_keep};
    char *text;
    frl_error err = {0};
    const frl_status st = frl_schema_to_ddl(&text, NULL, &root, NULL, &err);
    if (!cases[i].ddl) {
      assert_true(st == FRL_E_UNSUPPORTED || st == FRL_E_INVALID);
      assert_non_null(strstr(err.message, "field \"f\""));
      continue;
    }
    assert_int_equal(st, FRL_OK);
    assert_string_equal(text + strlen("`f` "), cases[i].ddl);
    frl_text_free(NULL, text);
  }
}

static void metadata_that_contradicts_is_refused(void **state) {
  (void)state;
  struct ArrowSchema schema;
  frl_error err = {0};
  assert_int_equal(
      frl_schema_from_ddl(&schema, NULL, "a CHAR(3)", SIZE_MAX, &err), FRL_OK);
  const char *format = schema.children[0]->format;
  schema.children[0]->format = "i";
  char *text;
  assert_int_equal(frl_schema_to_ddl(&text, NULL, &schema, NULL, &err), FRL_E_INVALID);
  assert_non_null(strstr(err.message, "\"a\""));
  schema.children[0]->format = format;
  schema.release(&schema);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_goes_both_ways),
      cmocka_unit_test(every_type_goes_through_json),
      cmocka_unit_test(columns_are_read_as_spark_reads_them),
      cmocka_unit_test(faults_name_their_position),
      cmocka_unit_test(every_prefix_is_read_or_refused),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(every_failing_allocation_is_survived),
      cmocka_unit_test(foreign_types_are_widened_or_refused),
      cmocka_unit_test(metadata_that_contradicts_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
