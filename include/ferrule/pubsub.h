/**
 * Google Cloud Pub/Sub: connection, admin calls, publisher, subscriber.
 *
 * Field and method facts: google/pubsub/v1/pubsub.proto.
 *
 * Threads: a handle may be used from any thread; what is created from it must be
 * closed before it. Calls with a timeout block the caller, never a loop.
 */
#ifndef FERRULE_PUBSUB_H
#define FERRULE_PUBSUB_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/export.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- connection ---- */

typedef struct frl_pubsub frl_pubsub;

/** Zero means the default that stands behind each field. Texts are copied. */
typedef struct frl_pubsub_options {
  size_t struct_size;
  const char *project_id;       /* for short names; NULL: full names only */
  const char *emulator_host;    /* host:port, clear text, no credentials; NULL: the
                                   environment's PUBSUB_EMULATOR_HOST where no endpoint
                                   is given either */
  const char *endpoint;         /* "pubsub.googleapis.com:443" */
  const char *credentials_file; /* service-account key; NULL: the file named by
                                   GOOGLE_APPLICATION_CREDENTIALS */
  const char *access_token;     /* a static bearer token instead */
  const char *ca_file;          /* PEM roots; NULL: the system's */
  bool clear_text;              /* endpoint without TLS and without credentials */
  uint32_t connections;         /* 1 */
  uint32_t timeout_ms;          /* 60,000 for one admin call */
  uint32_t stream_window_bytes; /* 4 MiB */
  const frl_mem *mem;
  const char *scopes; /* OAuth scopes, separated by spaces: the key file's token server
                         is asked for an access token with them; NULL: the key signs
                         its own tokens for the service, and nobody is asked */
} frl_pubsub_options;

/**
 * Reads credentials; connects at the first call. ca_file is trusted beside the system's
 * roots where a token server is asked.
 */
FRL_API FRL_NODISCARD frl_status frl_pubsub_open(
    frl_pubsub **out, const frl_pubsub_options *options, frl_error *err);
/** NULL works. */
FRL_API void frl_pubsub_close(frl_pubsub *pubsub);

/* ---- admin: names are full ("projects/P/topics/T") or short (T) ---- */

FRL_API FRL_NODISCARD frl_status frl_pubsub_create_topic(
    frl_pubsub *pubsub, const char *topic, frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_pubsub_delete_topic(
    frl_pubsub *pubsub, const char *topic, frl_error *err);

/** Called for each name in the server's order; a return but FRL_OK ends the list. */
typedef frl_status (*frl_pubsub_name_fn)(void *ctx, const char *name);
FRL_API FRL_NODISCARD frl_status frl_pubsub_list_topics(
    frl_pubsub *pubsub, frl_pubsub_name_fn fn, void *ctx, frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_pubsub_list_subscriptions(
    frl_pubsub *pubsub, frl_pubsub_name_fn fn, void *ctx, frl_error *err);

typedef struct frl_subscription_info {
  size_t struct_size;
  char name[512];
  char topic[512];
  uint32_t ack_deadline_s;
  bool ordered;
  bool exactly_once;
  bool dead_letter;
  bool detached;
  char dead_letter_topic[512];    /* "" without one */
  uint32_t max_delivery_attempts; /* 0 without a dead letter topic */
  uint32_t retention_s;
  bool retain_acked;
  char filter[512]; /* "" without one */
} frl_subscription_info;

typedef struct frl_subscription_options {
  size_t struct_size;
  const char *topic;       /* required */
  uint32_t ack_deadline_s; /* 10 */
  bool ordered;
  bool exactly_once;
  const char *filter;             /* NULL: none */
  const char *dead_letter_topic;  /* NULL: none; must exist, like a topic's name */
  uint32_t max_delivery_attempts; /* 5; then the dead letter topic gets the message */
  uint32_t retention_s; /* 604,800 (7 days); how long what is not acked is kept */
  bool retain_acked;    /* acked messages are kept for retention_s too, for a seek */
} frl_subscription_options;

FRL_API FRL_NODISCARD frl_status frl_pubsub_create_subscription(frl_pubsub *pubsub,
    const char *subscription, const frl_subscription_options *options, frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_pubsub_get_subscription(frl_pubsub *pubsub,
    const char *subscription, frl_subscription_info *out, frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_pubsub_delete_subscription(
    frl_pubsub *pubsub, const char *subscription, frl_error *err);

/*
 * ---- publisher ----
 *
 * Rows with an ordering key go out one request at a time for each key. When a request
 * fails for good, the rows of its key that were already queued behind it fail with it;
 * what is submitted after that was told goes on.
 */

typedef struct frl_publisher frl_publisher;

typedef struct frl_publisher_options {
  size_t struct_size;
  const char *topic;               /* required */
  uint32_t max_batch_messages;     /* 1,000 a request */
  uint32_t max_batch_bytes;        /* 1 MiB a request; the service takes 10 MB */
  uint32_t linger_ms;              /* 10; how long a part-filled request waits */
  uint64_t max_in_flight_bytes;    /* 64 MiB, queued and sent but not answered */
  uint32_t max_in_flight_requests; /* 16; 1 per ordering key always */
  uint32_t timeout_ms;             /* 600,000 for a message, retries included */
  bool gzip;
} frl_publisher_options;

/**
 * How one submitted batch ended.
 *
 * @param message_ids  a utf8 array with one id per row, in row order; null where
 *                     the row was refused for good. Moved to the callee if it
 *                     clears release. NULL where nothing was published.
 * @param failure      NULL where every row was published.
 * Called on a thread of the publisher; must not block.
 */
typedef void (*frl_publish_done_fn)(void *ctx, struct ArrowArray *message_ids,
    int64_t failed_rows, const frl_error *failure);

FRL_API FRL_NODISCARD frl_status frl_publisher_open(frl_publisher **out,
    frl_pubsub *pubsub, const frl_publisher_options *options, frl_error *err);
/**
 * The largest message, attributes and ordering key and the headers of protobuf
 * included: a request takes 10 MB with the topic's name.
 */
FRL_API size_t frl_publisher_max_message_bytes(const frl_publisher *publisher);
/**
 * Queue one batch.
 *
 * @param schema   a struct with a column "payload" (or "data") of binary or utf8,
 *                 and optionally "attributes" (map<utf8,utf8>) and "ordering_key"
 *                 (utf8); "message_id", "publish_time" and "ack_id", which a pull
 *                 gives, are passed over; other columns are an error that names them.
 *                 Borrowed.
 * @param batch    moved on FRL_OK (batch->release becomes NULL); on any error
 *                 still the caller's. A row that the service would refuse (empty,
 *                 too large) fails the whole batch here, before anything is sent.
 * @param timeout_ms  milliseconds to wait for room; 0 = do not wait, -1 = for ever.
 * @param done     NULL: failures appear at flush only.
 */
FRL_API FRL_NODISCARD frl_status frl_publisher_submit(frl_publisher *publisher,
    const struct ArrowSchema *schema, struct ArrowArray *batch, int64_t timeout_ms,
    frl_publish_done_fn done, void *done_ctx, frl_error *err);
/** Sends what lingers and waits until all is answered; the first failure. */
FRL_API FRL_NODISCARD frl_status frl_publisher_flush(
    frl_publisher *publisher, int64_t timeout_ms, frl_error *err);
/** Flushes up to timeout_ms, then gives up what is left. NULL works. */
FRL_API void frl_publisher_close(frl_publisher *publisher, int64_t timeout_ms);

/*
 * ---- subscriber ----
 *
 * Messages wait in a reservoir, bounded in native bytes; when it is full the server has
 * to wait. Leases of all that waits and of all that was taken are renewed until it is
 * settled. A message that is delivered again while it is held adds no row: its newest
 * ack id is used. On an ordered subscription a nack gives back all that waits too,
 * since it may come after what was nacked.
 */

typedef struct frl_subscriber frl_subscriber;
typedef struct frl_held frl_held;

/** Which columns are built. */
enum frl_pubsub_column {
  FRL_PUBSUB_MESSAGE_ID = 1 << 0,   /* utf8 */
  FRL_PUBSUB_PUBLISH_TIME = 1 << 1, /* timestamp[us, UTC] */
  FRL_PUBSUB_PAYLOAD = 1 << 2,      /* binary, or utf8 with payload_utf8 */
  FRL_PUBSUB_ATTRIBUTES = 1 << 3,   /* map<utf8, utf8> */
  FRL_PUBSUB_ORDERING_KEY = 1 << 4, /* utf8, null where empty */
  FRL_PUBSUB_ACK_ID = 1 << 5,       /* utf8 */
  FRL_PUBSUB_DEFAULT_COLUMNS = 0x1f /* all but ack_id */
};

typedef struct frl_subscriber_options {
  size_t struct_size;
  const char *subscription; /* required */
  uint32_t columns;         /* bits of frl_pubsub_column; FRL_PUBSUB_DEFAULT_COLUMNS */
  bool payload_utf8;        /* payload as utf8; a payload that is not valid UTF-8
                               becomes null and is counted */
  uint32_t streams;         /* StreamingPulls opened; 1 per connection, 2 */
  uint64_t reservoir_bytes; /* 256 MiB of waiting messages at most */
  uint32_t max_rows_per_batch;  /* 16,384 */
  uint32_t max_bytes_per_batch; /* 4 MiB */
  uint32_t max_batch_delay_ms;  /* 100; a part-filled batch is handed out then */
  uint32_t lease_s;             /* 60, at most; the ack deadline kept renewed */
  int64_t cutoff_us;            /* wall clock; counts in old_idle_ms; 0: none */
} frl_subscriber_options;

/** Opens the streams. FRL_E_NOT_FOUND, FRL_E_AUTH, ... at once where they are final. */
FRL_API FRL_NODISCARD frl_status frl_subscriber_open(frl_subscriber **out,
    frl_pubsub *pubsub, const frl_subscriber_options *options, frl_error *err);
/** The schema of every batch; released by the caller. */
FRL_API FRL_NODISCARD frl_status frl_subscriber_schema(
    const frl_subscriber *subscriber, struct ArrowSchema *out, frl_error *err);
/**
 * Waits for messages and takes at least one row, at most max_rows rows and
 * max_bytes payload bytes (0: no bound beyond the batch's own).
 *
 * The leases of what was taken are kept until it is settled by frl_held_ack or
 * frl_held_nack.
 * @return FRL_OK; FRL_E_TIMEOUT; FRL_E_CLOSED; or what ended the subscription.
 */
FRL_API FRL_NODISCARD frl_status frl_subscriber_take(frl_subscriber *subscriber,
    uint32_t max_rows, uint64_t max_bytes, int64_t timeout_ms, frl_held **out,
    frl_error *err);
FRL_API int64_t frl_held_rows(const frl_held *held);
/** Native bytes that it keeps alive. */
FRL_API uint64_t frl_held_bytes(const frl_held *held);
/** A reference to the rows as a struct array; may be called many times. */
FRL_API FRL_NODISCARD frl_status frl_held_export(
    const frl_held *held, struct ArrowArray *out, frl_error *err);
/** Settle: asynchronous, retried, once. Frees the handle, not exported arrays. */
FRL_API void frl_held_ack(frl_held *held);
FRL_API void frl_held_nack(frl_held *held);
/** Waits until every settled message was answered by the server. */
FRL_API FRL_NODISCARD frl_status frl_subscriber_flush(
    frl_subscriber *subscriber, int64_t timeout_ms, frl_error *err);
/**
 * Stops the streams, nacks what waits and what is held but not settled, flushes
 * up to timeout_ms, frees. frl_held handles die with it. NULL works.
 */
FRL_API void frl_subscriber_close(frl_subscriber *subscriber, int64_t timeout_ms);

typedef struct frl_subscriber_stats {
  size_t struct_size;
  uint64_t received_messages, received_bytes; /* payload bytes */
  uint64_t waiting_messages, waiting_bytes;   /* in the reservoir, not taken */
  uint64_t held_messages, held_bytes;         /* taken, not settled */
  uint64_t acked, nacked, ack_failed;
  uint64_t extended;    /* lease extensions sent, in messages */
  uint64_t expired;     /* leases known to have run out while held */
  uint64_t redelivered; /* deliveries of an id still held: no row added */
  uint64_t reopened;    /* streams opened again */
  uint64_t invalid_utf8;
  int64_t oldest_waiting_ms; /* -1: nothing waits */
  int64_t idle_ms;           /* since the last message came; -1: none came yet */
  int64_t old_idle_ms;       /* since the last message published before cutoff_us,
                                or since opening; -1 without a cutoff */
  uint32_t open_streams;     /* streams that the server has answered */
} frl_subscriber_stats;

FRL_API void frl_subscriber_get_stats(
    const frl_subscriber *subscriber, frl_subscriber_stats *out);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_PUBSUB_H */
