/**
 * The messages between coordinator and executors, as protobuf.
 *
 * Service /ferrule.coordinator.v1.Coordinator, every call with the metadata
 * "ferrule-token":
 *   Member   stream of Report -> stream of Order; one an executor and run
 *   Claim    Part -> Grant
 *   Sealed   Part -> empty
 *   Fetch    Part -> stream of Piece; a partition read from another executor
 *   Provide  stream of Piece -> empty; the other end of a Fetch
 *
 * Texts are copied and bounded, bytes are borrowed from what was decoded. Unknown
 * fields are skipped. Threads: values.
 */
#ifndef FRL_PUBSUB_COORDINATOR_MESSAGES_H
#define FRL_PUBSUB_COORDINATOR_MESSAGES_H

#include <ferrule/error.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cursor.h"

#define FRL_COORD_SERVICE "/ferrule.coordinator.v1.Coordinator/"
#define FRL_COORD_TOKEN "ferrule-token"

enum {
  FRL_COORD_ID_BYTES = 16, /* of run and member ids; hex digits are twice as many */
  FRL_COORD_ID_SIZE = 2 * FRL_COORD_ID_BYTES + 1,
  FRL_COORD_NAME_SIZE = 256,
  FRL_COORD_MAX_MESSAGE = 8 << 20,
  FRL_COORD_PIECE_BYTES = 1 << 20, /* of rows, in one Piece */
  FRL_COORD_MAX_PARTITIONS = 10000
};

/** First in a Report of each Member call. */
typedef struct frl_coord_hello {
  char run[FRL_COORD_ID_SIZE];
  char member[FRL_COORD_ID_SIZE];
  char executor[FRL_COORD_NAME_SIZE];
  char host[FRL_COORD_NAME_SIZE];
} frl_coord_hello;

/** Figures of one executor's reservoir, of frl_subscriber_stats and of its scans. */
typedef struct frl_coord_stats {
  uint64_t received_messages, received_bytes;
  uint64_t waiting_messages, waiting_bytes;
  uint64_t held_messages, held_bytes;
  uint64_t acked, nacked, ack_failed;
  uint64_t extended, expired, redelivered, reopened, invalid_utf8;
  int64_t oldest_waiting_ms, idle_ms;
  int64_t old_idle_ms; /* since a message from before the cutoff came, or waited: a
                          full reservoir is not an idle one */
  uint64_t open_streams;
  uint64_t decode_ns, dropped_rows, corrupt_rows;
} frl_coord_stats;

/** From an executor. Empty parts are absent. */
typedef struct frl_coord_report {
  frl_cursor hello;
  frl_cursor stats;
  uint64_t heard;   /* orders up to this one are done */
  uint64_t flushed; /* and the server has answered for all they settled */
  uint64_t bye;     /* 1: everything was given back, no more will come */
} frl_coord_report;

/** What an executor needs to know, in the first Order of each Member call. */
typedef struct frl_coord_welcome {
  frl_cursor config; /* the source's options, JSON */
  int64_t cutoff_us; /* 0: none */
  uint64_t grace_ms; /* without a coordinator, before everything is nacked */
  uint64_t beat_ms;  /* between two reports */
  uint64_t lease_s;
  uint64_t ordered;
  uint64_t reservoir_bytes; /* of waiting messages */
} frl_coord_welcome;

enum frl_coord_order_kind {
  FRL_ORDER_WELCOME = 1,
  FRL_ORDER_SETTLE = 2, /* the batch is closed: ack some partitions, nack the rest */
  FRL_ORDER_CLOSE = 3,  /* give everything back and go */
  FRL_ORDER_RELAY = 4   /* open a Provide for a partition */
};

/** To an executor. seq 0: not repeated and not confirmed. */
typedef struct frl_coord_order {
  uint64_t kind;
  uint64_t seq;
  uint64_t batch;
  uint64_t partition;
  uint64_t relay;
  frl_cursor acks; /* partitions as varints */
  frl_cursor welcome;
} frl_coord_order;

/** One partition of one batch, as Claim, Sealed and Fetch name it. */
typedef struct frl_coord_part {
  char run[FRL_COORD_ID_SIZE];
  char member[FRL_COORD_ID_SIZE];
  uint64_t batch;
  uint64_t partition;
  uint64_t rows; /* Sealed only */
  uint64_t bytes;
} frl_coord_part;

enum frl_coord_grant_kind {
  FRL_GRANT_SEAL = 1,  /* take messages, report them sealed, then read */
  FRL_GRANT_LOCAL = 2, /* read what this executor has */
  FRL_GRANT_RELAY = 3, /* fetch it */
  FRL_GRANT_EMPTY = 4, /* no rows */
  FRL_GRANT_WAIT = 5,  /* ask again soon */
  FRL_GRANT_STREAM = 6 /* batch read: rows as they come */
};

typedef struct frl_coord_grant {
  uint64_t kind;
  uint64_t max_rows; /* 0: no bound */
  uint64_t max_bytes;
  uint64_t time_ms; /* of the batch's budget left for sealing */
} frl_coord_grant;

/** A piece of an Arrow IPC stream; the first one of a Provide names the relay. */
typedef struct frl_coord_piece {
  char run[FRL_COORD_ID_SIZE];
  char member[FRL_COORD_ID_SIZE];
  uint64_t relay;
  frl_cursor data;
  uint64_t end;      /* of one batch: 1; of all: 2 */
  frl_cursor failed; /* why it ends early, text */
} frl_coord_piece;

typedef enum frl_coord_message {
  FRL_COORD_HELLO,
  FRL_COORD_STATS,
  FRL_COORD_REPORT,
  FRL_COORD_WELCOME,
  FRL_COORD_ORDER,
  FRL_COORD_PART,
  FRL_COORD_GRANT,
  FRL_COORD_PIECE,
  FRL_COORD_MESSAGES /* how many there are */
} frl_coord_message;

/** Appends the struct of the kind; zero fields are left out. */
FRL_NODISCARD frl_status frl_coord_encode(
    frl_buf *out, frl_coord_message kind, const void *message);
/** The same as a length-delimited field of another message. */
FRL_NODISCARD frl_status frl_coord_encode_into(
    frl_buf *out, uint32_t number, frl_coord_message kind, const void *message);
/**
 * Fills the zeroed struct of the kind.
 * @return FRL_OK; FRL_E_MALFORMED (also a text that is no UTF-8 or has a NUL),
 *         FRL_E_TRUNCATED, FRL_E_LIMIT (a text too long).
 */
FRL_NODISCARD frl_status frl_coord_decode(
    void *message, frl_coord_message kind, frl_cursor bytes);
/** Bytes of the kind's struct. */
size_t frl_coord_message_size(frl_coord_message kind);

/** Appends one partition to a list such as frl_coord_order.acks. */
FRL_NODISCARD frl_status frl_coord_list_put(frl_buf *list, uint64_t value);
/** The next of a list: FRL_OK, FRL_END, FRL_E_TRUNCATED, FRL_E_MALFORMED. */
FRL_NODISCARD frl_status frl_coord_list_next(frl_cursor *list, uint64_t *value);

#endif /* FRL_PUBSUB_COORDINATOR_MESSAGES_H */
