#include "pubsub/emulator/store.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/random.h"
#include "net/rpc.h"
#include "pubsub/emulator/journal.h"

void frl_em_store_init(frl_em_store *s, const frl_mem *mem, const frl_clock *clock) {
  *s = (frl_em_store){.mem = mem ? *mem : frl_mem_default,
      .clock = clock ? *clock : frl_clock_system,
      .next_uid = 1,
      .seed = frl_random_u64(NULL),
      .max_bytes = UINT64_MAX};
  /* sixteen digits, and later than those of an earlier process */
  s->next_message_id = (uint64_t)frl_clock_wall_us(&s->clock);
  frl_map_init(&s->topics, mem);
  frl_map_init(&s->subs, mem);
  frl_map_init(&s->snapshots, mem);
}

void frl_em_store_deinit(frl_em_store *s) {
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->subs, &at))) frl_em_sub_free(e->value);
  at = 0;
  while ((e = frl_map_next(&s->topics, &at))) {
    frl_em_topic *topic = e->value;
    frl_buf_deinit(&topic->resource);
    frl_free(&s->mem, topic->name);
    frl_free(&s->mem, topic);
  }
  at = 0;
  while ((e = frl_map_next(&s->snapshots, &at))) frl_em_snapshot_free(s, e->value);
  frl_map_deinit(&s->topics);
  frl_map_deinit(&s->subs);
  frl_map_deinit(&s->snapshots);
}

int64_t frl_em_store_now_ms(const frl_em_store *s) {
  return frl_clock_now_ms(&s->clock);
}

/* ---- finding ---- */

frl_em_topic *frl_em_store_topic(const frl_em_store *s, frl_cursor name) {
  return frl_map_get(&s->topics, name.pos, frl_cursor_left(&name));
}

frl_em_sub *frl_em_store_sub(const frl_em_store *s, frl_cursor name) {
  return frl_map_get(&s->subs, name.pos, frl_cursor_left(&name));
}

frl_em_topic *frl_em_store_topic_by_uid(const frl_em_store *s, uint64_t uid) {
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->topics, &at))) {
    frl_em_topic *topic = e->value;
    if (topic->uid == uid) return topic;
  }
  return NULL;
}

frl_em_sub *frl_em_store_sub_by_uid(const frl_em_store *s, uint64_t uid) {
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->subs, &at))) {
    frl_em_sub *sub = e->value;
    if (sub->uid == uid) return sub;
  }
  return NULL;
}

static int shown(frl_cursor name) {
  const size_t n = frl_cursor_left(&name);
  return n < 400 ? (int)n : 400;
}

frl_status frl_em_not_found(frl_error *err, frl_cursor name) {
  return frl_fail_grpc(err, FRL_GRPC_NOT_FOUND, "Resource not found (resource=%.*s).",
      shown(name), (const char *)name.pos);
}

frl_status frl_em_exists(frl_error *err, frl_cursor name) {
  return frl_fail_grpc(err, FRL_GRPC_ALREADY_EXISTS,
      "Resource already exists in the project (resource=%.*s).", shown(name),
      (const char *)name.pos);
}

frl_status frl_em_store_find_topic(
    const frl_em_store *s, frl_cursor name, frl_em_topic **out, frl_error *err) {
  *out = frl_em_store_topic(s, name);
  if (*out) return FRL_OK;
  FRL_TRY(frl_em_name_check(FRL_EM_TOPIC, name, err));
  return frl_em_not_found(err, name);
}

frl_status frl_em_store_find_sub(
    const frl_em_store *s, frl_cursor name, frl_em_sub **out, frl_error *err) {
  *out = frl_em_store_sub(s, name);
  if (*out) return FRL_OK;
  FRL_TRY(frl_em_name_check(FRL_EM_SUBSCRIPTION, name, err));
  return frl_em_not_found(err, name);
}

/* ---- waiters ---- */

void frl_em_sub_touch(frl_em_sub *sub) {
  if (sub->is_dirty) return;
  sub->is_dirty = true;
  sub->next_dirty = sub->store->dirty;
  sub->store->dirty = sub;
}

void frl_em_sub_activate(frl_em_sub *sub) {
  if (sub->is_active) return;
  sub->is_active = true;
  sub->next_active = sub->store->active;
  sub->store->active = sub;
}

void frl_em_waiter_join(frl_em_waiter *w, frl_em_sub *sub) {
  w->sub = sub;
  sub->n_waiters++;
  if (!sub->waiters) {
    w->next = w->prev = w;
    sub->waiters = w;
    return;
  }
  w->next = sub->waiters;
  w->prev = sub->waiters->prev;
  w->prev->next = w;
  w->next->prev = w;
}

void frl_em_waiter_leave(frl_em_waiter *w) {
  frl_em_sub *sub = w->sub;
  if (!sub) return;
  sub->n_waiters--;
  if (sub->waiters == w) sub->waiters = w->next == w ? NULL : w->next;
  w->prev->next = w->next;
  w->next->prev = w->prev;
  w->next = w->prev = NULL;
  w->sub = NULL;
}

/* In turn, so that no stream starves another. */
static void serve(frl_em_sub *sub) {
  size_t refused = 0;
  while (sub->waiters && refused < sub->n_waiters) {
    frl_em_waiter *w = sub->waiters;
    sub->waiters = w->next;
    refused = w->serve(w) ? 0 : refused + 1;
  }
}

void frl_em_store_settle(frl_em_store *s) {
  while (s->dirty) {
    frl_em_sub *sub = s->dirty;
    s->dirty = sub->next_dirty;
    sub->is_dirty = false;
    serve(sub);
  }
  frl_em_journal_flush(s->journal);
}

bool frl_em_store_tick(frl_em_store *s) {
  const int64_t now_ms = frl_em_store_now_ms(s);
  frl_em_sub **link = &s->active;
  while (*link) {
    frl_em_sub *sub = *link;
    const uint64_t leased = sub->backlog.leased + sub->backlog.delayed;
    frl_em_backlog_advance(&sub->backlog, now_ms);
    const uint64_t left = sub->backlog.leased + sub->backlog.delayed;
    if (left != leased) frl_em_sub_touch(sub);
    if (left > 0) {
      link = &sub->next_active;
    } else {
      *link = sub->next_active;
      sub->is_active = false;
    }
  }
  frl_em_store_settle(s);
  return s->active != NULL;
}

/* ---- retention ---- */

static void trim(frl_em_sub *sub, int64_t now_us) {
  int64_t keep_s = sub->retention_s;
  if (sub->topic && sub->topic->retention_s > keep_s) keep_s = sub->topic->retention_s;
  frl_em_backlog_trim(&sub->backlog, now_us - keep_s * 1000000);
}

static frl_em_snapshot *expired_snapshot(const frl_em_store *s, int64_t now_us) {
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->snapshots, &at))) {
    frl_em_snapshot *snapshot = e->value;
    if (snapshot->expires_us <= now_us) return snapshot;
  }
  return NULL;
}

void frl_em_store_housekeep(frl_em_store *s) {
  const int64_t now_us = frl_clock_wall_us(&s->clock);
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->subs, &at))) trim(e->value, now_us);
  frl_em_snapshot *old;
  while ((old = expired_snapshot(s, now_us))) {
    const frl_status st = frl_em_store_delete_snapshot(
        s, frl_cursor_of(old->name, strlen(old->name)), NULL);
    if (st != FRL_OK) break; /* the journal is full: next time */
  }
  frl_em_store_settle(s);
  frl_em_journal_sync(s->journal);
}
