/* Peers that cost more than they are worth: each attack is bounded, and cut off. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw_socket.h"
#include "rig.h"

enum {
  DATA = 0,
  HEADERS = 1,
  PRIORITY = 2,
  RST_STREAM = 3,
  SETTINGS = 4,
  PING = 6,
  WINDOW_UPDATE = 8,
  CONTINUATION = 9,
  END_STREAM = 1,
  END_HEADERS = 4,
  ENHANCE_YOUR_CALM = 11,
  BATCH_BYTES = 64 * 1024,
  ENOUGH = 200000 /* frames that no honest peer sends for nothing */
};

/* Time forgives: an attacker on a slow machine would be taken for an honest peer. */
static int64_t no_time_passes(void *ctx) {
  (void)ctx;
  return 1;
}

static const frl_clock stopped = {
    .monotonic_ms = no_time_passes, .wall_us = no_time_passes};

static int set_up(void **state) {
  if (rig_set_up(state) != 0) return -1;
  rig *r = *state;
  r->server_options.clock = &stopped;
  r->server_options.handshake_timeout_ms = 300;
  rig_start(r);
  return 0;
}

/* Whatever happened: others are served, and no call is left over. */
static int tear_down(void **state) {
  rig *r = *state;
  frl_buf out;
  frl_buf_init(&out, NULL, 100);
  frl_error err = {0};
  const frl_status st = rig_unary(r, "/t.S/Echo", "fine", 4, 15000, &out, &err);
  frl_buf_deinit(&out);
  if (st != FRL_OK) print_error("afterwards: %s\n", err.message);
  rig_stop_server(r, 0);
  const bool all_closed = r->opened == r->closed;
  rig_stop(r);
  free(r);
  return st == FRL_OK && all_closed ? 0 : -1;
}

static int attack(rig *r) {
  const int fd = raw_connect(frl_server_port(r->server));
  assert_true(raw_send_preface(fd));
  return fd;
}

/* The same frame again and again, until it was enough or the server has closed. */
static void repeat(int fd, uint8_t type, uint8_t flags, uint32_t stream,
    const void *payload, size_t n) {
  uint8_t *batch = malloc(BATCH_BYTES);
  assert_non_null(batch);
  size_t len = 0;
  int frames = 0;
  while (len + n + 9 <= BATCH_BYTES) {
    raw_put_frame(batch, &len, type, flags, stream, payload, n);
    frames++;
  }
  for (int sent = 0; sent < ENOUGH; sent += frames) {
    if (!raw_send(fd, batch, len)) break;
  }
  free(batch);
}

/* By the server, not by our patience: that would be what an open connection gives. */
static void assert_closed(int fd) {
  char rest[4096];
  ssize_t n;
  do {
    n = recv(fd, rest, sizeof rest, 0);
  } while (n > 0);
  assert_true(n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK));
  (void)close(fd);
}

static void assert_calmed(int fd) {
  const int64_t code = raw_goaway_code(fd);
  /* the goodbye may be lost where the attacker's own bytes are in its way */
  assert_true(code == ENHANCE_YOUR_CALM || code == -1);
  assert_closed(fd);
}

static void open_stream(int fd, uint32_t stream, const char *path, uint8_t flags) {
  uint8_t block[256];
  const size_t n = raw_request_block(block, path);
  assert_true(
      raw_send_frame(fd, HEADERS, (uint8_t)(flags | END_HEADERS), stream, block, n));
}

static void rapid_reset(void **state) {
  rig *r = *state;
  const int fd = attack(r);
  uint8_t block[256];
  static const uint8_t cancel[4] = {0, 0, 0, 8};
  const size_t n = raw_request_block(block, "/t.S/Hang");
  uint32_t stream = 1;
  uint8_t *batch = malloc(BATCH_BYTES);
  assert_non_null(batch);
  for (bool sent = true; sent && stream < 2 * ENOUGH;) {
    size_t len = 0;
    while (len + 400 < BATCH_BYTES) {
      raw_put_frame(batch, &len, HEADERS, END_HEADERS, stream, block, n);
      raw_put_frame(batch, &len, RST_STREAM, 0, stream, cancel, sizeof cancel);
      stream += 2;
    }
    sent = raw_send(fd, batch, len);
  }
  free(batch);
  assert_calmed(fd);
  /* most of them never reached a method */
  assert_true(rig_read(r, &r->opened) < 20000);
}

static void rapid_reset_by_invalid_frames(void **state) {
  rig *r = *state;
  const int fd = attack(r);
  uint8_t block[256];
  static const uint8_t zero[4] = {0};
  const size_t n = raw_request_block(block, "/t.S/Hang");
  uint32_t stream = 1;
  uint8_t *batch = malloc(BATCH_BYTES);
  assert_non_null(batch);
  for (bool sent = true; sent && stream < 2 * ENOUGH;) {
    size_t len = 0;
    while (len + 400 < BATCH_BYTES) {
      /* a window update of nothing makes the server reset the stream itself */
      raw_put_frame(batch, &len, HEADERS, END_HEADERS, stream, block, n);
      raw_put_frame(batch, &len, WINDOW_UPDATE, 0, stream, zero, sizeof zero);
      stream += 2;
    }
    sent = raw_send(fd, batch, len);
  }
  free(batch);
  (void)raw_goaway_code(fd);
  assert_closed(fd);
  assert_true(rig_read(r, &r->opened) < 20000);
}

static void ping_flood(void **state) {
  const int fd = attack(*state);
  static const uint8_t payload[8];
  repeat(fd, PING, 0, 0, payload, sizeof payload);
  assert_calmed(fd);
}

static void settings_flood(void **state) {
  const int fd = attack(*state);
  repeat(fd, SETTINGS, 0, 0, NULL, 0);
  assert_calmed(fd);
}

static void window_update_flood(void **state) {
  const int fd = attack(*state);
  static const uint8_t one[4] = {0, 0, 0, 1};
  repeat(fd, WINDOW_UPDATE, 0, 0, one, sizeof one);
  assert_calmed(fd);
}

static void priority_flood(void **state) {
  const int fd = attack(*state);
  static const uint8_t payload[5] = {0, 0, 0, 0, 1};
  repeat(fd, PRIORITY, 0, 5, payload, sizeof payload);
  assert_calmed(fd);
}

static void empty_data_flood(void **state) {
  const int fd = attack(*state);
  open_stream(fd, 1, "/t.S/Sink", 0);
  repeat(fd, DATA, 0, 1, NULL, 0);
  assert_calmed(fd);
}

static void endless_continuation(void **state) {
  const int fd = attack(*state);
  uint8_t block[256];
  const size_t n = raw_request_block(block, "/t.S/Hang");
  assert_true(raw_send_frame(fd, HEADERS, 0, 1, block, n));
  /* a field of its own in each: never indexed, "a: b" */
  static const uint8_t field[] = {0x10, 1, 'a', 1, 'b'};
  repeat(fd, CONTINUATION, 0, 1, field, sizeof field);
  (void)raw_goaway_code(fd);
  assert_closed(fd);
  rig *r = *state;
  assert_int_equal(rig_read(r, &r->opened), 0);
}

/* Waits for a RST_STREAM. */
static void assert_stream_is_reset(int fd) {
  uint8_t head[9];
  while (recv(fd, head, 9, MSG_WAITALL) == 9) {
    uint8_t payload[1024];
    const size_t n = (size_t)head[1] << 8 | head[2];
    assert_true(n <= sizeof payload);
    if (n) assert_int_equal(recv(fd, payload, n, MSG_WAITALL), (ssize_t)n);
    if (head[3] == RST_STREAM) return;
  }
  fail_msg("the connection ended without a RST_STREAM");
}

static long peak_kib(void) {
  struct rusage usage;
  assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_maxrss;
}

/* A long field is put into HPACK's table once, and then named by a byte each time. */
static void header_bomb(void **state) {
  rig *r = *state;
  const int fd = attack(r);
  enum { VALUE = 3900, BLOCK = 16000 };
  uint8_t block[BLOCK];
  size_t n = raw_request_block(block, "/t.S/Hang");
  block[n++] = 0x40; /* indexed, new name */
  block[n++] = 1;
  block[n++] = 'x';
  block[n++] = 0x7f; /* length 127 + (3900 - 127) by sevens */
  block[n++] = ((VALUE - 127) & 0x7f) | 0x80;
  block[n++] = (VALUE - 127) >> 7;
  memset(block + n, 'v', VALUE);
  n += VALUE;
  memset(block + n, 0x80 | 62, BLOCK - n); /* the newest entry of the table */
  const long before = peak_kib();
  assert_true(raw_send_frame(fd, HEADERS, END_HEADERS, 1, block, BLOCK));
  assert_stream_is_reset(fd);
  assert_true(peak_kib() - before < 16 * 1024); /* it would unfold to 45 MB */
  /* every block after that is as bad */
  n = raw_request_block(block, "/t.S/Hang");
  memset(block + n, 0x80 | 62, BLOCK - n);
  for (uint32_t stream = 3; stream < 8001; stream += 2) {
    if (!raw_send_frame(fd, HEADERS, END_HEADERS, stream, block, BLOCK)) break;
  }
  assert_calmed(fd);
  assert_int_equal(rig_read(r, &r->opened), 0);
}

static void slow_preface(void **state) {
  rig *r = *state;
  const int fd = raw_connect(frl_server_port(r->server));
  assert_true(raw_send(fd, "PRI * HT", 8));
  assert_true(raw_drain(fd)); /* closed by the server, not by our patience */
  (void)close(fd);
  const int mute = raw_connect(frl_server_port(r->server));
  assert_true(raw_drain(mute));
  (void)close(mute);
}

static void http1_instead_of_a_preface(void **state) {
  rig *r = *state;
  const int fd = raw_connect(frl_server_port(r->server));
  static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  assert_true(raw_send(fd, request, sizeof request - 1));
  assert_closed(fd);
}

static void one_byte_window(void **state) {
  rig *r = *state;
  const int fd = raw_connect(frl_server_port(r->server));
  assert_true(raw_send(fd, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24));
  static const uint8_t tiny[6] = {0, 4, 0, 0, 0, 1}; /* INITIAL_WINDOW_SIZE = 1 */
  assert_true(raw_send_frame(fd, SETTINGS, 0, 0, tiny, sizeof tiny));
  open_stream(fd, 1, "/t.S/Source", 0);
  static const uint8_t message[] =
      "\0\0\0\0\x0c"
      "1000 1000000";
  assert_true(raw_send_frame(fd, DATA, END_STREAM, 1, message, sizeof message - 1));
  static const uint8_t one[4] = {0, 0, 0, 1};
  /* one at a time, as their answers come */
  int i = 0;
  for (; i < ENOUGH; i++) {
    uint8_t byte[64];
    if (!raw_send_frame(fd, WINDOW_UPDATE, 0, 1, one, sizeof one)) break;
    if (recv(fd, byte, sizeof byte, 0) <= 0) break;
  }
  assert_in_range(i, 1000, 50000); /* some are honest, many are not */
  (void)close(fd);
  assert_true(rig_read(r, &r->source_unsent_max) < (4u << 20));
}

static void oversized_message_prefix(void **state) {
  rig *r = *state;
  const int fd = attack(r);
  open_stream(fd, 1, "/t.S/Sink", 0);
  static const uint8_t prefix[] = {0, 0xff, 0xff, 0xff, 0xff, 'x'};
  assert_true(raw_send_frame(fd, DATA, 0, 1, prefix, sizeof prefix));
  /* grpc-status, then RST_STREAM: the call is over before its first byte */
  assert_stream_is_reset(fd);
  (void)close(fd);
}

static void garbage(void **state) {
  rig *r = *state;
  uint32_t x = 12345;
  for (int round = 0; round < 50; round++) {
    const int fd = attack(r);
    uint8_t noise[4096];
    for (size_t i = 0; i < sizeof noise; i++) {
      x = x * 1664525 + 1013904223;
      noise[i] = (uint8_t)(x >> 24);
    }
    (void)raw_send(fd, noise, sizeof noise);
    (void)shutdown(fd, SHUT_WR);
    (void)raw_drain(fd);
    (void)close(fd);
  }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(rapid_reset),
      CASE(rapid_reset_by_invalid_frames),
      CASE(ping_flood),
      CASE(settings_flood),
      CASE(window_update_flood),
      CASE(priority_flood),
      CASE(empty_data_flood),
      CASE(endless_continuation),
      CASE(header_bomb),
      CASE(slow_preface),
      CASE(http1_instead_of_a_preface),
      CASE(one_byte_window),
      CASE(oversized_message_prefix),
      CASE(garbage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
