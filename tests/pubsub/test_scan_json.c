/* JSON payloads as declared columns, in a task's thread. */
#include <ferrule/pubsub.h>
#include <stdlib.h>
#include <string.h>

#include "numbered.h"
#include "support/cmocka_c.h"

#define SCHEMA                                                                 \
  "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"n\\\","      \
  "\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"      \
  "{\\\"name\\\":\\\"t\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true," \
  "\\\"metadata\\\":{}}]}"

/** Options for a JSON read of the columns. */
#define JSON(mode, output)                                                    \
  "\"payloadFormat\":\"json\",\"mode\":\"" mode "\",\"jsonSchema\":\"" SCHEMA \
  "\",\"columns\":[\"message_id\",\"attributes\"],\"outputColumns\":" output  \
  ",\"numPartitions\":1,"

typedef struct rows {
  frl_status status;
  frl_error error;
  int64_t n, nulls;
  int64_t sum; /* of column "n" where it is */
  struct ArrowSchema schema;
  frl_scan_stats stats;
} rows;

static bool is_null(const struct ArrowArray *a, int64_t i) {
  const uint8_t *bits = a->buffers[0];
  const int64_t at = i + a->offset;
  return bits && !(bits[at >> 3] >> (at & 7) & 1);
}

static void add(rows *r, const struct ArrowArray *array) {
  r->n += array->length;
  for (int64_t c = 0; c < array->n_children; c++) {
    const struct ArrowArray *column = array->children[c];
    assert_true(column->length >= array->length);
    if (strcmp(r->schema.children[c]->name, "n") != 0) continue;
    const int64_t *values = column->buffers[1];
    for (int64_t i = 0; i < array->length; i++) {
      if (is_null(column, i)) {
        r->nulls++;
      } else {
        r->sum += values[i + column->offset];
      }
    }
  }
}

/** Reads the stream's partition 0. */
static rows scan(numbered *n) {
  rows r = {.status = FRL_OK};
  frl_scan *s;
  frl_error err = {0};
  if (frl_scan_open(&s, n->parts[0], "0", "localhost", &err) != FRL_OK) {
    fail_msg("scan: %s", err.message);
  }
  assert_int_equal(frl_scan_schema(s, &r.schema, NULL), FRL_OK);
  while (r.status == FRL_OK || r.status == FRL_E_TIMEOUT) {
    struct ArrowArray array;
    r.status = frl_scan_next(s, &array, 100, &r.error);
    if (r.status != FRL_OK) continue;
    assert_int_equal(array.n_children, r.schema.n_children);
    add(&r, &array);
    frl_array_release(&array);
  }
  r.stats.struct_size = sizeof r.stats;
  frl_scan_get_stats(s, &r.stats);
  frl_scan_close(s);
  return r;
}

/** 90 good records {"n":i,"t":"x"} and 10 bad ones, in one batch under way. */
static numbered *batch(const char *options) {
  numbered *n = numbered_start(false);
  numbered_publish_texts(n, 90, "{\"n\":", ",\"t\":\"x\"}");
  numbered_publish_texts(n, 10, "{\"n\":\"bad", "\"}");
  numbered_open(n, options, false);
  assert_true(numbered_next(n));
  return n;
}

/** Reads on until 100 messages were seen in some way. */
static rows read_all(numbered *n) {
  rows all = {.status = FRL_END};
  for (;;) {
    rows r = scan(n);
    frl_schema_release(&all.schema);
    r.n += all.n;
    r.nulls += all.nulls;
    r.sum += all.sum;
    r.stats.dropped_rows += all.stats.dropped_rows;
    r.stats.corrupt_rows += all.stats.corrupt_rows;
    all = r;
    if (all.status != FRL_END || (uint64_t)all.n + all.stats.dropped_rows >= 100) {
      return all;
    }
    numbered_committed(n);
    numbered_wait(n);
  }
}

static void permissive_keeps_bad_records_as_nulls(void **state) {
  (void)state;
  numbered *n = batch(JSON("PERMISSIVE", "[\"n\",\"t\",\"message_id\"]"));
  rows r = read_all(n);
  assert_int_equal(r.status, FRL_END);
  assert_int_equal(r.n, 100);
  assert_int_equal(r.nulls, 10);
  assert_int_equal(r.sum, 89 * 90 / 2);
  assert_int_equal(r.stats.corrupt_rows, 10);
  assert_string_equal(r.schema.children[0]->name, "n");
  assert_string_equal(r.schema.children[0]->format, "l");
  assert_string_equal(r.schema.children[2]->name, "message_id");
  frl_schema_release(&r.schema);
  numbered_end(n);
}

static void dropmalformed_drops_and_counts_and_keeps_columns_beside(void **state) {
  (void)state;
  numbered *n = batch(JSON("DROPMALFORMED", "[\"message_id\",\"n\",\"attributes\"]"));
  rows r = read_all(n);
  assert_int_equal(r.status, FRL_END);
  assert_int_equal(r.n, 90);
  assert_int_equal(r.sum, 89 * 90 / 2);
  assert_int_equal(r.stats.dropped_rows, 10);
  frl_schema_release(&r.schema);
  /* what was dropped is acked with the batch */
  numbered_committed(n);
  (void)numbered_next(n);
  assert_int_equal(numbered_backlog_becomes(n, 0), 0);
  numbered_end(n);
}

static void failfast_names_the_message_and_fails_the_task_only(void **state) {
  (void)state;
  numbered *n = batch(JSON("FAILFAST", "[\"n\"]"));
  rows r = read_all(n);
  assert_int_equal(r.status, FRL_E_MALFORMED);
  assert_non_null(strstr(r.error.message, "message "));
  assert_non_null(strstr(r.error.message, "BIGINT"));
  frl_schema_release(&r.schema);
  r = scan(n); /* a retry meets the same rows */
  assert_int_equal(r.status, FRL_E_MALFORMED);
  frl_schema_release(&r.schema);
  assert_int_equal(numbered_stop(n, NULL), FRL_OK);
  assert_true(numbered_backlog(n) >= 10);
  numbered_end(n);
}

static void a_count_decodes_nothing(void **state) {
  (void)state;
  numbered *n = batch(JSON("PERMISSIVE", "[]"));
  rows r = read_all(n);
  assert_int_equal(r.status, FRL_END);
  assert_int_equal(r.n, 100);
  assert_int_equal(r.schema.n_children, 0);
  assert_int_equal(r.stats.decode_ns, 0);
  frl_schema_release(&r.schema);
  numbered_end(n);
}

static void an_unknown_column_fails_the_scan(void **state) {
  (void)state;
  numbered *n = batch(JSON("PERMISSIVE", "[\"nobody\"]"));
  frl_scan *s;
  frl_error err = {0};
  assert_int_equal(
      frl_scan_open(&s, n->parts[0], "0", "localhost", &err), FRL_E_INVALID);
  assert_non_null(strstr(err.message, "nobody"));
  numbered_end(n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(permissive_keeps_bad_records_as_nulls),
      cmocka_unit_test(dropmalformed_drops_and_counts_and_keeps_columns_beside),
      cmocka_unit_test(failfast_names_the_message_and_fails_the_task_only),
      cmocka_unit_test(a_count_decodes_nothing),
      cmocka_unit_test(an_unknown_column_fails_the_scan),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
