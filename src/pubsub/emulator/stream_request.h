/** One google.pubsub.v1.StreamingPullRequest, read. */
#ifndef FRL_PUBSUB_EMULATOR_STREAM_REQUEST_H
#define FRL_PUBSUB_EMULATOR_STREAM_REQUEST_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"

typedef struct frl_em_stream_request {
  frl_cursor subscription;
  frl_cursor client_id;
  int64_t deadline_s;
  int64_t max_messages;
  int64_t max_bytes;
  int64_t protocol_version;
  bool has_deadline;
  bool has_initial; /* a field that only the first request may have */
  size_t n_acks;
  size_t n_modify_ids;
  size_t n_modify_seconds;
  int32_t *modify_seconds; /* owned */
} frl_em_stream_request;

/** FRL_E_MALFORMED, FRL_E_TRUNCATED, FRL_E_NOMEM. Deinit in every case. */
FRL_NODISCARD frl_status frl_em_stream_request_read(
    frl_em_stream_request *out, const frl_mem *mem, frl_cursor request);
void frl_em_stream_request_deinit(frl_em_stream_request *r, const frl_mem *mem);

#endif /* FRL_PUBSUB_EMULATOR_STREAM_REQUEST_H */
