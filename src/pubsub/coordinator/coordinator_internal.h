/** What the driver's half is made of: shared by coordinator*.c, server*.c, relay.c. */
#ifndef FRL_PUBSUB_COORDINATOR_COORDINATOR_INTERNAL_H
#define FRL_PUBSUB_COORDINATOR_COORDINATOR_INTERNAL_H

#include <ferrule/coordinator.h>

#include "base/sync.h"
#include "net/grpc_server.h"
#include "net/loop.h"
#include "pubsub/coordinator/config.h"
#include "pubsub/coordinator/ledger.h"

enum {
  FRL_COORD_LEASE_S = 60,
  FRL_COORD_BEAT_MS = 100,
  FRL_COORD_AWAY_MS = 3000,
  FRL_COORD_SILENT_MS = 20000,
  FRL_COORD_TOKEN_BYTES = 32
};

/** The Member call of one executor. Loop thread. */
typedef struct frl_coord_link {
  struct frl_coord_link *next;
  frl_coordinator *c;
  frl_server_call *call;
  frl_ledger_member *member; /* NULL until its first report, or once replaced */
  uint64_t sent_seq;
  frl_buf message; /* the report that is coming in */
} frl_coord_link;

struct frl_coordinator {
  frl_coord_config *config;
  frl_mutex lock; /* of the ledger */
  frl_cond changed;
  frl_ledger ledger;
  bool drain_at_open;
  int64_t cutoff_us;
  frl_subscription_info subscription;
  uint64_t waiting_bytes; /* an executor's reservoir */
  char *shared_key;       /* its place among the streams of this process; NULL: none */
  char token[2 * FRL_COORD_TOKEN_BYTES + 1];
  char address[FRL_COORD_NAME_SIZE + 8];
  frl_loop *loop;
  frl_timer *timer;
  frl_server *server;
  frl_coord_link *links;    /* loop thread */
  struct frl_relay *relays; /* loop thread */
  uint64_t last_relay;
};

/* ---- server.c ---- */

/** Listens, and sets address. */
FRL_NODISCARD frl_status frl__coord_serve(frl_coordinator *c, frl_error *err);
/** Stops listening and ends all calls. */
void frl__coord_serve_end(frl_coordinator *c);
/** Sends what the ledger has for the executors. Any thread. */
void frl__coord_pump(frl_coordinator *c);
/** Whether the call may speak to us; checked for every one. */
FRL_NODISCARD frl_status frl__coord_admit(
    const frl_coordinator *c, const frl_server_call *call);
/** The live call of the member, or NULL. Loop thread. */
frl_coord_link *frl__coord_link_of(
    const frl_coordinator *c, const frl_ledger_member *member);
FRL_NODISCARD frl_status frl__coord_send(
    frl_coord_link *link, const frl_coord_order *order);
/** Ends a call with the failure. */
void frl__coord_refuse(frl_server_call *call, frl_status status, const frl_error *err);

/* ---- relay.c ---- */

FRL_NODISCARD frl_status frl__relay_serve(frl_coordinator *c);
/** Ends fetches whose owner has not answered. Loop thread. */
void frl__relay_tick(frl_coordinator *c);

/* ---- metrics.c ---- */

/** The JSON text of frl_coordinator_metrics. The lock is held. */
FRL_NODISCARD frl_status frl__coord_metrics(
    const frl_coordinator *c, int64_t now_ms, char **out);

#endif /* FRL_PUBSUB_COORDINATOR_COORDINATOR_INTERNAL_H */
