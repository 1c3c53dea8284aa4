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
#include "cluster/log_position.h"
#include "cluster/settings.h"

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

typedef struct rotation {
  const char *path;
  int log;
  int position; /* its file, -1: none yet */
  frl_cluster_log_position at;
} rotation;

/* PATH with an ending. */
static bool beside(
    char out[FRL_CLUSTER_PATH_MAX], const char *path, const char *ending) {
  const int n = snprintf(out, FRL_CLUSTER_PATH_MAX, "%s%s", path, ending);
  return n > 0 && n < FRL_CLUSTER_PATH_MAX;
}

static frl_status write_position(rotation *r, bool moving, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  if (r->position < 0) {
    (void)beside(path, r->path, ".position");
    r->position = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (r->position < 0) return frl_fail_errno(err, errno, "%s", path);
  }
  r->at.moving = moving;
  return frl__cluster_log_position_write(r->position, &r->at, err);
}

/* Where the file system takes nothing out (tmpfs): the rest is put aside too, and what
   the service writes between the last read and the next instant is lost. */
static frl_status truncate_log(
    const rotation *r, int aside, uint64_t blocks, uint64_t *kept, frl_error *err) {
  struct stat info;
  if (!copy_part(r->log, aside, blocks, 0) || ftruncate(r->log, 0) != 0 ||
      fstat(aside, &info) != 0) {
    return frl_fail_errno(err, errno, "log %s", r->path);
  }
  *kept = (uint64_t)info.st_size;
  return FRL_OK;
}

/* Some of it has to stay: a file cannot be taken out whole. */
static uint64_t whole_blocks(uint64_t size) {
  return size ? (size - 1) / CHUNK_BYTES * CHUNK_BYTES : 0;
}

/* The log's beginning, of which `size` bytes are known, goes. *kept: as much of it as
   is aside now, and in the log no more. */
static frl_status put_aside(
    rotation *r, int aside, uint64_t size, uint64_t *kept, frl_error *err) {
  const uint64_t blocks = whole_blocks(size);
  if (!copy_part(r->log, aside, 0, blocks)) {
    return frl_fail_errno(err, errno, "log %s", r->path);
  }
  FRL_TRY(write_position(r, true, err));
  *kept = blocks;
  if (blocks && take_out(r->log, blocks)) return FRL_OK;
  return truncate_log(r, aside, blocks, kept, err);
}

static frl_status open_aside(rotation *r, int *out, frl_error *err) {
  char former[FRL_CLUSTER_PATH_MAX];
  char next[FRL_CLUSTER_PATH_MAX];
  struct stat info;
  (void)beside(former, r->path, ".1");
  (void)beside(next, r->path, ".1.next");
  *out = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (*out < 0) return frl_fail_errno(err, errno, "log %s", next);
  r->at.former_begin = r->at.begin; /* what was aside goes now */
  FRL_TRY(write_position(r, false, err));
  /* room first: on a small disk the former one may be all that there is */
  if (fstat(*out, &info) != 0 || rename(next, former) != 0) {
    return frl_fail_errno(err, errno, "log %s", former);
  }
  r->at.former = info.st_ino;
  return FRL_OK;
}

static frl_status rotate_open(rotation *r, uint64_t size, frl_error *err) {
  int aside = -1;
  uint64_t kept = 0;
  frl_error why = {0};
  frl_status st = open_aside(r, &aside, &why);
  if (st == FRL_OK) st = put_aside(r, aside, size, &kept, &why);
  if (aside >= 0) (void)close(aside);
  if (st != FRL_OK) {
    if (r->at.moving) FRL_TRY(write_position(r, false, err));
    return frl_fail_errno(err, why.origin_code, "log %s cannot be kept", r->path);
  }
  r->at.begin += kept;
  return write_position(r, false, err);
}

/* Nothing is kept. The disk may be so full that only then there is room to say so. */
static frl_status empty(rotation *r, uint64_t size, frl_error *err) {
  const frl_status told = write_position(r, true, err);
  if (ftruncate(r->log, 0) != 0) {
    return frl_fail_errno(err, errno, "log %s cannot be emptied", r->path);
  }
  r->at.begin += size;
  r->at.former_begin = r->at.begin;
  const frl_status st = write_position(r, false, err);
  return told == FRL_OK ? st : told;
}

/* Whoever took bytes out was killed meanwhile. No reader's place is right any more: the
   log begins behind all that one may have read, and is read from its beginning. */
static frl_status settle(rotation *r, uint64_t size, frl_error *err) {
  char former[FRL_CLUSTER_PATH_MAX];
  struct stat info;
  (void)beside(former, r->path, ".1");
  const bool kept = stat(former, &info) == 0;
  r->at.begin += size + (kept ? (uint64_t)info.st_size : 0);
  r->at.former_begin = r->at.begin;
  return write_position(r, false, err);
}

static void find_position(rotation *r, uint64_t inode) {
  char path[FRL_CLUSTER_PATH_MAX];
  (void)beside(path, r->path, ".position");
  r->position = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  const bool known = r->position >= 0 &&
                     frl__cluster_log_position_read(r->position, &r->at) &&
                     r->at.log == inode;
  if (!known) r->at = (frl_cluster_log_position){.log = inode};
}

static frl_status rotate_where_full(
    rotation *r, uint64_t max_bytes, bool *done, frl_error *err) {
  struct stat info;
  if (fstat(r->log, &info) != 0) return frl_fail_errno(err, errno, "%s", r->path);
  const uint64_t size = (uint64_t)info.st_size;
  find_position(r, info.st_ino);
  if (r->at.moving) FRL_TRY(settle(r, size, err));
  if (size < max_bytes) return FRL_OK;
  const frl_status st = rotate_open(r, size, err);
  *done = st == FRL_OK;
  if (st == FRL_OK || size < 2 * max_bytes) return st;
  frl_error why = {0};
  const frl_status emptied = empty(r, size, &why);
  if (emptied != FRL_OK && err) *err = why;
  return st;
}

frl_status frl__cluster_rotate(
    const char *path, uint64_t max_bytes, bool *done, frl_error *err) {
  rotation r = {.path = path, .position = -1};
  char longest[FRL_CLUSTER_PATH_MAX];
  *done = false;
  if (!beside(longest, path, ".position")) {
    return frl_fail(err, FRL_E_LIMIT, "log %s: the name is too long", path);
  }
  r.log = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (r.log < 0) {
    return errno == ENOENT ? FRL_OK : frl_fail_errno(err, errno, "%s", path);
  }
  const frl_status st = rotate_where_full(&r, max_bytes, done, err);
  (void)close(r.log);
  if (r.position >= 0) (void)close(r.position);
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

void frl__cluster_log_becomes_former(const char *path) {
  static const char *const endings[] = {".1", ".position", ""};
  if (access(path, F_OK) != 0) return;
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    char now[FRL_CLUSTER_PATH_MAX];
    char name[32];
    char former[FRL_CLUSTER_PATH_MAX];
    (void)snprintf(name, sizeof name, ".former%s", endings[i]);
    if (!beside(now, path, endings[i]) || !beside(former, path, name)) continue;
    /* what the start before had and this one not */
    if (rename(now, former) != 0) (void)unlink(former);
  }
}
