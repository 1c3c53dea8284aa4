#include "cluster/log_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024, LINE_MAX_BYTES = 256 * 1024 };

void frl__cluster_log_open(
    frl_cluster_log_file *f, const char *path, const char *service) {
  *f = (frl_cluster_log_file){.begun = false};
  (void)snprintf(f->path, sizeof f->path, "%s", path);
  (void)snprintf(f->service, sizeof f->service, "%s", service);
  frl_buf_init(&f->pending, NULL, LINE_MAX_BYTES + CHUNK_BYTES);
}

void frl__cluster_log_close(frl_cluster_log_file *f) { frl_buf_deinit(&f->pending); }

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
    give_line(f, text + at, (size_t)(end - text) - at, each, ctx);
    at = (size_t)(end - text) + 1;
  }
  frl_buf_consume(&f->pending, at);
  if (f->pending.len > LINE_MAX_BYTES) frl__cluster_log_flush(f, each, ctx);
}

void frl__cluster_log_flush(
    frl_cluster_log_file *f, frl_cluster_log_fn each, void *ctx) {
  if (f->pending.len) {
    give_line(f, (const char *)f->pending.data, f->pending.len, each, ctx);
  }
  frl_buf_clear(&f->pending);
}

static void drop_first_line(frl_buf *b) {
  const uint8_t *end = b->len ? memchr(b->data, '\n', b->len) : NULL;
  frl_buf_consume(b, end ? (size_t)(end - b->data) + 1 : b->len);
}

/* From *offset to the end. */
static bool read_rest(frl_cluster_log_file *f, int fd, uint64_t *offset, bool cut,
    frl_cluster_log_fn each, void *ctx) {
  bool some = false;
  while (frl_buf_reserve(&f->pending, CHUNK_BYTES) == FRL_OK) {
    const ssize_t n =
        pread(fd, f->pending.data + f->pending.len, CHUNK_BYTES, (off_t)*offset);
    if (n <= 0) break;
    *offset += (uint64_t)n;
    f->pending.len += (size_t)n;
    if (cut) drop_first_line(&f->pending);
    cut = false;
    some = true;
    give_lines(f, each, ctx);
  }
  return some;
}

static int open_former(const frl_cluster_log_file *f, uint64_t *size) {
  char path[FRL_CLUSTER_PATH_MAX + 4];
  struct stat info;
  (void)snprintf(path, sizeof path, "%s.1", f->path);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  *size = fd >= 0 && fstat(fd, &info) == 0 ? (uint64_t)info.st_size : 0;
  return fd;
}

/* The end of what was put aside, so that the log itself goes on behind it. */
static bool read_former_tail(
    frl_cluster_log_file *f, uint64_t tail, frl_cluster_log_fn each, void *ctx) {
  uint64_t size = 0;
  const int fd = open_former(f, &size);
  if (fd < 0) return false;
  uint64_t offset = size > tail ? size - tail : 0;
  const bool some = read_rest(f, fd, &offset, offset > 0, each, ctx);
  (void)close(fd);
  return some;
}

/* The log has become shorter: its beginning was put aside, or all of it; or it is
   another file. */
static bool read_former_rest(
    frl_cluster_log_file *f, frl_cluster_log_fn each, void *ctx) {
  uint64_t size = 0;
  const int fd = open_former(f, &size);
  bool some = false;
  if (fd < 0) {
    frl_buf_clear(&f->pending);
    f->offset = 0;
  } else if (f->offset > size) {
    f->offset -= size;
  } else {
    some = read_rest(f, fd, &f->offset, false, each, ctx);
    f->offset = 0;
  }
  if (fd >= 0) (void)close(fd);
  return some;
}

bool frl__cluster_log_read(
    frl_cluster_log_file *f, uint32_t tail_bytes, frl_cluster_log_fn each, void *ctx) {
  struct stat info;
  const int fd = open(f->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const uint64_t size = fstat(fd, &info) == 0 ? (uint64_t)info.st_size : 0;
  bool cut = false;
  bool some = false;
  if (size < f->offset) {
    some = read_former_rest(f, each, ctx);
  } else if (!f->begun && size > tail_bytes) {
    f->offset = size - tail_bytes;
    cut = true;
  } else if (!f->begun && tail_bytes != UINT32_MAX) {
    some = read_former_tail(f, tail_bytes - size, each, ctx);
  }
  f->begun = true;
  some = read_rest(f, fd, &f->offset, cut, each, ctx) || some;
  (void)close(fd);
  return some;
}
