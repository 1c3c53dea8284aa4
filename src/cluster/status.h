/**
 * The cluster's status page: services from the supervisor, topics and subscriptions
 * from the emulator's own page; as HTML, as JSON and in the text form of Prometheus.
 *
 * The supervisor asks for a new picture every two seconds; it is made on another
 * thread, and the server's loop hands out the last one.
 */
#ifndef FRL_CLUSTER_STATUS_H
#define FRL_CLUSTER_STATUS_H

#include <uv.h>

#include "base/buf.h"
#include "base/sync.h"
#include "cluster/state.h"
#include "net/page_server.h"

typedef struct frl_cluster_status {
  frl_page_server *server; /* NULL: its port could not be had */
  uv_work_t work;
  bool working;
  int64_t next_ms;
  frl_cluster_state seen; /* what the picture under way is made of */
  frl_mutex lock;
  frl_buf json; /* both under the lock */
  frl_buf metrics;
} frl_cluster_status;

/** A port that cannot be had is logged; the cluster goes on without the page. */
void frl__cluster_status_open(
    frl_cluster_status *s, const frl_cluster_state *state, frl_loop *loop);
/** After the loop of update has ended. */
void frl__cluster_status_close(frl_cluster_status *s);
/** Begins a new picture where it is time for one. */
void frl__cluster_status_update(frl_cluster_status *s, const frl_cluster_state *state,
    uv_loop_t *loop, int64_t now_ms);

/**
 * The picture from a state and the emulator's /status.json; emulator_n 0: it does not
 * answer. FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl__cluster_status_json(const frl_cluster_state *state,
    const char *emulator, size_t emulator_n, frl_buf *out);
FRL_NODISCARD frl_status frl__cluster_status_metrics(
    const frl_cluster_state *state, frl_buf *out);

#endif /* FRL_CLUSTER_STATUS_H */
