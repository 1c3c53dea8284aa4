/** A line of a service's log, in the form of cluster/conf/log4j2.properties. */
#ifndef FRL_CLUSTER_LOG_LINE_H
#define FRL_CLUSTER_LOG_LINE_H

#include <ferrule/cluster.h>
#include <stdbool.h>
#include <stddef.h>

enum { FRL_CLUSTER_TIME_BYTES = 24 }; /* "2026-01-31T10:00:00.000Z" */

/** What a line inherits where it continues the one before. */
typedef struct frl_cluster_log_context {
  char time[FRL_CLUSTER_TIME_BYTES + 1];
  enum frl_log_level level;
  bool framed;  /* the record before had a logger */
  bool command; /* it was the command line that Spark writes above an executor's log */
} frl_cluster_log_context;

/**
 * Takes a line, without its end, apart: "TIME LEVEL LOGGER: MESSAGE"; a stack trace
 * belongs to what stands before it; anything else is an application's output, INFO,
 * with a TIME before it where `cluster run` wrote it down.
 * Views into text, and time into context. false: noise that nobody needs.
 */
bool frl__cluster_log_parse(frl_cluster_line *out, frl_cluster_log_context *context,
    const char *text, size_t n);

#endif /* FRL_CLUSTER_LOG_LINE_H */
