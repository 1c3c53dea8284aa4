/* Who reads what, and what is acked: rules R1 to R4, one by one. */
#include <stdlib.h>
#include <string.h>

#include "ledger_fixture.h"
#include "support/cmocka_c.h"

/* ---- R1 ---- */

static void r1_acks_when_the_next_offset_is_asked_for(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  assert_int_equal(ledger_claim(f, a, 1, 0).kind, FRL_GRANT_SEAL);
  ledger_seal(f, a, 1, 0, 10);
  assert_null(frl_ledger_next_order(a, 0)); /* sealed is not committed */
  ledger_report(f, a, 0, 0);
  ledger_report(f, b, 0, 0);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 1, &batch), FRL_OFFER_NOTHING);
  const frl_ledger_order *order = frl_ledger_next_order(a, 0);
  assert_non_null(order);
  assert_int_equal(order->kind, FRL_ORDER_SETTLE);
  assert_int_equal(order->batch, 1);
  assert_true(ledger_is_acked(order, 0));
  assert_int_equal(f->ledger.rows_acked, 10);
  ledger_drop(f);
}

static void r1_the_same_commit_twice_orders_once(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  const frl_ledger_order *order = frl_ledger_next_order(a, 0);
  assert_non_null(order);
  assert_null(frl_ledger_next_order(a, order->seq));
  ledger_drop(f);
}

static void r1_stop_nacks_what_is_not_committed(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  assert_int_equal(frl_ledger_stop(&f->ledger, f->now_ms), FRL_OK);
  const frl_ledger_order *order = frl_ledger_next_order(a, 0);
  assert_int_equal(order->kind, FRL_ORDER_SETTLE);
  assert_false(ledger_is_acked(order, 0));
  const frl_ledger_order *close = frl_ledger_next_order(a, order->seq);
  assert_int_equal(close->kind, FRL_ORDER_CLOSE);
  assert_false(frl_ledger_is_settled(&f->ledger));
  frl_ledger_report(&f->ledger, a, NULL, close->seq, close->seq, f->now_ms);
  frl_ledger_report(&f->ledger, b, NULL, 1, 1, f->now_ms);
  assert_true(frl_ledger_is_settled(&f->ledger));
  assert_int_equal(f->ledger.rows_nacked, 10);
  ledger_drop(f);
}

static void r1_an_executor_that_goes_before_its_acks_is_told_of(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  frl_ledger_lost(&f->ledger, a, f->now_ms);
  assert_false(f->ledger.acks_lost); /* it may come back */
  f->now_ms += 3000;
  frl_ledger_tick(&f->ledger, f->now_ms);
  assert_true(f->ledger.acks_lost);
  ledger_drop(f);
}

/* ---- R2 ---- */

static void r2_every_reader_gets_the_sealed_rows(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  assert_int_equal(ledger_claim(f, a, 1, 0).kind, FRL_GRANT_SEAL);
  /* another attempt while the first still seals waits for the owner */
  assert_int_equal(ledger_claim(f, b, 1, 0).kind, FRL_GRANT_RELAY);
  ledger_seal(f, a, 1, 0, 10);
  assert_int_equal(ledger_claim(f, a, 1, 0).kind, FRL_GRANT_LOCAL);
  assert_int_equal(ledger_claim(f, b, 1, 0).kind, FRL_GRANT_RELAY);
  assert_int_equal(ledger_claim(f, b, 1, 0).kind, FRL_GRANT_RELAY);
  ledger_drop(f);
}

static void r2_sealed_rows_cannot_change(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  ledger_seal(f, a, 1, 0, 10); /* the answer was lost and it asks again */
  frl_coord_part more = ledger_part(a, 1, 0);
  more.rows = 11;
  assert_int_equal(frl_ledger_sealed(&f->ledger, &more, NULL), FRL_E_STATE);
  const frl_coord_part foreign = ledger_part(b, 1, 0);
  assert_int_equal(frl_ledger_sealed(&f->ledger, &foreign, NULL), FRL_E_STATE);
  ledger_drop(f);
}

static void r2_a_closed_batch_is_not_read_again(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  const frl_coord_part part = ledger_part(a, 1, 0);
  frl_coord_grant grant;
  assert_int_equal(
      frl_ledger_claim(&f->ledger, &part, f->now_ms, &grant, NULL), FRL_E_STATE);
  assert_int_equal(frl_ledger_sealed(&f->ledger, &part, NULL), FRL_E_STATE);
  ledger_drop(f);
}

static void r2_planning_is_the_same_for_the_same_start(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  const frl_ledger_batch *first = frl_ledger_find(&f->ledger, 1);
  uint64_t batch;
  ledger_report(f, a, 5000, 0);
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  assert_int_equal(batch, 1);
  assert_ptr_equal(frl_ledger_find(&f->ledger, 1), first);
  ledger_drop(f);
}

static void r2_a_lost_owner_means_no_rows_never_others(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  frl_ledger_lost(&f->ledger, a, f->now_ms);
  assert_int_equal(
      ledger_claim(f, b, 1, 0).kind, FRL_GRANT_WAIT); /* it may come back */
  f->now_ms += 3000;
  assert_int_equal(ledger_claim(f, b, 1, 0).kind, FRL_GRANT_EMPTY);
  assert_int_equal(ledger_claim(f, b, 1, 0).kind, FRL_GRANT_EMPTY);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  assert_int_equal(f->ledger.rows_lost, 10);
  assert_int_equal(f->ledger.rows_acked, 0);
  ledger_drop(f);
}

static void r2_what_was_not_sealed_is_sealed_by_another(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  (void)ledger_claim(f, a, 1, 0);
  frl_ledger_lost(&f->ledger, a, f->now_ms);
  f->now_ms += 3000;
  assert_int_equal(ledger_claim(f, b, 1, 0).kind, FRL_GRANT_SEAL);
  ledger_drop(f);
}

static void r2_an_owner_back_in_time_keeps_its_rows(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  frl_ledger_lost(&f->ledger, a, f->now_ms);
  f->now_ms += 1000;
  assert_ptr_equal(ledger_join(f, "a"), a);
  assert_int_equal(ledger_claim(f, b, 1, 0).kind, FRL_GRANT_RELAY);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  assert_true(ledger_is_acked(frl_ledger_next_order(a, 0), 0));
  ledger_drop(f);
}

/* ---- R3 ---- */

static void r3_commit_acks_what_nobody_read(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  (void)ledger_claim(f, a, 1, 0);
  (void)ledger_claim(f, a, 1, 1);
  ledger_seal(f, a, 1, 0, 10);
  /* partition 1 is claimed and never sealed: a limit was reached before */
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  const frl_ledger_order *order = frl_ledger_next_order(a, 0);
  assert_true(ledger_is_acked(order, 0));
  assert_false(ledger_is_acked(order, 1));
  ledger_drop(f);
}

static void r3_verdicts_are_kept_until_they_are_confirmed(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  frl_ledger_report(&f->ledger, b, NULL, 1, 1, f->now_ms); /* it was passed by */
  frl_ledger_report(&f->ledger, a, NULL, 1, 0, f->now_ms); /* heard, not flushed */
  assert_non_null(frl_ledger_next_order(a, 0));
  assert_false(frl_ledger_is_settled(&f->ledger));
  frl_ledger_lost(&f->ledger, a, f->now_ms);
  assert_ptr_equal(ledger_join(f, "a"), a);
  assert_non_null(frl_ledger_next_order(a, 0));
  frl_ledger_report(&f->ledger, a, NULL, 1, 1, f->now_ms);
  assert_null(frl_ledger_next_order(a, 0));
  assert_true(frl_ledger_is_settled(&f->ledger));
  ledger_drop(f);
}

static void r3_nobody_confirms_what_was_never_ordered(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  frl_ledger_report(&f->ledger, a, NULL, UINT64_MAX, UINT64_MAX, f->now_ms);
  (void)ledger_claim(f, a, 1, 0);
  ledger_seal(f, a, 1, 0, 1);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  assert_false(frl_ledger_is_settled(&f->ledger));
  ledger_drop(f);
}

static void r3_one_given_up_must_come_as_another(void **state) {
  (void)state;
  frl_ledger_member *a;
  frl_ledger_member *b;
  fixture *f = ledger_make_sealed(&a, &b);
  frl_ledger_lost(&f->ledger, a, f->now_ms);
  f->now_ms += 3000;
  frl_ledger_tick(&f->ledger, f->now_ms);
  frl_coord_hello hello = {.run = RUN, .member = "a", .executor = "a"};
  frl_ledger_member *m;
  assert_int_equal(
      frl_ledger_join(&f->ledger, &hello, f->now_ms, &m, NULL), FRL_E_STATE);
  ledger_drop(f);
}

/* ---- R4 ---- */

static void ordered(frl_ledger_options *o) { o->ordered = true; }

static void r4_an_ordered_executor_seals_one_partition_a_batch(void **state) {
  (void)state;
  fixture *f = ledger_make(ordered);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  assert_int_equal(frl_ledger_find(&f->ledger, 1)->n_parts, 2);
  assert_int_equal(ledger_claim(f, a, 1, 0).kind, FRL_GRANT_SEAL);
  assert_int_equal(ledger_claim(f, a, 1, 1).kind, FRL_GRANT_EMPTY);
  assert_int_equal(
      ledger_claim(f, b, 1, 1).kind, FRL_GRANT_EMPTY); /* sealed for good */
  assert_int_equal(ledger_claim(f, a, 1, 0).kind, FRL_GRANT_SEAL);
  ledger_drop(f);
}

static void r4_an_ordered_executor_settles_before_it_seals_again(void **state) {
  (void)state;
  fixture *f = ledger_make(ordered);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  assert_int_equal(ledger_claim(f, a, 1, 0).kind, FRL_GRANT_SEAL);
  /* committed though its task never sealed it: its rows go back */
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 1, &batch), FRL_OFFER_BATCH);
  const frl_ledger_order *order = frl_ledger_next_order(a, 0);
  assert_false(ledger_is_acked(order, 0));
  assert_int_equal(ledger_claim(f, a, batch, 0).kind, FRL_GRANT_WAIT);
  frl_ledger_report(&f->ledger, a, NULL, order->seq, 0, f->now_ms);
  assert_int_equal(ledger_claim(f, a, batch, 0).kind, FRL_GRANT_SEAL);
  ledger_drop(f);
}

static void r4_silence_is_a_lost_connection(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  f->now_ms += 10001;
  frl_ledger_tick(&f->ledger, f->now_ms);
  assert_int_equal(a->state, FRL_EXECUTOR_AWAY);
  f->now_ms += 3000;
  frl_ledger_tick(&f->ledger, f->now_ms);
  assert_int_equal(a->state, FRL_EXECUTOR_GONE);
  ledger_drop(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(r1_acks_when_the_next_offset_is_asked_for),
      cmocka_unit_test(r1_the_same_commit_twice_orders_once),
      cmocka_unit_test(r1_stop_nacks_what_is_not_committed),
      cmocka_unit_test(r1_an_executor_that_goes_before_its_acks_is_told_of),
      cmocka_unit_test(r2_every_reader_gets_the_sealed_rows),
      cmocka_unit_test(r2_sealed_rows_cannot_change),
      cmocka_unit_test(r2_a_closed_batch_is_not_read_again),
      cmocka_unit_test(r2_planning_is_the_same_for_the_same_start),
      cmocka_unit_test(r2_a_lost_owner_means_no_rows_never_others),
      cmocka_unit_test(r2_what_was_not_sealed_is_sealed_by_another),
      cmocka_unit_test(r2_an_owner_back_in_time_keeps_its_rows),
      cmocka_unit_test(r3_commit_acks_what_nobody_read),
      cmocka_unit_test(r3_verdicts_are_kept_until_they_are_confirmed),
      cmocka_unit_test(r3_nobody_confirms_what_was_never_ordered),
      cmocka_unit_test(r3_one_given_up_must_come_as_another),
      cmocka_unit_test(r4_an_ordered_executor_seals_one_partition_a_batch),
      cmocka_unit_test(r4_an_ordered_executor_settles_before_it_seals_again),
      cmocka_unit_test(r4_silence_is_a_lost_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
