#include "auth/token_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yyjson.h>

#include "auth/token.h"
#include "base/error.h"

enum {
  HTTP_OK = 200,
  DEFAULT_LIFE_S = 600, /* where the server does not say */
  MAX_LIFE_S = 24 * 3600,
  SKEW_S = 60, /* clocks that differ by less are not the reason */
  QUOTE_MAX = 140,
  RETRY_AFTER_MAX_S = 3600
};

/* A server's text within a message of ours: short, printable. */
static const char *quote(char out[QUOTE_MAX + 1], const char *text, size_t n) {
  if (n > QUOTE_MAX) n = QUOTE_MAX;
  for (size_t i = 0; i < n; i++) {
    out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
  }
  out[n] = '\0';
  return out;
}

/* "" where it is no text: an object has a length too. */
static const char *quote_field(
    char out[QUOTE_MAX + 1], yyjson_val *root, const char *field) {
  yyjson_val *v = yyjson_obj_get(root, field);
  if (!yyjson_is_str(v)) return quote(out, "", 0);
  return quote(out, yyjson_get_str(v), yyjson_get_len(v));
}

static frl_status fail_http(frl_error *err, frl_status st, int32_t http_status) {
  if (err) {
    err->origin = FRL_ORIGIN_HTTP;
    err->origin_code = http_status;
  }
  return st;
}

/* ---- success ---- */

/* A number of seconds, which some servers write as a text. */
static int64_t life_of(yyjson_val *v) {
  if (!v) return DEFAULT_LIFE_S;
  double life = 0;
  if (yyjson_is_num(v)) life = yyjson_get_num(v);
  if (yyjson_is_str(v)) life = strtod(yyjson_get_str(v), NULL);
  if (!(life >= 1)) return 0;
  return life > MAX_LIFE_S ? MAX_LIFE_S : (int64_t)life;
}

static frl_status read_token(
    yyjson_val *root, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err) {
  yyjson_val *token = yyjson_obj_get(root, "access_token");
  if (!yyjson_is_str(token) ||
      !frl_token_is_text(yyjson_get_str(token), yyjson_get_len(token))) {
    return frl_fail(err, FRL_E_MALFORMED,
        "its answer has no usable \"access_token\": is token_uri the token server's "
        "address?");
  }
  const char *type = yyjson_get_str(yyjson_obj_get(root, "token_type"));
  if (type && strcasecmp(type, "Bearer") != 0) {
    char text[QUOTE_MAX + 1];
    return frl_fail(err, FRL_E_MALFORMED, "it gave a token of type \"%s\", not Bearer",
        quote(text, type, strlen(type)));
  }
  const int64_t life_s = life_of(yyjson_obj_get(root, "expires_in"));
  if (life_s == 0) {
    return frl_fail(err, FRL_E_MALFORMED,
        "it gave a token whose \"expires_in\" is not a number of seconds above 0");
  }
  *expires_s = now_s + life_s;
  const frl_status st =
      frl_buf_append(out, yyjson_get_str(token), yyjson_get_len(token));
  return st == FRL_OK ? st : frl_fail(err, st, "its access token is too long");
}

/* ---- refusal ---- */

static bool is_transient(int32_t http_status, const char *error, const char *text) {
  if (http_status == 408 || http_status == 429 || http_status >= 500) return true;
  static const char *const words[] = {
      "internal_failure", "server_error", "temporarily_unavailable"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(error, words[i]) == 0 || strcmp(text, words[i]) == 0) return true;
  }
  return false;
}

static const char *advice_for(const char *error) {
  if (strcmp(error, "invalid_grant") == 0) {
    return "the key or its account was deleted or disabled, the file was changed, or "
           "this machine's clock is wrong: check the clock, then make a new key";
  }
  if (strcmp(error, "invalid_scope") == 0) {
    return "correct the scopes that were asked for, or ask for none";
  }
  if (strcmp(error, "unauthorized_client") == 0 ||
      strcmp(error, "invalid_client") == 0) {
    return "the account may not ask for these scopes, or it is disabled";
  }
  return "check token_uri and the account in the key file";
}

static frl_status fail_skewed(
    const frl_token_answer *a, int64_t now_s, const char *text, frl_error *err) {
  const int64_t ahead_s = now_s - a->date_s;
  return frl_fail(err, FRL_E_AUTH,
      "it refuses the key (invalid_grant: %s): this machine's clock is %lld seconds %s "
      "the server's; set the clock",
      text, (long long)llabs(ahead_s), ahead_s > 0 ? "ahead of" : "behind");
}

static frl_status fail_refused(
    const frl_token_answer *a, yyjson_val *root, int64_t now_s, frl_error *err) {
  char error[QUOTE_MAX + 1];
  char text[QUOTE_MAX + 1];
  (void)quote_field(error, root, "error");
  (void)quote_field(text, root, "error_description");
  if (is_transient(a->http_status, error, text)) {
    const frl_status st = frl_fail(err, FRL_E_UNAVAILABLE,
        "it answers HTTP %d%s%s: it is overloaded or failing", (int)a->http_status,
        error[0] ? " " : "", error);
    if (err && a->retry_after_s) {
      err->retry_after_ms =
          1000 *
          (a->retry_after_s < RETRY_AFTER_MAX_S ? a->retry_after_s : RETRY_AFTER_MAX_S);
    }
    return st;
  }
  if (a->http_status >= 300 && a->http_status < 400) {
    return frl_fail(err, FRL_E_AUTH,
        "it redirects (HTTP %d), which a key is not sent along: correct token_uri",
        (int)a->http_status);
  }
  if (!error[0]) {
    return frl_fail(err, FRL_E_MALFORMED,
        "it answers HTTP %d without an OAuth error: is token_uri the token server's "
        "address, or is a proxy in between?",
        (int)a->http_status);
  }
  const bool skewed = a->date_s && llabs((long long)(now_s - a->date_s)) > SKEW_S;
  if (skewed && strcmp(error, "invalid_grant") == 0) {
    return fail_skewed(a, now_s, text, err);
  }
  return frl_fail(err, FRL_E_AUTH, "it refuses the key (%s%s%s): %s", error,
      text[0] ? ": " : "", text, advice_for(error));
}

frl_status frl_token_answer_read(const frl_token_answer *answer, int64_t now_s,
    frl_buf *out, int64_t *expires_s, frl_error *err) {
  yyjson_doc *doc = NULL;
  if (answer->body_len) {
    /* without the flag for parsing in place the bytes are only read */
    doc = yyjson_read_opts(
        (char *)(uintptr_t)answer->body, answer->body_len, 0, NULL, NULL);
  }
  yyjson_val *root = yyjson_doc_get_root(doc);
  const frl_status st = answer->http_status == HTTP_OK
                            ? read_token(root, now_s, out, expires_s, err)
                            : fail_refused(answer, root, now_s, err);
  yyjson_doc_free(doc);
  return st == FRL_OK ? st : fail_http(err, st, answer->http_status);
}
