/** What the subcommands of cluster share. */
#ifndef FERRULE_CLI_CLUSTER_H
#define FERRULE_CLI_CLUSTER_H

#include <ferrule/cluster.h>
#include <limits.h>

#include "command.h"

#define CLI_CLUSTER_FOLDER                                                   \
  {                                                                          \
    "folder", "DIR",                                                         \
        "The cluster's folder: its state is in DIR/.cluster, its tables in " \
        "DIR/spark-warehouse. Default: the present one."                     \
  }

#define CLI_CLUSTER_SETTINGS                                                      \
  {"workers", "N", "Workers. Default: 1."},                                       \
      {"cores", "N",                                                              \
          "Tasks that each worker runs at once. Default: the CPUs, at least 4."}, \
      {"memory", "N",                                                             \
          "Memory of each worker for its executors; 3g works. Default: 2g."},     \
      {"port-base", "PORT",                                                       \
          "First of the ports: PORT the master, then its page, Connect, Spark's " \
          "page, the emulator, the status page; workers from PORT+16. Default: "  \
          "7077, 8080, 15002, "                                                   \
          "4040, 8085, 8099; workers from 7078, their pages from 8081."},         \
      {"python", "PATH",                                                          \
          "The Python of driver, workers and pipelines; PySpark with Connect is " \
          "in it. Default: PYSPARK_PYTHON, else python3."},                       \
      {"java-home", "DIR", "Java 17 or 21. Default: JAVA_HOME, else PATH's."},    \
      {"jar", "PATH", "Ferrule's jar. Default: the environment's FERRULE_JAR."},  \
      {"wheel", "PATH", "Ferrule's wheel, for every Python of the cluster."},     \
      {"log-size", "N",                                                           \
          "Of each log before it is put aside as NAME.log.1. Default: 16m."},     \
      {"python-path", "DIR:...",                                                  \
          "PYTHONPATH of workers and applications, beside that of the wheel."},   \
      {"project", "ID", "Project of the emulator's topics. Default: demo."}, {    \
    "subscription", "SUB:TOPIC",                                                  \
        "Make this subscription and its topic in the emulator. May be given "     \
        "several times."                                                          \
  }

/** What the options say; the texts are borrowed, from args and from here. */
typedef struct cli_cluster_options {
  frl_cluster_options options;
  char command[PATH_MAX];
  char subscriptions[2048];
} cli_cluster_options;

/** Prints what is wrong and gives an exit code. */
int cli_cluster_read(cli_cluster_options *out, const cli_args *args);
const char *cli_cluster_folder(const cli_args *args);
/** What is wrong beside the services, a line each on standard error. */
void cli_cluster_warn(const cli_args *args);
/** up or start: tells progress; gives an exit code. */
int cli_cluster_raise(const cli_args *args, const frl_cluster_options *options);

#endif /* FERRULE_CLI_CLUSTER_H */
