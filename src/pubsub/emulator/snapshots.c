/* google.pubsub.v1.Subscriber: snapshots and seek. */
#include <string.h>

#include "base/error.h"
#include "net/rpc.h"
#include "pubsub/emulator/service.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define SUBSCRIBER "/google.pubsub.v1.Subscriber/"

static frl_status put_snapshot(frl_buf *response, const frl_em_snapshot *snapshot) {
  return frl_buf_append(response, snapshot->resource.data, snapshot->resource.len);
}

static frl_status create(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_snapshot *snapshot = NULL;
  FRL_TRY(frl_em_store_create_snapshot(
      &call->service->store, r.fields[1], r.fields[2], request, &snapshot, err));
  return put_snapshot(response, snapshot);
}

static frl_status get(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_snapshot *snapshot = NULL;
  FRL_TRY(
      frl_em_store_find_snapshot(&call->service->store, r.fields[1], &snapshot, err));
  return put_snapshot(response, snapshot);
}

static frl_status update(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_snapshot *snapshot = NULL;
  FRL_TRY(frl_em_store_update_snapshot(
      &call->service->store, r.fields[1], r.fields[2], &snapshot, err));
  return put_snapshot(response, snapshot);
}

static frl_status delete_snapshot(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  return frl_em_store_delete_snapshot(&call->service->store, r.fields[1], err);
}

static frl_status put_listed(frl_buf *response, const char *name, void *value) {
  (void)name;
  const frl_em_snapshot *snapshot = value;
  return frl_wire_bytes(response, 1, snapshot->resource.data, snapshot->resource.len);
}

static frl_status list(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  FRL_TRY(frl_em_name_check(FRL_EM_PROJECT, r.fields[1], err));
  const frl_em_page page = {.map = &call->service->store.snapshots,
      .put = put_listed,
      .project = r.fields[1]};
  return frl_em_page_put(&page, &r, response, err);
}

static frl_status seek_to_time(
    frl_em_store *store, frl_em_sub *sub, frl_cursor time, frl_error *err) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  if (frl_wire_read_time(time, &seconds, &nanos) != FRL_OK || nanos < 0 ||
      seconds > INT64_MAX / 2000000 || seconds < INT64_MIN / 2000000) {
    return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "Invalid time");
  }
  return frl_em_store_seek_time(store, sub, seconds * 1000000 + nanos / 1000, err);
}

static frl_status seek(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_store *store = &call->service->store;
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(store, r.fields[1], &sub, err));
  if (frl_cursor_left(&r.fields[3]) > 0) {
    frl_em_snapshot *snapshot = NULL;
    FRL_TRY(frl_em_store_find_snapshot(store, r.fields[3], &snapshot, err));
    return frl_em_store_seek_snapshot(store, sub, snapshot, err);
  }
  if (r.fields[2].pos) return seek_to_time(store, sub, r.fields[2], err);
  return frl_fail_grpc(
      err, FRL_GRPC_INVALID_ARGUMENT, "a time or a snapshot to seek to is required");
}

frl_status frl_em_add_snapshots(frl_em_service *s) {
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "CreateSnapshot", create));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "GetSnapshot", get));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "UpdateSnapshot", update));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "DeleteSnapshot", delete_snapshot));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "ListSnapshots", list));
  return frl_em_add_unary(s, SUBSCRIBER "Seek", seek);
}
