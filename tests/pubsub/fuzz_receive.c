/* StreamingPull responses in chunks, then settlements: the first byte is the step. */
#include <ferrule/pubsub.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "pubsub/reservoir/intake.h"
#include "wire/walk.h"

typedef struct target {
  frl_leases leases;
  frl_intake intake;
  uint64_t rows;
} target;

static void finish(target *t) {
  frl_lot *lot;
  if (frl_intake_finish(&t->intake, &lot) != FRL_OK) return;
  const struct ArrowArray *a = frl_batch_array(lot->batch);
  if (a->length != (int64_t)lot->n_rows) abort();
  t->rows += lot->n_rows;
  frl_lease_item *item =
      frl_lease_item_create(&t->leases, (frl_span){lot, 0, lot->n_rows});
  if (!item) abort();
  frl_leases_settle(&t->leases, item, FRL_LEASE_ACK, 0);
  frl_lot_unref(lot);
}

static frl_status on_field(void *ctx, const frl_wire_field *field) {
  target *t = ctx;
  if (field->number != 1 || field->type != FRL_WIRE_BYTES) return FRL_OK;
  frl_status st = frl_intake_message(&t->intake, field->bytes, 0);
  if (st == FRL_E_STATE) {
    finish(t);
    st = frl_intake_message(&t->intake, field->bytes, 0);
  }
  return st;
}

static void send_all(target *t) {
  frl_lease_request q;
  uint64_t answered = 0;
  while (frl_leases_next(&t->leases, FRL_LEASE_ACK, 0, &q)) {
    frl_chain chain;
    frl_chain_init(&chain, NULL);
    if (frl_lease_request_encode(&t->leases, &q, "s", &chain) != FRL_OK) abort();
    frl_chain_deinit(&chain);
    answered += frl_leases_answer(&t->leases, &q, &(frl_lease_answer){0}, 0);
  }
  if (answered != t->rows) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  const size_t step = 1 + data[0];
  target t = {0};
  frl_pool *pool;
  if (frl_pool_create(&pool, NULL, 0, NULL) != FRL_OK) return 0;
  frl_leases_init(&t.leases, NULL, 60000, NULL);
  const frl_intake_options options = {.columns = 0x3f,
      .payload_utf8 = data[1] & 1,
      .max_rows = 4,
      .max_bytes = 4096,
      .pool = pool,
      .leases = &t.leases};
  frl_walk walk;
  frl_walk_init(&walk, NULL, 1 << 20, on_field, &t);
  if (frl_intake_init(&t.intake, &options, NULL) == FRL_OK) {
    frl_status st = FRL_OK;
    for (size_t at = 2; at < size && st == FRL_OK; at += step) {
      const size_t n = size - at < step ? size - at : step;
      st = frl_walk_feed(&walk, data + at, n);
    }
    finish(&t);
    send_all(&t);
  }
  frl_walk_deinit(&walk);
  frl_intake_deinit(&t.intake);
  frl_leases_deinit(&t.leases);
  frl_pool_unref(pool);
  return 0;
}
