/** A log that grows and is put aside (see rotate.h): its whole lines, each once. */
#ifndef FRL_CLUSTER_LOG_FILE_H
#define FRL_CLUSTER_LOG_FILE_H

#include "base/buf.h"
#include "cluster/log_line.h"
#include "cluster/log_position.h"
#include "cluster/settings.h"

/* It is held open: whoever reads late still finds what it has not read, though the file
   was put aside, has become that of a former start or is deleted. */
typedef struct frl_cluster_log_file {
  char path[FRL_CLUSTER_PATH_MAX];
  char service[96];
  int log;         /* -1: there is none yet */
  int position;    /* PATH.position, -1: there is none yet */
  uint64_t next;   /* of all that was ever written, the first byte that was not read */
  frl_buf pending; /* a line whose end has not come */
  bool cut;        /* a line's end has to come first: its beginning is not known */
  bool gone;       /* nothing has the name any more, and all was read */
  bool stuck;      /* and said so */
  frl_cluster_log_context context;
} frl_cluster_log_file;

typedef void (*frl_cluster_log_fn)(void *ctx, const frl_cluster_line *line);

void frl__cluster_log_open(
    frl_cluster_log_file *f, const char *path, const char *service);
void frl__cluster_log_close(frl_cluster_log_file *f);
/**
 * Reads what is new; the first time at most the last tail_bytes of PATH.1 and PATH,
 * from a line's beginning; UINT32_MAX: from the first line that was ever written. What
 * is wanted and no longer kept is told, as a line of level WARN that counts it.
 * Where another file has taken the name, the rest of the known one comes first.
 * true: there was something.
 */
bool frl__cluster_log_read(
    frl_cluster_log_file *f, uint32_t tail_bytes, frl_cluster_log_fn each, void *ctx);
/** The rest, though its end is missing. */
void frl__cluster_log_flush(
    frl_cluster_log_file *f, frl_cluster_log_fn each, void *ctx);

#endif /* FRL_CLUSTER_LOG_FILE_H */
