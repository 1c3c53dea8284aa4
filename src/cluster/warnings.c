/* What is wrong with a cluster beside its services. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/process.h"
#include "cluster/builds.h"
#include "cluster/doctor.h"
#include "cluster/lock.h"

enum { TEXT_MAX = FRL_CLUSTER_PATH_MAX + 256 };

static const uint64_t disk_full_bytes = 64ULL << 20;

static bool any_runs(const frl_cluster_state *state) {
  for (uint32_t i = 0; i < state->n_services; i++) {
    const frl_cluster_record *r = &state->services[i];
    if (r->pid && frl_process_runs(r->pid, r->started)) return true;
  }
  return false;
}

frl_status frl_cluster_warnings(const char *folder,
    void (*each)(void *ctx, const char *text), void *ctx, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  char text[TEXT_MAX];
  char builds[64];
  frl_cluster_state state;
  FRL_TRY(frl__cluster_folder(path, folder, err));
  FRL_TRY(frl__cluster_state_read(&state, path, err));
  const uint64_t free_bytes = frl__cluster_free_disk(path);
  if (free_bytes < disk_full_bytes) {
    (void)snprintf(text, sizeof text,
        "the disk of %s is full (%llu MB free): free some, then ferrule cluster up "
        "starts what has ended",
        path, (unsigned long long)(free_bytes >> 20));
    each(ctx, text);
  }
  if (!frl__cluster_is_supervised(path)) {
    if (any_runs(&state)) {
      each(ctx, "nobody watches over these processes: ferrule cluster stop ends them");
    }
  } else if (frl__cluster_builds_differ(&state, builds, sizeof builds)) {
    (void)snprintf(text, sizeof text,
        "the cluster runs an older build (%s has changed): ferrule cluster stop, then "
        "up, takes the new one",
        builds);
    each(ctx, text);
  }
  return FRL_OK;
}
