/**
 * A server of a few read-only pages over HTTP/1.1, for people and scrapers on this
 * machine. One answer a connection; GET and HEAD only; loopback hosts only.
 *
 * It is no general HTTP server and is not meant to become one: no request body is read,
 * nothing is kept alive, and what is asked from another host's page is refused.
 */
#ifndef FRL_NET_PAGE_SERVER_H
#define FRL_NET_PAGE_SERVER_H

#include "base/buf.h"
#include "net/loop.h"

typedef struct frl_page_server frl_page_server;

/**
 * Appends the page of the path to body. *type: its media type, a constant.
 * FRL_E_NOT_FOUND: there is none. Called on the loop's thread.
 */
typedef frl_status (*frl_page_fn)(
    void *ctx, const char *path, frl_buf *body, const char **type);

/** Listens on 127.0.0.1 when it returns FRL_OK. port 0: chosen by the system. Any
 * thread.
 */
FRL_NODISCARD frl_status frl_page_server_start(frl_page_server **out, frl_loop *loop,
    uint16_t port, frl_page_fn page, void *ctx, const frl_mem *mem, frl_error *err);
uint16_t frl_page_server_port(const frl_page_server *server);
/** Ends open connections and frees; waits for the loop. Any thread but it. NULL works.
 */
void frl_page_server_stop(frl_page_server *server);

#endif /* FRL_NET_PAGE_SERVER_H */
