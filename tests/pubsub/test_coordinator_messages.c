#include <stdlib.h>
#include <string.h>

#include "pubsub/coordinator/config.h"
#include "pubsub/coordinator/messages.h"
#include "support/cmocka_c.h"

static frl_buf encoded(frl_coord_message kind, const void *message) {
  frl_buf b;
  frl_buf_init(&b, NULL, FRL_COORD_MAX_MESSAGE);
  assert_int_equal(frl_coord_encode(&b, kind, message), FRL_OK);
  return b;
}

static void a_report_comes_back_as_it_was(void **state) {
  (void)state;
  const frl_coord_stats stats = {.received_messages = 1,
      .waiting_bytes = UINT64_MAX,
      .oldest_waiting_ms = -1,
      .old_idle_ms = 5000,
      .corrupt_rows = 3};
  frl_buf inner = encoded(FRL_COORD_STATS, &stats);
  const frl_coord_report report = {
      .stats = frl_cursor_of(inner.data, inner.len), .heard = 7, .flushed = 6};
  frl_buf b = encoded(FRL_COORD_REPORT, &report);
  frl_coord_report back = {0};
  assert_int_equal(
      frl_coord_decode(&back, FRL_COORD_REPORT, frl_cursor_of(b.data, b.len)), FRL_OK);
  assert_int_equal(back.heard, 7);
  assert_int_equal(back.flushed, 6);
  assert_int_equal(frl_cursor_left(&back.hello), 0);
  frl_coord_stats again = {0};
  assert_int_equal(frl_coord_decode(&again, FRL_COORD_STATS, back.stats), FRL_OK);
  assert_memory_equal(&again, &stats, sizeof stats);
  frl_buf_deinit(&b);
  frl_buf_deinit(&inner);
}

static frl_coord_part some_part(void) {
  frl_coord_part part = {.batch = 3, .partition = 300, .rows = 1, .bytes = 70000};
  memset(part.run, 'a', sizeof part.run - 1);
  memset(part.member, 'b', sizeof part.member - 1);
  return part;
}

static void every_prefix_is_whole_fields_or_truncated(void **state) {
  (void)state;
  const frl_coord_part part = some_part();
  frl_buf b = encoded(FRL_COORD_PART, &part);
  size_t whole = 0;
  for (size_t n = 0; n < b.len; n++) {
    uint8_t *exact = malloc(n ? n : 1); /* ASan sees one byte too far */
    assert_non_null(exact);
    if (n) memcpy(exact, b.data, n);
    frl_coord_part back = {0};
    const frl_status st =
        frl_coord_decode(&back, FRL_COORD_PART, frl_cursor_of(exact, n));
    assert_true(st == FRL_OK || st == FRL_E_TRUNCATED);
    whole += st == FRL_OK;
    free(exact);
  }
  assert_int_equal(whole, 6); /* none, and up to five of the six fields */
  frl_buf_deinit(&b);
}

static frl_status decode_part(const char *bytes, size_t n) {
  frl_coord_part part = {0};
  return frl_coord_decode(&part, FRL_COORD_PART, frl_cursor_of(bytes, n));
}

static void texts_are_bounded_and_checked(void **state) {
  (void)state;
  char text[FRL_COORD_ID_SIZE + 2] = {0x0a, FRL_COORD_ID_SIZE};
  memset(text + 2, 'a', FRL_COORD_ID_SIZE);
  assert_int_equal(decode_part(text, sizeof text), FRL_E_LIMIT);
  text[1] = FRL_COORD_ID_SIZE - 1;
  assert_int_equal(decode_part(text, sizeof text - 1), FRL_OK);
  assert_int_equal(decode_part("\x0a\x02"
                               "a\0",
                       4),
      FRL_E_MALFORMED);
  assert_int_equal(decode_part("\x0a\x01\xff", 3), FRL_E_MALFORMED);
  assert_int_equal(decode_part("\x08\x01", 2), FRL_E_MALFORMED); /* a number */
  assert_int_equal(decode_part("\x1a\x00", 2), FRL_E_MALFORMED); /* no number */
}

static void unknown_fields_are_skipped(void **state) {
  (void)state;
  frl_coord_part part = {0};
  const frl_cursor bytes = frl_cursor_of("\xf8\x01\x05\x18\x09", 5);
  assert_int_equal(frl_coord_decode(&part, FRL_COORD_PART, bytes), FRL_OK);
  assert_int_equal(part.batch, 9);
}

static void lists_end_and_break_where_they_do(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 100);
  for (uint64_t i = 0; i < 1000; i += 333) {
    assert_int_equal(frl_coord_list_put(&b, i), FRL_OK);
  }
  frl_cursor list = frl_cursor_of(b.data, b.len);
  uint64_t v;
  for (uint64_t i = 0; i < 1000; i += 333) {
    assert_int_equal(frl_coord_list_next(&list, &v), FRL_OK);
    assert_int_equal(v, i);
  }
  assert_int_equal(frl_coord_list_next(&list, &v), FRL_END);
  list = frl_cursor_of("\x80", 1);
  assert_int_equal(frl_coord_list_next(&list, &v), FRL_E_TRUNCATED);
  frl_buf_deinit(&b);
}

/* ---- options ---- */

static frl_status parse(frl_coord_config **out, const char *text, frl_error *err) {
  return frl_coord_config_parse(out, text, strlen(text), err);
}

static void options_come_as_texts_or_as_what_they_are(void **state) {
  (void)state;
  frl_coord_config *c;
  assert_int_equal(parse(&c,
                       "{\"subscriptionId\":\"s\",\"numPartitions\":\"7\","
                       "\"maxRowsPerBatch\":9,\"batchRead\":\"true\","
                       "\"allowSharedSubscription\":true,\"credentialsFile\":null,"
                       "\"columns\":[\"payload\"],\"acknowledge\":\"onRead\"}",
                       NULL),
      FRL_OK);
  assert_int_equal(c->num_partitions, 7);
  assert_int_equal(c->max_rows, 9);
  assert_true(c->batch_read);
  assert_true(c->allow_shared);
  assert_true(c->ack_on_read);
  assert_null(c->credentials_file);
  assert_int_equal(c->columns, FRL_PUBSUB_PAYLOAD);
  assert_int_equal(c->n_output, 1);
  assert_int_equal(c->drain_idle_ms, 5000);
  frl_coord_config_destroy(c);
}

static void bad_options_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *named;
  } bad[] = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {"{}", "subscriptionId"},
      {"{\"subscriptionId\":7}", "subscriptionId"},
      {"{\"subscriptionId\":\"s\",\"numPartitions\":\"x\"}", "numPartitions"},
      {"{\"subscriptionId\":\"s\",\"numPartitions\":-1}", "numPartitions"},
      {"{\"subscriptionId\":\"s\",\"numPartitions\":10001}", "numPartitions"},
      {"{\"subscriptionId\":\"s\",\"coordinatorPort\":65536}", "coordinatorPort"},
      {"{\"subscriptionId\":\"s\",\"reservoirBytes\":1}", "reservoirBytes"},
      {"{\"subscriptionId\":\"s\",\"acknowledge\":\"never\"}", "acknowledge"},
      {"{\"subscriptionId\":\"s\",\"payloadFormat\":\"xml\"}", "payloadFormat"},
      {"{\"subscriptionId\":\"s\",\"payloadFormat\":\"json\"}", "schema"},
      {"{\"subscriptionId\":\"s\",\"columns\":[\"x\"]}", "columns"},
      {"{\"subscriptionId\":\"s\",\"outputColumns\":[1]}", "outputColumns"},
      {"{\"subscriptionId\":\"a\\u0000b\"}", "subscriptionId"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    frl_coord_config *c;
    frl_error err = {0};
    assert_int_equal(parse(&c, bad[i].text, &err), FRL_E_INVALID);
    assert_null(c);
    assert_non_null(strstr(err.message, bad[i].named));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_report_comes_back_as_it_was),
      cmocka_unit_test(every_prefix_is_whole_fields_or_truncated),
      cmocka_unit_test(texts_are_bounded_and_checked),
      cmocka_unit_test(unknown_fields_are_skipped),
      cmocka_unit_test(lists_end_and_break_where_they_do),
      cmocka_unit_test(options_come_as_texts_or_as_what_they_are),
      cmocka_unit_test(bad_options_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
