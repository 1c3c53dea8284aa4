/**
 * What a token server's answer says (RFC 6749, sections 5.1 and 5.2).
 *
 * Threads: pure functions.
 */
#ifndef FRL_AUTH_TOKEN_ANSWER_H
#define FRL_AUTH_TOKEN_ANSWER_H

#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct frl_token_answer {
  int32_t http_status;
  const uint8_t *body; /* borrowed; any bytes */
  size_t body_len;
  int64_t date_s;         /* the server's clock; 0: it did not say */
  uint32_t retry_after_s; /* 0: it did not say */
} frl_token_answer;

/**
 * Appends the access token to out and says when it ends.
 *
 * @param now_s  this machine's wall clock, when the answer came.
 * @return FRL_OK; FRL_E_UNAVAILABLE, retriable, where the server asks to come again;
 *         FRL_E_MALFORMED where it is no token server's answer; FRL_E_AUTH for a
 *         refusal, with what to do about it; FRL_E_NOMEM, FRL_E_LIMIT.
 */
FRL_NODISCARD frl_status frl_token_answer_read(const frl_token_answer *answer,
    int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err);

#endif /* FRL_AUTH_TOKEN_ANSWER_H */
