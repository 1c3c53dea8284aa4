/** Whether anybody uses a cluster. */
#ifndef FRL_CLUSTER_IDLE_H
#define FRL_CLUSTER_IDLE_H

#include "cluster/state.h"

/**
 * false: an application of `run` is at work, a client is connected to the Connect
 * server, another driver is registered at the master, or none of this can be told.
 */
bool frl__cluster_is_idle(const frl_cluster_state *state);
/** Whether a table of /proc/net tells of an open connection at the local port. */
bool frl__cluster_is_connected(const char *table, uint16_t port);
/** Applications at work, as the master's page (its /json/) tells; -1: it does not. */
int frl__cluster_active_applications(const char *json, size_t n);

#endif /* FRL_CLUSTER_IDLE_H */
