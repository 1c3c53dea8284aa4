/**
 * A gRPC server: one listener, methods by path, all on one loop's thread.
 *
 * The emulator, the mock and the coordinator are its users. All functions run on
 * the loop's thread unless they say "any thread".
 */
#ifndef FRL_NET_GRPC_SERVER_H
#define FRL_NET_GRPC_SERVER_H

#include "base/buf.h"
#include "base/chain.h"
#include "base/clock.h"
#include "net/loop.h"
#include "net/rpc.h"

typedef struct frl_server frl_server;
typedef struct frl_server_call frl_server_call;

/** Zero means the default that stands behind each field. Texts are copied. */
typedef struct frl_server_options {
  size_t struct_size;
  const char *host;      /* "127.0.0.1"; a name or an address */
  uint16_t port;         /* 0: chosen by the system */
  const char *cert_file; /* PEM chain; with key_file: TLS with ALPN h2 */
  const char *key_file;
  const char *client_ca_file;       /* demand client certificates signed by these */
  uint32_t stream_window_bytes;     /* 4 MiB */
  uint32_t connection_window_bytes; /* 16 MiB */
  uint32_t max_frame_bytes;         /* 1 MiB announced */
  uint32_t max_message_bytes;       /* 20 MiB received, decompressed */
  uint32_t max_metadata_bytes;      /* 64 KiB received per header block */
  uint32_t max_streams;             /* 1,000 concurrent per connection */
  uint32_t max_connections;         /* 10,000 */
  uint32_t max_unsent_bytes;        /* 64 MiB queued per connection before
                                       frl_server_call_send says FRL_E_LIMIT */
  uint32_t keepalive_ms;            /* 0: none; else PING an idle connection */
  uint32_t keepalive_timeout_ms;    /* 20,000 */
  uint32_t handshake_timeout_ms;    /* 20,000 for TLS and the HTTP/2 preface */
  bool hold; /* take the port only: connections are refused until frl_server_open,
                so that no call comes before its method was added */
  const frl_clock *clock; /* of the bounds on floods; NULL: the system's */
} frl_server_options;

/**
 * One method. ctx of the callbacks is what on_open gave in *call_ctx.
 * Unknown paths are answered with UNIMPLEMENTED by the server itself.
 */
typedef struct frl_server_method {
  const char *path; /* "/package.Service/Method"; must outlive the server */
  /**
   * A call came. Not FRL_OK: the call is answered by that status' code. The
   * method may send, or finish, at once. Metadata and deadline are readable.
   */
  frl_status (*on_open)(void *service, frl_server_call *call, void **call_ctx);
  frl_message_sink sink;
  /** The client half-closed: no more messages will come. Optional. */
  void (*on_half_close)(void *ctx);
  /** Unsent bytes of the call fell below 256 KiB after being above 1 MiB. Optional. */
  void (*on_writable)(void *ctx);
  /**
   * The end of the call for whatever reason (finished, reset, connection lost,
   * deadline passed): always once after a successful on_open, nothing after it.
   */
  void (*on_closed)(void *ctx);
  void *service;
} frl_server_method;

/**
 * One whole request in, one response out, answered at once.
 * @param response  appended to; sent if the return is FRL_OK.
 * @param err       on failure: its message is the status message; its origin_code
 *                  the gRPC code where origin is FRL_ORIGIN_GRPC, else the code
 *                  that stands for the returned frl_status.
 */
typedef frl_status (*frl_unary_fn)(void *service, frl_server_call *call,
    const uint8_t *request, size_t n, frl_buf *response, frl_error *err);

/** Any thread. Listens when it returns FRL_OK (unless options->hold). */
FRL_NODISCARD frl_status frl_server_listen(frl_server **out, frl_loop *loop,
    const frl_server_options *options, const frl_mem *mem, frl_error *err);
/** With options->hold: begins to listen. Any thread, once. */
FRL_NODISCARD frl_status frl_server_open(frl_server *server, frl_error *err);
/** Adds a method, or a unary one. Any thread, before the first call comes. */
FRL_NODISCARD frl_status frl_server_add(
    frl_server *server, const frl_server_method *method);
FRL_NODISCARD frl_status frl_server_add_unary(
    frl_server *server, const char *path, frl_unary_fn fn, void *service);
/** The port it listens on. Any thread. */
uint16_t frl_server_port(const frl_server *server);
/**
 * GOAWAY, waits up to grace_ms for the open calls, then ends them, closes and
 * frees. Any thread but the loop's; NULL works.
 */
void frl_server_shutdown(frl_server *server, uint32_t grace_ms);

const char *frl_server_call_path(const frl_server_call *call);
const frl_metadata *frl_server_call_metadata(const frl_server_call *call);
/** "address:port" of the client; lives as long as the call. */
const char *frl_server_call_peer(const frl_server_call *call);
/** Milliseconds left of grpc-timeout, or -1 without one. */
int64_t frl_server_call_time_left_ms(const frl_server_call *call);

/** Sends the response headers at once, before any message. */
FRL_NODISCARD frl_status frl_server_call_send_headers(
    frl_server_call *call, const frl_metadata *metadata);
/** Queues one message (prefix added); the chain is moved on FRL_OK. */
FRL_NODISCARD frl_status frl_server_call_send(
    frl_server_call *call, frl_chain *message);
/**
 * Compresses the next messages of more than 1 KiB with gzip, if the client takes
 * that; must be asked for once before the headers went out, then turned at will.
 */
void frl_server_call_set_gzip(frl_server_call *call, bool gzip);
/** Bytes queued; about 512 KiB more may wait in the connection's write batch. */
size_t frl_server_call_unsent_bytes(const frl_server_call *call);
/** A field for the trailers, such as custom metadata. Copied. */
FRL_NODISCARD frl_status frl_server_call_add_trailer(
    frl_server_call *call, const char *name, const void *value, size_t n);
/**
 * Queues the trailers behind what was sent; on_closed follows.
 * message may be NULL; details (google.rpc.Status bytes) may be NULL.
 */
void frl_server_call_finish(frl_server_call *call, int32_t code, const char *message,
    const void *details, size_t details_len);
/** RST_STREAM with the HTTP/2 error code, for injected faults; on_closed follows. */
void frl_server_call_reset(frl_server_call *call, uint32_t http2_error);
/** Ends the call's whole connection without a goodbye, for injected faults. */
void frl_server_call_drop_connection(frl_server_call *call);
/**
 * By default received bytes are given back to the client's window when the sink
 * took them. manual: only as frl_server_call_consumed says.
 */
void frl_server_call_set_manual_window(frl_server_call *call, bool manual);
void frl_server_call_consumed(frl_server_call *call, size_t n);

#endif /* FRL_NET_GRPC_SERVER_H */
