#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "canned.h"

static const char usage[] =
    "usage: canned [--port N] [--messages N] [--payload BYTES] [--raw]\n"
    "              [--cert FILE --key FILE]\n"
    "Prints its port on a line of its own, then serves 127.0.0.1 until it is ended.\n";

typedef struct accepted {
  int fd;
  const canned_options *options;
} accepted;

static void *serve(void *arg) {
  const accepted a = *(accepted *)arg;
  free(arg);
  canned_serve(a.fd, a.options);
  return NULL;
}

static int select_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg) {
  (void)ssl;
  (void)arg;
  static const unsigned char h2[] = "\x02h2";
  unsigned char *picked = NULL;
  if (SSL_select_next_proto(&picked, out_len, h2, 3, in, in_len) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = picked;
  return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_tls(const char *cert, const char *key) {
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  if (!tls) return NULL;
  SSL_CTX_set_alpn_select_cb(tls, select_h2, NULL);
  (void)SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
  if (SSL_CTX_use_certificate_chain_file(tls, cert) == 1 &&
      SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1) {
    return tls;
  }
  SSL_CTX_free(tls);
  return NULL;
}

static int listen_on(uint16_t port, uint16_t *bound) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int one = 1;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t n = sizeof a;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 64) != 0 ||
      getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
    return -1;
  }
  *bound = ntohs(a.sin_port);
  return fd;
}

static void accept_for_ever(int listener, const canned_options *options) {
  for (;;) {
    const int fd = accept(listener, NULL, NULL);
    accepted *a = fd < 0 ? NULL : malloc(sizeof *a);
    pthread_t thread;
    if (!a) continue;
    *a = (accepted){fd, options};
    if (pthread_create(&thread, NULL, serve, a) == 0) (void)pthread_detach(thread);
  }
}

int main(int argc, char **argv) {
  static const struct option table[] = {{"port", 1, NULL, 'p'},
      {"messages", 1, NULL, 'm'}, {"payload", 1, NULL, 'b'}, {"raw", 0, NULL, 'r'},
      {"cert", 1, NULL, 'c'}, {"key", 1, NULL, 'k'}, {NULL, 0, NULL, 0}};
  unsigned long port = 0;
  unsigned long messages = 800;
  unsigned long payload = 1024;
  const char *cert = NULL;
  const char *key = NULL;
  canned_options options = {0};
  int c;
  while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
    switch (c) {
      case 'p':
        port = strtoul(optarg, NULL, 10);
        break;
      case 'm':
        messages = strtoul(optarg, NULL, 10);
        break;
      case 'b':
        payload = strtoul(optarg, NULL, 10);
        break;
      case 'r':
        options.raw = true;
        break;
      case 'c':
        cert = optarg;
        break;
      case 'k':
        key = optarg;
        break;
      default:
        (void)fputs(usage, stderr);
        return 2;
    }
  }
  (void)signal(SIGPIPE, SIG_IGN);
  if (cert && !(options.tls = make_tls(cert, key ? key : cert))) {
    (void)fprintf(stderr, "canned: %s: no usable certificate and key\n", cert);
    return 1;
  }
  uint16_t bound = 0;
  const int listener = listen_on((uint16_t)port, &bound);
  if (listener < 0 || !canned_response_make(&options.response, messages, payload)) {
    perror("canned");
    return 1;
  }
  (void)printf("%u\n", bound);
  (void)fflush(stdout);
  accept_for_ever(listener, &options);
}
