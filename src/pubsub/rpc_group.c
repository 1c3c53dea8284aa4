/** Calls without waiting, on the loop's thread. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/connection.h"

enum { RESPONSE_MAX_BYTES = 20 << 20 };

typedef struct frl_rpc {
  struct frl_rpc *prev;
  struct frl_rpc *next;
  frl_rpc_group *group;
  frl_pubsub *pubsub;
  frl_call *call;
  frl_buf response;
  frl_rpc_done_fn done;
  void *ctx;
} frl_rpc;

static void link_rpc(frl_rpc_group *group, frl_rpc *rpc) {
  rpc->group = group;
  rpc->next = group->first;
  if (rpc->next) rpc->next->prev = rpc;
  group->first = rpc;
  group->len++;
}

static void unlink_rpc(frl_rpc *rpc) {
  if (rpc->prev) {
    rpc->prev->next = rpc->next;
  } else {
    rpc->group->first = rpc->next;
  }
  if (rpc->next) rpc->next->prev = rpc->prev;
  rpc->group->len--;
}

static void free_rpc(frl_rpc *rpc) {
  frl_buf_deinit(&rpc->response);
  frl_free(&rpc->pubsub->mem, rpc);
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  frl_rpc *rpc = ctx;
  return frl_buf_append(&rpc->response, data, n);
}

static frl_status on_end(void *ctx) {
  (void)ctx;
  return FRL_OK;
}

static void on_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  (void)trailers;
  frl_rpc *rpc = ctx;
  unlink_rpc(rpc);
  if (status->code != FRL_GRPC_UNAVAILABLE) atomic_store(&rpc->pubsub->answered, true);
  if (status->code != FRL_GRPC_OK) frl_buf_clear(&rpc->response);
  rpc->done(rpc->ctx, status, frl_cursor_of(rpc->response.data, rpc->response.len));
  free_rpc(rpc);
}

frl_status frl__rpc_start(frl_rpc_group *group, frl_pubsub *pubsub,
    frl_channel *channel, const frl_rpc_route *route, frl_chain *request,
    int64_t timeout_ms, frl_rpc_done_fn done, void *ctx, frl_error *err) {
  static const frl_call_handler handler = {
      .sink = {.on_data = on_data, .on_end = on_end}, .on_closed = on_closed};
  frl_metadata metadata;
  FRL_TRY(frl__pubsub_metadata(pubsub, route, &metadata, err));
  frl_rpc *rpc = frl_calloc(&pubsub->mem, 1, sizeof *rpc);
  if (!rpc) {
    frl_metadata_deinit(&metadata, &pubsub->mem);
    return frl_fail(err, FRL_E_NOMEM, "pubsub: no memory for a call");
  }
  rpc->pubsub = pubsub;
  rpc->done = done;
  rpc->ctx = ctx;
  frl_buf_init(&rpc->response, &pubsub->mem, RESPONSE_MAX_BYTES);
  const frl_call_options options = {.struct_size = sizeof options,
      .path = route->path,
      .metadata = &metadata,
      .timeout_ms = timeout_ms};
  frl_status st = frl_call_start(&rpc->call, channel, &options, &handler, rpc, err);
  frl_metadata_deinit(&metadata, &pubsub->mem);
  if (st != FRL_OK) {
    free_rpc(rpc);
    return st;
  }
  link_rpc(group, rpc);
  st = frl_call_send(rpc->call, request, true);
  /* a call that took nothing still ends by itself, and says so then */
  if (st != FRL_OK) {
    frl_call_cancel(rpc->call);
    frl_chain_deinit(request);
  }
  return FRL_OK;
}

void frl__rpc_cancel_all(frl_rpc_group *group) {
  for (frl_rpc *rpc = group->first; rpc;) {
    frl_rpc *next = rpc->next;
    frl_call_cancel(rpc->call);
    rpc = next;
  }
}
