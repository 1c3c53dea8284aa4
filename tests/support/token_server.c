#include "support/token_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/cmocka_c.h"

enum { LOOK_MS = 20, REQUEST_MAX = 32768 };

typedef struct peer {
  int fd;
  SSL *ssl; /* NULL: clear text */
} peer;

static bool is_stopping(token_server *s) {
  frl_mutex_lock(&s->lock);
  const bool stopping = s->stopping;
  frl_mutex_unlock(&s->lock);
  return stopping;
}

static int peer_read(peer *p, char *to, size_t n) {
  return p->ssl ? SSL_read(p->ssl, to, (int)n) : (int)recv(p->fd, to, n, 0);
}

/* A client that goes away in the middle is no failure. */
static void peer_write(peer *p, const char *from, size_t n) {
  while (n > 0) {
    const size_t part = n < 16384 ? n : 16384;
    const int sent = p->ssl ? SSL_write(p->ssl, from, (int)part)
                            : (int)send(p->fd, from, part, MSG_NOSIGNAL);
    if (sent <= 0) return;
    from += sent;
    n -= (size_t)sent;
  }
}

/* Head and body of one request; false if the client left before its end. */
static bool read_request(peer *p, char *request) {
  size_t n = 0;
  for (;;) {
    const int got = peer_read(p, request + n, REQUEST_MAX - 1 - n);
    if (got <= 0) return false;
    n += (size_t)got;
    request[n] = '\0';
    char *end = strstr(request, "\r\n\r\n");
    if (!end) continue;
    const char *length = strstr(request, "Content-Length: ");
    const size_t want = length ? strtoul(length + 16, NULL, 10) : 0;
    if (strlen(end + 4) < want) continue;
    return true;
  }
}

static token_reply note_request(token_server *s, char *request) {
  char *end = strstr(request, "\r\n\r\n");
  *end = '\0';
  frl_mutex_lock(&s->lock);
  (void)snprintf(s->head, sizeof s->head, "%.*s", (int)sizeof s->head - 1, request);
  (void)snprintf(s->form, sizeof s->form, "%.*s", (int)sizeof s->form - 1, end + 4);
  const size_t i = s->requests < s->n_replies ? s->requests : s->n_replies - 1;
  s->requests++;
  frl_mutex_unlock(&s->lock);
  return s->replies[i];
}

static void answer(peer *p, const token_reply *r) {
  char head[1024];
  const size_t body = r->body ? strlen(r->body) : 0;
  const int n = snprintf(head, sizeof head,
      "HTTP/1.1 %d Whatever\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
      r->status, body + r->fill_bytes, r->headers ? r->headers : "");
  peer_write(p, head, (size_t)n);
  if (body) peer_write(p, r->body, body);
  char block[4096];
  memset(block, 'x', sizeof block);
  for (size_t left = r->fill_bytes; left > 0;) {
    const size_t part = left < sizeof block ? left : sizeof block;
    peer_write(p, block, part);
    left -= part;
  }
}

static void serve(token_server *s, peer *p) {
  char *request = malloc(REQUEST_MAX);
  if (!request) abort();
  if (read_request(p, request)) {
    const token_reply r = note_request(s, request);
    char byte;
    while (r.hang && !is_stopping(s) && recv(p->fd, &byte, 1, MSG_DONTWAIT) != 0) {
      (void)poll(NULL, 0, LOOK_MS);
    }
    if (!r.hang) answer(p, &r);
  }
  free(request);
}

static void run(void *ctx) {
  token_server *s = ctx;
  while (!is_stopping(s)) {
    struct pollfd wait = {.fd = s->listener, .events = POLLIN};
    if (poll(&wait, 1, LOOK_MS) <= 0) continue;
    peer p = {.fd = accept(s->listener, NULL, NULL)};
    if (p.fd < 0) continue;
    const struct timeval patience = {.tv_sec = 20};
    (void)setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(p.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (s->tls) {
      p.ssl = SSL_new(s->tls);
      if (!p.ssl || SSL_set_fd(p.ssl, p.fd) != 1) abort();
    }
    if (!p.ssl || SSL_accept(p.ssl) == 1) serve(s, &p);
    if (p.ssl) (void)SSL_shutdown(p.ssl);
    SSL_free(p.ssl);
    (void)close(p.fd);
  }
}

void token_server_start(token_server *s, const char *cert_file, const char *key_file) {
  struct sockaddr_in addr = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof addr;
  s->listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(s->listener >= 0);
  assert_int_equal(bind(s->listener, (struct sockaddr *)&addr, size), 0);
  assert_int_equal(listen(s->listener, 16), 0);
  assert_int_equal(getsockname(s->listener, (struct sockaddr *)&addr, &size), 0);
  (void)snprintf(s->url, sizeof s->url, "%s://127.0.0.1:%u/token",
      cert_file ? "https" : "http", (unsigned)ntohs(addr.sin_port));
  if (cert_file) {
    s->tls = SSL_CTX_new(TLS_server_method());
    assert_non_null(s->tls);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(s->tls, cert_file), 1);
    assert_int_equal(
        SSL_CTX_use_PrivateKey_file(s->tls, key_file, SSL_FILETYPE_PEM), 1);
  }
  frl_mutex_init(&s->lock);
  assert_int_equal(frl_thread_start(&s->thread, "token-server", run, s, NULL), FRL_OK);
}

void token_server_stop(token_server *s) {
  frl_mutex_lock(&s->lock);
  s->stopping = true;
  frl_mutex_unlock(&s->lock);
  frl_thread_join(&s->thread);
  frl_mutex_deinit(&s->lock);
  SSL_CTX_free(s->tls);
  (void)close(s->listener);
}

unsigned token_server_requests(token_server *s) {
  frl_mutex_lock(&s->lock);
  const unsigned n = s->requests;
  frl_mutex_unlock(&s->lock);
  return n;
}

const char *token_server_assertion(token_server *s) {
  static const char before[] =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  frl_mutex_lock(&s->lock);
  assert_memory_equal(s->form, before, sizeof before - 1);
  frl_mutex_unlock(&s->lock);
  return s->form + sizeof before - 1;
}
