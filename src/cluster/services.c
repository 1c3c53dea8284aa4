/* What runs: the state file, compared with the system's processes. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/process.h"
#include "cluster/application.h"
#include "cluster/leftover.h"
#include "cluster/lock.h"
#include "cluster/record.h"

void frl__cluster_service_of(
    frl_cluster_service *out, const frl_cluster_record *record) {
  *out = (frl_cluster_service){.struct_size = sizeof *out,
      .name = record->name,
      .state = record->state,
      .pid = record->pid,
      .restarts = record->restarts,
      .since_us = record->since_us,
      .url = record->url,
      .reason = record->reason};
}

/* Without a supervisor nobody wrote that a process has ended. */
static void correct(frl_cluster_service *s, const frl_cluster_record *r) {
  frl_process process;
  if (r->pid && frl_process_find(r->pid, &process) && process.started == r->started) {
    s->resident_bytes = process.resident_bytes;
    return;
  }
  s->pid = 0;
  const bool ran = s->state == FRL_CLUSTER_STARTING || s->state == FRL_CLUSTER_READY;
  if (r->pid && ran) {
    s->state = FRL_CLUSTER_ENDED;
    s->reason = "it is gone";
  }
}

frl_status frl_cluster_services(const char *folder, frl_cluster_service_fn each,
    void *ctx, bool *supervised, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  frl_cluster_state state;
  FRL_TRY(frl__cluster_folder(path, folder, err));
  FRL_TRY(frl__cluster_state_read(&state, path, err));
  if (supervised) *supervised = frl__cluster_is_supervised(path);
  for (uint32_t i = 0; i < state.n_services; i++) {
    frl_cluster_service service;
    frl__cluster_service_of(&service, &state.services[i]);
    correct(&service, &state.services[i]);
    each(ctx, &service);
  }
  frl__cluster_tell_applications(&state, each, ctx);
  return FRL_OK;
}

frl_status frl_cluster_page(const char *folder, char *out, size_t max, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  frl_cluster_state state;
  frl_cluster_ports ports;
  FRL_TRY(frl__cluster_folder(path, folder, err));
  FRL_TRY(frl__cluster_state_read(&state, path, err));
  frl__cluster_ports_of(&ports, &state.settings);
  const int n = snprintf(out, max, "http://127.0.0.1:%u", ports.status);
  if (n > 0 && (size_t)n < max) return FRL_OK;
  return frl_fail(err, FRL_E_LIMIT, "cluster: no room for the page's address");
}
