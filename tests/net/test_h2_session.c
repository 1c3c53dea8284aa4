/* The session core on its own: bytes in pieces, allocators that fail, budgets. */
#include <string.h>

#include "h2_pair.h"
#include "net/h2_guard.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static void assert_all_went_well(const h2_pair *p) {
  assert_int_equal(p->status, FRL_OK);
  assert_int_equal(p->server.messages, 1);
  assert_int_equal(p->client.messages, 2);
  assert_int_equal(p->client.bytes, 2 * p->message_bytes);
  assert_int_equal(p->server.fields, 6);
  assert_int_equal(p->client.fields, 4);
  assert_true(p->client.headers && p->server.headers);
  assert_true(p->client.ended && p->server.ended);
  assert_true(p->client.closed && p->server.closed);
  assert_int_equal(p->client.close_error, FRL_H2_NO_ERROR);
  assert_int_equal(frl_h2_queued_bytes(p->client.h2), 0);
  assert_int_equal(frl_h2_streams(p->server.h2), 0);
}

static void run_in_pieces(size_t message_bytes, size_t piece) {
  h2_pair p;
  h2_pair_run(&p, NULL, message_bytes, piece);
  assert_all_went_well(&p);
  h2_pair_deinit(&p);
}

static void one_byte_at_a_time(void **state) {
  (void)state;
  run_in_pieces(5000, 1);
}

static void any_pieces_any_sizes(void **state) {
  (void)state;
  static const size_t sizes[] = {
      0, 1, 4, 5, 1000, 19995, 20000, 99999, 100001, 1000000};
  static const size_t pieces[] = {2, 9, 13, 1000, 16384, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
      run_in_pieces(sizes[i], pieces[k]);
    }
  }
}

static void writable_is_told_once_the_queue_has_drained(void **state) {
  (void)state;
  h2_pair p;
  h2_pair_run(&p, NULL, 300000, 16384);
  assert_all_went_well(&p);
  assert_int_equal(p.client.writable, 1);
  h2_pair_deinit(&p);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    failing_mem failing;
    failing_mem_init(&failing, n);
    const frl_mem mem = failing_mem_of(&failing);
    h2_pair p;
    h2_pair_run(&p, &mem, 60000, 5000);
    const bool whole = failing.refused == 0;
    if (whole) assert_all_went_well(&p);
    h2_pair_deinit(&p);
    assert_int_equal(failing.live, 0);
    if (whole) break;
    assert_true(n < 10000);
  }
}

static void a_lost_session_tells_its_streams(void **state) {
  (void)state;
  h2_pair p;
  h2_pair_run(&p, NULL, 100, 1000000);
  static const frl_h2_field fields[] = {{":method", 7, "POST", 4},
      {":scheme", 7, "http", 4}, {":path", 5, "/", 1}, {":authority", 10, "a", 1}};
  p.client.closed = false;
  assert_int_equal(
      frl_h2_request(p.client.h2, fields, 4, &p.client, &p.client.stream), FRL_OK);
  frl_h2_destroy(p.client.h2);
  p.client.h2 = NULL;
  assert_true(p.client.closed);
  assert_int_equal(p.client.close_error, FRL_H2_LOST);
  h2_pair_deinit(&p);
}

static void garbage_is_an_error_and_stays_one(void **state) {
  (void)state;
  h2_pair p;
  h2_pair_run(&p, NULL, 10, 1000);
  static const uint8_t noise[64] = {0xff, 0xff, 0xff, 0x01};
  /* nghttp2 answers a frame of 16 MB with GOAWAY, and is done when that is out */
  const frl_status st = frl_h2_recv(p.server.h2, noise, sizeof noise, NULL);
  frl_outq out;
  frl_outq_init(&out, NULL);
  assert_int_equal(frl_h2_fill(p.server.h2, &out, 100000, NULL), FRL_OK);
  assert_true(st != FRL_OK || out.bytes > 0);
  assert_true(st != FRL_OK || frl_h2_is_done(p.server.h2));
  frl_outq_deinit(&out);
  h2_pair_deinit(&p);
}

/* ---- budgets, on a clock of the test's own ---- */

static int64_t fake_ms(void *ctx) { return *(const int64_t *)ctx; }

static void budgets_run_out_and_fill_with_time(void **state) {
  (void)state;
  int64_t now = 1000;
  const frl_clock clock = {.monotonic_ms = fake_ms, .ctx = &now};
  frl_h2_guard g;
  frl_h2_guard_init(&g, &clock);
  size_t n = 0;
  while (frl_h2_guard_reset(&g)) n++;
  assert_int_equal(n, 1000);
  now += 1000;
  for (n = 0; frl_h2_guard_reset(&g);) n++;
  assert_int_equal(n, 100);
  now += 3600 * 1000;
  for (n = 0; frl_h2_guard_reset(&g);) n++;
  assert_int_equal(n, 1000);
}

static void data_pays_for_frames(void **state) {
  (void)state;
  int64_t now = 0;
  const frl_clock clock = {.monotonic_ms = fake_ms, .ctx = &now};
  frl_h2_guard g;
  frl_h2_guard_init(&g, &clock);
  /* a receiver that opens both windows after each 32 KiB never runs out */
  for (int i = 0; i < 100000; i++) {
    assert_true(frl_h2_guard_data_out(&g, 16384, false));
    assert_true(frl_h2_guard_data_out(&g, 16384, true));
    assert_true(frl_h2_guard_frame(&g));
    assert_true(frl_h2_guard_frame(&g));
  }
  size_t n = 0;
  while (frl_h2_guard_data_out(&g, 1, true)) n++;
  assert_int_equal(n, 2000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_byte_at_a_time),
      cmocka_unit_test(any_pieces_any_sizes),
      cmocka_unit_test(writable_is_told_once_the_queue_has_drained),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(a_lost_session_tells_its_streams),
      cmocka_unit_test(garbage_is_an_error_and_stays_one),
      cmocka_unit_test(budgets_run_out_and_fill_with_time),
      cmocka_unit_test(data_pays_for_frames),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
