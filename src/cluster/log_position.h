/**
 * Where, in all that was ever written to a log, its files begin. The log and PATH.1 do
 * not tell it: bytes are taken out at the beginning (see rotate.h), so that the same
 * place in a file is now this line and now another. PATH.position does, from the first
 * time on that the log is put aside.
 *
 * One process writes it, the supervisor. Whoever reads looks at it before and after,
 * and what was read between counts only where both are the same.
 */
#ifndef FRL_CLUSTER_LOG_POSITION_H
#define FRL_CLUSTER_LOG_POSITION_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stdint.h>

/** All zero: nothing was ever put aside. */
typedef struct frl_cluster_log_position {
  uint64_t log;    /* inode of the log it is about */
  uint64_t former; /* inode of PATH.1 */
  uint64_t
      former_begin; /* what PATH.1 begins with; the same as begin: it has nothing */
  uint64_t begin;   /* what the log begins with, and PATH.1 ends with */
  uint64_t moving;  /* 1: bytes are being taken out, begin is not sure */
} frl_cluster_log_position;

/** To fd, a file of its own. */
FRL_NODISCARD frl_status frl__cluster_log_position_write(
    int fd, const frl_cluster_log_position *position, frl_error *err);
/** false: half written, look again. All zero where nothing was written. */
bool frl__cluster_log_position_read(int fd, frl_cluster_log_position *out);

#endif /* FRL_CLUSTER_LOG_POSITION_H */
