/**
 * The coordinator's memory of one run: batches, partitions, executors, verdicts.
 *
 * Pure logic: no I/O, time is an argument (monotonic milliseconds). It decides who
 * seals which partition, what a reader gets, and which sealed partitions are acked;
 * the executors act on its orders, which are kept until each has confirmed them or
 * is gone. The rules are those of the delivery chapter of docs/ARCHITECTURE.md.
 *
 * Threads: one at a time.
 */
#ifndef FRL_PUBSUB_COORDINATOR_LEDGER_H
#define FRL_PUBSUB_COORDINATOR_LEDGER_H

#include <ferrule/coordinator.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/buf.h"
#include "pubsub/coordinator/messages.h"

typedef struct frl_ledger_options {
  uint64_t num_partitions;      /* 0: planned */
  uint64_t max_rows, max_bytes; /* of a batch; 0: no bound */
  uint64_t max_delay_ms;
  uint64_t sealed_bytes; /* that one executor may seal for a batch */
  uint64_t drain_idle_ms;
  uint64_t lease_ms;
  uint64_t away_ms;   /* how long a lost connection may take to come back */
  uint64_t silent_ms; /* without a report, before a connection counts as lost */
  bool ordered;
  bool batch_read;
} frl_ledger_options;

enum frl_executor_state {
  FRL_EXECUTOR_LIVE,
  FRL_EXECUTOR_AWAY,    /* its connection is lost, it may come back */
  FRL_EXECUTOR_CLOSING, /* told to give everything back */
  FRL_EXECUTOR_GONE     /* whatever it held is on its way to others */
};

/** An order that waits until the member has confirmed it. */
typedef struct frl_ledger_order {
  struct frl_ledger_order *next;
  uint64_t seq;
  enum frl_coord_order_kind kind;
  uint64_t batch;
  frl_buf acks; /* list of partitions */
} frl_ledger_order;

/** One executor. Fields are for reading. */
typedef struct frl_ledger_member {
  struct frl_ledger_member *next;
  frl_coord_hello hello;
  enum frl_executor_state state;
  bool has_stats;
  frl_coord_stats stats;
  int64_t stats_ms;
  int64_t away_since_ms;
  int64_t deaf_since_ms; /* the last time that it had an open stream; -1: no report */
  double bytes_per_ms;   /* arrival rate */
  bool linked;           /* the server refers to it: it is not forgotten */
  uint32_t parts_given;  /* of the batch planned last */
  uint64_t last_claim;   /* the newest batch of which it claimed a part */
  uint64_t waited_in;    /* the newest batch planned while it had messages */
  uint64_t last_seq, heard, flushed;
  frl_ledger_order *orders, *orders_end;
} frl_ledger_member;

enum frl_part_state {
  FRL_PART_FREE,
  FRL_PART_CLAIMED,
  FRL_PART_SEALED,
  /* sealed, and its owner is gone: its readers get fewer rows, so it is never acked */
  FRL_PART_LOST
};

typedef struct frl_ledger_part {
  enum frl_part_state state;
  frl_ledger_member *owner;
  const frl_ledger_member *preferred; /* at the time of planning */
  uint64_t max_rows, max_bytes;
  uint64_t rows, bytes; /* sealed */
} frl_ledger_part;

typedef struct frl_ledger_batch {
  struct frl_ledger_batch *next;
  uint64_t id;
  char start_run[FRL_COORD_ID_SIZE];
  uint64_t start_batch;
  bool closed;
  bool opening;           /* nobody had a reservoir when it was planned */
  int64_t first_claim_ms; /* -1: none yet */
  uint32_t n_parts;
  frl_ledger_part *parts;
} frl_ledger_batch;

typedef struct frl_ledger {
  frl_mem mem;
  frl_ledger_options options;
  char run[FRL_COORD_ID_SIZE];
  frl_ledger_batch *batches; /* newest first */
  uint64_t last_batch;       /* 0: none yet */
  uint64_t committed;        /* the newest committed one */
  frl_ledger_member *members;
  frl_backoff opening;
  int64_t opening_not_before_ms;
  bool draining;
  bool stopping;
  int64_t drain_not_before_ms; /* what was lost or given back may come until then */
  int64_t last_commit_ms;
  frl_coord_stats departed; /* counters of members that are gone */
  uint64_t rows_acked, rows_nacked, rows_lost;
  bool acks_lost; /* a member went before it had confirmed its acks */
} frl_ledger;

/** run: hex digits that no other run has. random NULL: the system's. */
void frl_ledger_init(frl_ledger *l, const frl_mem *mem,
    const frl_ledger_options *options, const char *run, const frl_random *random);
void frl_ledger_deinit(frl_ledger *l);

/* ---- offsets ---- */

typedef struct frl_offset {
  char run[FRL_COORD_ID_SIZE];
  uint64_t batch; /* 0: before the first */
} frl_offset;

/** {"run": "...", "batch": N}. FRL_E_MALFORMED. */
FRL_NODISCARD frl_status frl_offset_parse(
    frl_offset *out, const char *text, frl_error *err);
/** NUL-terminated, freed with frl_free(NULL, ...). */
FRL_NODISCARD frl_status frl_offset_format(char **out, const frl_offset *offset);

/* ---- the driver's side ---- */

enum frl_offer {
  FRL_OFFER_NOTHING, /* the end is the start */
  FRL_OFFER_BATCH,
  FRL_OFFER_WAIT /* ask again in *wait_ms, or when something has come */
};

/**
 * What follows start. A batch that is offered is planned too, and is offered again
 * for the same start until it is closed.
 */
FRL_NODISCARD frl_status frl_ledger_offer(frl_ledger *l, const frl_offset *start,
    const frl_batch_request *request, int64_t now_ms, enum frl_offer *offer,
    uint64_t *batch, int64_t *wait_ms, frl_error *err);
/** From now on the end is when what was published before has come. */
void frl_ledger_drain(frl_ledger *l, int64_t now_ms);
/** NULL: no such batch of this run. */
const frl_ledger_batch *frl_ledger_find(const frl_ledger *l, uint64_t batch);
/** Everything up to the batch is committed. */
FRL_NODISCARD frl_status frl_ledger_commit(
    frl_ledger *l, uint64_t batch, int64_t now_ms);
/** What is open is nacked, and every member is told to close. */
FRL_NODISCARD frl_status frl_ledger_stop(frl_ledger *l, int64_t now_ms);
/** Whether some member has not confirmed that all its orders reached the server. */
bool frl_ledger_is_settled(const frl_ledger *l);

/* ---- the executors' side ---- */

/**
 * A member came, or came back.
 * @return FRL_OK; FRL_E_STATE: it was given up, and must give everything back;
 *         FRL_E_INVALID: of another run; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_ledger_join(frl_ledger *l, const frl_coord_hello *hello,
    int64_t now_ms, frl_ledger_member **out, frl_error *err);
/** Takes a report's figures; stats may be NULL. */
void frl_ledger_report(frl_ledger *l, frl_ledger_member *m,
    const frl_coord_stats *stats, uint64_t heard, uint64_t flushed, int64_t now_ms);
/** It has given everything back and goes. */
void frl_ledger_bye(frl_ledger *l, frl_ledger_member *m, int64_t now_ms);
/** Its connection ended. */
void frl_ledger_lost(frl_ledger *l, frl_ledger_member *m, int64_t now_ms);
/** Gives up who stayed away or silent for too long. */
void frl_ledger_tick(frl_ledger *l, int64_t now_ms);
/** The first order after seq, or NULL. */
const frl_ledger_order *frl_ledger_next_order(
    const frl_ledger_member *m, uint64_t after_seq);
/** NULL: unknown. */
frl_ledger_member *frl_ledger_member_of(const frl_ledger *l, const char *id);

/** Who wants to read a partition, and what it gets. */
FRL_NODISCARD frl_status frl_ledger_claim(frl_ledger *l, const frl_coord_part *part,
    int64_t now_ms, frl_coord_grant *out, frl_error *err);
/** An owner says that its partition will not change any more. */
FRL_NODISCARD frl_status frl_ledger_sealed(
    frl_ledger *l, const frl_coord_part *part, frl_error *err);
/**
 * The owner from whom a reader may fetch.
 * @return FRL_OK; FRL_E_STATE (closed batch, no owner that is live).
 */
FRL_NODISCARD frl_status frl_ledger_owner(frl_ledger *l, const frl_coord_part *part,
    frl_ledger_member **owner, frl_error *err);

/* ---- for ledger*.c only ---- */

frl_ledger_batch *frl__ledger_batch(const frl_ledger *l, uint64_t id);
FRL_NODISCARD frl_status frl__ledger_plan(frl_ledger *l, frl_ledger_batch *batch,
    const frl_batch_request *request, frl_error *err);
FRL_NODISCARD frl_status frl__ledger_order(frl_ledger *l, frl_ledger_member *m,
    enum frl_coord_order_kind kind, uint64_t batch, frl_ledger_order **out);
void frl__ledger_gone(frl_ledger *l, frl_ledger_member *m, bool loss, int64_t now_ms);
/** Nobody has a reservoir, and that is no hurry: the next opening batch has to wait. */
void frl__ledger_delay_opening(frl_ledger *l, int64_t now_ms);
void frl__ledger_sum(frl_coord_stats *sum, const frl_coord_stats *add);

#endif /* FRL_PUBSUB_COORDINATOR_LEDGER_H */
