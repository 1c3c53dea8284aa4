/** From "host:port" to a connected socket: names, addresses in turn, a time limit. */
#ifndef FRL_NET_DIAL_H
#define FRL_NET_DIAL_H

#include <uv.h>

#include "net/loop.h"

typedef struct frl_dial frl_dial;

/**
 * Takes "host:port" or "[v6]:port" apart; port 0 is not allowed.
 * host has room for size bytes.
 */
FRL_NODISCARD frl_status frl_target_parse(
    const char *target, char *host, size_t size, uint16_t *port, frl_error *err);

/**
 * Connects to host:port, trying every address that the name has. done is called
 * once, never inside this function: with the socket (which the receiver closes and
 * frees by the loop's allocator), or NULL and the reason. Loop thread.
 */
FRL_NODISCARD frl_status frl_dial_start(frl_dial **out, frl_loop *loop,
    const char *host, uint16_t port, uint32_t timeout_ms,
    void (*done)(void *ctx, uv_tcp_t *tcp, const frl_error *why), void *ctx);
/** done is not called any more. Not after done. NULL works. */
void frl_dial_cancel(frl_dial *dial);

#endif /* FRL_NET_DIAL_H */
