/* The control calls from outside: one connection, one call, done. */
#include <ferrule/emulator.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/grpc_client.h"
#include "pubsub/emulator/resource.h"
#include "wire/writer.h"

enum { TIMEOUT_MS = 10 * 1000, REQUEST_MAX_BYTES = 64 * 1024 };

static frl_status call(frl_loop *loop, const char *address, const char *path,
    const frl_buf *request, frl_buf *response, frl_error *err) {
  const frl_channel_options options = {
      .struct_size = sizeof options, .target = address};
  frl_channel *channel = NULL;
  FRL_TRY(frl_channel_create(&channel, loop, &options, NULL, err));
  const frl_call_options call_options = {
      .struct_size = sizeof call_options, .path = path, .timeout_ms = TIMEOUT_MS};
  const frl_status st = frl_unary(
      channel, &call_options, request->data, request->len, response, NULL, err);
  frl_channel_destroy(channel);
  return st;
}

static frl_status ask(const char *address, const char *path, const char *text,
    frl_buf *response, frl_error *err) {
  frl_buf request;
  frl_buf_init(&request, NULL, REQUEST_MAX_BYTES);
  frl_status st = frl_wire_text(&request, 1, text);
  if (st != FRL_OK) {
    frl_buf_deinit(&request);
    return frl_fail(err, st, "emulator: the request is too long");
  }
  frl_loop *loop = NULL;
  st = frl_loop_start(&loop, NULL, "frl-control", err);
  if (st == FRL_OK) st = call(loop, address, path, &request, response, err);
  frl_loop_stop(loop);
  frl_buf_deinit(&request);
  return st;
}

frl_status frl_emulator_remote_set_faults(
    const char *address, const char *faults, frl_error *err) {
  frl_buf response;
  frl_buf_init(&response, NULL, REQUEST_MAX_BYTES);
  const frl_status st =
      ask(address, "/ferrule.emulator.v1.Control/SetFaults", faults, &response, err);
  frl_buf_deinit(&response);
  return st;
}

frl_status frl_emulator_remote_backlog(const char *address, const char *subscription,
    uint64_t *unacked, uint64_t *leased, frl_error *err) {
  frl_buf response;
  frl_buf_init(&response, NULL, REQUEST_MAX_BYTES);
  frl_status st = ask(
      address, "/ferrule.emulator.v1.Control/Backlog", subscription, &response, err);
  frl_em_request numbers;
  if (st == FRL_OK) {
    st = frl_em_request_read(&numbers, frl_cursor_of(response.data, response.len), err);
  }
  if (st == FRL_OK) {
    *unacked = numbers.numbers[1];
    *leased = numbers.numbers[2];
  }
  frl_buf_deinit(&response);
  return st;
}
