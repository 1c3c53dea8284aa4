/* Receives into Arrow buffers, keeps leases, acks: the subscriber of the library. */
#include <ferrule/pubsub.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

static const char usage[] =
    "usage: receive HOST:PORT SUBSCRIPTION MESSAGES [CA_FILE]\n"
    "With CA_FILE over TLS, else in clear text.";

static uint64_t payload_bytes(const struct ArrowArray *batch) {
  const struct ArrowArray *payload = batch->children[2];
  const int32_t *offsets = (const int32_t *)payload->buffers[1] + payload->offset;
  return (uint64_t)(offsets[batch->offset + batch->length] - offsets[batch->offset]);
}

static frl_status receive(frl_subscriber *subscriber, uint64_t most, frl_error *err) {
  const bench_start start = bench_begin();
  uint64_t messages = 0;
  uint64_t bytes = 0;
  while (messages < most) {
    frl_held *held = NULL;
    frl_status st = frl_subscriber_take(subscriber, 0, 0, 10000, &held, err);
    if (st != FRL_OK) return st;
    struct ArrowArray batch;
    st = frl_held_export(held, &batch, err);
    if (st != FRL_OK) return st;
    messages += (uint64_t)batch.length;
    bytes += payload_bytes(&batch);
    frl_array_release(&batch);
    frl_held_ack(held);
  }
  const frl_status st = frl_subscriber_flush(subscriber, 10000, err);
  bench_report(&start, messages, bytes);
  return st;
}

int main(int argc, char **argv) {
  if (argc < 4 || argc > 5) {
    (void)fprintf(stderr, "%s\n", usage);
    return 2;
  }
  const bool tls = argc == 5;
  const frl_pubsub_options connection = {
      .struct_size = sizeof connection,
      .project_id = "bench",
      .emulator_host = tls ? NULL : argv[1],
      .endpoint = tls ? argv[1] : NULL,
      .ca_file = tls ? argv[4] : NULL,
      .access_token = tls ? "bench" : NULL,
  };
  const frl_subscriber_options options = {
      .struct_size = sizeof options,
      .subscription = argv[2],
      .streams = 1,
  };
  frl_error err = {0};
  frl_pubsub *pubsub = NULL;
  frl_subscriber *subscriber = NULL;
  frl_status st = frl_pubsub_open(&pubsub, &connection, &err);
  if (st == FRL_OK) st = frl_subscriber_open(&subscriber, pubsub, &options, &err);
  if (st == FRL_OK) st = receive(subscriber, bench_number(argv[3], usage), &err);
  if (st != FRL_OK) (void)fprintf(stderr, "receive: %s\n", err.message);
  frl_subscriber_close(subscriber, 1000);
  frl_pubsub_close(pubsub);
  return st != FRL_OK;
}
