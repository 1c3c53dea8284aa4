/**
 * The calls of the Pub/Sub API over the store: what is shared between them.
 *
 * Everything runs on the server's loop.
 */
#ifndef FRL_PUBSUB_EMULATOR_SERVICE_H
#define FRL_PUBSUB_EMULATOR_SERVICE_H

#include "net/grpc_server.h"
#include "pubsub/emulator/faults.h"
#include "pubsub/emulator/store.h"

enum {
  FRL_EM_BATCH_MESSAGES = 1000, /* of one response */
  FRL_EM_BATCH_BYTES = 512 * 1024,
  FRL_EM_ACK_REQUEST_MAX_BYTES = 512 * 1024,
  FRL_EM_SILENCE_MS = 60 * 1000 /* a client that sends nothing loses its stream */
};

typedef struct frl_em_service frl_em_service;
typedef struct frl_em_call frl_em_call;
typedef struct frl_em_stream frl_em_stream;

/**
 * One request, one response appended to. FRL_NEED_MORE: the method answers later
 * by frl_em_call_answer. Failures: err with origin gRPC.
 */
typedef frl_status (*frl_em_unary_fn)(
    frl_em_call *call, frl_cursor request, frl_buf *response, frl_error *err);

typedef struct frl_em_method {
  const char *path;
  frl_em_unary_fn fn;
  frl_em_service *service;
} frl_em_method;

/** A unary call under way. */
struct frl_em_call {
  const frl_em_method *method;
  frl_em_service *service;
  frl_server_call *call;
  frl_buf request;
  frl_buf details; /* google.rpc.Status for grpc-status-details-bin */
  bool whole;
  frl_timer *timer; /* of a delay, or of a waiting Pull */
  /* a waiting Pull */
  frl_em_waiter waiter;
  uint32_t max_messages;
};

enum { FRL_EM_METHODS_MAX = 48 };

struct frl_em_service {
  frl_mem mem;
  frl_loop *loop;
  frl_server *server;
  frl_em_store store;
  frl_em_faults faults;
  frl_timer *ticker; /* runs while something is leased */
  frl_timer *keeper; /* once a second */
  frl_timer *killer; /* of kill-streams every=N */
  bool ticking;
  frl_em_stream *streams;
  uint64_t n_streams;
  frl_map policies; /* IAM policies: frl_buf by resource */
  frl_em_method methods[FRL_EM_METHODS_MAX];
  size_t n_methods;
  frl_em_delivery deliveries[FRL_EM_BATCH_MESSAGES];
};

/* ---- service.c ---- */

FRL_NODISCARD frl_status frl_em_service_init(frl_em_service *s, frl_loop *loop,
    const frl_mem *mem, const frl_clock *clock, frl_error *err);
/** The loop's thread; no call may be open any more. */
void frl_em_service_deinit(frl_em_service *s);
/** Adds every method to the server. */
FRL_NODISCARD frl_status frl_em_service_bind(frl_em_service *s, frl_server *server);
/** After each request: waiters are served, the clock of leases runs if needed. */
void frl_em_service_settle(frl_em_service *s);
FRL_NODISCARD frl_status frl_em_service_set_faults(
    frl_em_service *s, frl_cursor text, frl_error *err);

/* ---- call.c ---- */

FRL_NODISCARD frl_status frl_em_add_unary(
    frl_em_service *s, const char *path, frl_em_unary_fn fn);
/** Answers a call whose method gave FRL_NEED_MORE; the chain is moved. */
void frl_em_call_answer(frl_em_call *call, frl_chain *response);
void frl_em_call_fail(frl_em_call *call, int32_t code, const char *text);
/** Whether the call is refused, delayed: see faults.h. True: it was ended. */
bool frl_em_refused(frl_em_service *s, frl_server_call *call);

/* ---- the methods ---- */

FRL_NODISCARD frl_status frl_em_add_publisher(frl_em_service *s);  /* publisher.c */
FRL_NODISCARD frl_status frl_em_add_subscriber(frl_em_service *s); /* subscriber.c */
FRL_NODISCARD frl_status frl_em_add_snapshots(frl_em_service *s);  /* snapshots.c */
FRL_NODISCARD frl_status frl_em_add_acks(frl_em_service *s);       /* acks.c */
FRL_NODISCARD frl_status frl_em_add_pull(frl_em_service *s);       /* pull.c */
FRL_NODISCARD frl_status frl_em_add_iam(frl_em_service *s);        /* iam.c */
FRL_NODISCARD frl_status frl_em_add_control(frl_em_service *s);    /* control.c */
FRL_NODISCARD frl_status frl_em_add_streaming_pull(
    frl_em_service *s, frl_server *server); /* stream.c */

/* ---- stream.c ---- */

void frl_em_streams_kill(frl_em_service *s, const frl_em_fault *fault);
/** Ends the streams of clients that were silent too long. */
void frl_em_streams_check_silence(frl_em_service *s);

/* ---- acks.c ---- */

/** false: malformed. Foreign and stale ids count as acked unless exactly-once. */
typedef enum frl_em_outcome {
  FRL_EM_DONE,
  FRL_EM_INVALID_ID, /* exactly-once: no such delivery is outstanding */
  FRL_EM_MALFORMED_ID
} frl_em_outcome;
frl_em_outcome frl_em_ack(frl_em_sub *sub, frl_cursor id);
/** seconds 0: nack. */
frl_em_outcome frl_em_modify(frl_em_sub *sub, frl_cursor id, uint32_t seconds);

/* ---- pages.c ---- */

/** What a list call asks for. */
typedef struct frl_em_page {
  const frl_map *map;
  bool (*wanted)(void *ctx, void *value); /* optional */
  frl_status (*put)(frl_buf *response, const char *name, void *value);
  void *ctx;
  frl_cursor project; /* "projects/P", where the names must be under it */
} frl_em_page;
/** Sorted by name; fields 2 page_size and 3 page_token of the request. */
FRL_NODISCARD frl_status frl_em_page_put(const frl_em_page *page,
    const frl_em_request *request, frl_buf *response, frl_error *err);

#endif /* FRL_PUBSUB_EMULATOR_SERVICE_H */
