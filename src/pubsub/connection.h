/**
 * What the parts of the Pub/Sub client share: the connection, full names, and calls
 * with the metadata that the service wants.
 */
#ifndef FRL_PUBSUB_CONNECTION_H
#define FRL_PUBSUB_CONNECTION_H

#include <ferrule/pubsub.h>
#include <stdatomic.h>

#include "auth/token.h"
#include "base/buf.h"
#include "base/chain.h"
#include "base/cursor.h"
#include "net/grpc_client.h"
#include "net/loop.h"

struct frl_pubsub {
  frl_mem mem;
  frl_loop *loop;
  frl_channel *channel;
  frl_channel *gzip_channel; /* made when first wanted */
  frl_token_source *tokens;  /* NULL: no credentials are sent */
  char *project;             /* NULL: full names only */
  char *target;              /* host:port */
  const char *target_origin; /* where the target was taken from, for messages */
  frl_channel_options channel_options; /* texts borrowed from the fields above */
  char *ca_file;
  uint32_t timeout_ms;
  uint32_t connections;
  atomic_bool answered; /* the server was reached at least once */
};

/** "projects/P/<collection>/NAME"; name may be full already. Freed by frl_free. */
FRL_NODISCARD frl_status frl__pubsub_full_name(frl_pubsub *pubsub,
    const char *collection, const char *name, char **out, frl_error *err);

/** What a call says beside its message: who we are, and where it is routed. */
typedef struct frl_rpc_route {
  const char *path;  /* "/google.pubsub.v1.Publisher/Publish" */
  const char *param; /* "topic", "subscription", "project" */
  const char *name;  /* its value */
} frl_rpc_route;

/** Waits for credentials that hold, from threads that may block; see frl_token_wait. */
FRL_NODISCARD frl_status frl__pubsub_authenticate(
    frl_pubsub *pubsub, int64_t timeout_ms, frl_error *err);

/**
 * authorization and x-goog-request-params, without waiting. Deinit with the
 * connection's mem.
 */
FRL_NODISCARD frl_status frl__pubsub_metadata(
    frl_pubsub *pubsub, const frl_rpc_route *route, frl_metadata *out, frl_error *err);

/**
 * One call with the retries that its codes allow, from any thread but a loop's.
 *
 * @param retry_codes  bits 1 << code.
 */
FRL_NODISCARD frl_status frl__pubsub_unary(frl_pubsub *pubsub,
    const frl_rpc_route *route, uint32_t retry_codes, const frl_buf *request,
    frl_buf *response, frl_error *err);

/* ---- calls without waiting, on the loop's thread ---- */

/** The calls of one owner, so that they can be ended together. Zero-initialise. */
typedef struct frl_rpc_group {
  struct frl_rpc *first;
  size_t len;
} frl_rpc_group;

/** response is empty where the call failed; both are valid during the call only. */
typedef void (*frl_rpc_done_fn)(
    void *ctx, const frl_rpc_status *status, frl_cursor response);

/**
 * Starts one unary call. done is called once, never inside this function.
 * @param request  moved on FRL_OK.
 */
FRL_NODISCARD frl_status frl__rpc_start(frl_rpc_group *group, frl_pubsub *pubsub,
    frl_channel *channel, const frl_rpc_route *route, frl_chain *request,
    int64_t timeout_ms, frl_rpc_done_fn done, void *ctx, frl_error *err);
/** done of each is still called, with CANCELLED. */
void frl__rpc_cancel_all(frl_rpc_group *group);

enum { FRL_FIRST_CONTACT_MS = 8 * 1000 }; /* a server never reached is given up then */

/**
 * What a failed call means for somebody who called it for the first time: puts what to
 * do into the message of NOT_FOUND, UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE.
 */
void frl__pubsub_explain(const frl_pubsub *pubsub, const char *subscription,
    frl_status status, frl_error *err);

#endif /* FRL_PUBSUB_CONNECTION_H */
