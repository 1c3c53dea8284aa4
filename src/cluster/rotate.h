/**
 * Logs that do not grow for ever. A log that has reached its size is put aside as
 * NAME.1, which takes the place of the one before; whoever writes goes on in the file
 * that is open. NAME.position tells readers where both begin (see log_position.h).
 *
 * Read one after the other, NAME.1 and NAME are what was written, to the byte, where
 * the file system can take the beginning out of a file (ext4, XFS). Elsewhere what is
 * written in the moment of the change may be lost.
 */
#ifndef FRL_CLUSTER_ROTATE_H
#define FRL_CLUSTER_ROTATE_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * *done: it was put aside. On a failure (a full disk) the log is emptied all the same
 * where it is twice the size, and err says why nothing was kept.
 */
FRL_NODISCARD frl_status frl__cluster_rotate(
    const char *path, uint64_t max_bytes, bool *done, frl_error *err);
/** All logs of the folder's services, applications and executors. */
void frl__cluster_rotate_all(const char *folder, uint64_t max_bytes);
/**
 * PATH, PATH.1 and PATH.position become PATH.former, PATH.former.1 and so on, in place
 * of those that were there: who writes next begins a new one.
 */
void frl__cluster_log_becomes_former(const char *path);

#endif /* FRL_CLUSTER_ROTATE_H */
