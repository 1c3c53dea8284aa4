#include "net/conn.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/dial.h"
#include "net/loop_internal.h"
#include "net/proxy.h"

enum {
  FILL_BYTES = 512 * 1024,
  TLS_FILL_BYTES = 128 * 1024,
  WRITE_SLICES = 1024,
  ROUNDS_PER_TURN = 16, /* then others get their turn */
  LINGER_MS = 1000,
  TARGET_BYTES = 300
};

enum conn_state {
  CONN_DIAL,
  CONN_PROXY,
  CONN_TLS,
  CONN_OPEN,
  CONN_LINGER, /* all said; waits for the peer to close, so that it hears it */
  CONN_CLOSED
};

struct frl_conn {
  frl_loop *loop;
  frl_mem mem;
  frl_conn_options options;
  frl_conn_handler on;
  void *ctx;
  enum conn_state state;
  bool abandoned;
  bool writing;
  bool heard;  /* bytes came since the last look */
  bool pinged; /* and no answer yet */
  bool flushing;
  bool said_goodbye; /* close_notify */
  frl_dial *dial;
  uv_tcp_t *tcp;
  frl_timer *timer; /* set-up, then keepalive, then linger */
  frl_tls *tls;
  frl_h2 *h2;
  frl_outq plain;
  frl_outq cipher;
  uv_write_t write;
  uv_shutdown_t shutdown;
  frl_outq *write_q; /* what is being written, by write_bytes */
  size_t write_bytes;
  frl_proxy proxy;
  frl_task flush_task;
  frl_task free_task;
  frl_error why;
  bool failed; /* why is set */
  char peer[80];
  char target[TARGET_BYTES];
  char server_name[TARGET_BYTES];
};

#define CONN_OF(member, ptr) \
  ((frl_conn *)(void *)((char *)(ptr)-offsetof(frl_conn, member)))

frl_h2 *frl_conn_h2(const frl_conn *c) { return c->h2; }
bool frl_conn_is_open(const frl_conn *c) {
  return c->state == CONN_OPEN && !frl_h2_is_done(c->h2);
}
const char *frl_conn_why(const frl_conn *c) { return c->why.message; }
const char *frl_conn_peer(const frl_conn *c) { return c->peer; }

static void conn_free(frl_conn *c) {
  frl_h2_destroy(c->h2);
  c->h2 = NULL;
  frl_tls_destroy(c->tls);
  frl_outq_deinit(&c->plain);
  frl_outq_deinit(&c->cipher);
  frl_proxy_deinit(&c->proxy);
  if (!c->abandoned) c->on.on_closed(c->ctx, c->failed ? &c->why : NULL);
  const frl_mem mem = c->mem;
  frl_free(&mem, c);
}

static void on_tcp_closed(uv_handle_t *handle) {
  frl_conn *c = handle->data;
  frl_free(frl__loop_mem(c->loop), handle);
  conn_free(c);
}

static void on_free_task(frl_task *task) { conn_free(CONN_OF(free_task, task)); }

void frl_conn_close(frl_conn *c, const frl_error *why) {
  if (c->state == CONN_CLOSED) return;
  c->state = CONN_CLOSED;
  if (why && !c->failed) {
    c->why = *why;
    c->failed = true;
  }
  frl_dial_cancel(c->dial);
  c->dial = NULL;
  frl_timer_destroy(c->timer);
  c->timer = NULL;
  frl__loop_undefer(c->loop, &c->flush_task);
  if (c->tcp) {
    uv_close((uv_handle_t *)c->tcp, on_tcp_closed);
  } else {
    c->free_task.run = on_free_task;
    frl__loop_defer(c->loop, &c->free_task);
  }
}

void frl_conn_abandon(frl_conn *c) {
  c->abandoned = true;
  if (c->h2) frl_h2_mute(c->h2);
  frl_conn_close(c, NULL);
}

static void conn_fail(frl_conn *c, frl_status st, const char *text) {
  frl_error why = {0};
  (void)frl_fail(&why, st, "%s", text);
  frl_conn_close(c, &why);
}

static void flush(frl_conn *c);

static void on_written(uv_write_t *req, int rc) {
  frl_conn *c = req->data;
  c->writing = false;
  if (c->state == CONN_CLOSED) return;
  if (rc != 0) {
    conn_fail(c, FRL_E_UNAVAILABLE, uv_strerror(rc));
    return;
  }
  frl_outq_consume(c->write_q, c->write_bytes);
  flush(c);
}

static unsigned gather(const frl_outq *q, uv_buf_t bufs[WRITE_SLICES], size_t *bytes) {
  unsigned n = 0;
  *bytes = 0;
  for (size_t i = q->head; i < q->end && n < WRITE_SLICES; i++) {
    const frl_slice *s = &q->slices[i];
    if (s->len == 0) continue;
    bufs[n].base = (char *)(uintptr_t)s->data;
    bufs[n].len = s->len;
    *bytes += s->len;
    n++;
  }
  return n;
}

/* Writes what the socket takes at once; leaves the rest to libuv (c->writing). */
static bool write_out(frl_conn *c, frl_outq *q) {
  uv_buf_t bufs[WRITE_SLICES];
  size_t bytes = 0;
  unsigned n = gather(q, bufs, &bytes);
  int rc = uv_try_write((uv_stream_t *)c->tcp, bufs, n);
  if (rc >= 0) {
    frl_outq_consume(q, (size_t)rc);
    if ((size_t)rc == bytes) return true;
    n = gather(q, bufs, &bytes);
  } else if (rc != UV_EAGAIN) {
    conn_fail(c, FRL_E_UNAVAILABLE, uv_strerror(rc));
    return false;
  }
  c->write.data = c;
  c->write_q = q;
  c->write_bytes = bytes;
  rc = uv_write(&c->write, (uv_stream_t *)c->tcp, bufs, n, on_written);
  if (rc != 0) {
    conn_fail(c, FRL_E_UNAVAILABLE, uv_strerror(rc));
    return false;
  }
  c->writing = true;
  return true;
}

/* Bytes for the socket: from the session, through TLS. */
static frl_status produce(frl_conn *c, frl_error *err) {
  if (c->state != CONN_OPEN) return FRL_OK;
  FRL_TRY(frl_h2_fill(c->h2, &c->plain, c->tls ? TLS_FILL_BYTES : FILL_BYTES, err));
  return c->tls ? frl_tls_send(c->tls, &c->plain, err) : FRL_OK;
}

static void on_shutdown(uv_shutdown_t *req, int rc) {
  (void)req;
  (void)rc;
}

static void linger(frl_conn *c) {
  c->state = CONN_LINGER;
  if (uv_shutdown(&c->shutdown, (uv_stream_t *)c->tcp, on_shutdown) != 0) {
    frl_conn_close(c, NULL);
    return;
  }
  frl_timer_start(c->timer, LINGER_MS, 0);
}

static void say_goodbye(frl_conn *c) {
  if (c->tls && !c->said_goodbye) {
    c->said_goodbye = true;
    frl_tls_close(c->tls);
    if (c->cipher.bytes > 0 && !write_out(c, &c->cipher)) return;
  }
  /* else the end of the write comes here again */
  if (!c->writing) linger(c);
}

static void flush(frl_conn *c) {
  if (c->flushing) return;
  c->flushing = true;
  frl_outq *q = c->tls ? &c->cipher : &c->plain;
  int rounds = 0;
  while (c->state != CONN_CLOSED && c->tcp && !c->writing) {
    frl_error err = {0};
    const frl_status st = produce(c, &err);
    if (st != FRL_OK) {
      frl_conn_close(c, &err);
      break;
    }
    if (q->bytes == 0) break;
    if (++rounds > ROUNDS_PER_TURN) {
      frl_conn_flush_soon(c);
      break;
    }
    if (!write_out(c, q)) break;
  }
  c->flushing = false;
  if (c->state == CONN_OPEN && !c->writing && q->bytes == 0 && frl_h2_is_done(c->h2)) {
    say_goodbye(c);
  }
}

static void on_flush_task(frl_task *task) { flush(CONN_OF(flush_task, task)); }

void frl_conn_flush_soon(frl_conn *c) {
  if (c->state == CONN_CLOSED || c->writing) return;
  c->flush_task.run = on_flush_task;
  frl__loop_defer(c->loop, &c->flush_task);
}

static frl_status open_h2(frl_conn *c, frl_error *err) {
  FRL_TRY(frl_h2_create(&c->h2, &c->options.h2, &c->on.h2, c->ctx, &c->mem, err));
  c->state = CONN_OPEN;
  if (!c->options.h2.server) c->on.on_ready(c->ctx);
  return FRL_OK;
}

static frl_status recv_plain(void *ctx, const uint8_t *data, size_t n, frl_error *err) {
  frl_conn *c = ctx;
  if (!c->h2) FRL_TRY(open_h2(c, err));
  const bool settled = frl_h2_is_settled(c->h2);
  FRL_TRY(frl_h2_recv(c->h2, data, n, err));
  if (settled || !frl_h2_is_settled(c->h2) || c->state != CONN_OPEN) return FRL_OK;
  frl_timer_stop(c->timer);
  if (c->options.keepalive_ms) frl_timer_start(c->timer, c->options.keepalive_ms, 0);
  return FRL_OK;
}

static frl_status recv_tls(frl_conn *c, const uint8_t *data, size_t n, frl_error *err) {
  size_t size = 0;
  uint8_t *scratch = frl__loop_plain_buf(c->loop, &size);
  if (!scratch) return frl_fail(err, FRL_E_NOMEM, "TLS: no buffer");
  FRL_TRY(frl_tls_recv(c->tls, data, n, scratch, size, recv_plain, c, err));
  if (!c->h2 && frl_tls_is_open(c->tls)) return open_h2(c, err);
  return FRL_OK;
}

/* The socket is there and, where asked for, tunnelled. */
static frl_status start_layers(frl_conn *c, frl_error *err) {
  if (!c->options.tls) {
    c->state = CONN_OPEN;
    return open_h2(c, err);
  }
  c->state = CONN_TLS;
  const char *name = c->options.h2.server ? NULL : c->server_name;
  FRL_TRY(frl_tls_create(&c->tls, c->options.tls, name, &c->cipher, &c->mem, err));
  return frl_tls_start(c->tls, err);
}

static frl_status recv_proxy(
    frl_conn *c, const uint8_t *data, size_t n, frl_error *err) {
  size_t used = 0;
  const frl_status st = frl_proxy_recv(&c->proxy, data, n, &used, err);
  if (st != FRL_OK) return st == FRL_NEED_MORE ? FRL_OK : st;
  FRL_TRY(start_layers(c, err));
  if (used == n) return FRL_OK;
  return c->tls ? recv_tls(c, data + used, n - used, err)
                : recv_plain(c, data + used, n - used, err);
}

static void conn_recv(frl_conn *c, const uint8_t *data, size_t n) {
  frl_error err = {0};
  frl_status st = FRL_OK;
  if (c->state == CONN_PROXY) {
    st = recv_proxy(c, data, n, &err);
  } else if (c->state != CONN_LINGER && c->state != CONN_CLOSED) {
    st = c->tls ? recv_tls(c, data, n, &err) : recv_plain(c, data, n, &err);
  }
  if (c->state == CONN_CLOSED) return;
  if (c->state != CONN_LINGER) flush(c); /* also an alert or GOAWAY before the end */
  if (st == FRL_END) (void)frl_fail(&err, FRL_E_UNAVAILABLE, "the peer closed");
  if (st != FRL_OK) frl_conn_close(c, &err);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  (void)suggested;
  const frl_conn *c = handle->data;
  size_t size = 0;
  buf->base = (char *)frl__loop_read_buf(c->loop, &size);
  buf->len = size;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  frl_conn *c = stream->data;
  if (n > 0) {
    c->heard = true;
    conn_recv(c, (const uint8_t *)buf->base, (size_t)n);
  } else if (n == UV_EOF) {
    conn_fail(c, FRL_E_UNAVAILABLE, "the peer closed the connection");
  } else if (n < 0) {
    conn_fail(c, FRL_E_UNAVAILABLE, uv_strerror((int)n));
  }
}

static void keepalive(frl_conn *c) {
  if (c->pinged && !c->heard) {
    conn_fail(c, FRL_E_UNAVAILABLE, "keepalive: no answer to a PING");
    return;
  }
  c->pinged = !c->heard && frl_h2_ping(c->h2) == FRL_OK;
  c->heard = false;
  frl_timer_start(c->timer,
      c->pinged ? c->options.keepalive_timeout_ms : c->options.keepalive_ms, 0);
  frl_conn_flush_soon(c);
}

static void on_timer(void *ctx) {
  frl_conn *c = ctx;
  if (c->state == CONN_LINGER) {
    frl_conn_close(c, NULL);
  } else if (c->h2 && frl_h2_is_settled(c->h2)) {
    keepalive(c);
  } else {
    conn_fail(c, FRL_E_TIMEOUT,
        c->h2 ? "no HTTP/2 preface in time" : "connecting took too long");
  }
}

static void name_peer(frl_conn *c) {
  struct sockaddr_storage addr;
  int size = sizeof addr;
  if (uv_tcp_getpeername(c->tcp, (struct sockaddr *)&addr, &size) != 0) return;
  char host[64] = "";
  uint16_t port = 0;
  if (addr.ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&addr;
    (void)uv_ip4_name(v4, host, sizeof host);
    port = ntohs(v4->sin_port);
    (void)snprintf(c->peer, sizeof c->peer, "%s:%u", host, port);
  } else if (addr.ss_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&addr;
    (void)uv_ip6_name(v6, host, sizeof host);
    port = ntohs(v6->sin6_port);
    (void)snprintf(c->peer, sizeof c->peer, "[%s]:%u", host, port);
  }
}

static frl_status start_socket(frl_conn *c, frl_error *err) {
  c->tcp->data = c;
  name_peer(c);
  const int rc = uv_read_start((uv_stream_t *)c->tcp, on_alloc, on_read);
  if (rc != 0) return frl_fail(err, FRL_E_IO, "socket: %s", uv_strerror(rc));
  if (c->options.proxy) {
    c->state = CONN_PROXY;
    return frl_proxy_start(c->target, &c->plain, err);
  }
  return start_layers(c, err);
}

static void on_dialed(void *ctx, uv_tcp_t *tcp, const frl_error *why) {
  frl_conn *c = ctx;
  c->dial = NULL;
  c->tcp = tcp;
  frl_error err = {0};
  if (!tcp) {
    frl_conn_close(c, why);
    return;
  }
  if (start_socket(c, &err) != FRL_OK) frl_conn_close(c, &err);
  flush(c);
}

static frl_status conn_create(frl_conn **out, frl_loop *loop,
    const frl_conn_options *options, const frl_conn_handler *handler, void *ctx,
    const frl_mem *mem) {
  *out = NULL;
  frl_conn *c = frl_calloc(mem, 1, sizeof *c);
  if (!c) return FRL_E_NOMEM;
  c->loop = loop;
  c->mem = mem ? *mem : frl_mem_default;
  c->options = *options;
  c->on = *handler;
  c->ctx = ctx;
  frl_outq_init(&c->plain, &c->mem);
  frl_outq_init(&c->cipher, &c->mem);
  frl_proxy_init(&c->proxy, &c->mem);
  if (frl_timer_create(&c->timer, loop, on_timer, c) != FRL_OK) {
    frl_free(mem, c);
    return FRL_E_NOMEM;
  }
  frl_timer_start(c->timer, options->setup_timeout_ms, 0);
  *out = c;
  return FRL_OK;
}

static frl_status dial(frl_conn *c, frl_error *err) {
  char host[TARGET_BYTES];
  uint16_t port = 0;
  const char *to = c->options.proxy ? c->options.proxy : c->target;
  FRL_TRY(frl_target_parse(to, host, sizeof host, &port, err));
  const frl_status st = frl_dial_start(
      &c->dial, c->loop, host, port, c->options.setup_timeout_ms, on_dialed, c);
  return st == FRL_OK ? st : frl_fail(err, st, "cannot connect to %s", to);
}

frl_status frl_conn_connect(frl_conn **out, frl_loop *loop,
    const frl_conn_options *options, const frl_conn_handler *handler, void *ctx,
    const frl_mem *mem, frl_error *err) {
  frl_conn *c = NULL;
  frl_status st = conn_create(&c, loop, options, handler, ctx, mem);
  *out = NULL;
  if (st != FRL_OK) return frl_fail(err, st, "connection: out of memory");
  (void)snprintf(c->target, sizeof c->target, "%s", options->target);
  (void)snprintf(c->server_name, sizeof c->server_name, "%s",
      options->server_name ? options->server_name : "");
  st = dial(c, err);
  if (st != FRL_OK) {
    frl_conn_abandon(c);
    return st;
  }
  *out = c;
  return FRL_OK;
}

static void free_tcp(uv_handle_t *handle) {
  const frl_loop *loop = handle->data;
  frl_free(frl__loop_mem(loop), handle);
}

frl_status frl_conn_accept(frl_conn **out, frl_loop *loop, uv_tcp_t *tcp,
    const frl_conn_options *options, const frl_conn_handler *handler, void *ctx,
    const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_conn *c = NULL;
  frl_status st = conn_create(&c, loop, options, handler, ctx, mem);
  if (st != FRL_OK) {
    tcp->data = loop;
    uv_close((uv_handle_t *)tcp, free_tcp);
    return frl_fail(err, st, "connection: out of memory");
  }
  c->tcp = tcp;
  (void)uv_tcp_nodelay(tcp, 1);
  st = start_socket(c, err);
  if (st != FRL_OK) {
    frl_conn_abandon(c);
    return st;
  }
  frl_conn_flush_soon(c);
  *out = c;
  return FRL_OK;
}
