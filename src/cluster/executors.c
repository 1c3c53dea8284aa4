#include "cluster/executors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "cluster/remove.h"
#include "cluster/settings.h"

enum { EXECUTORS_MAX = 512 }; /* of one look; the others are for the next */

typedef struct executor {
  char path[FRL_CLUSTER_PATH_MAX];
  int64_t changed; /* seconds, wall clock */
  bool runs;
} executor;

typedef struct executors {
  executor items[EXECUTORS_MAX];
  uint32_t n;
} executors;

static int64_t changed(const char *path, const char *name) {
  char file[FRL_CLUSTER_PATH_MAX + 16];
  struct stat info;
  (void)snprintf(file, sizeof file, "%s%s", path, name);
  return stat(file, &info) == 0 ? (int64_t)info.st_mtime : 0;
}

static void add_executor(executors *all, const char *path) {
  static const char *const names[] = {"", "/stdout", "/stderr"};
  if (all->n == EXECUTORS_MAX) return;
  executor *e = &all->items[all->n++];
  *e = (executor){.runs = false};
  (void)snprintf(e->path, sizeof e->path, "%s", path);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const int64_t at = changed(path, names[i]);
    if (at > e->changed) e->changed = at;
  }
}

static bool is_number(const char *name) {
  return name[0] && strspn(name, "0123456789") == strlen(name);
}

static void find_of(executors *all, const char *application) {
  DIR *folder = opendir(application);
  for (const struct dirent *e; folder && (e = readdir(folder));) {
    char path[FRL_CLUSTER_PATH_MAX];
    if (!is_number(e->d_name)) continue; /* those of drivers and of jars */
    const int n = snprintf(path, sizeof path, "%s/%s", application, e->d_name);
    if (n > 0 && (size_t)n < sizeof path) add_executor(all, path);
  }
  if (folder) (void)closedir(folder);
}

static void find_all(executors *all, const char *work) {
  DIR *folder = opendir(work);
  for (const struct dirent *e; folder && (e = readdir(folder));) {
    char path[FRL_CLUSTER_PATH_MAX];
    if (strncmp(e->d_name, "app-", 4) != 0) continue;
    const int n = snprintf(path, sizeof path, "%s/%s", work, e->d_name);
    if (n > 0 && (size_t)n < sizeof path) find_of(all, path);
  }
  if (folder) (void)closedir(folder);
}

static void runs_in(void *ctx, const frl_process *process) {
  executors *all = ctx;
  char folder[FRL_CLUSTER_PATH_MAX];
  if (!frl_process_folder(process->pid, folder, sizeof folder)) return;
  for (uint32_t i = 0; i < all->n; i++) {
    if (strcmp(all->items[i].path, folder) == 0) all->items[i].runs = true;
  }
}

static int newest_first(const void *a, const void *b) {
  const executor *x = a;
  const executor *y = b;
  if (x->changed != y->changed) return x->changed > y->changed ? -1 : 1;
  return strcmp(y->path, x->path);
}

static uint32_t prune(executors *all, uint32_t keep, int64_t before) {
  uint32_t ended = 0;
  uint32_t deleted = 0;
  qsort(all->items, all->n, sizeof *all->items, newest_first);
  for (uint32_t i = 0; i < all->n; i++) {
    const executor *e = &all->items[i];
    frl_error err = {0};
    if (e->runs || ++ended <= keep || e->changed > before) continue;
    if (frl__cluster_remove_tree(e->path, &err) == FRL_OK) {
      deleted++;
    } else {
      frl_log(FRL_LOG_WARN, "cluster", "%s", err.message);
    }
  }
  return deleted;
}

uint32_t frl__cluster_prune_executors(
    const char *folder, const char *variable, uint32_t keep, int64_t min_age_s) {
  char work[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(work, folder, "work")) return 0;
  executors *all = frl_calloc(NULL, 1, sizeof *all);
  if (!all) return 0;
  find_all(all, work);
  uint32_t deleted = 0;
  /* who runs is only asked where there is something to delete */
  if (all->n > keep &&
      frl_process_with_variable(variable, runs_in, all, NULL) == FRL_OK) {
    deleted = prune(all, keep, (int64_t)time(NULL) - min_age_s);
  }
  frl_free(NULL, all);
  return deleted;
}
