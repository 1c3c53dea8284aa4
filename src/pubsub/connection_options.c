#include "pubsub/connection_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

enum {
  DEFAULT_TIMEOUT_MS = 60 * 1000,
  DEFAULT_STREAM_WINDOW = 4 << 20,
  KEEPALIVE_MS = 60 * 1000
};

static const char SERVICE[] = "pubsub.googleapis.com:443";
static const char EMULATOR_VARIABLE[] = "PUBSUB_EMULATOR_HOST";
static const char KEY_VARIABLE[] = "GOOGLE_APPLICATION_CREDENTIALS";

static const char *not_empty(const char *text) { return text && *text ? text : NULL; }

/* Where to go, and whether in clear text. */
typedef struct destination {
  const char *target;
  const char *origin;
  bool emulator;
} destination;

static frl_status find_destination(
    destination *d, const frl_pubsub_options *o, frl_error *err) {
  const char *emulator = not_empty(o->emulator_host);
  const char *endpoint = not_empty(o->endpoint);
  if (emulator && endpoint) {
    return frl_fail(err, FRL_E_INVALID,
        "pubsub: an emulator host (%s) and an endpoint (%s) are both given: leave one "
        "out",
        emulator, endpoint);
  }
  if (emulator) {
    *d = (destination){emulator, "the emulator host option", true};
  } else if (endpoint) {
    *d = (destination){endpoint, "the endpoint option", false};
  } else if (not_empty(getenv(EMULATOR_VARIABLE))) {
    *d = (destination){
        getenv(EMULATOR_VARIABLE), "the environment's PUBSUB_EMULATOR_HOST", true};
  }
  return FRL_OK;
}

/* host:port without scheme; the port is the service's where none is given. */
static frl_status set_target(
    frl_pubsub *p, const destination *d, bool clear_text, frl_error *err) {
  const char *text = d->target;
  static const char *const schemes[] = {"https://", "http://", "dns:///"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    const size_t n = strlen(schemes[i]);
    if (strncmp(text, schemes[i], n) == 0) text += n;
  }
  frl_buf b;
  frl_buf_init(&b, &p->mem, 4096);
  size_t n = strlen(text);
  if (n && text[n - 1] == '/') n--;
  const char *colon = strrchr(text, ':');
  const char *bracket = strrchr(text, ']');
  const bool has_port = colon && (!bracket || colon > bracket);
  frl_status st = frl_buf_append(&b, text, n);
  if (st == FRL_OK && !has_port) {
    if (clear_text) {
      st = frl_fail(err, FRL_E_INVALID, "pubsub: %s says \"%s\": a port is missing",
          d->origin, d->target);
    } else {
      st = frl_buf_append_text(&b, ":443");
    }
  }
  if (st == FRL_OK) st = frl_buf_append_u8(&b, 0);
  size_t len;
  if (st == FRL_OK) p->target = (char *)frl_buf_take(&b, &len);
  frl_buf_deinit(&b);
  p->target_origin = d->origin;
  if (st != FRL_OK && st != FRL_E_INVALID) {
    return frl_fail(err, st, "pubsub: no memory for the target");
  }
  return st;
}

static frl_status set_tokens(
    frl_pubsub *p, const frl_pubsub_options *o, frl_error *err) {
  if (not_empty(o->access_token)) {
    return frl_token_static(&p->tokens, o->access_token, &p->mem, err);
  }
  const char *file = not_empty(o->credentials_file);
  if (!file) file = not_empty(getenv(KEY_VARIABLE));
  if (!file) {
    return frl_fail(err, FRL_E_AUTH,
        "pubsub: no credentials for %s: give a service-account key file, or set %s to "
        "its path; for an emulator give its host:port or set %s",
        p->target, KEY_VARIABLE, EMULATOR_VARIABLE);
  }
  const frl_service_account account = {
      .key_file = file,
      .service = "pubsub",
      .target = p->target,
      .scopes = o->scopes,
      .ca_file = p->ca_file,
  };
  return frl_token_service_account(&p->tokens, &account, NULL, &p->mem, err);
}

static frl_status copy_text(
    frl_pubsub *p, char **out, const char *text, frl_error *err) {
  if (!not_empty(text)) return FRL_OK;
  *out = frl_strdup(&p->mem, text);
  return *out ? FRL_OK : frl_fail(err, FRL_E_NOMEM, "pubsub: out of memory");
}

frl_status frl__pubsub_configure(
    frl_pubsub *p, const frl_pubsub_options *o, frl_error *err) {
  destination d = {SERVICE, "the default", false};
  FRL_TRY(find_destination(&d, o, err));
  const bool clear_text = d.emulator || o->clear_text;
  FRL_TRY(set_target(p, &d, clear_text, err));
  FRL_TRY(copy_text(p, &p->project, o->project_id, err));
  FRL_TRY(copy_text(p, &p->ca_file, o->ca_file, err));
  if (!clear_text) FRL_TRY(set_tokens(p, o, err));
  p->timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
  p->connections = o->connections ? o->connections : 1;
  p->channel_options = (frl_channel_options){
      .struct_size = sizeof p->channel_options,
      .target = p->target,
      .tls = !clear_text,
      .ca_file = p->ca_file,
      .connections = p->connections,
      .stream_window_bytes =
          o->stream_window_bytes ? o->stream_window_bytes : DEFAULT_STREAM_WINDOW,
      .keepalive_ms = KEEPALIVE_MS,
  };
  return FRL_OK;
}
