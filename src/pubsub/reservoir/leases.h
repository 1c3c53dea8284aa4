/**
 * The lease manager: keeps the leases of everything held, settles what is decided,
 * and knows which message ids are held. Pure logic: requests are composed here and
 * answered here, sent by somebody else; time is an argument.
 *
 * Its unit is the lot: a tick costs O(lots). Settling allocates nothing: the item
 * that was made when rows were taken travels through the queues.
 *
 * Sources: the ack deadline's meaning, google/pubsub/v1/pubsub.proto; the bound of
 * 512 KiB a request and the reasons in google.rpc.ErrorInfo for exactly-once
 * subscriptions, Google's client libraries.
 *
 * Threads: one at a time (the loop); the counters may be read from any thread.
 */
#ifndef FRL_PUBSUB_RESERVOIR_LEASES_H
#define FRL_PUBSUB_RESERVOIR_LEASES_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/chain.h"
#include "base/cursor.h"
#include "pubsub/reservoir/id_map.h"
#include "pubsub/reservoir/lot.h"

enum frl_lease_kind {
  FRL_LEASE_ACK = 0,
  FRL_LEASE_NACK = 1,
  FRL_LEASE_EXTEND = 2,
  FRL_LEASE_KINDS = 3
};

enum {
  FRL_LEASE_MAX_IDS = 2500,
  FRL_LEASE_MAX_BYTES = 512 * 1024 - 1024, /* of ids; the rest is for the name */
  FRL_LEASE_GIVE_UP_MS = 600 * 1000        /* of retries for one settlement */
};

/** A span on its way to the server. It holds a reference to its lot. */
typedef struct frl_lease_item {
  struct frl_lease_item *next;
  frl_span span;
  int64_t since_ms; /* when it was decided */
} frl_lease_item;

/** One request under way; moved by copying. */
typedef struct frl_lease_request {
  enum frl_lease_kind kind;
  frl_lease_item *items;
  uint32_t n_ids;
  size_t id_bytes; /* the ack_ids fields together */
  int64_t sent_ms;
} frl_lease_request;

/** What the server said to a request. */
typedef struct frl_lease_answer {
  int32_t code;           /* enum frl_grpc_code */
  const uint8_t *details; /* google.rpc.Status, or NULL */
  size_t details_len;
} frl_lease_answer;

typedef struct frl_lease_queue {
  frl_lease_item *head;
  frl_lease_item *tail;
  frl_backoff backoff;
  int64_t not_before_ms;
} frl_lease_queue;

typedef struct frl_leases {
  frl_mem mem;
  frl_lot **lots; /* NULL where free */
  uint32_t n_lots;
  uint32_t lots_cap;
  uint32_t next_free; /* no free index below it */
  frl_id_map ids;
  frl_lease_queue queues[FRL_LEASE_KINDS];
  int64_t lease_ms;
  bool receipts; /* exactly-once: a lot is ready only when its leases are confirmed */
  /** A lot whose receipts are answered; rows not FRL_ROW_HELD must not be used. */
  void (*on_ready)(void *ctx, frl_lot *lot);
  void *ctx;
  atomic_uint_fast64_t acked, nacked, ack_failed, extended, expired, redelivered;
} frl_leases;

/** random NULL: the system's. */
void frl_leases_init(
    frl_leases *l, const frl_mem *mem, int64_t lease_ms, const frl_random *random);
/** Forgets everything. */
void frl_leases_deinit(frl_leases *l);

/** Gives the lot its index and keeps a reference until all its rows are done. */
FRL_NODISCARD frl_status frl_leases_register(frl_leases *l, frl_lot *lot);
/** For a lot without rows. */
void frl_leases_unregister(frl_leases *l, frl_lot *lot);

/**
 * Adds a message to the registered lot that is being built.
 * @return FRL_OK: it is the lot's last row now; FRL_END: the id is held already and
 *         its ack id was replaced; FRL_E_MALFORMED, FRL_E_LIMIT, FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_leases_admit(
    frl_leases *l, frl_lot *lot, frl_cursor message_id, frl_cursor ack_id);
/** Takes back the last row of the lot that is being built. */
void frl_leases_retract(frl_leases *l, frl_lot *lot);

/**
 * The lot is built: its leases count from first_ms.
 * @param doubtful  its messages may have waited long before they came: renew at once.
 */
void frl_leases_start(frl_leases *l, frl_lot *lot, bool doubtful);

/** A zeroed item of the allocator, for frl_leases_settle. NULL = out of memory. */
frl_lease_item *frl_lease_item_create(const frl_leases *l, frl_span span);
/**
 * Acks or nacks the item's rows, which must be FRL_ROW_HELD. The item is moved. A
 * nacked id is free to come again at once.
 */
void frl_leases_settle(
    frl_leases *l, frl_lease_item *item, enum frl_lease_kind kind, int64_t now_ms);

/** Queues the renewals that are due; counts leases that ran out. */
void frl_leases_tick(frl_leases *l, int64_t now_ms);

/** The next request of a kind; false: none now. */
bool frl_leases_next(
    frl_leases *l, enum frl_lease_kind kind, int64_t now_ms, frl_lease_request *out);
/** When a request of the kind can be had at the earliest; -1: nothing is queued. */
int64_t frl_leases_next_ms(const frl_leases *l, enum frl_lease_kind kind);
/**
 * The request as AcknowledgeRequest or ModifyAckDeadlineRequest. Slices of the chain
 * hold references to lots.
 */
FRL_NODISCARD frl_status frl_lease_request_encode(const frl_leases *l,
    const frl_lease_request *request, const char *subscription, frl_chain *out);
/**
 * Ends the request.
 * @return rows that are settled by it for good (of ACK and NACK).
 */
uint64_t frl_leases_answer(frl_leases *l, frl_lease_request *request,
    const frl_lease_answer *answer, int64_t now_ms);
/** The request was not sent: back into its queue, later. */
void frl_leases_put_back(frl_leases *l, frl_lease_request *request, int64_t now_ms);

/** For leases*.c only. */
void frl__leases_row_done(frl_leases *l, frl_lot *lot, uint32_t row);
void frl__lease_item_free(frl_leases *l, frl_lease_item *item);

#endif /* FRL_PUBSUB_RESERVOIR_LEASES_H */
