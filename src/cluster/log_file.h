/** A log that grows: its whole lines as they come. */
#ifndef FRL_CLUSTER_LOG_FILE_H
#define FRL_CLUSTER_LOG_FILE_H

#include "base/buf.h"
#include "cluster/log_line.h"
#include "cluster/settings.h"

typedef struct frl_cluster_log_file {
  char path[FRL_CLUSTER_PATH_MAX];
  char service[96];
  uint64_t offset; /* of what was read */
  frl_buf pending; /* a line whose end has not come */
  frl_cluster_log_context context;
  bool begun;
} frl_cluster_log_file;

typedef void (*frl_cluster_log_fn)(void *ctx, const frl_cluster_line *line);

void frl__cluster_log_open(
    frl_cluster_log_file *f, const char *path, const char *service);
void frl__cluster_log_close(frl_cluster_log_file *f);
/**
 * Reads what is new; the first time at most the last tail_bytes, from a line's
 * beginning, PATH.1 before it where the file is shorter. Where it has become shorter it
 * was put aside as PATH.1 (see rotate.h): the rest of that comes first. true: there was
 * something.
 */
bool frl__cluster_log_read(
    frl_cluster_log_file *f, uint32_t tail_bytes, frl_cluster_log_fn each, void *ctx);
/** The rest, though its end is missing. */
void frl__cluster_log_flush(
    frl_cluster_log_file *f, frl_cluster_log_fn each, void *ctx);

#endif /* FRL_CLUSTER_LOG_FILE_H */
