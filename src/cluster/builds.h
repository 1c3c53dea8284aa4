/**
 * Jar and wheel as the cluster runs them: copies in FOLDER/.cluster/lib, made when it
 * starts. A build that goes on beside it neither ends a JVM that has the file open nor
 * mixes two versions; that there is a newer one can be told.
 */
#ifndef FRL_CLUSTER_BUILDS_H
#define FRL_CLUSTER_BUILDS_H

#include "cluster/state.h"

/** Copies what the settings name, and names the copies there. Nothing may run yet. */
FRL_NODISCARD frl_status frl__cluster_copy_builds(
    frl_cluster_settings *s, frl_error *err);
/**
 * Which of jar, wheel and command differ from what runs, as "jar, wheel"; false: none.
 * A file that is being written, or gone, does not differ.
 */
bool frl__cluster_builds_differ(const frl_cluster_state *state, char *out, size_t max);
/** Whether two files have the same bytes; false where one cannot be read. */
bool frl__cluster_same_bytes(const char *a, const char *b);

#endif /* FRL_CLUSTER_BUILDS_H */
