#include "cluster/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "cluster/settings.h"

frl_status frl__cluster_lock(int *out, const char *folder, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(path, folder, "lock")) {
    return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", folder);
  }
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return frl_fail_errno(err, errno, "cluster: %s", path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    (void)close(fd);
    if (why != EWOULDBLOCK) return frl_fail_errno(err, why, "cluster: %s", path);
    return frl_fail(err, FRL_E_STATE, "the cluster in %s has a supervisor", folder);
  }
  *out = fd;
  return FRL_OK;
}

void frl__cluster_unlock(int lock) { (void)close(lock); }

bool frl__cluster_is_supervised(const char *folder) {
  char path[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(path, folder, "lock")) return false;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool free_now = flock(fd, LOCK_SH | LOCK_NB) == 0;
  (void)close(fd);
  return !free_now;
}
