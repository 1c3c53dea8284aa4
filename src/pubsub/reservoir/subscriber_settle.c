/** Settlements and renewals: from the reservoir to the server and back. */
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "pubsub/reservoir/subscriber.h"

enum { CALL_TIMEOUT_MS = 60 * 1000 };

/* Requests of a kind under way at once. */
static const uint32_t MAX_IN_FLIGHT[FRL_LEASE_KINDS] = {8, 4, 4};

typedef struct lease_call {
  frl_subscriber *subscriber;
  frl_lease_request request;
} lease_call;

static void on_answer(void *ctx, const frl_rpc_status *status, frl_cursor response) {
  (void)response;
  lease_call *call = ctx;
  frl_subscriber *s = call->subscriber;
  const enum frl_lease_kind kind = call->request.kind;
  if (status->code != FRL_GRPC_OK) {
    frl_log(FRL_LOG_INFO, "pubsub", "%s of %u ids ended with code %d: %s",
        kind == FRL_LEASE_ACK ? "Acknowledge" : "ModifyAckDeadline",
        call->request.n_ids, (int)status->code, status->message);
  }
  const frl_lease_answer answer = {status->code, status->details, status->details_len};
  const uint64_t settled = frl_leases_answer(
      &s->leases, &call->request, &answer, frl_loop_now_ms(s->pubsub->loop));
  s->in_flight[kind]--;
  frl_free(&s->mem, call);
  frl_reservoir_answered(&s->reservoir, settled);
  if (!s->closing) {
    frl__subscriber_pump(s);
  } else if (s->calls.len == 0) {
    frl_mutex_lock(&s->lock);
    s->calls_ended = true;
    frl_cond_broadcast(&s->idle);
    frl_mutex_unlock(&s->lock);
  }
}

static frl_status send_request(frl_subscriber *s, frl_lease_request *request) {
  const frl_rpc_route route = {request->kind == FRL_LEASE_ACK
                                   ? "/google.pubsub.v1.Subscriber/Acknowledge"
                                   : "/google.pubsub.v1.Subscriber/ModifyAckDeadline",
      "subscription", s->subscription};
  lease_call *call = frl_calloc(&s->mem, 1, sizeof *call);
  if (!call) return FRL_E_NOMEM;
  call->subscriber = s;
  frl_chain chain;
  frl_chain_init(&chain, &s->mem);
  frl_status st =
      frl_lease_request_encode(&s->leases, request, s->subscription, &chain);
  if (st == FRL_OK) {
    call->request = *request;
    st = frl__rpc_start(&s->calls, s->pubsub, s->pubsub->channel, &route, &chain,
        CALL_TIMEOUT_MS, on_answer, call, NULL);
  }
  frl_chain_deinit(&chain);
  if (st != FRL_OK) frl_free(&s->mem, call);
  return st;
}

void frl__subscriber_pump(frl_subscriber *s) {
  if (s->closing) return;
  const int64_t now_ms = frl_loop_now_ms(s->pubsub->loop);
  for (int k = 0; k < FRL_LEASE_KINDS; k++) {
    frl_lease_request request;
    while (s->in_flight[k] < MAX_IN_FLIGHT[k] &&
           frl_leases_next(&s->leases, (enum frl_lease_kind)k, now_ms, &request)) {
      if (send_request(s, &request) != FRL_OK) {
        frl_leases_put_back(&s->leases, &request, now_ms);
        break;
      }
      s->in_flight[k]++;
    }
  }
}

static void settle_all(
    frl_subscriber *s, frl_lease_item *item, enum frl_lease_kind kind) {
  const int64_t now_ms = frl_loop_now_ms(s->pubsub->loop);
  while (item) {
    frl_lease_item *next = item->next;
    frl_leases_settle(&s->leases, item, kind, now_ms);
    item = next;
  }
}

void frl__subscriber_collect(frl_subscriber *s) {
  frl_settled settled = frl_reservoir_settled(&s->reservoir);
  if (s->ordered && settled.first[FRL_LEASE_NACK]) {
    /* what waits came after what is given back: its order would be wrong */
    frl__subscriber_finish_lot(s);
    frl_reservoir_nack_waiting(&s->reservoir);
    s->nacked_ms = frl_loop_now_ms(s->pubsub->loop);
    const frl_settled tail = frl_reservoir_settled(&s->reservoir);
    settle_all(s, settled.first[FRL_LEASE_NACK], FRL_LEASE_NACK);
    settle_all(s, settled.first[FRL_LEASE_ACK], FRL_LEASE_ACK);
    settled = tail;
  }
  settle_all(s, settled.first[FRL_LEASE_NACK], FRL_LEASE_NACK);
  settle_all(s, settled.first[FRL_LEASE_ACK], FRL_LEASE_ACK);
}

static void collect_and_pump(void *ctx) {
  frl_subscriber *s = ctx;
  frl__subscriber_collect(s);
  frl__subscriber_pump(s);
}

void frl__subscriber_on_settled(void *ctx) {
  frl_subscriber *s = ctx;
  /* should it fail for want of memory, the next tick does it */
  const frl_status posted = frl_loop_post(s->pubsub->loop, collect_and_pump, s);
  (void)posted;
}

void frl__subscriber_give_back(void *ctx) {
  frl_subscriber *s = ctx;
  frl__subscriber_finish_lot(s);
  frl_reservoir_nack_waiting(&s->reservoir);
  frl_reservoir_nack_held(&s->reservoir);
  frl__subscriber_collect(s);
  frl__subscriber_pump(s);
}

void frl__subscriber_end_calls(void *ctx) {
  frl_subscriber *s = ctx;
  s->closing = true;
  if (s->calls.len == 0) {
    frl_mutex_lock(&s->lock);
    s->calls_ended = true;
    frl_mutex_unlock(&s->lock);
    return;
  }
  frl__rpc_cancel_all(&s->calls);
}
