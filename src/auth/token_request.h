/**
 * One POST to a token server at a time, by libcurl: proxies of the environment, TLS
 * with the system's roots, no redirects, bounded in time and size.
 *
 * Threads: one sends, any interrupts.
 */
#ifndef FRL_AUTH_TOKEN_REQUEST_H
#define FRL_AUTH_TOKEN_REQUEST_H

#include <ferrule/error.h>
#include <ferrule/mem.h>

#include "auth/token_answer.h"
#include "base/buf.h"

typedef struct frl_token_client frl_token_client;

typedef struct frl_token_client_options {
  const char *url;     /* https, or http to this machine itself */
  const char *ca_file; /* PEM, trusted beside the system's roots; NULL: none */
  uint32_t timeout_ms; /* for all of a request; 0: 30,000 */
} frl_token_client_options;

/** FRL_E_INVALID: a URL that a key is not sent to. */
FRL_NODISCARD frl_status frl_token_client_create(frl_token_client **out,
    const frl_token_client_options *options, const frl_mem *mem, frl_error *err);
/** NULL works. */
void frl_token_client_destroy(frl_token_client *client);
/** Ends the request under way and each later one with FRL_E_CANCELLED. */
void frl_token_client_interrupt(frl_token_client *client);
/**
 * Posts a form.
 *
 * @param body    appended to; answer points into it.
 * @return FRL_OK for any HTTP status; FRL_E_UNAVAILABLE or FRL_E_TIMEOUT, retriable;
 *         FRL_E_AUTH for a certificate that does not hold; FRL_E_LIMIT for an answer
 *         that is too long; FRL_E_CANCELLED; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_token_client_post(frl_token_client *client,
    const frl_buf *form, frl_buf *body, frl_token_answer *answer, frl_error *err);

#endif /* FRL_AUTH_TOKEN_REQUEST_H */
