/** Asking a short-lived program for its answer. */
#ifndef FRL_CLUSTER_OUTSIDE_H
#define FRL_CLUSTER_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Runs argv (ended by NULL) and keeps the beginning of its standard output as text.
 * false: it could not be run, did not end with 0, or took above a minute.
 */
bool frl__cluster_ask(const char *const *argv, char *out, size_t max);

#endif /* FRL_CLUSTER_OUTSIDE_H */
