/** A ledger under test, and a clock that the test holds. */
#ifndef FRL_TESTS_PUBSUB_LEDGER_FIXTURE_H
#define FRL_TESTS_PUBSUB_LEDGER_FIXTURE_H

#include "pubsub/coordinator/ledger.h"

#define RUN "0123456789abcdef0123456789abcdef"
#define EARLIER "ffffffffffffffffffffffffffffffff"

typedef struct fixture {
  frl_ledger ledger;
  int64_t now_ms;
} fixture;

/** change may alter the options; NULL. */
fixture *ledger_make(void (*change)(frl_ledger_options *));
void ledger_drop(fixture *f);
frl_ledger_member *ledger_join(fixture *f, const char *name);
/** Messages that wait, and how long ago the last old one came. */
void ledger_report(
    fixture *f, frl_ledger_member *m, uint64_t waiting, int64_t old_idle_ms);
enum frl_offer ledger_offer_for(fixture *f, const frl_offset *start,
    const frl_batch_request *request, uint64_t *batch);
/** The offer after the end of a batch of this run. */
enum frl_offer ledger_offer(fixture *f, uint64_t after, uint64_t *batch);
frl_coord_part ledger_part(
    const frl_ledger_member *m, uint64_t batch, uint64_t partition);
frl_coord_grant ledger_claim(
    fixture *f, const frl_ledger_member *m, uint64_t batch, uint64_t partition);
void ledger_seal(fixture *f, const frl_ledger_member *m, uint64_t batch,
    uint64_t partition, uint64_t rows);
bool ledger_is_acked(const frl_ledger_order *order, uint64_t partition);
/** Two executors with messages, and batch 1 offered to both. */
void ledger_two_executors(fixture *f, frl_ledger_member **a, frl_ledger_member **b);

/** Two executors, a and b; a has sealed 10 rows of batch 1, partition 0. */
fixture *ledger_make_sealed(frl_ledger_member **a, frl_ledger_member **b);

#endif /* FRL_TESTS_PUBSUB_LEDGER_FIXTURE_H */
