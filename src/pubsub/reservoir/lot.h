/**
 * A lot: the messages of one batch and what is needed to settle them.
 *
 * The Arrow batch is what the user sees; the lot keeps, beside it, the ack ids (in one
 * arena, each already encoded as a field of AcknowledgeRequest, so that an ack sends
 * them from where they lie), the key of each message id, and the state of each row. A
 * span is a range of a lot's rows: waiting, taken, or on its way to the server.
 *
 * Threads: a lot's rows belong to the loop that receives; `batch` is guarded by the
 * reservoir; references may be counted from any thread.
 */
#ifndef FRL_PUBSUB_RESERVOIR_LOT_H
#define FRL_PUBSUB_RESERVOIR_LOT_H

#include <ferrule/batch.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrow/pool.h"
#include "base/chain.h"
#include "base/cursor.h"

enum frl_row_state {
  FRL_ROW_HELD = 0, /* waiting or taken */
  FRL_ROW_ACKING,   /* acked by us, not yet answered */
  FRL_ROW_NACKING,
  FRL_ROW_DONE /* nothing more to do */
};

enum {
  FRL_ROW_REPLACED = 1, /* its ack id is in extra[] */
  FRL_ROW_AGAIN = 2,    /* delivered again while its ack is under way */
  FRL_ROW_NAMED = 4     /* its message id lies before the ack id: bytes, length byte */
};

typedef struct frl_lot_row {
  uint64_t key;       /* of the message id */
  uint32_t ack_at;    /* in the arena: AcknowledgeRequest.ack_ids, tag and length too */
  uint16_t ack_bytes; /* of the whole field */
  uint8_t state;      /* enum frl_row_state */
  uint8_t flags;
} frl_lot_row;

typedef struct frl_lot {
  atomic_uint refs;
  frl_pool *pool;
  frl_batch *batch;  /* NULL while it is built, and once all rows are taken */
  frl_lot_row *rows; /* in rows_buf */
  uint8_t **extra;   /* encoded fields by row, NULL until one is replaced */
  uint32_t extra_cap;
  frl_pool_buf rows_buf;
  frl_pool_buf arena;
  size_t arena_len;
  uint32_t n_rows;
  uint32_t open_rows;     /* not FRL_ROW_DONE */
  uint32_t index;         /* in the lease manager */
  uint32_t waiting_rows;  /* guarded by the reservoir */
  int64_t first_ms;       /* when its first message came */
  int64_t lease_until_ms; /* the earliest end of its leases */
  int64_t renew_at_ms;
  int64_t renew_sent_ms; /* when the renewal under way was first sent */
  uint32_t renew_rows;   /* of the renewal under way, not yet answered */
  bool registered;
  bool renewing;       /* its renewal is queued or sent */
  bool awaits_receipt; /* not handed out before its first renewal is answered */
  bool renew_failed;   /* a part of the renewal under way was refused */
  bool lapsed;         /* counted as expired */
  uint64_t payload_bytes;
  uint64_t native_bytes; /* memory that it takes, batch included */
} frl_lot;

typedef struct frl_span {
  frl_lot *lot;
  uint32_t first;
  uint32_t n;
} frl_span;

/** One reference. FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_lot_create(frl_lot **out, frl_pool *pool);
/** Makes room for rows and for the bytes of their ids at once. FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_lot_expect(frl_lot *lot, size_t rows, size_t id_bytes);
frl_lot *frl_lot_ref(frl_lot *lot);
/** NULL works. */
void frl_lot_unref(frl_lot *lot);

/**
 * Adds one row while the lot is built.
 * @param id  the message id; kept only where key is a hash.
 * @return FRL_OK; FRL_E_MALFORMED (an ack id empty or above 64,000 bytes); FRL_E_LIMIT
 *         (4 GiB of ids); FRL_E_NOMEM. On failure nothing has changed.
 */
FRL_NODISCARD frl_status frl_lot_add(
    frl_lot *lot, uint64_t key, frl_cursor ack_id, frl_cursor id);
/** Takes back the last row. */
void frl_lot_drop_last(frl_lot *lot);
/** Whether the row is known to bear this message id. */
bool frl_lot_has_id(const frl_lot *lot, uint32_t row, frl_cursor id);
/** The newest ack id of the row from now on. FRL_E_MALFORMED, FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_lot_replace_ack(
    frl_lot *lot, uint32_t row, frl_cursor ack_id);

/** The row's ack id as an encoded field; valid until it is replaced. */
frl_cursor frl_lot_ack_field(const frl_lot *lot, uint32_t row);
/** The same without tag and length. */
frl_cursor frl_lot_ack_id(const frl_lot *lot, uint32_t row);

#endif /* FRL_PUBSUB_RESERVOIR_LOT_H */
