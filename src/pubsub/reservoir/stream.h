/**
 * One StreamingPull that is kept open: reopened with backoff, pinged, watched.
 *
 * Sources: protocol_version and the meaning of the fields, google/pubsub/v1/
 * pubsub.proto; ping every 30 s, 15 s of patience and the codes to reopen on, Google's
 * client libraries.
 *
 * Threads: the loop's.
 */
#ifndef FRL_PUBSUB_RESERVOIR_STREAM_H
#define FRL_PUBSUB_RESERVOIR_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"
#include "net/grpc_client.h"
#include "pubsub/connection.h"
#include "wire/walk.h"

/** What the owner hears. */
typedef struct frl_pull_handler {
  /** One ReceivedMessage; its bytes live during the call. Not FRL_OK: reopen. */
  frl_status (*on_message)(void *ctx, frl_cursor received);
  void (*on_properties)(void *ctx, bool exactly_once, bool ordered);
  /** Whether flow control is to wait now; asked after each chunk. */
  bool (*is_full)(void *ctx);
  /** The subscription cannot be read; the stream stays closed. */
  void (*on_final)(void *ctx, frl_status status, const frl_error *error);
  void (*on_stopped)(void *ctx); /* after frl_pull_stop, once */
  void *ctx;
} frl_pull_handler;

typedef struct frl_pull_options {
  frl_pubsub *pubsub;
  const char *subscription; /* full name; borrowed */
  const char *client_id;    /* borrowed; the same for all streams of a subscriber */
  uint32_t deadline_s;
  uint64_t max_outstanding_messages; /* 0: no bound */
  uint32_t ping_every_ms;            /* 30,000 */
  uint32_t ping_patience_ms;         /* 15,000 */
} frl_pull_options;

typedef struct frl_pull {
  frl_pull_handler handler;
  frl_pull_options options;
  frl_call *call;   /* NULL: closed */
  frl_timer *timer; /* of reopening */
  frl_walk walk;
  frl_backoff backoff;
  int64_t opened_ms;
  int64_t pinged_ms;
  uint64_t withheld; /* received bytes not given back to flow control */
  uint64_t reopened;
  bool answered;    /* the present call had a response */
  bool awaits_pong; /* nothing came since the last ping */
  bool stopping;
  bool ended; /* by a final failure */
} frl_pull;

/**
 * @param p        zeroed; stays in place until on_stopped and deinit.
 * @param options  zero means the default that stands behind a field.
 */
FRL_NODISCARD frl_status frl_pull_init(
    frl_pull *p, const frl_pull_options *options, const frl_pull_handler *handler);
void frl_pull_deinit(frl_pull *p);
/** Opens the first call; what fails is tried again later. */
void frl_pull_start(frl_pull *p);
/**
 * Half-closes, takes what still comes for a moment, and opens no other call. on_stopped
 * follows, perhaps at once; until then messages are handed over.
 */
void frl_pull_stop(frl_pull *p);
/** Ends the call and opens another (with changed options). */
void frl_pull_reopen(frl_pull *p);
/** Gives withheld bytes back. */
void frl_pull_resume(frl_pull *p);
/** Pings and the watchdog; to be called about every second. */
void frl_pull_tick(frl_pull *p, int64_t now_ms);

#endif /* FRL_PUBSUB_RESERVOIR_STREAM_H */
