/** Tokens of a service account: signed by its key, or got for what it signed. */
#include <stdio.h>
#include <string.h>

#include "auth/key_file.h"
#include "auth/token.h"
#include "auth/token_request.h"
#include "base/error.h"
#include "base/mem.h"

enum {
  CLAIMS_MAX_BYTES = 16 << 10,
  FORM_MAX_BYTES = 64 << 10,
  ANSWER_MAX_BYTES = 256 << 10,
  LIFE_S = 3600 /* the longest that Google takes */
};

static const char GOOGLE_SUFFIX[] = ".googleapis.com";

typedef struct account {
  frl_mem mem;
  const frl_clock *clock;
  frl_key_file file;
  char *claim;              /* "aud":"...", or "scope":"...", or both */
  frl_token_client *client; /* NULL: what is signed is the token */
} account;

static void destroy(void *ctx) {
  account *a = ctx;
  const frl_mem mem = a->mem;
  frl_token_client_destroy(a->client);
  frl_key_file_deinit(&a->file, &mem);
  frl_free(&mem, a->claim);
  frl_free(&mem, a);
}

static void interrupt(void *ctx) {
  frl_token_client_interrupt(((account *)ctx)->client);
}

/* {"alg":"RS256","kid":...,"typ":"JWT"}; the texts hold nothing to escape. */
static frl_status make_texts(
    const account *a, int64_t now_s, frl_buf *header, frl_buf *claims) {
  FRL_TRY(frl_buf_printf(
      header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", a->file.key_id));
  FRL_TRY(frl_buf_printf(claims, "{\"iss\":\"%s\"", a->file.email));
  if (!a->client) FRL_TRY(frl_buf_printf(claims, ",\"sub\":\"%s\"", a->file.email));
  return frl_buf_printf(claims, ",%s,\"iat\":%lld,\"exp\":%lld}", a->claim,
      (long long)now_s, (long long)now_s + LIFE_S);
}

static frl_status sign(const account *a, int64_t now_s, frl_buf *out, frl_error *err) {
  frl_buf header;
  frl_buf claims;
  frl_buf_init(&header, &a->mem, CLAIMS_MAX_BYTES);
  frl_buf_init(&claims, &a->mem, CLAIMS_MAX_BYTES);
  frl_status st = make_texts(a, now_s, &header, &claims);
  if (st == FRL_OK) {
    st = frl_jwt_sign(out, a->file.key, (const char *)header.data, header.len,
        (const char *)claims.data, claims.len, err);
  } else {
    (void)frl_fail(err, st, "credentials: no memory for a token");
  }
  frl_buf_deinit(&header);
  frl_buf_deinit(&claims);
  return st;
}

static frl_status make_signed(
    void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err) {
  *expires_s = now_s + LIFE_S;
  return sign(ctx, now_s, out, err);
}

/* Base64url and dots, so that nothing in the assertion needs escaping. */
static frl_status make_form(
    const account *a, int64_t now_s, frl_buf *form, frl_error *err) {
  const frl_status st = frl_buf_append_text(form,
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
  if (st != FRL_OK) return frl_fail(err, st, "no memory for a request");
  return sign(a, now_s, form, err);
}

static frl_status exchange(
    void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err) {
  account *a = ctx;
  frl_buf form;
  frl_buf body;
  frl_buf_init(&form, &a->mem, FORM_MAX_BYTES);
  frl_buf_init(&body, &a->mem, ANSWER_MAX_BYTES);
  frl_token_answer answer;
  frl_status st = make_form(a, now_s, &form, err);
  if (st == FRL_OK) st = frl_token_client_post(a->client, &form, &body, &answer, err);
  if (st == FRL_OK) {
    const int64_t then_s = frl_clock_wall_us(a->clock) / 1000000;
    st = frl_token_answer_read(&answer, then_s, out, expires_s, err);
  }
  frl_buf_deinit(&body);
  frl_buf_deinit(&form);
  if (st != FRL_OK) {
    frl_error_prefix(err,
        "credentials: token server %s, key %.40s of %s: ", a->file.token_uri,
        a->file.key_id, a->file.email);
  }
  return st;
}

/* ---- what is asked for ---- */

static bool is_default_universe(const account *a) {
  return strcmp(a->file.universe, GOOGLE_SUFFIX + 1) == 0;
}

static bool has_suffix(const char *text, size_t n, const char *suffix) {
  const size_t len = strlen(suffix);
  return n >= len && memcmp(text + n - len, suffix, len) == 0;
}

/* A key of another universe means nothing to Google's own servers. */
static frl_status check_universe(
    const account *a, const frl_service_account *o, frl_error *err) {
  const char *colon = strrchr(o->target, ':');
  const size_t n = colon ? (size_t)(colon - o->target) : strlen(o->target);
  if (is_default_universe(a) || !has_suffix(o->target, n, GOOGLE_SUFFIX)) {
    return FRL_OK;
  }
  return frl_fail(err, FRL_E_AUTH,
      "credentials: %s is a key of the universe %s, but %s belongs to %s: set the "
      "endpoint to %s.%s:443",
      o->key_file, a->file.universe, o->target, GOOGLE_SUFFIX + 1, o->service,
      a->file.universe);
}

static frl_status check_scopes(const char *scopes, frl_error *err) {
  for (const char *p = scopes; *p; p++) {
    if (*p >= ' ' && *p <= '~' && *p != '"' && *p != '\\') continue;
    return frl_fail(err, FRL_E_INVALID,
        "credentials: the scopes have a character that no scope has; they are "
        "separated by spaces");
  }
  return FRL_OK;
}

static frl_status set_claim(
    account *a, const frl_service_account *o, const char *scopes, frl_error *err) {
  frl_buf b;
  frl_buf_init(&b, &a->mem, CLAIMS_MAX_BYTES);
  frl_status st;
  if (a->client) {
    st = frl_buf_printf(
        &b, "\"scope\":\"%s\",\"aud\":\"%s\"", scopes, a->file.token_uri);
  } else if (scopes) {
    st = frl_buf_printf(&b, "\"scope\":\"%s\"", scopes);
  } else {
    st = frl_buf_printf(&b, "\"aud\":\"https://%s.%s/\"", o->service, a->file.universe);
  }
  if (st == FRL_OK) st = frl_buf_append_u8(&b, 0);
  size_t n;
  if (st == FRL_OK) a->claim = (char *)frl_buf_take(&b, &n);
  frl_buf_deinit(&b);
  return st == FRL_OK ? st : frl_fail(err, st, "credentials: the scopes are too long");
}

static frl_status set_client(account *a, const frl_service_account *o, frl_error *err) {
  if (!a->file.token_uri) {
    return frl_fail(err, FRL_E_AUTH,
        "credentials: %s has no text in the field \"token_uri\", which scopes need",
        o->key_file);
  }
  const frl_token_client_options options = {
      .url = a->file.token_uri, .ca_file = o->ca_file, .timeout_ms = o->timeout_ms};
  const frl_status st = frl_token_client_create(&a->client, &options, &a->mem, err);
  if (st == FRL_OK) return FRL_OK;
  frl_error_prefix(err, "credentials: %s, field \"token_uri\": ", o->key_file);
  return st == FRL_E_INVALID ? FRL_E_AUTH : st;
}

static frl_status set_up(account *a, const frl_service_account *o, frl_error *err) {
  const char *scopes = o->scopes && *o->scopes ? o->scopes : NULL;
  if (scopes) FRL_TRY(check_scopes(scopes, err));
  FRL_TRY(frl_key_file_read(&a->file, o->key_file, &a->mem, err));
  FRL_TRY(check_universe(a, o, err));
  if (scopes && is_default_universe(a)) FRL_TRY(set_client(a, o, err));
  return set_claim(a, o, scopes, err);
}

frl_status frl_token_service_account(frl_token_source **out,
    const frl_service_account *options, const frl_clock *clock, const frl_mem *mem,
    frl_error *err) {
  *out = NULL;
  account *a = frl_calloc(mem, 1, sizeof *a);
  if (!a) return frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
  a->mem = mem ? *mem : frl_mem_default;
  a->clock = clock;
  const frl_status st = set_up(a, options, err);
  if (st != FRL_OK) {
    destroy(a);
    return st;
  }
  const frl_token_maker maker = {
      .make = a->client ? exchange : make_signed,
      .interrupt = a->client ? interrupt : NULL,
      .destroy = destroy,
      .ctx = a,
      .is_local = !a->client,
  };
  return frl_token_source_create(out, &maker, clock, mem, err);
}
