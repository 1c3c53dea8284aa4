/**
 * One HTTP/2 connection: socket, proxy, TLS and session in a chain.
 *
 * The conn does the I/O; what it carries (frl_h2, frl_tls, frl_proxy) does none.
 * Loop thread only.
 */
#ifndef FRL_NET_CONN_H
#define FRL_NET_CONN_H

#include <uv.h>

#include "net/h2.h"
#include "net/loop.h"
#include "net/tls.h"

typedef struct frl_conn frl_conn;

typedef struct frl_conn_options {
  frl_h2_options h2;
  frl_tls_context *tls;      /* NULL: clear text */
  const char *server_name;   /* client with TLS */
  const char *proxy;         /* client: "host:port" to CONNECT through; NULL: none */
  const char *target;        /* client: "host:port" */
  uint32_t setup_timeout_ms; /* all that comes before on_ready; on servers also the
                                client's preface */
  uint32_t keepalive_ms;     /* 0: none */
  uint32_t keepalive_timeout_ms;
} frl_conn_options;

typedef struct frl_conn_handler {
  frl_h2_handler h2;
  /** Streams can be opened now. Client only. */
  void (*on_ready)(void *ctx);
  /**
   * The end, always once, when every stream has heard on_close; the conn's memory
   * goes with it. Never inside a function called on the conn.
   */
  void (*on_closed)(void *ctx, const frl_error *why);
} frl_conn_handler;

/** Texts of options need to live during the call only; tls as long as the conn. */
FRL_NODISCARD frl_status frl_conn_connect(frl_conn **out, frl_loop *loop,
    const frl_conn_options *options, const frl_conn_handler *handler, void *ctx,
    const frl_mem *mem, frl_error *err);
/** Takes the accepted socket over, also on failure. It was allocated by the loop's mem.
 */
FRL_NODISCARD frl_status frl_conn_accept(frl_conn **out, frl_loop *loop, uv_tcp_t *tcp,
    const frl_conn_options *options, const frl_conn_handler *handler, void *ctx,
    const frl_mem *mem, frl_error *err);
/** NULL until the connection is ready. */
frl_h2 *frl_conn_h2(const frl_conn *conn);
/** "address:port" of the peer, or "". */
const char *frl_conn_peer(const frl_conn *conn);
/** It can carry new streams: ready, and not about to end. */
bool frl_conn_is_open(const frl_conn *conn);
/** The reason of the end, or "". */
const char *frl_conn_why(const frl_conn *conn);
/** What was put into the session goes out before the loop waits again. */
void frl_conn_flush_soon(frl_conn *conn);
/** Closes at once; on_closed follows with why (NULL: no error). */
void frl_conn_close(frl_conn *conn, const frl_error *why);
/** Closes at once, and no function of the handler is called any more. */
void frl_conn_abandon(frl_conn *conn);

#endif /* FRL_NET_CONN_H */
