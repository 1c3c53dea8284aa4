/*
 * A token server may answer anything: a token that can stand in a header, with an end
 * that lies ahead, or an error with a message.
 *
 * Input: bytes 0 and 1 are the HTTP status, byte 2 what the server's clock says; then
 * the body.
 */
#include <stdlib.h>

#include "auth/token.h"
#include "auth/token_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { HEAD = 3, NOW_S = 1700000000, HOUR_S = 3600 };
  if (size < HEAD) return 0;
  const frl_token_answer answer = {
      .http_status = data[0] << 8 | data[1],
      .body = data + HEAD,
      .body_len = size - HEAD,
      .date_s = data[2] ? NOW_S + (data[2] - 128) * HOUR_S : 0,
      .retry_after_s = data[2],
  };
  frl_buf token;
  frl_buf_init(&token, NULL, 4096);
  int64_t expires_s = 0;
  frl_error err = {0};
  const frl_status st = frl_token_answer_read(&answer, NOW_S, &token, &expires_s, &err);
  if (st == FRL_OK) {
    if (expires_s <= NOW_S) abort();
    if (!frl_token_is_text((const char *)token.data, token.len)) abort();
  } else if (!err.message[0] || token.len) {
    abort();
  }
  frl_buf_deinit(&token);
  return 0;
}
