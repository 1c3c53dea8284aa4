/**
 * A gRPC client: channels and calls.
 *
 * A channel owns one or more HTTP/2 connections to one target, opened when first
 * needed and reopened with backoff. All functions run on the channel's loop
 * thread unless they say "any thread".
 */
#ifndef FRL_NET_GRPC_CLIENT_H
#define FRL_NET_GRPC_CLIENT_H

#include "base/buf.h"
#include "base/chain.h"
#include "base/random.h"
#include "net/loop.h"
#include "net/rpc.h"

typedef struct frl_channel frl_channel;
typedef struct frl_call frl_call;

/** Zero means the default that stands behind each field. Texts are copied. */
typedef struct frl_channel_options {
  size_t struct_size;
  const char *target;               /* host:port, required; [v6]:port works */
  bool tls;                         /* false: HTTP/2 with prior knowledge */
  const char *ca_file;              /* PEM; NULL: the system's roots */
  const char *cert_file;            /* client certificate chain, PEM; NULL: none */
  const char *key_file;             /* its key, PEM */
  const char *server_name;          /* SNI and hostname check; NULL: host of target */
  const char *authority;            /* :authority; NULL: target */
  const char *proxy;                /* host:port of an HTTP CONNECT proxy; NULL: from
                                       HTTPS_PROXY and NO_PROXY where tls; "" : none */
  const char *user_agent;           /* goes before "ferrule/VERSION" */
  uint32_t connections;             /* 1; calls go to the least loaded */
  uint32_t stream_window_bytes;     /* 4 MiB */
  uint32_t connection_window_bytes; /* 16 MiB */
  uint32_t max_frame_bytes;         /* 1 MiB announced as SETTINGS_MAX_FRAME_SIZE */
  uint32_t max_message_bytes;       /* 20 MiB received, decompressed */
  uint32_t max_metadata_bytes;      /* 4 MiB received per header block */
  uint32_t connect_timeout_ms;      /* 20,000 */
  uint32_t keepalive_ms;            /* 0: no pings while idle; else PING this often */
  uint32_t keepalive_timeout_ms;    /* 20,000 without PING ACK: the connection ends */
  uint32_t backoff_base_ms;         /* 100 */
  uint32_t backoff_max_ms;          /* 10,000 */
  bool gzip;                        /* compress requests of more than 1 KiB */
  const frl_random *random;         /* NULL: the system's */
} frl_channel_options;

/** Any thread. Connects nothing yet. */
FRL_NODISCARD frl_status frl_channel_create(frl_channel **out, frl_loop *loop,
    const frl_channel_options *options, const frl_mem *mem, frl_error *err);
/**
 * Cancels every call (each still gets on_closed), closes the connections and
 * frees. Any thread; waits for the loop. On the loop itself only outside of a call's
 * sink and handler but on_closed, and memory of connections goes a turn later. NULL
 * works.
 */
void frl_channel_destroy(frl_channel *channel);
frl_loop *frl_channel_loop(const frl_channel *channel);

/** What the caller hears of a call, on the loop's thread. */
typedef struct frl_call_handler {
  frl_message_sink sink;
  /** The response headers came (before any message). Optional. */
  void (*on_headers)(void *ctx, const frl_metadata *headers);
  /** Unsent bytes fell below 64 KiB after being above 256 KiB. Optional. */
  void (*on_writable)(void *ctx);
  /**
   * The end, always once, nothing after it; the call's memory goes with it.
   * Failures of transport appear as UNAVAILABLE, of deadline as
   * DEADLINE_EXCEEDED. Never called inside frl_call_start.
   */
  void (*on_closed)(
      void *ctx, const frl_rpc_status *status, const frl_metadata *trailers);
} frl_call_handler;

typedef struct frl_call_options {
  size_t struct_size;
  const char *path;             /* "/package.Service/Method", required */
  const frl_metadata *metadata; /* copied; NULL: none */
  int64_t timeout_ms;           /* 0: no deadline; sent as grpc-timeout */
  bool manual_window;           /* see frl_call_consumed */
  bool wait_for_ready;          /* wait for a connection instead of failing with
                                   UNAVAILABLE when connecting fails once */
} frl_call_options;

FRL_NODISCARD frl_status frl_call_start(frl_call **out, frl_channel *channel,
    const frl_call_options *options, const frl_call_handler *handler, void *ctx,
    frl_error *err);
/**
 * Queues one message made of the chain's bytes (without the gRPC prefix, which is
 * added); the chain is moved on FRL_OK. last = half-close behind it.
 * FRL_E_CLOSED when the call has ended or is half-closed.
 */
FRL_NODISCARD frl_status frl_call_send(frl_call *call, frl_chain *message, bool last);
/** Half-close without a message. */
FRL_NODISCARD frl_status frl_call_finish(frl_call *call);
/** Bytes queued; about 512 KiB more may wait in the connection's write batch. */
size_t frl_call_unsent_bytes(const frl_call *call);
/** RST_STREAM(CANCEL); on_closed with CANCELLED follows. */
void frl_call_cancel(frl_call *call);
/**
 * With manual_window: gives n received message bytes back to the stream's flow
 * control window, so that the server may send that much more. A consumer that
 * does not call it makes the server wait while other streams go on (the
 * connection's window is given back at once by the channel).
 */
void frl_call_consumed(frl_call *call, size_t n);

/**
 * One request, one response, from any thread but a loop's: starts the call,
 * waits, appends the response message to out.
 * @return FRL_OK; otherwise err holds the gRPC code (origin FRL_ORIGIN_GRPC) and
 *         the server's message. details, where not NULL, receives
 *         grpc-status-details-bin.
 */
FRL_NODISCARD frl_status frl_unary(frl_channel *channel,
    const frl_call_options *options, const void *request, size_t request_len,
    frl_buf *out, frl_buf *details, frl_error *err);

#endif /* FRL_NET_GRPC_CLIENT_H */
