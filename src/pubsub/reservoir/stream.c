#include "pubsub/reservoir/stream.h"

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum {
  PING_EVERY_MS = 30 * 1000,
  PING_PATIENCE_MS = 15 * 1000,
  GOOD_LIFE_MS = 30 * 1000, /* a stream that lived so long is reopened at once */
  REOPEN_BASE_MS = 100,
  REOPEN_MAX_MS = 10 * 1000,
  FAREWELL_MS = 1000, /* for what the server has sent when we close */
  RECEIVED_MAX_BYTES = 20 << 20,
  REQUEST_MAX_BYTES = 4096,
  PROTOCOL_VERSION = 1
};

/* StreamingPullRequest */
enum {
  REQUEST_SUBSCRIPTION = 1,
  REQUEST_DEADLINE_SECONDS = 5,
  REQUEST_CLIENT_ID = 6,
  REQUEST_MAX_MESSAGES = 7,
  REQUEST_PROTOCOL_VERSION = 10
};

/* StreamingPullResponse */
enum { RESPONSE_MESSAGES = 1, RESPONSE_PROPERTIES = 4 };

static int64_t now_of(const frl_pull *p) {
  return frl_loop_now_ms(p->options.pubsub->loop);
}

static frl_status read_properties(frl_pull *p, frl_cursor message) {
  bool exactly_once = false;
  bool ordered = false;
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.type != FRL_WIRE_VARINT) continue;
    if (f.number == 1) exactly_once = f.value != 0;
    if (f.number == 2) ordered = f.value != 0;
  }
  if (st != FRL_END) return st;
  p->handler.on_properties(p->handler.ctx, exactly_once, ordered);
  return FRL_OK;
}

static frl_status on_field(void *ctx, const frl_wire_field *field) {
  frl_pull *p = ctx;
  if (field->type != FRL_WIRE_BYTES) return FRL_OK;
  if (field->number == RESPONSE_MESSAGES) {
    return p->handler.on_message(p->handler.ctx, field->bytes);
  }
  if (field->number == RESPONSE_PROPERTIES) return read_properties(p, field->bytes);
  return FRL_OK;
}

static frl_status on_begin(void *ctx) {
  frl_pull *p = ctx;
  p->answered = true;
  p->awaits_pong = false;
  return FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  frl_pull *p = ctx;
  const frl_status st = frl_walk_feed(&p->walk, data, n);
  if (st != FRL_OK) {
    frl_log(FRL_LOG_WARN, "pubsub", "a response could not be taken: %s",
        frl_status_name(st));
    return st;
  }
  const bool full = p->handler.is_full(p->handler.ctx);
  if (full && p->stopping) return FRL_E_LIMIT;
  if (full) {
    p->withheld += n;
  } else {
    frl_call_consumed(p->call, n);
  }
  return FRL_OK;
}

static frl_status on_end(void *ctx) {
  frl_pull *p = ctx;
  return frl_walk_end(&p->walk);
}

static void on_headers(void *ctx, const frl_metadata *headers) {
  (void)headers;
  frl_pull *p = ctx;
  p->answered = true;
  p->awaits_pong = false;
}

static bool is_final(const frl_pull *p, int32_t code) {
  switch (code) {
    case FRL_GRPC_NOT_FOUND:
    case FRL_GRPC_PERMISSION_DENIED:
    case FRL_GRPC_INVALID_ARGUMENT:
    case FRL_GRPC_FAILED_PRECONDITION:
    case FRL_GRPC_UNIMPLEMENTED:
      return true;
    case FRL_GRPC_UNAUTHENTICATED:
      /* a token that ended under an open stream is no refusal of the next one */
      return !p->answered;
    default:
      return false;
  }
}

static void reopen_later(frl_pull *p, bool at_once) {
  frl_timer_start(p->timer, at_once ? 1 : frl_backoff_next_ms(&p->backoff), 0);
}

static void on_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  (void)trailers;
  frl_pull *p = ctx;
  p->call = NULL;
  p->withheld = 0;
  frl_walk_reset(&p->walk);
  if (p->stopping) {
    frl_timer_stop(p->timer);
    p->handler.on_stopped(p->handler.ctx);
    return;
  }
  if (is_final(p, status->code)) {
    frl_error error = {0};
    const frl_status st = frl_fail_grpc(&error, status->code, "%s", status->message);
    frl__pubsub_explain(p->options.pubsub, p->options.subscription, st, &error);
    p->ended = true;
    p->answered = false;
    p->handler.on_final(p->handler.ctx, st, &error);
    return;
  }
  frl_log(FRL_LOG_INFO, "pubsub", "a stream of %s ended with code %d: %s",
      p->options.subscription, (int)status->code, status->message);
  const bool lived = p->answered && now_of(p) - p->opened_ms > GOOD_LIFE_MS;
  if (lived) frl_backoff_reset(&p->backoff);
  p->answered = false;
  p->reopened++;
  reopen_later(p, lived);
}

static frl_status encode_first(const frl_pull *p, frl_buf *b) {
  FRL_TRY(frl_wire_text(b, REQUEST_SUBSCRIPTION, p->options.subscription));
  FRL_TRY(frl_wire_varint(b, REQUEST_DEADLINE_SECONDS, p->options.deadline_s));
  FRL_TRY(frl_wire_text(b, REQUEST_CLIENT_ID, p->options.client_id));
  if (p->options.max_outstanding_messages) {
    FRL_TRY(
        frl_wire_varint(b, REQUEST_MAX_MESSAGES, p->options.max_outstanding_messages));
  }
  return frl_wire_varint(b, REQUEST_PROTOCOL_VERSION, PROTOCOL_VERSION);
}

static frl_status send_first(frl_pull *p) {
  const frl_mem *mem = &p->options.pubsub->mem;
  frl_buf b;
  frl_buf_init(&b, mem, REQUEST_MAX_BYTES);
  frl_chain chain;
  frl_chain_init(&chain, mem);
  frl_status st = encode_first(p, &b);
  if (st == FRL_OK) st = frl_chain_copy(&chain, b.data, b.len);
  if (st == FRL_OK) st = frl_call_send(p->call, &chain, false);
  frl_chain_deinit(&chain);
  frl_buf_deinit(&b);
  return st;
}

static frl_status open_call(frl_pull *p) {
  static const frl_call_handler handler = {
      .sink = {.on_begin = on_begin, .on_data = on_data, .on_end = on_end},
      .on_headers = on_headers,
      .on_closed = on_closed};
  frl_pubsub *pubsub = p->options.pubsub;
  const frl_rpc_route route = {"/google.pubsub.v1.Subscriber/StreamingPull",
      "subscription", p->options.subscription};
  frl_metadata metadata;
  FRL_TRY(frl__pubsub_metadata(pubsub, &route, &metadata, NULL));
  const frl_call_options options = {.struct_size = sizeof options,
      .path = route.path,
      .metadata = &metadata,
      .manual_window = true};
  frl_status st =
      frl_call_start(&p->call, pubsub->channel, &options, &handler, p, NULL);
  frl_metadata_deinit(&metadata, &pubsub->mem);
  if (st != FRL_OK) return st;
  p->opened_ms = p->pinged_ms = now_of(p);
  p->awaits_pong = false;
  /* on_closed will come, and reopen */
  if (send_first(p) != FRL_OK) frl_call_cancel(p->call);
  return FRL_OK;
}

static void on_timer(void *ctx) {
  frl_pull *p = ctx;
  if (p->stopping) {
    if (p->call) frl_call_cancel(p->call);
    return;
  }
  if (p->call) return;
  p->answered = false;
  if (open_call(p) != FRL_OK) {
    p->call = NULL;
    reopen_later(p, false);
  }
}

frl_status frl_pull_init(
    frl_pull *p, const frl_pull_options *options, const frl_pull_handler *handler) {
  p->options = *options;
  p->handler = *handler;
  if (!p->options.ping_every_ms) p->options.ping_every_ms = PING_EVERY_MS;
  if (!p->options.ping_patience_ms) p->options.ping_patience_ms = PING_PATIENCE_MS;
  frl_backoff_init(&p->backoff, REOPEN_BASE_MS, REOPEN_MAX_MS, NULL);
  frl_walk_init(&p->walk, &options->pubsub->mem, RECEIVED_MAX_BYTES, on_field, p);
  return frl_timer_create(&p->timer, options->pubsub->loop, on_timer, p);
}

void frl_pull_deinit(frl_pull *p) {
  frl_timer_destroy(p->timer);
  p->timer = NULL;
  frl_walk_deinit(&p->walk);
}

void frl_pull_start(frl_pull *p) { on_timer(p); }

void frl_pull_stop(frl_pull *p) {
  if (p->stopping) return;
  p->stopping = true;
  if (p->timer) frl_timer_stop(p->timer);
  if (!p->call) {
    p->handler.on_stopped(p->handler.ctx);
    return;
  }
  /* what is on its way is leased to us: better received and given back than lost */
  const bool asked = p->answered || frl_call_unsent_bytes(p->call) == 0;
  if (!asked || frl_call_finish(p->call) != FRL_OK) {
    frl_call_cancel(p->call);
    return;
  }
  frl_timer_start(p->timer, FAREWELL_MS, 0);
  frl_pull_resume(p);
}

void frl_pull_reopen(frl_pull *p) {
  if (p->call && !p->stopping) frl_call_cancel(p->call);
}

void frl_pull_resume(frl_pull *p) {
  if (!p->call || p->withheld == 0) return;
  const size_t n = (size_t)p->withheld;
  p->withheld = 0;
  /* while we held the stream back, nothing could come: that was no silence */
  p->awaits_pong = false;
  frl_call_consumed(p->call, n);
}

static void ping(frl_pull *p, int64_t now_ms) {
  frl_chain empty;
  frl_chain_init(&empty, &p->options.pubsub->mem);
  const frl_status st = frl_call_send(p->call, &empty, false);
  frl_chain_deinit(&empty);
  if (st != FRL_OK) return;
  p->pinged_ms = now_ms;
  p->awaits_pong = true;
}

void frl_pull_tick(frl_pull *p, int64_t now_ms) {
  if (!p->call || p->stopping) return;
  const bool silent = p->awaits_pong && p->withheld == 0;
  if (silent && now_ms - p->pinged_ms >= p->options.ping_patience_ms) {
    frl_log(FRL_LOG_WARN, "pubsub",
        "a stream of %s does not answer a ping: reopening it", p->options.subscription);
    frl_call_cancel(p->call);
    return;
  }
  /* the server closes a stream on which nothing is sent, held back or not */
  if (!silent && now_ms - p->pinged_ms >= p->options.ping_every_ms) ping(p, now_ms);
}
