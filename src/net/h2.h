/**
 * One HTTP/2 connection as a machine that takes bytes and gives bytes.
 *
 * It does no I/O and knows no clock but the one handed in, so tests and fuzzers
 * drive it without sockets. It is used by one thread. Handler functions run inside
 * frl_h2_recv, frl_h2_fill and frl_h2_destroy; they may call every function here
 * but those three.
 *
 * Source: RFC 9113; nghttp2 does frames, HPACK and windows.
 */
#ifndef FRL_NET_H2_H
#define FRL_NET_H2_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/msg.h"
#include "net/outq.h"

/** HTTP/2 error codes that net/ speaks of (RFC 9113, 7). */
enum {
  FRL_H2_NO_ERROR = 0x0,
  FRL_H2_PROTOCOL_ERROR = 0x1,
  FRL_H2_INTERNAL_ERROR = 0x2,
  FRL_H2_REFUSED_STREAM = 0x7,
  FRL_H2_CANCEL = 0x8,
  FRL_H2_ENHANCE_YOUR_CALM = 0xb,
  FRL_H2_INADEQUATE_SECURITY = 0xc
};
/** What on_close says of a stream whose connection went away: not a wire code. */
#define FRL_H2_LOST UINT32_MAX

typedef struct frl_h2 frl_h2;
typedef struct frl_h2_stream frl_h2_stream;

typedef struct frl_h2_field {
  const char *name; /* lower case */
  size_t name_len;
  const void *value;
  size_t value_len;
} frl_h2_field;

/** All with the session's ctx; a stream's pointer is valid until on_close returns. */
typedef struct frl_h2_handler {
  /** Server: a request begins. Set the stream's user pointer. false refuses it. */
  bool (*on_begin)(void *ctx, frl_h2_stream *s);
  /** One field of a header block. Not FRL_OK: the stream is reset. */
  frl_status (*on_field)(void *ctx, frl_h2_stream *s, const frl_h2_field *field);
  /** A header block is complete: headers, an interim response, or trailers. */
  void (*on_headers)(void *ctx, frl_h2_stream *s, bool end_stream);
  void (*on_data)(void *ctx, frl_h2_stream *s, const uint8_t *data, size_t n);
  /** The peer will send no more on this stream. */
  void (*on_end)(void *ctx, frl_h2_stream *s);
  /** Queued bytes fell below the stream's low mark after being above the high one. */
  void (*on_writable)(void *ctx, frl_h2_stream *s);
  /** Always once for each stream. */
  void (*on_close)(void *ctx, frl_h2_stream *s, uint32_t h2_error);
  void (*on_settings)(void *ctx);
  void (*on_goaway)(void *ctx, uint32_t h2_error, const char *debug, size_t n);
  void (*on_ping_ack)(void *ctx);
} frl_h2_handler;

typedef struct frl_h2_options {
  bool server;
  uint32_t stream_window_bytes;
  uint32_t connection_window_bytes;
  uint32_t max_frame_bytes;
  uint32_t max_metadata_bytes; /* decoded, per header block */
  uint32_t max_streams;        /* server: announced */
  size_t high_bytes;           /* marks of on_writable */
  size_t low_bytes;
  const frl_clock *clock; /* NULL: the system's */
} frl_h2_options;

FRL_NODISCARD frl_status frl_h2_create(frl_h2 **out, const frl_h2_options *options,
    const frl_h2_handler *handler, void *ctx, const frl_mem *mem, frl_error *err);
/** Each open stream hears on_close(FRL_H2_LOST) first. NULL works. */
void frl_h2_destroy(frl_h2 *h2);

/** No function of the handler is called any more, on_close included. */
void frl_h2_mute(frl_h2 *h2);

/**
 * Takes n bytes of the peer's.
 * @return FRL_OK; FRL_E_MALFORMED or FRL_E_LIMIT when the peer broke the protocol
 *         or a bound so that nothing can be answered; FRL_E_NOMEM. After a failure
 *         what frl_h2_fill still gives may be sent, then the connection must end.
 */
FRL_NODISCARD frl_status frl_h2_recv(
    frl_h2 *h2, const uint8_t *data, size_t n, frl_error *err);
/** Moves what is to be sent to out until it holds max_bytes or about 400 slices. */
FRL_NODISCARD frl_status frl_h2_fill(
    frl_h2 *h2, frl_outq *out, size_t max_bytes, frl_error *err);
/** Whether frl_h2_fill may give something. */
bool frl_h2_wants_write(const frl_h2 *h2);
/** Nothing more will come or go: the connection should be closed. */
bool frl_h2_is_done(const frl_h2 *h2);
/** The peer's preface and SETTINGS have come. */
bool frl_h2_is_settled(const frl_h2 *h2);
/** Open streams, and how many the peer allows. */
size_t frl_h2_streams(const frl_h2 *h2);
uint32_t frl_h2_peer_max_streams(const frl_h2 *h2);
/** Bytes queued on all streams. */
size_t frl_h2_queued_bytes(const frl_h2 *h2);
/** Why frl_h2_recv's last bad frame was bad, or "". */
const char *frl_h2_last_error(const frl_h2 *h2);

/** PING with a payload of ours; on_ping_ack follows. */
FRL_NODISCARD frl_status frl_h2_ping(frl_h2 *h2);
/** GOAWAY that still admits streams on the way, or (final) names the last one. */
FRL_NODISCARD frl_status frl_h2_goaway(frl_h2 *h2, bool final);
/** GOAWAY with an error; the session is done when it is written. */
void frl_h2_terminate(frl_h2 *h2, uint32_t h2_error);

/** Client: opens a stream; its request stays open until frl_h2_stream_end. */
FRL_NODISCARD frl_status frl_h2_request(frl_h2 *h2, const frl_h2_field *fields,
    size_t n_fields, void *user, frl_h2_stream **out);
/** Server: response headers; end = there will be nothing else. */
FRL_NODISCARD frl_status frl_h2_respond(
    frl_h2_stream *s, const frl_h2_field *fields, size_t n_fields, bool end);
/** Queues a message; takes over one reference on FRL_OK. */
FRL_NODISCARD frl_status frl_h2_stream_send(frl_h2_stream *s, frl_msg *msg);
/** END_STREAM behind what is queued; with n_fields > 0 by a trailer block (copied). */
FRL_NODISCARD frl_status frl_h2_stream_end(
    frl_h2_stream *s, const frl_h2_field *fields, size_t n_fields);
/** Drops what is queued and sends RST_STREAM. on_close follows. */
void frl_h2_stream_reset(frl_h2_stream *s, uint32_t h2_error);
/** With manual_window: n bytes of DATA payload may be sent by the peer again. */
void frl_h2_stream_consumed(frl_h2_stream *s, size_t n);
void frl_h2_stream_set_manual_window(frl_h2_stream *s, bool manual);
size_t frl_h2_stream_queued_bytes(const frl_h2_stream *s);
/** The peer has ended its side. */
bool frl_h2_stream_peer_ended(const frl_h2_stream *s);
void *frl_h2_stream_user(const frl_h2_stream *s);
void frl_h2_stream_set_user(frl_h2_stream *s, void *user);

#endif /* FRL_NET_H2_H */
