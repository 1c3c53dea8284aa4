/** Calls with the metadata and the retries that the service wants. */
#include <string.h>
#include <time.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "pubsub/connection.h"

enum {
  NAME_MAX_BYTES = 1024,
  TOKEN_MAX_BYTES = 64 << 10,
  RETRY_BASE_MS = 100,
  RETRY_MAX_MS = 10 * 1000
};

frl_status frl__pubsub_full_name(frl_pubsub *pubsub, const char *collection,
    const char *name, char **out, frl_error *err) {
  *out = NULL;
  if (!name || !*name) {
    return frl_fail(err, FRL_E_INVALID, "pubsub: a name in %s is missing", collection);
  }
  const bool full = strncmp(name, "projects/", 9) == 0;
  if (!full && strchr(name, '/')) {
    return frl_fail(err, FRL_E_INVALID,
        "pubsub: \"%s\" is neither a short name nor projects/PROJECT/%s/NAME", name,
        collection);
  }
  if (!full && !pubsub->project) {
    return frl_fail(err, FRL_E_INVALID,
        "pubsub: \"%s\" needs a project: set the project id or write "
        "projects/PROJECT/%s/%s",
        name, collection, name);
  }
  frl_buf b;
  frl_buf_init(&b, &pubsub->mem, NAME_MAX_BYTES);
  frl_status st =
      full ? frl_buf_append_text(&b, name)
           : frl_buf_printf(&b, "projects/%s/%s/%s", pubsub->project, collection, name);
  if (st == FRL_OK) st = frl_buf_append_u8(&b, 0);
  size_t n;
  if (st == FRL_OK) *out = (char *)frl_buf_take(&b, &n);
  frl_buf_deinit(&b);
  return st == FRL_OK ? FRL_OK : frl_fail(err, st, "pubsub: the name is too long");
}

static bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         strchr("-_.~", c) != NULL;
}

/* x-goog-request-params: param=name, percent-encoded. */
static frl_status append_route(frl_buf *b, const frl_rpc_route *route) {
  FRL_TRY(frl_buf_printf(b, "%s=", route->param));
  for (const char *p = route->name; *p; p++) {
    if (is_unreserved(*p)) {
      FRL_TRY(frl_buf_append_u8(b, (uint8_t)*p));
    } else {
      FRL_TRY(frl_buf_printf(b, "%%%02X", (unsigned)(uint8_t)*p));
    }
  }
  return FRL_OK;
}

frl_status frl__pubsub_metadata(
    frl_pubsub *pubsub, const frl_rpc_route *route, frl_metadata *out, frl_error *err) {
  *out = (frl_metadata){0};
  frl_buf b;
  frl_buf_init(&b, &pubsub->mem, TOKEN_MAX_BYTES);
  frl_status st = append_route(&b, route);
  if (st == FRL_OK) {
    st = frl_metadata_add(out, &pubsub->mem, "x-goog-request-params", b.data, b.len);
  }
  if (st != FRL_OK) (void)frl_fail(err, st, "pubsub: no memory for metadata");
  if (st == FRL_OK && pubsub->tokens) {
    frl_buf_clear(&b);
    st = frl_token_header(pubsub->tokens, &b, err);
    if (st == FRL_OK) {
      st = frl_metadata_add(out, &pubsub->mem, "authorization", b.data, b.len);
    }
  }
  frl_buf_deinit(&b);
  if (st != FRL_OK) frl_metadata_deinit(out, &pubsub->mem);
  return st;
}

frl_status frl__pubsub_authenticate(
    frl_pubsub *pubsub, int64_t timeout_ms, frl_error *err) {
  return pubsub->tokens ? frl_token_wait(pubsub->tokens, timeout_ms, err) : FRL_OK;
}

static void sleep_ms(uint32_t ms) {
  struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0) continue;
}

static frl_status call_once(frl_pubsub *pubsub, const frl_rpc_route *route,
    const frl_buf *request, int64_t timeout_ms, frl_buf *response, frl_error *err) {
  frl_metadata metadata;
  FRL_TRY(frl__pubsub_authenticate(pubsub, timeout_ms, err));
  FRL_TRY(frl__pubsub_metadata(pubsub, route, &metadata, err));
  const frl_call_options options = {.struct_size = sizeof options,
      .path = route->path,
      .metadata = &metadata,
      .timeout_ms = timeout_ms};
  const frl_status st = frl_unary(
      pubsub->channel, &options, request->data, request->len, response, NULL, err);
  frl_metadata_deinit(&metadata, &pubsub->mem);
  return st;
}

static bool may_retry(const frl_error *e, uint32_t codes) {
  return e->origin == FRL_ORIGIN_GRPC && e->origin_code > 0 && e->origin_code < 32 &&
         (codes >> e->origin_code & 1);
}

frl_status frl__pubsub_unary(frl_pubsub *pubsub, const frl_rpc_route *route,
    uint32_t retry_codes, const frl_buf *request, frl_buf *response, frl_error *err) {
  frl_error local;
  frl_error *e = err ? err : &local;
  frl_backoff backoff;
  frl_backoff_init(&backoff, RETRY_BASE_MS, RETRY_MAX_MS, NULL);
  const int64_t start_ms = frl_clock_now_ms(NULL);
  for (;;) {
    const int64_t used_ms = frl_clock_now_ms(NULL) - start_ms;
    const int64_t left_ms = (int64_t)pubsub->timeout_ms - used_ms;
    *e = (frl_error){0};
    frl_buf_clear(response);
    const frl_status st =
        call_once(pubsub, route, request, left_ms > 1 ? left_ms : 1, response, e);
    const bool spoke = e->origin == FRL_ORIGIN_GRPC
                           ? e->origin_code != FRL_GRPC_UNAVAILABLE &&
                                 e->origin_code != FRL_GRPC_DEADLINE_EXCEEDED
                           : st == FRL_OK;
    if (spoke) atomic_store(&pubsub->answered, true);
    if (st == FRL_OK || !may_retry(e, retry_codes)) return st;
    const int64_t patience_ms =
        atomic_load(&pubsub->answered) || pubsub->timeout_ms < FRL_FIRST_CONTACT_MS
            ? (int64_t)pubsub->timeout_ms
            : FRL_FIRST_CONTACT_MS;
    const uint32_t wait_ms = frl_backoff_next_ms(&backoff);
    if (frl_clock_now_ms(NULL) - start_ms + wait_ms >= patience_ms) return st;
    sleep_ms(wait_ms);
  }
}

static void explain_silence(const frl_pubsub *pubsub, frl_error *err) {
  const char *advice =
      strstr(err->message, "TLS: ")
          ? "is the endpoint right, and does caFile (--ca-file) name the "
            "authority that signed its certificate?"
          : "is the emulator running, is the endpoint right?";
  frl_error_prefix(err, "no Pub/Sub server answers at %s (taken from %s); %s ",
      pubsub->target, pubsub->target_origin, advice);
}

void frl__pubsub_explain(const frl_pubsub *pubsub, const char *subscription,
    frl_status status, frl_error *err) {
  /* what a token server said is complete */
  if (!err || err->origin == FRL_ORIGIN_HTTP) return;
  switch (status) {
    case FRL_E_NOT_FOUND:
      frl_error_prefix(err,
          "subscription %s does not exist at %s (taken from %s); correct its name, or "
          "create it, for example by \"ferrule pubsub sub create\". The server says: ",
          subscription, pubsub->target, pubsub->target_origin);
      break;
    case FRL_E_AUTH:
      frl_error_prefix(err,
          "%s refuses the credentials for %s: check the key file (credentialsFile, "
          "--credentials, GOOGLE_APPLICATION_CREDENTIALS), and that its account has "
          "roles/pubsub.subscriber there. The server says: ",
          pubsub->target, subscription);
      break;
    case FRL_E_UNAVAILABLE:
    case FRL_E_TIMEOUT:
      explain_silence(pubsub, err);
      break;
    default:
      break;
  }
}
