/*
 * The client of gRPC's interoperability tests.
 *
 * usage: tool_interop_client PORT CASE
 * Source: grpc/doc/interop-test-descriptions.md, grpc/testing/messages.proto.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sync.h"
#include "net/grpc_client.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum { MAX_SIZES = 8, LARGE_REQUEST = 271828, LARGE_RESPONSE = 314159 };

#define SERVICE "/grpc.testing.TestService/"

static const char SPECIAL[] =
    "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP "
    "\xf0\x9f\x98\x88\t\n";

static frl_channel *channel;

static void check(bool fine, const char *what) {
  if (fine) return;
  (void)fprintf(stderr, "not so: %s\n", what);
  exit(EXIT_FAILURE);
}

#define CHECK(expression) check((expression), #expression)
#define MUST(expression) check((expression) == FRL_OK, #expression)

/* ---- one call, from a thread that waits ---- */

typedef struct talk {
  frl_call *call;
  frl_call_options options;
  frl_mutex lock;
  frl_cond changed;
  size_t messages;
  size_t sizes[MAX_SIZES]; /* of the payloads */
  frl_buf message;
  uint64_t count; /* field 1 as a number: aggregated_payload_size */
  bool closed;
  int32_t code;
  char text[256];
  char initial[64];
  uint8_t trailing[8];
  size_t trailing_len;
} talk;

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  talk *t = ctx;
  return frl_buf_append(&t->message, data, n);
}

static void read_response(talk *t) {
  frl_cursor message = frl_cursor_of(t->message.data, t->message.len);
  size_t size = 0;
  frl_wire_field f;
  frl_wire_field body;
  while (frl_wire_next(&message, &f) == FRL_OK) {
    if (f.number != 1) continue;
    t->count = f.value;
    while (f.type == FRL_WIRE_BYTES && frl_wire_next(&f.bytes, &body) == FRL_OK) {
      if (body.number == 2) size = frl_cursor_left(&body.bytes);
    }
  }
  if (t->messages < MAX_SIZES) t->sizes[t->messages] = size;
}

static frl_status on_end(void *ctx) {
  talk *t = ctx;
  frl_mutex_lock(&t->lock);
  read_response(t);
  t->messages++;
  frl_buf_clear(&t->message);
  frl_cond_broadcast(&t->changed);
  frl_mutex_unlock(&t->lock);
  return FRL_OK;
}

static void on_headers(void *ctx, const frl_metadata *headers) {
  talk *t = ctx;
  const char *value = frl_metadata_get(headers, "x-grpc-test-echo-initial");
  if (value) (void)snprintf(t->initial, sizeof t->initial, "%s", value);
}

static void on_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  talk *t = ctx;
  frl_mutex_lock(&t->lock);
  for (size_t i = 0; i < trailers->len; i++) {
    const frl_metadata_item *item = &trailers->items[i];
    if (strcmp(item->name, "x-grpc-test-echo-trailing-bin") != 0) continue;
    if (item->value_len > sizeof t->trailing) continue;
    memcpy(t->trailing, item->value, item->value_len);
    t->trailing_len = item->value_len;
  }
  t->call = NULL;
  t->closed = true;
  t->code = status->code;
  (void)snprintf(t->text, sizeof t->text, "%s", status->message);
  frl_cond_broadcast(&t->changed);
  frl_mutex_unlock(&t->lock);
}

static void start(void *ctx) {
  talk *t = ctx;
  static const frl_call_handler handler = {.sink = {NULL, on_data, on_end},
      .on_headers = on_headers,
      .on_closed = on_closed};
  MUST(frl_call_start(&t->call, channel, &t->options, &handler, t, NULL));
}

static void talk_init(talk *t, const char *path) {
  memset(t, 0, sizeof *t);
  t->options = (frl_call_options){.struct_size = sizeof t->options, .path = path};
  frl_mutex_init(&t->lock);
  frl_cond_init(&t->changed);
  frl_buf_init(&t->message, NULL, 64u << 20);
}

static void on_loop(void (*fn)(void *ctx), void *ctx) {
  MUST(frl_loop_call(frl_channel_loop(channel), fn, ctx));
}

static void talk_start(talk *t) { on_loop(start, t); }

typedef struct sending {
  talk *talk;
  const frl_buf *message;
} sending;

/* The server may have ended the call already: wait_for_end looks at how. */
static void must_go(frl_status status) {
  CHECK(status == FRL_OK || status == FRL_E_CLOSED);
}

static void send_it(void *ctx) {
  const sending *s = ctx;
  frl_chain chain;
  if (!s->talk->call) return;
  frl_chain_init(&chain, NULL);
  if (s->message->len) MUST(frl_chain_copy(&chain, s->message->data, s->message->len));
  must_go(frl_call_send(s->talk->call, &chain, false));
  frl_chain_deinit(&chain);
}

/* Sends the buffer and empties it. */
static void talk_send(talk *t, frl_buf *message) {
  sending s = {t, message};
  on_loop(send_it, &s);
  frl_buf_clear(message);
}

static void finish_it(void *ctx) {
  talk *t = ctx;
  if (t->call) must_go(frl_call_finish(t->call));
}

static void cancel_it(void *ctx) {
  talk *t = ctx;
  if (t->call) frl_call_cancel(t->call);
}

static void wait_for_messages(talk *t, size_t n) {
  frl_mutex_lock(&t->lock);
  while (t->messages < n && !t->closed) frl_cond_wait(&t->changed, &t->lock);
  frl_mutex_unlock(&t->lock);
  CHECK(t->messages >= n);
}

static void wait_for_end(talk *t, int32_t code) {
  frl_mutex_lock(&t->lock);
  while (!t->closed) frl_cond_wait(&t->changed, &t->lock);
  frl_mutex_unlock(&t->lock);
  if (t->code != code) (void)fprintf(stderr, "status %d: %s\n", t->code, t->text);
  CHECK(t->code == code);
  frl_buf_deinit(&t->message);
}

/* ---- messages ---- */

static frl_buf request_buf(void) {
  frl_buf b;
  frl_buf_init(&b, NULL, 64u << 20);
  return b;
}

/* A Payload of n zeros as field number. */
static void add_payload(frl_buf *b, uint32_t number, size_t n) {
  uint8_t *zeros = calloc(1, n + 1);
  frl_buf payload = request_buf();
  MUST(frl_wire_bytes(&payload, 2, zeros, n));
  MUST(frl_wire_bytes(b, number, payload.data, payload.len));
  frl_buf_deinit(&payload);
  free(zeros);
}

static void add_response_size(frl_buf *b, size_t n) {
  size_t mark = 0;
  MUST(frl_wire_begin(b, 2, &mark));
  MUST(frl_wire_varint(b, 1, n));
  MUST(frl_wire_end(b, mark));
}

static void add_status(frl_buf *b, int32_t code, const char *text) {
  size_t mark = 0;
  MUST(frl_wire_begin(b, 7, &mark));
  MUST(frl_wire_varint(b, 1, (uint64_t)code));
  MUST(frl_wire_text(b, 2, text));
  MUST(frl_wire_end(b, mark));
}

static void large_request(frl_buf *b) {
  MUST(frl_wire_varint(b, 2, LARGE_RESPONSE));
  add_payload(b, 3, LARGE_REQUEST);
}

/* One message each way. */
static void run_unary(talk *t, frl_buf *request, int32_t code) {
  talk_start(t);
  talk_send(t, request);
  on_loop(finish_it, t);
  wait_for_end(t, code);
  frl_buf_deinit(request);
}

/* ---- the cases ---- */

static void empty_unary(void) {
  talk t;
  talk_init(&t, SERVICE "EmptyCall");
  frl_buf request = request_buf();
  run_unary(&t, &request, FRL_GRPC_OK);
  CHECK(t.messages == 1);
}

static void large_unary(void) {
  talk t;
  talk_init(&t, SERVICE "UnaryCall");
  frl_buf request = request_buf();
  large_request(&request);
  run_unary(&t, &request, FRL_GRPC_OK);
  CHECK(t.messages == 1 && t.sizes[0] == LARGE_RESPONSE);
}

static void client_streaming(void) {
  static const size_t sizes[] = {27182, 8, 1828, 45904};
  talk t;
  talk_init(&t, SERVICE "StreamingInputCall");
  talk_start(&t);
  frl_buf request = request_buf();
  for (size_t i = 0; i < 4; i++) {
    add_payload(&request, 1, sizes[i]);
    talk_send(&t, &request);
  }
  on_loop(finish_it, &t);
  wait_for_end(&t, FRL_GRPC_OK);
  CHECK(t.count == 74922);
  frl_buf_deinit(&request);
}

static const size_t RESPONSES[] = {31415, 9, 2653, 58979};

static void server_streaming(void) {
  talk t;
  talk_init(&t, SERVICE "StreamingOutputCall");
  frl_buf request = request_buf();
  for (size_t i = 0; i < 4; i++) add_response_size(&request, RESPONSES[i]);
  run_unary(&t, &request, FRL_GRPC_OK);
  CHECK(t.messages == 4);
  CHECK(memcmp(t.sizes, RESPONSES, sizeof RESPONSES) == 0);
}

static void ping_pong(void) {
  static const size_t sizes[] = {27182, 8, 1828, 45904};
  talk t;
  talk_init(&t, SERVICE "FullDuplexCall");
  talk_start(&t);
  frl_buf request = request_buf();
  for (size_t i = 0; i < 4; i++) {
    add_response_size(&request, RESPONSES[i]);
    add_payload(&request, 3, sizes[i]);
    talk_send(&t, &request);
    wait_for_messages(&t, i + 1);
    CHECK(t.sizes[i] == RESPONSES[i]);
  }
  on_loop(finish_it, &t);
  wait_for_end(&t, FRL_GRPC_OK);
  frl_buf_deinit(&request);
}

static void empty_stream(void) {
  talk t;
  talk_init(&t, SERVICE "FullDuplexCall");
  talk_start(&t);
  on_loop(finish_it, &t);
  wait_for_end(&t, FRL_GRPC_OK);
  CHECK(t.messages == 0);
}

static void cancel_after_begin(void) {
  talk t;
  talk_init(&t, SERVICE "StreamingInputCall");
  talk_start(&t);
  on_loop(cancel_it, &t);
  wait_for_end(&t, FRL_GRPC_CANCELLED);
}

static void cancel_after_first_response(void) {
  talk t;
  talk_init(&t, SERVICE "FullDuplexCall");
  talk_start(&t);
  frl_buf request = request_buf();
  add_response_size(&request, RESPONSES[0]);
  add_payload(&request, 3, 27182);
  talk_send(&t, &request);
  wait_for_messages(&t, 1);
  on_loop(cancel_it, &t);
  wait_for_end(&t, FRL_GRPC_CANCELLED);
  frl_buf_deinit(&request);
}

static void timeout_on_sleeping_server(void) {
  talk t;
  talk_init(&t, SERVICE "FullDuplexCall");
  t.options.timeout_ms = 1;
  talk_start(&t);
  wait_for_end(&t, FRL_GRPC_DEADLINE_EXCEEDED);
}

static void status_of(const char *text) {
  talk t;
  talk_init(&t, SERVICE "UnaryCall");
  frl_buf request = request_buf();
  add_status(&request, FRL_GRPC_UNKNOWN, text);
  run_unary(&t, &request, FRL_GRPC_UNKNOWN);
  CHECK(strcmp(t.text, text) == 0);
}

static void special_status_message(void) { status_of(SPECIAL); }

static void status_code_and_message(void) {
  status_of("test status message");
  talk t;
  talk_init(&t, SERVICE "FullDuplexCall");
  talk_start(&t);
  frl_buf request = request_buf();
  add_status(&request, FRL_GRPC_UNKNOWN, "test status message");
  talk_send(&t, &request);
  wait_for_end(&t, FRL_GRPC_UNKNOWN);
  CHECK(strcmp(t.text, "test status message") == 0);
  frl_buf_deinit(&request);
}

static void metadata_on(const char *path, bool duplex) {
  static const uint8_t trailing[] = {0xab, 0xab, 0xab};
  frl_metadata md = {0};
  MUST(frl_metadata_add(
      &md, NULL, "x-grpc-test-echo-initial", "test_initial_metadata_value", 27));
  MUST(frl_metadata_add(&md, NULL, "x-grpc-test-echo-trailing-bin", trailing, 3));
  talk t;
  talk_init(&t, path);
  t.options.metadata = &md;
  frl_buf request = request_buf();
  if (duplex) {
    add_response_size(&request, LARGE_RESPONSE);
    add_payload(&request, 3, LARGE_REQUEST);
  } else {
    large_request(&request);
  }
  run_unary(&t, &request, FRL_GRPC_OK);
  CHECK(strcmp(t.initial, "test_initial_metadata_value") == 0);
  CHECK(t.trailing_len == 3 && memcmp(t.trailing, trailing, 3) == 0);
  frl_metadata_deinit(&md, NULL);
}

static void custom_metadata(void) {
  metadata_on(SERVICE "UnaryCall", false);
  metadata_on(SERVICE "FullDuplexCall", true);
}

static void unimplemented(const char *path) {
  talk t;
  talk_init(&t, path);
  frl_buf request = request_buf();
  run_unary(&t, &request, FRL_GRPC_UNIMPLEMENTED);
}

static void unimplemented_method(void) { unimplemented(SERVICE "UnimplementedCall"); }

static void unimplemented_service(void) {
  unimplemented("/grpc.testing.UnimplementedService/UnimplementedCall");
}

/*
 * The compressed cases: the channel compresses messages of more than 1 KiB, so that a
 * small one goes as it is.
 */
enum {
  RESPONSE_COMPRESSED = 6, /* SimpleRequest */
  EXPECT_COMPRESSED = 8,
  STREAMING_EXPECT_COMPRESSED = 2,
  SMALL_PAYLOAD = 100
};

static void add_bool(frl_buf *b, uint32_t number, bool value) {
  size_t mark = 0;
  MUST(frl_wire_begin(b, number, &mark));
  MUST(frl_wire_bool(b, 1, value));
  MUST(frl_wire_end(b, mark));
}

static void expecting_unary(size_t size, bool expected, int32_t code) {
  talk t;
  talk_init(&t, SERVICE "UnaryCall");
  frl_buf request = request_buf();
  add_bool(&request, EXPECT_COMPRESSED, expected);
  MUST(frl_wire_varint(&request, 2, LARGE_RESPONSE));
  add_payload(&request, 3, size);
  run_unary(&t, &request, code);
  CHECK(code != FRL_GRPC_OK || t.sizes[0] == LARGE_RESPONSE);
}

static void client_compressed_unary(void) {
  expecting_unary(SMALL_PAYLOAD, true, FRL_GRPC_INVALID_ARGUMENT);
  expecting_unary(LARGE_REQUEST, true, FRL_GRPC_OK);
  expecting_unary(SMALL_PAYLOAD, false, FRL_GRPC_OK);
}

static void server_compressed_unary(void) {
  for (int compressed = 1; compressed >= 0; compressed--) {
    talk t;
    talk_init(&t, SERVICE "UnaryCall");
    frl_buf request = request_buf();
    add_bool(&request, RESPONSE_COMPRESSED, compressed);
    large_request(&request);
    run_unary(&t, &request, FRL_GRPC_OK);
    CHECK(t.messages == 1 && t.sizes[0] == LARGE_RESPONSE);
  }
}

static void add_streamed(frl_buf *b, size_t size, bool expected) {
  add_payload(b, 1, size);
  add_bool(b, STREAMING_EXPECT_COMPRESSED, expected);
}

static void client_compressed_streaming(void) {
  talk probe;
  talk_init(&probe, SERVICE "StreamingInputCall");
  frl_buf request = request_buf();
  add_streamed(&request, SMALL_PAYLOAD, true);
  talk_start(&probe);
  talk_send(&probe, &request);
  wait_for_end(&probe, FRL_GRPC_INVALID_ARGUMENT);
  talk t;
  talk_init(&t, SERVICE "StreamingInputCall");
  talk_start(&t);
  add_streamed(&request, 27182, true);
  talk_send(&t, &request);
  add_streamed(&request, SMALL_PAYLOAD, false);
  talk_send(&t, &request);
  on_loop(finish_it, &t);
  wait_for_end(&t, FRL_GRPC_OK);
  CHECK(t.count == 27182 + SMALL_PAYLOAD);
  frl_buf_deinit(&request);
}

static void server_compressed_streaming(void) {
  static const size_t sizes[] = {31415, 92653};
  talk t;
  talk_init(&t, SERVICE "StreamingOutputCall");
  frl_buf request = request_buf();
  for (size_t i = 0; i < 2; i++) {
    size_t mark = 0;
    MUST(frl_wire_begin(&request, 2, &mark));
    MUST(frl_wire_varint(&request, 1, sizes[i]));
    add_bool(&request, 3, i == 0);
    MUST(frl_wire_end(&request, mark));
  }
  run_unary(&t, &request, FRL_GRPC_OK);
  CHECK(t.messages == 2 && memcmp(t.sizes, sizes, sizeof sizes) == 0);
}

static const struct {
  const char *name;
  void (*run)(void);
} CASES[] = {{"empty_unary", empty_unary}, {"large_unary", large_unary},
    {"client_streaming", client_streaming}, {"server_streaming", server_streaming},
    {"ping_pong", ping_pong}, {"empty_stream", empty_stream},
    {"cancel_after_begin", cancel_after_begin},
    {"cancel_after_first_response", cancel_after_first_response},
    {"timeout_on_sleeping_server", timeout_on_sleeping_server},
    {"status_code_and_message", status_code_and_message},
    {"special_status_message", special_status_message},
    {"custom_metadata", custom_metadata},
    {"unimplemented_method", unimplemented_method},
    {"unimplemented_service", unimplemented_service},
    {"client_compressed_unary", client_compressed_unary},
    {"server_compressed_unary", server_compressed_unary},
    {"client_compressed_streaming", client_compressed_streaming},
    {"server_compressed_streaming", server_compressed_streaming}};

int main(int argc, char **argv) {
  if (argc != 3) {
    (void)fprintf(stderr, "usage: %s PORT CASE\n", argv[0]);
    return 2;
  }
  char target[64];
  (void)snprintf(target, sizeof target, "127.0.0.1:%s", argv[1]);
  frl_loop *loop = NULL;
  MUST(frl_loop_start(&loop, NULL, "interop", NULL));
  const frl_channel_options options = {.struct_size = sizeof options,
      .target = target,
      .gzip = strstr(argv[2], "compressed") != NULL};
  MUST(frl_channel_create(&channel, loop, &options, NULL, NULL));
  bool known = false;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    if (strcmp(CASES[i].name, argv[2]) != 0) continue;
    known = true;
    CASES[i].run();
  }
  CHECK(known);
  frl_channel_destroy(channel);
  frl_loop_stop(loop);
  return EXIT_SUCCESS;
}
