#include <math.h>
#include <stdio.h>
#include <string.h>

#include "codec/decimal.h"
#include "json_rig.h"
#include "support/cmocka_c.h"

/* A value of field a, and the text that stands for what Spark 4.1 makes of it. */
typedef struct sample {
  const char *value;
  const char *want; /* NULL: does not fit */
} sample;

static void show(char *out, size_t size, const char *type, const struct ArrowArray *c) {
  const void *const v = c->buffers[1];
  if (json_null(c, 0)) {
    (void)snprintf(out, size, "null");
  } else if (strcmp(type, "TINYINT") == 0) {
    (void)snprintf(out, size, "%d", (int)*(const int8_t *)v);
  } else if (strcmp(type, "SMALLINT") == 0) {
    (void)snprintf(out, size, "%d", (int)*(const int16_t *)v);
  } else if (strcmp(type, "FLOAT") == 0) {
    (void)snprintf(out, size, "%.9g", (double)*(const float *)v);
  } else if (strcmp(type, "DOUBLE") == 0) {
    (void)snprintf(out, size, "%.17g", *(const double *)v);
  } else if (strncmp(type, "DECIMAL", 7) == 0) {
    frl_i128 value;
    memcpy(&value, v, sizeof value);
    const char *const sign = value < 0 ? "-" : "";
    if (value < 0) value = -value;
    const frl_i128 half = 10000000000000000;
    (void)snprintf(out, size, "%s%lld:%016lld", sign, (long long)(value / half),
        (long long)(value % half));
  } else if (strcmp(type, "INT") == 0 || strcmp(type, "DATE") == 0 ||
             strstr(type, "YEAR")) {
    (void)snprintf(out, size, "%d", (int)json_i32(c, 0));
  } else {
    (void)snprintf(out, size, "%lld", (long long)json_i64(c, 0));
  }
}

static void check(const char *type, const sample *samples, size_t n) {
  char ddl[100];
  (void)snprintf(ddl, sizeof ddl, "a %s, b INT", type);
  json_rig rig;
  json_rig_open(&rig, ddl, NULL);
  for (size_t i = 0; i < n; i++) {
    char record[200];
    char got[100];
    (void)snprintf(record, sizeof record, "{\"a\":%s,\"b\":7}", samples[i].value);
    json_rig_one(&rig, record);
    show(got, sizeof got, type, json_col(&rig, 0));
    const char *const want = samples[i].want ? samples[i].want : "null";
    if (strcmp(got, want) != 0) fail_msg("%s: %s gives %s", type, record, got);
    assert_int_equal(rig.result.bad_rows, samples[i].want == NULL);
    assert_int_equal(json_i32(json_col(&rig, 1), 0), 7); /* the good field stays */
  }
  json_rig_close(&rig);
}

#define CHECK(type, samples) check(type, samples, sizeof samples / sizeof *samples)

static void integers_fit_or_do_not(void **state) {
  (void)state;
  static const sample tiny[] = {{"0", "0"}, {"-0", "0"}, {"127", "127"},
      {"-128", "-128"}, {"128", "-128"}, {"255", "-1"}, {"256", NULL}, {"-129", NULL},
      {"null", "null"}};
  static const sample small[] = {
      {"32767", "32767"}, {"32768", NULL}, {"-32768", "-32768"}, {"-32769", NULL}};
  static const sample ints[] = {{"2147483647", "2147483647"}, {"2147483648", NULL},
      {"-2147483648", "-2147483648"}, {"-2147483649", NULL}, {"1.0", NULL},
      {"1e2", NULL}, {"\"1\"", NULL}, {"\"\"", NULL}, {"true", NULL}, {"[1]", NULL},
      {"{}", NULL}, {"NaN", NULL}};
  static const sample bigs[] = {{"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", NULL}, {"-9223372036854775808", "-9223372036854775808"},
      {"-9223372036854775809", NULL}, {"99999999999999999999", NULL},
      {"18446744073709551616", NULL}, {"9999999999999999999", NULL}};
  CHECK("TINYINT", tiny);
  CHECK("SMALLINT", small);
  CHECK("INT", ints);
  CHECK("BIGINT", bigs);
}

static void floating_numbers_and_their_names(void **state) {
  (void)state;
  static const sample doubles[] = {{"0.1", "0.10000000000000001"}, {"-0", "0"},
      {"-0.0", "-0"}, {"1", "1"}, {"1e400", "inf"}, {"-1e400", "-inf"},
      {"4.9e-324", "4.9406564584124654e-324"}, {"\"NaN\"", "nan"},
      {"\"Infinity\"", "inf"}, {"\"-Infinity\"", "-inf"}, {"\"+INF\"", "inf"},
      {"\"-INF\"", "-inf"}, {"\"INF\"", NULL}, {"\"1.5\"", NULL}, {"\"\"", NULL},
      {"NaN", "nan"}, {"-Infinity", "-inf"}, {"+INF", "inf"}, {"true", NULL}};
  /* the third lies just below the middle of two floats, where a double is that middle
   */
  static const sample floats[] = {{"3.4028235e38", "3.40282347e+38"},
      {"3.4028236e38", "inf"}, {"1.00000017881393432617187499", "1.00000012"},
      {"1.00000017881393432617187501", "1.00000024"}, {"16777217", "16777216"},
      {"\"NaN\"", "nan"}, {"1e-46", "0"}};
  CHECK("DOUBLE", doubles);
  CHECK("FLOAT", floats);
}

static void decimals_are_rounded_and_bounded(void **state) {
  (void)state;
  static const sample money[] = {{"1", "0:0000000000000100"},
      {"1.005", "0:0000000000000101"}, {"-1.005", "-0:0000000000000101"},
      {"1.0049999999999999999999999", "0:0000000000000100"},
      {"99999999.994", "0:0000009999999999"}, {"99999999.995", NULL},
      {"100000000", NULL}, {"1e7", "0:0000001000000000"}, {"1e8", NULL},
      {"1e-99999999", "0:0000000000000000"}, {"0e99999999", "0:0000000000000000"},
      {"1e99999999", NULL}, {"\"1,234.5\"", "0:0000000000123450"},
      {"\"+7\"", "0:0000000000000700"}, {"\".5\"", "0:0000000000000050"},
      {"\"5.\"", "0:0000000000000500"}, {"\" 1\"", NULL}, {"\"abc\"", NULL},
      {"\"\"", NULL}, {"\"1e\"", NULL}, {"\"1..2\"", NULL}, {"true", NULL},
      {"NaN", NULL}};
  static const sample widest[] = {{"99999999999999999999", "9999:9999999999999999"},
      {"1.5", "0:0000000000000002"}, {"0.5", "0:0000000000000001"},
      {"0.4", "0:0000000000000000"}, {"123456789012345678901234567890123456789", NULL},
      {"99999999999999999999999999999999999999.5", NULL}};
  CHECK("DECIMAL(10,2)", money);
  CHECK("DECIMAL(38,0)", widest);
}

static void dates_and_times(void **state) {
  (void)state;
  static const sample dates[] = {{"\"2020-02-29\"", "18321"}, {"\"2019-02-29\"", NULL},
      {"\"1970-1-1\"", "0"}, {"\"2020\"", "18262"}, {"\"2020-01-01T99\"", "18262"},
      {"\"-0001-01-01\"", "-719893"}, {"\"123\"", "123"}, {"\"\"", NULL},
      {"18262", NULL}, {"\"2020-01-01x\"", NULL}, {"\"5881580-07-11\"", "2147483647"},
      {"\"5881580-07-12\"", NULL}};
  static const sample stamps[] = {{"\"1970-01-01T00:00:00Z\"", "0"},
      {"\"1970-01-01T00:00:00.1234567Z\"", "123456"},
      {"\"1970-01-01 01:00:00+01:00\"", "0"},
      {"\"1970-01-01 00:00:00 EST\"", "18000000000"}, {"\"1970-01-01\"", "0"},
      {"\" 1970-01-01 \"", "0"}, {"1", "1000000"}, {"-1", "-1000000"}, {"1.5", NULL},
      {"\"x\"", NULL}, {"\"1970-01-01T24:00:00\"", NULL},
      {"\"1970-01-01T00:00:00 Nowhere/At_All\"", NULL},
      {"\"1970-01-01T00:00:00 ../x\"", NULL},
      {"\"294247-01-10T04:00:54.775807Z\"", "9223372036854775807"},
      {"\"294247-01-10T04:00:54.775808Z\"", NULL},
      {"\"-290308-12-21T19:59:05.224192Z\"", "-9223372036854775808"},
      {"9223372036855", "-9223372036854551616"}};
  static const sample plain[] = {{"\"1970-01-01T00:00:01\"", "1000000"},
      {"\"1970-01-01T00:00:01Z\"", NULL}, {"\"00:00:01\"", NULL}, {"1", NULL}};
  static const sample times[] = {{"\"01:02:03.5\"", "3723500000000"},
      {"\"T1:2\"", "3720000000000"}, {"\"2020-01-01T01:02:03\"", NULL},
      {"\"01:02:03Z\"", NULL}, {"\"24:00:00\"", NULL}};
  CHECK("DATE", dates);
  CHECK("TIMESTAMP", stamps);
  CHECK("TIMESTAMP_NTZ", plain);
  CHECK("TIME(6)", times);
}

static void intervals(void **state) {
  (void)state;
  static const sample days[] = {{"\"1 02:03:04.5\"", "93784500000"},
      {"\"-1 02:03:04\"", "-93784000000"},
      {"\"INTERVAL '1 02:03:04' DAY TO SECOND\"", "93784000000"},
      {"\"interval -'1 02:03:04' day to second\"", "-93784000000"},
      {"\"1 24:00:00\"", NULL}, {"\"1\"", NULL}, {"1", NULL},
      {"\"-106751991 04:00:54.775808\"", "-9223372036854775808"},
      {"\"106751991 04:00:54.775808\"", NULL}};
  static const sample years[] = {{"\"1-2\"", "14"}, {"\"-1-2\"", "-14"},
      {"\"INTERVAL '1-2' YEAR TO MONTH\"", "14"}, {"\"1-12\"", NULL},
      {"\"178956970-7\"", "2147483647"}, {"\"178956970-8\"", NULL}, {"\"1\"", NULL}};
  CHECK("INTERVAL DAY TO SECOND", days);
  CHECK("INTERVAL YEAR TO MONTH", years);
}

static void strings_take_any_value(void **state) {
  (void)state;
  static const sample strings[] = {{"\"x\"", "x"}, {"\"\"", ""}, {"12", "12"},
      {"1.10", "1.10"}, {"true", "true"}, {"false", "false"},
      {"{ \"q\" : [ 1, 2.50 ,\"\\u00e9\\n\" ] }", "{\"q\":[1,2.50,\"\xc3\xa9\\n\"]}"},
      {"[ ]", "[]"}, {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"}};
  json_rig rig;
  json_rig_open(&rig, "a STRING", NULL);
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
    char record[200];
    (void)snprintf(record, sizeof record, "{\"a\":%s}", strings[i].value);
    json_rig_one(&rig, record);
    json_assert_text(json_col(&rig, 0), 0, strings[i].want);
    assert_int_equal(rig.result.bad_rows, 0);
  }
  json_rig_one(&rig, "{\"a\":\"x\\u0000y\"}");
  json_assert_bytes(json_col(&rig, 0), 0, "x\0y", 3);
  json_rig_close(&rig);
}

static void booleans_and_binary(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a BOOLEAN, b BINARY", NULL);
  json_rig_one(&rig, "{\"a\":true,\"b\":\"aGVsbG8=\"}");
  assert_true(json_bit(json_col(&rig, 0), 0));
  json_assert_text(json_col(&rig, 1), 0, "hello");
  json_rig_one(&rig, "{\"a\":false,\"b\":\"\"}");
  assert_false(json_bit(json_col(&rig, 0), 0));
  json_assert_text(json_col(&rig, 1), 0, "");
  static const char *const bad[] = {"{\"a\":1}", "{\"a\":\"true\"}", "{\"b\":1}",
      "{\"b\":\"aGVsbG8\"}", "{\"b\":\"a\"}", "{\"b\":\"-_-_\"}", "{\"b\":\"aa=a\"}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    json_rig_one(&rig, bad[i]);
    assert_int_equal(rig.result.bad_rows, 1);
    assert_true(json_null(json_col(&rig, 0), 0) && json_null(json_col(&rig, 1), 0));
  }
  json_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_fit_or_do_not),
      cmocka_unit_test(floating_numbers_and_their_names),
      cmocka_unit_test(decimals_are_rounded_and_bounded),
      cmocka_unit_test(dates_and_times),
      cmocka_unit_test(intervals),
      cmocka_unit_test(strings_take_any_value),
      cmocka_unit_test(booleans_and_binary),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
