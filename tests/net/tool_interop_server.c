/*
 * The server of gRPC's interoperability tests (grpc.testing.TestService).
 *
 * usage: tool_interop_server [MAX_FRAME_BYTES]
 * Prints its port on a line and serves until its standard input ends.
 * Source: grpc/doc/interop-test-descriptions.md, grpc/testing/messages.proto.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/grpc_server.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum kind { EMPTY, UNARY, OUTPUT, INPUT, DUPLEX };

typedef struct method {
  enum kind kind;
  const char *path;
} method;

typedef struct echo_status {
  int32_t code; /* 0: none asked for */
  char message[512];
} echo_status;

typedef struct test_call {
  const method *method;
  frl_server_call *call;
  frl_buf message;
  uint64_t received; /* payload bytes, for StreamingInputCall */
  bool half_closed;
} test_call;

static void must(frl_status st) {
  if (st != FRL_OK) abort();
}

static void send_payload(test_call *c, size_t size) {
  uint8_t *zeros = calloc(1, size + 1);
  frl_buf payload;
  frl_buf response;
  frl_buf_init(&payload, NULL, 1u << 30);
  frl_buf_init(&response, NULL, 1u << 30);
  if (size) must(frl_wire_bytes(&payload, 2, zeros, size));
  must(frl_wire_bytes(&response, 1, payload.data, payload.len));
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  must(frl_chain_copy(&chain, response.data, response.len));
  const frl_status st = frl_server_call_send(c->call, &chain);
  if (st != FRL_OK) (void)fprintf(stderr, "send: %s\n", frl_status_name(st));
  frl_chain_deinit(&chain);
  frl_buf_deinit(&payload);
  frl_buf_deinit(&response);
  free(zeros);
}

static void send_empty(test_call *c) {
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  must(frl_server_call_send(c->call, &chain));
  frl_chain_deinit(&chain);
}

static void read_status(frl_cursor bytes, echo_status *status) {
  frl_wire_field f;
  while (frl_wire_next(&bytes, &f) == FRL_OK) {
    if (f.number == 1) status->code = (int32_t)f.value;
    if (f.number == 2) {
      (void)snprintf(status->message, sizeof status->message, "%.*s",
          (int)frl_cursor_left(&f.bytes), (const char *)f.bytes.pos);
    }
  }
}

static bool read_bool(frl_cursor bytes) {
  frl_wire_field f;
  return frl_wire_next(&bytes, &f) == FRL_OK && f.number == 1 && f.value != 0;
}

/* ResponseParameters: size 1, interval_us 2, compressed 3. */
static void answer_parameters(test_call *c, frl_cursor bytes) {
  size_t size = 0;
  bool gzip = false;
  frl_wire_field f;
  while (frl_wire_next(&bytes, &f) == FRL_OK) {
    if (f.number == 1) size = (size_t)f.value;
    if (f.number == 3) gzip = read_bool(f.bytes);
  }
  frl_server_call_set_gzip(c->call, gzip);
  send_payload(c, size);
}

static void finish(test_call *c, const echo_status *status) {
  frl_server_call_finish(c->call, status->code, status->message, NULL, 0);
}

/* SimpleRequest: response_size 2, response_compressed 6, response_status 7. */
static void answer_unary(test_call *c) {
  frl_cursor message = frl_cursor_of(c->message.data, c->message.len);
  echo_status status = {0};
  size_t size = 0;
  frl_wire_field f;
  while (frl_wire_next(&message, &f) == FRL_OK) {
    if (f.number == 2) size = (size_t)f.value;
    if (f.number == 6) frl_server_call_set_gzip(c->call, read_bool(f.bytes));
    if (f.number == 7) read_status(f.bytes, &status);
  }
  if (status.code == 0) send_payload(c, size);
  finish(c, &status);
}

/* StreamingOutputCallRequest: response_parameters 2, response_status 7. */
static void answer_output(test_call *c, bool end) {
  frl_cursor message = frl_cursor_of(c->message.data, c->message.len);
  echo_status status = {0};
  frl_wire_field f;
  while (frl_wire_next(&message, &f) == FRL_OK) {
    if (f.number == 2) answer_parameters(c, f.bytes);
    if (f.number == 7) read_status(f.bytes, &status);
  }
  if (end || status.code) finish(c, &status);
}

/* StreamingInputCallRequest: payload 1; its body 2. */
static void count_input(test_call *c) {
  frl_cursor message = frl_cursor_of(c->message.data, c->message.len);
  frl_wire_field payload;
  frl_wire_field f;
  while (frl_wire_next(&message, &payload) == FRL_OK) {
    if (payload.number != 1) continue;
    while (frl_wire_next(&payload.bytes, &f) == FRL_OK) {
      if (f.number == 2) c->received += frl_cursor_left(&f.bytes);
    }
  }
}

static void answer_input(test_call *c) {
  frl_buf response;
  frl_buf_init(&response, NULL, 100);
  must(frl_wire_varint(&response, 1, c->received));
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  must(frl_chain_copy(&chain, response.data, response.len));
  must(frl_server_call_send(c->call, &chain));
  frl_chain_deinit(&chain);
  frl_buf_deinit(&response);
  frl_server_call_finish(c->call, FRL_GRPC_OK, NULL, NULL, 0);
}

/* custom_metadata: one field comes back as a header, one as a trailer. */
static void echo_metadata(frl_server_call *call) {
  const frl_metadata *md = frl_server_call_metadata(call);
  for (size_t i = 0; i < md->len; i++) {
    const frl_metadata_item *item = &md->items[i];
    if (strcmp(item->name, "x-grpc-test-echo-trailing-bin") == 0) {
      must(frl_server_call_add_trailer(call, item->name, item->value, item->value_len));
    } else if (strcmp(item->name, "x-grpc-test-echo-initial") == 0) {
      frl_metadata echoed = {0};
      must(frl_metadata_add(&echoed, NULL, item->name, item->value, item->value_len));
      must(frl_server_call_send_headers(call, &echoed));
      frl_metadata_deinit(&echoed, NULL);
    }
  }
}

static frl_status on_open(void *service, frl_server_call *server_call, void **ctx) {
  test_call *c = calloc(1, sizeof *c);
  if (!c) return FRL_E_NOMEM;
  c->method = service;
  c->call = server_call;
  frl_buf_init(&c->message, NULL, 64u << 20);
  *ctx = c;
  echo_metadata(server_call);
  return FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  test_call *c = ctx;
  return frl_buf_append(&c->message, data, n);
}

static frl_status on_end(void *ctx) {
  test_call *c = ctx;
  switch (c->method->kind) {
    case EMPTY:
      send_empty(c);
      frl_server_call_finish(c->call, FRL_GRPC_OK, NULL, NULL, 0);
      break;
    case UNARY:
      answer_unary(c);
      break;
    case OUTPUT:
      answer_output(c, true);
      break;
    case INPUT:
      count_input(c);
      break;
    case DUPLEX:
      answer_output(c, false);
      break;
  }
  frl_buf_clear(&c->message);
  return FRL_OK;
}

static void on_half_close(void *ctx) {
  test_call *c = ctx;
  if (c->method->kind == INPUT) {
    answer_input(c);
  } else {
    frl_server_call_finish(c->call, FRL_GRPC_OK, NULL, NULL, 0);
  }
}

static void on_closed(void *ctx) {
  test_call *c = ctx;
  frl_buf_deinit(&c->message);
  free(c);
}

int main(int argc, char **argv) {
  static method methods[] = {{EMPTY, "/grpc.testing.TestService/EmptyCall"},
      {UNARY, "/grpc.testing.TestService/UnaryCall"},
      {UNARY, "/grpc.testing.TestService/CacheableUnaryCall"},
      {OUTPUT, "/grpc.testing.TestService/StreamingOutputCall"},
      {INPUT, "/grpc.testing.TestService/StreamingInputCall"},
      {DUPLEX, "/grpc.testing.TestService/FullDuplexCall"}};
  frl_error err = {0};
  frl_loop *loop = NULL;
  frl_server *server = NULL;
  const frl_server_options options = {.struct_size = sizeof options,
      .max_frame_bytes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0};
  if (frl_loop_start(&loop, NULL, "interop", &err) != FRL_OK ||
      frl_server_listen(&server, loop, &options, NULL, &err) != FRL_OK) {
    (void)fprintf(stderr, "%s\n", err.message);
    return EXIT_FAILURE;
  }
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    const frl_server_method m = {.path = methods[i].path,
        .on_open = on_open,
        .sink = {NULL, on_data, on_end},
        .on_half_close = on_half_close,
        .on_closed = on_closed,
        .service = &methods[i]};
    must(frl_server_add(server, &m));
  }
  (void)printf("%u\n", frl_server_port(server));
  (void)fflush(stdout);
  while (getchar() != EOF) {
  }
  frl_server_shutdown(server, 0);
  frl_loop_stop(loop);
  return EXIT_SUCCESS;
}
