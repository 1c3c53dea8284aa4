/**
 * Whether a service answers: asked in its own protocol, not guessed from its process.
 *
 * Threads: any but a loop's; each call waits for its answer, seconds at most.
 */
#ifndef FRL_CLUSTER_PROBE_H
#define FRL_CLUSTER_PROBE_H

#include "cluster/state.h"
#include "net/loop.h"

/**
 * @param loop  for gRPC calls; started by the caller.
 * @return FRL_OK: it answers as it should; else err says what came instead.
 */
FRL_NODISCARD frl_status frl__cluster_probe(
    const frl_cluster_state *state, uint32_t service, frl_loop *loop, frl_error *err);

/**
 * Whether a master's page of itself (its /json/) tells of a worker that is alive and
 * has its own page on the port.
 */
bool frl__cluster_worker_is_alive(const char *json, size_t n, uint16_t worker_ui_port);

#endif /* FRL_CLUSTER_PROBE_H */
