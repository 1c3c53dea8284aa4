#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/server_internal.h"

enum { BACKLOG = 1024, MIB = 1024 * 1024, HIGH_BYTES = MIB, LOW_BYTES = 256 * 1024 };

void frl__server_tell_gone(frl_server *s) {
  if (!s->closing || s->conns || s->listener || s->n_calls > 0) return;
  frl_mutex_lock(&s->lock);
  s->all_gone = true;
  frl_cond_broadcast(&s->gone);
  frl_mutex_unlock(&s->lock);
}

static void on_conn_closed(void *ctx, const frl_error *why) {
  server_conn *sc = ctx;
  frl_server *s = sc->server;
  if (why) frl_log(FRL_LOG_DEBUG, "server", "connection ended: %s", why->message);
  for (frl_server_call *c = sc->calls; c; c = c->next) c->sc = NULL;
  if (sc->prev) {
    sc->prev->next = sc->next;
  } else {
    s->conns = sc->next;
  }
  if (sc->next) sc->next->prev = sc->prev;
  s->n_conns--;
  const frl_mem mem = s->mem;
  frl_free(&mem, sc);
  frl__server_tell_gone(s);
}

static void conn_options(const frl_server *s, frl_conn_options *o) {
  const frl_server_options *from = &s->options;
  *o = (frl_conn_options){.tls = s->tls,
      .setup_timeout_ms = from->handshake_timeout_ms,
      .keepalive_ms = from->keepalive_ms,
      .keepalive_timeout_ms = from->keepalive_timeout_ms,
      .h2 = {.server = true,
          .stream_window_bytes = from->stream_window_bytes,
          .connection_window_bytes = from->connection_window_bytes,
          .max_frame_bytes = from->max_frame_bytes,
          .max_metadata_bytes = from->max_metadata_bytes,
          .max_streams = from->max_streams,
          .high_bytes = HIGH_BYTES,
          .low_bytes = LOW_BYTES,
          .clock = from->clock}};
}

static void free_tcp(uv_handle_t *handle) {
  const frl_loop *loop = handle->data;
  frl_free(frl__loop_mem(loop), handle);
}

static void take_connection(frl_server *s, uv_tcp_t *tcp) {
  server_conn *sc = frl_calloc(&s->mem, 1, sizeof *sc);
  if (!sc || s->n_conns >= s->options.max_connections) {
    frl_free(&s->mem, sc);
    tcp->data = s->loop;
    uv_close((uv_handle_t *)tcp, free_tcp);
    return;
  }
  sc->server = s;
  frl_conn_options options;
  conn_options(s, &options);
  const frl_conn_handler handler = {
      .h2 = frl__server_h2_handler, .on_closed = on_conn_closed};
  if (frl_conn_accept(&sc->conn, s->loop, tcp, &options, &handler, sc, &s->mem, NULL) !=
      FRL_OK) {
    frl_free(&s->mem, sc);
    return;
  }
  sc->next = s->conns;
  if (sc->next) sc->next->prev = sc;
  s->conns = sc;
  s->n_conns++;
}

static void on_connection(uv_stream_t *listener, int rc) {
  frl_server *s = listener->data;
  if (rc != 0) {
    frl_log(FRL_LOG_WARN, "server", "cannot accept: %s", uv_strerror(rc));
    return;
  }
  uv_tcp_t *tcp = frl_calloc(frl__loop_mem(s->loop), 1, sizeof *tcp);
  if (!tcp) return;
  if (uv_tcp_init(frl__loop_uv(s->loop), tcp) != 0) {
    frl_free(frl__loop_mem(s->loop), tcp);
    return;
  }
  if (uv_accept(listener, (uv_stream_t *)tcp) != 0) {
    tcp->data = s->loop;
    uv_close((uv_handle_t *)tcp, free_tcp);
    return;
  }
  take_connection(s, tcp);
}

static void on_listener_closed(uv_handle_t *handle) {
  frl_server *s = handle->data;
  frl_free(frl__loop_mem(s->loop), handle);
  s->listener = NULL;
  frl__server_tell_gone(s);
}

typedef struct listen_args {
  frl_server *server;
  frl_status status;
  frl_error *err;
} listen_args;

static int resolve(frl_server *s, struct sockaddr_storage *addr) {
  const char *host = s->host;
  const uint16_t port = s->options.port;
  struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)addr;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)addr;
  if (uv_ip4_addr(host, port, v4) == 0 || uv_ip6_addr(host, port, v6) == 0) return 0;
  uv_getaddrinfo_t lookup;
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  const int rc =
      uv_getaddrinfo(frl__loop_uv(s->loop), &lookup, NULL, host, NULL, &hints);
  if (rc != 0) return rc;
  int found = UV_EAI_NODATA;
  for (const struct addrinfo *a = lookup.addrinfo; a; a = a->ai_next) {
    const bool is_v4 = a->ai_family == AF_INET;
    /* clients try IPv4 too, and many listen nowhere else */
    if (!is_v4 && (found == 0 || a->ai_family != AF_INET6)) continue;
    memcpy(addr, a->ai_addr, is_v4 ? sizeof *v4 : sizeof *v6);
    if (is_v4) v4->sin_port = htons(port);
    if (!is_v4) v6->sin6_port = htons(port);
    found = 0;
    if (is_v4) break;
  }
  uv_freeaddrinfo(lookup.addrinfo);
  return found;
}

static int bind_listener(frl_server *s) {
  struct sockaddr_storage addr = {0};
  int rc = resolve(s, &addr);
  if (rc == 0) rc = uv_tcp_bind(s->listener, (const struct sockaddr *)&addr, 0);
  int size = sizeof addr;
  if (rc == 0) rc = uv_tcp_getsockname(s->listener, (struct sockaddr *)&addr, &size);
  if (rc != 0) return rc;
  const bool is_v6 = addr.ss_family == AF_INET6;
  s->port = ntohs(is_v6 ? ((const struct sockaddr_in6 *)(const void *)&addr)->sin6_port
                        : ((const struct sockaddr_in *)(const void *)&addr)->sin_port);
  return 0;
}

static void fail_listen(listen_args *args, int rc) {
  const frl_server *s = args->server;
  args->status = frl_fail(args->err, FRL_E_IO, "cannot listen on %s:%u: %s", s->host,
      s->options.port, uv_strerror(rc));
  if (!args->err) return;
  args->err->origin = FRL_ORIGIN_OS;
  args->err->origin_code = -rc;
}

static void open_on_loop(void *ctx) {
  listen_args *args = ctx;
  uv_tcp_t *listener = args->server->listener;
  const int rc = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
  if (rc != 0) fail_listen(args, rc);
}

static void listen_on_loop(void *ctx) {
  listen_args *args = ctx;
  frl_server *s = args->server;
  s->listener = frl_calloc(frl__loop_mem(s->loop), 1, sizeof *s->listener);
  int rc = s->listener ? uv_tcp_init(frl__loop_uv(s->loop), s->listener) : UV_ENOMEM;
  if (rc != 0) {
    frl_free(frl__loop_mem(s->loop), s->listener);
    s->listener = NULL;
  } else {
    s->listener->data = s;
    rc = bind_listener(s);
  }
  if (rc != 0) fail_listen(args, rc);
  if (rc == 0 && !s->options.hold) open_on_loop(args);
  if (args->status == FRL_OK || !s->listener) return;
  /* the server is freed at once, the handle when libuv lets it go */
  s->listener->data = s->loop;
  uv_close((uv_handle_t *)s->listener, free_tcp);
  s->listener = NULL;
}

frl_status frl_server_open(frl_server *server, frl_error *err) {
  listen_args args = {.server = server, .err = err};
  const frl_status st = frl_loop_call(server->loop, open_on_loop, &args);
  return st == FRL_OK ? args.status : frl_fail(err, st, "server: the loop has stopped");
}

static void free_server(frl_server *s) {
  size_t at = 0;
  for (const frl_map_entry *e; (e = frl_map_next(&s->methods, &at)) != NULL;) {
    frl_free(&s->mem, e->value);
  }
  frl_map_deinit(&s->methods);
  frl__server_free_unaries(s);
  frl_tls_context_destroy(s->tls);
  frl_mutex_deinit(&s->lock);
  frl_cond_deinit(&s->gone);
  const frl_mem mem = s->mem;
  frl_free(&mem, s->host);
  frl_free(&mem, s);
}

static void or_default(uint32_t *value, uint32_t fallback) {
  if (*value == 0) *value = fallback;
}

static void take_options(frl_server *s, const frl_server_options *o) {
  frl_server_options *to = &s->options;
  const size_t size = o->struct_size < sizeof *to ? o->struct_size : sizeof *to;
  memcpy(to, o, size);
  or_default(&to->stream_window_bytes, 4 * MIB);
  or_default(&to->connection_window_bytes, 16 * MIB);
  or_default(&to->max_frame_bytes, MIB);
  or_default(&to->max_message_bytes, 20 * MIB);
  or_default(&to->max_metadata_bytes, 64 * 1024);
  or_default(&to->max_streams, 1000);
  or_default(&to->max_connections, 10000);
  or_default(&to->max_unsent_bytes, 64 * MIB);
  or_default(&to->keepalive_timeout_ms, 20000);
  or_default(&to->handshake_timeout_ms, 20000);
}

static frl_status prepare(
    frl_server *s, const frl_server_options *options, frl_error *err) {
  s->host = frl_strdup(&s->mem, options->host ? options->host : "127.0.0.1");
  if (!s->host) return frl_fail(err, FRL_E_NOMEM, "server: out of memory");
  if (!options->cert_file && !options->key_file) return FRL_OK;
  const frl_tls_options tls = {.server = true,
      .ca_file = options->client_ca_file,
      .cert_file = options->cert_file,
      .key_file = options->key_file};
  return frl_tls_context_create(&s->tls, &tls, &s->mem, err);
}

frl_status frl_server_listen(frl_server **out, frl_loop *loop,
    const frl_server_options *options, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_server *s = frl_calloc(mem, 1, sizeof *s);
  if (!s) return frl_fail(err, FRL_E_NOMEM, "server: out of memory");
  s->loop = loop;
  s->mem = mem ? *mem : frl_mem_default;
  frl_map_init(&s->methods, &s->mem);
  frl_mutex_init(&s->lock);
  frl_cond_init(&s->gone);
  take_options(s, options);
  listen_args args = {.server = s, .err = err};
  args.status = prepare(s, options, err);
  if (args.status == FRL_OK && frl_loop_call(loop, listen_on_loop, &args) != FRL_OK) {
    args.status = frl_fail(err, FRL_E_CLOSED, "server: the loop has stopped");
  }
  if (args.status != FRL_OK) {
    free_server(s);
    return args.status;
  }
  *out = s;
  return FRL_OK;
}

uint16_t frl_server_port(const frl_server *server) { return server->port; }

typedef struct add_args {
  frl_server *server;
  frl_server_method *method;
  frl_status status;
} add_args;

static void add_on_loop(void *ctx) {
  add_args *args = ctx;
  void *former = NULL;
  const char *path = args->method->path;
  args->status =
      frl_map_put(&args->server->methods, path, strlen(path), args->method, &former);
  if (former) frl_free(&args->server->mem, former);
}

frl_status frl_server_add(frl_server *server, const frl_server_method *method) {
  frl_server_method *copy = frl_malloc(&server->mem, sizeof *copy);
  if (!copy) return FRL_E_NOMEM;
  *copy = *method;
  add_args args = {.server = server, .method = copy};
  const frl_status st = frl_loop_call(server->loop, add_on_loop, &args);
  if (st == FRL_OK) return args.status;
  frl_free(&server->mem, copy);
  return st;
}

static void on_grace_over(void *ctx) {
  frl_server *s = ctx;
  for (server_conn *sc = s->conns; sc; sc = sc->next) frl_conn_close(sc->conn, NULL);
}

void frl__server_drain(server_conn *sc) {
  if (!sc->draining) return;
  sc->draining = false;
  if (frl_h2_goaway(frl_conn_h2(sc->conn), true) != FRL_OK) {
    frl_conn_close(sc->conn, NULL);
  }
  frl_conn_flush_soon(sc->conn);
}

static void say_going(server_conn *sc) {
  frl_h2 *h2 = frl_conn_h2(sc->conn);
  if (!h2 || !frl_h2_is_settled(h2)) {
    frl_conn_close(sc->conn, NULL);
    return;
  }
  /* streams on their way now are still served: the last id follows a round trip */
  sc->draining = true;
  if (frl_h2_goaway(h2, false) != FRL_OK || frl_h2_ping(h2) != FRL_OK) {
    frl_conn_close(sc->conn, NULL);
    return;
  }
  frl_conn_flush_soon(sc->conn);
}

typedef struct shutdown_args {
  frl_server *server;
  uint32_t grace_ms;
} shutdown_args;

static void shutdown_on_loop(void *ctx) {
  const shutdown_args *args = ctx;
  frl_server *s = args->server;
  s->closing = true;
  if (s->listener) uv_close((uv_handle_t *)s->listener, on_listener_closed);
  if (args->grace_ms == 0 ||
      frl_timer_create(&s->grace, s->loop, on_grace_over, s) != FRL_OK) {
    on_grace_over(s);
  } else {
    for (server_conn *sc = s->conns; sc; sc = sc->next) say_going(sc);
    frl_timer_start(s->grace, args->grace_ms, 0);
  }
  frl__server_tell_gone(s);
}

static void end_grace(void *ctx) {
  frl_server *s = ctx;
  frl_timer_destroy(s->grace);
}

void frl_server_shutdown(frl_server *server, uint32_t grace_ms) {
  if (!server) return;
  assert(!frl_loop_is_current(server->loop));
  shutdown_args args = {server, grace_ms};
  if (frl_loop_call(server->loop, shutdown_on_loop, &args) == FRL_OK) {
    frl_mutex_lock(&server->lock);
    while (!server->all_gone) frl_cond_wait(&server->gone, &server->lock);
    frl_mutex_unlock(&server->lock);
    /* a stopped loop has no timer to end */
    if (frl_loop_call(server->loop, end_grace, server) != FRL_OK) server->grace = NULL;
  }
  free_server(server);
}
