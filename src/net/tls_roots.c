#include "net/tls_roots.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

/* A linked-in OpenSSL knows its own build's paths only; systems differ. */
void frl_tls_trust_system(struct ssl_ctx_st *ssl) {
  static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt",
      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
      "/etc/ssl/cert.pem"};
  (void)SSL_CTX_set_default_verify_paths(ssl);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    FILE *f = fopen(files[i], "r");
    if (!f) continue;
    (void)fclose(f);
    if (SSL_CTX_load_verify_file(ssl, files[i]) == 1) break;
  }
  ERR_clear_error();
}

bool frl_tls_trust_file(struct ssl_ctx_st *ssl, const char *file) {
  return SSL_CTX_load_verify_file(ssl, file) == 1;
}
