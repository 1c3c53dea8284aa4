#include "pubsub/coordinator/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "pubsub/coordinator/coordinator_internal.h"

enum { CHECK_MS = 15000, PERMISSION_DENIED = 7 };

/* ---- streams of this process ---- */

static pthread_mutex_t streams_lock = PTHREAD_MUTEX_INITIALIZER;
static frl_map streams;
static bool streams_ready;

static frl_status take_place(frl_coordinator *c, const char *key) {
  (void)pthread_mutex_lock(&streams_lock);
  if (!streams_ready) frl_map_init(&streams, NULL);
  streams_ready = true;
  frl_status st = FRL_E_EXISTS;
  if (!frl_map_get(&streams, key, strlen(key))) {
    st = frl_map_put(&streams, key, strlen(key), c, NULL);
  }
  (void)pthread_mutex_unlock(&streams_lock);
  return st;
}

void frl__coord_unshare(frl_coordinator *c) {
  if (!c->shared_key) return;
  (void)pthread_mutex_lock(&streams_lock);
  (void)frl_map_remove(&streams, c->shared_key, strlen(c->shared_key));
  if (streams.len == 0) {
    frl_map_deinit(&streams);
    streams_ready = false;
  }
  (void)pthread_mutex_unlock(&streams_lock);
  frl_free(NULL, c->shared_key);
  c->shared_key = NULL;
}

static const char *server_of(const frl_coord_config *config) {
  if (config->emulator_host) return config->emulator_host;
  if (config->endpoint) return config->endpoint;
  const char *host = getenv("PUBSUB_EMULATOR_HOST");
  return host && *host ? host : "pubsub.googleapis.com:443";
}

static frl_status refuse_sharing(frl_coordinator *c, frl_error *err) {
  if (c->config->allow_shared) return FRL_OK;
  frl_buf key;
  frl_buf_init(&key, NULL, 4096);
  const char *text = NULL;
  frl_status st =
      frl_buf_printf(&key, "%s|%s", server_of(c->config), c->subscription.name);
  if (st == FRL_OK) st = frl_buf_text(&key, &text);
  if (st == FRL_OK) st = take_place(c, text);
  if (st == FRL_OK) c->shared_key = frl_strdup(NULL, text);
  frl_buf_deinit(&key);
  if (st == FRL_E_EXISTS) {
    return frl_fail(err, FRL_E_STATE,
        "another stream of this application reads %s already; two streams share its "
        "messages, unlike Kafka's: give each one its own subscription, or set "
        "allowSharedSubscription",
        c->subscription.name);
  }
  if (st == FRL_OK && c->shared_key) return FRL_OK;
  return frl_fail(err, st == FRL_OK ? FRL_E_NOMEM : st, "coordinator: out of memory");
}

/* ---- the subscription ---- */

/** What the service answered says already where, and what to do. */
static frl_status name_the_place(
    const frl_coord_config *config, frl_status st, frl_error *err) {
  const bool named = st == FRL_E_NOT_FOUND || st == FRL_E_AUTH ||
                     st == FRL_E_UNAVAILABLE || st == FRL_E_TIMEOUT;
  if (err->origin == FRL_ORIGIN_GRPC && named) return st;
  frl_error_prefix(
      err, "subscription %s at %s: ", config->subscription_id, server_of(config));
  return st;
}

/** Who may consume need not be allowed to look: then opening it is the test. */
static frl_status try_to_open(frl_coordinator *c, frl_pubsub *pubsub, frl_error *err) {
  frl_log(FRL_LOG_INFO, "coordinator",
      "no permission pubsub.subscriptions.get: ordering and dead letters unknown");
  const frl_subscriber_options options = {
      .struct_size = sizeof options,
      .subscription = c->config->subscription_id,
      .columns = FRL_PUBSUB_PUBLISH_TIME,
      .streams = 1,
      .reservoir_bytes = 1 << 20,
  };
  frl_subscriber *subscriber;
  FRL_TRY(frl_subscriber_open(&subscriber, pubsub, &options, err));
  frl_subscriber_close(subscriber, CHECK_MS);
  const size_t n = strlen(c->config->subscription_id);
  const size_t max = sizeof c->subscription.name - 1;
  memcpy(c->subscription.name, c->config->subscription_id, n < max ? n : max);
  return FRL_OK;
}

frl_status frl__coord_check(frl_coordinator *c, frl_error *err) {
  frl_error failure = {0};
  frl_error *why = err ? err : &failure;
  frl_pubsub *pubsub = NULL;
  frl_status st = frl_coord_config_connect(&pubsub, c->config, CHECK_MS, why);
  if (st == FRL_OK) {
    c->subscription.struct_size = sizeof c->subscription;
    st = frl_pubsub_get_subscription(
        pubsub, c->config->subscription_id, &c->subscription, why);
    if (st == FRL_E_AUTH && why->origin_code == PERMISSION_DENIED) {
      st = try_to_open(c, pubsub, why);
    }
  }
  frl_pubsub_close(pubsub);
  if (st != FRL_OK) return name_the_place(c->config, st, why);
  if (c->subscription.detached) {
    return frl_fail(err, FRL_E_STATE,
        "subscription %s is detached from its topic: create another",
        c->subscription.name);
  }
  return refuse_sharing(c, err);
}
