/** Plain blocking sockets on loopback, for peers that break the rules. */
#ifndef FRL_TESTS_NET_RAW_SOCKET_H
#define FRL_TESTS_NET_RAW_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A listening socket; its port goes to *port. Fails the test. */
int raw_listen(uint16_t *port);
int raw_connect(uint16_t port);
/** "127.0.0.1:port" */
void raw_target(char *out, size_t size, uint16_t port);
/** false once the peer has closed. */
bool raw_send(int fd, const void *data, size_t n);
/** Reads until the peer closes, or 20 s of silence have passed (false). */
bool raw_drain(int fd);
/** Reads frames behind the client's preface until one of the type has come. */
bool raw_read_until_frame(int fd, uint8_t type);
/** Appends one frame to buf, of which *len bytes are used. */
void raw_put_frame(uint8_t *buf, size_t *len, uint8_t type, uint8_t flags,
    uint32_t stream, const void *payload, size_t n);
/** A gRPC request's header block; its length. out has room for 256 bytes. */
size_t raw_request_block(uint8_t *out, const char *path);
/** The client's preface and an empty SETTINGS frame. */
bool raw_send_preface(int fd);
/** One frame: its header and n bytes. */
bool raw_send_frame(int fd, uint8_t type, uint8_t flags, uint32_t stream,
    const void *payload, size_t n);
/**
 * Reads frames until the connection ends, at most 20 s without a byte: the error code
 * of the last GOAWAY, -1 if there was none.
 */
int64_t raw_goaway_code(int fd);

#endif /* FRL_TESTS_NET_RAW_SOCKET_H */
