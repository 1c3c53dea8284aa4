/**
 * Where bearer tokens come from.
 *
 * A source is asked for the value of the `authorization` header before each call. It
 * keeps the token it has and renews it some minutes before its end, one renewal at a
 * time, while callers go on with what is still valid.
 *
 * Threads: any. A source whose `is_local` is true makes its tokens in the caller's
 * thread, without I/O. One that is not renews in a thread of its own, so that a loop
 * may ask either: frl_token_header never waits for the network, frl_token_wait does.
 */
#ifndef FRL_AUTH_TOKEN_H
#define FRL_AUTH_TOKEN_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

typedef struct frl_token_source frl_token_source;

/** One kind of source. */
typedef struct frl_token_maker {
  /**
   * A new token, appended to out, and the wall clock second at which it ends
   * (INT64_MAX: never). One attempt; what may succeed later sets err->retriable. Called
   * by one thread at a time.
   */
  frl_status (*make)(
      void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err);
  /** Ends a make that waits for the network, from another thread; NULL where local. */
  void (*interrupt)(void *ctx);
  void (*destroy)(void *ctx);
  void *ctx;
  bool is_local;
} frl_token_maker;

/** @param maker  owned by the source, on failure too. */
FRL_NODISCARD frl_status frl_token_source_create(frl_token_source **out,
    const frl_token_maker *maker, const frl_clock *clock, const frl_mem *mem,
    frl_error *err);
/** Ends a renewal under way. NULL works. */
void frl_token_source_destroy(frl_token_source *source);
bool frl_token_source_is_local(const frl_token_source *source);
/**
 * Appends "Bearer ..." to out, without waiting for the network.
 * @return FRL_OK; FRL_E_UNAVAILABLE while the first token is not there yet, or what the
 *         renewal failed with; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_token_header(
    frl_token_source *source, frl_buf *out, frl_error *err);
/**
 * Waits until there is a token that has not ended: from threads that may block.
 * @return FRL_OK; what the renewal failed with, at once where it is final and after
 *         timeout_ms where it may succeed later; FRL_E_TIMEOUT.
 */
FRL_NODISCARD frl_status frl_token_wait(
    frl_token_source *source, int64_t timeout_ms, frl_error *err);

/** A token that the user gave; it never ends as far as we know. */
FRL_NODISCARD frl_status frl_token_static(
    frl_token_source **out, const char *token, const frl_mem *mem, frl_error *err);
/** Printable ASCII without spaces, as a header takes it; not empty. */
bool frl_token_is_text(const char *text, size_t n);

/** Texts are copied. */
typedef struct frl_service_account {
  const char *key_file; /* JSON as the console gives it */
  const char *service;  /* "pubsub" of pubsub.googleapis.com */
  const char *target;   /* host:port that the tokens are for */
  const char *scopes;   /* separated by spaces; NULL or empty: none */
  const char *ca_file;  /* PEM, trusted beside the system's roots; NULL: none */
  uint32_t timeout_ms;  /* 30,000 for one request to the token server */
} frl_service_account;

/**
 * A Google service-account key file.
 *
 * Without scopes the bearer token is a JWT that the key itself signs (RS256, RFC 7519)
 * for the service, which Google's APIs take in place of an access token
 * (google.aip.dev/auth/4111): no token server is asked, and the source is local. Scopes
 * choose the key file's token server, which gives an access token for such a JWT (RFC
 * 7523, google.aip.dev/auth/4112): the source is not local. A key of another universe
 * than googleapis.com has no token server; its self-signed token carries the scopes.
 *
 * @return FRL_OK; FRL_E_NOT_FOUND (no such file), FRL_E_AUTH with a message that names
 *         the wrong or missing field; FRL_E_INVALID (scopes); FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_token_service_account(frl_token_source **out,
    const frl_service_account *options, const frl_clock *clock, const frl_mem *mem,
    frl_error *err);

#endif /* FRL_AUTH_TOKEN_H */
