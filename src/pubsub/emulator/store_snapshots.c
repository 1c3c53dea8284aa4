/* Snapshots and seek. A snapshot is a set of message ids that were not acked. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "pubsub/emulator/journal.h"
#include "pubsub/emulator/store.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum { FIELD_NAME = 1, FIELD_TOPIC = 2, FIELD_EXPIRES = 3, FIELD_LABELS = 4 };

static const int64_t snapshot_life_us = 7LL * 24 * 3600 * 1000000;

static frl_status no_memory(frl_error *err) {
  return frl_fail_grpc(err, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
}

void frl_em_snapshot_free(frl_em_store *s, frl_em_snapshot *snapshot) {
  if (!snapshot) return;
  frl_buf_deinit(&snapshot->resource);
  frl_free(&s->mem, snapshot->ids);
  frl_free(&s->mem, snapshot->name);
  frl_free(&s->mem, snapshot);
}

static void retain_for(frl_em_topic *topic, int change) {
  if (!topic) return;
  topic->n_snapshots += (uint32_t)change;
  for (frl_em_sub *sub = topic->subs; sub; sub = sub->next_of_topic) {
    frl_em_sub_refresh_retention(sub);
  }
}

static void collect_id(void *ctx, const frl_em_entry *entry, uint64_t sequence) {
  (void)sequence;
  frl_em_snapshot *snapshot = ctx;
  snapshot->ids[snapshot->n_ids++] = entry->block->first_id + entry->index;
}

static int by_id(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a;
  const uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static frl_status read_settings(frl_em_snapshot *snapshot) {
  frl_cursor c = frl_cursor_of(snapshot->resource.data, snapshot->resource.len);
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&c, &f)) == FRL_OK) {
    if (f.number != FIELD_EXPIRES) continue;
    int64_t seconds = 0;
    int32_t nanos = 0;
    FRL_TRY(frl_wire_read_time(f.bytes, &seconds, &nanos));
    if (seconds < 0 || seconds > INT64_MAX / 2000000) return FRL_E_MALFORMED;
    snapshot->expires_us = seconds * 1000000 + nanos / 1000;
  }
  return st == FRL_END ? FRL_OK : st;
}

/* Puts it among the others; frees it on failure. */
static frl_status enter(
    frl_em_store *s, frl_em_snapshot *snapshot, frl_cursor name, frl_error *err) {
  snapshot->name = frl_strndup(&s->mem, (const char *)name.pos, frl_cursor_left(&name));
  frl_status st = snapshot->name ? read_settings(snapshot) : FRL_E_NOMEM;
  if (st == FRL_OK) {
    st = frl_map_put(
        &s->snapshots, snapshot->name, strlen(snapshot->name), snapshot, NULL);
  }
  if (st != FRL_OK) {
    frl_em_snapshot_free(s, snapshot);
    return no_memory(err);
  }
  retain_for(frl_em_store_topic_by_uid(s, snapshot->topic_uid), 1);
  return FRL_OK;
}

static frl_status describe(frl_buf *b, const frl_em_store *s, frl_cursor name,
    const frl_em_topic *topic, frl_cursor request) {
  const int64_t expires_us = frl_clock_wall_us(&s->clock) + snapshot_life_us;
  FRL_TRY(frl_wire_bytes(b, FIELD_NAME, name.pos, frl_cursor_left(&name)));
  FRL_TRY(frl_wire_text(b, FIELD_TOPIC, topic->name));
  FRL_TRY(frl_wire_time(b, FIELD_EXPIRES, expires_us / 1000000, 0));
  frl_wire_field f;
  while (frl_wire_next(&request, &f) == FRL_OK) {
    /* CreateSnapshotRequest.labels is 3, Snapshot.labels is 4 */
    if (f.number != 3 || f.type != FRL_WIRE_BYTES) continue;
    FRL_TRY(frl_wire_bytes(b, FIELD_LABELS, f.bytes.pos, frl_cursor_left(&f.bytes)));
  }
  return FRL_OK;
}

static frl_em_snapshot *capture(
    frl_em_store *s, frl_cursor name, const frl_em_sub *sub, frl_cursor request) {
  frl_em_snapshot *snapshot = frl_calloc(&s->mem, 1, sizeof *snapshot);
  if (!snapshot) return NULL;
  frl_buf_init(&snapshot->resource, &s->mem, FRL_EM_RESOURCE_MAX_BYTES);
  snapshot->topic_uid = sub->topic->uid;
  snapshot->last_id = s->next_message_id - 1;
  snapshot->ids = frl_calloc(&s->mem, sub->backlog.unacked + 1, sizeof *snapshot->ids);
  if (!snapshot->ids ||
      describe(&snapshot->resource, s, name, sub->topic, request) != FRL_OK) {
    frl_em_snapshot_free(s, snapshot);
    return NULL;
  }
  frl_em_backlog_each(&sub->backlog, collect_id, snapshot);
  qsort(snapshot->ids, snapshot->n_ids, sizeof *snapshot->ids, by_id);
  return snapshot;
}

frl_status frl_em_store_create_snapshot(frl_em_store *s, frl_cursor name,
    frl_cursor subscription, frl_cursor request, frl_em_snapshot **out,
    frl_error *err) {
  FRL_TRY(frl_em_name_check(FRL_EM_SNAPSHOT, name, err));
  frl_em_sub *sub = NULL;
  FRL_TRY(frl_em_store_find_sub(s, subscription, &sub, err));
  if (frl_map_get(&s->snapshots, name.pos, frl_cursor_left(&name))) {
    return frl_em_exists(err, name);
  }
  if (!sub->topic || sub->detached) {
    return frl_fail_grpc(
        err, FRL_GRPC_FAILED_PRECONDITION, "the subscription has no topic any more");
  }
  frl_em_snapshot *snapshot = capture(s, name, sub, request);
  if (!snapshot) return no_memory(err);
  FRL_TRY(enter(s, snapshot, name, err));
  *out = snapshot;
  return frl_em_journal_snapshot(s->journal, snapshot, err);
}

frl_status frl_em_store_find_snapshot(
    const frl_em_store *s, frl_cursor name, frl_em_snapshot **out, frl_error *err) {
  *out = frl_map_get(&s->snapshots, name.pos, frl_cursor_left(&name));
  if (*out) return FRL_OK;
  FRL_TRY(frl_em_name_check(FRL_EM_SNAPSHOT, name, err));
  return frl_em_not_found(err, name);
}

frl_status frl_em_store_update_snapshot(frl_em_store *s, frl_cursor resource,
    frl_cursor mask, frl_em_snapshot **out, frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, resource, err));
  FRL_TRY(frl_em_store_find_snapshot(s, r.fields[FIELD_NAME], out, err));
  FRL_TRY(
      frl_em_fields_update(&(*out)->resource, FRL_EM_SNAPSHOT, resource, mask, err));
  if (read_settings(*out) != FRL_OK) {
    return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "Invalid expire_time");
  }
  return frl_em_journal_snapshot(s->journal, *out, err);
}

frl_status frl_em_store_delete_snapshot(
    frl_em_store *s, frl_cursor name, frl_error *err) {
  frl_em_snapshot *snapshot = NULL;
  FRL_TRY(frl_em_store_find_snapshot(s, name, &snapshot, err));
  FRL_TRY(frl_em_journal_drop(s->journal, FRL_EM_SNAPSHOT, snapshot->name, err));
  retain_for(frl_em_store_topic_by_uid(s, snapshot->topic_uid), -1);
  (void)frl_map_remove(&s->snapshots, snapshot->name, strlen(snapshot->name));
  frl_em_snapshot_free(s, snapshot);
  return FRL_OK;
}

/* ---- seek ---- */

static bool published_since(
    void *ctx, const frl_em_block *block, uint32_t index, bool acked) {
  (void)index;
  (void)acked;
  return block->publish_us >= *(const int64_t *)ctx;
}

static frl_status reseek(
    frl_em_sub *sub, frl_em_wanted_fn wanted, void *ctx, frl_error *err) {
  if (frl_em_backlog_seek(&sub->backlog, wanted, ctx) != FRL_OK) return no_memory(err);
  frl_em_sub_touch(sub);
  return FRL_OK;
}

frl_status frl_em_store_seek_time(
    frl_em_store *s, frl_em_sub *sub, int64_t publish_us, frl_error *err) {
  FRL_TRY(frl_em_journal_seek(s->journal, sub, publish_us, NULL, err));
  return reseek(sub, published_since, &publish_us, err);
}

static bool in_snapshot(
    void *ctx, const frl_em_block *block, uint32_t index, bool acked) {
  (void)acked;
  const frl_em_snapshot *snapshot = ctx;
  const uint64_t id = block->first_id + index;
  return id > snapshot->last_id ||
         bsearch(&id, snapshot->ids, snapshot->n_ids, sizeof id, by_id) != NULL;
}

frl_status frl_em_store_seek_snapshot(
    frl_em_store *s, frl_em_sub *sub, frl_em_snapshot *snapshot, frl_error *err) {
  if (!sub->topic || sub->topic->uid != snapshot->topic_uid) {
    return frl_fail_grpc(err, FRL_GRPC_FAILED_PRECONDITION,
        "the snapshot is of another topic than the subscription");
  }
  FRL_TRY(frl_em_journal_seek(s->journal, sub, 0, snapshot->name, err));
  return reseek(sub, in_snapshot, snapshot, err);
}

frl_status frl_em_store_put_snapshot(frl_em_store *s, frl_cursor resource,
    uint64_t topic_uid, uint64_t last_id, const uint64_t *ids, size_t n_ids,
    frl_error *err) {
  frl_em_request r;
  FRL_TRY(frl_em_request_read(&r, resource, err));
  const frl_cursor name = r.fields[FIELD_NAME];
  FRL_TRY(frl_em_name_check(FRL_EM_SNAPSHOT, name, err));
  if (frl_map_get(&s->snapshots, name.pos, frl_cursor_left(&name))) {
    FRL_TRY(frl_em_store_delete_snapshot(s, name, err));
  }
  frl_em_snapshot *snapshot = frl_calloc(&s->mem, 1, sizeof *snapshot);
  if (!snapshot) return no_memory(err);
  frl_buf_init(&snapshot->resource, &s->mem, FRL_EM_RESOURCE_MAX_BYTES);
  snapshot->topic_uid = topic_uid;
  snapshot->last_id = last_id;
  snapshot->n_ids = n_ids;
  snapshot->ids = frl_calloc(&s->mem, n_ids + 1, sizeof *ids);
  if (!snapshot->ids || frl_buf_append(&snapshot->resource, resource.pos,
                            frl_cursor_left(&resource)) != FRL_OK) {
    frl_em_snapshot_free(s, snapshot);
    return no_memory(err);
  }
  if (n_ids) memcpy(snapshot->ids, ids, n_ids * sizeof *ids);
  return enter(s, snapshot, name, err);
}
