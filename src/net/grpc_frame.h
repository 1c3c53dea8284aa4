/**
 * gRPC's message framing: bytes of DATA frames in, calls of a message sink out.
 *
 * A message's bytes go to the sink as they lie in the input, without a copy, or as
 * zlib gives them. Source: grpc/doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message;
 * compression.md.
 */
#ifndef FRL_NET_GRPC_FRAME_H
#define FRL_NET_GRPC_FRAME_H

#include <stdbool.h>

#include "base/chain.h"
#include "net/rpc.h"

typedef struct frl_deframer {
  frl_message_sink sink;
  void *ctx;
  frl_mem mem;
  uint32_t max_message_bytes;
  bool gzip;       /* the peer announced grpc-encoding: gzip */
  bool in_message; /* the prefix was read; left bytes are to come */
  bool compressed; /* this message is */
  uint8_t prefix[5];
  uint32_t prefix_len;
  uint32_t left;
  uint32_t inflated;      /* bytes of this message handed out */
  uint32_t wire;          /* bytes of this message taken in */
  uint64_t payload_bytes; /* of all messages as sent, without prefixes */
  uint64_t surplus_bytes; /* by which messages were longer as sent than inflated */
  struct frl_inflater *inflater; /* made for the first compressed message */
} frl_deframer;

void frl_deframer_init(frl_deframer *d, const frl_message_sink *sink, void *ctx,
    uint32_t max_message_bytes, const frl_mem *mem);
void frl_deframer_deinit(frl_deframer *d);
/**
 * Takes n bytes.
 * @return FRL_OK; FRL_E_LIMIT (message too long, also when inflated),
 *         FRL_E_UNSUPPORTED (compressed without an announced encoding),
 *         FRL_E_MALFORMED (prefix, or gzip data), FRL_E_NOMEM, or what the sink said;
 *         after a failure the deframer must not be used again.
 */
FRL_NODISCARD frl_status frl_deframer_feed(
    frl_deframer *d, const uint8_t *data, size_t n, frl_error *err);
/** Whether the bytes so far end between messages. */
bool frl_deframer_is_between(const frl_deframer *d);

/** Replaces the chain's bytes by their gzip form. On failure it is unchanged. */
FRL_NODISCARD frl_status frl_chain_gzip(frl_chain *chain, const frl_mem *mem);

#endif /* FRL_NET_GRPC_FRAME_H */
