/** The insides of a gRPC server, shared by the server*.c files only. */
#ifndef FRL_NET_SERVER_INTERNAL_H
#define FRL_NET_SERVER_INTERNAL_H

#include "base/map.h"
#include "base/sync.h"
#include "net/conn.h"
#include "net/grpc_server.h"
#include "net/inbound.h"
#include "net/loop_internal.h"

typedef struct server_conn {
  frl_server *server;
  frl_conn *conn;
  struct server_conn *next;
  struct server_conn *prev;
  frl_server_call *calls;
  bool draining; /* the shutdown notice went out, the last GOAWAY did not */
} server_conn;

struct frl_server_call {
  server_conn *sc; /* NULL once the connection is gone */
  frl_server *server;
  frl_h2_stream *stream; /* NULL once closed */
  frl_server_call *next;
  frl_server_call *prev;
  const frl_server_method *method; /* NULL: nobody was told of the call */
  void *ctx;
  frl_inbound in;
  frl_metadata metadata;
  frl_metadata trailers;
  char *path;
  char peer[80];
  int64_t deadline_ms; /* by the loop's clock; 0: none */
  frl_timer *timer;
  frl_task closed_task;
  frl_status bad_field; /* what became of the header block */
  bool post;
  bool grpc_content;
  bool plain_http; /* not gRPC at all */
  bool bad_timeout;
  bool bad_encoding;
  bool begun; /* the header block is complete */
  bool headers_sent;
  bool finished;
  bool accepts_gzip;
  bool announced_gzip;
  bool gzip;
};

struct frl_server {
  frl_loop *loop;
  frl_mem mem;
  frl_server_options options;
  char *host;
  frl_tls_context *tls;
  uv_tcp_t *listener;
  frl_map methods; /* path → frl_server_method, copied */
  struct unary_method *unaries;
  server_conn *conns;
  size_t n_conns;
  size_t n_calls;
  uint16_t port;
  bool closing;
  frl_timer *grace;
  frl_mutex lock;
  frl_cond gone;
  bool all_gone; /* under the lock */
};

/** The HTTP/2 handler whose ctx is a server_conn (server_call.c). */
extern const frl_h2_handler frl__server_h2_handler;
/** GOAWAY was acknowledged by PING: name the last stream. */
void frl__server_drain(server_conn *sc);
/** Wakes frl_server_shutdown if nothing is left. */
void frl__server_tell_gone(frl_server *server);
/** Frees what frl_server_add_unary made (server_unary.c). */
void frl__server_free_unaries(frl_server *server);

#endif /* FRL_NET_SERVER_INTERNAL_H */
