/**
 * TLS as a machine that takes bytes and gives bytes; OpenSSL inside.
 *
 * A context belongs to a channel or a server; sessions keep it alive. Threads: a
 * context any; a session one.
 */
#ifndef FRL_NET_TLS_H
#define FRL_NET_TLS_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>

#include "net/outq.h"

typedef struct frl_tls_context frl_tls_context;
typedef struct frl_tls frl_tls;

typedef struct frl_tls_options {
  bool server;
  const char *ca_file; /* client: NULL = the system's roots; server: of clients,
                          which must then show a certificate */
  const char *cert_file;
  const char *key_file;
} frl_tls_options;

FRL_NODISCARD frl_status frl_tls_context_create(frl_tls_context **out,
    const frl_tls_options *options, const frl_mem *mem, frl_error *err);
/** Gives the creator's hold up; the last session frees. NULL works. */
void frl_tls_context_destroy(frl_tls_context *context);

/**
 * A session of ALPN h2. server_name: the client's SNI and what the certificate must
 * be for (a name or an address); NULL on servers. cipher is where bytes for the peer
 * go, for as long as the session lives.
 */
FRL_NODISCARD frl_status frl_tls_create(frl_tls **out, frl_tls_context *context,
    const char *server_name, frl_outq *cipher, const frl_mem *mem, frl_error *err);
void frl_tls_destroy(frl_tls *tls);

/** The client's first flight; a server does nothing. */
FRL_NODISCARD frl_status frl_tls_start(frl_tls *tls, frl_error *err);
/**
 * Takes n bytes of the peer's and hands what they decrypt to on_plain, in pieces
 * that lie in scratch.
 * @return FRL_OK; FRL_END after the peer's close_notify; FRL_E_AUTH for a certificate
 *         that does not hold, FRL_E_UNSUPPORTED without h2, FRL_E_MALFORMED otherwise;
 *         or what on_plain said. An alert for the peer may be in cipher.
 */
FRL_NODISCARD frl_status frl_tls_recv(frl_tls *tls, const uint8_t *data, size_t n,
    uint8_t *scratch, size_t scratch_size,
    frl_status (*on_plain)(void *ctx, const uint8_t *data, size_t n, frl_error *err),
    void *ctx, frl_error *err);
/** The handshake is done: frl_tls_send works. */
bool frl_tls_is_open(const frl_tls *tls);
/** Encrypts and consumes all of plain. */
FRL_NODISCARD frl_status frl_tls_send(frl_tls *tls, frl_outq *plain, frl_error *err);
/** close_notify into cipher. */
void frl_tls_close(frl_tls *tls);

#endif /* FRL_NET_TLS_H */
