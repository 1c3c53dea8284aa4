/*
 * The emulator's own calls, for tests and the command line:
 *   SetFaults { 1 string faults } -> {}
 *   Backlog { 1 string subscription } -> { 1 uint64 unacked, 2 uint64 leased }
 */
#include "base/error.h"
#include "net/rpc.h"
#include "pubsub/emulator/service.h"
#include "wire/writer.h"

#define CONTROL "/ferrule.emulator.v1.Control/"

static frl_status set_faults(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_error wrong = {0};
  if (frl_em_service_set_faults(call->service, r.fields[1], &wrong) == FRL_OK) {
    return FRL_OK;
  }
  return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "%s", wrong.message);
}

static frl_status backlog(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(&call->service->store, r.fields[1], &sub, err));
  FRL_TRY(frl_wire_varint(response, 1, sub->backlog.unacked));
  return frl_wire_varint(response, 2, sub->backlog.leased);
}

frl_status frl_em_add_control(frl_em_service *s) {
  FRL_TRY(frl_em_add_unary(s, CONTROL "SetFaults", set_faults));
  return frl_em_add_unary(s, CONTROL "Backlog", backlog);
}
