/* google.pubsub.v1.Publisher. */
#include <string.h>

#include "base/error.h"
#include "net/rpc.h"
#include "pubsub/emulator/service.h"
#include "wire/writer.h"

#define PUBLISHER "/google.pubsub.v1.Publisher/"

static frl_status put_topic(frl_buf *response, const frl_em_topic *topic) {
  return frl_buf_append(response, topic->resource.data, topic->resource.len);
}

static frl_status create_topic(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_topic *topic = NULL;
  FRL_TRY(frl_em_store_create_topic(&call->service->store, request, &topic, err));
  return put_topic(response, topic);
}

static frl_status update_topic(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_topic *topic = NULL;
  FRL_TRY(frl_em_store_update_topic(
      &call->service->store, r.fields[1], r.fields[2], &topic, err));
  return put_topic(response, topic);
}

static frl_status put_ids(frl_buf *response, uint64_t first_id, size_t n) {
  FRL_TRY(frl_buf_reserve(response, n * (2 + FRL_EM_MESSAGE_ID_BYTES)));
  uint8_t *p = response->data + response->len;
  for (size_t i = 0; i < n; i++) {
    *p++ = 1 << 3 | 2;
    *p++ = FRL_EM_MESSAGE_ID_BYTES;
    uint64_t id = first_id + i;
    for (int k = FRL_EM_MESSAGE_ID_BYTES - 1; k >= 0; k--, id /= 10) {
      p[k] = (uint8_t)('0' + id % 10);
    }
    p += FRL_EM_MESSAGE_ID_BYTES;
  }
  response->len += n * (2 + FRL_EM_MESSAGE_ID_BYTES);
  return FRL_OK;
}

static frl_status publish(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  uint64_t first_id = 0;
  size_t n = 0;
  FRL_TRY(frl_em_store_publish(&call->service->store, request, &first_id, &n, err));
  return put_ids(response, first_id, n);
}

static frl_status get_topic(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_topic *topic = NULL;
  FRL_TRY(frl_em_store_find_topic(&call->service->store, r.fields[1], &topic, err));
  return put_topic(response, topic);
}

static frl_status delete_topic(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  return frl_em_store_delete_topic(&call->service->store, r.fields[1], err);
}

static frl_status put_listed_topic(frl_buf *response, const char *name, void *value) {
  (void)name;
  const frl_em_topic *topic = value;
  return frl_wire_bytes(response, 1, topic->resource.data, topic->resource.len);
}

static frl_status list_topics(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  FRL_TRY(frl_em_name_check(FRL_EM_PROJECT, r.fields[1], err));
  const frl_em_page page = {.map = &call->service->store.topics,
      .put = put_listed_topic,
      .project = r.fields[1]};
  return frl_em_page_put(&page, &r, response, err);
}

static frl_status put_name(frl_buf *response, const char *name, void *value) {
  (void)value;
  return frl_wire_text(response, 1, name);
}

static bool is_sub_of(void *ctx, void *value) {
  const frl_em_sub *sub = value;
  return sub->topic == ctx;
}

static frl_status list_subscriptions(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_topic *topic = NULL;
  FRL_TRY(frl_em_store_find_topic(&call->service->store, r.fields[1], &topic, err));
  const frl_em_page page = {.map = &call->service->store.subs,
      .wanted = is_sub_of,
      .put = put_name,
      .ctx = topic};
  return frl_em_page_put(&page, &r, response, err);
}

static bool is_snapshot_of(void *ctx, void *value) {
  const frl_em_topic *topic = ctx;
  const frl_em_snapshot *snapshot = value;
  return snapshot->topic_uid == topic->uid;
}

static frl_status list_snapshots(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  frl_em_topic *topic = NULL;
  FRL_TRY(frl_em_store_find_topic(&call->service->store, r.fields[1], &topic, err));
  const frl_em_page page = {.map = &call->service->store.snapshots,
      .wanted = is_snapshot_of,
      .put = put_name,
      .ctx = topic};
  return frl_em_page_put(&page, &r, response, err);
}

static frl_status detach_subscription(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err) {
  (void)response;
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, request, err));
  return frl_em_store_detach_sub(&call->service->store, r.fields[1], err);
}

frl_status frl_em_add_publisher(frl_em_service *s) {
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "CreateTopic", create_topic));
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "UpdateTopic", update_topic));
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "Publish", publish));
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "GetTopic", get_topic));
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "ListTopics", list_topics));
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "ListTopicSubscriptions", list_subscriptions));
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "ListTopicSnapshots", list_snapshots));
  FRL_TRY(frl_em_add_unary(s, PUBLISHER "DeleteTopic", delete_topic));
  return frl_em_add_unary(s, PUBLISHER "DetachSubscription", detach_subscription);
}
