/** What a cluster is made of: the resolved options, its ports and its places. */
#ifndef FRL_CLUSTER_SETTINGS_H
#define FRL_CLUSTER_SETTINGS_H

#include <ferrule/cluster.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  FRL_CLUSTER_PATH_MAX = 512,
  FRL_CLUSTER_WORKERS_MAX = 8,
  FRL_CLUSTER_LIST_MAX = 2048,
  FRL_CLUSTER_LOG_BYTES = 16 << 20 /* of each, unless told otherwise */
};

typedef struct frl_cluster_settings {
  char folder[FRL_CLUSTER_PATH_MAX]; /* absolute, no link in it */
  char command[FRL_CLUSTER_PATH_MAX];
  char python[FRL_CLUSTER_PATH_MAX];
  char java_home[FRL_CLUSTER_PATH_MAX];
  char spark_home[FRL_CLUSTER_PATH_MAX];  /* "" where the Python has no PySpark */
  char jar[FRL_CLUSTER_PATH_MAX];         /* as it was named; "": none */
  char wheel[FRL_CLUSTER_PATH_MAX];       /* the same */
  char own_jar[FRL_CLUSTER_PATH_MAX];     /* the copy that runs, see builds.h */
  char site[FRL_CLUSTER_PATH_MAX];        /* the wheel, unpacked */
  char python_path[FRL_CLUSTER_LIST_MAX]; /* "": none */
  char project[128];
  char subscriptions[FRL_CLUSTER_LIST_MAX];
  uint32_t workers;
  uint32_t cores;
  uint64_t memory_bytes;
  uint64_t log_bytes;
  uint16_t port_base;
  bool restart;
} frl_cluster_settings;

typedef struct frl_cluster_ports {
  uint16_t master, master_ui, connect, connect_ui, emulator, emulator_status, status;
  uint16_t worker[FRL_CLUSTER_WORKERS_MAX];
  uint16_t worker_ui[FRL_CLUSTER_WORKERS_MAX];
} frl_cluster_ports;

/** Fills in defaults and absolute paths; looks for Java and PySpark, judges nothing. */
FRL_NODISCARD frl_status frl__cluster_resolve(
    frl_cluster_settings *out, const frl_cluster_options *options, frl_error *err);
/** Absolute form of the folder, which must exist. */
FRL_NODISCARD frl_status frl__cluster_folder(
    char out[FRL_CLUSTER_PATH_MAX], const char *folder, frl_error *err);
void frl__cluster_ports_of(frl_cluster_ports *out, const frl_cluster_settings *s);
/** What the options do not name is as it runs. */
void frl__cluster_inherit(frl_cluster_settings *s, const frl_cluster_options *named,
    const frl_cluster_settings *running);
/**
 * The option of which the two differ, or NULL. One that restarts what ends will do for
 * who did not ask for it.
 */
const char *frl__cluster_difference(
    const frl_cluster_settings *running, const frl_cluster_settings *asked);

/** FOLDER/.cluster/NAME; false: too long. */
bool frl__cluster_place(
    char out[FRL_CLUSTER_PATH_MAX], const char *folder, const char *name);

#endif /* FRL_CLUSTER_SETTINGS_H */
