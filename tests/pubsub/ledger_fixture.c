#include "ledger_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "support/cmocka_c.h"

static uint64_t longest(void *ctx) {
  (void)ctx;
  return 999; /* the longest of waits up to 500 and up to 1000 */
}

fixture *ledger_make(void (*change)(frl_ledger_options *)) {
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  frl_ledger_options options = {.max_delay_ms = 500,
      .sealed_bytes = 64 << 20,
      .drain_idle_ms = 1000,
      .lease_ms = 60000,
      .away_ms = 3000,
      .silent_ms = 10000};
  if (change) change(&options);
  static const frl_random random = {longest, NULL};
  frl_ledger_init(&f->ledger, NULL, &options, RUN, &random);
  f->now_ms = 1000;
  return f;
}

void ledger_drop(fixture *f) {
  frl_ledger_deinit(&f->ledger);
  free(f);
}

frl_ledger_member *ledger_join(fixture *f, const char *name) {
  frl_coord_hello hello = {.run = RUN};
  (void)strncpy(hello.member, name, sizeof hello.member - 1);
  (void)strncpy(hello.executor, name, sizeof hello.executor - 1);
  frl_ledger_member *m;
  assert_int_equal(frl_ledger_join(&f->ledger, &hello, f->now_ms, &m, NULL), FRL_OK);
  return m;
}

void ledger_report(
    fixture *f, frl_ledger_member *m, uint64_t waiting, int64_t old_idle_ms) {
  const frl_coord_stats stats = {.waiting_messages = waiting,
      .waiting_bytes = waiting * 100,
      .received_messages = m->stats.received_messages + waiting,
      .received_bytes = m->stats.received_bytes + waiting * 100,
      .open_streams = 1,
      .oldest_waiting_ms = waiting ? old_idle_ms : -1,
      .idle_ms = old_idle_ms,
      .old_idle_ms = old_idle_ms};
  frl_ledger_report(&f->ledger, m, &stats, 0, 0, f->now_ms);
}

enum frl_offer ledger_offer_for(fixture *f, const frl_offset *start,
    const frl_batch_request *request, uint64_t *batch) {
  enum frl_offer kind;
  int64_t wait_ms;
  assert_int_equal(frl_ledger_offer(&f->ledger, start, request, f->now_ms, &kind, batch,
                       &wait_ms, NULL),
      FRL_OK);
  return kind;
}

enum frl_offer ledger_offer(fixture *f, uint64_t after, uint64_t *batch) {
  const frl_offset start = {RUN, after};
  const frl_batch_request request = {
      .struct_size = sizeof request, .executors = 2, .cores = 4};
  *batch = 0;
  return ledger_offer_for(f, &start, &request, batch);
}

frl_coord_part ledger_part(
    const frl_ledger_member *m, uint64_t batch, uint64_t partition) {
  frl_coord_part part = {.run = RUN, .batch = batch, .partition = partition};
  memcpy(part.member, m->hello.member, sizeof part.member);
  return part;
}

frl_coord_grant ledger_claim(
    fixture *f, const frl_ledger_member *m, uint64_t batch, uint64_t partition) {
  const frl_coord_part part = ledger_part(m, batch, partition);
  frl_coord_grant grant;
  assert_int_equal(
      frl_ledger_claim(&f->ledger, &part, f->now_ms, &grant, NULL), FRL_OK);
  return grant;
}

void ledger_seal(fixture *f, const frl_ledger_member *m, uint64_t batch,
    uint64_t partition, uint64_t rows) {
  frl_coord_part part = ledger_part(m, batch, partition);
  part.rows = rows;
  part.bytes = rows * 100;
  assert_int_equal(frl_ledger_sealed(&f->ledger, &part, NULL), FRL_OK);
}

bool ledger_is_acked(const frl_ledger_order *order, uint64_t partition) {
  frl_cursor list = frl_cursor_of(order->acks.data, order->acks.len);
  uint64_t v;
  while (frl_coord_list_next(&list, &v) == FRL_OK) {
    if (v == partition) return true;
  }
  return false;
}

void ledger_two_executors(fixture *f, frl_ledger_member **a, frl_ledger_member **b) {
  *a = ledger_join(f, "a");
  *b = ledger_join(f, "b");
  ledger_report(f, *a, 1000, 0);
  ledger_report(f, *b, 1000, 0);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  assert_int_equal(batch, 1);
}

fixture *ledger_make_sealed(frl_ledger_member **a, frl_ledger_member **b) {
  fixture *f = ledger_make(NULL);
  ledger_two_executors(f, a, b);
  (void)ledger_claim(f, *a, 1, 0);
  ledger_seal(f, *a, 1, 0, 10);
  return f;
}
