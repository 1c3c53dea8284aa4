#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/rpc.h"
#include "pubsub/reservoir/leases.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum { LEASE_MS = 60000, START_MS = 1000000 };

typedef struct rig {
  frl_pool *pool;
  frl_leases leases;
  frl_lot *ready; /* what on_ready gave last */
  unsigned ready_calls;
} rig;

static void on_ready(void *ctx, frl_lot *lot) {
  rig *r = ctx;
  r->ready = lot;
  r->ready_calls++;
}

static int set_up(void **state) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  assert_int_equal(frl_pool_create(&r->pool, NULL, 0, NULL), FRL_OK);
  frl_leases_init(&r->leases, NULL, LEASE_MS, NULL);
  r->leases.on_ready = on_ready;
  r->leases.ctx = r;
  *state = r;
  return 0;
}

static int tear_down(void **state) {
  rig *r = *state;
  frl_leases_deinit(&r->leases);
  frl_pool_unref(r->pool);
  free(r);
  return 0;
}

static frl_cursor text(const char *s) { return frl_cursor_of(s, strlen(s)); }

static frl_status admit(rig *r, frl_lot *lot, const char *id, const char *ack) {
  return frl_leases_admit(&r->leases, lot, text(id), text(ack));
}

/* n messages with ids from first_id on and ack ids "ack-<id>". The rig owns none. */
static frl_lot *make_lot(rig *r, uint64_t first_id, uint32_t n) {
  frl_lot *lot;
  assert_int_equal(frl_lot_create(&lot, r->pool), FRL_OK);
  assert_int_equal(frl_leases_register(&r->leases, lot), FRL_OK);
  for (uint32_t i = 0; i < n; i++) {
    char id[32];
    char ack[64];
    (void)snprintf(id, sizeof id, "%llu", (unsigned long long)(first_id + i));
    (void)snprintf(ack, sizeof ack, "ack-%s", id);
    assert_int_equal(admit(r, lot, id, ack), FRL_OK);
  }
  lot->first_ms = START_MS;
  frl_leases_start(&r->leases, lot, false);
  frl_lot_unref(lot); /* registered: it lives */
  return lot;
}

static void settle(rig *r, frl_lot *lot, uint32_t first, uint32_t n,
    enum frl_lease_kind kind, int64_t now_ms) {
  frl_lease_item *item = frl_lease_item_create(&r->leases, (frl_span){lot, first, n});
  assert_non_null(item);
  frl_leases_settle(&r->leases, item, kind, now_ms);
}

static uint64_t answer(
    rig *r, frl_lease_request *request, int32_t code, int64_t now_ms) {
  const frl_lease_answer a = {.code = code};
  return frl_leases_answer(&r->leases, request, &a, now_ms);
}

/* The request's bytes in one piece. */
static void encode(rig *r, const frl_lease_request *request, frl_buf *out) {
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  assert_int_equal(frl_lease_request_encode(
                       &r->leases, request, "projects/p/subscriptions/s", &chain),
      FRL_OK);
  frl_buf_init(out, NULL, 1 << 20);
  for (size_t i = 0; i < chain.n_slices; i++) {
    assert_int_equal(
        frl_buf_append(out, chain.slices[i].data, chain.slices[i].len), FRL_OK);
  }
  frl_chain_deinit(&chain);
}

/* Checks field by field; ids of the field id_number are joined by commas. */
static void check_request(
    const frl_buf *bytes, uint32_t id_number, int64_t deadline_s, const char *ids) {
  frl_cursor c = frl_cursor_of(bytes->data, bytes->len);
  frl_wire_field f;
  frl_buf joined;
  frl_buf_init(&joined, NULL, 1 << 20);
  int64_t deadline = -1;
  bool named = false;
  while (frl_wire_next(&c, &f) == FRL_OK) {
    if (f.number == 1) {
      named = true;
      assert_memory_equal(f.bytes.pos, "projects/p/subscriptions/s", 26);
    } else if (f.number == id_number) {
      if (joined.len) assert_int_equal(frl_buf_append_u8(&joined, ','), FRL_OK);
      assert_int_equal(
          frl_buf_append(&joined, f.bytes.pos, frl_cursor_left(&f.bytes)), FRL_OK);
    } else {
      assert_int_equal(f.number, 3);
      deadline = (int64_t)f.value;
    }
  }
  assert_int_equal(frl_cursor_left(&c), 0);
  assert_true(named);
  assert_int_equal(deadline, deadline_s);
  const char *all;
  assert_int_equal(frl_buf_text(&joined, &all), FRL_OK);
  assert_string_equal(all, ids);
  frl_buf_deinit(&joined);
}

static void expect_request(rig *r, enum frl_lease_kind kind, int64_t now_ms,
    frl_lease_request *out, int64_t deadline_s, const char *ids) {
  assert_true(frl_leases_next(&r->leases, kind, now_ms, out));
  frl_buf bytes;
  encode(r, out, &bytes);
  check_request(&bytes, kind == FRL_LEASE_ACK ? 2 : 4, deadline_s, ids);
  frl_buf_deinit(&bytes);
}

static void an_acked_lot_is_forgotten_once_answered(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 3);
  settle(r, lot, 0, 3, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "ack-1,ack-2,ack-3");
  assert_false(
      frl_leases_next(&r->leases, FRL_LEASE_ACK, START_MS, &(frl_lease_request){0}));
  assert_int_equal(r->leases.ids.len, 3); /* a redelivery now is still the same row */
  assert_int_equal(answer(r, &q, FRL_GRPC_OK, START_MS), 3);
  assert_int_equal(r->leases.ids.len, 0);
  assert_int_equal(r->leases.acked, 3);
  assert_null(r->leases.lots[0]);
}

static void parts_of_a_lot_are_settled_on_their_own(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 4);
  settle(r, lot, 1, 2, FRL_LEASE_NACK, START_MS);
  settle(r, lot, 0, 1, FRL_LEASE_ACK, START_MS);
  settle(r, lot, 3, 1, FRL_LEASE_ACK, START_MS);
  frl_lease_request nack;
  frl_lease_request ack;
  expect_request(r, FRL_LEASE_NACK, START_MS, &nack, 0, "ack-2,ack-3");
  expect_request(r, FRL_LEASE_ACK, START_MS, &ack, -1, "ack-1,ack-4");
  assert_int_equal(answer(r, &nack, FRL_GRPC_OK, START_MS), 2);
  assert_non_null(r->leases.lots[0]);
  assert_int_equal(answer(r, &ack, FRL_GRPC_OK, START_MS), 2);
  assert_null(r->leases.lots[0]);
  assert_int_equal(r->leases.nacked, 2);
}

static void requests_keep_to_the_bounds(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1000000, 6000);
  settle(r, lot, 0, 6000, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  uint32_t total = 0;
  while (frl_leases_next(&r->leases, FRL_LEASE_ACK, START_MS, &q)) {
    assert_true(q.n_ids <= FRL_LEASE_MAX_IDS);
    total += q.n_ids;
    assert_int_equal(answer(r, &q, FRL_GRPC_OK, START_MS), q.n_ids);
  }
  assert_int_equal(total, 6000);
  assert_null(r->leases.lots[0]);
}

static void long_ack_ids_are_bounded_by_bytes(void **state) {
  rig *r = *state;
  char ack[2001];
  memset(ack, 'a', 2000);
  ack[2000] = '\0';
  frl_lot *lot;
  assert_int_equal(frl_lot_create(&lot, r->pool), FRL_OK);
  assert_int_equal(frl_leases_register(&r->leases, lot), FRL_OK);
  for (int i = 0; i < 1000; i++) {
    char id[16];
    (void)snprintf(id, sizeof id, "%d", i);
    assert_int_equal(admit(r, lot, id, ack), FRL_OK);
  }
  settle(r, lot, 0, 1000, FRL_LEASE_NACK, START_MS);
  frl_lot_unref(lot);
  frl_lease_request q;
  uint32_t total = 0;
  while (frl_leases_next(&r->leases, FRL_LEASE_NACK, START_MS, &q)) {
    frl_buf bytes;
    encode(r, &q, &bytes);
    assert_true(bytes.len <= 512 * 1024);
    frl_buf_deinit(&bytes);
    total += q.n_ids;
    (void)answer(r, &q, FRL_GRPC_OK, START_MS);
  }
  assert_int_equal(total, 1000);
}

static void a_redelivery_replaces_the_ack_id_and_adds_no_row(void **state) {
  rig *r = *state;
  frl_lot *first = make_lot(r, 1, 3);
  frl_lot *second = make_lot(r, 10, 1);
  assert_int_equal(admit(r, second, "2", "newer"), FRL_END);
  assert_int_equal(second->n_rows, 1);
  assert_int_equal(admit(r, second, "2", "newest"), FRL_END);
  assert_int_equal(r->leases.redelivered, 2);
  settle(r, first, 0, 3, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "ack-1,newest,ack-3");
  assert_int_equal(answer(r, &q, FRL_GRPC_OK, START_MS), 3);
}

static void a_redelivery_during_its_ack_is_acked_again(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 2);
  frl_lot *other = make_lot(r, 10, 1);
  settle(r, lot, 0, 2, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "ack-1,ack-2");
  assert_int_equal(admit(r, other, "2", "again"), FRL_END);
  assert_int_equal(answer(r, &q, FRL_GRPC_OK, START_MS), 1);
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "again");
  assert_int_equal(answer(r, &q, FRL_GRPC_OK, START_MS), 1);
  assert_int_equal(r->leases.acked, 2);
  assert_null(r->leases.lots[0]);
}

static void a_nacked_id_may_come_again_at_once(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 1);
  frl_lot *other = make_lot(r, 10, 1);
  settle(r, lot, 0, 1, FRL_LEASE_NACK, START_MS);
  assert_int_equal(admit(r, other, "1", "second-life"), FRL_OK);
  assert_int_equal(other->n_rows, 2);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_NACK, START_MS, &q, 0, "ack-1");
  (void)answer(r, &q, FRL_GRPC_OK, START_MS);
  /* the answer to the first life must not forget the second */
  assert_int_equal(admit(r, other, "1", "third"), FRL_END);
}

static void ids_that_are_no_numbers_are_compared(void **state) {
  rig *r = *state;
  frl_lot *lot;
  assert_int_equal(frl_lot_create(&lot, r->pool), FRL_OK);
  assert_int_equal(frl_leases_register(&r->leases, lot), FRL_OK);
  assert_int_equal(admit(r, lot, "m0", "a"), FRL_OK);
  assert_int_equal(admit(r, lot, "m1", "b"), FRL_OK);
  assert_int_equal(admit(r, lot, "m0", "c"), FRL_END);
  assert_true(frl_lot_has_id(lot, 0, text("m0")));
  assert_false(frl_lot_has_id(lot, 0, text("m1")));
  assert_false(frl_lot_has_id(lot, 0, text("m")));
  settle(r, lot, 0, 2, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "c,b");
  (void)answer(r, &q, FRL_GRPC_OK, START_MS);
  frl_lot_unref(lot);
}

static void leases_are_renewed_at_half_time_until_settled(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 3);
  frl_lease_request q;
  frl_leases_tick(&r->leases, START_MS + LEASE_MS / 2 - 1);
  assert_false(frl_leases_next(&r->leases, FRL_LEASE_EXTEND, START_MS, &q));
  int64_t now_ms = START_MS + LEASE_MS / 2;
  frl_leases_tick(&r->leases, now_ms);
  frl_leases_tick(&r->leases, now_ms);         /* once only */
  settle(r, lot, 1, 1, FRL_LEASE_ACK, now_ms); /* is not renewed */
  expect_request(r, FRL_LEASE_EXTEND, now_ms, &q, LEASE_MS / 1000, "ack-1,ack-3");
  assert_false(
      frl_leases_next(&r->leases, FRL_LEASE_EXTEND, now_ms, &(frl_lease_request){0}));
  assert_int_equal(answer(r, &q, FRL_GRPC_OK, now_ms + 500), 0);
  assert_int_equal(r->leases.extended, 2);
  assert_int_equal(lot->lease_until_ms, now_ms + LEASE_MS);
  frl_leases_tick(&r->leases, now_ms + LEASE_MS / 2 - 1);
  assert_false(frl_leases_next(&r->leases, FRL_LEASE_EXTEND, now_ms + LEASE_MS, &q));
  frl_leases_tick(&r->leases, now_ms + LEASE_MS / 2);
  assert_true(frl_leases_next(&r->leases, FRL_LEASE_EXTEND, now_ms + LEASE_MS, &q));
  (void)answer(r, &q, FRL_GRPC_OK, now_ms + LEASE_MS);
  assert_int_equal(r->leases.expired, 0);
}

static void a_lease_that_runs_out_is_counted_once(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 5);
  settle(r, lot, 0, 2, FRL_LEASE_ACK, START_MS);
  frl_leases_tick(&r->leases, START_MS + LEASE_MS - 1);
  assert_int_equal(r->leases.expired, 0);
  frl_leases_tick(&r->leases, START_MS + LEASE_MS);
  frl_leases_tick(&r->leases, START_MS + LEASE_MS + 1);
  assert_int_equal(r->leases.expired, 3);
  /* and it is renewed nevertheless */
  frl_lease_request q;
  expect_request(r, FRL_LEASE_EXTEND, START_MS + LEASE_MS, &q, LEASE_MS / 1000,
      "ack-3,ack-4,ack-5");
  (void)answer(r, &q, FRL_GRPC_OK, START_MS + LEASE_MS);
}

static void a_transient_failure_is_tried_again_later(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 2);
  settle(r, lot, 0, 2, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  int64_t now_ms = START_MS;
  for (int i = 0; i < 5; i++) {
    expect_request(r, FRL_LEASE_ACK, now_ms, &q, -1, "ack-1,ack-2");
    assert_int_equal(answer(r, &q, FRL_GRPC_UNAVAILABLE, now_ms), 0);
    assert_false(frl_leases_next(&r->leases, FRL_LEASE_ACK, now_ms, &q));
    const int64_t next_ms = frl_leases_next_ms(&r->leases, FRL_LEASE_ACK);
    assert_true(next_ms > now_ms);
    assert_true(next_ms <= now_ms + 10000);
    now_ms = next_ms;
  }
  now_ms = START_MS + FRL_LEASE_GIVE_UP_MS + 1;
  expect_request(r, FRL_LEASE_ACK, now_ms, &q, -1, "ack-1,ack-2");
  assert_int_equal(answer(r, &q, FRL_GRPC_UNAVAILABLE, now_ms), 2);
  assert_int_equal(r->leases.ack_failed, 2);
  assert_int_equal(frl_leases_next_ms(&r->leases, FRL_LEASE_ACK), -1);
}

static void a_permanent_failure_ends_it(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 2);
  settle(r, lot, 0, 2, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "ack-1,ack-2");
  assert_int_equal(answer(r, &q, FRL_GRPC_PERMISSION_DENIED, START_MS), 2);
  assert_int_equal(r->leases.ack_failed, 2);
  assert_int_equal(r->leases.acked, 0);
  assert_null(r->leases.lots[0]);
}

/* google.rpc.Status with an ErrorInfo of two ids. */
static void make_details(frl_buf *out, const char *id, const char *reason,
    const char *id2, const char *reason2) {
  frl_buf_init(out, NULL, 4096);
  size_t any;
  size_t value;
  assert_int_equal(frl_wire_varint(out, 1, 3), FRL_OK);
  assert_int_equal(frl_wire_begin(out, 3, &any), FRL_OK);
  assert_int_equal(
      frl_wire_text(out, 1, "type.googleapis.com/google.rpc.ErrorInfo"), FRL_OK);
  assert_int_equal(frl_wire_begin(out, 2, &value), FRL_OK);
  assert_int_equal(
      frl_wire_entry(out, 3, id, strlen(id), reason, strlen(reason)), FRL_OK);
  assert_int_equal(
      frl_wire_entry(out, 3, id2, strlen(id2), reason2, strlen(reason2)), FRL_OK);
  assert_int_equal(frl_wire_end(out, value), FRL_OK);
  assert_int_equal(frl_wire_end(out, any), FRL_OK);
}

static void exactly_once_failures_are_told_by_id(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 3);
  settle(r, lot, 0, 3, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "ack-1,ack-2,ack-3");
  frl_buf details;
  make_details(&details, "ack-1", "PERMANENT_FAILURE_INVALID_ACK_ID", "ack-3",
      "TRANSIENT_FAILURE_SOMETHING");
  const frl_lease_answer a = {FRL_GRPC_INVALID_ARGUMENT, details.data, details.len};
  assert_int_equal(frl_leases_answer(&r->leases, &q, &a, START_MS), 2);
  frl_buf_deinit(&details);
  assert_int_equal(r->leases.acked, 1);
  assert_int_equal(r->leases.ack_failed, 1);
  assert_false(frl_leases_next(&r->leases, FRL_LEASE_ACK, START_MS, &q));
  expect_request(r, FRL_LEASE_ACK, START_MS + 10000, &q, -1, "ack-3");
  assert_int_equal(answer(r, &q, FRL_GRPC_OK, START_MS), 1);
}

static void with_receipts_a_lot_is_ready_when_they_are_answered(void **state) {
  rig *r = *state;
  r->leases.receipts = true;
  frl_lot *lot = make_lot(r, 1, 3);
  frl_lease_request q;
  expect_request(
      r, FRL_LEASE_EXTEND, START_MS, &q, LEASE_MS / 1000, "ack-1,ack-2,ack-3");
  assert_int_equal(r->ready_calls, 0);
  frl_buf details;
  make_details(&details, "ack-2", "PERMANENT_FAILURE_INVALID_ACK_ID", "none",
      "PERMANENT_FAILURE_INVALID_ACK_ID");
  const frl_lease_answer a = {FRL_GRPC_INVALID_ARGUMENT, details.data, details.len};
  assert_int_equal(frl_leases_answer(&r->leases, &q, &a, START_MS), 0);
  frl_buf_deinit(&details);
  assert_int_equal(r->ready_calls, 1);
  assert_ptr_equal(r->ready, lot);
  assert_int_equal(lot->rows[0].state, FRL_ROW_HELD);
  assert_int_equal(lot->rows[1].state, FRL_ROW_DONE);
  assert_int_equal(lot->rows[2].state, FRL_ROW_HELD);
  /* the dropped message is free to come again */
  frl_lot *other = make_lot(r, 10, 1);
  assert_int_equal(admit(r, other, "2", "next"), FRL_OK);
}

static void doubtful_messages_are_renewed_at_once(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 1);
  frl_leases_start(&r->leases, lot, true);
  frl_leases_tick(&r->leases, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_EXTEND, START_MS, &q, LEASE_MS / 1000, "ack-1");
  (void)answer(r, &q, FRL_GRPC_OK, START_MS);
}

static void a_request_that_was_not_sent_keeps_its_rows(void **state) {
  rig *r = *state;
  frl_lot *lot = make_lot(r, 1, 2);
  settle(r, lot, 0, 1, FRL_LEASE_ACK, START_MS);
  frl_lease_request q;
  expect_request(r, FRL_LEASE_ACK, START_MS, &q, -1, "ack-1");
  frl_leases_put_back(&r->leases, &q, START_MS);
  settle(r, lot, 1, 1, FRL_LEASE_ACK, START_MS);
  expect_request(r, FRL_LEASE_ACK, START_MS + 10000, &q, -1, "ack-1,ack-2");
  assert_int_equal(answer(r, &q, FRL_GRPC_OK, START_MS), 2);
}

/* Goes as far as memory allows; whatever fails must leave nothing behind. */
static void go_as_far_as_memory_goes(const frl_mem *mem) {
  frl_pool *pool;
  if (frl_pool_create(&pool, mem, 0, NULL) != FRL_OK) return;
  rig r = {.pool = pool};
  frl_leases_init(&r.leases, mem, LEASE_MS, NULL);
  frl_lot *lot = NULL;
  frl_status st = frl_lot_create(&lot, pool);
  if (st == FRL_OK) st = frl_leases_register(&r.leases, lot);
  for (int i = 0; st == FRL_OK && i < 60; i++) {
    char id[16];
    (void)snprintf(id, sizeof id, i % 2 ? "%d" : "m%d", i % 50);
    st = admit(&r, lot, id, "ack");
    if (st == FRL_END) st = FRL_OK;
  }
  if (st == FRL_OK) {
    lot->first_ms = START_MS;
    frl_leases_start(&r.leases, lot, false);
    frl_leases_tick(&r.leases, START_MS + LEASE_MS / 2);
  }
  frl_lease_item *item = NULL;
  if (st == FRL_OK) item = frl_lease_item_create(&r.leases, (frl_span){lot, 0, 20});
  if (item) frl_leases_settle(&r.leases, item, FRL_LEASE_ACK, START_MS);
  for (int k = 0; k < FRL_LEASE_KINDS; k++) {
    frl_lease_request q;
    if (!frl_leases_next(&r.leases, (enum frl_lease_kind)k, START_MS, &q)) continue;
    frl_chain chain;
    frl_chain_init(&chain, mem);
    st = frl_lease_request_encode(&r.leases, &q, "s", &chain);
    frl_chain_deinit(&chain);
    if (st == FRL_OK) {
      (void)answer(&r, &q, FRL_GRPC_OK, START_MS);
    } else {
      assert_int_equal(st, FRL_E_NOMEM);
      frl_leases_put_back(&r.leases, &q, START_MS);
    }
  }
  frl_lot_unref(lot);
  frl_leases_deinit(&r.leases);
  frl_pool_unref(pool);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  failing_mem f;
  size_t n = 0;
  do {
    failing_mem_init(&f, n++);
    const frl_mem mem = failing_mem_of(&f);
    go_as_far_as_memory_goes(&mem);
    assert_int_equal(f.live, 0);
  } while (f.refused);
  assert_true(n > 20);
}

#define LEASE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      LEASE_TEST(an_acked_lot_is_forgotten_once_answered),
      LEASE_TEST(parts_of_a_lot_are_settled_on_their_own),
      LEASE_TEST(requests_keep_to_the_bounds),
      LEASE_TEST(long_ack_ids_are_bounded_by_bytes),
      LEASE_TEST(a_redelivery_replaces_the_ack_id_and_adds_no_row),
      LEASE_TEST(a_redelivery_during_its_ack_is_acked_again),
      LEASE_TEST(a_nacked_id_may_come_again_at_once),
      LEASE_TEST(ids_that_are_no_numbers_are_compared),
      LEASE_TEST(leases_are_renewed_at_half_time_until_settled),
      LEASE_TEST(a_lease_that_runs_out_is_counted_once),
      LEASE_TEST(a_transient_failure_is_tried_again_later),
      LEASE_TEST(a_permanent_failure_ends_it),
      LEASE_TEST(exactly_once_failures_are_told_by_id),
      LEASE_TEST(with_receipts_a_lot_is_ready_when_they_are_answered),
      LEASE_TEST(doubtful_messages_are_renewed_at_once),
      LEASE_TEST(a_request_that_was_not_sent_keeps_its_rows),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
