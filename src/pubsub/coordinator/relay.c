/*
 * Fetch and Provide: a partition read on one executor from the memory of another.
 * Pieces pass through as they come; what the reader does not take stays in the
 * owner's flow control window.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "pubsub/coordinator/coordinator_internal.h"

enum {
  MAX_PIECE_BYTES = FRL_COORD_PIECE_BYTES + 4096,
  MAX_UNSENT_BYTES = 4 << 20,
  ANSWER_MS = 10000 /* for the owner to open its Provide */
};

typedef struct frl_relay {
  struct frl_relay *next;
  frl_coordinator *c;
  uint64_t id; /* 0: the request has not come yet */
  char owner[FRL_COORD_ID_SIZE];
  frl_server_call *fetch; /* NULL: the reader has gone */
  struct provide *provide;
  int64_t asked_ms;
  frl_buf request;
} frl_relay;

typedef struct provide {
  frl_coordinator *c;
  frl_server_call *call;
  frl_relay *relay; /* NULL: not named yet, or over */
  frl_buf piece;
  size_t owed_bytes; /* of the window, given back when the reader has caught up */
  bool complete;     /* the last piece has passed */
} provide;

static void relay_free(frl_relay *r) {
  frl_relay **at = &r->c->relays;
  while (*at != r) at = &(*at)->next;
  *at = r->next;
  if (r->provide) r->provide->relay = NULL;
  frl_buf_deinit(&r->request);
  free(r);
}

/* ---- Fetch ---- */

static frl_status fetch_open(void *service, frl_server_call *call, void **call_ctx) {
  frl_coordinator *c = service;
  FRL_TRY(frl__coord_admit(c, call));
  frl_relay *r = calloc(1, sizeof *r);
  if (!r) return FRL_E_NOMEM;
  r->c = c;
  r->fetch = call;
  frl_buf_init(&r->request, NULL, 4096);
  r->next = c->relays;
  c->relays = r;
  *call_ctx = r;
  return FRL_OK;
}

static frl_status fetch_data(void *ctx, const uint8_t *data, size_t n) {
  frl_relay *r = ctx;
  return frl_buf_append(&r->request, data, n);
}

static frl_status fetch_start(
    frl_relay *r, const frl_coord_part *part, frl_error *err) {
  frl_coordinator *c = r->c;
  frl_ledger_member *owner;
  frl_mutex_lock(&c->lock);
  const frl_status st = frl_ledger_owner(&c->ledger, part, &owner, err);
  if (st == FRL_OK) memcpy(r->owner, owner->hello.member, sizeof r->owner);
  frl_mutex_unlock(&c->lock);
  if (st != FRL_OK) return st;
  frl_coord_link *link = frl__coord_link_of(c, owner);
  if (!link) {
    return frl_fail(err, FRL_E_UNAVAILABLE, "the partition's owner is not connected");
  }
  r->id = ++c->last_relay;
  r->asked_ms = frl_clock_now_ms(NULL);
  const frl_coord_order order = {.kind = FRL_ORDER_RELAY,
      .batch = part->batch,
      .partition = part->partition,
      .relay = r->id};
  return frl__coord_send(link, &order);
}

static frl_status fetch_message(void *ctx) {
  frl_relay *r = ctx;
  if (r->id) return FRL_E_INVALID; /* one request a call */
  frl_coord_part part = {0};
  FRL_TRY(frl_coord_decode(
      &part, FRL_COORD_PART, frl_cursor_of(r->request.data, r->request.len)));
  frl_error err = {0};
  const frl_status st = fetch_start(r, &part, &err);
  if (st != FRL_OK) frl__coord_refuse(r->fetch, st, &err);
  return FRL_OK;
}

/** The request was all that it had to say. */
static void fetch_half_close(void *ctx) { (void)ctx; }

static void fetch_writable(void *ctx) {
  frl_relay *r = ctx;
  if (!r->provide || !r->provide->owed_bytes) return;
  frl_server_call_consumed(r->provide->call, r->provide->owed_bytes);
  r->provide->owed_bytes = 0;
}

static void fetch_closed(void *ctx) {
  frl_relay *r = ctx;
  provide *p = r->provide;
  relay_free(r);
  if (p && !p->complete) {
    frl_server_call_finish(p->call, FRL_GRPC_CANCELLED, "the reader left", NULL, 0);
  }
}

/* ---- Provide ---- */

static frl_status provide_open(void *service, frl_server_call *call, void **call_ctx) {
  frl_coordinator *c = service;
  FRL_TRY(frl__coord_admit(c, call));
  provide *p = calloc(1, sizeof *p);
  if (!p) return FRL_E_NOMEM;
  p->c = c;
  p->call = call;
  frl_buf_init(&p->piece, NULL, MAX_PIECE_BYTES);
  frl_server_call_set_manual_window(call, true);
  *call_ctx = p;
  return FRL_OK;
}

static frl_status provide_begin(void *ctx) {
  provide *p = ctx;
  frl_buf_clear(&p->piece);
  return FRL_OK;
}

static frl_status provide_data(void *ctx, const uint8_t *data, size_t n) {
  provide *p = ctx;
  p->owed_bytes += n;
  return frl_buf_append(&p->piece, data, n);
}

static void find_relay(provide *p, const frl_coord_piece *piece) {
  for (frl_relay *r = p->c->relays; r; r = r->next) {
    if (r->id == 0 || r->id != piece->relay || r->provide) continue;
    if (strcmp(r->owner, piece->member) != 0) continue;
    p->relay = r;
    r->provide = p;
    return;
  }
}

static frl_status pass_on(provide *p) {
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  frl_status st = frl_chain_copy(&chain, p->piece.data, p->piece.len);
  if (st == FRL_OK) st = frl_server_call_send(p->relay->fetch, &chain);
  frl_chain_deinit(&chain);
  return st;
}

static frl_status provide_message(void *ctx) {
  provide *p = ctx;
  frl_coord_piece piece = {0};
  FRL_TRY(frl_coord_decode(
      &piece, FRL_COORD_PIECE, frl_cursor_of(p->piece.data, p->piece.len)));
  if (!p->relay) find_relay(p, &piece);
  if (!p->relay) {
    frl_server_call_finish(
        p->call, FRL_GRPC_NOT_FOUND, "nobody waits for this", NULL, 0);
    return FRL_OK;
  }
  FRL_TRY(pass_on(p));
  if (piece.end == 2 || frl_cursor_left(&piece.failed)) {
    p->complete = true;
    frl_server_call_finish(p->relay->fetch, FRL_GRPC_OK, NULL, NULL, 0);
  } else if (frl_server_call_unsent_bytes(p->relay->fetch) < MAX_UNSENT_BYTES) {
    frl_server_call_consumed(p->call, p->owed_bytes);
    p->owed_bytes = 0;
  }
  return FRL_OK;
}

static void provide_half_close(void *ctx) {
  provide *p = ctx;
  frl_server_call_finish(p->call, FRL_GRPC_OK, NULL, NULL, 0);
}

static void provide_closed(void *ctx) {
  provide *p = ctx;
  frl_relay *r = p->relay;
  if (r) {
    r->provide = NULL;
    if (!p->complete) {
      frl_server_call_finish(
          r->fetch, FRL_GRPC_UNAVAILABLE, "the owner's connection ended", NULL, 0);
    }
  }
  frl_buf_deinit(&p->piece);
  free(p);
}

void frl__relay_tick(frl_coordinator *c) {
  const int64_t now_ms = frl_clock_now_ms(NULL);
  frl_relay *next;
  for (frl_relay *r = c->relays; r; r = next) {
    next = r->next;
    if (!r->id || r->provide || now_ms - r->asked_ms < ANSWER_MS) continue;
    r->asked_ms = now_ms;
    frl_server_call_finish(
        r->fetch, FRL_GRPC_UNAVAILABLE, "the owner did not answer", NULL, 0);
  }
}

frl_status frl__relay_serve(frl_coordinator *c) {
  const frl_server_method fetch = {
      .path = FRL_COORD_SERVICE "Fetch",
      .on_open = fetch_open,
      .sink = {NULL, fetch_data, fetch_message},
      .on_half_close = fetch_half_close,
      .on_writable = fetch_writable,
      .on_closed = fetch_closed,
      .service = c,
  };
  FRL_TRY(frl_server_add(c->server, &fetch));
  const frl_server_method provider = {
      .path = FRL_COORD_SERVICE "Provide",
      .on_open = provide_open,
      .sink = {provide_begin, provide_data, provide_message},
      .on_half_close = provide_half_close,
      .on_closed = provide_closed,
      .service = c,
  };
  return frl_server_add(c->server, &provider);
}
