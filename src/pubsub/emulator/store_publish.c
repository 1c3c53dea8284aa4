/* The way of a message: publish, fan-out, delivery, dead letter. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "pubsub/emulator/journal.h"
#include "pubsub/emulator/store.h"
#include "wire/writer.h"

static frl_status too_full(const frl_em_store *s, frl_error *err) {
  return frl_fail_grpc(err, FRL_GRPC_RESOURCE_EXHAUSTED,
      "the emulator holds %llu bytes of messages, its limit: subscribers are behind",
      (unsigned long long)s->max_bytes);
}

/* Ids that the publisher's topic may use for the request's messages. */
static frl_status make_block(frl_em_store *s, frl_cursor request, frl_em_block **out,
    frl_cursor *topic, frl_error *err) {
  const frl_status st = frl_em_block_create(out, &s->mem, request, s->next_message_id,
      frl_clock_wall_us(&s->clock), topic, err);
  if (st == FRL_OK) return FRL_OK;
  char text[sizeof err->message] = "";
  if (err) memcpy(text, err->message, sizeof text);
  return frl_fail_grpc(err,
      st == FRL_E_NOMEM ? FRL_GRPC_RESOURCE_EXHAUSTED : FRL_GRPC_INVALID_ARGUMENT, "%s",
      text);
}

static frl_status fan_out_to(frl_em_sub *sub, frl_em_block *block) {
  if (sub->detached) return FRL_OK;
  for (uint32_t i = 0; i < block->n_messages; i++) {
    if (sub->filter &&
        !frl_em_filter_matches(sub->filter, frl_em_block_body(block, i))) {
      continue;
    }
    FRL_TRY(frl_em_backlog_append(&sub->backlog, block, i));
  }
  frl_em_sub_touch(sub);
  return FRL_OK;
}

frl_status frl_em_store_fan_out(
    frl_em_store *s, frl_em_topic *topic, frl_em_block *block) {
  frl_em_block_count(block, &s->retained_bytes);
  if (topic->subs) block->owner = topic->subs->backlog.ack_key;
  for (frl_em_sub *sub = topic->subs; sub; sub = sub->next_of_topic) {
    FRL_TRY(fan_out_to(sub, block));
  }
  return FRL_OK;
}

static frl_status publish_block(
    frl_em_store *s, frl_em_topic *topic, frl_em_block *block, frl_error *err) {
  if (block->held_bytes > s->max_bytes - s->retained_bytes) return too_full(s, err);
  FRL_TRY(frl_em_journal_publish(s->journal, topic, block, err));
  s->next_message_id += block->n_messages;
  s->published += block->n_messages;
  if (frl_em_store_fan_out(s, topic, block) != FRL_OK) {
    return frl_fail_grpc(err, FRL_GRPC_RESOURCE_EXHAUSTED, "publish: out of memory");
  }
  return FRL_OK;
}

frl_status frl_em_store_publish(frl_em_store *s, frl_cursor request, uint64_t *first_id,
    size_t *n, frl_error *err) {
  frl_error local = {0};
  if (!err) err = &local;
  frl_em_block *block = NULL;
  frl_cursor name;
  FRL_TRY(make_block(s, request, &block, &name, err));
  frl_em_topic *topic = NULL;
  frl_status st = frl_em_store_find_topic(s, name, &topic, err);
  if (st == FRL_OK) st = publish_block(s, topic, block, err);
  *first_id = block->first_id;
  *n = block->n_messages;
  frl_em_block_unref(block);
  return st;
}

size_t frl_em_sub_take(frl_em_sub *sub, uint16_t holder, uint32_t lease_ms, size_t max,
    size_t max_bytes, frl_em_delivery *out) {
  const size_t n = frl_em_backlog_take(&sub->backlog, holder,
      frl_em_store_now_ms(sub->store), lease_ms, max, max_bytes, out);
  if (n > 0) frl_em_sub_activate(sub);
  return n;
}

/* ---- the end of a message ---- */

void frl_em_sub_on_settled(void *ctx, uint64_t sequence) {
  frl_em_sub *sub = ctx;
  frl_em_journal_settled(sub->store->journal, sub, sequence);
}

static frl_status put_attribute(frl_buf *b, const char *key, const char *value) {
  return frl_wire_entry(b, 2, key, strlen(key), value, strlen(value));
}

static frl_status put_attempts(frl_buf *b, uint32_t attempts) {
  char text[16];
  (void)snprintf(text, sizeof text, "%u", attempts);
  return put_attribute(b, "CloudPubSubDeadLetterSourceDeliveryCount", text);
}

/* "projects/P/subscriptions/S" as S and P. */
static frl_status put_source(frl_buf *b, const char *name) {
  const char *project = name + strlen("projects/");
  const char *end = strchr(project, '/');
  FRL_TRY(put_attribute(
      b, "CloudPubSubDeadLetterSourceSubscription", strrchr(name, '/') + 1));
  const char *key = "CloudPubSubDeadLetterSourceSubscriptionProject";
  return frl_wire_entry(b, 2, key, strlen(key), project, (size_t)(end - project));
}

/* The message as a publish request to the dead-letter topic. */
static frl_status put_dead_letter(
    frl_buf *b, const frl_em_sub *sub, frl_cursor body, uint32_t attempts) {
  FRL_TRY(frl_wire_text(b, 1, sub->dead_letter_topic));
  size_t mark = 0;
  FRL_TRY(frl_wire_begin(b, 2, &mark));
  FRL_TRY(frl_buf_append(b, body.pos, frl_cursor_left(&body)));
  FRL_TRY(put_source(b, sub->name));
  FRL_TRY(put_attempts(b, attempts));
  return frl_wire_end(b, mark);
}

bool frl_em_sub_on_dead(
    void *ctx, frl_em_block *block, uint32_t index, uint32_t attempts) {
  const frl_em_sub *sub = ctx;
  const char *name = sub->dead_letter_topic;
  frl_em_topic *topic =
      name ? frl_em_store_topic(sub->store, frl_cursor_of(name, strlen(name))) : NULL;
  /* with nobody to hear it the message would be lost: it stays here */
  if (!topic) return false;
  frl_buf request;
  frl_buf_init(&request, &sub->store->mem, (size_t)2 * FRL_EM_REQUEST_MAX_BYTES);
  uint64_t first_id = 0;
  size_t n = 0;
  frl_status st =
      put_dead_letter(&request, sub, frl_em_block_body(block, index), attempts);
  if (st == FRL_OK) {
    st = frl_em_store_publish(
        sub->store, frl_cursor_of(request.data, request.len), &first_id, &n, NULL);
  }
  frl_buf_deinit(&request);
  return st == FRL_OK;
}
