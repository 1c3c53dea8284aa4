/**
 * What gRPC client and server share: status, metadata, message flow.
 *
 * Source: grpc/doc/PROTOCOL-HTTP2.md and grpc/doc/statuscodes.md.
 */
#ifndef FRL_NET_RPC_H
#define FRL_NET_RPC_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

enum frl_grpc_code {
  FRL_GRPC_OK = 0,
  FRL_GRPC_CANCELLED = 1,
  FRL_GRPC_UNKNOWN = 2,
  FRL_GRPC_INVALID_ARGUMENT = 3,
  FRL_GRPC_DEADLINE_EXCEEDED = 4,
  FRL_GRPC_NOT_FOUND = 5,
  FRL_GRPC_ALREADY_EXISTS = 6,
  FRL_GRPC_PERMISSION_DENIED = 7,
  FRL_GRPC_RESOURCE_EXHAUSTED = 8,
  FRL_GRPC_FAILED_PRECONDITION = 9,
  FRL_GRPC_ABORTED = 10,
  FRL_GRPC_OUT_OF_RANGE = 11,
  FRL_GRPC_UNIMPLEMENTED = 12,
  FRL_GRPC_INTERNAL = 13,
  FRL_GRPC_UNAVAILABLE = 14,
  FRL_GRPC_DATA_LOSS = 15,
  FRL_GRPC_UNAUTHENTICATED = 16
};

/** How a call ended. Borrowed for the length of the callback. */
typedef struct frl_rpc_status {
  int32_t code;           /* enum frl_grpc_code */
  const char *message;    /* percent-decoded, NUL-terminated, never NULL */
  const uint8_t *details; /* google.rpc.Status bytes, or NULL */
  size_t details_len;
} frl_rpc_status;

/**
 * Headers or trailers in order of arrival. Names are lower case; values of names
 * ending in "-bin" are decoded bytes. Zero-initialise, deinit after use.
 */
typedef struct frl_metadata {
  struct frl_metadata_item *items;
  size_t len;
  size_t cap;
} frl_metadata;

typedef struct frl_metadata_item {
  char *name;
  uint8_t *value; /* NUL behind it, not counted */
  size_t value_len;
} frl_metadata_item;

/** Copies both. mem must be the same for all calls on one frl_metadata. */
FRL_NODISCARD frl_status frl_metadata_add(frl_metadata *md, const frl_mem *mem,
    const char *name, const void *value, size_t value_len);
/** The first value of the name as text, or NULL. */
const char *frl_metadata_get(const frl_metadata *md, const char *name);
void frl_metadata_deinit(frl_metadata *md, const frl_mem *mem);

/**
 * How message bytes reach a receiver, on either side, on the loop's thread. The
 * bytes of a message arrive in chunks as the network gives them (decompressed);
 * a chunk is valid during the call only. Any return but FRL_OK ends the call:
 * the client cancels it, the server answers INTERNAL (RESOURCE_EXHAUSTED for
 * FRL_E_LIMIT, INVALID_ARGUMENT for FRL_E_INVALID, _MALFORMED and _TRUNCATED).
 */
typedef struct frl_message_sink {
  frl_status (*on_begin)(void *ctx); /* optional */
  frl_status (*on_data)(void *ctx, const uint8_t *data, size_t n);
  frl_status (*on_end)(void *ctx);
} frl_message_sink;

#endif /* FRL_NET_RPC_H */
