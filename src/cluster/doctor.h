/** What a cluster needs of its machine, looked at before anything is started. */
#ifndef FRL_CLUSTER_DOCTOR_H
#define FRL_CLUSTER_DOCTOR_H

#include "cluster/settings.h"

/** What one look at the machine saw; judged without looking again. */
typedef struct frl_cluster_facts {
  char java[128];   /* first line of `java --version`; "" it does not run */
  char spark[32];   /* version of PySpark; "" none */
  char lacks[128];  /* Python packages that are missing, separated by spaces */
  bool jar_missing; /* one was named and is not there */
  bool wheel_missing;
  bool folder_writable;
  uint64_t memory_bytes; /* that a new process could get */
  uint64_t disk_bytes;   /* free in the folder */
} frl_cluster_facts;

typedef struct frl_cluster_report {
  frl_cluster_finding_fn each;
  void *ctx;
  uint32_t bad;
} frl_cluster_report;

void frl__cluster_look(frl_cluster_facts *out, const frl_cluster_settings *s);
void frl__cluster_judge(const frl_cluster_facts *facts, const frl_cluster_settings *s,
    frl_cluster_report *report);
/** Bytes that a new file in the folder could have. */
uint64_t frl__cluster_free_disk(const char *folder);
/** One finding for every port of the cluster. */
void frl__cluster_judge_ports(
    const frl_cluster_settings *s, frl_cluster_report *report);
/** Processes of an earlier cluster in the folder. */
void frl__cluster_judge_leftover(
    const frl_cluster_settings *s, frl_cluster_report *report);

/** The number in front of the first dot of "openjdk 17.0.15 2025-04-15"; 0: none. */
unsigned frl__cluster_java_version(const char *line);

#endif /* FRL_CLUSTER_DOCTOR_H */
