/**
 * The JVM's archive of Spark's classes, parsed and verified once: with it the services
 * start in about half of the CPU time.
 *
 * The first Connect server that runs without one writes it when it is stopped, which
 * takes some seconds once; it lies in the user's cache (FERRULE_CACHE, XDG_CACHE_HOME,
 * else ~/.cache/ferrule) under a key of Java and Spark, shared by all folders. A jar
 * that stands behind Spark's own on the class path does not keep a JVM from using it.
 * With FERRULE_CLASS_ARCHIVE=read one that is there is used and none is written.
 */
#ifndef FRL_CLUSTER_CLASS_ARCHIVE_H
#define FRL_CLUSTER_CLASS_ARCHIVE_H

#include "cluster/settings.h"

typedef struct frl_cluster_archive {
  char file[FRL_CLUSTER_PATH_MAX];
  char draft[FRL_CLUSTER_PATH_MAX]; /* what is written until it is whole */
  char empty[FRL_CLUSTER_PATH_MAX]; /* a folder without files, for the class path */
  bool usable;                      /* there is a place for it */
  bool writable;
  bool exists;
} frl_cluster_archive;

/** Looks for it; makes the folders. id tells clusters that write at once apart. */
void frl__cluster_archive_find(
    frl_cluster_archive *out, const frl_cluster_settings *s, const char *id);
/** Whether the Connect server that starts now is to write it. */
bool frl__cluster_archive_writes(const frl_cluster_archive *a);
/** The draft is whole: from now on it is the archive. */
void frl__cluster_archive_keep(const frl_cluster_archive *a);
/** What a process that was killed has left of its draft. */
void frl__cluster_archive_discard(const frl_cluster_archive *a);
/**
 * The JVM options, behind one blank, or "". writer: of the process that may write it.
 */
void frl__cluster_archive_options(
    char *out, size_t max, const frl_cluster_archive *a, bool writer);

#endif /* FRL_CLUSTER_CLASS_ARCHIVE_H */
