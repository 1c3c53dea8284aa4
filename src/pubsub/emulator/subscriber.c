/* google.pubsub.v1.Subscriber: the subscriptions themselves. */
#include <string.h>

#include "base/error.h"
#include "net/rpc.h"
#include "pubsub/emulator/service.h"
#include "wire/writer.h"

#define SUBSCRIBER "/google.pubsub.v1.Subscriber/"

static frl_status put_sub(frl_buf *response, const frl_em_sub *sub) {
  return frl_buf_append(response, sub->resource.data, sub->resource.len);
}

static frl_status create(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_create_sub(&call->service->store, request, &sub, err));
  return put_sub(response, sub);
}

static frl_status update(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_update_sub(
      &call->service->store, r.fields[1], r.fields[2], &sub, err));
  return put_sub(response, sub);
}

static frl_status get(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(&call->service->store, r.fields[1], &sub, err));
  return put_sub(response, sub);
}

static frl_status delete_sub(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  return frl_em_store_delete_sub(&call->service->store, r.fields[1], err);
}

static frl_status modify_push(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  return frl_em_store_modify_push(&call->service->store, r.fields[1], r.fields[2], err);
}

static frl_status put_listed(frl_buf *response, const char *name, void *value) {
  (void)name;
  const frl_em_sub *sub = value;
  return frl_wire_bytes(response, 1, sub->resource.data, sub->resource.len);
}

static frl_status list(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  FRL_TRY(frl_em_name_check(FRL_EM_PROJECT, r.fields[1], err));
  const frl_em_page page = {
      .map = &call->service->store.subs, .put = put_listed, .project = r.fields[1]};
  return frl_em_page_put(&page, &r, response, err);
}

frl_status frl_em_add_subscriber(frl_em_service *s) {
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "CreateSubscription", create));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "UpdateSubscription", update));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "GetSubscription", get));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "ListSubscriptions", list));
  FRL_TRY(frl_em_add_unary(s, SUBSCRIBER "DeleteSubscription", delete_sub));
  return frl_em_add_unary(s, SUBSCRIBER "ModifyPushConfig", modify_push);
}
