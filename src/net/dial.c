#include "net/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/loop_internal.h"

enum { HOST_BYTES = 256 };

struct frl_dial {
  uv_getaddrinfo_t lookup;
  uv_connect_t connect;
  frl_loop *loop;
  frl_mem mem;
  frl_timer *timer;
  struct addrinfo *found; /* of the lookup; freed by libuv */
  const struct addrinfo *at;
  struct sockaddr_storage literal;
  uv_tcp_t *tcp; /* being connected */
  char host[HOST_BYTES];
  uint16_t port;
  uint32_t timeout_ms;
  size_t left;   /* addresses not tried yet */
  frl_task task; /* the first step of a literal address; or the end */
  bool looking;
  bool cancelled;
  int last_rc;
  void (*done)(void *ctx, uv_tcp_t *tcp, const frl_error *why);
  void *ctx;
};

frl_status frl_target_parse(
    const char *target, char *host, size_t size, uint16_t *port, frl_error *err) {
  const char *colon = strrchr(target, ':');
  const bool v6 = target[0] == '[';
  const char *close = v6 ? strchr(target, ']') : NULL;
  if (!colon || (v6 && (!close || close + 1 != colon))) {
    return frl_fail(err, FRL_E_INVALID, "%s: not of the form host:port", target);
  }
  const char *from = v6 ? target + 1 : target;
  const size_t n = (size_t)((v6 ? close : colon) - from);
  char *end = NULL;
  const unsigned long value = strtoul(colon + 1, &end, 10);
  const bool digits = colon[1] >= '0' && colon[1] <= '9' && *end == '\0';
  if (!digits || value == 0 || value > UINT16_MAX) {
    return frl_fail(err, FRL_E_INVALID, "%s: not a port behind the colon", target);
  }
  if (n == 0 || n >= size || (!v6 && memchr(from, ':', n))) {
    return frl_fail(err, FRL_E_INVALID, "%s: not a host before the colon", target);
  }
  memcpy(host, from, n);
  host[n] = '\0';
  *port = (uint16_t)value;
  return FRL_OK;
}

static void free_dial(frl_dial *d) {
  if (d->found) uv_freeaddrinfo(d->found);
  const frl_mem mem = d->mem;
  frl_free(&mem, d);
}

static void free_tcp(uv_handle_t *handle) {
  frl_loop *loop = handle->data;
  frl_free(frl__loop_mem(loop), handle);
}

static void drop_tcp(frl_dial *d) {
  if (!d->tcp) return;
  d->tcp->data = d->loop;
  uv_close((uv_handle_t *)d->tcp, free_tcp);
  d->tcp = NULL;
}

static void finish(frl_dial *d, uv_tcp_t *tcp, const frl_error *why) {
  frl_timer_destroy(d->timer);
  if (!d->cancelled) d->done(d->ctx, tcp, why);
  free_dial(d);
}

static void explain(const frl_dial *d, int rc, frl_error *why) {
  (void)frl_fail(why, rc == UV_ETIMEDOUT ? FRL_E_TIMEOUT : FRL_E_UNAVAILABLE,
      "%s:%u: %s", d->host, d->port, uv_strerror(rc));
  why->origin = FRL_ORIGIN_OS;
  why->origin_code = -rc;
}

static void fail(frl_dial *d, int rc) {
  frl_error why = {0};
  explain(d, rc, &why);
  finish(d, NULL, &why);
}

static void try_next(frl_dial *d);

static void on_connect(uv_connect_t *req, int rc) {
  frl_dial *d = req->data;
  uv_tcp_t *tcp = d->tcp;
  if (rc == 0 && !d->cancelled) {
    d->tcp = NULL;
    (void)uv_tcp_nodelay(tcp, 1);
    finish(d, tcp, NULL);
    return;
  }
  drop_tcp(d);
  if (d->cancelled) {
    finish(d, NULL, NULL);
    return;
  }
  if (rc != UV_ECANCELED) d->last_rc = rc;
  try_next(d);
}

static int connect_to(frl_dial *d, const struct sockaddr *addr) {
  uv_tcp_t *tcp = frl_calloc(&d->mem, 1, sizeof *tcp);
  if (!tcp) return UV_ENOMEM;
  const int rc = uv_tcp_init(frl__loop_uv(d->loop), tcp);
  if (rc != 0) {
    frl_free(&d->mem, tcp);
    return rc;
  }
  d->tcp = tcp;
  d->connect.data = d;
  const int connecting = uv_tcp_connect(&d->connect, tcp, addr, on_connect);
  if (connecting != 0) drop_tcp(d);
  return connecting;
}

static void set_port(struct sockaddr *addr, uint16_t port) {
  const uint16_t wire = htons(port);
  if (addr->sa_family == AF_INET) {
    ((struct sockaddr_in *)(void *)addr)->sin_port = wire;
  } else {
    ((struct sockaddr_in6 *)(void *)addr)->sin6_port = wire;
  }
}

/* Each address gets an even part of the time, so that a dead one cannot eat it. */
static void try_next(frl_dial *d) {
  while (d->at) {
    const struct addrinfo *a = d->at;
    d->at = a->ai_next;
    if (a->ai_family != AF_INET && a->ai_family != AF_INET6) continue;
    set_port(a->ai_addr, d->port);
    const int rc = connect_to(d, a->ai_addr);
    if (rc == 0) {
      frl_timer_start(d->timer, d->timeout_ms / (d->left ? d->left : 1), 0);
      return;
    }
    d->last_rc = rc;
  }
  fail(d, d->last_rc);
}

static void on_lookup(uv_getaddrinfo_t *req, int rc, struct addrinfo *found) {
  frl_dial *d = req->data;
  d->looking = false;
  d->found = found;
  if (d->cancelled) {
    finish(d, NULL, NULL);
    return;
  }
  if (rc != 0) {
    fail(d, rc == UV_ECANCELED ? UV_ETIMEDOUT : rc);
    return;
  }
  d->at = found;
  for (const struct addrinfo *a = found; a; a = a->ai_next) d->left++;
  try_next(d);
}

static void on_timeout(void *ctx) {
  frl_dial *d = ctx;
  d->last_rc = UV_ETIMEDOUT;
  if (d->looking) {
    if (uv_cancel((uv_req_t *)&d->lookup) == 0) return;
    /* the resolver is at work and cannot be stopped: go on without it */
    frl_error why = {0};
    explain(d, UV_ETIMEDOUT, &why);
    d->cancelled = true;
    d->done(d->ctx, NULL, &why);
    return;
  }
  /* on_connect hears UV_ECANCELED and goes on to the next address */
  if (d->tcp && !uv_is_closing((uv_handle_t *)d->tcp)) drop_tcp(d);
}

static void start_literal(frl_task *task) {
  frl_dial *d = (frl_dial *)(void *)((char *)task - offsetof(frl_dial, task));
  const int rc = connect_to(d, (const struct sockaddr *)&d->literal);
  if (rc != 0) {
    fail(d, rc);
    return;
  }
  frl_timer_start(d->timer, d->timeout_ms, 0);
}

static bool parse_literal(frl_dial *d) {
  return uv_ip4_addr(d->host, d->port, (struct sockaddr_in *)(void *)&d->literal) ==
             0 ||
         uv_ip6_addr(d->host, d->port, (struct sockaddr_in6 *)(void *)&d->literal) == 0;
}

static frl_status start(frl_dial *d) {
  if (parse_literal(d)) {
    d->task.run = start_literal;
    frl__loop_defer(d->loop, &d->task);
    return FRL_OK;
  }
  const struct addrinfo hints = {
      .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
  d->lookup.data = d;
  const int rc = uv_getaddrinfo(
      frl__loop_uv(d->loop), &d->lookup, on_lookup, d->host, NULL, &hints);
  if (rc != 0) return FRL_E_IO;
  d->looking = true;
  frl_timer_start(d->timer, d->timeout_ms, 0);
  return FRL_OK;
}

frl_status frl_dial_start(frl_dial **out, frl_loop *loop, const char *host,
    uint16_t port, uint32_t timeout_ms,
    void (*done)(void *ctx, uv_tcp_t *tcp, const frl_error *why), void *ctx) {
  *out = NULL;
  const frl_mem *mem = frl__loop_mem(loop);
  frl_dial *d = frl_calloc(mem, 1, sizeof *d);
  if (!d) return FRL_E_NOMEM;
  d->mem = *mem;
  d->loop = loop;
  d->port = port;
  d->timeout_ms = timeout_ms;
  d->done = done;
  d->ctx = ctx;
  d->last_rc = UV_EADDRNOTAVAIL;
  (void)snprintf(d->host, sizeof d->host, "%s", host);
  frl_status st = frl_timer_create(&d->timer, loop, on_timeout, d);
  if (st == FRL_OK) st = start(d);
  if (st != FRL_OK) {
    frl_timer_destroy(d->timer);
    free_dial(d);
    return st;
  }
  *out = d;
  return FRL_OK;
}

void frl_dial_cancel(frl_dial *d) {
  if (!d) return;
  d->cancelled = true;
  if (d->task.queued) {
    frl__loop_undefer(d->loop, &d->task);
    finish(d, NULL, NULL);
  } else if (d->looking) {
    (void)uv_cancel((uv_req_t *)&d->lookup);
  } else {
    drop_tcp(d);
  }
}
