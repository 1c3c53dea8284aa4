/* The plain cases: unary and streams between our own client and server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static int set_up(void **state) {
  if (rig_set_up(state) != 0) return -1;
  rig *r = *state;
  rig_start(r);
  return 0;
}

static void unary_echoes(void **state) {
  rig *r = *state;
  frl_buf out;
  frl_buf_init(&out, NULL, 1u << 20);
  frl_error err = {0};
  for (int i = 0; i < 100; i++) {
    frl_buf_clear(&out);
    const frl_status st = rig_unary(r, "/t.S/Echo", "hello", 5, 10000, &out, &err);
    if (st != FRL_OK) print_error("%s\n", err.message);
    assert_int_equal(st, FRL_OK);
    assert_int_equal(out.len, 5);
    assert_memory_equal(out.data, "hello", 5);
  }
  frl_buf_deinit(&out);
}

static void unary_with_an_empty_message(void **state) {
  frl_buf out;
  frl_buf_init(&out, NULL, 16);
  frl_error err = {0};
  assert_int_equal(rig_unary(*state, "/t.S/Echo", "", 0, 0, &out, &err), FRL_OK);
  assert_int_equal(out.len, 0);
  frl_buf_deinit(&out);
}

static void unknown_method_is_unimplemented(void **state) {
  frl_buf out;
  frl_buf_init(&out, NULL, 16);
  frl_error err = {0};
  assert_int_equal(
      rig_unary(*state, "/t.S/Nothing", "", 0, 0, &out, &err), FRL_E_UNSUPPORTED);
  assert_int_equal(err.origin, FRL_ORIGIN_GRPC);
  assert_int_equal(err.origin_code, FRL_GRPC_UNIMPLEMENTED);
  frl_buf_deinit(&out);
}

static void bidi_echoes_each_message_and_the_metadata(void **state) {
  rig *r = *state;
  probe p;
  probe_init(&p, r, "/t.S/Bidi");
  frl_metadata md = {0};
  assert_int_equal(frl_metadata_add(&md, NULL, "x-test", "value", 5), FRL_OK);
  p.options.metadata = &md;
  probe_start(&p);
  for (uint32_t i = 1; i <= 50; i++) {
    char text[32];
    (void)snprintf(text, sizeof text, "message %u", i);
    probe_send_text(&p, text, false);
    assert_true(probe_wait_messages(&p, i));
    assert_int_equal(p.last.len, strlen(text));
    assert_memory_equal(p.last.data, text, p.last.len);
  }
  assert_string_equal(p.header_value, "value");
  probe_finish(&p);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.details.len, 2);
  assert_memory_equal(p.trailer_value, "\1\2\0\3", 4);
  probe_deinit(&p);
  frl_metadata_deinit(&md, NULL);
  assert_int_equal(rig_read(r, &r->opened), rig_read(r, &r->closed));
}

static void a_message_of_20_mb_comes_back_whole(void **state) {
  rig *r = *state;
  const size_t n = 20u << 20;
  uint8_t *data = malloc(n);
  assert_non_null(data);
  uint32_t x = 1;
  for (size_t i = 0; i < n; i++) {
    x = x * 1664525 + 1013904223;
    data[i] = (uint8_t)(x >> 24);
  }
  probe p;
  probe_init(&p, r, "/t.S/Bidi");
  probe_start(&p);
  probe_send(&p, data, n, true);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.messages, 1);
  assert_int_equal(p.last.len, n);
  assert_memory_equal(p.last.data, data, n);
  assert_true(p.writable > 0);
  probe_deinit(&p);
  free(data);
}

static void many_streams_at_once(void **state) {
  rig *r = *state;
  enum { STREAMS = 150 };
  probe *p = calloc(STREAMS, sizeof *p);
  assert_non_null(p);
  for (int i = 0; i < STREAMS; i++) {
    probe_begin(&p[i], r, "/t.S/Source", "20 3000", true);
  }
  for (int i = 0; i < STREAMS; i++) {
    assert_int_equal(probe_wait_closed(&p[i]), FRL_GRPC_OK);
    assert_int_equal(p[i].messages, 20);
    assert_int_equal(p[i].bytes, 60000);
    probe_deinit(&p[i]);
  }
  free(p);
}

static void client_streaming_is_counted(void **state) {
  rig *r = *state;
  probe p;
  probe_init(&p, r, "/t.S/Sink");
  probe_start(&p);
  static const uint8_t block[10000];
  for (int i = 0; i < 300; i++) probe_send(&p, block, sizeof block, false);
  probe_finish(&p);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.last.len, 7);
  assert_memory_equal(p.last.data, "3000000", 7);
  probe_deinit(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(unary_echoes, set_up, rig_tear_down),
      cmocka_unit_test_setup_teardown(
          unary_with_an_empty_message, set_up, rig_tear_down),
      cmocka_unit_test_setup_teardown(
          unknown_method_is_unimplemented, set_up, rig_tear_down),
      cmocka_unit_test_setup_teardown(
          bidi_echoes_each_message_and_the_metadata, set_up, rig_tear_down),
      cmocka_unit_test_setup_teardown(
          a_message_of_20_mb_comes_back_whole, set_up, rig_tear_down),
      cmocka_unit_test_setup_teardown(many_streams_at_once, set_up, rig_tear_down),
      cmocka_unit_test_setup_teardown(
          client_streaming_is_counted, set_up, rig_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
