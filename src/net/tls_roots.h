/**
 * Which authorities a TLS client trusts.
 *
 * Threads: a context is used by one at a time.
 */
#ifndef FRL_NET_TLS_ROOTS_H
#define FRL_NET_TLS_ROOTS_H

#include <ferrule/export.h>
#include <stdbool.h>

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/** Adds the system's roots, wherever this system keeps them. */
void frl_tls_trust_system(struct ssl_ctx_st *ssl);
/** Adds the certificates of a PEM file; false, with OpenSSL's errors, if it has none.
 */
FRL_NODISCARD bool frl_tls_trust_file(struct ssl_ctx_st *ssl, const char *file);

#endif /* FRL_NET_TLS_ROOTS_H */
