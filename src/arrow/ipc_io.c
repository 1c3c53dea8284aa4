#include "arrow/ipc_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/random.h"

enum { TEMP_RANDOM_BYTES = 8 };

/** PATH.HEX.tmp, in the same folder, for rename to be atomic. */
static char *temp_name(const frl_mem *mem, const char *path) {
  char hex[2 * TEMP_RANDOM_BYTES + 1];
  frl_random_hex(NULL, hex, TEMP_RANDOM_BYTES);
  const size_t n = strlen(path) + sizeof hex + 8;
  char *temp = frl_malloc(mem, n);
  if (temp) (void)snprintf(temp, n, "%s.%s.tmp", path, hex);
  return temp;
}

frl_status frl_ipc_sink_open(frl_ipc_sink *sink, const frl_mem *mem, const char *path,
    bool atomic, frl_error *err) {
  *sink = (frl_ipc_sink){.fd = -1, .mem = mem ? *mem : frl_mem_default};
  if (atomic) {
    sink->path = frl_strdup(mem, path);
    sink->temp = temp_name(mem, path);
    if (!sink->path || !sink->temp) {
      frl_free(mem, sink->temp); /* nothing on disk to remove */
      sink->temp = NULL;
      return frl_fail(err, FRL_E_NOMEM, "IPC: out of memory");
    }
  }
  const int how = atomic ? O_EXCL : O_TRUNC;
  const char *opened = atomic ? sink->temp : path;
  sink->fd = open(opened, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666);
  sink->own_fd = sink->fd >= 0;
  if (sink->own_fd) return FRL_OK;
  const int code = errno;
  frl_free(mem, sink->temp);
  sink->temp = NULL;
  return frl_fail_errno(err, code, "IPC: cannot create %s", path);
}

frl_status frl_ipc_sink_write(
    frl_ipc_sink *sink, const void *data, size_t n, frl_error *err) {
  if (sink->write) return sink->write(sink->ctx, data, n, err);
  const uint8_t *from = data;
  while (n > 0) {
    const ssize_t wrote = write(sink->fd, from, n);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return frl_fail_errno(err, errno, "IPC: cannot write");
    from += wrote;
    n -= (size_t)wrote;
  }
  return FRL_OK;
}

/** So that the new name survives a loss of power. */
static frl_status sync_folder(const char *path, const frl_mem *mem, frl_error *err) {
  const char *slash = strrchr(path, '/');
  const size_t n = slash == path ? 1 : slash ? (size_t)(slash - path) : 1;
  char *folder = frl_strndup(mem, slash ? path : ".", n);
  if (!folder) return frl_fail(err, FRL_E_NOMEM, "IPC: out of memory");
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  frl_free(mem, folder);
  if (fd < 0) return frl_fail_errno(err, errno, "IPC: cannot open the folder");
  const bool synced = fsync(fd) == 0;
  const int code = errno;
  (void)close(fd);
  return synced ? FRL_OK : frl_fail_errno(err, code, "IPC: cannot sync the folder");
}

frl_status frl_ipc_sink_finish(frl_ipc_sink *sink, frl_error *err) {
  if (sink->temp && fsync(sink->fd) != 0) {
    return frl_fail_errno(err, errno, "IPC: cannot sync %s", sink->path);
  }
  if (sink->own_fd) {
    sink->own_fd = false;
    /* a full disk may be noticed here only */
    if (close(sink->fd) != 0) return frl_fail_errno(err, errno, "IPC: cannot close");
  }
  if (!sink->temp) return FRL_OK;
  if (rename(sink->temp, sink->path) != 0) {
    return frl_fail_errno(err, errno, "IPC: cannot rename to %s", sink->path);
  }
  frl_free(&sink->mem, sink->temp);
  sink->temp = NULL;
  return sync_folder(sink->path, &sink->mem, err);
}

void frl_ipc_sink_deinit(frl_ipc_sink *sink) {
  if (sink->own_fd) (void)close(sink->fd);
  if (sink->temp) (void)unlink(sink->temp);
  frl_free(&sink->mem, sink->temp);
  frl_free(&sink->mem, sink->path);
}

void frl_ipc_source_of_fd(frl_ipc_source *source, int fd) {
  *source = (frl_ipc_source){.fd = fd};
  struct stat seen;
  if (fstat(fd, &seen) != 0 || !S_ISREG(seen.st_mode)) return;
  const off_t at = lseek(fd, 0, SEEK_CUR);
  if (at < 0 || at > seen.st_size) return;
  source->knows_left = true;
  source->left = (uint64_t)(seen.st_size - at);
}

frl_status frl_ipc_source_open(
    frl_ipc_source *source, const char *path, frl_error *err) {
  *source = (frl_ipc_source){.fd = -1};
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const int code = errno;
    const frl_status st = frl_fail_errno(err, code, "IPC: cannot open %s", path);
    return code == ENOENT ? FRL_E_NOT_FOUND : st;
  }
  frl_ipc_source_of_fd(source, fd);
  source->own_fd = true;
  return FRL_OK;
}

static frl_status read_some(
    frl_ipc_source *source, uint8_t *to, size_t n, size_t *got, frl_error *err) {
  if (source->read) return source->read(source->ctx, to, n, got, err);
  if (source->fd < 0) {
    *got = n < source->left ? n : (size_t)source->left;
    if (*got) memcpy(to, source->bytes, *got);
    source->bytes += *got;
    return FRL_OK;
  }
  ssize_t had;
  do {
    had = read(source->fd, to, n);
  } while (had < 0 && errno == EINTR);
  if (had < 0) return frl_fail_errno(err, errno, "IPC: cannot read");
  *got = (size_t)had;
  return FRL_OK;
}

frl_status frl_ipc_source_read(
    frl_ipc_source *source, void *data, size_t n, size_t *got, frl_error *err) {
  *got = 0;
  while (*got < n) {
    size_t more = 0;
    FRL_TRY(read_some(source, (uint8_t *)data + *got, n - *got, &more, err));
    if (more == 0) break;
    *got += more;
    source->left -= more < source->left ? more : source->left;
  }
  return FRL_OK;
}

void frl_ipc_source_deinit(frl_ipc_source *source) {
  if (source->own_fd) (void)close(source->fd);
}
