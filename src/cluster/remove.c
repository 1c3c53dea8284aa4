#define _XOPEN_SOURCE 700 /* nftw */
#include "cluster/remove.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#include "base/error.h"

enum { FOLDERS_OPEN = 32 };

static int remove_one(
    const char *path, const struct stat *info, int type, struct FTW *where) {
  (void)info;
  (void)type;
  (void)where;
  return remove(path);
}

frl_status frl__cluster_remove_tree(const char *path, frl_error *err) {
  if (nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 ||
      errno == ENOENT) {
    return FRL_OK;
  }
  return frl_fail_errno(err, errno, "cluster: %s cannot be deleted", path);
}
