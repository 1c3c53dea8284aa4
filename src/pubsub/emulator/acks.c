/* Acknowledge and ModifyAckDeadline, and what streams share with them. */
#include <string.h>

#include "base/error.h"
#include "net/rpc.h"
#include "pubsub/emulator/ack_id.h"
#include "pubsub/emulator/service.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define SUBSCRIBER "/google.pubsub.v1.Subscriber/"

enum { MAX_LEASE_S = 600 };

/* grpc-message and the message in the details must be the same */
static const char some_invalid[] =
    "Some acknowledgement ids in the request were invalid. This could be because the "
    "acknowledgement ids have expired or the acknowledgement ids were malformed.";
static const char invalid_id[] = "You have passed an invalid ack ID to the service.";

frl_em_outcome frl_em_ack(frl_em_sub *sub, frl_cursor id) {
  uint64_t sequence = 0;
  uint32_t generation = 0;
  frl_em_backlog *b = &sub->backlog;
  const frl_em_id read = frl_em_ack_id_read(
      id.pos, frl_cursor_left(&id), b->ack_key, &sequence, &generation);
  if (read == FRL_EM_ID_MALFORMED) return FRL_EM_MALFORMED_ID;
  const bool done =
      read == FRL_EM_ID_GOOD && frl_em_backlog_ack(b, sequence, generation);
  return done || !b->rules.exactly_once ? FRL_EM_DONE : FRL_EM_INVALID_ID;
}

frl_em_outcome frl_em_modify(frl_em_sub *sub, frl_cursor id, uint32_t seconds) {
  uint64_t sequence = 0;
  uint32_t generation = 0;
  frl_em_backlog *b = &sub->backlog;
  const frl_em_id read = frl_em_ack_id_read(
      id.pos, frl_cursor_left(&id), b->ack_key, &sequence, &generation);
  if (read == FRL_EM_ID_MALFORMED) return FRL_EM_MALFORMED_ID;
  const bool done =
      read == FRL_EM_ID_GOOD && frl_em_backlog_modify(b, sequence, generation,
                                    frl_em_store_now_ms(sub->store), seconds * 1000);
  return done || !b->rules.exactly_once ? FRL_EM_DONE : FRL_EM_INVALID_ID;
}

/* ---- which ids failed, as google.rpc.ErrorInfo ---- */

static frl_status put_failure(frl_buf *info, frl_cursor id) {
  static const char reason[] = "PERMANENT_FAILURE_INVALID_ACK_ID";
  return frl_wire_entry(
      info, 3, id.pos, frl_cursor_left(&id), reason, sizeof reason - 1);
}

static frl_status put_details(frl_buf *out, const frl_buf *info) {
  FRL_TRY(frl_wire_varint(out, 1, FRL_GRPC_FAILED_PRECONDITION));
  FRL_TRY(frl_wire_text(out, 2, some_invalid));
  size_t mark = 0;
  FRL_TRY(frl_wire_begin(out, 3, &mark));
  FRL_TRY(frl_wire_text(out, 1, "type.googleapis.com/google.rpc.ErrorInfo"));
  FRL_TRY(frl_wire_bytes(out, 2, info->data, info->len));
  return frl_wire_end(out, mark);
}

static frl_status report(frl_em_call *call, const frl_buf *info, frl_error *err) {
  if (info->len == 0) return FRL_OK;
  FRL_TRY(put_details(&call->details, info));
  return frl_fail_grpc(err, FRL_GRPC_FAILED_PRECONDITION, "%s", some_invalid);
}

/* ---- requests ---- */

static frl_status check_size(frl_cursor request, frl_error *err) {
  if (frl_cursor_left(&request) <= FRL_EM_ACK_REQUEST_MAX_BYTES) return FRL_OK;
  return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT,
      "Request payload size exceeds the limit: %d bytes.",
      FRL_EM_ACK_REQUEST_MAX_BYTES);
}

static frl_status find(frl_em_call *call, frl_cursor request, frl_em_request *r,
    frl_em_sub **sub, frl_error *err) {
  FRL_TRY(frl_em_request_read(r, request, err));
  return frl_em_store_find_sub(&call->service->store, r->fields[1], sub, err);
}

/* All ids are looked at before the first one takes effect. */
static frl_status check_ids(frl_cursor request, uint32_t number, frl_error *err) {
  frl_wire_field f;
  uint64_t sequence = 0;
  uint32_t generation = 0;
  size_t n = 0;
  while (frl_wire_next(&request, &f) == FRL_OK) {
    if (f.number != number) continue;
    n++;
    if (frl_em_ack_id_read(f.bytes.pos, frl_cursor_left(&f.bytes), 0, &sequence,
            &generation) == FRL_EM_ID_MALFORMED) {
      return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "%s (ack_id=%.*s)",
          invalid_id,
          frl_cursor_left(&f.bytes) < 64 ? (int)frl_cursor_left(&f.bytes) : 64,
          (const char *)f.bytes.pos);
    }
  }
  if (n > 0) return FRL_OK;
  return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "No ack ids specified.");
}

static frl_status acknowledge(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  frl_em_sub *sub = NULL;
  FRL_TRY(check_size(request, err));
  FRL_TRY(find(call, request, &r, &sub, err));
  FRL_TRY(check_ids(request, 2, err));
  if (frl_em_faults_use(&call->service->faults, FRL_EM_DROP_ACKS, call->method->path)) {
    return FRL_OK;
  }
  frl_buf info;
  frl_buf_init(&info, &response->mem, 4u << 20);
  frl_wire_field f;
  frl_status st = FRL_OK;
  while (st == FRL_OK && frl_wire_next(&request, &f) == FRL_OK) {
    if (f.number != 2) continue;
    if (frl_em_ack(sub, f.bytes) != FRL_EM_DONE) st = put_failure(&info, f.bytes);
  }
  frl_em_sub_touch(sub);
  if (st == FRL_OK) st = report(call, &info, err);
  frl_buf_deinit(&info);
  return st;
}

static frl_status modify(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  frl_em_sub *sub = NULL;
  FRL_TRY(check_size(request, err));
  FRL_TRY(find(call, request, &r, &sub, err));
  FRL_TRY(check_ids(request, 4, err));
  const int32_t seconds = (int32_t)r.numbers[3];
  if (seconds < 0 || seconds > MAX_LEASE_S) {
    return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT,
        "Invalid ack deadline given (ack_deadline_secs=%d): 0 to 600", seconds);
  }
  frl_buf info;
  frl_buf_init(&info, &response->mem, 4u << 20);
  frl_wire_field f;
  frl_status st = FRL_OK;
  while (st == FRL_OK && frl_wire_next(&request, &f) == FRL_OK) {
    if (f.number != 4) continue;
    if (frl_em_modify(sub, f.bytes, (uint32_t)seconds) != FRL_EM_DONE) {
      st = put_failure(&info, f.bytes);
    }
  }
  frl_em_sub_touch(sub);
  if (st == FRL_OK) st = report(call, &info, err);
  frl_buf_deinit(&info);
  return st;
}

frl_status frl_em_add_acks(frl_em_service *s) {
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "Acknowledge", acknowledge));
  return frl_em_add_unary(s, SUBSCRIBER "ModifyAckDeadline", modify);
}
