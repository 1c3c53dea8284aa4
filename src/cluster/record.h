/** A service of the state file as the public API tells it. */
#ifndef FRL_CLUSTER_RECORD_H
#define FRL_CLUSTER_RECORD_H

#include "cluster/state.h"

/** Borrows the record's texts. */
void frl__cluster_service_of(
    frl_cluster_service *out, const frl_cluster_record *record);

#endif /* FRL_CLUSTER_RECORD_H */
