/**
 * A Pub/Sub server for the tests that any server must pass: the embedded emulator, or
 * the one that FERRULE_TEST_PUBSUB names (host:port in clear text).
 */
#ifndef FRL_TESTS_PUBSUB_SERVICE_H
#define FRL_TESTS_PUBSUB_SERVICE_H

#include <ferrule/emulator.h>
#include <ferrule/pubsub.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct service {
  frl_emulator *emulator; /* NULL: somebody else's server */
  frl_pubsub *pubsub;
  char address[64];
  char topic[64]; /* short names, made by service_open */
  char subscription[64];
} service;

/** Opens a connection and makes a topic with a subscription. cmocka asserts. */
void service_open(service *s, const frl_subscription_options *options);
void service_close(service *s);

/** Publishes rows "<prefix><number>" from first on and waits for the answer. */
void service_publish(service *s, const char *prefix, size_t first, size_t n);
/** A subscriber with small batches and short delays. */
frl_subscriber *service_subscribe(service *s, uint32_t lease_s);

/** Payloads that were taken, by number. */
typedef struct seen {
  const char *prefix;
  size_t n;
  unsigned *counts; /* by number */
  size_t rows;
} seen;

void seen_init(seen *s, const char *prefix, size_t n);
void seen_deinit(seen *s);
/** Notes the payloads of what is held. */
void seen_note(seen *s, const frl_held *held);
/** Takes and acks until each number was seen, for at most timeout_ms. */
void seen_drain(seen *s, frl_subscriber *subscriber, int64_t timeout_ms);
/** How many numbers were seen at least once. */
size_t seen_distinct(const seen *s);

#endif /* FRL_TESTS_PUBSUB_SERVICE_H */
