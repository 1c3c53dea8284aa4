/* Subscriber.StreamingPull. */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "pubsub/emulator/response.h"
#include "pubsub/emulator/service.h"
#include "pubsub/emulator/stream_request.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum {
  /* above the mark over which the transport says when it is writable again */
  MAX_UNSENT_BYTES = 1 << 20,
  MIN_DEADLINE_S = 10,
  MAX_DEADLINE_S = 600,
  REQUEST_MAX_BYTES = 20 << 20,
  H2_INTERNAL_ERROR = 2
};

struct frl_em_stream {
  frl_em_waiter waiter;
  frl_em_service *service;
  frl_server_call *call;
  frl_em_stream *next;
  frl_em_stream *prev;
  frl_buf request;
  bool open; /* the first request was accepted */
  bool has_holder;
  bool told_exactly_once;
  uint16_t holder;
  uint32_t lease_ms;
  int64_t protocol_version;
  int64_t heard_ms;
  uint64_t delivered;
};

static const char path[] = "/google.pubsub.v1.Subscriber/StreamingPull";

static frl_em_stream *stream_of(frl_em_waiter *w) {
  return (frl_em_stream *)(void *)w; /* its first member */
}

/* Nothing more is delivered; leases stay. */
static void leave(frl_em_stream *t) {
  if (t->has_holder && t->waiter.sub) {
    frl_em_holder_close(&t->waiter.sub->backlog, t->holder);
  }
  t->has_holder = false;
  frl_em_waiter_leave(&t->waiter);
}

static void end(frl_em_stream *t, int32_t code, const char *text) {
  leave(t);
  frl_server_call_finish(t->call, code, text, NULL, 0);
}

static void gone(frl_em_waiter *w, int32_t code, const char *text) {
  frl_em_stream *t = stream_of(w);
  t->has_holder = false;
  frl_server_call_finish(t->call, code, text, NULL, 0);
}

/* ---- delivery ---- */

static void end_on_request(frl_em_stream *t, const frl_em_fault *f) {
  leave(t);
  if (f->how == FRL_EM_DROP) {
    frl_server_call_drop_connection(t->call);
  } else if (f->how == FRL_EM_RESET) {
    frl_server_call_reset(t->call, H2_INTERNAL_ERROR);
  } else {
    frl_server_call_finish(t->call, f->status, "ended on request", NULL, 0);
  }
}

/* Every Nth message comes once more, under another ack id. */
static void duplicate(const frl_em_stream *t, frl_em_fault *f, size_t n) {
  frl_em_sub *sub = t->waiter.sub;
  const frl_em_delivery *d = t->service->deliveries;
  for (size_t i = 0; i < n; i++) {
    if (d[i].attempt > 1 || ++f->count % f->every != 0) continue;
    frl_em_backlog_expire(
        &sub->backlog, d[i].sequence, frl_em_store_now_ms(sub->store));
  }
}

static void apply_faults(frl_em_stream *t, size_t n) {
  frl_em_faults *faults = &t->service->faults;
  if (faults->n == 0) return;
  frl_em_fault *twice = frl_em_faults_find(faults, FRL_EM_DUPLICATE);
  if (twice) duplicate(t, twice, n);
  const frl_em_fault *kill = frl_em_faults_find(faults, FRL_EM_KILL_STREAMS);
  if (kill && kill->after > 0 && t->delivered >= kill->after) end_on_request(t, kill);
}

static frl_status put_properties(const frl_em_rules *rules, frl_buf *b) {
  size_t mark = 0;
  FRL_TRY(frl_wire_begin(b, 4, &mark));
  if (rules->exactly_once) FRL_TRY(frl_wire_bool(b, 1, 1));
  if (rules->ordered) FRL_TRY(frl_wire_bool(b, 2, 1));
  return frl_wire_end(b, mark);
}

/*
 * Go's client takes a response without them for "neither", so every response has
 * them where one is set; the first and one that tells of a change always.
 */
static frl_status add_properties(frl_em_stream *t, frl_chain *chain, bool always) {
  const frl_em_rules *rules = &t->waiter.sub->backlog.rules;
  if (!always && !rules->exactly_once && !rules->ordered) return FRL_OK;
  frl_buf b;
  frl_buf_init(&b, &t->service->mem, 64);
  frl_status st = put_properties(rules, &b);
  if (st == FRL_OK) st = frl_chain_copy(chain, b.data, b.len);
  if (st == FRL_OK) t->told_exactly_once = rules->exactly_once;
  frl_buf_deinit(&b);
  return st;
}

/* A response without messages. */
static frl_status send_properties(frl_em_stream *t, bool always) {
  frl_chain chain;
  frl_chain_init(&chain, &t->service->mem);
  frl_status st = add_properties(t, &chain, always);
  if (st == FRL_OK) st = frl_server_call_send(t->call, &chain);
  frl_chain_deinit(&chain);
  return st;
}

static frl_status send_messages(frl_em_stream *t, size_t n) {
  const frl_em_sub *sub = t->waiter.sub;
  frl_chain chain;
  frl_chain_init(&chain, &t->service->mem);
  frl_status st = add_properties(t, &chain, false);
  if (st == FRL_OK) {
    st = frl_em_response_add(
        &chain, &sub->backlog, t->service->deliveries, n, sub->wants_attempts);
  }
  if (st == FRL_OK) st = frl_server_call_send(t->call, &chain);
  frl_chain_deinit(&chain);
  return st;
}

static bool serve(frl_em_waiter *w) {
  frl_em_stream *t = stream_of(w);
  frl_em_sub *sub = w->sub;
  if (t->told_exactly_once != sub->backlog.rules.exactly_once &&
      send_properties(t, true) != FRL_OK) {
    return false;
  }
  if (frl_server_call_unsent_bytes(t->call) > MAX_UNSENT_BYTES) return false;
  const size_t n = frl_em_sub_take(sub, t->holder, t->lease_ms, FRL_EM_BATCH_MESSAGES,
      FRL_EM_BATCH_BYTES, t->service->deliveries);
  if (n == 0) return false;
  t->delivered += n;
  if (send_messages(t, n) != FRL_OK) {
    /* what could not be sent comes again when its lease ends */
    end(t, FRL_GRPC_UNAVAILABLE, "the stream cannot take more");
    return true;
  }
  apply_faults(t, n);
  return true;
}

static void on_writable(void *ctx) {
  frl_em_stream *t = ctx;
  if (!t->waiter.sub) return;
  frl_em_sub_touch(t->waiter.sub);
  frl_em_service_settle(t->service);
}

/* ---- requests ---- */

static frl_status refuse(frl_em_stream *t, int32_t code, const char *text) {
  end(t, code, text);
  return FRL_OK;
}

/* The state of a client that comes back with the same client_id moves to it. */
static frl_status open_holder(frl_em_stream *t, frl_em_sub *sub,
    const frl_em_stream_request *r, uint64_t client) {
  frl_em_backlog *b = &sub->backlog;
  const uint64_t max_messages = r->max_messages > 0 ? (uint64_t)r->max_messages : 0;
  const uint64_t max_bytes = r->max_bytes > 0 ? (uint64_t)r->max_bytes : 0;
  for (uint32_t i = 1; client && i < b->n_holders; i++) {
    const frl_em_holder *h = b->holders[i];
    if (h->client != client || h->open || h->messages == 0) continue;
    t->holder = (uint16_t)i;
    frl_em_holder_reopen(b, t->holder, max_messages, max_bytes);
    return FRL_OK;
  }
  FRL_TRY(frl_em_holder_open(b, max_messages, max_bytes, &t->holder));
  b->holders[t->holder]->client = client;
  return FRL_OK;
}

static frl_status open_stream(frl_em_stream *t, const frl_em_stream_request *r) {
  frl_error err = {0};
  frl_em_sub *sub = NULL;
  if (frl_em_store_find_sub(&t->service->store, r->subscription, &sub, &err) !=
      FRL_OK) {
    return refuse(t, err.origin_code, err.message);
  }
  if (sub->detached) {
    return refuse(t, FRL_GRPC_FAILED_PRECONDITION, "Subscription is detached.");
  }
  if (r->deadline_s < MIN_DEADLINE_S || r->deadline_s > MAX_DEADLINE_S) {
    return refuse(t, FRL_GRPC_INVALID_ARGUMENT,
        "Invalid stream_ack_deadline_seconds: 10 to 600 are allowed");
  }
  const size_t n = frl_cursor_left(&r->client_id);
  const uint64_t client =
      n ? frl_hash(r->client_id.pos, n, t->service->store.seed) | 1 : 0;
  FRL_TRY(open_holder(t, sub, r, client));
  t->has_holder = true;
  t->open = true;
  t->lease_ms = (uint32_t)r->deadline_s * 1000;
  t->protocol_version = r->protocol_version;
  t->waiter.serve = serve;
  t->waiter.gone = gone;
  frl_em_waiter_join(&t->waiter, sub);
  frl_log(FRL_LOG_DEBUG, "emulator", "%s opens a stream of %s",
      frl_server_call_peer(t->call), sub->name);
  return send_properties(t, true);
}

static bool apply_acks(frl_em_stream *t, frl_cursor request) {
  if (frl_em_faults_use(&t->service->faults, FRL_EM_DROP_ACKS, path)) return true;
  frl_wire_field f;
  while (frl_wire_next(&request, &f) == FRL_OK) {
    if (f.number == 2 && frl_em_ack(t->waiter.sub, f.bytes) == FRL_EM_MALFORMED_ID) {
      return false;
    }
  }
  return true;
}

static bool apply_deadlines(
    frl_em_stream *t, frl_cursor request, const frl_em_stream_request *r) {
  size_t i = 0;
  frl_wire_field f;
  while (i < r->n_modify_ids && frl_wire_next(&request, &f) == FRL_OK) {
    if (f.number != 4) continue;
    const int32_t seconds = r->modify_seconds[i++];
    if (seconds < 0 || seconds > MAX_DEADLINE_S) return false;
    if (frl_em_modify(t->waiter.sub, f.bytes, (uint32_t)seconds) ==
        FRL_EM_MALFORMED_ID) {
      return false;
    }
  }
  return true;
}

static frl_status answer_ping(frl_em_stream *t) {
  const frl_status st = send_properties(t, false);
  return st == FRL_E_LIMIT ? FRL_OK : st; /* what is queued shows that we live */
}

static frl_status go_on(frl_em_stream *t, const frl_em_stream_request *r) {
  if (r->has_initial) {
    return refuse(t, FRL_GRPC_INVALID_ARGUMENT,
        "subscription, client_id, max_outstanding_* and protocol_version may only be "
        "set in the first request of a stream");
  }
  if (r->has_deadline) {
    if (r->deadline_s < MIN_DEADLINE_S || r->deadline_s > MAX_DEADLINE_S) {
      return refuse(t, FRL_GRPC_INVALID_ARGUMENT,
          "Invalid stream_ack_deadline_seconds: 10 to 600 are allowed");
    }
    t->lease_ms = (uint32_t)r->deadline_s * 1000;
  }
  const bool ping = r->n_acks + r->n_modify_ids == 0 && !r->has_deadline;
  return ping && t->protocol_version >= 1 ? answer_ping(t) : FRL_OK;
}

static frl_status take_request(
    frl_em_stream *t, frl_cursor request, const frl_em_stream_request *r) {
  if (r->n_modify_ids != r->n_modify_seconds) {
    return refuse(t, FRL_GRPC_INVALID_ARGUMENT,
        "modify_deadline_seconds and modify_deadline_ack_ids differ in length");
  }
  FRL_TRY(t->open ? go_on(t, r) : open_stream(t, r));
  if (!t->waiter.sub) return FRL_OK;
  if (!apply_acks(t, request) || !apply_deadlines(t, request, r)) {
    return refuse(t, FRL_GRPC_INVALID_ARGUMENT,
        "Some acknowledgement ids or deadlines in the request were invalid.");
  }
  frl_em_sub_touch(t->waiter.sub);
  return FRL_OK;
}

static frl_status on_message(void *ctx) {
  frl_em_stream *t = ctx;
  t->heard_ms = frl_em_store_now_ms(&t->service->store);
  const frl_cursor request = frl_cursor_of(t->request.data, t->request.len);
  frl_em_stream_request r;
  frl_status st = frl_em_stream_request_read(&r, &t->service->mem, request);
  if (st == FRL_OK) st = take_request(t, request, &r);
  frl_em_stream_request_deinit(&r, &t->service->mem);
  frl_buf_clear(&t->request);
  frl_em_service_settle(t->service);
  return st;
}

/* ---- the call ---- */

static frl_status on_open(void *service, frl_server_call *call, void **call_ctx) {
  frl_em_service *s = service;
  frl_em_stream *t = frl_calloc(&s->mem, 1, sizeof *t);
  if (!t) return FRL_E_NOMEM;
  t->service = s;
  t->call = call;
  t->heard_ms = frl_em_store_now_ms(&s->store);
  frl_buf_init(&t->request, &s->mem, REQUEST_MAX_BYTES);
  t->next = s->streams;
  if (t->next) t->next->prev = t;
  s->streams = t;
  s->n_streams++;
  *call_ctx = t;
  (void)frl_em_refused(s, call);
  return FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  frl_em_stream *t = ctx;
  return frl_buf_append(&t->request, data, n);
}

static void on_half_close(void *ctx) { end(ctx, FRL_GRPC_OK, NULL); }

static void on_closed(void *ctx) {
  frl_em_stream *t = ctx;
  frl_em_service *s = t->service;
  if (t->open) {
    frl_log(FRL_LOG_DEBUG, "emulator", "%s: its stream ended after %llu messages",
        frl_server_call_peer(t->call), (unsigned long long)t->delivered);
  }
  leave(t);
  if (t->prev) {
    t->prev->next = t->next;
  } else {
    s->streams = t->next;
  }
  if (t->next) t->next->prev = t->prev;
  s->n_streams--;
  frl_buf_deinit(&t->request);
  frl_free(&s->mem, t);
}

void frl_em_streams_kill(frl_em_service *s, const frl_em_fault *fault) {
  frl_em_stream *next = NULL;
  for (frl_em_stream *t = s->streams; t; t = next) {
    next = t->next;
    end_on_request(t, fault);
  }
}

void frl_em_streams_check_silence(frl_em_service *s) {
  const int64_t now_ms = frl_em_store_now_ms(&s->store);
  frl_em_stream *next = NULL;
  for (frl_em_stream *t = s->streams; t; t = next) {
    next = t->next;
    if (now_ms - t->heard_ms < FRL_EM_SILENCE_MS) continue;
    end(t, FRL_GRPC_UNAVAILABLE, "the client was silent for 60 seconds");
  }
}

frl_status frl_em_add_streaming_pull(frl_em_service *s, frl_server *server) {
  const frl_server_method method = {.path = path,
      .on_open = on_open,
      .sink = {NULL, on_data, on_message},
      .on_half_close = on_half_close,
      .on_writable = on_writable,
      .on_closed = on_closed,
      .service = s};
  return frl_server_add(server, &method);
}
