#include "h2_pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MIB = 1024 * 1024 };

static void note(h2_pair *p, frl_status st) {
  if (p->status == FRL_OK) p->status = st;
}

/* ---- messages ---- */

static frl_status on_data_bytes(void *ctx, const uint8_t *data, size_t n) {
  h2_side *s = ctx;
  const size_t start = (size_t)(s->bytes - s->messages * s->pair->message_bytes);
  if (memcmp(s->pair->message + start, data, n) != 0) return FRL_E_MALFORMED;
  s->bytes += n;
  return FRL_OK;
}

static frl_status on_message_end(void *ctx) {
  h2_side *s = ctx;
  s->messages++;
  return FRL_OK;
}

static frl_status send_message(h2_side *s) {
  frl_chain chain;
  frl_chain_init(&chain, s->pair->mem);
  frl_msg *msg = NULL;
  /* in slices, so that frames end inside and between them */
  size_t at = 0;
  frl_status st = FRL_OK;
  while (st == FRL_OK && at < s->pair->message_bytes) {
    size_t n = 777 + at % 100000;
    if (n > s->pair->message_bytes - at) n = s->pair->message_bytes - at;
    st = frl_chain_push(&chain, (frl_slice){s->pair->message + at, n, NULL, NULL});
    at += n;
  }
  if (st == FRL_OK) st = frl_msg_create(&msg, &chain, false, s->pair->mem);
  if (st == FRL_OK) st = frl_h2_stream_send(s->stream, msg);
  if (st != FRL_OK && msg) frl_msg_unref(msg);
  frl_chain_deinit(&chain);
  return st;
}

/* ---- the handler of both ---- */

static bool on_begin(void *ctx, frl_h2_stream *stream) {
  h2_side *s = ctx;
  s->stream = stream;
  frl_h2_stream_set_user(stream, s);
  return true;
}

static frl_status on_field(void *ctx, frl_h2_stream *stream, const frl_h2_field *f) {
  (void)stream;
  (void)f;
  h2_side *s = ctx;
  s->fields++;
  return FRL_OK;
}

static frl_status answer(h2_side *s) {
  static const frl_h2_field head[] = {
      {":status", 7, "200", 3}, {"content-type", 12, "application/grpc", 16}};
  static const frl_h2_field trailers[] = {
      {"grpc-status", 11, "0", 1}, {"x-more", 6, "some", 4}};
  frl_status st = frl_h2_respond(s->stream, head, 2, false);
  for (int i = 0; st == FRL_OK && i < 2; i++) st = send_message(s);
  if (st == FRL_OK) st = frl_h2_stream_end(s->stream, trailers, 2);
  return st;
}

static void on_headers(void *ctx, frl_h2_stream *stream, bool end_stream) {
  (void)stream;
  (void)end_stream;
  h2_side *s = ctx;
  s->headers = true;
}

static void on_data(void *ctx, frl_h2_stream *stream, const uint8_t *data, size_t n) {
  (void)stream;
  h2_side *s = ctx;
  note(s->pair, frl_deframer_feed(&s->deframer, data, n, NULL));
}

static void on_end(void *ctx, frl_h2_stream *stream) {
  (void)stream;
  h2_side *s = ctx;
  s->ended = true;
  if (s == &s->pair->server) note(s->pair, answer(s));
}

static void on_writable(void *ctx, frl_h2_stream *stream) {
  (void)stream;
  h2_side *s = ctx;
  s->writable++;
}

static void on_close(void *ctx, frl_h2_stream *stream, uint32_t h2_error) {
  (void)stream;
  h2_side *s = ctx;
  s->stream = NULL;
  s->closed = true;
  s->close_error = h2_error;
}

static void nothing(void *ctx) { (void)ctx; }

static void on_goaway(void *ctx, uint32_t h2_error, const char *debug, size_t n) {
  (void)debug;
  (void)n;
  h2_side *s = ctx;
  if (h2_error) note(s->pair, FRL_E_REMOTE);
}

static const frl_h2_handler HANDLER = {on_begin, on_field, on_headers, on_data, on_end,
    on_writable, on_close, nothing, on_goaway, nothing};

/* ---- bytes between them ---- */

/* Moves what a has to say to b; false when there was nothing. */
static bool carry(h2_side *a, h2_side *b, size_t piece) {
  const frl_status st = frl_h2_fill(a->h2, &a->out, MIB, NULL);
  if (st != FRL_OK) {
    note(a->pair, st);
    return false;
  }
  if (a->out.bytes == 0) return false;
  uint8_t *flat = malloc(a->out.bytes);
  size_t n = 0;
  for (size_t i = a->out.head; i < a->out.end; i++) {
    if (a->out.slices[i].len)
      memcpy(flat + n, a->out.slices[i].data, a->out.slices[i].len);
    n += a->out.slices[i].len;
  }
  frl_outq_consume(&a->out, n);
  frl_status got = FRL_OK;
  for (size_t at = 0; got == FRL_OK && at < n; at += piece) {
    /* a block of its own: reading one byte too far is seen */
    const size_t k = piece < n - at ? piece : n - at;
    uint8_t *exact = malloc(k);
    memcpy(exact, flat + at, k);
    got = frl_h2_recv(b->h2, exact, k, NULL);
    free(exact);
  }
  free(flat);
  note(a->pair, got);
  return true;
}

static frl_status create(h2_pair *p, h2_side *s, bool server) {
  s->pair = p;
  frl_outq_init(&s->out, p->mem);
  const frl_message_sink sink = {NULL, on_data_bytes, on_message_end};
  frl_deframer_init(&s->deframer, &sink, s, 64 * MIB, p->mem);
  const frl_h2_options options = {.server = server,
      .stream_window_bytes = 100000,
      .connection_window_bytes = 150000,
      .max_frame_bytes = 20000,
      .max_metadata_bytes = 65536,
      .max_streams = 10,
      .high_bytes = 50000,
      .low_bytes = 10000};
  return frl_h2_create(&s->h2, &options, &HANDLER, s, p->mem, NULL);
}

static frl_status request(h2_side *s) {
  static const frl_h2_field fields[] = {{":method", 7, "POST", 4},
      {":scheme", 7, "http", 4}, {":path", 5, "/a/b", 4}, {":authority", 10, "a", 1},
      {"te", 2, "trailers", 8}, {"content-type", 12, "application/grpc", 16}};
  frl_status st = frl_h2_request(s->h2, fields, 6, s, &s->stream);
  if (st == FRL_OK) st = send_message(s);
  if (st == FRL_OK) st = frl_h2_stream_end(s->stream, NULL, 0);
  return st;
}

void h2_pair_run(h2_pair *p, const frl_mem *mem, size_t message_bytes, size_t piece) {
  memset(p, 0, sizeof *p);
  p->mem = mem;
  p->message_bytes = message_bytes;
  p->message = malloc(message_bytes + 1);
  for (size_t i = 0; i < message_bytes; i++) p->message[i] = (uint8_t)(i * 7 + i / 251);
  note(p, create(p, &p->client, false));
  if (p->status == FRL_OK) note(p, create(p, &p->server, true));
  if (p->status == FRL_OK) note(p, request(&p->client));
  bool moved = true;
  while (p->status == FRL_OK && moved) {
    moved = carry(&p->client, &p->server, piece);
    if (p->status == FRL_OK) moved |= carry(&p->server, &p->client, piece);
  }
}

static void side_deinit(h2_side *s) {
  frl_h2_destroy(s->h2);
  if (s->pair) frl_outq_deinit(&s->out);
  if (s->pair) frl_deframer_deinit(&s->deframer);
}

void h2_pair_deinit(h2_pair *p) {
  side_deinit(&p->client);
  side_deinit(&p->server);
  free(p->message);
}
