#include "cluster/builds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "cluster/outside.h"
#include "cluster/remove.h"

enum { CHUNK_BYTES = 64 * 1024 };

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static frl_status copy_file(const char *from, const char *to, frl_error *err) {
  uv_fs_t request;
  const int rc = uv_fs_copyfile(NULL, &request, from, to, UV_FS_COPYFILE_EXCL, NULL);
  uv_fs_req_cleanup(&request);
  return rc == 0 ? FRL_OK
                 : frl_fail_errno(err, -rc, "cluster: %s cannot be copied", from);
}

/* FOLDER/.cluster/lib/NAME */
static frl_status place(char out[FRL_CLUSTER_PATH_MAX], const frl_cluster_settings *s,
    const char *name, frl_error *err) {
  char below[FRL_CLUSTER_PATH_MAX];
  if (snprintf(below, sizeof below, "lib/%s", name) < (int)sizeof below &&
      frl__cluster_place(out, s->folder, below)) {
    return FRL_OK;
  }
  return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", s->folder);
}

static frl_status copy_wheel(frl_cluster_settings *s, frl_error *err) {
  char own[FRL_CLUSTER_PATH_MAX];
  char said[256];
  FRL_TRY(place(own, s, base_name(s->wheel), err));
  FRL_TRY(copy_file(s->wheel, own, err));
  FRL_TRY(place(s->site, s, "site", err));
  const char *const argv[] = {s->python, "-m", "zipfile", "-e", own, s->site, NULL};
  if (frl__cluster_ask(argv, said, sizeof said)) return FRL_OK;
  return frl_fail(
      err, FRL_E_IO, "cluster: %s cannot be unpacked into %s", own, s->site);
}

frl_status frl__cluster_copy_builds(frl_cluster_settings *s, frl_error *err) {
  char lib[FRL_CLUSTER_PATH_MAX];
  s->own_jar[0] = '\0';
  s->site[0] = '\0';
  if (!frl__cluster_place(lib, s->folder, "lib")) {
    return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", s->folder);
  }
  FRL_TRY(frl__cluster_remove_tree(lib, err));
  if (mkdir(lib, 0755) != 0) return frl_fail_errno(err, errno, "cluster: %s", lib);
  if (s->jar[0]) {
    FRL_TRY(place(s->own_jar, s, base_name(s->jar), err));
    FRL_TRY(copy_file(s->jar, s->own_jar, err));
  }
  return s->wheel[0] ? copy_wheel(s, err) : FRL_OK;
}

/* ---- what was built since ---- */

static bool rest_is_same(int a, int b) {
  char x[CHUNK_BYTES];
  char y[CHUNK_BYTES];
  for (;;) {
    const ssize_t n = read(a, x, sizeof x);
    if (n < 0) return false;
    if (n == 0) return read(b, y, 1) == 0;
    for (ssize_t got = 0; got < n;) {
      const ssize_t m = read(b, y + got, (size_t)(n - got));
      if (m <= 0) return false;
      got += m;
    }
    if (memcmp(x, y, (size_t)n) != 0) return false;
  }
}

bool frl__cluster_same_bytes(const char *a, const char *b) {
  struct stat x;
  struct stat y;
  const int fa = open(a, O_RDONLY | O_CLOEXEC);
  const int fb = open(b, O_RDONLY | O_CLOEXEC);
  bool same = fa >= 0 && fb >= 0 && fstat(fa, &x) == 0 && fstat(fb, &y) == 0;
  const bool one = same && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
  same = one || (same && x.st_size == y.st_size && rest_is_same(fa, fb));
  if (fa >= 0) (void)close(fa);
  if (fb >= 0) (void)close(fb);
  return same;
}

static bool differs(const char *now, const char *runs) {
  return now[0] && access(now, R_OK) == 0 && access(runs, R_OK) == 0 &&
         !frl__cluster_same_bytes(now, runs);
}

bool frl__cluster_builds_differ(const frl_cluster_state *state, char *out, size_t max) {
  const frl_cluster_settings *s = &state->settings;
  char wheel[FRL_CLUSTER_PATH_MAX];
  char command[64];
  if (place(wheel, s, base_name(s->wheel), NULL) != FRL_OK) wheel[0] = '\0';
  (void)snprintf(command, sizeof command, "/proc/%d/exe", state->supervisor_pid);
  const struct {
    const char *name, *now, *runs;
  } builds[] = {{"jar", s->jar, s->own_jar}, {"wheel", s->wheel, wheel},
      {"command", state->supervisor_pid ? s->command : "", command}};
  size_t n = 0;
  out[0] = '\0';
  for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
    if (!differs(builds[i].now, builds[i].runs) || n >= max) continue;
    const int w = snprintf(out + n, max - n, "%s%s", n ? ", " : "", builds[i].name);
    n += w > 0 ? (size_t)w : 0;
  }
  return n > 0;
}
