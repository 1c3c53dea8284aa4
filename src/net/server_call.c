#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc_text.h"
#include "net/server_internal.h"

enum { MAX_FIELDS = 128, GZIP_MIN_BYTES = 1024, MAX_MESSAGE_BYTES = 16 * 1024 };

#define TEXT_FIELD(n, v) ((frl_h2_field){(n), sizeof(n) - 1, (v), strlen(v)})

const char *frl_server_call_path(const frl_server_call *c) { return c->path; }
const frl_metadata *frl_server_call_metadata(const frl_server_call *c) {
  return &c->metadata;
}
const char *frl_server_call_peer(const frl_server_call *c) { return c->peer; }

int64_t frl_server_call_time_left_ms(const frl_server_call *c) {
  if (c->deadline_ms == 0) return -1;
  const int64_t left = c->deadline_ms - frl_loop_now_ms(c->server->loop);
  return left > 0 ? left : 0;
}

size_t frl_server_call_unsent_bytes(const frl_server_call *c) {
  return c->stream ? frl_h2_stream_queued_bytes(c->stream) : 0;
}

static void flush_soon(const frl_server_call *c) {
  if (c->sc) frl_conn_flush_soon(c->sc->conn);
}

/* ---- the end of a call ---- */

static void on_closed_task(frl_task *task) {
  frl_server_call *c =
      (frl_server_call *)(void *)((char *)task -
                                  offsetof(frl_server_call, closed_task));
  frl_server *s = c->server;
  frl_timer_destroy(c->timer);
  if (c->method) c->method->on_closed(c->ctx);
  frl_deframer_deinit(&c->in.deframer);
  frl_metadata_deinit(&c->metadata, &s->mem);
  frl_metadata_deinit(&c->trailers, &s->mem);
  frl_free(&s->mem, c->path);
  frl_free(&s->mem, c);
  s->n_calls--;
  frl__server_tell_gone(s);
}

static void detach(frl_server_call *c) {
  if (c->prev) {
    c->prev->next = c->next;
  } else if (c->sc) {
    c->sc->calls = c->next;
  }
  if (c->next) c->next->prev = c->prev;
  c->sc = NULL;
  c->stream = NULL;
}

static void h2_close(void *ctx, frl_h2_stream *stream, uint32_t h2_error) {
  (void)ctx;
  (void)h2_error;
  frl_server_call *c = frl_h2_stream_user(stream);
  frl_server *s = c->server;
  c->finished = true;
  detach(c);
  /* the caller of HTTP/2 may be inside a function of this very call */
  c->closed_task.run = on_closed_task;
  frl__loop_defer(s->loop, &c->closed_task);
}

static void reset(frl_server_call *c, uint32_t h2_error) {
  c->finished = true;
  if (!c->stream) return;
  frl_h2_stream_reset(c->stream, h2_error);
  flush_soon(c);
}

void frl_server_call_reset(frl_server_call *c, uint32_t http2_error) {
  reset(c, http2_error);
}

void frl_server_call_drop_connection(frl_server_call *c) {
  c->finished = true;
  if (c->sc) frl_conn_close(c->sc->conn, NULL);
}

/* ---- answers ---- */

static void add_head(const frl_server_call *c, frl_h2_field *f, size_t *n) {
  f[(*n)++] = TEXT_FIELD(":status", "200");
  f[(*n)++] = TEXT_FIELD("content-type", "application/grpc");
  if (c->announced_gzip) f[(*n)++] = TEXT_FIELD("grpc-encoding", "gzip");
}

static frl_status send_headers(frl_server_call *c, const frl_metadata *md) {
  frl_h2_field f[MAX_FIELDS];
  size_t n = 0;
  add_head(c, f, &n);
  f[n++] = TEXT_FIELD("grpc-accept-encoding", "identity,gzip");
  frl_buf scratch;
  frl_buf_init(&scratch, &c->server->mem, UINT32_MAX);
  frl_status st = frl_metadata_to_fields(md, f, &n, MAX_FIELDS, &scratch);
  if (st == FRL_OK) st = frl_h2_respond(c->stream, f, n, false);
  frl_buf_deinit(&scratch);
  if (st == FRL_OK) c->headers_sent = true;
  flush_soon(c);
  return st;
}

frl_status frl_server_call_send_headers(frl_server_call *c, const frl_metadata *md) {
  if (c->finished || !c->stream) return FRL_E_CLOSED;
  if (c->headers_sent) return FRL_E_STATE;
  return send_headers(c, md);
}

frl_status frl_server_call_add_trailer(
    frl_server_call *c, const char *name, const void *value, size_t n) {
  if (!frl_metadata_name_is_free(name)) return FRL_E_INVALID;
  return frl_metadata_add(&c->trailers, &c->server->mem, name, value, n);
}

void frl_server_call_set_gzip(frl_server_call *c, bool gzip) {
  c->gzip = gzip && c->accepts_gzip && (c->announced_gzip || !c->headers_sent);
  if (c->gzip) c->announced_gzip = true;
}

static frl_status queue_message(frl_server_call *c, frl_chain *message) {
  const frl_mem *mem = &c->server->mem;
  const bool compress = c->gzip && message->bytes > GZIP_MIN_BYTES;
  if (compress) FRL_TRY(frl_chain_gzip(message, mem));
  frl_msg *msg = NULL;
  FRL_TRY(frl_msg_create(&msg, message, compress, mem));
  const frl_status st = frl_h2_stream_send(c->stream, msg);
  if (st != FRL_OK) {
    frl_chain_move(message, &msg->chain);
    frl_msg_unref(msg);
  }
  return st;
}

frl_status frl_server_call_send(frl_server_call *c, frl_chain *message) {
  if (c->finished || !c->stream) return FRL_E_CLOSED;
  const size_t queued = frl_h2_queued_bytes(frl_conn_h2(c->sc->conn));
  if (queued > 0 && queued + message->bytes > c->server->options.max_unsent_bytes) {
    return FRL_E_LIMIT;
  }
  if (!c->headers_sent) FRL_TRY(send_headers(c, NULL));
  FRL_TRY(queue_message(c, message));
  flush_soon(c);
  return FRL_OK;
}

/* Status, message and details as fields; scratch holds their texts. */
static frl_status add_status(frl_h2_field *f, size_t *n, char code_text[16],
    int32_t code, const char *message, const void *details, size_t details_len,
    frl_buf *scratch) {
  (void)snprintf(code_text, 16, "%d", code);
  f[(*n)++] = TEXT_FIELD("grpc-status", code_text);
  const size_t text_len = message ? strlen(message) : 0;
  FRL_TRY(frl_buf_reserve(scratch, 3 * text_len + details_len / 3 * 4 + 8));
  if (text_len) {
    FRL_TRY(frl_percent_encode(scratch, message));
    f[(*n)++] = (frl_h2_field){"grpc-message", 12, scratch->data, scratch->len};
  }
  if (details_len) {
    const size_t from = scratch->len;
    FRL_TRY(frl_rpc_base64_encode(scratch, details, details_len));
    f[(*n)++] = (frl_h2_field){
        "grpc-status-details-bin", 23, scratch->data + from, scratch->len - from};
  }
  return FRL_OK;
}

static frl_status send_end(frl_server_call *c, int32_t code, const char *message,
    const void *details, size_t details_len) {
  frl_h2_field f[MAX_FIELDS];
  size_t n = 0;
  char code_text[16];
  frl_buf status_text;
  frl_buf trailer_text;
  frl_buf_init(&status_text, &c->server->mem, UINT32_MAX);
  frl_buf_init(&trailer_text, &c->server->mem, UINT32_MAX);
  if (!c->headers_sent) add_head(c, f, &n);
  frl_status st =
      add_status(f, &n, code_text, code, message, details, details_len, &status_text);
  if (st == FRL_OK) {
    st = frl_metadata_to_fields(&c->trailers, f, &n, MAX_FIELDS, &trailer_text);
  }
  if (st == FRL_OK) {
    st = c->headers_sent ? frl_h2_stream_end(c->stream, f, n)
                         : frl_h2_respond(c->stream, f, n, true);
  }
  frl_buf_deinit(&status_text);
  frl_buf_deinit(&trailer_text);
  return st;
}

void frl_server_call_finish(frl_server_call *c, int32_t code, const char *message,
    const void *details, size_t details_len) {
  if (c->finished || !c->stream) return;
  c->finished = true;
  if (c->timer) frl_timer_stop(c->timer);
  char cut[MAX_MESSAGE_BYTES];
  if (message && strlen(message) >= sizeof cut) {
    memcpy(cut, message, sizeof cut - 1);
    cut[sizeof cut - 1] = '\0';
    message = cut;
  }
  if (send_end(c, code, message, details, details_len) != FRL_OK) {
    reset(c, FRL_H2_INTERNAL_ERROR);
    return;
  }
  flush_soon(c);
}

/* ---- requests ---- */

static bool h2_begin(void *ctx, frl_h2_stream *stream) {
  server_conn *sc = ctx;
  frl_server *s = sc->server;
  if (s->closing && !sc->draining) return false;
  frl_server_call *c = frl_calloc(&s->mem, 1, sizeof *c);
  if (!c) return false;
  c->server = s;
  c->sc = sc;
  c->stream = stream;
  (void)snprintf(c->peer, sizeof c->peer, "%s", frl_conn_peer(sc->conn));
  c->next = sc->calls;
  if (c->next) c->next->prev = c;
  sc->calls = c;
  s->n_calls++;
  frl_h2_stream_set_user(stream, c);
  return true;
}

static bool field_is(const frl_h2_field *f, const char *name) {
  return f->name_len == strlen(name) && memcmp(f->name, name, f->name_len) == 0;
}

static bool value_has(const frl_h2_field *f, const char *word) {
  const size_t n = strlen(word);
  const char *text = f->value;
  for (size_t i = 0; i + n <= f->value_len; i++) {
    if (memcmp(text + i, word, n) == 0) return true;
  }
  return false;
}

static bool value_begins(const frl_h2_field *f, const char *word) {
  const size_t n = strlen(word);
  return f->value_len >= n && memcmp(f->value, word, n) == 0;
}

static bool value_is(const frl_h2_field *f, const char *word) {
  return f->value_len == strlen(word) && value_begins(f, word);
}

static void take_timeout(frl_server_call *c, const frl_h2_field *f) {
  int64_t ms = 0;
  if (frl_timeout_parse(&ms, f->value, f->value_len) != FRL_OK) {
    c->bad_timeout = true;
    return;
  }
  c->deadline_ms = frl_loop_now_ms(c->server->loop) + ms;
}

static frl_status h2_field(void *ctx, frl_h2_stream *stream, const frl_h2_field *f) {
  (void)ctx;
  frl_server_call *c = frl_h2_stream_user(stream);
  if (c->begun || c->finished) return FRL_OK; /* trailers of a request mean nothing */
  if (field_is(f, ":path")) {
    c->path = frl_strndup(&c->server->mem, f->value, f->value_len);
    return c->path ? FRL_OK : FRL_E_NOMEM;
  }
  if (field_is(f, ":method")) {
    c->post = value_is(f, "POST");
  } else if (field_is(f, "content-type")) {
    c->grpc_content = value_begins(f, "application/grpc");
  } else if (field_is(f, "grpc-timeout")) {
    take_timeout(c, f);
  } else if (field_is(f, "grpc-encoding")) {
    c->in.deframer.gzip = value_is(f, "gzip");
    c->bad_encoding = !c->in.deframer.gzip && !value_is(f, "identity");
  } else if (field_is(f, "grpc-accept-encoding")) {
    c->accepts_gzip = value_has(f, "gzip");
  } else if (f->name_len > 0 && f->name[0] != ':' && !field_is(f, "te")) {
    const frl_status st = frl_metadata_receive(&c->metadata, &c->server->mem, f);
    if (st != FRL_OK) c->bad_field = st;
  }
  return FRL_OK;
}

static frl_status send_text(frl_server_call *c, const char *text) {
  frl_chain chain;
  frl_chain_init(&chain, &c->server->mem);
  frl_msg *msg = NULL;
  frl_status st = frl_chain_push(
      &chain, (frl_slice){(const uint8_t *)text, strlen(text), NULL, NULL});
  if (st == FRL_OK) st = frl_msg_create_plain(&msg, &chain, &c->server->mem);
  if (st == FRL_OK) st = frl_h2_stream_send(c->stream, msg);
  if (st != FRL_OK && msg) frl_msg_unref(msg);
  frl_chain_deinit(&chain);
  return st;
}

/* Who does not speak gRPC is answered in plain HTTP, once the request is complete. */
static void refuse_http(frl_server_call *c) {
  const char *status = c->post ? "415" : "405";
  const frl_h2_field f[] = {
      TEXT_FIELD(":status", status), TEXT_FIELD("content-type", "text/plain")};
  c->finished = true;
  frl_status st = frl_h2_respond(c->stream, f, 2, false);
  if (st == FRL_OK) {
    st = send_text(
        c, c->post ? "this server speaks gRPC only\n" : "gRPC takes POST only\n");
  }
  if (st == FRL_OK) st = frl_h2_stream_end(c->stream, NULL, 0);
  if (st != FRL_OK) reset(c, FRL_H2_INTERNAL_ERROR);
}

static void on_deadline(void *ctx) {
  frl_server_call *c = ctx;
  if (!c->stream) return;
  /* what is queued would arrive too late */
  if (frl_h2_stream_queued_bytes(c->stream) > 0 || c->finished) {
    reset(c, FRL_H2_CANCEL);
  } else {
    frl_server_call_finish(c, FRL_GRPC_DEADLINE_EXCEEDED, "deadline exceeded", NULL, 0);
  }
}

static bool start_deadline(frl_server_call *c) {
  if (c->deadline_ms == 0) return true;
  if (frl_timer_create(&c->timer, c->server->loop, on_deadline, c) != FRL_OK) {
    return false;
  }
  frl_timer_start(c->timer, (uint64_t)frl_server_call_time_left_ms(c), 0);
  return true;
}

static void fail(frl_server_call *c, int32_t code, const char *text) {
  frl_server_call_finish(c, code, text, NULL, 0);
}

static void open_call(frl_server_call *c) {
  const bool gzip = c->in.deframer.gzip;
  const frl_server_method *m = c->method;
  frl_deframer_init(&c->in.deframer, &m->sink, NULL,
      c->server->options.max_message_bytes, &c->server->mem);
  c->in.deframer.gzip = gzip;
  const frl_status st = m->on_open(m->service, c, &c->ctx);
  if (st != FRL_OK) {
    c->method = NULL; /* it was never open: no on_closed */
    fail(c, frl_code_from_status(st), frl_status_name(st));
    return;
  }
  c->in.deframer.ctx = c->ctx;
}

static void h2_headers(void *ctx, frl_h2_stream *stream, bool end_stream) {
  (void)ctx;
  (void)end_stream;
  frl_server_call *c = frl_h2_stream_user(stream);
  if (c->begun || c->finished) return;
  c->begun = true;
  c->plain_http = !c->post || !c->grpc_content;
  if (c->plain_http) return; /* h2_end answers */
  if (c->bad_timeout) {
    fail(c, FRL_GRPC_INVALID_ARGUMENT, "malformed grpc-timeout");
  } else if (c->bad_encoding) {
    fail(c, FRL_GRPC_UNIMPLEMENTED, "grpc-encoding other than gzip");
  } else if (c->bad_field != FRL_OK) {
    fail(c, FRL_GRPC_INTERNAL, "metadata that cannot be read");
  } else {
    c->method = frl_map_get(&c->server->methods, c->path, strlen(c->path));
    if (!c->method) {
      char text[256];
      (void)snprintf(text, sizeof text, "unknown method %.200s", c->path);
      fail(c, FRL_GRPC_UNIMPLEMENTED, text);
    } else if (!start_deadline(c)) {
      c->method = NULL;
      fail(c, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    } else {
      open_call(c);
    }
  }
}

static void fail_message(frl_server_call *c, frl_status st, const frl_error *err) {
  int32_t code = FRL_GRPC_INTERNAL;
  if (st == FRL_E_LIMIT) code = FRL_GRPC_RESOURCE_EXHAUSTED;
  if (st == FRL_E_UNSUPPORTED) code = FRL_GRPC_UNIMPLEMENTED;
  if (st == FRL_E_INVALID || st == FRL_E_MALFORMED || st == FRL_E_TRUNCATED) {
    code = FRL_GRPC_INVALID_ARGUMENT;
  }
  fail(c, code, err->message[0] ? err->message : frl_status_name(st));
}

static void h2_data(void *ctx, frl_h2_stream *stream, const uint8_t *data, size_t n) {
  (void)ctx;
  frl_server_call *c = frl_h2_stream_user(stream);
  if (c->finished || !c->method) return;
  frl_error err = {0};
  const frl_status st = frl_inbound_feed(&c->in, stream, data, n, &err);
  if (st != FRL_OK && !c->finished) fail_message(c, st, &err);
}

static void h2_end(void *ctx, frl_h2_stream *stream) {
  (void)ctx;
  frl_server_call *c = frl_h2_stream_user(stream);
  if (c->plain_http && !c->finished) refuse_http(c);
  if (c->finished || !c->method) return;
  if (!frl_deframer_is_between(&c->in.deframer)) {
    fail(c, FRL_GRPC_INTERNAL, "the request ends inside a message");
    return;
  }
  if (c->method->on_half_close) c->method->on_half_close(c->ctx);
}

static void h2_writable(void *ctx, frl_h2_stream *stream) {
  (void)ctx;
  frl_server_call *c = frl_h2_stream_user(stream);
  if (c->finished || !c->method || !c->method->on_writable) return;
  c->method->on_writable(c->ctx);
}

static void h2_settings(void *ctx) { (void)ctx; }

static void h2_goaway(void *ctx, uint32_t h2_error, const char *debug, size_t n) {
  (void)ctx;
  (void)h2_error;
  (void)debug;
  (void)n;
}

static void h2_ping_ack(void *ctx) { frl__server_drain(ctx); }

const frl_h2_handler frl__server_h2_handler = {.on_begin = h2_begin,
    .on_field = h2_field,
    .on_headers = h2_headers,
    .on_data = h2_data,
    .on_end = h2_end,
    .on_writable = h2_writable,
    .on_close = h2_close,
    .on_settings = h2_settings,
    .on_goaway = h2_goaway,
    .on_ping_ack = h2_ping_ack};

void frl_server_call_set_manual_window(frl_server_call *c, bool manual) {
  if (c->stream) frl_inbound_set_manual(&c->in, c->stream, manual);
}

void frl_server_call_consumed(frl_server_call *c, size_t n) {
  if (!c->stream) return;
  frl_inbound_consumed(&c->in, c->stream, n);
  flush_soon(c);
}
