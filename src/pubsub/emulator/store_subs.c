#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "pubsub/emulator/journal.h"
#include "pubsub/emulator/store.h"
#include "wire/writer.h"

enum {
  FIELD_TOPIC = 2,
  FIELD_PUSH_CONFIG = 4,
  FIELD_DETACHED = 15,
  FIELD_STATE = 19,
  STATE_ACTIVE = 1,
  DEFAULT_ATTEMPTS = 5
};

static const char deleted_topic[] = "_deleted-topic_";

static frl_status no_memory(frl_error *err) {
  return frl_fail_grpc(err, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
}

static frl_cursor bytes_of(const frl_buf *b) { return frl_cursor_of(b->data, b->len); }

/* ---- lifetime ---- */

void frl_em_sub_leave_topic(frl_em_sub *sub) {
  frl_em_topic *topic = sub->topic;
  if (!topic) return;
  frl_em_sub **link = &topic->subs;
  while (*link != sub) link = &(*link)->next_of_topic;
  *link = sub->next_of_topic;
  sub->topic = NULL;
  sub->next_of_topic = NULL;
  /* without memory the old name stays, which is no harm */
  if (frl_em_fields_drop(&sub->resource, FIELD_TOPIC) == FRL_OK) {
    (void)!frl_wire_text(&sub->resource, FIELD_TOPIC, deleted_topic);
  }
}

static void join_topic(frl_em_sub *sub, frl_em_topic *topic) {
  frl_em_sub **link = &topic->subs;
  while (*link) link = &(*link)->next_of_topic;
  *link = sub;
  sub->topic = topic;
}

static void unlink_active(frl_em_sub *sub) {
  frl_em_sub **link = &sub->store->active;
  while (*link && *link != sub) link = &(*link)->next_active;
  if (*link) *link = sub->next_active;
}

static void unlink_dirty(frl_em_sub *sub) {
  frl_em_sub **link = &sub->store->dirty;
  while (*link && *link != sub) link = &(*link)->next_dirty;
  if (*link) *link = sub->next_dirty;
}

void frl_em_sub_free(frl_em_sub *sub) {
  if (!sub) return;
  const frl_mem mem = sub->store->mem;
  frl_em_backlog_deinit(&sub->backlog);
  frl_em_filter_destroy(sub->filter);
  frl_buf_deinit(&sub->resource);
  frl_free(&mem, sub->dead_letter_topic);
  frl_free(&mem, sub->name);
  frl_free(&mem, sub);
}

static void dismiss(frl_em_sub *sub, int32_t code, const char *text) {
  while (sub->waiters) {
    frl_em_waiter *w = sub->waiters;
    frl_em_waiter_leave(w);
    w->gone(w, code, text);
  }
}

/* ---- settings ---- */

void frl_em_sub_refresh_retention(frl_em_sub *sub) {
  sub->backlog.rules.retain_acked =
      sub->retain_acked ||
      (sub->topic && (sub->topic->retention_s > 0 || sub->topic->n_snapshots > 0));
}

static frl_em_rules rules_of(const frl_em_sub_settings *s) {
  frl_em_rules r = {.ordered = s->ordered,
      .exactly_once = s->exactly_once,
      .backs_off = s->has_retry,
      .min_backoff_ms = (uint32_t)s->min_backoff_ms,
      .max_backoff_ms = (uint32_t)s->max_backoff_ms};
  if (s->has_dead_letter && frl_cursor_left(&s->dead_letter_topic) > 0) {
    r.max_attempts = s->max_attempts ? (uint32_t)s->max_attempts : DEFAULT_ATTEMPTS;
  }
  return r;
}

frl_status frl_em_sub_apply(frl_em_sub *sub, frl_error *err) {
  frl_em_sub_settings s;
  FRL_TRY(frl_em_sub_read(&s, bytes_of(&sub->resource), err));
  const frl_mem *mem = &sub->store->mem;
  char *dead_letter_topic = NULL;
  const frl_em_rules rules = rules_of(&s);
  if (rules.max_attempts > 0) {
    dead_letter_topic = frl_strndup(mem, (const char *)s.dead_letter_topic.pos,
        frl_cursor_left(&s.dead_letter_topic));
    if (!dead_letter_topic) return no_memory(err);
  }
  frl_free(mem, sub->dead_letter_topic);
  sub->dead_letter_topic = dead_letter_topic;
  sub->wants_attempts = rules.max_attempts > 0;
  sub->ack_deadline_ms = (uint32_t)(s.ack_deadline_s ? s.ack_deadline_s : 10) * 1000;
  sub->retention_s = s.retention_s ? s.retention_s : (int64_t)7 * 24 * 3600;
  sub->retain_acked = s.retain_acked;
  sub->detached = s.detached;
  const bool ordered = sub->backlog.rules.ordered;
  sub->backlog.rules = rules;
  sub->backlog.rules.ordered = ordered;
  frl_em_sub_refresh_retention(sub);
  return FRL_OK;
}

static uint64_t ack_key_for(const frl_em_store *s, uint64_t uid) {
  return frl_hash(&uid, sizeof uid, s->seed) | 1;
}

static frl_status init_sub(frl_em_sub *sub, frl_cursor resource,
    const frl_em_sub_settings *s, frl_error *err) {
  frl_em_store *store = sub->store;
  frl_buf_init(&sub->resource, &store->mem, FRL_EM_RESOURCE_MAX_BYTES);
  const frl_em_rules rules = {.ordered = s->ordered};
  FRL_TRY(frl_em_backlog_init(&sub->backlog, &store->mem, &rules,
      ack_key_for(store, sub->uid), store->first_generation));
  sub->backlog.counts = &store->counts;
  sub->backlog.on_dead = frl_em_sub_on_dead;
  sub->backlog.on_settled = frl_em_sub_on_settled;
  sub->backlog.ctx = sub;
  sub->name =
      frl_strndup(&store->mem, (const char *)s->name.pos, frl_cursor_left(&s->name));
  if (!sub->name) return no_memory(err);
  if (frl_cursor_left(&s->filter) > 0) {
    FRL_TRY(frl_em_filter_compile(&sub->filter, &store->mem, s->filter, err));
  }
  FRL_TRY(frl_buf_append(&sub->resource, resource.pos, frl_cursor_left(&resource)));
  FRL_TRY(frl_em_sub_add_defaults(&sub->resource, s));
  FRL_TRY(frl_em_fields_drop(&sub->resource, FIELD_STATE));
  FRL_TRY(frl_wire_varint(&sub->resource, FIELD_STATE, STATE_ACTIVE));
  return frl_em_sub_apply(sub, err);
}

static frl_status new_sub(frl_em_store *s, frl_cursor resource,
    const frl_em_sub_settings *settings, uint64_t uid, frl_em_sub **out,
    frl_error *err) {
  frl_em_sub *sub = frl_calloc(&s->mem, 1, sizeof *sub);
  if (!sub) return no_memory(err);
  sub->store = s;
  sub->uid = uid;
  frl_status st = init_sub(sub, resource, settings, err);
  if (st == FRL_OK) {
    st = frl_map_put(&s->subs, sub->name, strlen(sub->name), sub, NULL);
  }
  if (st != FRL_OK) {
    frl_em_sub_free(sub);
    return st == FRL_E_NOMEM ? no_memory(err) : st;
  }
  *out = sub;
  return FRL_OK;
}

/* ---- what clients ask ---- */

frl_status frl_em_store_create_sub(
    frl_em_store *s, frl_cursor resource, frl_em_sub **out, frl_error *err) {
  frl_em_sub_settings settings;
  FRL_TRY(frl_em_sub_read(&settings, resource, err));
  frl_em_topic *topic = NULL;
  FRL_TRY(frl_em_store_find_topic(s, settings.topic, &topic, err));
  if (frl_em_store_sub(s, settings.name)) return frl_em_exists(err, settings.name);
  FRL_TRY(new_sub(s, resource, &settings, s->next_uid, out, err));
  s->next_uid++;
  join_topic(*out, topic);
  frl_em_sub_refresh_retention(*out);
  return frl_em_journal_sub(s->journal, *out, err);
}

frl_status frl_em_store_update_sub(frl_em_store *s, frl_cursor resource,
    frl_cursor mask, frl_em_sub **out, frl_error *err) {
  frl_em_sub_settings settings;
  FRL_TRY(frl_em_sub_read(&settings, resource, err));
  FRL_TRY(frl_em_store_find_sub(s, settings.name, out, err));
  frl_buf changed;
  frl_buf_init(&changed, &s->mem, FRL_EM_RESOURCE_MAX_BYTES);
  frl_status st = frl_buf_append(&changed, (*out)->resource.data, (*out)->resource.len);
  if (st == FRL_OK) {
    st = frl_em_fields_update(&changed, FRL_EM_SUBSCRIPTION, resource, mask, err);
  }
  if (st == FRL_OK) st = frl_em_sub_read(&settings, bytes_of(&changed), err);
  if (st == FRL_OK) st = frl_em_sub_add_defaults(&changed, &settings);
  if (st != FRL_OK) {
    frl_buf_deinit(&changed);
    return st;
  }
  frl_buf_deinit(&(*out)->resource);
  (*out)->resource = changed;
  FRL_TRY(frl_em_sub_apply(*out, err));
  frl_em_sub_touch(*out);
  return frl_em_journal_sub(s->journal, *out, err);
}

frl_status frl_em_store_modify_push(
    frl_em_store *s, frl_cursor name, frl_cursor push_config, frl_error *err) {
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(s, name, &sub, err));
  FRL_TRY(frl_em_fields_drop(&sub->resource, FIELD_PUSH_CONFIG));
  const size_t n = frl_cursor_left(&push_config);
  if (n > 0 &&
      frl_wire_bytes(&sub->resource, FIELD_PUSH_CONFIG, push_config.pos, n) != FRL_OK) {
    return no_memory(err);
  }
  return frl_em_journal_sub(s->journal, sub, err);
}

frl_status frl_em_store_delete_sub(frl_em_store *s, frl_cursor name, frl_error *err) {
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(s, name, &sub, err));
  FRL_TRY(frl_em_journal_drop(s->journal, FRL_EM_SUBSCRIPTION, sub->name, err));
  dismiss(sub, FRL_GRPC_NOT_FOUND, "Subscription does not exist (it was deleted).");
  frl_em_sub_leave_topic(sub);
  unlink_active(sub);
  unlink_dirty(sub);
  (void)frl_map_remove(&s->subs, sub->name, strlen(sub->name));
  frl_em_sub_free(sub);
  return FRL_OK;
}

static bool nothing(void *ctx, const frl_em_block *block, uint32_t index, bool acked) {
  (void)ctx;
  (void)block;
  (void)index;
  (void)acked;
  return false;
}

frl_status frl_em_store_detach_sub(frl_em_store *s, frl_cursor name, frl_error *err) {
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(s, name, &sub, err));
  FRL_TRY(frl_em_fields_drop(&sub->resource, FIELD_DETACHED));
  if (frl_wire_bool(&sub->resource, FIELD_DETACHED, 1) != FRL_OK) {
    return no_memory(err);
  }
  sub->detached = true;
  dismiss(sub, FRL_GRPC_FAILED_PRECONDITION, "Subscription is detached.");
  FRL_TRY(frl_em_backlog_seek(&sub->backlog, nothing, NULL));
  return frl_em_journal_sub(s->journal, sub, err);
}

frl_status frl_em_store_put_sub(
    frl_em_store *s, frl_cursor resource, uint64_t uid, frl_error *err) {
  frl_em_sub_settings settings;
  FRL_TRY(frl_em_sub_read(&settings, resource, err));
  frl_em_sub *sub = frl_em_store_sub(s, settings.name);
  if (!sub) {
    FRL_TRY(new_sub(s, resource, &settings, uid, &sub, err));
    frl_em_topic *topic = frl_em_store_topic(s, settings.topic);
    if (topic) join_topic(sub, topic);
  } else {
    frl_buf_clear(&sub->resource);
    FRL_TRY(frl_buf_append(&sub->resource, resource.pos, frl_cursor_left(&resource)));
    FRL_TRY(frl_em_sub_apply(sub, err));
    if (sub->detached) FRL_TRY(frl_em_backlog_seek(&sub->backlog, nothing, NULL));
  }
  frl_em_sub_refresh_retention(sub);
  if (uid >= s->next_uid) s->next_uid = uid + 1;
  return FRL_OK;
}
