/**
 * A local Spark cluster as plain processes on 127.0.0.1: master, workers, the Connect
 * server and the Pub/Sub emulator, started and watched by one supervisor.
 *
 * A cluster belongs to a folder. What it runs and in which state is in
 * FOLDER/.cluster/state.json, replaced atomically; tables are in
 * FOLDER/spark-warehouse, what streams remember in FOLDER/checkpoints. Clusters of
 * different folders know nothing of each other and need different ports.
 *
 * Threads: every function may be called from any thread; calls for one folder at a
 * time.
 */
#ifndef FERRULE_CLUSTER_H
#define FERRULE_CLUSTER_H

#include <ferrule/error.h>
#include <ferrule/export.h>
#include <ferrule/log.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Zero means the default that stands behind each field. Texts are copied. */
typedef struct frl_cluster_options {
  size_t struct_size;
  const char *folder;        /* "." */
  const char *command;       /* required by up: path of the ferrule command */
  const char *python;        /* the python3 of PATH; has PySpark with Connect in it */
  const char *java_home;     /* JAVA_HOME, else that of the java of PATH */
  const char *jar;           /* Ferrule's jar, on every class path; NULL: none */
  const char *wheel;         /* Ferrule's wheel, on every Python path; NULL: none */
  const char *python_path;   /* PYTHONPATH of workers and applications; NULL: none */
  const char *project;       /* of the emulator's topics: "demo" */
  const char *subscriptions; /* made in the emulator at its start:
                                "SUB:TOPIC,SUB:TOPIC"; NULL: none */
  uint32_t workers;          /* 1 */
  uint32_t cores;            /* tasks at once on each worker; the CPUs, at least 4 */
  uint64_t memory_bytes;     /* of each worker, for its executors; 2 GiB */
  uint16_t port_base;        /* 0: Spark's usual ports (7077, 8080, 15002, ...);
                                else the first of 16 + 2 * workers in a row */
  uint64_t log_bytes; /* of each log before it is put aside as NAME.log.1; 16 MiB */
  bool restart;       /* start a service again that has ended, with backoff */
  bool renew; /* stop and start a cluster that runs an older build of jar, wheel or
                 command, unless a client or an application is at work */
} frl_cluster_options;

enum frl_cluster_service_state {
  FRL_CLUSTER_STOPPED = 0,
  FRL_CLUSTER_WAITING = 1,  /* for another service, or for its next try */
  FRL_CLUSTER_STARTING = 2, /* runs, does not answer yet */
  FRL_CLUSTER_READY = 3,    /* has answered */
  FRL_CLUSTER_ENDED = 4     /* nobody asked it to */
};

/** "waiting", "ready", ...; never NULL. */
FRL_API const char *frl_cluster_state_name(enum frl_cluster_service_state state);

/** One service as it is now. Borrowed for the length of a call. */
typedef struct frl_cluster_service {
  size_t struct_size;
  const char *name; /* "spark-master", "spark-worker", "spark-connect", ... */
  enum frl_cluster_service_state state;
  int32_t pid;             /* 0: none */
  uint64_t resident_bytes; /* of it and, for a worker, its executors */
  uint32_t restarts;
  int64_t since_us;   /* wall clock of the last change of state; microseconds */
  const char *url;    /* where to reach it; "" none */
  const char *reason; /* why it ended: "killed by signal 9"; "" */
} frl_cluster_service;

typedef void (*frl_cluster_service_fn)(void *ctx, const frl_cluster_service *service);

/** What one check before the start found. Borrowed for the length of a call. */
typedef struct frl_cluster_finding {
  size_t struct_size;
  bool good;          /* false: a cluster cannot start */
  const char *what;   /* "java", "port 7077 (spark-master)", "memory", ... */
  const char *found;  /* what was seen */
  const char *remedy; /* what to do; "" where it is good */
} frl_cluster_finding;

typedef void (*frl_cluster_finding_fn)(void *ctx, const frl_cluster_finding *finding);

/**
 * Look at everything a cluster needs, without starting anything: Java, Python,
 * Spark, the jar, ports, memory, disk, processes left by an earlier one.
 *
 * @return FRL_OK, also with findings that are not good: *bad counts them.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_doctor(const frl_cluster_options *options,
    frl_cluster_finding_fn each, void *ctx, uint32_t *bad, frl_error *err);

/** What a caller of up hears meanwhile; each function may be NULL. */
typedef struct frl_cluster_watch {
  frl_cluster_service_fn changed; /* each change of state while waiting */
  frl_cluster_finding_fn found;   /* those that are not good; what renew has found */
  bool (*cancelled)(void *ctx);   /* asked while waiting; NULL: never */
  void *ctx;
  uint32_t timeout_ms; /* until all is ready, 0: 180,000; the services go on
                          after it */
} frl_cluster_watch;

/**
 * Start what is not running and return when every service answers. Where all of it
 * runs already nothing is done. The supervisor outlives the caller.
 *
 * @param watch  NULL: nobody is told.
 * @return FRL_E_STATE: a check failed, a service ended while starting
 *         or the cluster runs with other settings; FRL_E_TIMEOUT; FRL_E_CANCELLED.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_up(
    const frl_cluster_options *options, const frl_cluster_watch *watch, frl_error *err);
/** The same with the settings of the last up; FRL_E_NOT_FOUND where there was none. */
FRL_API FRL_NODISCARD frl_status frl_cluster_start(
    const char *folder, const frl_cluster_watch *watch, frl_error *err);

/**
 * Be the supervisor of a folder whose state an up has written: returns when stopped
 * by SIGTERM or SIGINT, all processes ended. FRL_E_STATE where there is one already.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_supervise(
    const char *folder, frl_error *err);

/**
 * End every process of the folder's cluster, also those that a killed supervisor left,
 * and wait for it. *ended counts them. FRL_OK where nothing ran.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_stop(
    const char *folder, uint32_t *ended, frl_error *err);

/**
 * stop, unless the state file cannot be read and nobody supervises; then delete the
 * cluster's state, logs and checkpoints, and with `tables`
 * also spark-warehouse.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_clean(
    const char *folder, bool tables, frl_error *err);

/**
 * Tell each service.
 *
 * @param supervised  false: nobody watches over what still runs; may be NULL.
 * @return FRL_E_NOT_FOUND: there never was a cluster in the folder.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_services(const char *folder,
    frl_cluster_service_fn each, void *ctx, bool *supervised, frl_error *err);

/** The address of the status page; FRL_E_NOT_FOUND: there never was a cluster here. */
FRL_API FRL_NODISCARD frl_status frl_cluster_page(
    const char *folder, char *out, size_t max, frl_error *err);

/**
 * Tell what is wrong with a cluster that no service shows: a disk that is full, a build
 * of jar, wheel or command that is newer than the one that runs, processes that nobody
 * watches over. Each text is a sentence that says what to do.
 *
 * @return FRL_E_NOT_FOUND: there never was a cluster in the folder.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_warnings(const char *folder,
    void (*each)(void *ctx, const char *text), void *ctx, frl_error *err);

/**
 * A process beside the services, in the environment of the cluster: SPARK_HOME,
 * SPARK_REMOTE, JAVA_HOME, PUBSUB_EMULATOR_HOST and the cluster's python first in PATH.
 * It is the service spark-app while it runs, and stop ends it too. Its output goes to
 * the caller's and to the log; interactive: it has the caller's terminal for itself.
 *
 * @param argv  ended by NULL; "python" is the cluster's.
 * @param code  its exit code, or 128 + the signal that ended it.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_run(const char *folder,
    const char *const *argv, bool interactive, int *code, frl_error *err);

/** One line of a log. Borrowed for the length of a call; not NUL-terminated texts. */
typedef struct frl_cluster_line {
  size_t struct_size;
  const char *service; /* NUL-terminated: "spark-master", "executor app-1/0", ... */
  enum frl_log_level level;
  const char *time; /* UTC, "2026-01-31T10:00:00.000Z"; a continuation has its first
                       line's; "" unknown; NUL-terminated */
  const char *logger;
  size_t logger_len; /* 0: the line is an application's own output */
  const char *message;
  size_t message_len;
} frl_cluster_line;

typedef struct frl_cluster_logs_options {
  size_t struct_size;
  const char *folder;           /* "." */
  const char *service;          /* only this one, or those that begin so; NULL: all */
  enum frl_log_level max_level; /* FRL_LOG_DEBUG: everything */
  uint32_t tail_bytes;          /* of each log at the beginning; 0: 64 KiB */
  bool follow;                  /* wait for more, until cancelled */
  bool (*cancelled)(void *ctx);
  void (*each)(void *ctx, const frl_cluster_line *line);
  void *ctx;
} frl_cluster_logs_options;

/**
 * All services' logs as one stream: what is there in order of time, then as it comes.
 * What was not read before it was put aside twice is told, as a line that counts it.
 *
 * @return FRL_E_NOT_FOUND: there never was a cluster in the folder; FRL_E_INVALID: no
 *         service has such a name.
 */
FRL_API FRL_NODISCARD frl_status frl_cluster_logs(
    const frl_cluster_logs_options *options, frl_error *err);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_CLUSTER_H */
