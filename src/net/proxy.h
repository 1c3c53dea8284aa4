/**
 * The client's half of an HTTP/1.1 CONNECT, bytes in and bytes out.
 *
 * Source: RFC 9110, 9.3.6.
 */
#ifndef FRL_NET_PROXY_H
#define FRL_NET_PROXY_H

#include "base/buf.h"
#include "net/outq.h"

typedef struct frl_proxy {
  frl_buf head; /* of the response so far */
} frl_proxy;

void frl_proxy_init(frl_proxy *p, const frl_mem *mem);
void frl_proxy_deinit(frl_proxy *p);
/** The request for target ("host:port") into out. */
FRL_NODISCARD frl_status frl_proxy_start(
    const char *target, frl_outq *out, frl_error *err);
/**
 * Takes bytes; *used says how many belong to the response.
 * @return FRL_OK when the tunnel stands, FRL_NEED_MORE, FRL_E_UNAVAILABLE when the
 *         proxy refused (its status line in err), FRL_E_MALFORMED.
 */
FRL_NODISCARD frl_status frl_proxy_recv(
    frl_proxy *p, const uint8_t *data, size_t n, size_t *used, frl_error *err);
/**
 * The proxy for a TLS target by HTTPS_PROXY and NO_PROXY (also in lower case) as
 * "host:port" in out, or "" for none.
 */
FRL_NODISCARD frl_status frl_proxy_from_environment(
    const char *host, char *out, size_t size, frl_error *err);

#endif /* FRL_NET_PROXY_H */
