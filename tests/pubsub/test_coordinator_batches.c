/* Where batches begin and end, and offsets: rules R5 to R7, one by one. */
#include <stdlib.h>
#include <string.h>

#include "ledger_fixture.h"
#include "support/cmocka_c.h"

/* ---- R5 ---- */

static void r5_nobody_there_is_an_opening_batch_with_backoff(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  uint64_t batch;
  const frl_offset earlier = {EARLIER, 7};
  const frl_batch_request request = {
      .struct_size = sizeof request, .executors = 2, .cores = 4};
  assert_int_equal(ledger_offer_for(f, &earlier, &request, &batch), FRL_OFFER_BATCH);
  assert_int_equal(frl_ledger_find(&f->ledger, batch)->n_parts, 4);
  assert_int_equal(
      ledger_offer(f, 1, &batch), FRL_OFFER_NOTHING); /* nobody came: wait */
  f->now_ms += 500;
  assert_int_equal(ledger_offer(f, 1, &batch), FRL_OFFER_BATCH);
  f->now_ms += 500;
  assert_int_equal(
      ledger_offer(f, 2, &batch), FRL_OFFER_NOTHING); /* the wait has doubled */
  f->now_ms += 500;
  assert_int_equal(ledger_offer(f, 2, &batch), FRL_OFFER_BATCH);
  ledger_drop(f);
}

static void r5_an_idle_executor_that_went_is_not_asked_for_again_at_once(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 0, 0);
  frl_ledger_bye(&f->ledger, a, f->now_ms);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_NOTHING);
  f->now_ms += 500;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  ledger_drop(f);
}

static void r5_what_an_executor_took_with_it_is_asked_for_at_once(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 1, 0);
  frl_ledger_bye(&f->ledger, a, f->now_ms);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  ledger_drop(f);
}

static void r5_nothing_waiting_leaves_the_offset_unchanged(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 0, 0);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_NOTHING);
  ledger_report(f, a, 1, 0);
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  ledger_drop(f);
}

static void r5_one_time_budget_for_the_whole_batch(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  assert_int_equal(ledger_claim(f, a, 1, 0).time_ms, 500);
  f->now_ms += 300;
  assert_int_equal(ledger_claim(f, b, 1, 1).time_ms, 200);
  f->now_ms += 300;
  assert_int_equal(
      ledger_claim(f, a, 1, 0).time_ms, 0); /* a second attempt takes what waits */
  ledger_drop(f);
}

static void bounded(frl_ledger_options *o) {
  o->max_rows = 10;
  o->max_bytes = 4000;
  o->num_partitions = 4;
}

static void r5_limits_are_split_over_the_partitions(void **state) {
  (void)state;
  fixture *f = ledger_make(bounded);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  const frl_ledger_batch *batch = frl_ledger_find(&f->ledger, 1);
  assert_int_equal(batch->n_parts, 4);
  uint64_t rows = 0;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < 4; i++) {
    rows += batch->parts[i].max_rows;
    bytes += batch->parts[i].max_bytes;
  }
  assert_int_equal(rows, 10);
  assert_int_equal(bytes, 4000);
  ledger_drop(f);
}

static void r5_fewer_rows_than_partitions_make_fewer_partitions(void **state) {
  (void)state;
  fixture *f = ledger_make(bounded);
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 100, 0);
  const frl_offset start = {RUN, 0};
  const frl_batch_request request = {.struct_size = sizeof request, .max_rows = 3};
  uint64_t batch;
  assert_int_equal(ledger_offer_for(f, &start, &request, &batch), FRL_OFFER_BATCH);
  assert_int_equal(frl_ledger_find(&f->ledger, batch)->n_parts, 3);
  assert_int_equal(frl_ledger_find(&f->ledger, batch)->parts[0].max_rows, 1);
  ledger_drop(f);
}

static void r5_partitions_follow_the_reservoirs(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  const frl_ledger_batch *batch = frl_ledger_find(&f->ledger, 1);
  assert_int_equal(batch->n_parts, 2); /* little waits: one for each */
  assert_ptr_not_equal(batch->parts[0].preferred, batch->parts[1].preferred);
  assert_non_null(batch->parts[0].preferred);
  ledger_drop(f);
}

static void r5_much_waiting_takes_every_core(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 1 << 20, 0); /* 100 MiB */
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  assert_int_equal(frl_ledger_find(&f->ledger, batch)->n_parts, 4);
  ledger_drop(f);
}

static void r5_a_reservoir_passed_by_gives_its_messages_back(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  (void)ledger_claim(f, a, 1, 0);
  (void)ledger_claim(f, a, 1, 1); /* coalesce(1): b got no task */
  ledger_seal(f, a, 1, 0, 10);
  ledger_seal(f, a, 1, 1, 10);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  const frl_ledger_order *order = frl_ledger_next_order(b, 0);
  assert_non_null(order);
  assert_int_equal(order->kind, FRL_ORDER_CLOSE);
  assert_int_equal(b->state, FRL_EXECUTOR_CLOSING);
  /* a task of the old one is told to come anew */
  uint64_t batch;
  ledger_report(f, a, 10, 0);
  assert_int_equal(ledger_offer(f, 1, &batch), FRL_OFFER_BATCH);
  assert_int_equal(ledger_claim(f, b, 2, 0).kind, FRL_GRANT_WAIT);
  ledger_drop(f);
}

static void r5_a_batch_nobody_read_closes_no_reservoir(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a;
  frl_ledger_member *b;
  ledger_two_executors(f, &a, &b);
  assert_int_equal(frl_ledger_commit(&f->ledger, 1, f->now_ms), FRL_OK);
  assert_int_equal(a->state, FRL_EXECUTOR_LIVE);
  assert_int_equal(b->state, FRL_EXECUTOR_LIVE);
  ledger_drop(f);
}

static void r5_a_drain_opens_with_a_small_batch(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  f->ledger.options.sealed_bytes = 512u << 20;
  frl_ledger_drain(&f->ledger, f->now_ms);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  const uint64_t opening = frl_ledger_find(&f->ledger, batch)->parts[0].max_bytes;
  assert_true(opening <= 16u << 20);
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 1, 0);
  assert_int_equal(ledger_offer(f, batch, &batch), FRL_OFFER_BATCH);
  assert_true(frl_ledger_find(&f->ledger, batch)->parts[0].max_bytes > opening);
  ledger_drop(f);
}

static void r5_a_drain_ends_when_nothing_old_came_for_the_idle_time(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_drain(&f->ledger, f->now_ms);
  frl_ledger_member *a = ledger_join(f, "a");
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_WAIT); /* no figures yet */
  f->now_ms += 10;
  ledger_report(f, a, 0, 10);
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_WAIT);
  ledger_report(f, a, 5, 20);
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  f->now_ms += 1100;
  ledger_report(f, a, 0, 1100);
  assert_int_equal(
      ledger_offer(f, 1, &batch), FRL_OFFER_WAIT); /* figures of the commit's time */
  f->now_ms += 1100;
  ledger_report(f, a, 0, 2200);
  assert_int_equal(ledger_offer(f, 1, &batch), FRL_OFFER_NOTHING);
  ledger_drop(f);
}

static void r5_a_drain_ends_though_new_messages_keep_coming(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_drain(&f->ledger, f->now_ms);
  frl_ledger_member *a = ledger_join(f, "a");
  f->now_ms += 5000;
  ledger_report(f, a, 100, 5000);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_NOTHING);
  a->stats.old_idle_ms = 0; /* one that waits may be old */
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  ledger_drop(f);
}

static void r5_a_drain_waits_a_deadline_after_a_loss(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_drain(&f->ledger, f->now_ms);
  frl_ledger_member *a = ledger_join(f, "a");
  frl_ledger_member *b = ledger_join(f, "b");
  frl_ledger_lost(&f->ledger, b, f->now_ms);
  f->now_ms += 3000;
  frl_ledger_tick(&f->ledger, f->now_ms);
  const int64_t lost_ms = f->now_ms;
  f->now_ms += 30000;
  ledger_report(f, a, 0, 30000);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_WAIT);
  f->now_ms = lost_ms + 61000;
  ledger_report(f, a, 0, 61000);
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_NOTHING);
  ledger_drop(f);
}

static void r5_an_executor_without_streams_is_looked_after(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 0, 0);
  uint64_t batch;
  frl_coord_stats deaf = {.open_streams = 0};
  for (int i = 0; i < 9; i++) {
    f->now_ms += 1000;
    frl_ledger_report(&f->ledger, a, &deaf, 0, 0, f->now_ms);
    assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_NOTHING);
  }
  f->now_ms += 1000;
  frl_ledger_report(&f->ledger, a, &deaf, 0, 0, f->now_ms);
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  f->now_ms += 1000;
  frl_ledger_report(&f->ledger, a, &deaf, 0, 0, f->now_ms);
  assert_int_equal(ledger_offer(f, 1, &batch), FRL_OFFER_NOTHING);
  ledger_drop(f);
}

/* ---- R6, R7 ---- */

static void r6_offsets_carry_the_run(void **state) {
  (void)state;
  frl_offset offset = {RUN, 12};
  char *text;
  assert_int_equal(frl_offset_format(&text, &offset), FRL_OK);
  assert_string_equal(text, "{\"run\":\"" RUN "\",\"batch\":12}");
  frl_offset back;
  assert_int_equal(frl_offset_parse(&back, text, NULL), FRL_OK);
  assert_string_equal(back.run, RUN);
  assert_int_equal(back.batch, 12);
  free(text);
}

static void r6_what_is_no_offset_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"", "{}", "[]", "{\"run\":\"x\",\"batch\":1}",
      "{\"run\":\"ab\"}", "{\"run\":\"ab\",\"batch\":-1}", "{\"run\":1,\"batch\":1}",
      "{\"run\":\"" RUN "0\",\"batch\":1}", "{\"0\":5}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    frl_offset offset;
    assert_int_equal(frl_offset_parse(&offset, bad[i], NULL), FRL_E_MALFORMED);
  }
}

static void r6_an_offset_of_the_future_is_an_error(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  const frl_offset start = {RUN, 3};
  const frl_batch_request request = {.struct_size = sizeof request};
  enum frl_offer kind;
  uint64_t batch;
  int64_t wait_ms;
  assert_int_equal(frl_ledger_offer(&f->ledger, &start, &request, f->now_ms, &kind,
                       &batch, &wait_ms, NULL),
      FRL_E_STATE);
  ledger_drop(f);
}

static void r7_another_run_cannot_join_or_claim(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_coord_hello hello = {.run = EARLIER, .member = "a", .executor = "a"};
  frl_ledger_member *m;
  assert_int_equal(
      frl_ledger_join(&f->ledger, &hello, f->now_ms, &m, NULL), FRL_E_STATE);
  frl_coord_part part = {.run = EARLIER, .member = "a", .batch = 1};
  frl_coord_grant grant;
  assert_int_equal(
      frl_ledger_claim(&f->ledger, &part, f->now_ms, &grant, NULL), FRL_E_STATE);
  /* nor does a name and a batch that this run has too let it in */
  frl_ledger_member *a = ledger_join(f, "a");
  ledger_report(f, a, 100, 0);
  uint64_t batch;
  assert_int_equal(ledger_offer(f, 0, &batch), FRL_OFFER_BATCH);
  part.batch = batch;
  assert_int_equal(
      frl_ledger_claim(&f->ledger, &part, f->now_ms, &grant, NULL), FRL_E_STATE);
  assert_int_equal(frl_ledger_sealed(&f->ledger, &part, NULL), FRL_E_STATE);
  assert_int_equal(frl_ledger_owner(&f->ledger, &part, &m, NULL), FRL_E_STATE);
  (void)ledger_claim(f, a, batch, 0);
  ledger_drop(f);
}

static void many_batches_leave_nothing_behind(void **state) {
  (void)state;
  fixture *f = ledger_make(NULL);
  frl_ledger_member *a = ledger_join(f, "a");
  for (uint64_t i = 0; i < 1000; i++) {
    ledger_report(f, a, 100, 0);
    uint64_t batch;
    assert_int_equal(ledger_offer(f, i, &batch), FRL_OFFER_BATCH);
    (void)ledger_claim(f, a, batch, 0);
    ledger_seal(f, a, batch, 0, 100);
    frl_ledger_report(&f->ledger, a, NULL, a->last_seq, a->last_seq, f->now_ms);
    f->now_ms += 10;
  }
  size_t kept = 0;
  for (const frl_ledger_batch *b = f->ledger.batches; b; b = b->next) kept++;
  assert_true(kept < 10);
  assert_true(f->ledger.rows_acked == 999 * 100);
  ledger_drop(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(r5_nobody_there_is_an_opening_batch_with_backoff),
      cmocka_unit_test(r5_an_idle_executor_that_went_is_not_asked_for_again_at_once),
      cmocka_unit_test(r5_what_an_executor_took_with_it_is_asked_for_at_once),
      cmocka_unit_test(r5_nothing_waiting_leaves_the_offset_unchanged),
      cmocka_unit_test(r5_one_time_budget_for_the_whole_batch),
      cmocka_unit_test(r5_limits_are_split_over_the_partitions),
      cmocka_unit_test(r5_fewer_rows_than_partitions_make_fewer_partitions),
      cmocka_unit_test(r5_partitions_follow_the_reservoirs),
      cmocka_unit_test(r5_much_waiting_takes_every_core),
      cmocka_unit_test(r5_a_reservoir_passed_by_gives_its_messages_back),
      cmocka_unit_test(r5_a_batch_nobody_read_closes_no_reservoir),
      cmocka_unit_test(r5_a_drain_opens_with_a_small_batch),
      cmocka_unit_test(r5_a_drain_ends_when_nothing_old_came_for_the_idle_time),
      cmocka_unit_test(r5_a_drain_ends_though_new_messages_keep_coming),
      cmocka_unit_test(r5_a_drain_waits_a_deadline_after_a_loss),
      cmocka_unit_test(r5_an_executor_without_streams_is_looked_after),
      cmocka_unit_test(r6_offsets_carry_the_run),
      cmocka_unit_test(r6_what_is_no_offset_is_refused),
      cmocka_unit_test(r6_an_offset_of_the_future_is_an_error),
      cmocka_unit_test(r7_another_run_cannot_join_or_claim),
      cmocka_unit_test(many_batches_leave_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
