#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc_text.h"
#include "net/server_internal.h"

/* A unary method is a method that collects its one request. */
typedef struct unary_method {
  struct unary_method *next;
  frl_server *server;
  frl_unary_fn fn;
  void *service;
  char path[];
} unary_method;

typedef struct unary_call {
  unary_method *method;
  frl_server_call *call;
  frl_buf request;
  bool whole;
} unary_call;

static frl_status on_open(void *service, frl_server_call *call, void **call_ctx) {
  unary_method *m = service;
  unary_call *u = frl_calloc(&m->server->mem, 1, sizeof *u);
  if (!u) return FRL_E_NOMEM;
  u->method = m;
  u->call = call;
  frl_buf_init(&u->request, &m->server->mem, m->server->options.max_message_bytes);
  *call_ctx = u;
  return FRL_OK;
}

static frl_status on_begin(void *ctx) {
  const unary_call *u = ctx;
  return u->whole ? FRL_E_INVALID : FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  unary_call *u = ctx;
  return frl_buf_append(&u->request, data, n);
}

static frl_status on_end(void *ctx) {
  unary_call *u = ctx;
  u->whole = true;
  return FRL_OK;
}

static void release_response(void *owner) {
  frl_buf *buf = owner;
  const frl_mem mem = buf->mem;
  frl_buf_deinit(buf);
  frl_free(&mem, buf);
}

/* The response goes out from where it was written. Takes response over. */
static frl_status send_response(unary_call *u, frl_buf *response) {
  frl_chain chain;
  frl_chain_init(&chain, &u->method->server->mem);
  const frl_slice slice = {response->data, response->len, release_response, response};
  frl_status st = frl_chain_push(&chain, slice);
  if (st != FRL_OK) {
    release_response(response);
    return st;
  }
  st = frl_server_call_send(u->call, &chain);
  frl_chain_deinit(&chain);
  return st;
}

static void finish_failed(unary_call *u, frl_status st, const frl_error *err) {
  const int32_t code =
      err->origin == FRL_ORIGIN_GRPC ? err->origin_code : frl_code_from_status(st);
  const char *text = err->message[0] ? err->message : frl_status_name(st);
  frl_server_call_finish(u->call, code, text, NULL, 0);
}

static void on_half_close(void *ctx) {
  unary_call *u = ctx;
  const frl_mem *mem = &u->method->server->mem;
  if (!u->whole) {
    frl_server_call_finish(u->call, FRL_GRPC_INVALID_ARGUMENT, "no request", NULL, 0);
    return;
  }
  frl_error err = {0};
  frl_buf *response = frl_malloc(mem, sizeof *response);
  if (!response) {
    finish_failed(u, FRL_E_LIMIT, &err);
    return;
  }
  frl_buf_init(response, mem, UINT32_MAX);
  frl_status st = u->method->fn(
      u->method->service, u->call, u->request.data, u->request.len, response, &err);
  frl_buf_deinit(&u->request);
  if (st == FRL_OK) {
    st = send_response(u, response);
  } else {
    release_response(response);
  }
  if (st == FRL_OK) {
    frl_server_call_finish(u->call, FRL_GRPC_OK, NULL, NULL, 0);
  } else {
    finish_failed(u, st, &err);
  }
}

static void on_closed(void *ctx) {
  unary_call *u = ctx;
  frl_buf_deinit(&u->request);
  frl_free(&u->method->server->mem, u);
}

frl_status frl_server_add_unary(
    frl_server *server, const char *path, frl_unary_fn fn, void *service) {
  const size_t n = strlen(path) + 1;
  unary_method *m = frl_malloc(&server->mem, sizeof *m + n);
  if (!m) return FRL_E_NOMEM;
  *m = (unary_method){.server = server, .fn = fn, .service = service};
  memcpy(m->path, path, n);
  const frl_server_method method = {.path = m->path,
      .on_open = on_open,
      .sink = {on_begin, on_data, on_end},
      .on_half_close = on_half_close,
      .on_closed = on_closed,
      .service = m};
  const frl_status st = frl_server_add(server, &method);
  if (st != FRL_OK) {
    frl_free(&server->mem, m);
    return st;
  }
  m->next = server->unaries;
  server->unaries = m;
  return FRL_OK;
}

void frl__server_free_unaries(frl_server *server) {
  while (server->unaries) {
    unary_method *m = server->unaries;
    server->unaries = m->next;
    frl_free(&server->mem, m);
  }
}
