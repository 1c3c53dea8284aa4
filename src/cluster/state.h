/**
 * The state file of a cluster: who runs, since when, made of which settings.
 *
 * Written by the supervisor (and by up before there is one), each time as a whole:
 * readers see the former or the new text, never a part.
 */
#ifndef FRL_CLUSTER_STATE_H
#define FRL_CLUSTER_STATE_H

#include "cluster/settings.h"

enum { FRL_CLUSTER_SERVICES_MAX = 4 + FRL_CLUSTER_WORKERS_MAX };

typedef struct frl_cluster_record {
  char name[32];
  char url[64];
  char reason[160];
  enum frl_cluster_service_state state;
  int32_t pid;
  uint64_t started; /* ticks, see base/process.h */
  int64_t since_us;
  uint32_t restarts;
} frl_cluster_record;

typedef struct frl_cluster_state {
  char id[33]; /* in every process's environment as FERRULE_CLUSTER */
  int32_t supervisor_pid;
  uint64_t supervisor_started;
  frl_cluster_settings settings;
  uint32_t n_services;
  frl_cluster_record services[FRL_CLUSTER_SERVICES_MAX];
} frl_cluster_state;

/** From the text of a state file. FRL_E_MALFORMED names the field. */
FRL_NODISCARD frl_status frl__cluster_state_parse(
    frl_cluster_state *out, const char *text, size_t n, frl_error *err);
/** As the text of one, NUL-terminated; free() it. NULL: out of memory. */
char *frl__cluster_state_text(const frl_cluster_state *state, size_t *n);

/** FRL_E_NOT_FOUND where the folder never had a cluster. */
FRL_NODISCARD frl_status frl__cluster_state_read(
    frl_cluster_state *out, const char *folder, frl_error *err);
FRL_NODISCARD frl_status frl__cluster_state_write(
    const frl_cluster_state *state, frl_error *err);

/** The same for a file of that form of another name. */
FRL_NODISCARD frl_status frl__cluster_state_read_file(
    frl_cluster_state *out, const char *path, frl_error *err);
FRL_NODISCARD frl_status frl__cluster_state_write_file(
    const frl_cluster_state *state, const char *path, frl_error *err);

/** Replaces the file's content at once: a new file, on the disk, takes its name. */
FRL_NODISCARD frl_status frl__cluster_replace_file(
    const char *path, const void *data, size_t n, frl_error *err);

#endif /* FRL_CLUSTER_STATE_H */
