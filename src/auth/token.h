/**
 * Where bearer tokens come from.
 *
 * A source is asked for the value of the `authorization` header before each call. It
 * keeps the token it has, renews it some minutes before its end, and lets one caller
 * renew while the others go on with what is still valid.
 *
 * Threads: any. A source whose `is_local` is true never blocks on the network, so that
 * a loop may ask it.
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
   * (INT64_MAX: never). Called by one thread at a time.
   */
  frl_status (*make)(
      void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err);
  void (*destroy)(void *ctx);
  void *ctx;
  bool is_local;
} frl_token_maker;

/** @param maker  owned by the source, on failure too. */
FRL_NODISCARD frl_status frl_token_source_create(frl_token_source **out,
    const frl_token_maker *maker, const frl_clock *clock, const frl_mem *mem,
    frl_error *err);
/** NULL works. */
void frl_token_source_destroy(frl_token_source *source);
bool frl_token_source_is_local(const frl_token_source *source);
/** Appends "Bearer ..." to out. FRL_E_AUTH, or what the renewal failed with. */
FRL_NODISCARD frl_status frl_token_header(
    frl_token_source *source, frl_buf *out, frl_error *err);

/** A token that the user gave; it never ends as far as we know. */
FRL_NODISCARD frl_status frl_token_static(
    frl_token_source **out, const char *token, const frl_mem *mem, frl_error *err);

/**
 * A Google service-account key file (JSON as the console gives it).
 *
 * The bearer token is a JWT that the key itself signs (RS256, RFC 7519) for the
 * audience, which Google's APIs take in place of an access token
 * (google.aip.dev/auth/4111): no token server is asked, so this source is local.
 *
 * @param audience  such as "https://pubsub.googleapis.com/".
 * @return FRL_OK; FRL_E_NOT_FOUND (no such file), FRL_E_AUTH with a message that names
 *         the wrong or missing field; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_token_service_account(frl_token_source **out,
    const char *key_file, const char *audience, const frl_clock *clock,
    const frl_mem *mem, frl_error *err);

#endif /* FRL_AUTH_TOKEN_H */
