#include "cluster/log_position.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* The same twice: a reader who comes in between sees two that differ. The place is used
   again, so that a full disk takes it. */
enum { COPIES = 2 };

_Static_assert(sizeof(frl_cluster_log_position) == 5 * sizeof(uint64_t),
    "nothing between the fields: copies are compared byte by byte");

frl_status frl__cluster_log_position_write(
    int fd, const frl_cluster_log_position *position, frl_error *err) {
  const frl_cluster_log_position copies[COPIES] = {*position, *position};
  const ssize_t n = pwrite(fd, copies, sizeof copies, 0);
  if (n == (ssize_t)sizeof copies) return FRL_OK;
  return frl_fail_errno(err, n < 0 ? errno : ENOSPC, "where a log begins");
}

bool frl__cluster_log_position_read(int fd, frl_cluster_log_position *out) {
  frl_cluster_log_position copies[COPIES];
  const ssize_t n = pread(fd, copies, sizeof copies, 0);
  *out = (frl_cluster_log_position){.log = 0};
  if (n == 0) return true;
  if (n != (ssize_t)sizeof copies ||
      memcmp(&copies[0], &copies[1], sizeof copies[0]) != 0 ||
      copies[0].former_begin > copies[0].begin) {
    return false;
  }
  *out = copies[0];
  return true;
}
