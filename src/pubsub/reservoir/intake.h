/**
 * From the bytes of StreamingPull responses to lots of Arrow columns.
 *
 * Each ReceivedMessage is read where it lies and appended straight to the columns
 * that were asked for; a message whose id is held already only replaces its ack id.
 *
 * Source of the field numbers: google/pubsub/v1/pubsub.proto.
 * Threads: one at a time (the loop).
 */
#ifndef FRL_PUBSUB_RESERVOIR_INTAKE_H
#define FRL_PUBSUB_RESERVOIR_INTAKE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stdint.h>

#include "arrow/columns.h"
#include "base/cursor.h"
#include "pubsub/reservoir/leases.h"
#include "pubsub/reservoir/lot.h"

/** What a batch looks like; released by the caller. */
FRL_NODISCARD frl_status frl_intake_schema(struct ArrowSchema *out, const frl_mem *mem,
    uint32_t columns, bool payload_utf8, frl_error *err);

typedef struct frl_intake_options {
  uint32_t columns; /* bits of frl_pubsub_column, not 0 */
  bool payload_utf8;
  uint32_t max_rows;  /* of a lot */
  uint64_t max_bytes; /* of a lot, as received */
  int64_t cutoff_us;  /* 0: none */
  const frl_mem *mem;
  frl_pool *pool;     /* a reference is taken */
  frl_leases *leases; /* borrowed */
} frl_intake_options;

typedef struct frl_intake {
  frl_intake_options options;
  frl_mem mem;
  frl_columns *columns;
  /* NULL: not asked for */
  frl_col *message_id, *publish_time, *payload, *attributes, *ordering_key, *ack_id;
  frl_lot *lot;            /* being built; NULL: none */
  uint64_t lot_wire_bytes; /* received for it */
  size_t hint_rows;        /* learnt from the last lots */
  size_t hint_id_bytes;
  bool full;          /* the lot must be finished before the next message */
  bool doubtful;      /* what comes may have waited long on the server's side */
  bool seen_attempts; /* the subscription counts deliveries (dead letters) */
  uint64_t messages;
  uint64_t payload_bytes;
  uint64_t invalid_utf8;
  int64_t last_ms;     /* when the last message came; -1: none yet */
  int64_t last_old_ms; /* the last one published before the cutoff; -1: none */
} frl_intake;

FRL_NODISCARD frl_status frl_intake_init(
    frl_intake *in, const frl_intake_options *options, frl_error *err);
/** A lot under construction is forgotten. A zeroed one works. */
void frl_intake_deinit(frl_intake *in);

/**
 * One ReceivedMessage.
 * @return FRL_OK; FRL_E_STATE when the lot is full (finish it, then call again);
 *         FRL_E_MALFORMED, FRL_E_TRUNCATED, FRL_E_NOMEM: nothing was added.
 */
FRL_NODISCARD frl_status frl_intake_message(
    frl_intake *in, frl_cursor received, int64_t now_ms);
/** Messages in the lot that is being built. */
static inline uint32_t frl_intake_rows(const frl_intake *in) {
  return in->lot ? in->lot->n_rows : 0;
}
/** Memory of the lot that is being built. */
uint64_t frl_intake_native_bytes(const frl_intake *in);
/**
 * Ends the lot and gives it to the caller, who owns the reference; its leases run.
 * @return FRL_OK; FRL_END: there is none; FRL_E_NOMEM: its messages are
 *         forgotten and come again when their leases end.
 */
FRL_NODISCARD frl_status frl_intake_finish(frl_intake *in, frl_lot **out);

#endif /* FRL_PUBSUB_RESERVOIR_INTAKE_H */
