#include "cluster/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "cluster/outside.h"

enum { CORES_LEAST = 4, LOG_LEAST_BYTES = 256 << 10 };

static const char find_spark[] =
    "import importlib.util as u\n"
    "s = u.find_spec('pyspark')\n"
    "print(s.submodule_search_locations[0] if s else '')\n";

static bool copy(char *out, size_t max, const char *text) {
  const int n = snprintf(out, max, "%s", text);
  return n >= 0 && (size_t)n < max;
}

static frl_status too_long(frl_error *err, const char *what) {
  return frl_fail(err, FRL_E_LIMIT, "cluster: %s: the text is too long", what);
}

static frl_status absolute(char out[FRL_CLUSTER_PATH_MAX], const char *path,
    const char *what, frl_error *err) {
  char *real = realpath(path, NULL);
  if (!real) return frl_fail_errno(err, errno, "cluster: %s %s", what, path);
  const bool fits = copy(out, FRL_CLUSTER_PATH_MAX, real);
  free(real);
  return fits ? FRL_OK : too_long(err, what);
}

frl_status frl__cluster_folder(
    char out[FRL_CLUSTER_PATH_MAX], const char *folder, frl_error *err) {
  return absolute(out, folder && folder[0] ? folder : ".", "folder", err);
}

bool frl__cluster_place(
    char out[FRL_CLUSTER_PATH_MAX], const char *folder, const char *name) {
  const int n = snprintf(out, FRL_CLUSTER_PATH_MAX, "%s/.cluster/%s", folder, name);
  return n > 0 && n < FRL_CLUSTER_PATH_MAX;
}

/* A program of PATH, or the path itself where it has a slash; links are kept: a virtual
   environment's python is one. */
static void find_program(char out[FRL_CLUSTER_PATH_MAX], const char *name) {
  out[0] = '\0';
  if (strchr(name, '/')) {
    char cwd[FRL_CLUSTER_PATH_MAX];
    if (name[0] == '/' || !getcwd(cwd, sizeof cwd)) {
      (void)copy(out, FRL_CLUSTER_PATH_MAX, name);
    } else if (snprintf(out, FRL_CLUSTER_PATH_MAX, "%s/%s", cwd, name) >=
               FRL_CLUSTER_PATH_MAX) {
      out[0] = '\0';
    }
    return;
  }
  const char *path = getenv("PATH");
  for (const char *p = path ? path : ""; *p;) {
    const size_t n = strcspn(p, ":");
    const int len = snprintf(out, FRL_CLUSTER_PATH_MAX, "%.*s/%s", (int)n, p, name);
    if (len < FRL_CLUSTER_PATH_MAX && access(out, X_OK) == 0) return;
    p += n + (p[n] == ':');
  }
  out[0] = '\0';
}

/* java of PATH is mostly a link into its home. */
static void find_java_home(char out[FRL_CLUSTER_PATH_MAX], const char *given) {
  const char *home = given && given[0] ? given : getenv("JAVA_HOME");
  out[0] = '\0';
  if (home && home[0]) {
    (void)copy(out, FRL_CLUSTER_PATH_MAX, home);
    return;
  }
  char java[FRL_CLUSTER_PATH_MAX];
  find_program(java, "java");
  char *real = java[0] ? realpath(java, NULL) : NULL;
  char *bin = real ? strstr(real, "/bin/java") : NULL;
  if (bin) {
    *bin = '\0';
    (void)copy(out, FRL_CLUSTER_PATH_MAX, real);
  }
  free(real);
}

static void find_spark_home(frl_cluster_settings *s) {
  const char *const argv[] = {s->python, "-c", find_spark, NULL};
  char output[FRL_CLUSTER_PATH_MAX];
  s->spark_home[0] = '\0';
  if (!s->python[0] || !frl__cluster_ask(argv, output, sizeof output)) return;
  output[strcspn(output, "\r\n")] = '\0';
  (void)copy(s->spark_home, sizeof s->spark_home, output);
}

static frl_status resolve_numbers(
    frl_cluster_settings *s, const frl_cluster_options *o, frl_error *err) {
  s->workers = o->workers ? o->workers : 1;
  s->memory_bytes = o->memory_bytes ? o->memory_bytes : (uint64_t)2 << 30;
  s->log_bytes = o->log_bytes ? o->log_bytes : FRL_CLUSTER_LOG_BYTES;
  s->port_base = o->port_base;
  s->restart = o->restart;
  const uint32_t cpus = uv_available_parallelism();
  s->cores = o->cores ? o->cores : cpus < CORES_LEAST ? CORES_LEAST : cpus;
  if (s->workers > FRL_CLUSTER_WORKERS_MAX) {
    return frl_fail(err, FRL_E_INVALID, "cluster: workers %u: at most %d", s->workers,
        FRL_CLUSTER_WORKERS_MAX);
  }
  if (s->memory_bytes < (uint64_t)1 << 30) {
    return frl_fail(err, FRL_E_INVALID,
        "cluster: memory %llu: a worker needs at least 1g for two executors",
        (unsigned long long)s->memory_bytes);
  }
  if (s->log_bytes < LOG_LEAST_BYTES) {
    return frl_fail(err, FRL_E_INVALID, "cluster: log size %llu: at least 256k",
        (unsigned long long)s->log_bytes);
  }
  if (s->port_base && (s->port_base < 1024 || s->port_base > 65000)) {
    return frl_fail(
        err, FRL_E_INVALID, "cluster: port base %u: 1024 to 65000", s->port_base);
  }
  return FRL_OK;
}

/* One that is missing is the doctor's to tell. */
static bool find_file(char out[FRL_CLUSTER_PATH_MAX], const char *path) {
  if (!path || !path[0]) return true;
  return absolute(out, path, "file", NULL) == FRL_OK ||
         copy(out, FRL_CLUSTER_PATH_MAX, path);
}

frl_status frl__cluster_resolve(
    frl_cluster_settings *out, const frl_cluster_options *options, frl_error *err) {
  *out = (frl_cluster_settings){0};
  FRL_TRY(frl__cluster_folder(out->folder, options->folder, err));
  FRL_TRY(resolve_numbers(out, options, err));
  if (options->command) {
    FRL_TRY(absolute(out->command, options->command, "command", err));
  }
  if (!find_file(out->jar, options->jar)) return too_long(err, "jar");
  if (!find_file(out->wheel, options->wheel)) return too_long(err, "wheel");
  const char *project =
      options->project && options->project[0] ? options->project : "demo";
  if (!copy(out->project, sizeof out->project, project))
    return too_long(err, "project");
  if (!copy(out->subscriptions, sizeof out->subscriptions,
          options->subscriptions ? options->subscriptions : "")) {
    return too_long(err, "subscriptions");
  }
  if (!copy(out->python_path, sizeof out->python_path,
          options->python_path ? options->python_path : "")) {
    return too_long(err, "python path");
  }
  const char *python =
      options->python && options->python[0] ? options->python : "python3";
  find_program(out->python, python);
  find_java_home(out->java_home, options->java_home);
  find_spark_home(out);
  return FRL_OK;
}

void frl__cluster_ports_of(frl_cluster_ports *out, const frl_cluster_settings *s) {
  *out = (frl_cluster_ports){.master = 7077,
      .master_ui = 8080,
      .connect = 15002,
      .connect_ui = 4040,
      .emulator = 8085,
      .emulator_status = 8086,
      .status = 8099};
  const uint16_t b = s->port_base;
  if (b) {
    *out = (frl_cluster_ports){.master = b,
        .master_ui = (uint16_t)(b + 1),
        .connect = (uint16_t)(b + 2),
        .connect_ui = (uint16_t)(b + 3),
        .emulator = (uint16_t)(b + 4),
        .status = (uint16_t)(b + 5),
        .emulator_status = (uint16_t)(b + 6)};
  }
  for (uint16_t i = 0; i < s->workers; i++) {
    out->worker[i] = (uint16_t)(b ? b + 16 + 2 * i : 7078 + i);
    out->worker_ui[i] = (uint16_t)(b ? b + 17 + 2 * i : i ? 8180 + i : 8081);
  }
}

static bool is_named(const char *text) { return text && text[0]; }

/* Both have the same bounds, so that it always fits. */
#define INHERIT(field) (void)copy(s->field, sizeof s->field, running->field)

void frl__cluster_inherit(frl_cluster_settings *s, const frl_cluster_options *named,
    const frl_cluster_settings *running) {
  if (!named->workers) s->workers = running->workers;
  if (!named->cores) s->cores = running->cores;
  if (!named->memory_bytes) s->memory_bytes = running->memory_bytes;
  if (!named->port_base) s->port_base = running->port_base;
  if (!named->log_bytes) s->log_bytes = running->log_bytes;
  if (!named->restart) s->restart = running->restart;
  if (!is_named(named->python)) {
    INHERIT(python);
    INHERIT(spark_home);
  }
  if (!is_named(named->java_home)) INHERIT(java_home);
  if (!is_named(named->jar)) INHERIT(jar);
  if (!is_named(named->wheel)) INHERIT(wheel);
  if (!is_named(named->python_path)) INHERIT(python_path);
  if (!is_named(named->project)) INHERIT(project);
  if (!is_named(named->subscriptions)) INHERIT(subscriptions);
}

const char *frl__cluster_difference(
    const frl_cluster_settings *running, const frl_cluster_settings *asked) {
  const frl_cluster_settings *a = running;
  const frl_cluster_settings *b = asked;
  if (a->workers != b->workers) return "workers";
  if (a->cores != b->cores) return "cores";
  if (a->memory_bytes != b->memory_bytes) return "memory";
  if (a->port_base != b->port_base) return "port-base";
  if (a->log_bytes != b->log_bytes) return "log-size";
  if (!a->restart && b->restart) return "restart";
  if (strcmp(a->python, b->python) != 0) return "python";
  if (strcmp(a->spark_home, b->spark_home) != 0) return "python";
  if (strcmp(a->java_home, b->java_home) != 0) return "java-home";
  if (strcmp(a->jar, b->jar) != 0) return "jar";
  if (strcmp(a->wheel, b->wheel) != 0) return "wheel";
  if (strcmp(a->python_path, b->python_path) != 0) return "python-path";
  if (strcmp(a->project, b->project) != 0) return "project";
  if (strcmp(a->subscriptions, b->subscriptions) != 0) return "subscription";
  return NULL;
}
