/**
 * The source's options, from the JSON text of frl_coordinator_open.
 *
 * Driver and executors read the same text. Numbers and booleans may also be given as
 * texts, as Spark's options are. Threads: values.
 */
#ifndef FRL_PUBSUB_COORDINATOR_CONFIG_H
#define FRL_PUBSUB_COORDINATOR_CONFIG_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <ferrule/pubsub.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/json.h"

typedef struct frl_coord_config {
  char *text; /* the JSON itself */
  const char *project_id, *subscription_id, *emulator_host, *endpoint;
  const char *credentials_file, *credentials_scopes, *ca_file;
  bool clear_text;
  uint64_t num_partitions;      /* 0: planned */
  uint64_t max_rows, max_bytes; /* of a batch; 0: no bound */
  uint64_t max_delay_ms;
  uint64_t reservoir_bytes;
  uint64_t streams; /* of an executor */
  const char *coordinator_host;
  uint64_t coordinator_port;
  bool payload_utf8;
  bool json; /* payloadFormat */
  const char *mode, *json_schema;
  frl_json_options decoding; /* but for its mode */
  uint64_t drain_idle_ms;
  bool ack_on_read;
  bool allow_shared;
  bool batch_read;
  uint64_t grace_ms;   /* 0: half the lease */
  uint32_t columns;    /* bits of frl_pubsub_column that are to be built */
  const char **output; /* names, in order */
  size_t n_output;
  struct yyjson_doc *doc; /* what the texts lie in */
} frl_coord_config;

/** The name of a message column, or 0. */
uint32_t frl_coord_column_of(const char *name);

/**
 * @return FRL_OK; FRL_E_INVALID with the key in the message; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_coord_config_parse(
    frl_coord_config **out, const char *text, size_t n, frl_error *err);
/** NULL works. */
void frl_coord_config_destroy(frl_coord_config *config);
/** Opens the connection that the options name; timeout_ms is for one admin call. */
FRL_NODISCARD frl_status frl_coord_config_connect(frl_pubsub **out,
    const frl_coord_config *config, uint32_t timeout_ms, frl_error *err);

#endif /* FRL_PUBSUB_COORDINATOR_CONFIG_H */
