/** Applications beside the services: what `run` has started. */
#ifndef FRL_CLUSTER_APPLICATION_H
#define FRL_CLUSTER_APPLICATION_H

#include "cluster/state.h"

/** The application that was started last, as the service spark-app; none: not told. */
void frl__cluster_tell_applications(
    const frl_cluster_state *state, frl_cluster_service_fn each, void *ctx);

#endif /* FRL_CLUSTER_APPLICATION_H */
