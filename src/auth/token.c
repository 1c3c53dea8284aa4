#include "auth/token.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/sync.h"

enum {
  TOKEN_MAX_BYTES = 64 << 10,
  EARLY_S = 300 /* renewed so long before its end, so that no call carries a dead one */
};

struct frl_token_source {
  frl_mem mem;
  frl_token_maker maker;
  const frl_clock *clock;
  frl_mutex lock;
  frl_cond renewed;
  frl_buf token;
  int64_t expires_s; /* 0: no token yet */
  bool renewing;
};

frl_status frl_token_source_create(frl_token_source **out, const frl_token_maker *maker,
    const frl_clock *clock, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_token_source *s = frl_calloc(mem, 1, sizeof *s);
  if (!s) {
    maker->destroy(maker->ctx);
    return frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
  }
  s->mem = mem ? *mem : frl_mem_default;
  s->maker = *maker;
  s->clock = clock;
  frl_mutex_init(&s->lock);
  frl_cond_init(&s->renewed);
  frl_buf_init(&s->token, &s->mem, TOKEN_MAX_BYTES);
  *out = s;
  return FRL_OK;
}

void frl_token_source_destroy(frl_token_source *source) {
  if (!source) return;
  source->maker.destroy(source->maker.ctx);
  frl_buf_deinit(&source->token);
  frl_cond_deinit(&source->renewed);
  frl_mutex_deinit(&source->lock);
  const frl_mem mem = source->mem;
  frl_free(&mem, source);
}

bool frl_token_source_is_local(const frl_token_source *source) {
  return source->maker.is_local;
}

static bool is_fresh(const frl_token_source *s, int64_t now_s) {
  return s->expires_s == INT64_MAX || now_s < s->expires_s - EARLY_S;
}

/* Makes a token without the lock; the caller is the only one that renews. */
static frl_status renew(frl_token_source *s, int64_t now_s, frl_error *err)
    FRL_REQUIRES(s->lock) {
  s->renewing = true;
  frl_mutex_unlock(&s->lock);
  frl_buf fresh;
  frl_buf_init(&fresh, &s->mem, TOKEN_MAX_BYTES);
  int64_t expires_s = 0;
  const frl_status st = s->maker.make(s->maker.ctx, now_s, &fresh, &expires_s, err);
  frl_mutex_lock(&s->lock);
  s->renewing = false;
  if (st == FRL_OK) {
    frl_buf_deinit(&s->token);
    s->token = fresh;
    s->expires_s = expires_s;
  } else {
    frl_buf_deinit(&fresh);
  }
  frl_cond_broadcast(&s->renewed);
  return st;
}

/* FRL_OK: the token in s is one that the server takes. */
static frl_status ensure(frl_token_source *s, frl_error *err) FRL_REQUIRES(s->lock) {
  for (;;) {
    const int64_t now_s = frl_clock_wall_us(s->clock) / 1000000;
    if (is_fresh(s, now_s)) return FRL_OK;
    const bool usable = s->expires_s > now_s;
    if (!s->renewing) {
      const frl_status st = renew(s, now_s, err);
      /* what is left of the old one is better than nothing */
      return usable ? FRL_OK : st;
    }
    if (usable) return FRL_OK;
    frl_cond_wait(&s->renewed, &s->lock);
  }
}

frl_status frl_token_header(frl_token_source *source, frl_buf *out, frl_error *err) {
  frl_mutex_lock(&source->lock);
  frl_status st = ensure(source, err);
  if (st == FRL_OK) {
    st = frl_buf_append_text(out, "Bearer ");
    if (st == FRL_OK) st = frl_buf_append(out, source->token.data, source->token.len);
    if (st != FRL_OK) (void)frl_fail(err, st, "credentials: no memory for a token");
  }
  frl_mutex_unlock(&source->lock);
  return st;
}

/* ---- a static token ---- */

typedef struct static_token {
  frl_mem mem;
  size_t len;
  char text[];
} static_token;

static frl_status make_static(
    void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err) {
  (void)now_s;
  const static_token *t = ctx;
  *expires_s = INT64_MAX;
  const frl_status st = frl_buf_append(out, t->text, t->len);
  return st == FRL_OK ? st : frl_fail(err, st, "credentials: no memory for a token");
}

static void destroy_static(void *ctx) {
  static_token *t = ctx;
  const frl_mem mem = t->mem;
  frl_free(&mem, t);
}

static bool is_header_text(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (text[i] <= ' ' || text[i] >= 0x7f) return false;
  }
  return n > 0;
}

frl_status frl_token_static(
    frl_token_source **out, const char *token, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  const size_t n = strlen(token);
  if (!is_header_text(token, n)) {
    return frl_fail(err, FRL_E_AUTH,
        "credentials: the access token is empty or has a space or control character");
  }
  static_token *t = frl_malloc(mem, sizeof *t + n);
  if (!t) return frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
  t->mem = mem ? *mem : frl_mem_default;
  t->len = n;
  memcpy(t->text, token, n);
  const frl_token_maker maker = {make_static, destroy_static, t, true};
  return frl_token_source_create(out, &maker, NULL, mem, err);
}
