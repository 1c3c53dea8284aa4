/**
 * The messages of one subscription: what waits, what is leased, what was acked.
 *
 * Pure logic: time is passed in, messages go out as an array, nothing is sent.
 * Entries lie in a ring by sequence number, so that an ack id leads to its entry
 * without a search; leases lie in a wheel of deadlines. Taking, acking, nacking and
 * expiring cost the same however many messages wait. One thread.
 */
#ifndef FRL_PUBSUB_EMULATOR_BACKLOG_H
#define FRL_PUBSUB_EMULATOR_BACKLOG_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "pubsub/emulator/block.h"

enum {
  FRL_EM_TICK_MS = 100,     /* leases end at the first tick at or after the deadline */
  FRL_EM_WHEEL_TICKS = 8192 /* beyond the longest lease of 600 s */
};

typedef enum frl_em_state {
  FRL_EM_FREE = 0, /* gone */
  FRL_EM_FRESH,    /* waits in its order */
  FRL_EM_READY,    /* waits to be delivered again */
  FRL_EM_LEASED,
  FRL_EM_DELAYED, /* waits for its retry backoff */
  FRL_EM_ACKED    /* kept for a seek */
} frl_em_state;

typedef struct frl_em_entry {
  frl_em_block *block; /* one reference; NULL when FREE */
  uint32_t index;
  uint32_t generation; /* of the last delivery */
  uint32_t next;       /* neighbours in the ready list or a bucket, */
  uint32_t prev;       /* low halves of sequence numbers; 0: none */
  uint32_t due_tick;
  uint16_t holder;
  uint8_t state;
  uint8_t attempts; /* deliveries, saturating */
} frl_em_entry;

typedef struct frl_em_list {
  uint32_t head;
  uint32_t tail;
} frl_em_list;

typedef struct frl_em_key frl_em_key;

typedef struct frl_em_key_list {
  frl_em_key *head;
  frl_em_key *tail;
} frl_em_key_list;

/** An ordering key that has messages not yet acked. */
struct frl_em_key {
  uint32_t head; /* chain of its messages in order */
  uint32_t tail;
  uint32_t cursor; /* the next to deliver; 0: all are out */
  uint32_t outstanding;
  uint16_t holder; /* who has those that are out */
  bool blocked;    /* its next message waits for a backoff */
  frl_em_key_list *list;
  frl_em_key *next;
  frl_em_key *prev;
  size_t text_len;
  char text[];
};

typedef struct frl_em_keyed {
  frl_em_key *key; /* NULL: without ordering key */
  uint32_t next;
  uint32_t prev;
} frl_em_keyed;

/** Who messages are delivered to: a stream with its flow control. */
typedef struct frl_em_holder {
  uint64_t max_messages; /* 0: no limit */
  uint64_t max_bytes;
  uint64_t messages; /* delivered, neither acked nor nacked nor expired */
  uint64_t bytes;
  uint64_t client; /* whose it is, as its opener counts them; 0: nobody's */
  bool open;
  frl_em_key_list keys; /* have more for this holder only */
} frl_em_holder;

/** The unary Pull: no flow control, always there. */
enum { FRL_EM_HOLDER_PULL = 0 };

typedef struct frl_em_counts {
  uint64_t delivered, acked, nacked, expired, redelivered;
} frl_em_counts;

/** Rules of the subscription. May change between calls. */
typedef struct frl_em_rules {
  bool ordered; /* fixed at init */
  bool exactly_once;
  bool retain_acked;
  bool backs_off;
  uint32_t min_backoff_ms;
  uint32_t max_backoff_ms;
  uint32_t max_attempts; /* then on_dead; 0: never */
} frl_em_rules;

typedef struct frl_em_backlog {
  frl_mem mem;
  frl_em_rules rules;
  uint64_t ack_key;
  uint32_t first_generation; /* of entries never delivered */
  /* ring of entries base <= sequence < end */
  frl_em_entry *entries;
  frl_em_keyed *keyed; /* the same slots; NULL unless ordered */
  uint32_t cap;
  uint64_t base;
  uint64_t end;
  uint64_t fresh; /* FRESH ones without key lie at or behind it */
  frl_em_list ready;
  frl_em_list *wheel; /* made with the first lease */
  int64_t tick;       /* all buckets up to it are empty */
  frl_map keys;
  frl_em_key_list free_keys; /* may go to anybody */
  frl_em_holder **holders;
  uint32_t n_holders;
  uint64_t unacked;
  uint64_t leased;
  uint64_t delayed;
  uint64_t fresh_count; /* FRESH without key */
  frl_em_counts *counts;
  /** The message was delivered as often as allowed: true = it was taken care of. */
  bool (*on_dead)(void *ctx, frl_em_block *block, uint32_t index, uint32_t attempts);
  /** The message will not be delivered again. Optional. */
  void (*on_settled)(void *ctx, uint64_t sequence);
  void *ctx;
} frl_em_backlog;

/** One message to be delivered; the block is borrowed from the backlog. */
typedef struct frl_em_delivery {
  frl_em_block *block;
  uint64_t sequence;
  uint32_t index;
  uint32_t generation;
  uint32_t attempt;
} frl_em_delivery;

FRL_NODISCARD frl_status frl_em_backlog_init(frl_em_backlog *b, const frl_mem *mem,
    const frl_em_rules *rules, uint64_t ack_key, uint32_t first_generation);
void frl_em_backlog_deinit(frl_em_backlog *b);

/** Adds the block's message behind all others; takes a reference on FRL_OK. */
FRL_NODISCARD frl_status frl_em_backlog_append(
    frl_em_backlog *b, frl_em_block *block, uint32_t index);
/**
 * The same at a sequence number >= end, as it was before a restart.
 * acked: it is only kept for a seek.
 */
FRL_NODISCARD frl_status frl_em_backlog_restore(frl_em_backlog *b, frl_em_block *block,
    uint32_t index, uint64_t sequence, bool acked);

/** FRL_E_NOMEM, FRL_E_LIMIT. */
FRL_NODISCARD frl_status frl_em_holder_open(
    frl_em_backlog *b, uint64_t max_messages, uint64_t max_bytes, uint16_t *holder);
/** What it holds stays leased until acked or expired. */
void frl_em_holder_close(frl_em_backlog *b, uint16_t holder);
/** A closed one with leases left goes on under a new stream. */
void frl_em_holder_reopen(
    frl_em_backlog *b, uint16_t holder, uint64_t max_messages, uint64_t max_bytes);

/** Whether take would give something. */
bool frl_em_backlog_has(const frl_em_backlog *b, uint16_t holder);
/**
 * Leases up to max messages of about max_bytes together (one at least) to the
 * holder, within its flow control.
 */
size_t frl_em_backlog_take(frl_em_backlog *b, uint16_t holder, int64_t now_ms,
    uint32_t lease_ms, size_t max, size_t max_bytes, frl_em_delivery *out);

/** false: no such delivery is outstanding (see frl_em_rules.exactly_once). */
bool frl_em_backlog_ack(frl_em_backlog *b, uint64_t sequence, uint32_t generation);
/** The message was settled before a restart: no lease or generation is asked for. */
void frl_em_backlog_settle(frl_em_backlog *b, uint64_t sequence);
/** The next message gets that sequence number, or a later one. */
FRL_NODISCARD frl_status frl_em_backlog_skip_to(frl_em_backlog *b, uint64_t sequence);
/** lease_ms 0: nack. */
bool frl_em_backlog_modify(frl_em_backlog *b, uint64_t sequence, uint32_t generation,
    int64_t now_ms, uint32_t lease_ms);
/** Ends the leases and backoffs that are due. Costs by what is due. */
void frl_em_backlog_advance(frl_em_backlog *b, int64_t now_ms);
/** Ends the lease of one message, or of all, as if its time had come. */
void frl_em_backlog_expire(frl_em_backlog *b, uint64_t sequence, int64_t now_ms);
void frl_em_backlog_expire_all(frl_em_backlog *b, int64_t now_ms);

/** Drops what was published before. */
void frl_em_backlog_trim(frl_em_backlog *b, int64_t publish_us);
/**
 * Ends all leases and decides anew, message by message, what is to be delivered;
 * acked ones come again where they were kept.
 */
typedef bool (*frl_em_wanted_fn)(
    void *ctx, const frl_em_block *block, uint32_t index, bool acked);
FRL_NODISCARD frl_status frl_em_backlog_seek(
    frl_em_backlog *b, frl_em_wanted_fn wanted, void *ctx);
/** Calls fn for every message that is not acked. */
void frl_em_backlog_each(const frl_em_backlog *b,
    void (*fn)(void *ctx, const frl_em_entry *entry, uint64_t sequence), void *ctx);

static inline frl_em_entry *frl_em_slot(const frl_em_backlog *b, uint32_t low) {
  return &b->entries[low & (b->cap - 1)];
}
static inline uint32_t frl_em_length(const frl_em_entry *e) {
  return e->block->messages[e->index].body_len;
}

#endif /* FRL_PUBSUB_EMULATOR_BACKLOG_H */
