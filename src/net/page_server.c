#include "net/page_server.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/sync.h"
#include "net/http_request.h"
#include "net/loop_internal.h"

enum {
  CONNECTIONS_MAX = 64,
  BODY_MAX_BYTES = 4 << 20,
  PATIENCE_MS = 10000,
  QUEUE = 16
};

typedef struct page_client {
  struct page_client *next;
  frl_page_server *server;
  uv_tcp_t tcp;
  uv_timer_t timer;
  uv_write_t write;
  unsigned open_handles;
  size_t n;
  char head[FRL_HTTP_HEAD_MAX];
  frl_buf answer;
} page_client;

struct frl_page_server {
  frl_mem mem;
  frl_loop *loop;
  frl_page_fn page;
  void *ctx;
  uv_tcp_t tcp;
  uint16_t port;
  page_client *clients;
  unsigned n_clients;
  bool has_listener; /* its handle is not closed yet */
  frl_error *err;    /* of start, while it runs */
  frl_status status;
  frl_mutex lock;
  frl_cond closed;
  bool is_closed; /* under the lock */
};

/* ---- closing ---- */

/* Handles may be closed in any order: with the last of them the server is gone. */
static void tell_if_closed(frl_page_server *s) {
  if (s->clients || s->has_listener) return;
  frl_mutex_lock(&s->lock);
  s->is_closed = true;
  frl_cond_signal(&s->closed);
  frl_mutex_unlock(&s->lock);
}

static void unlink_client(page_client *c) {
  page_client **at = &c->server->clients;
  while (*at != c) at = &(*at)->next;
  *at = c->next;
  c->server->n_clients--;
}

static void on_client_closed(uv_handle_t *handle) {
  page_client *c = handle->data;
  frl_page_server *s = c->server;
  if (--c->open_handles) return;
  unlink_client(c);
  frl_buf_deinit(&c->answer);
  frl_free(&s->mem, c);
  tell_if_closed(s);
}

static void close_client(page_client *c) {
  if (uv_is_closing((uv_handle_t *)&c->tcp)) return;
  uv_close((uv_handle_t *)&c->tcp, on_client_closed);
  uv_close((uv_handle_t *)&c->timer, on_client_closed);
}

static void on_late(uv_timer_t *timer) { close_client(timer->data); }

/* ---- answering ---- */

static const char *reason_of(unsigned code) {
  switch (code) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Internal Server Error";
  }
}

static frl_status put_answer(frl_buf *out, unsigned code, const char *type,
    const frl_buf *body, bool with_body) {
  FRL_TRY(frl_buf_printf(out,
      "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
      "Connection: close\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; connect-src 'self'\r\n\r\n",
      code, reason_of(code), type, body->len));
  return with_body ? frl_buf_append(out, body->data, body->len) : FRL_OK;
}

static unsigned make_body(page_client *c, frl_status parsed, const frl_http_request *r,
    frl_buf *body, const char **type) {
  frl_page_server *s = c->server;
  *type = "text/plain; charset=utf-8";
  if (parsed != FRL_OK) return 400;
  if (!r->is_local) return 403;
  if (!r->is_get) return 405;
  const frl_status st = s->page(s->ctx, r->path, body, type);
  if (st == FRL_OK) return 200;
  frl_buf_clear(body);
  return st == FRL_E_NOT_FOUND ? 404 : 500;
}

static void on_written(uv_write_t *write, int status) {
  (void)status;
  close_client(write->data);
}

static void answer(page_client *c, frl_status parsed, const frl_http_request *r) {
  frl_buf body;
  const char *type = NULL;
  frl_buf_init(&body, &c->server->mem, BODY_MAX_BYTES);
  const unsigned code = make_body(c, parsed, r, &body, &type);
  frl_status st = FRL_OK;
  if (code != 200) st = frl_buf_printf(&body, "%u %s\n", code, reason_of(code));
  if (st == FRL_OK) st = put_answer(&c->answer, code, type, &body, !r->is_head);
  frl_buf_deinit(&body);
  (void)uv_read_stop((uv_stream_t *)&c->tcp);
  const uv_buf_t buf = uv_buf_init((char *)c->answer.data, (unsigned)c->answer.len);
  c->write.data = c;
  if (st != FRL_OK ||
      uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
    close_client(c);
  }
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
  page_client *c = handle->data;
  (void)size;
  *buf = uv_buf_init(c->head + c->n, (unsigned)(sizeof c->head - c->n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  page_client *c = stream->data;
  (void)buf;
  if (n < 0 && n != UV_ENOBUFS) {
    close_client(c);
    return;
  }
  if (n > 0) c->n += (size_t)n;
  frl_http_request r;
  const frl_status st = frl_http_request_parse(&r, c->head, c->n);
  if (st != FRL_NEED_MORE || c->n == sizeof c->head) answer(c, st, &r);
}

static void on_connection(uv_stream_t *listener, int status) {
  frl_page_server *s = listener->data;
  if (status < 0 || s->n_clients == CONNECTIONS_MAX) return;
  page_client *c = frl_calloc(&s->mem, 1, sizeof *c);
  if (!c) return;
  c->server = s;
  c->next = s->clients;
  s->clients = c;
  s->n_clients++;
  c->open_handles = 2;
  frl_buf_init(&c->answer, &s->mem, BODY_MAX_BYTES + FRL_HTTP_HEAD_MAX);
  (void)uv_tcp_init(listener->loop, &c->tcp);
  (void)uv_timer_init(listener->loop, &c->timer);
  c->tcp.data = c->timer.data = c;
  if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
      uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0) {
    close_client(c);
    return;
  }
  (void)uv_timer_start(&c->timer, on_late, PATIENCE_MS, 0);
}

/* ---- start and stop ---- */

static int listen_on(frl_page_server *s, uint16_t port) {
  struct sockaddr_in address;
  int size = (int)sizeof address;
  int rc = uv_ip4_addr("127.0.0.1", port, &address);
  if (rc == 0) rc = uv_tcp_bind(&s->tcp, (const struct sockaddr *)&address, 0);
  if (rc == 0) rc = uv_listen((uv_stream_t *)&s->tcp, QUEUE, on_connection);
  if (rc == 0) rc = uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&address, &size);
  if (rc == 0) s->port = ntohs(address.sin_port);
  return rc;
}

static void on_listener_closed(uv_handle_t *handle) {
  frl_page_server *s = handle->data;
  s->has_listener = false;
  tell_if_closed(s);
}

static void on_start(void *ctx) {
  frl_page_server *s = ctx;
  const uint16_t port = s->port;
  (void)uv_tcp_init(frl__loop_uv(s->loop), &s->tcp);
  s->tcp.data = s;
  s->has_listener = true;
  const int rc = listen_on(s, port);
  s->status = FRL_OK;
  if (rc == 0) return;
  s->status = frl_fail_errno(s->err, -rc, "status page: port %u", port);
  uv_close((uv_handle_t *)&s->tcp, on_listener_closed);
}

static void on_stop(void *ctx) {
  frl_page_server *s = ctx;
  uv_close((uv_handle_t *)&s->tcp, on_listener_closed);
  for (page_client *c = s->clients; c; c = c->next) close_client(c);
}

static void release(frl_page_server *s) {
  frl_mutex_lock(&s->lock);
  while (!s->is_closed) frl_cond_wait(&s->closed, &s->lock);
  frl_mutex_unlock(&s->lock);
  frl_cond_deinit(&s->closed);
  frl_mutex_deinit(&s->lock);
  const frl_mem mem = s->mem;
  frl_free(&mem, s);
}

frl_status frl_page_server_start(frl_page_server **out, frl_loop *loop, uint16_t port,
    frl_page_fn page, void *ctx, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_page_server *s = frl_calloc(mem, 1, sizeof *s);
  if (!s) return frl_fail(err, FRL_E_NOMEM, "status page: out of memory");
  s->mem = mem ? *mem : frl_mem_default;
  s->loop = loop;
  s->page = page;
  s->ctx = ctx;
  s->port = port;
  s->err = err;
  frl_mutex_init(&s->lock);
  frl_cond_init(&s->closed);
  const frl_status st = frl_loop_call(loop, on_start, s);
  if (st != FRL_OK) {
    s->is_closed = true; /* the loop has touched nothing */
    release(s);
    return frl_fail(err, st, "status page: the loop has ended");
  }
  if (s->status != FRL_OK) {
    const frl_status failed = s->status;
    release(s);
    return failed;
  }
  s->err = NULL;
  *out = s;
  return FRL_OK;
}

uint16_t frl_page_server_port(const frl_page_server *server) { return server->port; }

void frl_page_server_stop(frl_page_server *server) {
  if (!server) return;
  if (frl_loop_post(server->loop, on_stop, server) == FRL_OK) release(server);
}
