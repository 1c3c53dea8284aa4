/** Deleting a folder with all that is in it. */
#ifndef FRL_CLUSTER_REMOVE_H
#define FRL_CLUSTER_REMOVE_H

#include <ferrule/error.h>

/** Links are deleted, never followed. FRL_OK where there is nothing. */
FRL_NODISCARD frl_status frl__cluster_remove_tree(const char *path, frl_error *err);

#endif /* FRL_CLUSTER_REMOVE_H */
