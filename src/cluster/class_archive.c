#include "cluster/class_archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"

enum { KEY_MAX = 4 * FRL_CLUSTER_PATH_MAX };

static bool cache_folder(char *out, size_t max) {
  static const struct {
    const char *variable, *below;
  } places[] = {{"FERRULE_CACHE", "/"}, {"XDG_CACHE_HOME", "/ferrule/"},
      {"HOME", "/.cache/ferrule/"}};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    const char *value = getenv(places[i].variable);
    if (!value || value[0] != '/') continue;
    const int n = snprintf(out, max, "%s%sclasses/empty", value, places[i].below);
    return n > 0 && (size_t)n < max;
  }
  return false;
}

static bool make_folders(const char *path) {
  char part[FRL_CLUSTER_PATH_MAX];
  for (size_t n = 1;; n++) {
    if (path[n] != '/' && path[n] != '\0') continue;
    (void)snprintf(part, sizeof part, "%.*s", (int)n, path);
    if (mkdir(part, 0755) != 0 && errno != EEXIST) return false;
    if (path[n] == '\0') return true;
  }
}

/* The JVM compares the class path's files by time and size: so does the key. */
static uint64_t key_of(const frl_cluster_settings *s) {
  char text[KEY_MAX];
  struct stat jars = {0};
  struct stat java = {0};
  char path[FRL_CLUSTER_PATH_MAX + 16];
  (void)snprintf(path, sizeof path, "%s/jars", s->spark_home);
  (void)stat(path, &jars);
  (void)snprintf(path, sizeof path, "%s/lib/modules", s->java_home);
  (void)stat(path, &java);
  const int n = snprintf(text, sizeof text, "%s %lld %s %lld %lld", s->spark_home,
      (long long)jars.st_mtime, s->java_home, (long long)java.st_mtime,
      (long long)java.st_size);
  return frl_hash(text, n > 0 ? (size_t)n : 0, 1);
}

void frl__cluster_archive_find(
    frl_cluster_archive *out, const frl_cluster_settings *s, const char *id) {
  *out = (frl_cluster_archive){0};
  if (!cache_folder(out->empty, sizeof out->empty) || !make_folders(out->empty)) return;
  const unsigned long long key = (unsigned long long)key_of(s);
  const int folder = (int)(strlen(out->empty) - strlen("empty"));
  const int n =
      snprintf(out->file, sizeof out->file, "%.*s%016llx.jsa", folder, out->empty, key);
  const int m = snprintf(out->draft, sizeof out->draft, "%.*s%016llx.%.8s.draft",
      folder, out->empty, key, id);
  out->usable = n > 0 && m > 0 && (size_t)n < sizeof out->file &&
                (size_t)m < sizeof out->draft && !strpbrk(out->empty, " :,");
  const char *mode = getenv("FERRULE_CLASS_ARCHIVE");
  out->writable = out->usable && !(mode && strcmp(mode, "read") == 0);
  out->exists = out->usable && access(out->file, R_OK) == 0;
}

bool frl__cluster_archive_writes(const frl_cluster_archive *a) {
  return a->writable && !a->exists;
}

void frl__cluster_archive_keep(const frl_cluster_archive *a) {
  /* none was written, or another cluster was quicker: both are well */
  if (frl__cluster_archive_writes(a)) (void)rename(a->draft, a->file);
}

void frl__cluster_archive_discard(const frl_cluster_archive *a) {
  if (a->usable) (void)unlink(a->draft);
}

void frl__cluster_archive_options(
    char *out, size_t max, const frl_cluster_archive *a, bool writer) {
  out[0] = '\0';
  if (a->exists) {
    (void)snprintf(out, max, " -XX:SharedArchiveFile=%s -Xlog:cds=off", a->file);
  } else if (writer && frl__cluster_archive_writes(a)) {
    (void)snprintf(out, max,
        " -XX:ArchiveClassesAtExit=%s -Xlog:cds=off -Xlog:cds+dynamic=off", a->draft);
  }
}
