/** The parts of one subscriber, and what its files share. */
#ifndef FRL_PUBSUB_RESERVOIR_SUBSCRIBER_H
#define FRL_PUBSUB_RESERVOIR_SUBSCRIBER_H

#include <ferrule/pubsub.h>

#include "base/sync.h"
#include "pubsub/connection.h"
#include "pubsub/reservoir/intake.h"
#include "pubsub/reservoir/leases.h"
#include "pubsub/reservoir/reservoir.h"
#include "pubsub/reservoir/stream.h"

enum { FRL_CLIENT_ID_BYTES = 16 };

/*
 * Fields without a note are set at opening and then only read.
 */
struct frl_subscriber {
  frl_mem mem;
  frl_pubsub *pubsub;
  char *subscription;             /* full name */
  frl_subscriber_options options; /* defaults filled in; texts are not ours */
  char client_id[2 * FRL_CLIENT_ID_BYTES + 1];
  frl_pool *pool;
  frl_reservoir reservoir;
  /* the loop's */
  frl_leases leases;
  frl_intake intake;
  frl_pull *streams;
  uint32_t n_streams;
  uint32_t live_streams; /* not yet stopped */
  frl_timer *tick;       /* leases, pings, retries */
  frl_timer *delay;      /* of a part-filled lot */
  frl_rpc_group calls;
  uint32_t in_flight[FRL_LEASE_KINDS];
  bool paused; /* some stream is held back */
  int64_t paused_ms;
  bool ordered;
  bool limited;      /* dead letters: one batch outstanding at most */
  bool closing;      /* no more requests are sent */
  int64_t nacked_ms; /* ordered: what came before is given back; -1: none */
  int64_t opened_ms;
  frl_status start_status;
  /* under lock */
  frl_mutex lock;
  frl_cond idle; /* streams stopped, calls ended */
  bool streams_stopped;
  bool calls_ended;
  frl_subscriber_stats seen; /* what the loop last counted */
  int64_t last_ms;
  int64_t last_old_ms;
};

/** Starts timers and streams; the result in start_status. Loop thread. */
void frl__subscriber_start(void *ctx);
/** Ends the streams; streams_stopped follows. Loop thread. */
void frl__subscriber_stop_streams(void *ctx);
/** Nacks all that is not settled and sends it. Loop thread. */
void frl__subscriber_give_back(void *ctx);
/** Ends the calls; calls_ended follows. Loop thread. */
void frl__subscriber_end_calls(void *ctx);
/** Frees what belongs to the loop. Loop thread; may be called again. */
void frl__subscriber_tear_down(void *ctx);

/** reservoir callbacks. */
void frl__subscriber_on_settled(void *ctx);
void frl__subscriber_on_room(void *ctx);

/** Sends what the lease manager has to say, within the bounds. Loop thread. */
void frl__subscriber_pump(frl_subscriber *s);
/** Moves what was settled into the lease manager. Loop thread. */
void frl__subscriber_collect(frl_subscriber *s);
/** Ends the lot under construction and makes it available. Loop thread. */
void frl__subscriber_finish_lot(frl_subscriber *s);

#endif /* FRL_PUBSUB_RESERVOIR_SUBSCRIBER_H */
