#include "base/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

/* Linux: all of this is text under /proc. */
enum { STAT_MAX = 1024, ENVIRONMENT_MAX = 256 * 1024 };

static size_t read_file(const char *path, char *out, size_t max) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  size_t n = 0;
  while (n < max - 1) {
    const ssize_t got = read(fd, out + n, max - 1 - n);
    if (got <= 0) break;
    n += (size_t)got;
  }
  (void)close(fd);
  out[n] = '\0';
  return n;
}

static void copy_name(frl_process *out, const char *open, const char *close) {
  const size_t n = (size_t)(close - open - 1);
  (void)snprintf(out->name, sizeof out->name, "%.*s", (int)n, open + 1);
}

/* "pid (name) state ppid ...": a name may hold spaces and brackets. */
static bool parse_stat(const char *text, frl_process *out) {
  const char *open = strchr(text, '(');
  const char *close = strrchr(text, ')');
  if (!open || !close || close < open || !close[1]) return false;
  if (close[2] == 'Z' || close[2] == 'X') return false;
  copy_name(out, open, close);
  const char *p = close + 1;
  for (int field = 3; field <= 24; field++) {
    while (*p == ' ') p++;
    if (field == 22) out->started = strtoull(p, NULL, 10);
    if (field == 24) out->resident_bytes = strtoull(p, NULL, 10);
    while (*p && *p != ' ') p++;
  }
  out->resident_bytes *= (uint64_t)sysconf(_SC_PAGESIZE);
  return out->started != 0;
}

bool frl_process_find(int32_t pid, frl_process *out) {
  char path[64];
  char text[STAT_MAX];
  (void)snprintf(path, sizeof path, "/proc/%" PRId32 "/stat", pid);
  *out = (frl_process){.pid = pid};
  return pid > 0 && read_file(path, text, sizeof text) > 0 && parse_stat(text, out);
}

bool frl_process_runs(int32_t pid, uint64_t started) {
  frl_process p;
  return frl_process_find(pid, &p) && p.started == started;
}

/* The next process's id, 0 at the end. */
static int32_t next_pid(DIR *proc) {
  for (const struct dirent *e; (e = readdir(proc));) {
    if (isdigit((unsigned char)e->d_name[0])) {
      return (int32_t)strtol(e->d_name, NULL, 10);
    }
  }
  return 0;
}

static bool has_variable(int32_t pid, const char *variable, char *text) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%" PRId32 "/environ", pid);
  const size_t n = read_file(path, text, ENVIRONMENT_MAX);
  for (size_t at = 0; at < n; at += strlen(text + at) + 1) {
    if (strcmp(text + at, variable) == 0) return true;
  }
  return false;
}

frl_status frl_process_with_variable(const char *variable,
    void (*each)(void *ctx, const frl_process *process), void *ctx, frl_error *err) {
  char *text = frl_malloc(NULL, ENVIRONMENT_MAX);
  if (!text) return frl_fail(err, FRL_E_NOMEM, "processes: out of memory");
  DIR *proc = opendir("/proc");
  if (!proc) {
    frl_free(NULL, text);
    return frl_fail_errno(err, errno, "processes: /proc cannot be read");
  }
  const int32_t self = (int32_t)getpid();
  for (int32_t pid; (pid = next_pid(proc)) != 0;) {
    frl_process p;
    if (pid != self && has_variable(pid, variable, text) && frl_process_find(pid, &p)) {
      each(ctx, &p);
    }
  }
  (void)closedir(proc);
  frl_free(NULL, text);
  return FRL_OK;
}

bool frl_process_folder(int32_t pid, char *out, size_t max) {
  char link[32];
  (void)snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
  const ssize_t n = readlink(link, out, max);
  if (n < 0 || (size_t)n >= max) return false;
  out[n] = '\0';
  return true;
}

/* ---- who listens ---- */

static const char listening_state[] = "0A";

bool frl_process_socket(
    const char *table, uint16_t port, const char *state, uint64_t *inode) {
  FILE *file = fopen(table, "re");
  if (!file) return false;
  char line[512];
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) {
    char local_port[5] = "";
    char its_state[3] = "";
    char its_inode[21] = "";
    const int n = sscanf(line,
        " %*d: %*[0-9A-Fa-f]:%4s %*[0-9A-Fa-f]:%*s %2s %*s %*s %*s %*s %*s %20s",
        local_port, its_state, its_inode);
    found = n >= 2 && strtoul(local_port, NULL, 16) == port &&
            strcmp(its_state, state) == 0;
    if (found && inode) *inode = strtoull(its_inode, NULL, 10);
  }
  (void)fclose(file);
  return found;
}

/* The inode of a listening socket of the port in one of the tables, 0: none. */
static uint64_t listening_inode(const char *table, uint16_t port) {
  uint64_t inode = 0;
  (void)frl_process_socket(table, port, listening_state, &inode);
  return inode;
}

static bool holds_socket(int32_t pid, const char *link) {
  char path[320];
  (void)snprintf(path, sizeof path, "/proc/%" PRId32 "/fd", pid);
  DIR *fds = opendir(path);
  if (!fds) return false;
  bool found = false;
  for (const struct dirent *e; !found && (e = readdir(fds));) {
    char target[64];
    (void)snprintf(path, sizeof path, "/proc/%" PRId32 "/fd/%s", pid, e->d_name);
    const ssize_t n = readlink(path, target, sizeof target - 1);
    if (n > 0) {
      target[n] = '\0';
      found = strcmp(target, link) == 0;
    }
  }
  (void)closedir(fds);
  return found;
}

bool frl_process_listening(uint16_t port, frl_process *out) {
  uint64_t inode = listening_inode("/proc/net/tcp", port);
  if (!inode) inode = listening_inode("/proc/net/tcp6", port);
  DIR *proc = inode ? opendir("/proc") : NULL;
  if (!proc) return false;
  char link[64];
  (void)snprintf(link, sizeof link, "socket:[%" PRIu64 "]", inode);
  bool found = false;
  for (int32_t pid; !found && (pid = next_pid(proc)) != 0;) {
    found = holds_socket(pid, link) && frl_process_find(pid, out);
  }
  (void)closedir(proc);
  return found;
}
