/** A token that the user gave. */
#include <string.h>

#include "auth/token.h"
#include "base/error.h"
#include "base/mem.h"

typedef struct static_token {
  frl_mem mem;
  size_t len;
  char text[];
} static_token;

static frl_status make(
    void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err) {
  (void)now_s;
  const static_token *t = ctx;
  *expires_s = INT64_MAX;
  const frl_status st = frl_buf_append(out, t->text, t->len);
  return st == FRL_OK ? st : frl_fail(err, st, "credentials: no memory for a token");
}

static void destroy(void *ctx) {
  static_token *t = ctx;
  const frl_mem mem = t->mem;
  frl_free(&mem, t);
}

bool frl_token_is_text(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (text[i] <= ' ' || text[i] >= 0x7f) return false;
  }
  return n > 0;
}

frl_status frl_token_static(
    frl_token_source **out, const char *token, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  const size_t n = strlen(token);
  if (!frl_token_is_text(token, n)) {
    return frl_fail(err, FRL_E_AUTH,
        "credentials: the access token is empty or has a space or control character");
  }
  static_token *t = frl_malloc(mem, sizeof *t + n);
  if (!t) return frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
  t->mem = mem ? *mem : frl_mem_default;
  t->len = n;
  memcpy(t->text, token, n);
  const frl_token_maker maker = {
      .make = make, .destroy = destroy, .ctx = t, .is_local = true};
  return frl_token_source_create(out, &maker, NULL, mem, err);
}
