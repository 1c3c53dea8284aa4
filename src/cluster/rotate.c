#define _GNU_SOURCE /* fallocate */
#include "cluster/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cluster/log_places.h"

/* what a file system can take out of a file is whole blocks */
enum { CHUNK_BYTES = 64 * 1024 };

/* From the beginning to `end`, or to the file's own end where that is 0. */
static bool copy_part(int from, int to, uint64_t begin, uint64_t end) {
  static _Thread_local char chunk[CHUNK_BYTES];
  for (uint64_t at = begin; end == 0 || at < end;) {
    const size_t want =
        end && end - at < CHUNK_BYTES ? (size_t)(end - at) : CHUNK_BYTES;
    const ssize_t n = pread(from, chunk, want, (off_t)at);
    if (n < 0) return false;
    if (n == 0) return end == 0;
    for (ssize_t done = 0; done < n;) {
      const ssize_t w = write(to, chunk + done, (size_t)(n - done));
      if (w < 0 && errno != EINTR) return false;
      if (w > 0) done += w;
    }
    at += (uint64_t)n;
  }
  return true;
}

static bool take_out(int fd, uint64_t bytes) {
#ifdef FALLOC_FL_COLLAPSE_RANGE
  return fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, (off_t)bytes) == 0;
#else
  (void)fd;
  (void)bytes;
  return false;
#endif
}

/* *errno says why. */
static bool put_aside(int log, int aside, uint64_t size) {
  const uint64_t blocks = size / CHUNK_BYTES * CHUNK_BYTES;
  if (!copy_part(log, aside, 0, blocks)) return false;
  if (blocks < size && take_out(log, blocks)) return true;
  return copy_part(log, aside, blocks, 0) && ftruncate(log, 0) == 0;
}

static frl_status rotate_open(
    int log, const char *path, uint64_t size, frl_error *err) {
  char former[512];
  char next[512];
  if (snprintf(former, sizeof former, "%s.1", path) >= (int)sizeof former ||
      snprintf(next, sizeof next, "%s.1.next", path) >= (int)sizeof next) {
    return frl_fail(err, FRL_E_LIMIT, "log %s: the name is too long", path);
  }
  /* room first: on a small disk the former one may be all that there is */
  const int aside = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (aside < 0) return frl_fail_errno(err, errno, "log %s", next);
  /* a reader finds the rest of what it knows under its name once the log is shorter */
  const bool kept = rename(next, former) == 0 && put_aside(log, aside, size);
  const int why = errno;
  (void)close(aside);
  return kept ? FRL_OK : frl_fail_errno(err, why, "log %s cannot be kept", path);
}

frl_status frl__cluster_rotate(
    const char *path, uint64_t max_bytes, bool *done, frl_error *err) {
  struct stat info;
  *done = false;
  const int log = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (log < 0) return errno == ENOENT ? FRL_OK : frl_fail_errno(err, errno, "%s", path);
  frl_status st = FRL_OK;
  if (fstat(log, &info) == 0 && (uint64_t)info.st_size >= max_bytes) {
    const uint64_t size = (uint64_t)info.st_size;
    st = rotate_open(log, path, size, err);
    *done = st == FRL_OK;
    if (st != FRL_OK && size >= 2 * max_bytes && ftruncate(log, 0) != 0) {
      st = frl_fail_errno(err, errno, "log %s cannot be emptied", path);
    }
  }
  (void)close(log);
  return st;
}

static void rotate_one(void *ctx, const char *path, const char *service) {
  const uint64_t *max_bytes = ctx;
  bool done = false;
  frl_error err = {0};
  (void)service;
  if (frl__cluster_rotate(path, *max_bytes, &done, &err) != FRL_OK) {
    frl_log(FRL_LOG_WARN, "cluster", "%s", err.message);
  }
}

void frl__cluster_rotate_all(const char *folder, uint64_t max_bytes) {
  frl__cluster_log_places(folder, rotate_one, &max_bytes);
}
