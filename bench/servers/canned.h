/**
 * A canned Pub/Sub server: as little work a message as can be, so that a client's
 * cost is what is measured. One thread a connection, poll and writev, no leases.
 *
 * It answers StreamingPull with the same serialized response again and again (only
 * the ids change), Publish with running message ids, and every other method
 * with an empty or a fixed message. With --raw it writes that response without any
 * protocol, for the floor: a bare read() of the same bytes.
 */
#ifndef BENCH_CANNED_H
#define BENCH_CANNED_H

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* ---- the canned response (canned_response.c) ---- */

enum { CANNED_ACK_BYTES = 170, CANNED_ACK_DIGITS = 16, CANNED_ID_DIGITS = 16 };

typedef struct canned_response {
  uint8_t *data; /* gRPC prefix and StreamingPullResponse */
  size_t len;
  size_t messages;
  size_t *ack_at; /* where the digits of each message's ack id lie */
  size_t *id_at;  /* where those of its message id lie */
} canned_response;

/** false: out of memory. */
bool canned_response_make(canned_response *r, size_t messages, size_t payload_bytes);
/** Gives every message of the copy at data the next ack id and message id. */
void canned_response_number(const canned_response *r, uint8_t *data, uint64_t *next);

/* ---- output of one connection (canned_output.c) ---- */

enum { OUTPUT_SLICES = 512, OUTPUT_SCRATCH = 64 * 1024, OUTPUT_BYTES = 1 << 20 };

typedef struct canned_output {
  struct iovec slices[OUTPUT_SLICES];
  int first;
  int count;
  size_t bytes;
  uint8_t scratch[OUTPUT_SCRATCH]; /* frame headers and small frames */
  size_t scratch_used;
  uint8_t *plain; /* TLS: what goes into one SSL_write */
  BIO *sealed;    /* TLS: records that wait for send() */
  size_t sealed_sent;
} canned_output;

bool output_is_full(const canned_output *o);
/** Bytes that stay valid until they are written. */
void output_borrow(canned_output *o, const void *data, size_t n);
/** Small bytes, copied; call only when not full. */
void output_copy(canned_output *o, const void *data, size_t n);
/** 1 all written, 0 the socket is full, -1 the connection is over. */
int output_flush(canned_output *o, int fd, SSL *ssl);

/* ---- one connection (canned_http2.c) ---- */

typedef struct canned_options {
  canned_response response;
  SSL_CTX *tls; /* NULL: clear text */
  bool raw;
} canned_options;

/** Serves the socket until it ends, then closes it. */
void canned_serve(int fd, const canned_options *options);

#endif /* BENCH_CANNED_H */
