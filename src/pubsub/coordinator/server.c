/* The coordinator's port: who may call, and the calls Member, Claim and Sealed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "net/rpc_text.h"
#include "pubsub/coordinator/coordinator_internal.h"

enum {
  MAX_REPORT_BYTES = 64 << 10,
  TICK_MS = 100,
  SHUTDOWN_MS = 200,
  KEEPALIVE_MS = 5000
};

frl_status frl__coord_admit(const frl_coordinator *c, const frl_server_call *call) {
  const frl_metadata *md = frl_server_call_metadata(call);
  const size_t want = strlen(c->token);
  for (size_t i = 0; i < md->len; i++) {
    const frl_metadata_item *item = &md->items[i];
    if (strcmp(item->name, FRL_COORD_TOKEN) != 0) continue;
    if (item->value_len != want) return FRL_E_AUTH;
    /* every byte is looked at, however early they differ */
    unsigned differ = 0;
    for (size_t b = 0; b < want; b++) {
      differ |= (unsigned)(item->value[b] ^ (uint8_t)c->token[b]);
    }
    return differ ? FRL_E_AUTH : FRL_OK;
  }
  return FRL_E_AUTH;
}

void frl__coord_refuse(frl_server_call *call, frl_status status, const frl_error *err) {
  frl_server_call_finish(
      call, frl_code_from_status(status), err ? err->message : NULL, NULL, 0);
}

frl_coord_link *frl__coord_link_of(
    const frl_coordinator *c, const frl_ledger_member *member) {
  frl_coord_link *link = c->links;
  while (link && link->member != member) link = link->next;
  return link;
}

static frl_status send_bytes(frl_coord_link *link, const frl_buf *bytes) {
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  frl_status st = frl_chain_copy(&chain, bytes->data, bytes->len);
  if (st == FRL_OK) st = frl_server_call_send(link->call, &chain);
  frl_chain_deinit(&chain);
  return st;
}

frl_status frl__coord_send(frl_coord_link *link, const frl_coord_order *order) {
  frl_buf b;
  frl_buf_init(&b, NULL, FRL_COORD_MAX_MESSAGE);
  frl_status st = frl_coord_encode(&b, FRL_COORD_ORDER, order);
  if (st == FRL_OK) st = send_bytes(link, &b);
  frl_buf_deinit(&b);
  return st;
}

/* ---- orders ---- */

/** The member's next order as a message, and its number; false: there is none. */
static bool encode_next(const frl_coord_link *link, frl_buf *out, uint64_t *seq) {
  const frl_ledger_order *waiting =
      link->member ? frl_ledger_next_order(link->member, link->sent_seq) : NULL;
  if (!waiting) return false;
  const frl_coord_order order = {
      .kind = waiting->kind,
      .seq = waiting->seq,
      .batch = waiting->batch,
      .acks = frl_cursor_of(waiting->acks.data, waiting->acks.len),
  };
  *seq = waiting->seq;
  return frl_coord_encode(out, FRL_COORD_ORDER, &order) == FRL_OK;
}

static void pump_link(frl_coordinator *c, frl_coord_link *link) {
  for (;;) {
    frl_buf b;
    frl_buf_init(&b, NULL, FRL_COORD_MAX_MESSAGE);
    uint64_t seq = 0;
    frl_mutex_lock(&c->lock);
    const bool some = encode_next(link, &b, &seq);
    frl_mutex_unlock(&c->lock);
    /* on failure it goes with the next report, or when the executor is back */
    const bool sent = some && send_bytes(link, &b) == FRL_OK;
    frl_buf_deinit(&b);
    if (!sent) return;
    link->sent_seq = seq;
  }
}

static void pump_all(void *ctx) {
  frl_coordinator *c = ctx;
  for (frl_coord_link *link = c->links; link; link = link->next) pump_link(c, link);
}

void frl__coord_pump(frl_coordinator *c) {
  /* without memory to post, the timer does it */
  if (frl_loop_post(c->loop, pump_all, c) != FRL_OK) return;
}

/** The executor was given up while its call stood: it must come anew. */
static void end_forgotten(frl_coordinator *c) {
  frl_coord_link *next;
  for (frl_coord_link *link = c->links; link; link = next) {
    next = link->next;
    frl_mutex_lock(&c->lock);
    const bool gone = link->member && link->member->state == FRL_EXECUTOR_GONE;
    if (gone) link->member->linked = false;
    frl_mutex_unlock(&c->lock);
    if (!gone) continue;
    link->member = NULL;
    frl_server_call_finish(
        link->call, FRL_GRPC_FAILED_PRECONDITION, "given up", NULL, 0);
  }
}

static void on_tick(void *ctx) {
  frl_coordinator *c = ctx;
  frl_mutex_lock(&c->lock);
  frl_ledger_tick(&c->ledger, frl_clock_now_ms(NULL));
  frl_cond_broadcast(&c->changed);
  frl_mutex_unlock(&c->lock);
  frl__relay_tick(c);
  end_forgotten(c);
  pump_all(c);
}

/* ---- Member ---- */

static frl_status member_open(void *service, frl_server_call *call, void **call_ctx) {
  frl_coordinator *c = service;
  FRL_TRY(frl__coord_admit(c, call));
  frl_coord_link *link = calloc(1, sizeof *link);
  if (!link) return FRL_E_NOMEM;
  link->c = c;
  link->call = call;
  frl_buf_init(&link->message, NULL, MAX_REPORT_BYTES);
  link->next = c->links;
  c->links = link;
  *call_ctx = link;
  return FRL_OK;
}

static frl_status member_begin(void *ctx) {
  frl_coord_link *link = ctx;
  frl_buf_clear(&link->message);
  return FRL_OK;
}

static frl_status member_data(void *ctx, const uint8_t *data, size_t n) {
  frl_coord_link *link = ctx;
  return frl_buf_append(&link->message, data, n);
}

static frl_status welcome(frl_coord_link *link) {
  const frl_coordinator *c = link->c;
  const frl_coord_config *config = c->config;
  const frl_coord_welcome w = {
      .config = frl_cursor_of(config->text, strlen(config->text)),
      .cutoff_us = c->cutoff_us,
      .grace_ms = config->grace_ms ? config->grace_ms : FRL_COORD_LEASE_S * 1000 / 2,
      .beat_ms = FRL_COORD_BEAT_MS,
      .lease_s = FRL_COORD_LEASE_S,
      .ordered = c->subscription.ordered,
      .reservoir_bytes = c->waiting_bytes,
  };
  frl_buf b;
  frl_buf_init(&b, NULL, FRL_COORD_MAX_MESSAGE);
  frl_status st = frl_coord_encode(&b, FRL_COORD_WELCOME, &w);
  const frl_coord_order order = {
      .kind = FRL_ORDER_WELCOME, .welcome = frl_cursor_of(b.data, b.len)};
  if (st == FRL_OK) st = frl__coord_send(link, &order);
  frl_buf_deinit(&b);
  return st;
}

static frl_status member_join(frl_coord_link *link, frl_cursor bytes, frl_error *err) {
  frl_coord_hello hello = {0};
  const frl_status st = frl_coord_decode(&hello, FRL_COORD_HELLO, bytes);
  if (st != FRL_OK) return frl_fail(err, st, "a hello that cannot be read");
  frl_coordinator *c = link->c;
  frl_ledger_member *m;
  frl_mutex_lock(&c->lock);
  const frl_status joined =
      frl_ledger_join(&c->ledger, &hello, frl_clock_now_ms(NULL), &m, err);
  if (joined == FRL_OK) m->linked = true;
  frl_mutex_unlock(&c->lock);
  if (joined != FRL_OK) return joined;
  frl_coord_link *former = frl__coord_link_of(c, m);
  if (former) {
    former->member = NULL; /* its connection died, only it does not know yet */
    frl_server_call_finish(former->call, FRL_GRPC_ABORTED, "replaced", NULL, 0);
  }
  link->member = m;
  link->sent_seq = m->heard;
  frl_log(FRL_LOG_INFO, "coordinator", "executor %s on %s joined run %s",
      hello.executor, hello.host, c->ledger.run);
  return welcome(link);
}

static frl_status member_report(frl_coord_link *link, const frl_coord_report *report) {
  frl_coordinator *c = link->c;
  frl_coord_stats stats = {0};
  const bool has_stats = frl_cursor_left(&report->stats) > 0;
  if (has_stats) {
    FRL_TRY(frl_coord_decode(&stats, FRL_COORD_STATS, report->stats));
  }
  const int64_t now_ms = frl_clock_now_ms(NULL);
  frl_mutex_lock(&c->lock);
  frl_ledger_report(&c->ledger, link->member, has_stats ? &stats : NULL, report->heard,
      report->flushed, now_ms);
  if (report->bye) frl_ledger_bye(&c->ledger, link->member, now_ms);
  frl_cond_broadcast(&c->changed);
  frl_mutex_unlock(&c->lock);
  return FRL_OK;
}

static frl_status member_message(void *ctx) {
  frl_coord_link *link = ctx;
  frl_coord_report report = {0};
  FRL_TRY(frl_coord_decode(
      &report, FRL_COORD_REPORT, frl_cursor_of(link->message.data, link->message.len)));
  if (!link->member) {
    frl_error err = {0};
    const frl_status st = member_join(link, report.hello, &err);
    if (st != FRL_OK) {
      frl__coord_refuse(link->call, st, &err);
      return FRL_OK;
    }
  }
  FRL_TRY(member_report(link, &report));
  pump_link(link->c, link);
  return FRL_OK;
}

static void member_half_close(void *ctx) {
  frl_coord_link *link = ctx;
  frl_server_call_finish(link->call, FRL_GRPC_OK, NULL, NULL, 0);
}

static void member_closed(void *ctx) {
  frl_coord_link *link = ctx;
  frl_coordinator *c = link->c;
  frl_coord_link **at = &c->links;
  while (*at != link) at = &(*at)->next;
  *at = link->next;
  if (link->member) {
    frl_mutex_lock(&c->lock);
    link->member->linked = false;
    frl_ledger_lost(&c->ledger, link->member, frl_clock_now_ms(NULL));
    frl_cond_broadcast(&c->changed);
    frl_mutex_unlock(&c->lock);
  }
  frl_buf_deinit(&link->message);
  free(link);
}

/* ---- Claim, Sealed ---- */

static frl_status read_part(const frl_coordinator *c, const frl_server_call *call,
    const uint8_t *request, size_t n, frl_coord_part *part, frl_error *err) {
  if (frl__coord_admit(c, call) != FRL_OK) {
    return frl_fail(err, FRL_E_AUTH, "not an executor of this query");
  }
  const frl_status st =
      frl_coord_decode(part, FRL_COORD_PART, frl_cursor_of(request, n));
  return st == FRL_OK ? FRL_OK : frl_fail(err, st, "a request that cannot be read");
}

static frl_status on_claim(void *service, frl_server_call *call, const uint8_t *request,
    size_t n, frl_buf *response, frl_error *err) {
  frl_coordinator *c = service;
  frl_coord_part part = {0};
  FRL_TRY(read_part(c, call, request, n, &part, err));
  frl_coord_grant grant;
  frl_mutex_lock(&c->lock);
  const frl_status st =
      frl_ledger_claim(&c->ledger, &part, frl_clock_now_ms(NULL), &grant, err);
  frl_mutex_unlock(&c->lock);
  return st == FRL_OK ? frl_coord_encode(response, FRL_COORD_GRANT, &grant) : st;
}

static frl_status on_sealed(void *service, frl_server_call *call,
    const uint8_t *request, size_t n, frl_buf *response, frl_error *err) {
  (void)response;
  frl_coordinator *c = service;
  frl_coord_part part = {0};
  FRL_TRY(read_part(c, call, request, n, &part, err));
  frl_mutex_lock(&c->lock);
  const frl_status st = frl_ledger_sealed(&c->ledger, &part, err);
  frl_mutex_unlock(&c->lock);
  return st;
}

/* ---- listening ---- */

static frl_status add_methods(frl_coordinator *c) {
  const frl_server_method member = {
      .path = FRL_COORD_SERVICE "Member",
      .on_open = member_open,
      .sink = {member_begin, member_data, member_message},
      .on_half_close = member_half_close,
      .on_closed = member_closed,
      .service = c,
  };
  FRL_TRY(frl_server_add(c->server, &member));
  FRL_TRY(frl_server_add_unary(c->server, FRL_COORD_SERVICE "Claim", on_claim, c));
  FRL_TRY(frl_server_add_unary(c->server, FRL_COORD_SERVICE "Sealed", on_sealed, c));
  return frl__relay_serve(c);
}

static frl_status listen_on(frl_coordinator *c, const char *host, frl_error *err) {
  const frl_server_options options = {
      .struct_size = sizeof options,
      .host = host,
      .port = (uint16_t)c->config->coordinator_port,
      .keepalive_ms = KEEPALIVE_MS,
      .hold = true,
  };
  return frl_server_listen(&c->server, c->loop, &options, NULL, err);
}

static void start_timer(void *ctx) {
  frl_coordinator *c = ctx;
  if (frl_timer_create(&c->timer, c->loop, on_tick, c) != FRL_OK) return;
  frl_timer_start(c->timer, TICK_MS, TICK_MS);
}

static void end_timer(void *ctx) {
  frl_coordinator *c = ctx;
  frl_timer_destroy(c->timer);
  c->timer = NULL;
}

/** Listens on the named host, or everywhere: the name need not be our own address's. */
static frl_status listen_as(frl_coordinator *c, const char *host, frl_error *err) {
  frl_error why = {0};
  frl_status st = listen_on(c, host, &why);
  if (st != FRL_OK && c->config->coordinator_host) {
    const bool is_v6 = strchr(host, ':') != NULL;
    /* what has a colon and is no address is a mistake, such as host:port */
    if (!is_v6 || why.origin_code == EADDRNOTAVAIL) {
      st = listen_on(c, is_v6 ? "::" : "0.0.0.0", &why);
    }
  }
  if (st == FRL_OK) return FRL_OK;
  frl_error_prefix(
      &why, "coordinator on %s (coordinatorHost, coordinatorPort): ", host);
  if (err) *err = why;
  return st;
}

/** IPv6 addresses stand in brackets before a port; Spark's host names have them too. */
static frl_status open_port(frl_coordinator *c, frl_error *err) {
  const char *given = c->config->coordinator_host;
  if (!given) given = "127.0.0.1";
  const size_t n = strlen(given);
  const bool bracketed = n > 2 && *given == '[' && given[n - 1] == ']';
  char host[FRL_COORD_NAME_SIZE - sizeof "[]:65535" + 1]; /* the address fits */
  if (n >= sizeof host) {
    return frl_fail(err, FRL_E_INVALID, "option coordinatorHost: too long");
  }
  memcpy(host, given + bracketed, n + 1 - bracketed);
  if (bracketed) host[n - 2] = 0;
  if (strpbrk(host, "[]")) {
    return frl_fail(err, FRL_E_INVALID,
        "option coordinatorHost: expected a host name or an address, without a port");
  }
  FRL_TRY(listen_as(c, host, err));
  (void)snprintf(c->address, sizeof c->address, strchr(host, ':') ? "[%s]:%u" : "%s:%u",
      host, (unsigned)frl_server_port(c->server));
  return FRL_OK;
}

frl_status frl__coord_serve(frl_coordinator *c, frl_error *err) {
  frl_random_hex(NULL, c->token, FRL_COORD_TOKEN_BYTES);
  FRL_TRY(frl_loop_start(&c->loop, NULL, "coordinator", err));
  FRL_TRY(open_port(c, err));
  frl_status st = add_methods(c);
  if (st == FRL_OK) st = frl_loop_call(c->loop, start_timer, c);
  if (st == FRL_OK && !c->timer) st = FRL_E_NOMEM;
  if (st != FRL_OK) return frl_fail(err, st, "coordinator: out of memory");
  return frl_server_open(c->server, err);
}

void frl__coord_serve_end(frl_coordinator *c) {
  if (!c->loop) return;
  if (c->timer && frl_loop_call(c->loop, end_timer, c) != FRL_OK) c->timer = NULL;
  frl_server_shutdown(c->server, SHUTDOWN_MS);
  frl_loop_stop(c->loop);
}
