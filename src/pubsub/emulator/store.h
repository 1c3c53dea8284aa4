/**
 * Topics, subscriptions and snapshots by name, and the way of a message between them.
 *
 * Pure logic on an injected clock. What changes is told to the journal, if there is
 * one, before it is answered. Failures carry the gRPC code of the real service in err.
 * One thread.
 */
#ifndef FRL_PUBSUB_EMULATOR_STORE_H
#define FRL_PUBSUB_EMULATOR_STORE_H

#include "base/clock.h"
#include "base/map.h"
#include "pubsub/emulator/backlog.h"
#include "pubsub/emulator/filter.h"
#include "pubsub/emulator/resource.h"

typedef struct frl_em_store frl_em_store;
typedef struct frl_em_sub frl_em_sub;
typedef struct frl_em_journal frl_em_journal;

/** Somebody who wants messages of a subscription: a stream or a waiting Pull. */
typedef struct frl_em_waiter {
  struct frl_em_waiter *next; /* ring of the subscription's waiters */
  struct frl_em_waiter *prev;
  frl_em_sub *sub;
  /** Takes what it may have now; true: it took something, ask again. May leave. */
  bool (*serve)(struct frl_em_waiter *waiter);
  /** The subscription goes away; the waiter has left already. */
  void (*gone)(struct frl_em_waiter *waiter, int32_t grpc_code, const char *text);
} frl_em_waiter;

typedef struct frl_em_topic {
  char *name;
  uint64_t uid;
  frl_buf resource;
  int64_t retention_s;
  uint32_t n_snapshots;
  frl_em_sub *subs;
} frl_em_topic;

struct frl_em_sub {
  frl_em_store *store;
  char *name;
  uint64_t uid;
  frl_em_topic *topic; /* NULL: deleted */
  frl_em_sub *next_of_topic;
  frl_em_sub *next_active; /* has leases or backoffs */
  frl_em_sub *next_dirty;  /* its waiters are to be asked */
  bool is_active;
  bool is_dirty;
  bool detached;
  frl_buf resource;
  frl_em_filter *filter;
  char *dead_letter_topic;
  uint32_t ack_deadline_ms;
  int64_t retention_s;
  bool wants_attempts; /* delivery_attempt is filled */
  bool retain_acked;   /* as asked for; topic and snapshots may want it too */
  frl_em_waiter *waiters;
  size_t n_waiters;
  frl_em_backlog backlog;
};

typedef struct frl_em_snapshot {
  char *name;
  frl_buf resource;
  uint64_t topic_uid;
  uint64_t last_id; /* later messages are not acked */
  uint64_t *ids;    /* earlier ones that were not acked, ascending */
  size_t n_ids;
  int64_t expires_us;
} frl_em_snapshot;

struct frl_em_store {
  frl_mem mem;
  frl_clock clock;
  frl_em_journal *journal; /* NULL: memory only */
  frl_map topics;
  frl_map subs;
  frl_map snapshots;
  uint64_t next_uid;
  uint64_t next_message_id;
  uint64_t seed;
  uint64_t starts; /* earlier processes on the same data directory */
  uint32_t first_generation;
  uint64_t retained_bytes;
  uint64_t max_bytes;
  uint64_t published;
  frl_em_counts counts;
  frl_em_sub *active;
  frl_em_sub *dirty;
};

/* ---- store.c ---- */

void frl_em_store_init(frl_em_store *s, const frl_mem *mem, const frl_clock *clock);
void frl_em_store_deinit(frl_em_store *s);
int64_t frl_em_store_now_ms(const frl_em_store *s);
/** NULL: not there. */
frl_em_topic *frl_em_store_topic(const frl_em_store *s, frl_cursor name);
frl_em_sub *frl_em_store_sub(const frl_em_store *s, frl_cursor name);
frl_em_topic *frl_em_store_topic_by_uid(const frl_em_store *s, uint64_t uid);
frl_em_sub *frl_em_store_sub_by_uid(const frl_em_store *s, uint64_t uid);
/** NOT_FOUND in the words of the service; or INVALID_ARGUMENT for a bad name. */
FRL_NODISCARD frl_status frl_em_store_find_topic(
    const frl_em_store *s, frl_cursor name, frl_em_topic **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_find_sub(
    const frl_em_store *s, frl_cursor name, frl_em_sub **out, frl_error *err);
frl_status frl_em_not_found(frl_error *err, frl_cursor name);
frl_status frl_em_exists(frl_error *err, frl_cursor name);
/** The waiters of the subscription are asked at the next frl_em_store_settle. */
void frl_em_sub_touch(frl_em_sub *sub);
/** Leases were given: the subscription takes part in frl_em_store_tick. */
void frl_em_sub_activate(frl_em_sub *sub);
void frl_em_waiter_join(frl_em_waiter *waiter, frl_em_sub *sub);
void frl_em_waiter_leave(frl_em_waiter *waiter);
/** Writes the journal out and serves waiters; to be called after every request. */
void frl_em_store_settle(frl_em_store *s);
/** Every FRL_EM_TICK_MS while it gives true: something is leased or delayed. */
bool frl_em_store_tick(frl_em_store *s);
/** About once a second: retention and expired snapshots. */
void frl_em_store_housekeep(frl_em_store *s);

/* ---- store_topics.c ---- */

FRL_NODISCARD frl_status frl_em_store_create_topic(
    frl_em_store *s, frl_cursor resource, frl_em_topic **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_update_topic(frl_em_store *s, frl_cursor resource,
    frl_cursor mask, frl_em_topic **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_delete_topic(
    frl_em_store *s, frl_cursor name, frl_error *err);
/** As from the journal. */
FRL_NODISCARD frl_status frl_em_store_put_topic(
    frl_em_store *s, frl_cursor resource, uint64_t uid, frl_error *err);

/* ---- store_subs.c ---- */

FRL_NODISCARD frl_status frl_em_store_create_sub(
    frl_em_store *s, frl_cursor resource, frl_em_sub **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_update_sub(frl_em_store *s, frl_cursor resource,
    frl_cursor mask, frl_em_sub **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_modify_push(
    frl_em_store *s, frl_cursor name, frl_cursor push_config, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_delete_sub(
    frl_em_store *s, frl_cursor name, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_detach_sub(
    frl_em_store *s, frl_cursor name, frl_error *err);
/** Sets from its settings and its topic what the backlog is to do. */
FRL_NODISCARD frl_status frl_em_sub_apply(frl_em_sub *sub, frl_error *err);
void frl_em_sub_refresh_retention(frl_em_sub *sub);
void frl_em_sub_leave_topic(frl_em_sub *sub);
void frl_em_sub_free(frl_em_sub *sub);
FRL_NODISCARD frl_status frl_em_store_put_sub(
    frl_em_store *s, frl_cursor resource, uint64_t uid, frl_error *err);

/* ---- store_publish.c ---- */

/** request: google.pubsub.v1.PublishRequest. Ids are first_id .. first_id + n - 1. */
FRL_NODISCARD frl_status frl_em_store_publish(
    frl_em_store *s, frl_cursor request, uint64_t *first_id, size_t *n, frl_error *err);
/** The block's messages to every subscription of the topic whose filter they pass. */
FRL_NODISCARD frl_status frl_em_store_fan_out(
    frl_em_store *s, frl_em_topic *topic, frl_em_block *block);
/** frl_em_backlog.on_dead and on_settled of a subscription. */
bool frl_em_sub_on_dead(
    void *ctx, frl_em_block *block, uint32_t index, uint32_t attempts);
void frl_em_sub_on_settled(void *ctx, uint64_t sequence);
/** Leases messages to the holder for lease_ms. */
size_t frl_em_sub_take(frl_em_sub *sub, uint16_t holder, uint32_t lease_ms, size_t max,
    size_t max_bytes, frl_em_delivery *out);

/* ---- store_snapshots.c ---- */

FRL_NODISCARD frl_status frl_em_store_create_snapshot(frl_em_store *s, frl_cursor name,
    frl_cursor subscription, frl_cursor request, frl_em_snapshot **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_update_snapshot(frl_em_store *s,
    frl_cursor resource, frl_cursor mask, frl_em_snapshot **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_find_snapshot(
    const frl_em_store *s, frl_cursor name, frl_em_snapshot **out, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_delete_snapshot(
    frl_em_store *s, frl_cursor name, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_seek_time(
    frl_em_store *s, frl_em_sub *sub, int64_t publish_us, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_seek_snapshot(
    frl_em_store *s, frl_em_sub *sub, frl_em_snapshot *snapshot, frl_error *err);
FRL_NODISCARD frl_status frl_em_store_put_snapshot(frl_em_store *s, frl_cursor resource,
    uint64_t topic_uid, uint64_t last_id, const uint64_t *ids, size_t n_ids,
    frl_error *err);
void frl_em_snapshot_free(frl_em_store *s, frl_em_snapshot *snapshot);

#endif /* FRL_PUBSUB_EMULATOR_STORE_H */
