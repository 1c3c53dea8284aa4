#include "auth/token.h"

#include <string.h>

#include "base/backoff.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sync.h"

enum {
  TOKEN_MAX_BYTES = 64 << 10,
  EARLY_S =
      300, /* renewed so long before its end, so that no call carries a dead one */
  EARLY_SHARE = 4, /* but not before three quarters of a short life are over */
  RETRY_BASE_MS = 1000,
  RETRY_MAX_MS = 60 * 1000,
  LOOK_MS = 60 * 1000 /* a wall clock that was set is noticed after this */
};

struct frl_token_source {
  frl_mem mem;
  frl_token_maker maker;
  const frl_clock *clock;
  frl_mutex lock;
  frl_cond renewed; /* a renewal ended, well or not */
  frl_cond wanted;  /* for the thread: somebody asks, or it shall end */
  frl_buf token;
  int64_t expires_s; /* 0: no token yet */
  int64_t renew_s;
  bool renewing;
  /* of a source that is not local */
  frl_thread thread;
  bool stopping;
  frl_backoff backoff;
  int64_t retry_ms;  /* monotonic; no attempt before it */
  frl_status failed; /* of the last attempt that ended; FRL_OK: none, or it went well */
  frl_error failure;
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
  frl_cond_init(&s->wanted);
  frl_buf_init(&s->token, &s->mem, TOKEN_MAX_BYTES);
  frl_backoff_init(&s->backoff, RETRY_BASE_MS, RETRY_MAX_MS, NULL);
  *out = s;
  return FRL_OK;
}

void frl_token_source_destroy(frl_token_source *source) {
  if (!source) return;
  frl_mutex_lock(&source->lock);
  source->stopping = true;
  frl_cond_signal(&source->wanted);
  if (source->maker.interrupt) source->maker.interrupt(source->maker.ctx);
  frl_mutex_unlock(&source->lock);
  frl_thread_join(&source->thread);
  source->maker.destroy(source->maker.ctx);
  frl_buf_deinit(&source->token);
  frl_cond_deinit(&source->wanted);
  frl_cond_deinit(&source->renewed);
  frl_mutex_deinit(&source->lock);
  const frl_mem mem = source->mem;
  frl_free(&mem, source);
}

bool frl_token_source_is_local(const frl_token_source *source) {
  return source->maker.is_local;
}

static int64_t now_s_of(const frl_token_source *s) {
  return frl_clock_wall_us(s->clock) / 1000000;
}

static bool is_fresh(const frl_token_source *s, int64_t now_s) {
  return s->expires_s == INT64_MAX || now_s < s->renew_s;
}

static bool is_usable(const frl_token_source *s, int64_t now_s) {
  return s->expires_s > now_s;
}

static void keep(frl_token_source *s, frl_buf *fresh, int64_t now_s, int64_t expires_s)
    FRL_REQUIRES(s->lock) {
  frl_buf_deinit(&s->token);
  s->token = *fresh;
  s->expires_s = expires_s;
  const int64_t share = (expires_s - now_s) / EARLY_SHARE;
  s->renew_s = expires_s - (share < EARLY_S ? share : EARLY_S);
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
    keep(s, &fresh, now_s, expires_s);
  } else {
    frl_buf_deinit(&fresh);
  }
  frl_cond_broadcast(&s->renewed);
  return st;
}

/* ---- local: renewed by whoever asks ---- */

/* FRL_OK: the token in s is one that the server takes. */
static frl_status ensure(frl_token_source *s, frl_error *err) FRL_REQUIRES(s->lock) {
  for (;;) {
    const int64_t now_s = now_s_of(s);
    if (is_fresh(s, now_s)) return FRL_OK;
    const bool usable = is_usable(s, now_s);
    if (!s->renewing) {
      const frl_status st = renew(s, now_s, err);
      /* what is left of the old one is better than nothing */
      return usable ? FRL_OK : st;
    }
    if (usable) return FRL_OK;
    frl_cond_wait(&s->renewed, &s->lock);
  }
}

/* ---- not local: renewed by a thread ---- */

static void note_failure(frl_token_source *s, frl_status st, const frl_error *why)
    FRL_REQUIRES(s->lock) {
  s->failed = st;
  s->failure = *why;
  uint32_t wait_ms = frl_backoff_next_ms(&s->backoff);
  if (wait_ms < why->retry_after_ms) wait_ms = why->retry_after_ms;
  if (wait_ms > RETRY_MAX_MS) wait_ms = RETRY_MAX_MS;
  s->retry_ms = frl_clock_now_ms(NULL) + wait_ms;
  if (!s->stopping) frl_log(FRL_LOG_WARN, "auth", "%s", why->message);
}

/* Milliseconds until there is something to do. */
static int64_t idle_ms(const frl_token_source *s) FRL_REQUIRES(s->lock) {
  const int64_t now_s = now_s_of(s);
  if (!is_fresh(s, now_s)) {
    const int64_t left = s->retry_ms - frl_clock_now_ms(NULL);
    return left > 0 ? left : 0;
  }
  const int64_t left_s = s->expires_s == INT64_MAX ? LOOK_MS : s->renew_s - now_s;
  return left_s < LOOK_MS / 1000 ? left_s * 1000 : LOOK_MS;
}

static void run(void *ctx) {
  frl_token_source *s = ctx;
  frl_mutex_lock(&s->lock);
  while (!s->stopping) {
    const int64_t wait_ms = idle_ms(s);
    if (wait_ms > 0) {
      (void)frl_cond_wait_ms(&s->wanted, &s->lock, wait_ms);
      continue;
    }
    frl_error why = {0};
    const frl_status st = renew(s, now_s_of(s), &why);
    if (st == FRL_OK) {
      s->failed = FRL_OK;
      frl_backoff_reset(&s->backoff);
    } else {
      note_failure(s, st, &why);
    }
  }
  frl_mutex_unlock(&s->lock);
}

/* Sees to it that the thread runs and knows that somebody asks. */
static frl_status ask(frl_token_source *s, frl_error *err) FRL_REQUIRES(s->lock) {
  if (!s->thread.started) {
    return frl_thread_start(&s->thread, "ferrule-token", run, s, err);
  }
  if (!is_fresh(s, now_s_of(s))) frl_cond_signal(&s->wanted);
  return FRL_OK;
}

static frl_status fail_as_before(const frl_token_source *s, frl_error *err)
    FRL_REQUIRES(s->lock) {
  if (err) *err = s->failure;
  return s->failed;
}

/* FRL_OK: the token in s is the best that can be had without waiting. */
static frl_status look(frl_token_source *s, frl_error *err) FRL_REQUIRES(s->lock) {
  FRL_TRY(ask(s, err));
  if (is_usable(s, now_s_of(s))) return FRL_OK;
  if (s->failed == FRL_OK) {
    return frl_fail(
        err, FRL_E_UNAVAILABLE, "credentials: the access token is being renewed");
  }
  /* no renewal helps: the server's refusal of the old one ends what waits for it */
  if (!s->failure.retriable && s->token.len) return FRL_OK;
  return fail_as_before(s, err);
}

frl_status frl_token_wait(
    frl_token_source *source, int64_t timeout_ms, frl_error *err) {
  if (source->maker.is_local) return FRL_OK;
  const int64_t end_ms = frl_clock_now_ms(NULL) + timeout_ms;
  frl_mutex_lock(&source->lock);
  frl_status st = ask(source, err);
  while (st == FRL_OK && !is_usable(source, now_s_of(source))) {
    const int64_t left_ms = end_ms - frl_clock_now_ms(NULL);
    const bool failed = source->failed != FRL_OK;
    if (failed && (!source->failure.retriable || left_ms <= 0)) {
      st = fail_as_before(source, err);
    } else if (left_ms <= 0) {
      st = frl_fail(err, FRL_E_TIMEOUT,
          "credentials: the token server has not answered within %lld ms",
          (long long)timeout_ms);
    } else {
      (void)frl_cond_wait_ms(&source->renewed, &source->lock, left_ms);
    }
  }
  frl_mutex_unlock(&source->lock);
  return st;
}

frl_status frl_token_header(frl_token_source *source, frl_buf *out, frl_error *err) {
  frl_mutex_lock(&source->lock);
  frl_status st = source->maker.is_local ? ensure(source, err) : look(source, err);
  if (st == FRL_OK) {
    st = frl_buf_append_text(out, "Bearer ");
    if (st == FRL_OK) st = frl_buf_append(out, source->token.data, source->token.len);
    if (st != FRL_OK) (void)frl_fail(err, st, "credentials: no memory for a token");
  }
  frl_mutex_unlock(&source->lock);
  return st;
}
