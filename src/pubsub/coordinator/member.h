/**
 * An executor's half of one run: the reservoir, the sealed partitions, the connection
 * to the coordinator. One a process, run and executor name, shared by all its tasks
 * and alive across micro-batches.
 *
 * Threads: the lock guards what is not marked otherwise. A worker thread acts on the
 * coordinator's orders and reports; the loop's thread owns the calls.
 */
#ifndef FRL_PUBSUB_COORDINATOR_MEMBER_H
#define FRL_PUBSUB_COORDINATOR_MEMBER_H

#include <ferrule/pubsub.h>
#include <stdatomic.h>

#include "base/sync.h"
#include "net/grpc_client.h"
#include "pubsub/coordinator/config.h"
#include "pubsub/coordinator/messages.h"

typedef struct frl_member frl_member;
typedef struct frl_part frl_part;

/** What a task's partition text says. */
typedef struct frl_task {
  char run[FRL_COORD_ID_SIZE];
  char address[FRL_COORD_NAME_SIZE];
  char token[FRL_COORD_NAME_SIZE];
  uint64_t batch, partition;
} frl_task;

enum frl_part_phase {
  FRL_PART_OPEN,   /* it may still grow */
  FRL_PART_FROZEN, /* it will not, but the coordinator does not know it yet */
  FRL_PART_READY,  /* rows may be handed out */
  FRL_PART_CLOSED  /* the verdict has come: no new readers */
};

/** Rows of one lot that a partition holds. */
typedef struct frl_part_rows {
  frl_held *held; /* NULL once it is settled */
  frl_batch *batch;
  int64_t first, n;
} frl_part_rows;

/** The rows of one partition of one batch. Fields under the member's lock. */
struct frl_part {
  frl_part *next;
  unsigned refs;
  uint64_t batch, partition;
  enum frl_part_phase phase;
  bool has_sealer; /* a scan is taking messages for it */
  uint64_t max_rows, max_bytes;
  int64_t until_ms;     /* end of the time for sealing */
  int64_t last_take_ms; /* -1: nothing was taken yet */
  frl_part_rows *rows;
  size_t n, cap;
  uint64_t n_rows, bytes;
};

enum frl_member_phase {
  FRL_MEMBER_JOINING,
  FRL_MEMBER_READY,
  FRL_MEMBER_LEAVING, /* gives everything back; a new task joins anew */
  FRL_MEMBER_LEFT
};

/** An order that came and waits for the worker. */
typedef struct frl_member_order {
  struct frl_member_order *next;
  enum frl_coord_order_kind kind;
  uint64_t seq, batch;
  uint8_t *acks;
  size_t acks_len;
} frl_member_order;

struct frl_member {
  frl_member *next; /* the registry's lock */
  unsigned refs;    /* the registry's lock */
  frl_task task;    /* run, address, token */
  frl_coord_hello hello;
  frl_mutex lock;
  frl_cond changed;
  enum frl_member_phase phase;
  frl_status failure; /* why it left, or could not join */
  frl_error failure_error;
  unsigned users; /* of the subscriber; it is not closed before */

  frl_coord_config *config;
  struct ArrowSchema schema; /* of the batches; read only once READY */
  frl_pubsub *pubsub;
  frl_subscriber *subscriber;
  bool ordered;
  uint64_t reservoir_bytes, sealed_bytes;
  int64_t cutoff_us;
  uint64_t grace_ms, beat_ms, lease_s;
  frl_part *parts;
  uint64_t held_bytes; /* of sealed parts */
  frl_part_rows *kept; /* of batch reads that are over: given back at the end */
  size_t n_kept;
  uint64_t closed_batch; /* the newest that a verdict has come for */

  bool welcome; /* the coordinator's first answer has come */
  bool connected;
  bool refused;      /* the coordinator does not want us any more */
  int64_t lost_ms;   /* since when there is no connection */
  uint64_t last_seq; /* newest order that came */
  uint64_t heard, flushed;
  frl_member_order *orders, *orders_end;
  frl_part *to_freeze; /* somebody waits for it, nobody seals it; a reference */

  frl_loop *loop;
  frl_channel *channel;
  frl_thread worker;
  /* loop thread */
  frl_call *call;
  frl_timer *retry;
  frl_buf message;
  struct frl_provider *providers;
  bool link_closed;

  int64_t clear_ms; /* worker: since when no old message waits; -1: one does */
  atomic_int_fast64_t old_idle_ms; /* as the last report had it */
  atomic_uint_fast64_t decode_ns, dropped_rows, corrupt_rows;
};

/* ---- member.c ---- */

/**
 * The member for a task, joined and ready; its reservoir is opened where need be.
 * @param out  a reference, given up with frl_member_release.
 */
FRL_NODISCARD frl_status frl_member_get(frl_member **out, const frl_task *task,
    const char *executor, const char *host, frl_error *err);
/** NULL works. */
void frl_member_release(frl_member *m);
/** Members that have left are freed once nobody refers to them. */
void frl_member_reap(void);

/** The subscriber for the time until end_use; NULL when the member is leaving. */
frl_subscriber *frl_member_begin_use(frl_member *m, frl_error *err);
void frl_member_end_use(frl_member *m);
/** Why no more can be had of the member; the lock is held. */
frl_status frl__member_failure(const frl_member *m, frl_error *err);

/** A unary call to the coordinator; a failure names its address. */
FRL_NODISCARD frl_status frl_member_call(frl_member *m, const char *method,
    const frl_coord_part *request, frl_buf *response, frl_error *err);
FRL_NODISCARD frl_status frl_member_claim(
    frl_member *m, const frl_task *task, frl_coord_grant *out, frl_error *err);
/** The token's header, to be deinited by the caller. */
FRL_NODISCARD frl_status frl__member_metadata(const frl_member *m, frl_metadata *md);

/* ---- member_part.c ---- */

/** The partition, made where it is new; a reference. NULL: closed, or no memory. */
frl_part *frl_part_get(frl_member *m, uint64_t batch, uint64_t partition);
void frl_part_release(frl_member *m, frl_part *part);
/** Adds what was taken; held is moved on FRL_OK. FRL_E_STATE when it was closed. */
FRL_NODISCARD frl_status frl_part_add(frl_member *m, frl_part *part, frl_held *held);
/** Freezes it and tells the coordinator: rows may be handed out when it is FRL_OK. */
FRL_NODISCARD frl_status frl_part_seal(frl_member *m, frl_part *part, frl_error *err);
/** The batch is over: acks the listed partitions, gives the others back. */
void frl_part_settle(frl_member *m, uint64_t batch, frl_cursor acks);
/** Gives everything back. */
void frl_part_nack_all(frl_member *m);
/** Keeps rows of a batch read until the end. FRL_E_NOMEM: they were given back. */
FRL_NODISCARD frl_status frl_part_keep(
    frl_member *m, const frl_part_rows *rows, size_t n);
/** Frees the rows without their verdict. */
void frl__part_free_rows(frl_part_rows *rows, size_t n);

/* ---- member_link.c: the Member call ---- */

/** Opens the call, and opens it again when it ends. Any thread. */
FRL_NODISCARD frl_status frl_link_open(frl_member *m, frl_error *err);
/** Sends a report. Any thread. */
void frl_link_report(
    frl_member *m, const frl_coord_report *report, const frl_coord_stats *stats);
/** Half-closes and waits until the coordinator has ended the call too. */
void frl_link_finish(frl_member *m, int64_t timeout_ms);
/** Ends the call and everything on the loop. Any thread; waits. */
void frl_link_close(frl_member *m);

/* ---- member_worker.c ---- */

void frl__member_work(void *ctx);

/* ---- provide.c: the owner's end of a relay. Loop thread ---- */

void frl_provide_start(frl_member *m, const frl_coord_order *order);
void frl_provide_close_all(frl_member *m);

#endif /* FRL_PUBSUB_COORDINATOR_MEMBER_H */
