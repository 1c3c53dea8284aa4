/**
 * A client's and a server's HTTP/2 session joined by bytes, without sockets.
 *
 * The client opens one stream, sends a message and ends; the server answers with the
 * same message twice and trailers. All of it goes through the sessions in pieces of a
 * chosen size.
 */
#ifndef FRL_TESTS_NET_H2_PAIR_H
#define FRL_TESTS_NET_H2_PAIR_H

#include "net/grpc_frame.h"
#include "net/h2.h"

typedef struct h2_side {
  struct h2_pair *pair;
  frl_h2 *h2;
  frl_outq out;
  frl_deframer deframer;
  frl_h2_stream *stream;
  uint64_t bytes;
  uint32_t messages;
  uint32_t fields;
  bool headers;
  bool ended;
  bool closed;
  uint32_t close_error;
  uint32_t writable;
} h2_side;

typedef struct h2_pair {
  h2_side client;
  h2_side server;
  const frl_mem *mem;
  size_t message_bytes;
  uint8_t *message;
  frl_status status; /* the first failure of anything */
} h2_pair;

/** Runs it all; pieces of piece bytes. What happened is in the pair. */
void h2_pair_run(h2_pair *p, const frl_mem *mem, size_t message_bytes, size_t piece);
void h2_pair_deinit(h2_pair *p);

#endif /* FRL_TESTS_NET_H2_PAIR_H */
