#include "raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/cmocka_c.h"

static const char PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static void be_patient(int fd) {
  const struct timeval patience = {.tv_sec = 20};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
    abort();
  }
}

int raw_listen(uint16_t *port) {
  struct sockaddr_in addr = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof addr;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&addr, size), 0);
  assert_int_equal(listen(fd, 16), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &size), 0);
  *port = ntohs(addr.sin_port);
  return fd;
}

int raw_connect(uint16_t port) {
  const struct sockaddr_in addr = {.sin_family = AF_INET,
      .sin_port = htons(port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
  be_patient(fd);
  return fd;
}

void raw_target(char *out, size_t size, uint16_t port) {
  (void)snprintf(out, size, "127.0.0.1:%u", port);
}

bool raw_send(int fd, const void *data, size_t n) {
  const uint8_t *at = data;
  while (n > 0) {
    const ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += sent;
    n -= (size_t)sent;
  }
  return true;
}

bool raw_drain(int fd) {
  uint8_t buf[65536];
  be_patient(fd);
  ssize_t n;
  while ((n = recv(fd, buf, sizeof buf, 0)) > 0) {
  }
  return n == 0;
}

static bool read_exactly(int fd, uint8_t *to, size_t n) {
  while (n > 0) {
    const ssize_t got = recv(fd, to, n, 0);
    if (got <= 0) return false;
    to += got;
    n -= (size_t)got;
  }
  return true;
}

/* The next frame's header; its payload, cut to size, goes to payload. */
static bool read_frame(int fd, uint8_t head[9], uint8_t *payload, size_t size) {
  if (!read_exactly(fd, head, 9)) return false;
  size_t left = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
  const size_t kept = left < size ? left : size;
  if (!read_exactly(fd, payload, kept)) return false;
  for (left -= kept; left > 0;) {
    uint8_t rest[4096];
    const size_t k = left < sizeof rest ? left : sizeof rest;
    if (!read_exactly(fd, rest, k)) return false;
    left -= k;
  }
  return true;
}

bool raw_read_until_frame(int fd, uint8_t type) {
  uint8_t preface[sizeof PREFACE - 1];
  uint8_t head[9];
  uint8_t payload[64];
  be_patient(fd);
  if (!read_exactly(fd, preface, sizeof preface)) return false;
  while (read_frame(fd, head, payload, sizeof payload)) {
    if (head[3] == type) return true;
  }
  return false;
}

void raw_put_frame(uint8_t *buf, size_t *len, uint8_t type, uint8_t flags,
    uint32_t stream, const void *payload, size_t n) {
  const uint8_t head[9] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type,
      flags, (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8),
      (uint8_t)stream};
  memcpy(buf + *len, head, sizeof head);
  if (n) memcpy(buf + *len + sizeof head, payload, n);
  *len += sizeof head + n;
}

bool raw_send_frame(int fd, uint8_t type, uint8_t flags, uint32_t stream,
    const void *payload, size_t n) {
  uint8_t *buf = malloc(n + 9);
  assert_non_null(buf);
  size_t len = 0;
  raw_put_frame(buf, &len, type, flags, stream, payload, n);
  const bool sent = raw_send(fd, buf, len);
  free(buf);
  return sent;
}

static size_t put_text(uint8_t *out, const char *text) {
  const size_t n = strlen(text);
  out[0] = (uint8_t)n;
  memcpy(out + 1, text, n);
  return n + 1;
}

/* HPACK without Huffman: indexed fields, and literals that are not indexed. */
size_t raw_request_block(uint8_t *out, const char *path) {
  size_t n = 0;
  out[n++] = 0x83; /* :method: POST */
  out[n++] = 0x86; /* :scheme: http */
  out[n++] = 0x01; /* :authority */
  n += put_text(out + n, "localhost");
  out[n++] = 0x04; /* :path */
  n += put_text(out + n, path);
  out[n++] = 0x0f; /* content-type is entry 31 */
  out[n++] = 31 - 15;
  n += put_text(out + n, "application/grpc");
  out[n++] = 0x00;
  n += put_text(out + n, "te");
  n += put_text(out + n, "trailers");
  return n;
}

bool raw_send_preface(int fd) {
  return raw_send(fd, PREFACE, sizeof PREFACE - 1) &&
         raw_send_frame(fd, 4, 0, 0, NULL, 0);
}

int64_t raw_goaway_code(int fd) {
  uint8_t head[9];
  uint8_t payload[64] = {0};
  int64_t code = -1;
  while (read_frame(fd, head, payload, sizeof payload)) {
    if (head[3] != 7) continue;
    code = (int64_t)payload[4] << 24 | payload[5] << 16 | payload[6] << 8 | payload[7];
  }
  return code;
}
