/* TLS between our client and server, and every certificate that must not hold. */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/proxy.h"
#include "raw_socket.h"
#include "rig.h"
#include "support/certs.h"

static certs made;

static int make_certs(void **state) {
  (void)state;
  certs_make(&made);
  return 0;
}

static int remove_certs(void **state) {
  (void)state;
  certs_remove(&made);
  return 0;
}

static int set_up(void **state) {
  rig *r = malloc(sizeof *r);
  if (!r) return -1;
  rig_init(r);
  r->server_options.cert_file = made.server_cert;
  r->server_options.key_file = made.server_key;
  r->channel_options.tls = true;
  r->channel_options.ca_file = made.ca;
  r->channel_options.proxy = "";
  *state = r;
  return 0;
}

static int tear_down(void **state) {
  rig_stop(*state);
  free(*state);
  return 0;
}

static void assert_works(rig *r) {
  frl_error err = {0};
  const frl_status st = rig_echo(r, &err);
  if (st != FRL_OK) print_error("%s\n", err.message);
  assert_int_equal(st, FRL_OK);
}

static void assert_fails_with(rig *r, const char *words) {
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_E_UNAVAILABLE);
  if (!strstr(err.message, words)) fail_msg("%s: not in: %s", words, err.message);
}

static void an_address_in_the_certificate_holds(void **state) {
  rig *r = *state;
  rig_start(r);
  assert_works(r);
}

static void a_name_in_the_certificate_holds(void **state) {
  rig *r = *state;
  r->channel_options.server_name = "localhost";
  rig_start(r);
  assert_works(r);
}

static void large_messages_pass_both_ways(void **state) {
  rig *r = *state;
  rig_start(r);
  const size_t n = 8u << 20; /* several windows; valgrind has to encrypt it, too */
  uint8_t *data = malloc(n);
  assert_non_null(data);
  for (size_t i = 0; i < n; i++) data[i] = (uint8_t)(i * 31 >> 3);
  probe p;
  probe_init(&p, r, "/t.S/Bidi");
  probe_start(&p);
  probe_send(&p, data, n, true);
  assert_int_equal(probe_wait_closed(&p), FRL_GRPC_OK);
  assert_int_equal(p.last.len, n);
  assert_memory_equal(p.last.data, data, n);
  probe_deinit(&p);
  free(data);
}

static void an_expired_certificate_is_refused(void **state) {
  rig *r = *state;
  r->server_options.cert_file = made.expired_cert;
  r->server_options.key_file = made.expired_key;
  rig_start(r);
  assert_fails_with(r, "expired");
}

static void a_certificate_for_another_host_is_refused(void **state) {
  rig *r = *state;
  r->server_options.cert_file = made.other_cert;
  r->server_options.key_file = made.other_key;
  r->channel_options.server_name = "localhost";
  rig_start(r);
  assert_fails_with(r, "not for localhost");
}

static void a_certificate_for_another_address_is_refused(void **state) {
  rig *r = *state;
  r->server_options.cert_file = made.other_cert;
  r->server_options.key_file = made.other_key;
  rig_start(r);
  assert_fails_with(r, "not for 127.0.0.1");
}

static void an_unknown_authority_is_refused(void **state) {
  rig *r = *state;
  r->server_options.cert_file = made.stranger_cert;
  r->server_options.key_file = made.stranger_key;
  rig_start(r);
  assert_fails_with(r, "does not hold");
}

static void the_systems_roots_do_not_trust_our_authority(void **state) {
  rig *r = *state;
  r->channel_options.ca_file = NULL;
  rig_start(r);
  assert_fails_with(r, "does not hold");
}

static void a_client_certificate_opens_the_door(void **state) {
  rig *r = *state;
  r->server_options.client_ca_file = made.ca;
  r->channel_options.cert_file = made.client_cert;
  r->channel_options.key_file = made.client_key;
  rig_start(r);
  assert_works(r);
}

static void without_a_client_certificate_the_door_stays_shut(void **state) {
  rig *r = *state;
  r->server_options.client_ca_file = made.ca;
  rig_start(r);
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_E_UNAVAILABLE);
}

static void a_strangers_client_certificate_is_refused(void **state) {
  rig *r = *state;
  r->server_options.client_ca_file = made.ca;
  r->channel_options.cert_file = made.stranger_cert;
  r->channel_options.key_file = made.stranger_key;
  rig_start(r);
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_E_UNAVAILABLE);
}

static void clear_text_on_a_tls_port_fails(void **state) {
  rig *r = *state;
  r->channel_options.tls = false;
  rig_start(r);
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_E_UNAVAILABLE);
}

static void tls_on_a_clear_text_port_fails(void **state) {
  rig *r = *state;
  r->server_options.cert_file = NULL;
  r->server_options.key_file = NULL;
  rig_start(r);
  frl_error err = {0};
  assert_int_equal(rig_echo(r, &err), FRL_E_UNAVAILABLE);
}

/* A TLS server that knows no ALPN, and which server name it was asked for. */
typedef struct no_alpn {
  int listener;
  char asked_for[64];
} no_alpn;

static void serve_without_alpn(void *ctx) {
  no_alpn *server = ctx;
  const int fd = accept(server->listener, NULL, NULL);
  SSL_CTX *ssl_ctx = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_file(ssl_ctx, made.server_cert, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(ssl_ctx, made.server_key, SSL_FILETYPE_PEM) != 1) {
    abort();
  }
  SSL *ssl = SSL_new(ssl_ctx);
  (void)SSL_set_fd(ssl, fd);
  (void)SSL_accept(ssl);
  const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  (void)snprintf(server->asked_for, sizeof server->asked_for, "%s", name ? name : "-");
  (void)raw_drain(fd);
  SSL_free(ssl);
  SSL_CTX_free(ssl_ctx);
  (void)close(fd);
}

/* Asks such a server at the host, under the server name (NULL: the host's). */
static void ask_without_alpn(
    rig *r, const char *host, const char *name, const char *asked_for) {
  uint16_t port = 0;
  no_alpn server = {.listener = raw_listen(&port)};
  frl_thread thread;
  assert_int_equal(
      frl_thread_start(&thread, "no-alpn", serve_without_alpn, &server, NULL), FRL_OK);
  char target[64];
  (void)snprintf(target, sizeof target, "%s:%u", host, (unsigned)port);
  r->channel_options.target = target;
  r->channel_options.server_name = name;
  rig_start(r);
  assert_fails_with(r, "ALPN h2");
  frl_thread_join(&thread);
  (void)close(server.listener);
  assert_string_equal(server.asked_for, asked_for);
}

static void a_server_without_h2_is_named_so(void **state) {
  ask_without_alpn(*state, "127.0.0.1", NULL, "-"); /* an address is no server name */
}

static void the_hosts_name_is_asked_for(void **state) {
  ask_without_alpn(*state, "localhost", NULL, "localhost");
}

static void another_name_may_be_asked_for(void **state) {
  ask_without_alpn(*state, "127.0.0.1", "localhost", "localhost");
}

static void broken_files_fail_at_once(void **state) {
  rig *r = *state;
  rig_start(r);
  frl_error err = {0};
  frl_channel *channel = NULL;
  frl_channel_options options = r->channel_options;
  options.ca_file = "/nonexistent.pem";
  assert_int_equal(
      frl_channel_create(&channel, r->client_loop, &options, NULL, &err), FRL_E_AUTH);
  assert_non_null(
      strstr(err.message, "the CA file /nonexistent.pem cannot be read: No such file"));
  options.ca_file = made.server_key;
  assert_int_equal(
      frl_channel_create(&channel, r->client_loop, &options, NULL, &err), FRL_E_AUTH);
  assert_non_null(strstr(err.message, "holds no certificates in PEM"));
  assert_non_null(strstr(err.message, made.server_key));
  options = r->channel_options;
  options.cert_file = made.client_cert;
  options.key_file = made.server_key;
  assert_int_equal(
      frl_channel_create(&channel, r->client_loop, &options, NULL, &err), FRL_E_AUTH);
  options.key_file = NULL;
  assert_int_equal(frl_channel_create(&channel, r->client_loop, &options, NULL, &err),
      FRL_E_INVALID);
  assert_null(channel);
}

/* ---- through a proxy ---- */

typedef struct proxy_args {
  int listener;
  uint16_t to;
  const char *answer;
} proxy_args;

static void pass_on(int from, int to) {
  char buf[65536];
  const ssize_t n = recv(from, buf, sizeof buf, MSG_DONTWAIT);
  if (n > 0 && !raw_send(to, buf, (size_t)n)) (void)shutdown(from, SHUT_RDWR);
}

static void read_head(int fd, char *head, size_t size) {
  size_t n = 0;
  while (n + 1 < size && recv(fd, head + n, 1, 0) == 1) {
    head[++n] = '\0';
    if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0) return;
  }
}

/* An HTTP proxy for one connection. */
static void serve_proxy(void *ctx) {
  const proxy_args *a = ctx;
  const int fd = accept(a->listener, NULL, NULL);
  char head[1024] = "";
  char wanted[64];
  read_head(fd, head, sizeof head);
  (void)snprintf(wanted, sizeof wanted, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n", a->to);
  if (strncmp(head, wanted, strlen(wanted)) != 0) abort();
  (void)raw_send(fd, a->answer, strlen(a->answer));
  const int to = raw_connect(a->to);
  char byte;
  while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0) {
    pass_on(fd, to);
    pass_on(to, fd);
    (void)usleep(1000);
  }
  (void)close(to);
  (void)close(fd);
}

static void start_through_proxy(rig *r, proxy_args *a, frl_thread *thread) {
  uint16_t port = 0;
  a->listener = raw_listen(&port);
  char target[64];
  raw_target(target, sizeof target, port);
  r->channel_options.proxy = target;
  rig_start(r);
  a->to = frl_server_port(r->server);
  assert_int_equal(frl_thread_start(thread, "proxy", serve_proxy, a, NULL), FRL_OK);
}

static void calls_pass_through_a_proxy(void **state) {
  rig *r = *state;
  proxy_args a = {.answer = "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n"};
  frl_thread proxy;
  start_through_proxy(r, &a, &proxy);
  assert_works(r);
  frl_channel_destroy(r->channel);
  r->channel = NULL;
  frl_thread_join(&proxy);
  (void)close(a.listener);
}

static void a_proxy_that_refuses_is_quoted(void **state) {
  rig *r = *state;
  proxy_args a = {.answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"};
  frl_thread proxy;
  start_through_proxy(r, &a, &proxy);
  assert_fails_with(r, "407 Proxy Authentication Required");
  frl_thread_join(&proxy);
  (void)close(a.listener);
}

static void the_environment_names_the_proxy(void **state) {
  (void)state;
  char out[100];
  assert_int_equal(setenv("HTTPS_PROXY", "http://proxy.example:3128/", 1), 0);
  assert_int_equal(setenv("NO_PROXY", "localhost, .internal.example,10.0.0.1", 1), 0);
  assert_int_equal(
      frl_proxy_from_environment("pubsub.example", out, sizeof out, NULL), FRL_OK);
  assert_string_equal(out, "proxy.example:3128");
  static const char *const direct[] = {
      "localhost", "a.internal.example", "internal.example", "10.0.0.1"};
  for (size_t i = 0; i < sizeof direct / sizeof *direct; i++) {
    assert_int_equal(
        frl_proxy_from_environment(direct[i], out, sizeof out, NULL), FRL_OK);
    assert_string_equal(out, "");
  }
  assert_int_equal(
      frl_proxy_from_environment("notinternal.example", out, sizeof out, NULL), FRL_OK);
  assert_string_equal(out, "proxy.example:3128");
  assert_int_equal(setenv("HTTPS_PROXY", "socks5://proxy.example", 1), 0);
  assert_int_equal(frl_proxy_from_environment("a.example", out, sizeof out, NULL),
      FRL_E_UNSUPPORTED);
  assert_int_equal(unsetenv("HTTPS_PROXY"), 0);
  assert_int_equal(unsetenv("NO_PROXY"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(an_address_in_the_certificate_holds),
      CASE(a_name_in_the_certificate_holds),
      CASE(large_messages_pass_both_ways),
      CASE(an_expired_certificate_is_refused),
      CASE(a_certificate_for_another_host_is_refused),
      CASE(a_certificate_for_another_address_is_refused),
      CASE(an_unknown_authority_is_refused),
      CASE(the_systems_roots_do_not_trust_our_authority),
      CASE(a_client_certificate_opens_the_door),
      CASE(without_a_client_certificate_the_door_stays_shut),
      CASE(a_strangers_client_certificate_is_refused),
      CASE(clear_text_on_a_tls_port_fails),
      CASE(tls_on_a_clear_text_port_fails),
      CASE(a_server_without_h2_is_named_so),
      CASE(the_hosts_name_is_asked_for),
      CASE(another_name_may_be_asked_for),
      CASE(broken_files_fail_at_once),
      CASE(calls_pass_through_a_proxy),
      CASE(a_proxy_that_refuses_is_quoted),
      cmocka_unit_test(the_environment_names_the_proxy),
  };
  return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
