/** The lock that a folder's supervisor holds while it lives. */
#ifndef FRL_CLUSTER_LOCK_H
#define FRL_CLUSTER_LOCK_H

#include <ferrule/error.h>
#include <stdbool.h>

/**
 * FRL_E_STATE: another process holds it. The lock goes with the process, however that
 * ends, and is not inherited by its children.
 */
FRL_NODISCARD frl_status frl__cluster_lock(
    int *out, const char *folder, frl_error *err);
void frl__cluster_unlock(int lock);
/** Whether a supervisor lives. */
bool frl__cluster_is_supervised(const char *folder);

#endif /* FRL_CLUSTER_LOCK_H */
