/* gRPC's message framing, whole and in pieces, plain and compressed. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/grpc_frame.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

typedef struct heard {
  frl_buf bytes;
  uint32_t begun;
  uint32_t ended;
  const uint8_t *first; /* where the first chunk lay */
  frl_status answer;    /* of on_end */
} heard;

static frl_status on_begin(void *ctx) {
  heard *h = ctx;
  h->begun++;
  return FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  heard *h = ctx;
  if (!h->first) h->first = data;
  return frl_buf_append(&h->bytes, data, n);
}

static frl_status on_end(void *ctx) {
  heard *h = ctx;
  h->ended++;
  return h->answer;
}

static void start(frl_deframer *d, heard *h, uint32_t max, const frl_mem *mem) {
  static const frl_message_sink sink = {on_begin, on_data, on_end};
  memset(h, 0, sizeof *h);
  frl_buf_init(&h->bytes, NULL, 1u << 26);
  frl_deframer_init(d, &sink, h, max, mem);
}

static void stop(frl_deframer *d, heard *h) {
  frl_deframer_deinit(d);
  frl_buf_deinit(&h->bytes);
}

/* "abc", nothing, "defgh" */
static const uint8_t THREE[] = {0, 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0, 0, 0, 0,
    5, 'd', 'e', 'f', 'g', 'h'};

static void messages_in_pieces_of_every_size(void **state) {
  (void)state;
  for (size_t piece = 1; piece <= sizeof THREE; piece++) {
    frl_deframer d;
    heard h;
    start(&d, &h, 100, NULL);
    for (size_t at = 0; at < sizeof THREE; at += piece) {
      const size_t n = piece < sizeof THREE - at ? piece : sizeof THREE - at;
      assert_int_equal(frl_deframer_feed(&d, THREE + at, n, NULL), FRL_OK);
    }
    assert_int_equal(h.begun, 3);
    assert_int_equal(h.ended, 3);
    assert_int_equal(h.bytes.len, 8);
    assert_memory_equal(h.bytes.data, "abcdefgh", 8);
    assert_true(frl_deframer_is_between(&d));
    stop(&d, &h);
  }
}

static void every_prefix_is_inside_or_between(void **state) {
  (void)state;
  for (size_t n = 0; n <= sizeof THREE; n++) {
    frl_deframer d;
    heard h;
    start(&d, &h, 100, NULL);
    assert_int_equal(frl_deframer_feed(&d, THREE, n, NULL), FRL_OK);
    const bool between = n == 0 || n == 8 || n == 13 || n == sizeof THREE;
    assert_int_equal(frl_deframer_is_between(&d), between);
    stop(&d, &h);
  }
}

static void bytes_are_handed_on_where_they_lie(void **state) {
  (void)state;
  frl_deframer d;
  heard h;
  start(&d, &h, 100, NULL);
  assert_int_equal(frl_deframer_feed(&d, THREE, sizeof THREE, NULL), FRL_OK);
  assert_ptr_equal(h.first, THREE + 5);
  stop(&d, &h);
}

static void wrong_prefixes_are_refused(void **state) {
  (void)state;
  static const struct {
    uint8_t prefix[5];
    frl_status status;
  } cases[] = {{{2, 0, 0, 0, 1}, FRL_E_MALFORMED},
      {{0xff, 0, 0, 0, 0}, FRL_E_MALFORMED}, {{1, 0, 0, 0, 1}, FRL_E_UNSUPPORTED},
      {{0, 0, 0, 0, 101}, FRL_E_LIMIT}, {{0, 0xff, 0xff, 0xff, 0xff}, FRL_E_LIMIT},
      {{0, 0, 0, 0, 100}, FRL_OK}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_deframer d;
    heard h;
    start(&d, &h, 100, NULL);
    assert_int_equal(frl_deframer_feed(&d, cases[i].prefix, 5, NULL), cases[i].status);
    stop(&d, &h);
  }
}

static void what_the_sink_says_is_passed_on(void **state) {
  (void)state;
  frl_deframer d;
  heard h;
  start(&d, &h, 100, NULL);
  h.answer = FRL_E_TRUNCATED;
  assert_int_equal(frl_deframer_feed(&d, THREE, sizeof THREE, NULL), FRL_E_TRUNCATED);
  assert_int_equal(h.ended, 1);
  stop(&d, &h);
}

/* A compressed message with its prefix, to be freed. */
static uint8_t *compressed(
    const void *data, size_t n, size_t *len, const frl_mem *mem) {
  frl_chain chain;
  frl_chain_init(&chain, mem);
  frl_status st = frl_chain_push(&chain, (frl_slice){data, n / 2, NULL, NULL});
  const frl_slice rest = {(const uint8_t *)data + n / 2, n - n / 2, NULL, NULL};
  if (st == FRL_OK) st = frl_chain_push(&chain, rest);
  if (st == FRL_OK) st = frl_chain_gzip(&chain, mem);
  uint8_t *out = NULL;
  if (st == FRL_OK) {
    const size_t size = chain.bytes;
    out = malloc(size + 5);
    out[0] = 1;
    for (int i = 0; i < 4; i++) out[1 + i] = (uint8_t)(size >> (24 - 8 * i));
    memcpy(out + 5, chain.slices[0].data, size);
    *len = size + 5;
  }
  frl_chain_deinit(&chain);
  return out;
}

static void gzip_in_pieces(void **state) {
  (void)state;
  const size_t n = 200000;
  uint8_t *data = malloc(n);
  for (size_t i = 0; i < n; i++) data[i] = (uint8_t)(i % 91 * (i / 1000));
  size_t len = 0;
  uint8_t *message = compressed(data, n, &len, NULL);
  assert_non_null(message);
  static const size_t pieces[] = {1, 3, 100, 5000, 1000000};
  for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
    frl_deframer d;
    heard h;
    start(&d, &h, 300000, NULL);
    d.gzip = true;
    for (int twice = 0; twice < 2; twice++) {
      for (size_t at = 0; at < len; at += pieces[k]) {
        const size_t part = pieces[k] < len - at ? pieces[k] : len - at;
        assert_int_equal(frl_deframer_feed(&d, message + at, part, NULL), FRL_OK);
      }
    }
    assert_int_equal(h.ended, 2);
    assert_int_equal(h.bytes.len, 2 * n);
    assert_memory_equal(h.bytes.data, data, n);
    assert_memory_equal(h.bytes.data + n, data, n);
    stop(&d, &h);
  }
  free(message);
  free(data);
}

static void what_gzip_added_is_counted(void **state) {
  (void)state;
  size_t len = 0;
  uint8_t *message = compressed("abc", 3, &len, NULL);
  frl_deframer d;
  heard h;
  start(&d, &h, 100, NULL);
  d.gzip = true;
  assert_int_equal(frl_deframer_feed(&d, message, len, NULL), FRL_OK);
  assert_int_equal(d.payload_bytes, len - 5);
  assert_int_equal(d.surplus_bytes, len - 5 - 3);
  assert_memory_equal(h.bytes.data, "abc", 3);
  stop(&d, &h);
  free(message);
}

static void broken_gzip_is_malformed(void **state) {
  (void)state;
  uint8_t data[1000];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * i);
  size_t len = 0;
  uint8_t *message = compressed(data, sizeof data, &len, NULL);
  for (size_t at = 5; at < len; at++) {
    if (at >= 9 && at < 15) continue; /* time, flags and system mean nothing */
    frl_deframer d;
    heard h;
    start(&d, &h, 5000, NULL);
    d.gzip = true;
    message[at] ^= 0x55;
    const frl_status st = frl_deframer_feed(&d, message, len, NULL);
    if (st == FRL_OK) fail_msg("byte %zu of %zu makes no difference", at, len);
    message[at] ^= 0x55;
    stop(&d, &h);
  }
  /* cut short, with a prefix that knows it */
  message[3] = (uint8_t)((len - 6) >> 8);
  message[4] = (uint8_t)(len - 6);
  frl_deframer d;
  heard h;
  start(&d, &h, 5000, NULL);
  d.gzip = true;
  assert_int_equal(frl_deframer_feed(&d, message, len - 1, NULL), FRL_E_MALFORMED);
  stop(&d, &h);
  free(message);
}

static void a_bomb_stops_at_the_limit(void **state) {
  (void)state;
  const size_t n = 10u << 20;
  uint8_t *zeros = calloc(1, n);
  size_t len = 0;
  uint8_t *message = compressed(zeros, n, &len, NULL);
  frl_deframer d;
  heard h;
  start(&d, &h, 1u << 20, NULL);
  d.gzip = true;
  assert_int_equal(frl_deframer_feed(&d, message, len, NULL), FRL_E_LIMIT);
  assert_true(h.bytes.len <= 1u << 20);
  stop(&d, &h);
  free(message);
  free(zeros);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    failing_mem failing;
    failing_mem_init(&failing, n);
    const frl_mem mem = failing_mem_of(&failing);
    size_t len = 0;
    uint8_t *message = compressed("abcdefgh", 8, &len, &mem);
    if (message) {
      frl_deframer d;
      heard h;
      start(&d, &h, 100, &mem);
      d.gzip = true;
      const frl_status st = frl_deframer_feed(&d, message, len, NULL);
      assert_int_equal(st, failing.refused ? FRL_E_NOMEM : FRL_OK);
      stop(&d, &h);
      free(message);
    }
    assert_int_equal(failing.live, 0);
    if (failing.refused == 0) break;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_in_pieces_of_every_size),
      cmocka_unit_test(every_prefix_is_inside_or_between),
      cmocka_unit_test(bytes_are_handed_on_where_they_lie),
      cmocka_unit_test(wrong_prefixes_are_refused),
      cmocka_unit_test(what_the_sink_says_is_passed_on),
      cmocka_unit_test(gzip_in_pieces),
      cmocka_unit_test(what_gzip_added_is_counted),
      cmocka_unit_test(broken_gzip_is_malformed),
      cmocka_unit_test(a_bomb_stops_at_the_limit),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
