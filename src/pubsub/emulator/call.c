/* Unary calls: collected, refused or delayed on request, answered. */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/rpc_text.h"
#include "pubsub/emulator/service.h"

bool frl_em_refused(frl_em_service *s, frl_server_call *call) {
  const char *path = frl_server_call_path(call);
  if (strncmp(path, "/ferrule.", 9) == 0) return false;
  const frl_em_fault *f = frl_em_faults_use(&s->faults, FRL_EM_REFUSE, path);
  if (!f) return false;
  frl_log(FRL_LOG_DEBUG, "emulator", "%s %s: refused on request",
      frl_server_call_peer(call), path);
  if (f->how == FRL_EM_DROP) {
    frl_server_call_drop_connection(call);
  } else if (f->how == FRL_EM_RESET) {
    frl_server_call_reset(call, 0x7); /* REFUSED_STREAM */
  } else {
    frl_server_call_finish(call, f->status, "refused on request", NULL, 0);
  }
  return true;
}

static frl_status on_open(void *service, frl_server_call *call, void **call_ctx) {
  const frl_em_method *m = service;
  frl_em_call *c = frl_calloc(&m->service->mem, 1, sizeof *c);
  if (!c) return FRL_E_NOMEM;
  c->method = m;
  c->service = m->service;
  c->call = call;
  frl_buf_init(&c->request, &m->service->mem, UINT32_MAX);
  frl_buf_init(&c->details, &m->service->mem, 8u << 20);
  *call_ctx = c;
  (void)frl_em_refused(m->service, call);
  return FRL_OK;
}

static frl_status on_begin(void *ctx) {
  const frl_em_call *c = ctx;
  return c->whole ? FRL_E_INVALID : FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  frl_em_call *c = ctx;
  return frl_buf_append(&c->request, data, n);
}

static frl_status on_end(void *ctx) {
  frl_em_call *c = ctx;
  c->whole = true;
  return FRL_OK;
}

static void finish(frl_em_call *c, int32_t code, const char *text) {
  frl_log(FRL_LOG_DEBUG, "emulator", "%s %s: %d %s", frl_server_call_peer(c->call),
      c->method->path, code, text ? text : "");
  frl_server_call_finish(c->call, code, text, c->details.data, c->details.len);
}

void frl_em_call_fail(frl_em_call *c, int32_t code, const char *text) {
  finish(c, code, text);
}

void frl_em_call_answer(frl_em_call *c, frl_chain *response) {
  const frl_status st = frl_server_call_send(c->call, response);
  frl_chain_deinit(response);
  if (st == FRL_OK) {
    finish(c, FRL_GRPC_OK, NULL);
  } else {
    finish(c, FRL_GRPC_RESOURCE_EXHAUSTED, "the answer cannot be sent");
  }
}

static void release_bytes(void *owner) {
  frl_buf *b = owner;
  const frl_mem mem = b->mem;
  frl_buf_deinit(b);
  frl_free(&mem, b);
}

static void answer_buf(frl_em_call *c, frl_buf *response) {
  frl_chain chain;
  frl_chain_init(&chain, &c->service->mem);
  const frl_slice slice = {response->data, response->len, release_bytes, response};
  if (frl_chain_push(&chain, slice) != FRL_OK) {
    release_bytes(response);
    finish(c, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    return;
  }
  frl_em_call_answer(c, &chain);
}

static void fail(frl_em_call *c, frl_status st, const frl_error *err) {
  const int32_t code = err->origin == FRL_ORIGIN_GRPC ? err->origin_code
                       : st == FRL_E_NOMEM            ? FRL_GRPC_RESOURCE_EXHAUSTED
                                                      : frl_code_from_status(st);
  finish(c, code, err->message[0] ? err->message : frl_status_name(st));
}

static void run(void *ctx) {
  frl_em_call *c = ctx;
  frl_buf *response = frl_malloc(&c->service->mem, sizeof *response);
  if (!response) {
    finish(c, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    return;
  }
  frl_buf_init(response, &c->service->mem, UINT32_MAX);
  frl_error err = {0};
  const frl_status st =
      c->method->fn(c, frl_cursor_of(c->request.data, c->request.len), response, &err);
  frl_buf_deinit(&c->request);
  if (st == FRL_OK) {
    answer_buf(c, response);
  } else {
    release_bytes(response);
    if (st != FRL_NEED_MORE) fail(c, st, &err);
  }
  frl_em_service_settle(c->service);
}

static void on_half_close(void *ctx) {
  frl_em_call *c = ctx;
  if (!c->whole) {
    finish(c, FRL_GRPC_INVALID_ARGUMENT, "a call without a request");
    return;
  }
  const frl_em_fault *delay =
      frl_em_faults_use(&c->service->faults, FRL_EM_DELAY, c->method->path);
  if (delay && frl_timer_create(&c->timer, c->service->loop, run, c) == FRL_OK) {
    frl_timer_start(c->timer, delay->ms, 0);
    return;
  }
  run(c);
}

static void on_closed(void *ctx) {
  frl_em_call *c = ctx;
  frl_em_waiter_leave(&c->waiter);
  frl_timer_destroy(c->timer);
  frl_buf_deinit(&c->request);
  frl_buf_deinit(&c->details);
  frl_free(&c->service->mem, c);
}

frl_status frl_em_add_unary(frl_em_service *s, const char *path, frl_em_unary_fn fn) {
  if (s->n_methods == FRL_EM_METHODS_MAX) return FRL_E_LIMIT;
  frl_em_method *m = &s->methods[s->n_methods++];
  *m = (frl_em_method){path, fn, s};
  const frl_server_method method = {.path = path,
      .on_open = on_open,
      .sink = {on_begin, on_data, on_end},
      .on_half_close = on_half_close,
      .on_closed = on_closed,
      .service = m};
  return frl_server_add(s->server, &method);
}
