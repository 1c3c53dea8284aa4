/*
 * Bytes of any kind against a server's session, and against a client's with a stream
 * open, with gRPC framing behind both.
 *
 * The first byte chooses: bit 0 the client, bit 1 gzip; the rest of it how many bytes
 * a piece has. Nothing may crash, hang or hold more than the bounds allow.
 */
#include <stdlib.h>
#include <string.h>

#include "net/grpc_frame.h"
#include "net/h2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct receiver {
  frl_deframer deframer;
  frl_status status;
} receiver;

static frl_status take(void *ctx, const uint8_t *data, size_t n) {
  (void)ctx;
  /* reads what it was given */
  uint8_t sum = 0;
  for (size_t i = 0; i < n; i++) sum = (uint8_t)(sum + data[i]);
  static volatile uint8_t sink;
  sink = sum;
  (void)sink;
  return FRL_OK;
}

static frl_status end(void *ctx) {
  (void)ctx;
  return FRL_OK;
}

static bool on_begin(void *ctx, frl_h2_stream *s) {
  frl_h2_stream_set_user(s, ctx);
  return true;
}

static frl_status on_field(void *ctx, frl_h2_stream *s, const frl_h2_field *f) {
  (void)s;
  const frl_status st = take(ctx, (const uint8_t *)f->name, f->name_len);
  return st == FRL_OK ? take(ctx, f->value, f->value_len) : st;
}

static void on_headers(void *ctx, frl_h2_stream *s, bool end_stream) {
  (void)ctx;
  static const frl_h2_field head[] = {{":status", 7, "200", 3}};
  /* a client cannot respond, a server may have: neither matters here */
  if (end_stream && frl_h2_respond(s, head, 1, true) != FRL_OK) return;
}

static void on_data(void *ctx, frl_h2_stream *s, const uint8_t *data, size_t n) {
  receiver *r = ctx;
  if (r->status != FRL_OK) return;
  r->status = frl_deframer_feed(&r->deframer, data, n, NULL);
  if (r->status != FRL_OK) frl_h2_stream_reset(s, FRL_H2_CANCEL);
}

static void on_stream(void *ctx, frl_h2_stream *s) {
  (void)ctx;
  (void)s;
}

static void on_close(void *ctx, frl_h2_stream *s, uint32_t code) {
  (void)ctx;
  (void)s;
  (void)code;
}

static void on_nothing(void *ctx) { (void)ctx; }

static void on_goaway(void *ctx, uint32_t code, const char *debug, size_t n) {
  (void)ctx;
  (void)code;
  (void)debug;
  (void)n;
}

static const frl_h2_handler HANDLER = {on_begin, on_field, on_headers, on_data,
    on_stream, on_stream, on_close, on_nothing, on_goaway, on_nothing};

static void drain(frl_h2 *h2) {
  frl_outq out;
  frl_outq_init(&out, NULL);
  for (int i = 0; i < 100; i++) {
    if (frl_h2_fill(h2, &out, 1u << 20, NULL) != FRL_OK || out.bytes == 0) break;
    frl_outq_consume(&out, out.bytes);
  }
  frl_outq_deinit(&out);
}

static frl_h2 *open_session(bool client, receiver *r) {
  const frl_h2_options options = {.server = !client,
      .stream_window_bytes = 65535,
      .connection_window_bytes = 65535,
      .max_frame_bytes = 16384,
      .max_metadata_bytes = 8192,
      .max_streams = 10};
  frl_h2 *h2 = NULL;
  if (frl_h2_create(&h2, &options, &HANDLER, r, NULL, NULL) != FRL_OK) abort();
  if (!client) return h2;
  static const frl_h2_field fields[] = {{":method", 7, "POST", 4},
      {":scheme", 7, "http", 4}, {":path", 5, "/", 1}, {":authority", 10, "a", 1}};
  frl_h2_stream *stream = NULL;
  if (frl_h2_request(h2, fields, 4, r, &stream) != FRL_OK) abort();
  return h2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  const bool client = (data[0] & 1) != 0;
  const size_t piece = (size_t)(data[0] >> 2) * 16 + 1;
  receiver r = {.status = FRL_OK};
  const frl_message_sink sink = {NULL, take, end};
  frl_deframer_init(&r.deframer, &sink, &r, 1u << 20, NULL);
  r.deframer.gzip = (data[0] & 2) != 0;
  frl_h2 *h2 = open_session(client, &r);
  drain(h2);
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  frl_status st = FRL_OK;
  if (!client) st = frl_h2_recv(h2, (const uint8_t *)preface, sizeof preface - 1, NULL);
  for (size_t at = 1; st == FRL_OK && at < size; at += piece) {
    const size_t n = piece < size - at ? piece : size - at;
    st = frl_h2_recv(h2, data + at, n, NULL);
    drain(h2);
  }
  frl_h2_destroy(h2);
  frl_deframer_deinit(&r.deframer);
  return 0;
}
