/**
 * The process that starts a cluster's services and watches over them.
 *
 * One loop, the caller's thread. Services are started when what they need answers, and
 * probed until they answer themselves; each change goes into the state file. Signals:
 * SIGTERM and SIGINT stop everything, SIGHUP starts again what has ended.
 */
#ifndef FRL_CLUSTER_SUPERVISOR_H
#define FRL_CLUSTER_SUPERVISOR_H

#include <uv.h>

#include "base/backoff.h"
#include "cluster/class_archive.h"
#include "cluster/state.h"
#include "cluster/status.h"
#include "net/loop.h"

typedef struct frl_cluster_supervisor frl_cluster_supervisor;

typedef struct frl_cluster_child {
  frl_cluster_supervisor *owner;
  uint32_t index;
  uv_process_t process;
  bool running; /* the process handle is open */
  bool hung;    /* killed, as it did not answer */
  uv_work_t probe;
  bool probing;
  frl_status probe_status;
  frl_error probe_error;
  int64_t began_ms; /* monotonic */
  int64_t next_ms;  /* not started again before */
  frl_backoff backoff;
} frl_cluster_child;

struct frl_cluster_supervisor {
  frl_cluster_state state;
  frl_cluster_archive archive;
  frl_cluster_child children[FRL_CLUSTER_SERVICES_MAX];
  uv_loop_t uv;
  uv_timer_t tick;
  uv_signal_t signals[3];
  frl_loop *calls; /* gRPC of the probes, the status page */
  frl_cluster_status status;
  bool dirty; /* the state file is behind */
  bool stopping;
  bool killed;     /* SIGKILL was sent */
  int64_t stop_ms; /* monotonic, when stopping began */
  int64_t written_ms;
  int64_t rotate_ms;
  int64_t prune_ms;
};

/** Starts the child's process; on failure the service has ended with the reason. */
void frl__cluster_child_start(frl_cluster_child *c);
/** The service has this state from now on. reason "" where there is none. */
void frl__cluster_child_is(
    frl_cluster_child *c, enum frl_cluster_service_state state, const char *reason);
/** Asks the child, on another thread, whether it answers. */
void frl__cluster_child_probe(frl_cluster_child *c);
/** To its whole process group. */
void frl__cluster_child_signal(frl_cluster_child *c, int number);

/** FOLDER/.cluster/logs/NAME.log of the former run becomes NAME.log.former. */
void frl__cluster_keep_former_logs(const frl_cluster_state *state);

#endif /* FRL_CLUSTER_SUPERVISOR_H */
