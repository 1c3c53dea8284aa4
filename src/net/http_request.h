/** The head of an HTTP/1.1 request, as far as a server of pages needs it. */
#ifndef FRL_NET_HTTP_REQUEST_H
#define FRL_NET_HTTP_REQUEST_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>

enum { FRL_HTTP_PATH_MAX = 256, FRL_HTTP_HEAD_MAX = 8192 };

typedef struct frl_http_request {
  char path[FRL_HTTP_PATH_MAX]; /* without the query; begins with a slash */
  bool is_get;                  /* GET or HEAD */
  bool is_head;
  /**
   * The Host header is a loopback name or address. A page of another origin that a
   * browser was led to (DNS rebinding) names its own host.
   */
  bool is_local;
} frl_http_request;

/**
 * @return FRL_OK; FRL_NEED_MORE until the empty line has come; FRL_E_LIMIT above
 *         FRL_HTTP_HEAD_MAX; FRL_E_MALFORMED.
 */
FRL_NODISCARD frl_status frl_http_request_parse(
    frl_http_request *out, const char *data, size_t n);

#endif /* FRL_NET_HTTP_REQUEST_H */
