/** How each service is started: its arguments, its environment, its configuration. */
#ifndef FRL_CLUSTER_LAUNCH_H
#define FRL_CLUSTER_LAUNCH_H

#include "cluster/class_archive.h"
#include "cluster/state.h"

enum frl_cluster_kind {
  FRL_CLUSTER_MASTER,
  FRL_CLUSTER_WORKER,
  FRL_CLUSTER_CONNECT,
  FRL_CLUSTER_EMULATOR
};

/** A list of texts that ends with NULL. Zero-initialise; deinit. */
typedef struct frl_cluster_words {
  char **items;
  size_t n;
  size_t cap;
  bool failed; /* out of memory */
} frl_cluster_words;

void frl__cluster_words_add(frl_cluster_words *w, const char *fmt, ...)
    FRL_PRINTF(2, 3);
/** Takes those out that begin so. */
void frl__cluster_words_drop(frl_cluster_words *w, const char *beginning);
void frl__cluster_words_deinit(frl_cluster_words *w);

/** Names, order and addresses of the services that the settings ask for. */
void frl__cluster_plan(frl_cluster_state *state);
/** Of a service of the plan; *number counts the workers from 0. */
enum frl_cluster_kind frl__cluster_kind_of(
    const frl_cluster_state *state, uint32_t service, uint32_t *number);

/** The command line of one service. FRL_E_NOMEM, or FRL_E_NOT_FOUND: no Connect jar. */
FRL_NODISCARD frl_status frl__cluster_arguments(const frl_cluster_state *state,
    uint32_t service, frl_cluster_words *out, frl_error *err);
/**
 * The environment: this process's own without what would turn Spark elsewhere, and the
 * cluster's. archive NULL: of an application, not a service: also SPARK_REMOTE and
 * PATH.
 */
FRL_NODISCARD frl_status frl__cluster_environment(const frl_cluster_state *state,
    const frl_cluster_archive *archive, frl_cluster_words *out, frl_error *err);
/** The wheel and the user's own; false: neither. */
bool frl__cluster_python_path(const frl_cluster_settings *s, char *out, size_t max);
/** Makes the folders and writes the configuration files. */
FRL_NODISCARD frl_status frl__cluster_configure(
    const frl_cluster_state *state, const frl_cluster_archive *archive, frl_error *err);

#endif /* FRL_CLUSTER_LAUNCH_H */
