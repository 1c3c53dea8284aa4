/**
 * The reservoir: messages that wait to be taken, those that were taken and not yet
 * settled, and the settlements on their way to the loop. Bounded in the native bytes
 * of what waits, with hysteresis.
 *
 * Threads: any, under one lock that is taken once a batch. Callbacks run without it.
 */
#ifndef FRL_PUBSUB_RESERVOIR_RESERVOIR_H
#define FRL_PUBSUB_RESERVOIR_RESERVOIR_H

#include <ferrule/pubsub.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/sync.h"
#include "pubsub/reservoir/leases.h"

typedef struct frl_reservoir frl_reservoir;

/** What a taker holds: rows of one lot. */
struct frl_held {
  frl_reservoir *reservoir;
  frl_lease_item *item; /* becomes the settlement */
  frl_batch *batch;
  uint64_t payload_bytes;
  uint64_t native_bytes;
  struct frl_held *prev;
  struct frl_held *next;
};

typedef struct frl_reservoir_options {
  const frl_mem *mem;
  const frl_clock *clock;
  uint64_t max_bytes; /* waiting native bytes at which the streams are held back */
  int payload_child;  /* index of the payload among the columns; -1: not built */
  /** Something was settled: take it with frl_reservoir_settled. */
  void (*on_settled)(void *ctx);
  /** There is room again after frl_reservoir_full said there was none. */
  void (*on_room)(void *ctx);
  void *ctx;
} frl_reservoir_options;

/** Items settled one way, in order. */
typedef struct frl_settled {
  frl_lease_item *first[2]; /* by FRL_LEASE_ACK, FRL_LEASE_NACK */
} frl_settled;

struct frl_reservoir {
  frl_mem mem;
  const frl_clock *clock;
  frl_reservoir_options options;
  frl_mutex lock;
  frl_cond changed;
  frl_lease_item *head;
  frl_lease_item *tail;
  frl_held *helds;
  frl_settled settled;
  frl_lease_item *settled_tail[2];
  uint64_t waiting_rows, waiting_payload, waiting_native;
  uint64_t held_rows, held_payload;
  uint64_t unanswered; /* settled rows that the server has not answered */
  bool wants_room;
  bool closed;
  frl_status failure; /* what takers get once nothing waits */
  frl_error failure_error;
};

void frl_reservoir_init(frl_reservoir *r, const frl_reservoir_options *options);
/** Frees what is left; all helds die. */
void frl_reservoir_deinit(frl_reservoir *r);

/**
 * Adds the rows of a lot that are still FRL_ROW_HELD. Those for which there is no
 * memory are forgotten: they come again when their leases end. Loop thread.
 */
void frl_reservoir_put(frl_reservoir *r, frl_leases *leases, frl_lot *lot);
/** Whether waiting and building bytes reach the bound; if so, on_room will follow. */
bool frl_reservoir_full(frl_reservoir *r, uint64_t building_bytes);

/** See frl_subscriber_take. */
FRL_NODISCARD frl_status frl_reservoir_take(frl_reservoir *r, uint32_t max_rows,
    uint64_t max_bytes, int64_t timeout_ms, frl_held **out, frl_error *err);
/** Settles and frees the handle. */
void frl_reservoir_settle(frl_held *held, enum frl_lease_kind kind);
/** What was settled since the last call; the items are the caller's. */
frl_settled frl_reservoir_settled(frl_reservoir *r);
/** Settles all that waits as nacked. */
void frl_reservoir_nack_waiting(frl_reservoir *r);
/** The same for what is held; the handles die. */
void frl_reservoir_nack_held(frl_reservoir *r);
/** The server answered n settled rows. */
void frl_reservoir_answered(frl_reservoir *r, uint64_t n);
/** FRL_OK once nothing is unanswered; FRL_E_TIMEOUT. */
FRL_NODISCARD frl_status frl_reservoir_flush(
    frl_reservoir *r, int64_t timeout_ms, frl_error *err);

/** Takers get this once nothing waits; the first failure stays. */
void frl_reservoir_fail(frl_reservoir *r, frl_status status, const frl_error *error);
/** Takers get FRL_E_CLOSED at once. */
void frl_reservoir_close(frl_reservoir *r);
void frl_reservoir_stats(frl_reservoir *r, frl_subscriber_stats *out);

#endif /* FRL_PUBSUB_RESERVOIR_RESERVOIR_H */
