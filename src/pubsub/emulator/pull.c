/* Subscriber.Pull, which may wait for a message. */
#include <string.h>

#include "base/error.h"
#include "net/rpc.h"
#include "pubsub/emulator/response.h"
#include "pubsub/emulator/service.h"

enum { MAX_WAIT_MS = 60 * 1000, PULL_MAX_BYTES = 10 * 1000 * 1000 };

static frl_em_call *call_of(frl_em_waiter *w) {
  return (frl_em_call *)(void *)((char *)w - offsetof(frl_em_call, waiter));
}

static void answer(frl_em_call *call, frl_em_sub *sub, size_t n) {
  frl_chain chain;
  frl_chain_init(&chain, &call->service->mem);
  const frl_status st = frl_em_response_add(
      &chain, &sub->backlog, call->service->deliveries, n, sub->wants_attempts);
  if (st != FRL_OK) {
    frl_chain_deinit(&chain);
    frl_em_call_fail(call, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    return;
  }
  frl_em_call_answer(call, &chain);
}

/* Whether something was there, and has been sent. */
static bool pull_now(frl_em_call *call, frl_em_sub *sub) {
  const size_t n = frl_em_sub_take(sub, FRL_EM_HOLDER_PULL, sub->ack_deadline_ms,
      call->max_messages, PULL_MAX_BYTES, call->service->deliveries);
  if (n > 0) answer(call, sub, n);
  return n > 0;
}

static bool serve(frl_em_waiter *w) {
  frl_em_call *call = call_of(w);
  if (!pull_now(call, w->sub)) return false;
  frl_em_waiter_leave(w);
  return true;
}

static void gone(frl_em_waiter *w, int32_t code, const char *text) {
  frl_em_call_fail(call_of(w), code, text);
}

static void waited_enough(void *ctx) {
  frl_em_call *call = ctx;
  if (!call->waiter.sub) return;
  frl_em_waiter_leave(&call->waiter);
  frl_chain nothing;
  frl_chain_init(&nothing, &call->service->mem);
  frl_em_call_answer(call, &nothing);
}

static frl_status wait(frl_em_call *call, frl_em_sub *sub) {
  frl_timer_destroy(call->timer);
  call->timer = NULL;
  FRL_TRY(frl_timer_create(&call->timer, call->service->loop, waited_enough, call));
  frl_timer_start(call->timer, MAX_WAIT_MS, 0);
  call->waiter.serve = serve;
  call->waiter.gone = gone;
  frl_em_waiter_join(&call->waiter, sub);
  return FRL_NEED_MORE;
}

static frl_status pull(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(&call->service->store, r.fields[1], &sub, err));
  const int32_t max = (int32_t)r.numbers[3];
  if (max <= 0) {
    return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT,
        "Invalid max_messages (%d): it must be above 0", max);
  }
  if (sub->detached) {
    return frl_fail_grpc(
        err, FRL_GRPC_FAILED_PRECONDITION, "Subscription is detached.");
  }
  call->max_messages =
      (uint32_t)(max < FRL_EM_BATCH_MESSAGES ? max : FRL_EM_BATCH_MESSAGES);
  if (pull_now(call, sub)) return FRL_NEED_MORE;
  if (r.numbers[2]) return FRL_OK; /* return_immediately */
  return wait(call, sub);
}

frl_status frl_em_add_pull(frl_em_service *s) {
  return frl_em_add_unary(s, "/google.pubsub.v1.Subscriber/Pull", pull);
}
