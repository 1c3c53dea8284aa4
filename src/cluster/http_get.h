/** A page of a service on this machine. */
#ifndef FRL_CLUSTER_HTTP_GET_H
#define FRL_CLUSTER_HTTP_GET_H

#include "base/buf.h"

/** Appends the page http://127.0.0.1:PORT/PATH; waits seconds at most. Any thread. */
FRL_NODISCARD frl_status frl__cluster_http_get(
    uint16_t port, const char *path, frl_buf *out, frl_error *err);

#endif /* FRL_CLUSTER_HTTP_GET_H */
