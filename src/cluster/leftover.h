/** Processes of a cluster that nobody watches: executors, and what a crash left. */
#ifndef FRL_CLUSTER_LEFTOVER_H
#define FRL_CLUSTER_LEFTOVER_H

#include "base/process.h"

/** Tells every process that the cluster of the id started, directly or not. */
FRL_NODISCARD frl_status frl__cluster_leftover(const char *id,
    void (*each)(void *ctx, const frl_process *process), void *ctx, frl_error *err);
/**
 * Ends them, first by asking; waits until none is left, seconds at most. *ended is
 * added to. FRL_E_TIMEOUT where one stays.
 */
FRL_NODISCARD frl_status frl__cluster_end_leftover(
    const char *id, uint32_t *ended, frl_error *err);

#endif /* FRL_CLUSTER_LEFTOVER_H */
