#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "pubsub/emulator/journal.h"
#include "pubsub/emulator/store.h"
#include "wire/writer.h"

enum { FIELD_STATE = 9, STATE_ACTIVE = 1 };

static frl_status no_memory(frl_error *err) {
  return frl_fail_grpc(err, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
}

static void free_topic(frl_em_store *s, frl_em_topic *topic) {
  if (!topic) return;
  frl_buf_deinit(&topic->resource);
  frl_free(&s->mem, topic->name);
  frl_free(&s->mem, topic);
}

/* The bytes of the resource with the fields that the server sets. */
static frl_status set_resource(frl_buf *resource, frl_cursor from) {
  frl_buf_clear(resource);
  FRL_TRY(frl_buf_append(resource, from.pos, frl_cursor_left(&from)));
  FRL_TRY(frl_em_fields_drop(resource, FIELD_STATE));
  return frl_wire_varint(resource, FIELD_STATE, STATE_ACTIVE);
}

static frl_em_topic *new_topic(
    frl_em_store *s, frl_cursor resource, const frl_em_topic_settings *settings) {
  frl_em_topic *topic = frl_calloc(&s->mem, 1, sizeof *topic);
  if (!topic) return NULL;
  frl_buf_init(&topic->resource, &s->mem, FRL_EM_RESOURCE_MAX_BYTES);
  topic->retention_s = settings->retention_s;
  topic->name = frl_strndup(
      &s->mem, (const char *)settings->name.pos, frl_cursor_left(&settings->name));
  if (!topic->name || set_resource(&topic->resource, resource) != FRL_OK ||
      frl_map_put(&s->topics, topic->name, strlen(topic->name), topic, NULL) !=
          FRL_OK) {
    free_topic(s, topic);
    return NULL;
  }
  return topic;
}

frl_status frl_em_store_create_topic(
    frl_em_store *s, frl_cursor resource, frl_em_topic **out, frl_error *err) {
  frl_em_topic_settings settings;
  FRL_TRY(frl_em_topic_read(&settings, resource, err));
  if (frl_em_store_topic(s, settings.name)) return frl_em_exists(err, settings.name);
  frl_em_topic *topic = new_topic(s, resource, &settings);
  if (!topic) return no_memory(err);
  topic->uid = s->next_uid++;
  *out = topic;
  return frl_em_journal_topic(s->journal, topic, err);
}

static void refresh_subs(const frl_em_topic *topic) {
  for (frl_em_sub *sub = topic->subs; sub; sub = sub->next_of_topic) {
    frl_em_sub_refresh_retention(sub);
  }
}

frl_status frl_em_store_update_topic(frl_em_store *s, frl_cursor resource,
    frl_cursor mask, frl_em_topic **out, frl_error *err) {
  frl_em_topic_settings settings;
  FRL_TRY(frl_em_topic_read(&settings, resource, err));
  FRL_TRY(frl_em_store_find_topic(s, settings.name, out, err));
  frl_buf changed;
  frl_buf_init(&changed, &s->mem, FRL_EM_RESOURCE_MAX_BYTES);
  frl_status st = frl_buf_append(&changed, (*out)->resource.data, (*out)->resource.len);
  if (st == FRL_OK) {
    st = frl_em_fields_update(&changed, FRL_EM_TOPIC, resource, mask, err);
  }
  if (st == FRL_OK) {
    st = frl_em_topic_read(&settings, frl_cursor_of(changed.data, changed.len), err);
  }
  if (st != FRL_OK) {
    frl_buf_deinit(&changed);
    return st;
  }
  frl_buf_deinit(&(*out)->resource);
  (*out)->resource = changed;
  (*out)->retention_s = settings.retention_s;
  refresh_subs(*out);
  return frl_em_journal_topic(s->journal, *out, err);
}

frl_status frl_em_store_delete_topic(frl_em_store *s, frl_cursor name, frl_error *err) {
  frl_em_topic *topic = NULL;
  FRL_TRY(frl_em_store_find_topic(s, name, &topic, err));
  FRL_TRY(frl_em_journal_drop(s->journal, FRL_EM_TOPIC, topic->name, err));
  while (topic->subs) frl_em_sub_leave_topic(topic->subs);
  (void)frl_map_remove(&s->topics, topic->name, strlen(topic->name));
  free_topic(s, topic);
  return FRL_OK;
}

frl_status frl_em_store_put_topic(
    frl_em_store *s, frl_cursor resource, uint64_t uid, frl_error *err) {
  frl_em_topic_settings settings;
  FRL_TRY(frl_em_topic_read(&settings, resource, err));
  frl_em_topic *topic = frl_em_store_topic(s, settings.name);
  if (topic) {
    if (set_resource(&topic->resource, resource) != FRL_OK) return no_memory(err);
    topic->retention_s = settings.retention_s;
    refresh_subs(topic);
  } else {
    topic = new_topic(s, resource, &settings);
    if (!topic) return no_memory(err);
    topic->uid = uid;
  }
  if (uid >= s->next_uid) s->next_uid = uid + 1;
  return FRL_OK;
}
