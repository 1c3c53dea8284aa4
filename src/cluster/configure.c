/* The folders and the configuration files of a cluster. */
#include <embedded/log4j2_properties.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "cluster/launch.h"
#include "cluster/remove.h"

enum { CONFIGURATION_MAX = 64 * 1024 };

static frl_status make_folder(const char *path, frl_error *err) {
  if (mkdir(path, 0755) == 0 || errno == EEXIST) return FRL_OK;
  return frl_fail_errno(err, errno, "cluster: folder %s", path);
}

static frl_status make_folders(const frl_cluster_settings *s, frl_error *err) {
  static const char *const names[] = {".cluster", ".cluster/conf", ".cluster/logs",
      ".cluster/work", ".cluster/tmp", ".cluster/pubsub", "spark-warehouse",
      "checkpoints"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[FRL_CLUSTER_PATH_MAX];
    const int n = snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
    if (n < 0 || (size_t)n >= sizeof path) {
      return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", s->folder);
    }
    FRL_TRY(make_folder(path, err));
  }
  return FRL_OK;
}

/* What every driver on the cluster needs: the Connect server's and any shell's. Not the
   master: Spark's tools refuse one beside SPARK_REMOTE. */
static frl_status shared_part(frl_buf *b, const frl_cluster_settings *s,
    const frl_cluster_ports *p, const frl_cluster_archive *archive) {
  char options[2 * FRL_CLUSTER_PATH_MAX];
  frl__cluster_archive_options(options, sizeof options, archive, false);
  /* one task slot and half of the memory of each worker stay free for a shell */
  const uint32_t cores = s->cores > 1 ? s->cores - 1 : 1;
  const unsigned long long executor_mb = s->memory_bytes / 2 >> 20;
  FRL_TRY(frl_buf_printf(b,
      "spark.driver.host                127.0.0.1\n"
      "spark.driver.bindAddress         127.0.0.1\n"
      "spark.ui.showConsoleProgress     false\n"
      "spark.sql.session.timeZone       UTC\n"
      "spark.sql.warehouse.dir          file://%s/spark-warehouse\n"
      "spark.executor.memory            %llum\n"
      "spark.pyspark.python             %s\n"
      "spark.pyspark.driver.python      %s\n"
      "spark.sql.shuffle.partitions     %u\n"
      "spark.hadoop.fs.viewfs.mounttable.ferrule.link./checkpoints  "
      "file://%s/checkpoints\n"
      "spark.executorEnv.PUBSUB_EMULATOR_HOST  127.0.0.1:%u\n"
      "spark.executor.extraJavaOptions  "
      "-Dlog4j2.configurationFile=file://%s/.cluster/conf/log4j2.properties%s\n",
      s->folder, executor_mb, s->python, s->python, cores * s->workers, s->folder,
      p->emulator, s->folder, options));
  char python_path[FRL_CLUSTER_LIST_MAX + FRL_CLUSTER_PATH_MAX];
  if (frl__cluster_python_path(s, python_path, sizeof python_path)) {
    FRL_TRY(frl_buf_printf(b, "spark.executorEnv.PYTHONPATH     %s\n", python_path));
  }
  if (!s->own_jar[0]) return FRL_OK;
  return frl_buf_printf(b,
      "spark.connect.extensions.relation.classes  "
      "org.ferrule.kernel.MapInNativeRelation\n");
}

/* Master and workers. What the master knows of workers and applications outlives it, so
   that one that was killed and is started again finds them. */
static frl_status daemon_part(frl_buf *b, const frl_cluster_settings *s) {
  return frl_buf_printf(b,
      "spark.master.rest.enabled        false\n"
      "spark.deploy.recoveryMode        FILESYSTEM\n"
      "spark.deploy.recoveryDirectory   %s/.cluster/recovery\n"
      "spark.worker.cleanup.enabled     true\n",
      s->folder);
}

static frl_status connect_part(frl_buf *b, const frl_cluster_settings *s,
    const frl_cluster_ports *p, const frl_cluster_archive *archive) {
  char options[2 * FRL_CLUSTER_PATH_MAX];
  frl__cluster_archive_options(options, sizeof options, archive, true);
  const uint32_t cores = s->cores > 1 ? s->cores - 1 : 1;
  FRL_TRY(frl_buf_printf(b,
      "spark.app.name                   spark-connect\n"
      "spark.master                     spark://127.0.0.1:%u\n"
      "spark.connect.grpc.binding.address  127.0.0.1\n"
      "spark.connect.grpc.binding.port  %u\n"
      "spark.ui.port                    %u\n"
      "spark.driver.memory              1g\n"
      "spark.executor.cores             %u\n"
      "spark.cores.max                  %u\n"
      "spark.dynamicAllocation.enabled  true\n"
      "spark.dynamicAllocation.shuffleTracking.enabled  true\n"
      "spark.dynamicAllocation.minExecutors      0\n"
      "spark.dynamicAllocation.maxExecutors      %u\n"
      "spark.dynamicAllocation.executorIdleTimeout  60s\n"
      "spark.sql.catalogImplementation  hive\n"
      "spark.hadoop.javax.jdo.option.ConnectionURL  "
      "jdbc:derby:;databaseName=%s/.cluster/metastore;create=true\n"
      "spark.driver.extraJavaOptions    -Dderby.system.home=%s/.cluster "
      "-Dderby.stream.error.file=%s/.cluster/logs/derby.txt "
      "-Dlog4j2.configurationFile=file://%s/.cluster/conf/log4j2.properties%s\n",
      p->master, p->connect, p->connect_ui, cores, cores * s->workers, s->workers,
      s->folder, s->folder, s->folder, s->folder, options));
  if (!s->own_jar[0] || !frl__cluster_archive_writes(archive)) return FRL_OK;
  return frl_buf_printf(b, "spark.jars                       file://%s\n", s->own_jar);
}

static frl_status write_text(
    const frl_cluster_settings *s, const char *name, const frl_buf *b, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(path, s->folder, name)) {
    return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", s->folder);
  }
  return frl__cluster_replace_file(path, b->data, b->len, err);
}

static frl_status write_files(frl_buf *b, const frl_cluster_settings *s,
    const frl_cluster_archive *archive, frl_error *err) {
  frl_cluster_ports ports;
  frl__cluster_ports_of(&ports, s);
  FRL_TRY(frl_buf_append(b, log4j2_properties, sizeof log4j2_properties));
  FRL_TRY(write_text(s, "conf/log4j2.properties", b, err));
  frl_buf_clear(b);
  FRL_TRY(daemon_part(b, s));
  FRL_TRY(write_text(s, "conf/spark-daemon.conf", b, err));
  frl_buf_clear(b);
  FRL_TRY(shared_part(b, s, &ports, archive));
  FRL_TRY(write_text(s, "conf/spark-defaults.conf", b, err));
  FRL_TRY(connect_part(b, s, &ports, archive));
  return write_text(s, "conf/spark-connect.conf", b, err);
}

frl_status frl__cluster_configure(const frl_cluster_state *state,
    const frl_cluster_archive *archive, frl_error *err) {
  const frl_cluster_settings *s = &state->settings;
  char recovery[FRL_CLUSTER_PATH_MAX];
  frl_buf b;
  FRL_TRY(make_folders(s, err));
  if (!frl__cluster_place(recovery, s->folder, "recovery")) return FRL_E_LIMIT;
  FRL_TRY(frl__cluster_remove_tree(recovery, err)); /* of processes that are gone */
  frl_buf_init(&b, NULL, CONFIGURATION_MAX);
  const frl_status st = write_files(&b, s, archive, err);
  frl_buf_deinit(&b);
  if (st == FRL_E_NOMEM) return frl_fail(err, st, "cluster: out of memory");
  return st;
}
