/** The insides of a gRPC channel, shared by channel.c, call*.c and unary.c only. */
#ifndef FRL_NET_CHANNEL_INTERNAL_H
#define FRL_NET_CHANNEL_INTERNAL_H

#include "base/backoff.h"
#include "net/conn.h"
#include "net/grpc_client.h"
#include "net/inbound.h"
#include "net/loop_internal.h"

enum slot_state { SLOT_IDLE, SLOT_CONNECTING, SLOT_READY, SLOT_BACKOFF };

/* One connection; it leaves its slot when the server says GOAWAY. */
typedef struct channel_link {
  frl_channel *channel;
  struct channel_slot *slot; /* NULL: takes no new calls */
  frl_conn *conn;
  struct channel_link *next;
  struct channel_link *prev;
  bool answered; /* some response came: the server works */
} channel_link;

/* A place for one connection, with the memory of its failures. */
typedef struct channel_slot {
  frl_channel *channel;
  channel_link *link;
  enum slot_state state;
  frl_backoff backoff;
  frl_timer *retry;
} channel_slot;

struct frl_channel {
  frl_loop *loop;
  frl_mem mem;
  frl_channel_options options; /* texts are the channel's own */
  char *texts[8];
  size_t n_texts;
  frl_tls_context *tls;
  channel_slot *slots; /* options.connections of them */
  channel_link *links;
  frl_call *calls;   /* all that have not ended */
  frl_call *waiting; /* those without a connection, oldest first */
  frl_call *last_waiting;
  frl_task assign_task;
  frl_error last_error;
};

struct frl_call {
  frl_channel *channel;
  frl_call *next;
  frl_call *prev;
  frl_call *next_waiting;
  frl_call_handler on;
  void *ctx;
  channel_link *link;
  frl_h2_stream *stream; /* NULL while waiting and after the end */
  char *path;
  frl_metadata metadata;
  int64_t deadline_ms; /* by the loop's clock; 0: none */
  frl_timer *timer;
  frl_inbound in;
  frl_msgq replay; /* all messages until committed, to be sent again */
  size_t replay_bytes;
  frl_metadata headers;
  frl_metadata trailers;
  frl_metadata block; /* fields of the block being received */
  frl_buf message;    /* of the status, decoded */
  frl_buf details;
  frl_task closed_task;
  int32_t code;
  int32_t http_status;
  int32_t block_status; /* grpc-status of the block, -1: none */
  uint32_t retries;
  bool waiting;
  bool wait_for_ready;
  bool manual_window;
  bool half_closed;
  bool committed; /* the server has begun to answer, or too much was sent */
  bool got_headers;
  bool grpc_content;
  bool bad_encoding;
  bool ended;
};

/** The HTTP/2 handler whose ctx is a channel_link (call_recv.c). */
extern const frl_h2_handler frl__channel_h2_handler;

/** Puts the call on a connection or into the waiting list, or ends it. */
void frl__channel_assign(frl_channel *channel, frl_call *call);
void frl__channel_unwait(frl_channel *channel, frl_call *call);
/** A stream became free: looks after the waiting calls, at the end of the turn. */
void frl__channel_assign_soon(frl_channel *channel);
/** The link takes no new calls. */
void frl__channel_drain(channel_link *link);

/** The link's connection is gone. */
void frl__channel_lost(channel_link *link);

/** Opens the call's stream; not FRL_OK: the link cannot take it. */
FRL_NODISCARD frl_status frl__call_open(frl_call *call, channel_link *link);
/** Ends the call with a status of our own; on_closed follows. */
void frl__call_end(frl_call *call, int32_t code, const char *fmt, ...) FRL_PRINTF(3, 4);
/** The same, resetting the stream. */
void frl__call_abort(frl_call *call, int32_t code, const char *message);
/** code and message are set. */
void frl__call_ended(frl_call *call);
/** Tells the handler and frees, at once. */
void frl__call_close(frl_call *call);
/** Forgets what was kept to be sent again. */
void frl__call_commit(frl_call *call);

#endif /* FRL_NET_CHANNEL_INTERNAL_H */
