#include "cluster/launch.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

extern char **environ;

enum { WORDS_FIRST = 16 };

/* ---- lists of words ---- */

static bool words_reserve(frl_cluster_words *w) {
  if (w->n + 1 < w->cap) return true;
  const size_t cap = w->cap ? 2 * w->cap : WORDS_FIRST;
  char **items = frl_reallocarray(NULL, w->items, cap, sizeof *items);
  if (!items) return false;
  w->items = items;
  w->cap = cap;
  return true;
}

void frl__cluster_words_add(frl_cluster_words *w, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  const int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  char *text = n >= 0 && words_reserve(w) ? frl_malloc(NULL, (size_t)n + 1) : NULL;
  if (!text) {
    w->failed = true;
    return;
  }
  va_start(args, fmt);
  (void)vsnprintf(text, (size_t)n + 1, fmt, args);
  va_end(args);
  w->items[w->n++] = text;
  w->items[w->n] = NULL;
}

void frl__cluster_words_drop(frl_cluster_words *w, const char *beginning) {
  size_t kept = 0;
  for (size_t i = 0; i < w->n; i++) {
    if (strncmp(w->items[i], beginning, strlen(beginning)) == 0) {
      frl_free(NULL, w->items[i]);
    } else {
      w->items[kept++] = w->items[i];
    }
  }
  w->n = kept;
  if (w->items) w->items[kept] = NULL;
}

void frl__cluster_words_deinit(frl_cluster_words *w) {
  for (size_t i = 0; i < w->n; i++) frl_free(NULL, w->items[i]);
  frl_free(NULL, w->items);
  *w = (frl_cluster_words){0};
}

/* ---- the plan ---- */

static void add_service(frl_cluster_state *state, const char *name, const char *suffix,
    const char *scheme, uint16_t port) {
  frl_cluster_record *r = &state->services[state->n_services++];
  *r = (frl_cluster_record){.state = FRL_CLUSTER_WAITING};
  (void)snprintf(r->name, sizeof r->name, "%s%s", name, suffix);
  (void)snprintf(r->url, sizeof r->url, "%s127.0.0.1:%u", scheme, port);
}

void frl__cluster_plan(frl_cluster_state *state) {
  frl_cluster_ports ports;
  frl__cluster_ports_of(&ports, &state->settings);
  state->n_services = 0;
  add_service(state, "spark-master", "", "http://", ports.master_ui);
  for (uint32_t i = 0; i < state->settings.workers; i++) {
    char suffix[16] = "";
    if (i) (void)snprintf(suffix, sizeof suffix, "-%u", i + 1);
    add_service(state, "spark-worker", suffix, "http://", ports.worker_ui[i]);
  }
  add_service(state, "spark-connect", "", "sc://", ports.connect);
  add_service(state, "pubsub-emulator", "", "", ports.emulator);
}

enum frl_cluster_kind frl__cluster_kind_of(
    const frl_cluster_state *state, uint32_t service, uint32_t *number) {
  const uint32_t workers = state->settings.workers;
  *number = 0;
  if (service == 0) return FRL_CLUSTER_MASTER;
  if (service <= workers) {
    *number = service - 1;
    return FRL_CLUSTER_WORKER;
  }
  return service == workers + 1 ? FRL_CLUSTER_CONNECT : FRL_CLUSTER_EMULATOR;
}

/* ---- command lines ---- */

static frl_status find_connect_jar(
    const frl_cluster_settings *s, char out[FRL_CLUSTER_PATH_MAX], frl_error *err) {
  char folder[FRL_CLUSTER_PATH_MAX + 8];
  (void)snprintf(folder, sizeof folder, "%s/jars", s->spark_home);
  DIR *jars = opendir(folder);
  out[0] = '\0';
  for (const struct dirent *e; jars && !out[0] && (e = readdir(jars));) {
    if (strncmp(e->d_name, "spark-connect_", 14) != 0) continue;
    if (snprintf(out, FRL_CLUSTER_PATH_MAX, "%s/%s", folder, e->d_name) >=
        FRL_CLUSTER_PATH_MAX) {
      out[0] = '\0';
    }
  }
  if (jars) (void)closedir(jars);
  if (out[0]) return FRL_OK;
  return frl_fail(err, FRL_E_NOT_FOUND,
      "%s has no spark-connect jar: install pyspark[connect,pipelines]", folder);
}

static void add_properties(const frl_cluster_settings *s, frl_cluster_words *w) {
  frl__cluster_words_add(w, "--properties-file");
  frl__cluster_words_add(w, "%s/.cluster/conf/spark-daemon.conf", s->folder);
}

static void master_words(
    const frl_cluster_settings *s, const frl_cluster_ports *p, frl_cluster_words *w) {
  frl__cluster_words_add(w, "%s/bin/spark-class", s->spark_home);
  frl__cluster_words_add(w, "org.apache.spark.deploy.master.Master");
  frl__cluster_words_add(w, "--host");
  frl__cluster_words_add(w, "127.0.0.1");
  frl__cluster_words_add(w, "--port");
  frl__cluster_words_add(w, "%u", p->master);
  frl__cluster_words_add(w, "--webui-port");
  frl__cluster_words_add(w, "%u", p->master_ui);
  add_properties(s, w);
}

static void worker_words(const frl_cluster_settings *s, const frl_cluster_ports *p,
    uint32_t i, frl_cluster_words *w) {
  frl__cluster_words_add(w, "%s/bin/spark-class", s->spark_home);
  frl__cluster_words_add(w, "org.apache.spark.deploy.worker.Worker");
  frl__cluster_words_add(w, "--host");
  frl__cluster_words_add(w, "127.0.0.1");
  frl__cluster_words_add(w, "--port");
  frl__cluster_words_add(w, "%u", p->worker[i]);
  frl__cluster_words_add(w, "--webui-port");
  frl__cluster_words_add(w, "%u", p->worker_ui[i]);
  frl__cluster_words_add(w, "--cores");
  frl__cluster_words_add(w, "%u", s->cores);
  frl__cluster_words_add(w, "--memory");
  frl__cluster_words_add(w, "%llum", (unsigned long long)(s->memory_bytes >> 20));
  add_properties(s, w);
  frl__cluster_words_add(w, "--work-dir");
  frl__cluster_words_add(w, "%s/.cluster/work", s->folder);
  frl__cluster_words_add(w, "spark://127.0.0.1:%u", p->master);
}

static frl_status connect_words(
    const frl_cluster_settings *s, frl_cluster_words *w, frl_error *err) {
  char jar[FRL_CLUSTER_PATH_MAX];
  FRL_TRY(find_connect_jar(s, jar, err));
  frl__cluster_words_add(w, "%s/bin/spark-class", s->spark_home);
  frl__cluster_words_add(w, "org.apache.spark.deploy.SparkSubmit");
  frl__cluster_words_add(w, "--properties-file");
  frl__cluster_words_add(w, "%s/.cluster/conf/spark-connect.conf", s->folder);
  frl__cluster_words_add(w, "--class");
  frl__cluster_words_add(w, "org.apache.spark.sql.connect.service.SparkConnectServer");
  frl__cluster_words_add(w, "local:%s", jar);
  return FRL_OK;
}

static void emulator_words(
    const frl_cluster_settings *s, const frl_cluster_ports *p, frl_cluster_words *w) {
  frl__cluster_words_add(w, "%s", s->command);
  frl__cluster_words_add(w, "emulator");
  frl__cluster_words_add(w, "--host-port");
  frl__cluster_words_add(w, "127.0.0.1:%u", p->emulator);
  frl__cluster_words_add(w, "--project");
  frl__cluster_words_add(w, "%s", s->project);
  frl__cluster_words_add(w, "--data-dir");
  frl__cluster_words_add(w, "%s/.cluster/pubsub", s->folder);
  frl__cluster_words_add(w, "--status-port");
  frl__cluster_words_add(w, "%u", p->emulator_status);
  frl__cluster_words_add(w, "--quiet");
  for (const char *at = s->subscriptions; *at;) {
    const size_t n = strcspn(at, ",");
    frl__cluster_words_add(w, "--subscription");
    frl__cluster_words_add(w, "%.*s", (int)n, at);
    at += n + (at[n] == ',');
  }
}

frl_status frl__cluster_arguments(const frl_cluster_state *state, uint32_t service,
    frl_cluster_words *out, frl_error *err) {
  const frl_cluster_settings *s = &state->settings;
  frl_cluster_ports ports;
  uint32_t number = 0;
  frl__cluster_ports_of(&ports, s);
  switch (frl__cluster_kind_of(state, service, &number)) {
    case FRL_CLUSTER_MASTER:
      master_words(s, &ports, out);
      break;
    case FRL_CLUSTER_WORKER:
      worker_words(s, &ports, number, out);
      break;
    case FRL_CLUSTER_CONNECT:
      FRL_TRY(connect_words(s, out, err));
      break;
    case FRL_CLUSTER_EMULATOR:
      emulator_words(s, &ports, out);
      break;
  }
  return out->failed ? frl_fail(err, FRL_E_NOMEM, "cluster: out of memory") : FRL_OK;
}

/* ---- environment ---- */

/* What a user's shell may hold and what would turn Spark elsewhere. SPARK_DAEMON_MEMORY
   alone would override the Connect server's memory and end it. */
static bool misleads(const char *variable) {
  static const char *const prefixes[] = {"SPARK_", "PYSPARK_", "HADOOP_", "HIVE_",
      "PYTHONPATH=", "PYTHONHOME=", "JAVA_HOME=", "JAVA_TOOL_OPTIONS=",
      "_JAVA_OPTIONS=", "JDK_JAVA_OPTIONS=", "CLASSPATH=", "PUBSUB_EMULATOR_HOST=",
      "FERRULE_CLUSTER="};
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
    if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0) return true;
  }
  return false;
}

static void add_application(
    const frl_cluster_settings *s, const frl_cluster_ports *p, frl_cluster_words *w) {
  const char *slash = strrchr(s->python, '/');
  const int n = slash ? (int)(slash - s->python) : 0;
  const char *path = getenv("PATH");
  frl__cluster_words_add(w, "PATH=%.*s:%s/bin:%s/bin:%s", n, s->python, s->spark_home,
      s->java_home, path ? path : "");
  frl__cluster_words_add(w, "SPARK_CONF_DIR=%s/.cluster/conf", s->folder);
  frl__cluster_words_add(w, "SPARK_REMOTE=sc://127.0.0.1:%u", p->connect);
  frl__cluster_words_add(w, "SPARK_MASTER=spark://127.0.0.1:%u", p->master);
}

bool frl__cluster_python_path(const frl_cluster_settings *s, char *out, size_t max) {
  const bool both = s->site[0] && s->python_path[0];
  (void)snprintf(out, max, "%s%s%s", s->site, both ? ":" : "", s->python_path);
  return out[0] != '\0';
}

static void add_service_part(const frl_cluster_settings *s,
    const frl_cluster_archive *archive, frl_cluster_words *w) {
  char options[2 * FRL_CLUSTER_PATH_MAX];
  frl__cluster_archive_options(options, sizeof options, archive, false);
  if (archive->usable) frl__cluster_words_add(w, "SPARK_CONF_DIR=%s", archive->empty);
  frl__cluster_words_add(w, "SPARK_DAEMON_MEMORY=512m");
  frl__cluster_words_add(w,
      "SPARK_DAEMON_JAVA_OPTS=-XX:+UseSerialGC -XX:TieredStopAtLevel=1 "
      "-Dlog4j2.configurationFile=file://%s/.cluster/conf/log4j2.properties%s",
      s->folder, options);
}

frl_status frl__cluster_environment(const frl_cluster_state *state,
    const frl_cluster_archive *archive, frl_cluster_words *w, frl_error *err) {
  const frl_cluster_settings *s = &state->settings;
  frl_cluster_ports p;
  frl__cluster_ports_of(&p, s);
  for (char **v = environ; *v; v++) {
    if (misleads(*v) || (!archive && strncmp(*v, "PATH=", 5) == 0)) continue;
    frl__cluster_words_add(w, "%s", *v);
  }
  if (archive) {
    add_service_part(s, archive, w);
  } else {
    add_application(s, &p, w);
  }
  frl__cluster_words_add(w, "FERRULE_CLUSTER=%s", state->id);
  frl__cluster_words_add(w, "JAVA_HOME=%s", s->java_home);
  frl__cluster_words_add(w, "SPARK_HOME=%s", s->spark_home);
  frl__cluster_words_add(w, "SPARK_LOCAL_DIRS=%s/.cluster/tmp", s->folder);
  frl__cluster_words_add(w, "SPARK_LOCAL_IP=127.0.0.1");
  frl__cluster_words_add(
      w, "SPARK_LAUNCHER_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
  /* at the end of every class path: what stands before it is in the archive of classes.
     Of the process, not of a session: one copy of the native library in each. */
  if (s->own_jar[0]) frl__cluster_words_add(w, "SPARK_DIST_CLASSPATH=%s", s->own_jar);
  char python_path[FRL_CLUSTER_LIST_MAX + FRL_CLUSTER_PATH_MAX];
  if (frl__cluster_python_path(s, python_path, sizeof python_path)) {
    frl__cluster_words_add(w, "PYTHONPATH=%s", python_path);
  }
  frl__cluster_words_add(w, "PYSPARK_PYTHON=%s", s->python);
  frl__cluster_words_add(w, "PYSPARK_DRIVER_PYTHON=%s", s->python);
  frl__cluster_words_add(w, "PUBSUB_EMULATOR_HOST=127.0.0.1:%u", p.emulator);
  return w->failed ? frl_fail(err, FRL_E_NOMEM, "cluster: out of memory") : FRL_OK;
}
