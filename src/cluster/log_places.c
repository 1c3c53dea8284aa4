#include "cluster/log_places.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "cluster/settings.h"

typedef struct place {
  const char *folder;
  void (*each)(void *ctx, const char *path, const char *service);
  void *ctx;
} place;

static void find_service_logs(const place *p) {
  char folder[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(folder, p->folder, "logs")) return;
  DIR *logs = opendir(folder);
  for (const struct dirent *e; logs && (e = readdir(logs));) {
    char path[FRL_CLUSTER_PATH_MAX];
    char service[64];
    const char *ending = strrchr(e->d_name, '.');
    if (!ending || strcmp(ending, ".log") != 0) continue;
    (void)snprintf(
        service, sizeof service, "%.*s", (int)(ending - e->d_name), e->d_name);
    if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < (int)sizeof path) {
      p->each(p->ctx, path, service);
    }
  }
  if (logs) (void)closedir(logs);
}

/* WORK/APPLICATION/NUMBER/{stdout,stderr} */
static void find_executor_logs_of(
    const place *p, const char *work, const char *application) {
  char folder[FRL_CLUSTER_PATH_MAX];
  if (snprintf(folder, sizeof folder, "%s/%s", work, application) >=
      (int)sizeof folder) {
    return;
  }
  DIR *executors = opendir(folder);
  for (const struct dirent *e; executors && (e = readdir(executors));) {
    if (e->d_name[0] == '.') continue;
    for (int i = 0; i < 2; i++) {
      char path[FRL_CLUSTER_PATH_MAX];
      char service[96];
      (void)snprintf(
          service, sizeof service, "executor %.60s/%.16s", application, e->d_name);
      if (snprintf(path, sizeof path, "%s/%s/%s", folder, e->d_name,
              i ? "stdout" : "stderr") < (int)sizeof path) {
        p->each(p->ctx, path, service);
      }
    }
  }
  if (executors) (void)closedir(executors);
}

static void find_executor_logs(const place *p) {
  char work[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(work, p->folder, "work")) return;
  DIR *applications = opendir(work);
  for (const struct dirent *e; applications && (e = readdir(applications));) {
    if (strncmp(e->d_name, "app-", 4) == 0) find_executor_logs_of(p, work, e->d_name);
  }
  if (applications) (void)closedir(applications);
}

void frl__cluster_log_places(const char *folder,
    void (*each)(void *ctx, const char *path, const char *service), void *ctx) {
  const place p = {folder, each, ctx};
  find_service_logs(&p);
  find_executor_logs(&p);
}
