#include "rig_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Echo ---- */

static frl_status echo(void *service, frl_server_call *call, const uint8_t *request,
    size_t n, frl_buf *response, frl_error *err) {
  (void)service;
  const char *code = frl_metadata_get(frl_server_call_metadata(call), "x-code");
  if (code) {
    err->origin = FRL_ORIGIN_GRPC;
    err->origin_code = (int32_t)strtol(code, NULL, 10);
    (void)snprintf(err->message, sizeof err->message, "told to fail: 100%% \xc3\xa9");
    return FRL_E_REMOTE;
  }
  return frl_buf_append(response, request, n);
}

/* ---- streams ---- */

enum kind { BIDI, SOURCE, SINK, HANG, DROP, RESET };

typedef struct service {
  rig *rig;
  enum kind kind;
} service;

typedef struct stream {
  service *service;
  frl_server_call *call;
  frl_buf message;
  uint64_t received;
  unsigned long count; /* of Source, still to be sent */
  unsigned long size;
  uint8_t *block;
} stream;

static frl_status echo_metadata(frl_server_call *call) {
  const frl_metadata *md = frl_server_call_metadata(call);
  if (frl_metadata_get(md, "x-gzip")) frl_server_call_set_gzip(call, true);
  const char *echoed = frl_metadata_get(md, "x-test");
  if (!echoed) return FRL_OK;
  frl_metadata out = {0};
  frl_status st = frl_metadata_add(&out, NULL, "x-test", echoed, strlen(echoed));
  if (st == FRL_OK) st = frl_server_call_send_headers(call, &out);
  frl_metadata_deinit(&out, NULL);
  if (st == FRL_OK)
    st = frl_server_call_add_trailer(call, "x-trailer-bin", "\1\2\0\3", 4);
  return st;
}

static frl_status on_open(void *ctx, frl_server_call *call, void **call_ctx) {
  service *s = ctx;
  const frl_status st = echo_metadata(call);
  if (st != FRL_OK) return st;
  stream *t = calloc(1, sizeof *t);
  if (!t) return FRL_E_NOMEM;
  t->service = s;
  t->call = call;
  frl_buf_init(&t->message, NULL, 64u << 20);
  *call_ctx = t;
  s->rig->opened++;
  return FRL_OK;
}

static frl_status send_bytes(stream *t, const void *data, size_t n) {
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  frl_status st = frl_chain_copy(&chain, data, n);
  if (st == FRL_OK) st = frl_server_call_send(t->call, &chain);
  frl_chain_deinit(&chain);
  return st;
}

static void pump(stream *t) {
  rig *r = t->service->rig;
  while (t->count > 0 && frl_server_call_unsent_bytes(t->call) < (1u << 20)) {
    frl_chain chain;
    frl_chain_init(&chain, NULL);
    if (frl_chain_copy(&chain, t->block, t->size) != FRL_OK) abort();
    const frl_status st = frl_server_call_send(t->call, &chain);
    frl_chain_deinit(&chain);
    if (st != FRL_OK) return;
    t->count--;
    const size_t unsent = frl_server_call_unsent_bytes(t->call);
    if (unsent > r->source_unsent_max) r->source_unsent_max = unsent;
  }
  if (t->count == 0) frl_server_call_finish(t->call, FRL_GRPC_OK, NULL, NULL, 0);
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  stream *t = ctx;
  t->received += n;
  if (t->service->kind == SINK) return FRL_OK;
  return frl_buf_append(&t->message, data, n);
}

static void start_source(stream *t) {
  if (frl_buf_append_u8(&t->message, '\0') != FRL_OK) abort();
  char *end = NULL;
  t->count = strtoul((const char *)t->message.data, &end, 10);
  t->size = strtoul(end, NULL, 10);
  t->block = malloc(t->size + 1);
  if (!t->block) abort();
  memset(t->block, 'x', t->size);
  pump(t);
}

static void answer_half(stream *t) {
  /* the rest of the message never comes */
  if (send_bytes(t, t->message.data, t->message.len) != FRL_OK) abort();
  frl_server_call_drop_connection(t->call);
}

static frl_status on_end(void *ctx) {
  stream *t = ctx;
  frl_status st = FRL_OK;
  switch (t->service->kind) {
    case BIDI:
      st = send_bytes(t, t->message.data, t->message.len);
      break;
    case SOURCE:
      start_source(t);
      break;
    case DROP:
      answer_half(t);
      break;
    case RESET:
      frl_server_call_reset(t->call, 0x2);
      break;
    default:
      break;
  }
  frl_buf_clear(&t->message);
  return st;
}

static void on_half_close(void *ctx) {
  stream *t = ctx;
  if (t->service->kind == BIDI) {
    frl_server_call_finish(t->call, FRL_GRPC_OK, "", "\x08\x01", 2);
  } else if (t->service->kind == SINK) {
    char text[32];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)t->received);
    if (send_bytes(t, text, strlen(text)) != FRL_OK) return;
    frl_server_call_finish(t->call, FRL_GRPC_OK, NULL, NULL, 0);
  }
}

static void on_writable(void *ctx) {
  stream *t = ctx;
  if (t->service->kind == SOURCE && t->block) pump(t);
}

static void on_closed(void *ctx) {
  stream *t = ctx;
  t->service->rig->closed++;
  frl_buf_deinit(&t->message);
  free(t->block);
  free(t);
}

void rig_service_add(rig *r) {
  static const char *const paths[] = {
      "/t.S/Bidi", "/t.S/Source", "/t.S/Sink", "/t.S/Hang", "/t.S/Drop", "/t.S/Reset"};
  assert_int_equal(frl_server_add_unary(r->server, "/t.S/Echo", echo, r), FRL_OK);
  service *services = (service *)(void *)r->services;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    services[i] = (service){r, (enum kind)i};
    const frl_server_method m = {.path = paths[i],
        .on_open = on_open,
        .sink = {NULL, on_data, on_end},
        .on_half_close = on_half_close,
        .on_writable = on_writable,
        .on_closed = on_closed,
        .service = &services[i]};
    assert_int_equal(frl_server_add(r->server, &m), FRL_OK);
  }
}
