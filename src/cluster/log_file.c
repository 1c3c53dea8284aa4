#include "cluster/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  CHUNK_BYTES = 64 * 1024,
  LINE_MAX_BYTES = 256 * 1024,
  MOVING_TURNS = 500, /* of a thousandth of a second; it takes one */
};

void frl__cluster_log_open(
    frl_cluster_log_file *f, const char *path, const char *service) {
  *f = (frl_cluster_log_file){.log = -1, .position = -1};
  (void)snprintf(f->path, sizeof f->path, "%s", path);
  (void)snprintf(f->service, sizeof f->service, "%s", service);
  frl_buf_init(&f->pending, NULL, LINE_MAX_BYTES + CHUNK_BYTES);
}

static void close_files(frl_cluster_log_file *f) {
  if (f->log >= 0) (void)close(f->log);
  if (f->position >= 0) (void)close(f->position);
  f->log = -1;
  f->position = -1;
}

void frl__cluster_log_close(frl_cluster_log_file *f) {
  close_files(f);
  frl_buf_deinit(&f->pending);
}

/* ---- lines ---- */

static void give_line(frl_cluster_log_file *f, const char *text, size_t n,
    frl_cluster_log_fn each, void *ctx) {
  frl_cluster_line line;
  if (!frl__cluster_log_parse(&line, &f->context, text, n)) return;
  line.service = f->service;
  each(ctx, &line);
}

static void give_lines(frl_cluster_log_file *f, frl_cluster_log_fn each, void *ctx) {
  const char *text = (const char *)f->pending.data;
  size_t at = 0;
  const char *end;
  while (at < f->pending.len && (end = memchr(text + at, '\n', f->pending.len - at))) {
    if (!f->cut) give_line(f, text + at, (size_t)(end - text) - at, each, ctx);
    f->cut = false;
    at = (size_t)(end - text) + 1;
  }
  frl_buf_consume(&f->pending, at);
  if (f->cut) frl_buf_clear(&f->pending);
  if (f->pending.len > LINE_MAX_BYTES) frl__cluster_log_flush(f, each, ctx);
}

void frl__cluster_log_flush(
    frl_cluster_log_file *f, frl_cluster_log_fn each, void *ctx) {
  if (f->pending.len) {
    give_line(f, (const char *)f->pending.data, f->pending.len, each, ctx);
  }
  frl_buf_clear(&f->pending);
}

/* A word of our own among the log's. */
static void tell(
    frl_cluster_log_file *f, const char *text, frl_cluster_log_fn each, void *ctx) {
  static const char logger[] = "cluster";
  const frl_cluster_line line = {.struct_size = sizeof line,
      .service = f->service,
      .level = FRL_LOG_WARN,
      .time = f->context.time,
      .logger = logger,
      .logger_len = sizeof logger - 1,
      .message = text,
      .message_len = strlen(text)};
  each(ctx, &line);
}

/* What stands between is not kept any more, nor the beginning of a line that has no
   end here. */
static void skip_to(frl_cluster_log_file *f, uint64_t next, const char *why,
    frl_cluster_log_fn each, void *ctx) {
  char text[160];
  const unsigned long long missing = next - f->next + f->pending.len;
  (void)snprintf(
      text, sizeof text, "%llu bytes of this log are not shown: %s", missing, why);
  frl_buf_clear(&f->pending);
  f->next = next;
  f->cut = true;
  tell(f, text, each, ctx);
}

/* ---- files ---- */

/* PATH.1, also where it has become that of a former start. -1: it is gone. */
static int open_former(
    const frl_cluster_log_file *f, const frl_cluster_log_position *at) {
  static const char *const endings[] = {".1", ".former.1"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    char path[FRL_CLUSTER_PATH_MAX + 16];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s%s", f->path, endings[i]);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_ino == at->former) return fd;
    if (fd >= 0) (void)close(fd);
  }
  return -1;
}

static uint64_t inode_of(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

/* true: *fd is that of this log's position, or -1: there is none there. */
static bool open_position(const frl_cluster_log_file *f, const char *ending, int *fd) {
  char path[FRL_CLUSTER_PATH_MAX + 32];
  frl_cluster_log_position at;
  (void)snprintf(path, sizeof path, "%s%s", f->path, ending);
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0) return errno == ENOENT || errno == ENOTDIR;
  const bool whole = frl__cluster_log_position_read(*fd, &at);
  if (whole && at.log == inode_of(f->log)) return true;
  (void)close(*fd);
  *fd = -1;
  return whole; /* of another log */
}

/* It is made when the log is put aside for the first time, and stays the same file from
   then on. false: look again. */
static bool read_position(frl_cluster_log_file *f, frl_cluster_log_position *at) {
  *at = (frl_cluster_log_position){.log = 0};
  if (f->position < 0 && !open_position(f, ".position", &f->position)) return false;
  if (f->position < 0 && !open_position(f, ".former.position", &f->position)) {
    return false;
  }
  return f->position < 0 || frl__cluster_log_position_read(f->position, at);
}

/* false: bytes are being taken out, for longer than it takes. */
static bool settled_position(frl_cluster_log_file *f, frl_cluster_log_position *at) {
  for (int turn = 0; turn < MOVING_TURNS; turn++) {
    if (read_position(f, at) && !at->moving) return true;
    (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
  }
  return false;
}

static bool is_still(frl_cluster_log_file *f, const frl_cluster_log_position *at) {
  frl_cluster_log_position now;
  return read_position(f, &now) && memcmp(&now, at, sizeof now) == 0;
}

/* ---- reading ---- */

/* One piece into pending. *n is 0 where there is no more, and below where the next one
   should lie there is nothing. */
static void read_piece(
    frl_cluster_log_file *f, const frl_cluster_log_position *at, ssize_t *n) {
  uint8_t *to = f->pending.data + f->pending.len;
  if (f->next >= at->begin) {
    *n = pread(f->log, to, CHUNK_BYTES, (off_t)(f->next - at->begin));
    return;
  }
  const uint64_t left = at->begin - f->next;
  const int former = open_former(f, at);
  *n = former < 0 ? 0
                  : pread(former, to, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES,
                        (off_t)(f->next - at->former_begin));
  if (former >= 0) (void)close(former);
}

static uint64_t size_of(const frl_cluster_log_file *f) {
  struct stat info;
  return fstat(f->log, &info) == 0 ? (uint64_t)info.st_size : 0;
}

/* true: there may be more. */
static bool read_some(frl_cluster_log_file *f, const frl_cluster_log_position *at,
    bool *some, frl_cluster_log_fn each, void *ctx) {
  ssize_t n = 0;
  if (f->next < at->former_begin) {
    skip_to(
        f, at->former_begin, "it was put aside again before they were read", each, ctx);
  }
  if (frl_buf_reserve(&f->pending, CHUNK_BYTES) != FRL_OK) return false;
  read_piece(f, at, &n);
  const uint64_t size = size_of(f);
  if (!is_still(f, at)) return true;
  if (n > 0) {
    f->next += (uint64_t)n;
    f->pending.len += (size_t)n;
    *some = true;
    give_lines(f, each, ctx);
    return true;
  }
  if (f->next < at->begin) {
    skip_to(f, at->begin, "what was put aside is gone", each, ctx);
    return true;
  }
  if (f->next <= at->begin + size) return false;
  f->next = at->begin;
  frl_buf_clear(&f->pending);
  tell(f, "somebody emptied this log: what stood there last may be missing", each, ctx);
  return size > 0;
}

static bool read_known(frl_cluster_log_file *f, frl_cluster_log_fn each, void *ctx) {
  frl_cluster_log_position at;
  bool some = false;
  do {
    if (!settled_position(f, &at)) {
      if (!f->stuck) {
        tell(f,
            "what this log says is not shown: the supervisor was stopped while it put "
            "the log aside",
            each, ctx);
      }
      f->stuck = true;
      return some;
    }
    f->stuck = false;
  } while (read_some(f, &at, &some, each, ctx));
  return some;
}

static bool open_log(frl_cluster_log_file *f, uint32_t tail_bytes) {
  frl_cluster_log_position at;
  f->log = open(f->path, O_RDONLY | O_CLOEXEC);
  if (f->log < 0) return false;
  f->next = 0;
  f->cut = false;
  f->gone = false;
  if (tail_bytes == UINT32_MAX || !settled_position(f, &at)) return true;
  const uint64_t end = at.begin + size_of(f);
  f->next = end - at.former_begin > tail_bytes ? end - tail_bytes : at.former_begin;
  f->cut = f->next > 0;
  return true;
}

/* Whether the name still stands for the file that is open. */
static bool is_named(const frl_cluster_log_file *f, bool *other) {
  struct stat named;
  struct stat known;
  *other = stat(f->path, &named) == 0;
  return *other && fstat(f->log, &known) == 0 && named.st_ino == known.st_ino &&
         named.st_dev == known.st_dev;
}

bool frl__cluster_log_read(
    frl_cluster_log_file *f, uint32_t tail_bytes, frl_cluster_log_fn each, void *ctx) {
  bool other = false;
  if (f->log < 0 && !open_log(f, tail_bytes)) {
    f->gone = true;
    return false;
  }
  const bool named = is_named(f, &other); /* before it is read to its end */
  bool some = read_known(f, each, ctx);
  if (named) return some;
  frl__cluster_log_flush(f, each, ctx);
  close_files(f);
  f->context = (frl_cluster_log_context){.framed = false};
  f->gone = !other;
  if (other && open_log(f, UINT32_MAX)) some = read_known(f, each, ctx) || some;
  return some;
}
