/** The insides of an HTTP/2 session, shared by the h2*.c files only. */
#ifndef FRL_NET_H2_INTERNAL_H
#define FRL_NET_H2_INTERNAL_H

#include <nghttp2/nghttp2.h>

#include "net/h2.h"
#include "net/h2_guard.h"

struct frl_h2_stream {
  frl_h2 *h2;
  int32_t id;
  void *user;
  struct frl_h2_stream *next; /* of h2's open streams */
  struct frl_h2_stream *prev;
  struct frl_h2_stream *next_drained;
  frl_msgq queue;
  size_t queued;      /* bytes of the queue not yet given to a frame */
  size_t part;        /* of the first message: 0 = prefix, n = slice n - 1 */
  size_t part_offset; /* bytes of that part that were given */
  size_t field_bytes; /* of the header block being received */
  char *trailers;     /* one block: the nv array, then names and values */
  size_t n_trailers;
  bool ending;   /* frl_h2_stream_end was called */
  bool deferred; /* nghttp2 waits for frl_h2_wake */
  bool responded;
  bool peer_ended;
  bool manual_window;
  bool above_high;
  bool drained; /* in h2's list of those to hear on_writable */
  bool reset;
};

struct frl_h2 {
  nghttp2_session *ng;
  frl_mem mem;
  nghttp2_mem ng_mem;
  frl_h2_handler on;
  void *ctx;
  frl_h2_options options;
  frl_h2_guard guard;
  frl_h2_stream *streams;
  frl_h2_stream *drained;
  size_t n_streams;
  int32_t last_id; /* server: the highest that was opened */
  bool skipped;    /* and some below it never were */
  size_t queued;
  frl_outq *out; /* during frl_h2_fill */
  size_t out_max;
  bool settled;
  bool calmed;
  bool broken;
  bool out_of_memory;
  char last_error[160];
};

/** Sets what is received by callbacks (h2_recv.c) and sent by them (h2_send.c). */
void frl__h2_recv_callbacks(nghttp2_session_callbacks *cb);
void frl__h2_send_callbacks(nghttp2_session_callbacks *cb);
/** The data provider of a stream. */
nghttp2_data_provider frl__h2_source(frl_h2_stream *s);
frl_h2_stream *frl__h2_stream_create(frl_h2 *h2, int32_t id);
/** Tells the handler and frees. */
void frl__h2_stream_close(frl_h2_stream *s, uint32_t h2_error);
/** The peer cost too much: GOAWAY(ENHANCE_YOUR_CALM), once. */
void frl__h2_calm(frl_h2 *h2, const char *why);

#endif /* FRL_NET_H2_INTERNAL_H */
