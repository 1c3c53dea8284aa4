#include <ferrule/schema.h>
#include <string.h>

#include "base/sync.h"
#include "json_rig.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static const char *const mixed[] = {
    "{\"a\":1,\"b\":\"x\"}", "{\"a\":\"no\",\"b\":\"y\"}", "not json", "{\"a\":2}"};
enum { N_MIXED = 4 };

static void permissive_keeps_the_record_and_the_reason(void **state) {
  (void)state;
  const frl_json_options options = {
      .struct_size = sizeof options, .corrupt_column = "raw", .reason_column = "why"};
  json_rig rig;
  json_rig_open(&rig, "raw STRING, a INT, why STRING, b STRING", &options);
  assert_int_equal(json_rig_decode(&rig, mixed, N_MIXED), FRL_OK);
  assert_int_equal(rig.result.rows_out, 4);
  assert_int_equal(rig.result.bad_rows, 2);
  assert_int_equal(rig.result.dropped_rows, 0);
  assert_null(rig.result.kept_rows);
  assert_true(json_null(json_col(&rig, 0), 0));
  assert_true(json_null(json_col(&rig, 2), 0));
  json_assert_text(json_col(&rig, 0), 1, mixed[1]);
  json_assert_text(json_col(&rig, 2), 1, "a: expected INT, got string \"no\"");
  json_assert_text(json_col(&rig, 3), 1, "y"); /* the good field stays */
  json_assert_text(json_col(&rig, 0), 2, mixed[2]);
  assert_true(json_null(json_col(&rig, 3), 2));
  assert_int_equal(rig.result.n_reasons, 2);
  assert_int_equal(rig.result.reasons[0].row, 1);
  assert_int_equal(rig.result.reasons[1].row, 2);
  assert_memory_equal(rig.result.reasons[1].text, "record: not JSON: ", 18);
  json_rig_close(&rig);
}

static void the_corrupt_column_is_no_field(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a INT, _corrupt_record STRING", NULL);
  json_rig_one(&rig, "{\"a\":1,\"_corrupt_record\":\"mine\"}");
  assert_true(json_null(json_col(&rig, 1), 0));
  assert_int_equal(json_rig_decode_bytes(&rig, "{\"a\":\"x\"}\xff", 10), FRL_OK);
  json_assert_text(json_col(&rig, 1), 0, "{\"a\":\"x\"}\xef\xbf\xbd");
  json_rig_close(&rig);
}

static void failfast_names_row_and_reason(void **state) {
  (void)state;
  const frl_json_options options = {
      .struct_size = sizeof options, .mode = FRL_JSON_FAILFAST};
  json_rig rig;
  json_rig_open(&rig, "a INT, b STRING", &options);
  assert_int_equal(json_rig_decode(&rig, mixed, N_MIXED), FRL_E_MALFORMED);
  assert_null(rig.rows.release);
  assert_string_equal(
      rig.error.message, "JSON: row 1: a: expected INT, got string \"no\"");
  assert_int_equal(rig.result.n_reasons, 1);
  assert_int_equal(rig.result.reasons[0].row, 1);
  /* nothing is left of the failed batch */
  json_rig_one(&rig, mixed[3]);
  assert_int_equal(json_i32(json_col(&rig, 0), 0), 2);
  json_rig_close(&rig);
}

static void dropmalformed_says_which_rows_stay(void **state) {
  (void)state;
  const frl_json_options options = {
      .struct_size = sizeof options, .mode = FRL_JSON_DROPMALFORMED};
  json_rig rig;
  json_rig_open(&rig, "a INT, b STRING", &options);
  assert_int_equal(json_rig_decode(&rig, mixed, N_MIXED), FRL_OK);
  assert_int_equal(rig.result.rows_out, 2);
  assert_int_equal(rig.result.dropped_rows, 2);
  assert_int_equal(rig.result.bad_rows, 2);
  assert_int_equal(rig.result.kept_rows[0], 0);
  assert_int_equal(rig.result.kept_rows[1], 3);
  assert_int_equal(json_i32(json_col(&rig, 0), 1), 2);
  json_assert_text(json_col(&rig, 1), 0, "x");
  assert_true(json_null(json_col(&rig, 1), 1));
  assert_int_equal(json_rig_decode(&rig, mixed + 1, 2), FRL_OK);
  assert_int_equal(rig.rows.length, 0); /* all of them */
  assert_int_equal(rig.result.dropped_rows, 2);
  assert_non_null(rig.result.kept_rows);
  assert_int_equal(json_rig_decode(&rig, mixed, 1), FRL_OK);
  assert_null(rig.result.kept_rows);
  json_rig_close(&rig);
}

static void reasons_are_bounded_in_number_and_size(void **state) {
  (void)state;
  char big[2000];
  (void)memcpy(big, "{\"a\":\"", 6);
  for (size_t i = 6; i < sizeof big - 4; i += 3) memcpy(big + i, "\xe2\x82\xac", 3);
  (void)memcpy(big + sizeof big - 3 - (sizeof big - 3 - 6) % 3, "\"}", 3);
  const char *texts[20];
  for (size_t i = 0; i < 20; i++) texts[i] = big;
  json_rig rig;
  json_rig_open(&rig, "a INT", NULL);
  assert_int_equal(json_rig_decode(&rig, texts, 20), FRL_OK);
  assert_int_equal(rig.result.bad_rows, 20);
  assert_int_equal(rig.result.n_reasons, FRL_JSON_REASONS);
  /* forty bytes of it, cut between two characters */
  assert_string_equal(rig.result.reasons[0].text,
      "a: expected INT, got string "
      "\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
      "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
      "\xe2\x82\xac...\"");
  json_rig_close(&rig);
}

static void a_session_zone_counts_where_the_text_names_none(void **state) {
  (void)state;
  const frl_json_options options = {
      .struct_size = sizeof options, .time_zone = "+02:00"};
  json_rig rig;
  json_rig_open(&rig, "t TIMESTAMP", &options);
  json_rig_one(&rig, "{\"t\":\"1970-01-01T02:00:00\"}");
  assert_int_equal(json_i64(json_col(&rig, 0), 0), 0);
  json_rig_one(&rig, "{\"t\":\"1970-01-01T02:00:00Z\"}");
  assert_int_equal(json_i64(json_col(&rig, 0), 0), (int64_t)7200 * 1000000);
  json_rig_close(&rig);
}

static int64_t noon_of_second_day(void *ctx) {
  (void)ctx;
  return (int64_t)(86400 + 43200) * 1000000;
}

static void a_time_alone_is_of_today(void **state) {
  (void)state;
  const frl_clock clock = {noon_of_second_day, noon_of_second_day, NULL};
  const frl_json_options options = {
      .struct_size = sizeof options, .time_zone = "-13:00", .clock = &clock};
  json_rig rig;
  json_rig_open(&rig, "t TIMESTAMP", &options);
  json_rig_one(&rig, "{\"t\":\"01:00:00\"}"); /* there it is still the first day */
  assert_int_equal(json_i64(json_col(&rig, 0), 0), (int64_t)14 * 3600 * 1000000);
  json_rig_one(&rig, "{\"t\":\"T01:00:00Z\"}");
  assert_int_equal(json_i64(json_col(&rig, 0), 0), (int64_t)25 * 3600 * 1000000);
  json_rig_close(&rig);
}

static void bad_plans_are_refused(void **state) {
  (void)state;
  frl_error err;
  frl_json_options o = {.struct_size = sizeof o};
  assert_int_equal(json_rig_refusal("a INT, v VARIANT", &o, &err), FRL_E_UNSUPPORTED);
  assert_non_null(strstr(err.message, "\"v\""));
  assert_int_equal(json_rig_refusal("m MAP<INT, INT>", &o, &err), FRL_E_UNSUPPORTED);
  assert_int_equal(
      json_rig_refusal("a INT, _corrupt_record INT", &o, &err), FRL_E_INVALID);
  o.time_zone = "Mars/Olympus_Mons";
  assert_int_equal(json_rig_refusal("a INT", &o, &err), FRL_E_INVALID);
  assert_non_null(strstr(err.message, "Mars/Olympus_Mons"));
  frl_json_mode mode;
  assert_int_equal(frl_json_mode_parse(&mode, "failFast", &err), FRL_OK);
  assert_int_equal(mode, FRL_JSON_FAILFAST);
  assert_int_equal(frl_json_mode_parse(&mode, "FAIL", &err), FRL_E_INVALID);
  assert_int_equal(frl_json_mode_parse(&mode, "", &err), FRL_E_INVALID);
}

enum { N_THREADS = 4, N_ROUNDS = 50 };

typedef struct shared_plan {
  const frl_json_plan *plan;
  int64_t rows; /* of all rounds; -1: something failed */
} shared_plan;

static void decode_in_a_thread(void *ctx) {
  shared_plan *const mine = ctx;
  static const char text[] = "{\"a\":1,\"t\":\"2020-01-01T00:00:00 UTC+9\"}";
  static const int32_t offsets[] = {0, sizeof text - 1};
  frl_json_decoder *decoder;
  frl_status st = frl_json_decoder_create(&decoder, mine->plan, NULL, NULL, NULL);
  for (int i = 0; i < N_ROUNDS && st == FRL_OK; i++) {
    struct ArrowArray rows;
    frl_json_result result;
    st = frl_json_decode(
        decoder, offsets, (const uint8_t *)text, 1, &rows, &result, NULL);
    if (st != FRL_OK) break;
    mine->rows += rows.length - (int64_t)result.bad_rows;
    rows.release(&rows);
  }
  if (st != FRL_OK) mine->rows = -1;
  frl_json_decoder_destroy(decoder);
}

static void threads_share_a_plan(void **state) {
  (void)state;
  json_rig rig;
  json_rig_open(&rig, "a INT, t TIMESTAMP", NULL);
  shared_plan shared[N_THREADS];
  frl_thread threads[N_THREADS];
  for (size_t i = 0; i < N_THREADS; i++) {
    shared[i] = (shared_plan){.plan = rig.plan};
    assert_int_equal(
        frl_thread_start(&threads[i], "json", decode_in_a_thread, &shared[i], NULL),
        FRL_OK);
  }
  for (size_t i = 0; i < N_THREADS; i++) {
    frl_thread_join(&threads[i]);
    assert_int_equal(shared[i].rows, N_ROUNDS);
  }
  json_rig_close(&rig);
}

static frl_status run_all(const struct ArrowSchema *schema, const frl_mem *mem) {
  static const char *const records[] = {
      "{\"a\":1,\"l\":[\"x\",{\"y\":1}],\"m\":{\"k\":null}}",
      "{'a':\"\xff\",'t':'2020-01-01T00:00:00 GMT+01:00','z':'aGVsbG8='}", "bad"};
  char text[256] = "";
  int32_t offsets[4] = {0};
  for (size_t i = 0; i < 3; i++) {
    const size_t n = strlen(records[i]);
    memcpy(text + offsets[i], records[i], n);
    offsets[i + 1] = offsets[i] + (int32_t)n;
  }
  const frl_json_options options = {
      .struct_size = sizeof options, .mode = FRL_JSON_DROPMALFORMED};
  frl_json_plan *plan = NULL;
  frl_json_decoder *decoder = NULL;
  frl_error err;
  frl_status st = frl_json_plan_create(&plan, schema, &options, mem, &err);
  if (st == FRL_OK) st = frl_json_decoder_create(&decoder, plan, NULL, mem, &err);
  for (int i = 0; i < 2 && st == FRL_OK; i++) {
    struct ArrowArray out = {.release = NULL};
    frl_json_result result;
    st = frl_json_decode(
        decoder, offsets, (const uint8_t *)text, 3, &out, &result, &err);
    if (st == FRL_OK) {
      assert_int_equal(out.length, 2);
      assert_int_equal(result.dropped_rows, 1);
    }
    frl_array_release(&out);
  }
  frl_json_decoder_destroy(decoder);
  frl_json_plan_destroy(plan);
  return st;
}

static void every_nth_allocation_fails(void **state) {
  (void)state;
  struct ArrowSchema schema;
  assert_int_equal(
      frl_schema_from_ddl(&schema, NULL,
          "a STRING, l ARRAY<STRING>, m MAP<STRING, INT>, t TIMESTAMP, z BINARY",
          SIZE_MAX, NULL),
      FRL_OK);
  size_t n = 0;
  for (;; n++) {
    failing_mem f;
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    const frl_status st = run_all(&schema, &mem);
    assert_int_equal(f.live, 0);
    assert_int_equal(st, f.refused ? FRL_E_NOMEM : FRL_OK);
    if (f.refused == 0) break;
  }
  assert_true(n > 20);
  frl_schema_release(&schema);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(permissive_keeps_the_record_and_the_reason),
      cmocka_unit_test(the_corrupt_column_is_no_field),
      cmocka_unit_test(failfast_names_row_and_reason),
      cmocka_unit_test(dropmalformed_says_which_rows_stay),
      cmocka_unit_test(reasons_are_bounded_in_number_and_size),
      cmocka_unit_test(a_session_zone_counts_where_the_text_names_none),
      cmocka_unit_test(a_time_alone_is_of_today),
      cmocka_unit_test(bad_plans_are_refused),
      cmocka_unit_test(threads_share_a_plan),
      cmocka_unit_test(every_nth_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
