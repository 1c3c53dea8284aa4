#include <string.h>

#include "base/error.h"
#include "base/sync.h"
#include "net/channel_internal.h"

/* One call that a thread outside the loop waits for. */
typedef struct unary {
  frl_channel *channel;
  const frl_call_options *options;
  frl_chain request;
  frl_buf *out;
  frl_buf *details;
  size_t out_start;
  uint32_t messages;
  frl_status status;
  frl_error *err;
  frl_mutex lock;
  frl_cond ended;
  bool done; /* under the lock, as all above once the call runs */
} unary;

static frl_status on_begin(void *ctx) {
  unary *u = ctx;
  return u->messages++ == 0 ? FRL_OK : FRL_E_MALFORMED;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  unary *u = ctx;
  return frl_buf_append(u->out, data, n);
}

static frl_status on_end(void *ctx) {
  (void)ctx;
  return FRL_OK;
}

static void finish(unary *u, frl_status status) {
  frl_mutex_lock(&u->lock);
  u->status = status;
  u->done = true;
  frl_cond_signal(&u->ended);
  frl_mutex_unlock(&u->lock);
}

static void on_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  (void)trailers;
  unary *u = ctx;
  if (u->details && status->details_len &&
      frl_buf_append(u->details, status->details, status->details_len) != FRL_OK) {
    frl_buf_clear(u->details);
  }
  if (status->code != FRL_GRPC_OK) {
    finish(u, frl_fail_grpc(u->err, status->code, "%s", status->message));
  } else if (u->messages != 1) {
    finish(u, frl_fail_grpc(u->err, FRL_GRPC_INTERNAL, "no response message"));
  } else {
    finish(u, FRL_OK);
  }
}

static void start(void *ctx) {
  unary *u = ctx;
  static const frl_call_handler handler = {
      .sink = {on_begin, on_data, on_end}, .on_closed = on_closed};
  frl_call *call = NULL;
  frl_status st = frl_call_start(&call, u->channel, u->options, &handler, u, u->err);
  if (st != FRL_OK) {
    finish(u, st);
    return;
  }
  /* on failure on_closed still follows */
  if (frl_call_send(call, &u->request, true) != FRL_OK) {
    frl__call_abort(call, FRL_GRPC_RESOURCE_EXHAUSTED, "the request cannot be queued");
  }
}

static frl_status wait_for(unary *u) {
  frl_mutex_lock(&u->lock);
  while (!u->done) frl_cond_wait(&u->ended, &u->lock);
  frl_mutex_unlock(&u->lock);
  return u->status;
}

frl_status frl_unary(frl_channel *channel, const frl_call_options *options,
    const void *request, size_t request_len, frl_buf *out, frl_buf *details,
    frl_error *err) {
  unary u = {.channel = channel,
      .options = options,
      .out = out,
      .details = details,
      .out_start = out->len,
      .err = err};
  frl_chain_init(&u.request, &channel->mem);
  frl_mutex_init(&u.lock);
  frl_cond_init(&u.ended);
  /* a copy: after a deadline the connection may still be writing it */
  frl_status st = frl_chain_copy(&u.request, request, request_len);
  if (st != FRL_OK) {
    st = frl_fail(err, st, "unary call: out of memory");
  } else if (frl_loop_call(channel->loop, start, &u) != FRL_OK) {
    st = frl_fail(err, FRL_E_CLOSED, "unary call: the loop has stopped");
  } else {
    st = wait_for(&u);
  }
  if (st != FRL_OK) out->len = u.out_start;
  frl_cond_deinit(&u.ended);
  frl_mutex_deinit(&u.lock);
  frl_chain_deinit(&u.request);
  return st;
}
