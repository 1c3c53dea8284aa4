/** The parts of one publisher, and what its files share. */
#ifndef FRL_PUBSUB_PUBLISHER_H
#define FRL_PUBSUB_PUBLISHER_H

#include <ferrule/pubsub.h>
#include <stdatomic.h>

#include "arrow/columns.h"
#include "base/backoff.h"
#include "base/chain.h"
#include "base/map.h"
#include "base/sync.h"
#include "pubsub/connection.h"
#include "pubsub/publish_rows.h"

/** One submitted batch, until all its rows are answered. */
typedef struct frl_cargo {
  struct frl_cargo *next;
  atomic_uint refs; /* of requests, and one while rows are open */
  frl_mem mem;
  struct ArrowArray array;
  frl_publish_rows rows;
  int64_t open_rows; /* not answered */
  int64_t failed_rows;
  frl_error failure; /* the first */
  uint64_t bytes;
  int64_t since_ms;
  frl_publish_done_fn done;
  void *done_ctx;
  frl_buf ids;     /* texts, in order of arrival */
  uint32_t *id_at; /* per row: where in ids, from 1; 0: none */
  uint16_t *id_bytes;
} frl_cargo;

frl_cargo *frl_cargo_ref(frl_cargo *cargo);
void frl_cargo_unref(frl_cargo *cargo);

/** Rows that go into one request. */
typedef struct frl_publish_span {
  struct frl_publish_span *next;
  frl_cargo *cargo; /* a reference */
  int64_t first;
  int64_t n;
  uint64_t bytes; /* of the rows in a request */
} frl_publish_span;

/** What is queued under one ordering key, or under none. */
typedef struct frl_publish_lane {
  char *key; /* NULL: none */
  size_t key_bytes;
  frl_publish_span *head;
  frl_publish_span *tail;
  uint64_t rows;
  uint64_t bytes;
  int64_t first_ms;   /* since when its head waits */
  uint32_t in_flight; /* at most 1 with a key */
} frl_publish_lane;

/** One PublishRequest, through all its attempts. */
typedef struct frl_publish_request {
  struct frl_publish_request *next; /* among those that wait for another attempt */
  struct frl_publisher *publisher;
  frl_publish_lane *lane;
  frl_publish_span *spans;
  uint64_t rows;
  uint64_t bytes;
  int64_t first_ms;
  int64_t retry_ms;
  frl_backoff backoff;
} frl_publish_request;

struct frl_publisher {
  frl_mem mem;
  frl_pubsub *pubsub;
  frl_channel *channel;
  char *topic; /* full name */
  frl_publisher_options options;
  frl_pool *pool;
  /* the loop's */
  frl_publish_lane unkeyed;
  frl_map lanes; /* by ordering key */
  frl_publish_request *retries;
  frl_rpc_group calls;
  uint32_t in_flight;
  frl_timer *timer; /* linger and retries */
  bool closing;
  frl_status start_status;
  /* under lock */
  frl_mutex lock;
  frl_cond changed;
  frl_cargo *incoming;
  frl_cargo *incoming_tail;
  uint64_t queued_bytes;
  uint64_t open_cargos;
  uint32_t flushing; /* callers that wait for everything */
  bool closed;
  frl_status failure; /* the first since the last flush */
  frl_error failure_error;
};

/** Loop thread, each. */
void frl__publisher_start(void *ctx);
/** Takes in what was submitted and sends what is due. */
void frl__publisher_run(void *ctx);
/** Fails everything that is queued and ends the calls. */
void frl__publisher_abandon(void *ctx);
void frl__publisher_tear_down(void *ctx);

/** A request's rows as a chain that borrows payloads; its last slice keeps them. */
FRL_NODISCARD frl_status frl__publish_encode(
    const frl_publish_request *request, frl_chain *out);

/** Rows of the span end here; the last of a cargo calls its done. */
void frl__publisher_rows_done(frl_publisher *p, frl_publish_span *span,
    frl_cursor *response, const frl_error *failure, frl_status status);
/** Frees the request and settles its rows with the response, or as failed. */
void frl__publisher_request_done(frl_publisher *p, frl_publish_request *request,
    frl_cursor response, const frl_error *failure, frl_status status);

#endif /* FRL_PUBSUB_PUBLISHER_H */
