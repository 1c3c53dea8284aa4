/* Every allocation of the ledger failing in turn: no leak, no other failure. */
#include <string.h>

#include "ledger_fixture.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

enum { BATCHES = 6 };

static frl_status one_batch(frl_ledger *l, frl_ledger_member *m, uint64_t after) {
  const frl_offset start = {RUN, after};
  const frl_batch_request request = {
      .struct_size = sizeof request, .executors = 1, .cores = 2};
  const frl_coord_stats stats = {.waiting_messages = 10, .waiting_bytes = 1000};
  frl_ledger_report(l, m, &stats, m->last_seq, m->last_seq, (int64_t)after);
  enum frl_offer offer;
  uint64_t batch = 0;
  int64_t wait_ms;
  frl_status st = frl_ledger_offer(
      l, &start, &request, (int64_t)after, &offer, &batch, &wait_ms, NULL);
  if (st != FRL_OK) return st;
  assert_int_equal(offer, FRL_OFFER_BATCH);
  frl_coord_part part = ledger_part(m, batch, 0);
  frl_coord_grant grant;
  st = frl_ledger_claim(l, &part, (int64_t)after, &grant, NULL);
  part.rows = 10;
  if (st == FRL_OK) st = frl_ledger_sealed(l, &part, NULL);
  return st;
}

static frl_status scenario(frl_ledger *l) {
  const frl_coord_hello hello = {.run = RUN, .member = "a", .executor = "0"};
  frl_ledger_member *m;
  frl_status st = frl_ledger_join(l, &hello, 0, &m, NULL);
  for (uint64_t i = 0; st == FRL_OK && i < BATCHES; i++) st = one_batch(l, m, i);
  if (st == FRL_OK) st = frl_ledger_commit(l, BATCHES, BATCHES);
  if (st == FRL_OK) st = frl_ledger_stop(l, BATCHES);
  return st;
}

static void every_failing_allocation_is_reported_and_leaks_nothing(void **state) {
  (void)state;
  const frl_ledger_options options = {.max_delay_ms = 500,
      .sealed_bytes = 1 << 20,
      .drain_idle_ms = 1000,
      .lease_ms = 60000,
      .away_ms = 3000,
      .silent_ms = 10000};
  size_t failed = 0;
  for (size_t n = 0;; n++) {
    failing_mem f;
    failing_mem_init(&f, n);
    const frl_mem mem = failing_mem_of(&f);
    frl_ledger l;
    frl_ledger_init(&l, &mem, &options, RUN, NULL);
    const frl_status st = scenario(&l);
    if (st == FRL_OK) assert_int_equal(l.rows_acked, BATCHES * 10);
    frl_ledger_deinit(&l);
    assert_int_equal(f.live, 0);
    if (f.refused == 0) {
      assert_int_equal(st, FRL_OK);
      break;
    }
    assert_int_equal(st, FRL_E_NOMEM);
    failed++;
  }
  assert_true(failed >= BATCHES); /* it did allocate */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_failing_allocation_is_reported_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
