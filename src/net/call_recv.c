#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/channel_internal.h"
#include "net/rpc_text.h"

enum { MAX_RETRIES = 3 };

static bool field_is(const frl_h2_field *f, const char *name) {
  return f->name_len == strlen(name) && memcmp(f->name, name, f->name_len) == 0;
}

static bool value_begins(const frl_h2_field *f, const char *word) {
  const size_t n = strlen(word);
  return f->value_len >= n && memcmp(f->value, word, n) == 0;
}

/* A small decimal; -1 for anything else. */
static int32_t number_of(const frl_h2_field *f) {
  const uint8_t *p = f->value;
  int32_t value = 0;
  if (f->value_len == 0 || f->value_len > 4) return -1;
  for (size_t i = 0; i < f->value_len; i++) {
    if (p[i] < '0' || p[i] > '9') return -1;
    value = value * 10 + (p[i] - '0');
  }
  return value;
}

static frl_status on_field(void *ctx, frl_h2_stream *stream, const frl_h2_field *f) {
  (void)ctx;
  frl_call *call = frl_h2_stream_user(stream);
  if (field_is(f, ":status")) {
    call->http_status = number_of(f);
  } else if (field_is(f, "content-type")) {
    call->grpc_content = value_begins(f, "application/grpc");
  } else if (field_is(f, "grpc-status")) {
    call->block_status = number_of(f);
    if (call->block_status < 0) call->block_status = FRL_GRPC_UNKNOWN;
  } else if (field_is(f, "grpc-message")) {
    frl_buf_clear(&call->message);
    return frl_percent_decode(&call->message, f->value, f->value_len);
  } else if (field_is(f, "grpc-status-details-bin")) {
    frl_buf_clear(&call->details);
    /* details that cannot be read must not hide the status */
    if (frl_rpc_base64_decode(&call->details, f->value, f->value_len) != FRL_OK) {
      frl_buf_clear(&call->details);
    }
  } else if (field_is(f, "grpc-encoding")) {
    call->in.deframer.gzip = value_begins(f, "gzip");
    call->bad_encoding = !call->in.deframer.gzip && !value_begins(f, "identity");
  } else if (f->name_len > 0 && f->name[0] != ':') {
    const frl_status st = frl_metadata_receive(&call->block, &call->channel->mem, f);
    return st == FRL_E_MALFORMED ? FRL_OK : st;
  }
  return FRL_OK;
}

static void finish_with_trailers(frl_call *call) {
  call->trailers = call->block;
  call->block = (frl_metadata){0};
  if (call->block_status == FRL_GRPC_OK &&
      !frl_deframer_is_between(&call->in.deframer)) {
    frl__call_end(call, FRL_GRPC_INTERNAL, "the response ends inside a message");
    return;
  }
  call->code = call->block_status;
  frl__call_ended(call);
}

static void refuse_http(frl_call *call) {
  const int32_t code = call->http_status == 200 ? FRL_GRPC_UNKNOWN
                                                : frl_code_from_http(call->http_status);
  if (call->stream) frl_h2_stream_reset(call->stream, FRL_H2_CANCEL);
  frl__call_end(call, code, "HTTP status %d, not a gRPC response", call->http_status);
}

static void take_headers(frl_call *call) {
  call->got_headers = true;
  call->link->answered = true;
  call->headers = call->block;
  call->block = (frl_metadata){0};
  frl__call_commit(call);
  if (call->http_status != 200 || !call->grpc_content) {
    refuse_http(call);
  } else if (call->bad_encoding) {
    frl__call_abort(call, FRL_GRPC_INTERNAL, "grpc-encoding other than gzip");
  } else if (call->on.on_headers) {
    call->on.on_headers(call->ctx, &call->headers);
  }
}

static void on_headers(void *ctx, frl_h2_stream *stream, bool end_stream) {
  (void)ctx;
  frl_call *call = frl_h2_stream_user(stream);
  if (!call->got_headers && call->http_status >= 100 && call->http_status < 200) {
    frl_metadata_deinit(&call->block, &call->channel->mem);
    return;
  }
  if (end_stream) {
    call->link->answered = true;
    if (call->block_status >= 0) {
      finish_with_trailers(call);
    } else {
      refuse_http(call);
    }
    return;
  }
  if (!call->got_headers) take_headers(call);
}

static void on_data(void *ctx, frl_h2_stream *stream, const uint8_t *data, size_t n) {
  (void)ctx;
  frl_call *call = frl_h2_stream_user(stream);
  if (!call->got_headers) return;
  frl_error err = {0};
  const frl_status st = frl_inbound_feed(&call->in, stream, data, n, &err);
  if (st == FRL_OK || call->ended) return;
  const int32_t code =
      st == FRL_E_LIMIT ? FRL_GRPC_RESOURCE_EXHAUSTED : FRL_GRPC_INTERNAL;
  frl__call_abort(call, code, err.message[0] ? err.message : frl_status_name(st));
}

static void on_end(void *ctx, frl_h2_stream *stream) {
  (void)ctx;
  frl_call *call = frl_h2_stream_user(stream);
  if (call->ended) return;
  frl__call_end(call, FRL_GRPC_INTERNAL, "the stream ended without a grpc-status");
}

static void on_writable(void *ctx, frl_h2_stream *stream) {
  (void)ctx;
  frl_call *call = frl_h2_stream_user(stream);
  if (call->on.on_writable) call->on.on_writable(call->ctx);
}

/* A second try that nobody notices: the server has not looked at the request. */
static bool try_again(frl_call *call) {
  if (call->ended || call->committed || call->got_headers) return false;
  call->stream = NULL;
  call->link = NULL;
  call->in.held = 0;
  frl_metadata_deinit(&call->block, &call->channel->mem);
  frl__channel_assign(call->channel, call);
  return true;
}

/* Lost before the server said a word: it never ran, or is starting. */
static bool wait_again(frl_call *call, channel_link *link) {
  if (!call->wait_for_ready || frl_h2_is_settled(frl_conn_h2(link->conn))) return false;
  frl__channel_lost(link);
  return try_again(call);
}

static void on_close(void *ctx, frl_h2_stream *stream, uint32_t h2_error) {
  channel_link *link = ctx;
  frl_call *call = frl_h2_stream_user(stream);
  if (h2_error == FRL_H2_REFUSED_STREAM && call->retries++ < MAX_RETRIES &&
      try_again(call)) {
    return;
  }
  if (h2_error == FRL_H2_LOST && wait_again(call, link)) return;
  call->stream = NULL;
  const int64_t now = frl_loop_now_ms(call->channel->loop);
  if (h2_error == FRL_H2_LOST) {
    frl__call_end(
        call, FRL_GRPC_UNAVAILABLE, "connection lost: %s", frl_conn_why(link->conn));
  } else if (h2_error == FRL_H2_CANCEL && call->deadline_ms &&
             now + 1 >= call->deadline_ms) {
    frl__call_end(call, FRL_GRPC_DEADLINE_EXCEEDED, "deadline exceeded");
  } else {
    frl__call_end(call, frl_code_from_h2(h2_error),
        "the server reset the stream (HTTP/2 error %u)", h2_error);
  }
}

static void on_settings(void *ctx) {
  const channel_link *link = ctx;
  frl__channel_assign_soon(link->channel);
}

static void on_goaway(void *ctx, uint32_t h2_error, const char *debug, size_t n) {
  (void)h2_error;
  (void)debug;
  (void)n;
  frl__channel_drain(ctx);
}

static void on_ping_ack(void *ctx) { (void)ctx; }

/* A client hears no new streams. */
static bool on_begin(void *ctx, frl_h2_stream *stream) {
  (void)ctx;
  (void)stream;
  return false;
}

const frl_h2_handler frl__channel_h2_handler = {.on_begin = on_begin,
    .on_field = on_field,
    .on_headers = on_headers,
    .on_data = on_data,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_close = on_close,
    .on_settings = on_settings,
    .on_goaway = on_goaway,
    .on_ping_ack = on_ping_ack};
