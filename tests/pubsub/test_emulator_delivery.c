/* Leases: delivery, ack, nack, expiry, backoff, flow control, dead letters. */
#include <string.h>

#include "emulator_rig.h"
#include "pubsub/emulator/ack_id.h"

static void messages_come_once_and_in_order(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish_many(&r, 5);
  assert_int_equal(em_take(&r, 0, 3), 3);
  em_assert_taken(&r, "0 1 2");
  assert_int_equal(em_take(&r, 0, 10), 2);
  em_assert_taken(&r, "3 4");
  assert_int_equal(em_take(&r, 0, 10), 0);
  assert_int_equal(r.sub->backlog.leased, 5);
  em_rig_deinit(&r);
}

static void an_acked_message_is_gone_and_its_memory_too(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish_many(&r, 3);
  assert_true(r.store.retained_bytes > 0);
  assert_int_equal(em_take(&r, 0, 10), 3);
  assert_true(em_ack(&r, 1));
  assert_true(em_ack(&r, 0));
  assert_int_equal(r.sub->backlog.unacked, 1);
  assert_true(em_ack(&r, 2));
  assert_true(em_ack(&r, 2)); /* again: done already */
  assert_int_equal(r.store.retained_bytes, 0);
  assert_int_equal(r.store.counts.acked, 3);
  em_pass(&r, 30000);
  assert_int_equal(em_take(&r, 0, 10), 0);
  em_rig_deinit(&r);
}

static void a_lease_ends_at_its_deadline_not_before(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish(&r, "a", NULL, NULL);
  assert_int_equal(em_take(&r, 0, 1), 1);
  em_pass(&r, 9900);
  assert_int_equal(em_take(&r, 0, 1), 0);
  em_pass(&r, 200);
  assert_int_equal(r.store.counts.expired, 1);
  assert_int_equal(em_take(&r, 0, 1), 1);
  assert_int_equal(r.got[0].attempt, 2);
  em_rig_deinit(&r);
}

static void a_longer_lease_is_kept(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish_many(&r, 2);
  assert_int_equal(em_take(&r, 0, 2), 2);
  assert_true(frl_em_backlog_modify(
      &r.sub->backlog, r.got[0].sequence, r.got[0].generation, r.now_ms, 600000));
  em_pass(&r, 11000);
  assert_int_equal(em_take(&r, 0, 2), 1);
  em_assert_taken(&r, "1");
  em_pass(&r, 600000);
  assert_int_equal(em_take(&r, 0, 2), 2);
  em_rig_deinit(&r);
}

static void a_late_ack_counts_unless_exactly_once(void **state) {
  (void)state;
  for (int exactly_once = 0; exactly_once < 2; exactly_once++) {
    em_rig r;
    em_rig_start(&r, exactly_once ? EM_EXACTLY_ONCE : 0, NULL);
    em_publish(&r, "a", NULL, NULL);
    assert_int_equal(em_take(&r, 0, 1), 1);
    em_pass(&r, 11000);
    assert_int_equal(em_ack(&r, 0), !exactly_once);
    assert_int_equal(em_take(&r, 0, 1), exactly_once);
    em_rig_deinit(&r);
  }
}

static void only_the_newest_id_works_exactly_once(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, EM_EXACTLY_ONCE, NULL);
  em_publish(&r, "a", NULL, NULL);
  assert_int_equal(em_take(&r, 0, 1), 1);
  const frl_em_delivery first = r.got[0];
  assert_true(em_nack(&r, 0));
  assert_int_equal(em_take(&r, 0, 1), 1);
  assert_int_not_equal(first.generation, r.got[0].generation);
  assert_false(frl_em_backlog_ack(&r.sub->backlog, first.sequence, first.generation));
  assert_true(em_ack(&r, 0));
  em_rig_deinit(&r);
}

static void a_nacked_message_comes_again_at_once(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish_many(&r, 3);
  assert_int_equal(em_take(&r, 0, 2), 2);
  assert_true(em_nack(&r, 1));
  assert_false(em_nack(&r, 1)); /* that lease is over */
  assert_int_equal(em_take(&r, 0, 3), 2);
  em_assert_taken(&r, "1 2");
  assert_int_equal(r.store.counts.redelivered, 1);
  em_rig_deinit(&r);
}

static void a_retry_policy_backs_off(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, EM_RETRY, NULL);
  em_publish(&r, "a", NULL, NULL);
  static const int64_t waits_ms[] = {1000, 2000, 4000, 4000};
  for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
    assert_int_equal(em_take(&r, 0, 1), 1);
    assert_true(em_nack(&r, 0));
    em_pass(&r, waits_ms[i] - 200);
    assert_int_equal(em_take(&r, 0, 1), 0);
    em_pass(&r, 300);
  }
  assert_int_equal(em_take(&r, 0, 1), 1);
  em_rig_deinit(&r);
}

static void an_ack_during_the_backoff_counts(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, EM_RETRY, NULL);
  em_publish(&r, "a", NULL, NULL);
  assert_int_equal(em_take(&r, 0, 1), 1);
  assert_true(em_nack(&r, 0));
  assert_true(em_ack(&r, 0));
  assert_int_equal(r.sub->backlog.delayed, 0);
  em_pass(&r, 10000);
  assert_int_equal(em_take(&r, 0, 1), 0);
  em_rig_deinit(&r);
}

static void a_stream_gets_no_more_than_its_limits(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish_many(&r, 10);
  uint16_t few = 0;
  uint16_t small = 0;
  assert_int_equal(frl_em_holder_open(&r.sub->backlog, 3, 0, &few), FRL_OK);
  assert_int_equal(frl_em_holder_open(&r.sub->backlog, 0, 1, &small), FRL_OK);
  assert_int_equal(em_take(&r, few, 10), 3);
  assert_int_equal(em_take(&r, few, 10), 0);
  assert_false(frl_em_backlog_has(&r.sub->backlog, few));
  (void)em_take(&r, small, 10); /* larger than its limit: one, alone */
  assert_int_equal(r.n, 1);
  em_rig_deinit(&r);
}

static void acks_nacks_and_expiry_make_room_for_more(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish_many(&r, 10);
  uint16_t h = 0;
  assert_int_equal(frl_em_holder_open(&r.sub->backlog, 3, 0, &h), FRL_OK);
  assert_int_equal(em_take(&r, h, 10), 3);
  assert_true(em_ack(&r, 0));
  assert_int_equal(em_take(&r, h, 10), 1);
  assert_true(em_nack(&r, 0));
  assert_int_equal(em_take(&r, h, 10), 1);
  em_pass(&r, 11000);
  assert_int_equal(r.sub->backlog.holders[h]->messages, 0);
  assert_int_equal(r.sub->backlog.holders[h]->bytes, 0);
  assert_int_equal(em_take(&r, h, 10), 3);
  em_rig_deinit(&r);
}

static void a_closed_stream_keeps_its_leases(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish_many(&r, 2);
  uint16_t h = 0;
  assert_int_equal(frl_em_holder_open(&r.sub->backlog, 0, 0, &h), FRL_OK);
  assert_int_equal(em_take(&r, h, 2), 2);
  frl_em_holder_close(&r.sub->backlog, h);
  uint16_t other = 0;
  assert_int_equal(frl_em_holder_open(&r.sub->backlog, 0, 0, &other), FRL_OK);
  assert_int_not_equal(other, h);
  assert_int_equal(em_take(&r, other, 2), 0);
  em_pass(&r, 11000);
  assert_int_equal(em_take(&r, other, 2), 2);
  /* all its leases are over: the place is free again */
  assert_int_equal(frl_em_holder_open(&r.sub->backlog, 0, 0, &other), FRL_OK);
  assert_int_equal(other, h);
  em_rig_deinit(&r);
}

static void poison_goes_to_the_dead_letter_topic(void **state) {
  (void)state;
  em_rig r;
  em_rig_init(&r);
  r.topic = em_topic(&r, RIG_TOPIC);
  (void)em_topic(&r, "projects/p/topics/dead");
  frl_em_sub *source = em_sub(&r, RIG_SUB, RIG_TOPIC, EM_DEAD_LETTER, NULL);
  frl_em_sub *dead =
      em_sub(&r, "projects/p/subscriptions/dead", "projects/p/topics/dead", 0, NULL);
  r.sub = source;
  em_publish(&r, "poison", NULL, "k=v");
  for (uint32_t i = 1; i <= 5; i++) {
    assert_int_equal(em_take(&r, 0, 1), 1);
    assert_int_equal(r.got[0].attempt, i);
    assert_true(em_nack(&r, 0));
  }
  assert_int_equal(em_take(&r, 0, 1), 0);
  assert_int_equal(source->backlog.unacked, 0);
  r.sub = dead;
  assert_int_equal(em_take(&r, 0, 1), 1);
  em_assert_taken(&r, "poison");
  em_rig_deinit(&r);
}

static void poison_stays_where_there_is_no_dead_letter_topic(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, EM_DEAD_LETTER, NULL);
  em_publish(&r, "poison", NULL, NULL);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(em_take(&r, 0, 1), 1);
    assert_true(em_nack(&r, 0));
  }
  em_rig_deinit(&r);
}

static void many_messages_keep_their_places(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  uint64_t acked = 0;
  for (int round = 0; round < 300; round++) {
    em_publish_many(&r, 1000);
    assert_int_equal(em_take(&r, 0, 900), 900);
    for (size_t i = 0; i < r.n; i += 1 + (size_t)round % 3) {
      assert_true(em_ack(&r, i));
      acked++;
    }
    em_pass(&r, 300);
  }
  assert_int_equal(r.sub->backlog.unacked, 300 * 1000 - acked);
  em_pass(&r, 11000);
  while (em_take(&r, 0, 1000) > 0) {
    for (size_t i = 0; i < r.n; i++) assert_true(em_ack(&r, i));
  }
  assert_int_equal(r.sub->backlog.unacked, 0);
  assert_int_equal(r.store.retained_bytes, 0);
  em_rig_deinit(&r);
}

static void ack_ids_are_checked(void **state) {
  (void)state;
  uint8_t id[FRL_EM_ACK_ID_BYTES];
  const uint64_t key = 0x1234567890abcdefu;
  const uint64_t sequence = 0xfedcba987654u;
  frl_em_ack_id_write(id, key, sequence, 77);
  uint64_t s = 0;
  uint32_t g = 0;
  assert_int_equal(frl_em_ack_id_read(id, sizeof id, key, &s, &g), FRL_EM_ID_GOOD);
  assert_int_equal(s, sequence);
  assert_int_equal(g, 77);
  assert_int_equal(
      frl_em_ack_id_read(id, sizeof id, key + 2, &s, &g), FRL_EM_ID_FOREIGN);
  assert_int_equal(
      frl_em_ack_id_read(id, sizeof id - 1, key, &s, &g), FRL_EM_ID_MALFORMED);
  for (size_t i = 0; i < sizeof id; i++) {
    uint8_t bent[FRL_EM_ACK_ID_BYTES];
    memcpy(bent, id, sizeof id);
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    assert_int_equal(
        frl_em_ack_id_read(bent, sizeof bent, key, &s, &g), FRL_EM_ID_FOREIGN);
    bent[i] = '!';
    assert_int_equal(
        frl_em_ack_id_read(bent, sizeof bent, key, &s, &g), FRL_EM_ID_MALFORMED);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_come_once_and_in_order),
      cmocka_unit_test(an_acked_message_is_gone_and_its_memory_too),
      cmocka_unit_test(a_lease_ends_at_its_deadline_not_before),
      cmocka_unit_test(a_longer_lease_is_kept),
      cmocka_unit_test(a_late_ack_counts_unless_exactly_once),
      cmocka_unit_test(only_the_newest_id_works_exactly_once),
      cmocka_unit_test(a_nacked_message_comes_again_at_once),
      cmocka_unit_test(a_retry_policy_backs_off),
      cmocka_unit_test(an_ack_during_the_backoff_counts),
      cmocka_unit_test(a_stream_gets_no_more_than_its_limits),
      cmocka_unit_test(acks_nacks_and_expiry_make_room_for_more),
      cmocka_unit_test(a_closed_stream_keeps_its_leases),
      cmocka_unit_test(poison_goes_to_the_dead_letter_topic),
      cmocka_unit_test(poison_stays_where_there_is_no_dead_letter_topic),
      cmocka_unit_test(many_messages_keep_their_places),
      cmocka_unit_test(ack_ids_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
