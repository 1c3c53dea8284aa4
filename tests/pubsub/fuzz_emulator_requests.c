/*
 * Requests from anybody: a store must survive any sequence of them, keep its counts
 * true, and give all memory back.
 *
 * Input: records of one byte (what is asked), one byte n, n bytes (the request).
 */
#include <stdlib.h>
#include <string.h>

#include "pubsub/emulator/faults.h"
#include "pubsub/emulator/response.h"
#include "pubsub/emulator/store.h"
#include "pubsub/emulator/stream_request.h"

enum { MAX_TAKEN = 64, MAX_STEPS = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct run {
  frl_em_store store;
  int64_t now_ms;
  frl_em_delivery taken[MAX_TAKEN];
  size_t n_taken;
} run;

static int64_t monotonic_ms(void *ctx) { return ((run *)ctx)->now_ms; }
static int64_t wall_us(void *ctx) {
  return 1700000000000000 + monotonic_ms(ctx) * 1000;
}

static frl_em_sub *any_sub(run *r) {
  size_t at = 0;
  const frl_map_entry *e = frl_map_next(&r->store.subs, &at);
  return e ? e->value : NULL;
}

static frl_em_snapshot *any_snapshot(run *r) {
  size_t at = 0;
  const frl_map_entry *e = frl_map_next(&r->store.snapshots, &at);
  return e ? e->value : NULL;
}

static void take(run *r, uint8_t most) {
  r->n_taken = 0;
  frl_em_sub *sub = any_sub(r);
  if (!sub) return;
  r->n_taken = frl_em_sub_take(sub, 0, 10000, most % MAX_TAKEN, 1000, r->taken);
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  if (frl_em_response_add(
          &chain, &sub->backlog, r->taken, r->n_taken, sub->wants_attempts) != FRL_OK) {
    abort();
  }
  frl_chain_deinit(&chain);
}

static void settle(run *r, uint8_t how) {
  frl_em_sub *sub = any_sub(r);
  for (size_t i = 0; sub && i < r->n_taken; i++) {
    const frl_em_delivery *d = &r->taken[i];
    if ((how >> (i % 8)) & 1) {
      (void)frl_em_backlog_ack(&sub->backlog, d->sequence, d->generation);
    } else {
      (void)frl_em_backlog_modify(
          &sub->backlog, d->sequence, d->generation, r->now_ms, i % 3 ? 0 : 20000);
    }
  }
}

static void read_texts(frl_cursor text) {
  frl_em_filter *filter = NULL;
  if (frl_em_filter_compile(&filter, NULL, text, NULL) == FRL_OK) {
    (void)frl_em_filter_matches(filter, text);
  }
  frl_em_filter_destroy(filter);
  frl_em_faults faults = {.n = 0};
  if (frl_em_faults_parse(&faults, text, NULL) == FRL_OK) {
    (void)frl_em_faults_use(&faults, FRL_EM_REFUSE, "/a/Publish");
  }
  frl_em_stream_request request;
  (void)!frl_em_stream_request_read(&request, NULL, text);
  frl_em_stream_request_deinit(&request, NULL);
}

static void change(run *r, uint8_t what, frl_cursor request) {
  frl_em_topic *topic = NULL;
  frl_em_sub *sub = NULL;
  frl_em_snapshot *snapshot = NULL;
  frl_em_request q;
  frl_error err = {0};
  frl_em_store *s = &r->store;
  if (frl_em_request_read(&q, request, &err) != FRL_OK) return;
  r->n_taken = 0; /* the subscription may go */
  switch (what) {
    case 0:
      (void)!frl_em_store_create_topic(s, request, &topic, &err);
      break;
    case 1:
      (void)!frl_em_store_create_sub(s, request, &sub, &err);
      break;
    case 2:
      (void)!frl_em_store_update_topic(s, q.fields[1], q.fields[2], &topic, &err);
      break;
    case 3:
      (void)!frl_em_store_update_sub(s, q.fields[1], q.fields[2], &sub, &err);
      break;
    case 4:
      (void)!frl_em_store_create_snapshot(
          s, q.fields[1], q.fields[2], request, &snapshot, &err);
      break;
    case 5:
      (void)!frl_em_store_update_snapshot(s, q.fields[1], q.fields[2], &snapshot, &err);
      break;
    case 6:
      (void)!frl_em_store_delete_topic(s, q.fields[1], &err);
      break;
    case 7:
      (void)!frl_em_store_delete_sub(s, q.fields[1], &err);
      break;
    default:
      (void)!frl_em_store_delete_snapshot(s, q.fields[1], &err);
      break;
  }
}

static void move(run *r, uint8_t what, uint8_t how) {
  frl_em_sub *sub = any_sub(r);
  frl_em_snapshot *snapshot = any_snapshot(r);
  if (what == 12) {
    r->now_ms += how * 100;
    (void)frl_em_store_tick(&r->store);
  } else if (what == 13 && sub) {
    (void)!frl_em_store_seek_time(
        &r->store, sub, 1700000000000000 + how * 1000000LL, NULL);
  } else if (what == 14 && sub && snapshot) {
    (void)!frl_em_store_seek_snapshot(&r->store, sub, snapshot, NULL);
  } else if (what == 15) {
    r->now_ms += how * 86400000LL;
    frl_em_store_housekeep(&r->store);
  }
}

static void step(run *r, uint8_t what, frl_cursor request) {
  const uint8_t how = request.pos < request.end ? *request.pos : 0;
  uint64_t id = 0;
  size_t n = 0;
  if (what < 9) {
    change(r, what, request);
  } else if (what == 9) {
    (void)!frl_em_store_publish(&r->store, request, &id, &n, NULL);
  } else if (what == 10) {
    take(r, how);
  } else if (what == 11) {
    settle(r, how);
  } else if (what < 16) {
    move(r, what, how);
  } else {
    read_texts(request);
  }
}

static void check(run *r) {
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&r->store.subs, &at))) {
    const frl_em_sub *sub = e->value;
    const frl_em_backlog *b = &sub->backlog;
    if (b->leased + b->delayed > b->unacked) abort();
    if (b->holders[0]->messages != b->leased) abort();
    if (b->end - b->base < b->unacked) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  run *r = calloc(1, sizeof *r);
  if (!r) abort();
  const frl_clock clock = {monotonic_ms, wall_us, r};
  frl_em_store_init(&r->store, NULL, &clock);
  frl_cursor c = frl_cursor_of(data, size);
  for (int i = 0; i < MAX_STEPS && frl_cursor_left(&c) >= 2; i++) {
    const uint8_t what = c.pos[0] % 18;
    const size_t n = c.pos[1];
    c.pos += 2;
    frl_cursor request;
    if (frl_cursor_take(&c, n, &request) != FRL_OK) request = c, c.pos = c.end;
    step(r, what, request);
    check(r);
  }
  frl_em_store_deinit(&r->store);
  if (r->store.retained_bytes != 0) abort();
  free(r);
  return 0;
}
