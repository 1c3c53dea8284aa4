#include "cluster/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

#include "base/error.h"

enum { STATE_VERSION = 1, STATE_MAX_BYTES = 1 << 20, RESERVE_BYTES = 128 << 10 };

static const char *const state_names[] = {
    "stopped", "waiting", "starting", "ready", "ended"};

const char *frl_cluster_state_name(enum frl_cluster_service_state state) {
  return state >= FRL_CLUSTER_STOPPED && state <= FRL_CLUSTER_ENDED ? state_names[state]
                                                                    : "unknown";
}

/* ---- reading ---- */

typedef struct reader {
  yyjson_val *object;
  const char *wrong; /* the first field that is missing or of the wrong type */
} reader;

static void read_text(reader *r, const char *field, char *out, size_t max) {
  yyjson_val *v = yyjson_obj_get(r->object, field);
  const char *text = yyjson_get_str(v);
  if (!text || strlen(text) != yyjson_get_len(v) || strlen(text) >= max) {
    if (!r->wrong) r->wrong = field;
    return;
  }
  (void)snprintf(out, max, "%s", text);
}

/* A field that a state file of an older build does not have. */
static void read_new_text(reader *r, const char *field, char *out, size_t max) {
  if (yyjson_obj_get(r->object, field)) read_text(r, field, out, max);
}

static uint64_t read_number(reader *r, const char *field, uint64_t max) {
  yyjson_val *v = yyjson_obj_get(r->object, field);
  if (!yyjson_is_uint(v) || yyjson_get_uint(v) > max) {
    if (!r->wrong) r->wrong = field;
    return 0;
  }
  return yyjson_get_uint(v);
}

static void parse_settings(reader *r, frl_cluster_settings *s) {
  read_text(r, "folder", s->folder, sizeof s->folder);
  read_text(r, "command", s->command, sizeof s->command);
  read_text(r, "python", s->python, sizeof s->python);
  read_text(r, "javaHome", s->java_home, sizeof s->java_home);
  read_text(r, "sparkHome", s->spark_home, sizeof s->spark_home);
  read_text(r, "jar", s->jar, sizeof s->jar);
  read_new_text(r, "wheel", s->wheel, sizeof s->wheel);
  read_new_text(r, "ownJar", s->own_jar, sizeof s->own_jar);
  read_new_text(r, "site", s->site, sizeof s->site);
  read_text(r, "pythonPath", s->python_path, sizeof s->python_path);
  read_text(r, "project", s->project, sizeof s->project);
  read_text(r, "subscriptions", s->subscriptions, sizeof s->subscriptions);
  s->workers = (uint32_t)read_number(r, "workers", FRL_CLUSTER_WORKERS_MAX);
  s->cores = (uint32_t)read_number(r, "cores", UINT32_MAX);
  s->memory_bytes = read_number(r, "memoryBytes", INT64_MAX);
  s->log_bytes = yyjson_obj_get(r->object, "logBytes")
                     ? read_number(r, "logBytes", INT64_MAX)
                     : FRL_CLUSTER_LOG_BYTES;
  s->port_base = (uint16_t)read_number(r, "portBase", 65000);
  s->restart = yyjson_get_bool(yyjson_obj_get(r->object, "restart"));
}

static enum frl_cluster_service_state read_state(reader *r) {
  const char *name = yyjson_get_str(yyjson_obj_get(r->object, "state"));
  for (int i = FRL_CLUSTER_STOPPED; name && i <= FRL_CLUSTER_ENDED; i++) {
    if (strcmp(name, state_names[i]) == 0) return (enum frl_cluster_service_state)i;
  }
  if (!r->wrong) r->wrong = "state";
  return FRL_CLUSTER_STOPPED;
}

static void parse_service(reader *r, frl_cluster_record *s) {
  read_text(r, "name", s->name, sizeof s->name);
  read_text(r, "url", s->url, sizeof s->url);
  read_text(r, "reason", s->reason, sizeof s->reason);
  s->state = read_state(r);
  s->pid = (int32_t)read_number(r, "pid", INT32_MAX);
  s->started = read_number(r, "started", INT64_MAX);
  s->since_us = (int64_t)read_number(r, "sinceMicros", INT64_MAX);
  s->restarts = (uint32_t)read_number(r, "restarts", UINT32_MAX);
}

static const char *parse_root(yyjson_val *root, frl_cluster_state *out) {
  reader r = {.object = root};
  if (read_number(&r, "version", STATE_VERSION) != STATE_VERSION) return "version";
  read_text(&r, "id", out->id, sizeof out->id);
  out->supervisor_pid = (int32_t)read_number(&r, "supervisorPid", INT32_MAX);
  out->supervisor_started = read_number(&r, "supervisorStarted", INT64_MAX);
  reader inner = {.object = yyjson_obj_get(root, "settings"), .wrong = r.wrong};
  parse_settings(&inner, &out->settings);
  yyjson_val *services = yyjson_obj_get(root, "services");
  if (!yyjson_is_arr(services) ||
      yyjson_arr_size(services) > FRL_CLUSTER_SERVICES_MAX) {
    return inner.wrong ? inner.wrong : "services";
  }
  yyjson_arr_iter each = yyjson_arr_iter_with(services);
  while ((inner.object = yyjson_arr_iter_next(&each))) {
    parse_service(&inner, &out->services[out->n_services++]);
  }
  return inner.wrong;
}

frl_status frl__cluster_state_parse(
    frl_cluster_state *out, const char *text, size_t n, frl_error *err) {
  *out = (frl_cluster_state){0};
  yyjson_doc *doc = yyjson_read(text, n, 0);
  const char *wrong = doc ? parse_root(yyjson_doc_get_root(doc), out) : "JSON";
  yyjson_doc_free(doc);
  if (!wrong) return FRL_OK;
  return frl_fail(err, FRL_E_MALFORMED, "state file: %s is missing or wrong", wrong);
}

frl_status frl__cluster_state_read_file(
    frl_cluster_state *out, const char *path, frl_error *err) {
  *out = (frl_cluster_state){0};
  FILE *file = fopen(path, "re");
  if (!file && errno == ENOENT) {
    return frl_fail(err, FRL_E_NOT_FOUND, "%s does not exist", path);
  }
  if (!file) return frl_fail_errno(err, errno, "cluster: %s", path);
  char *text = malloc(STATE_MAX_BYTES);
  const size_t n = text ? fread(text, 1, STATE_MAX_BYTES, file) : 0;
  (void)fclose(file);
  if (!text) return frl_fail(err, FRL_E_NOMEM, "cluster: out of memory");
  const frl_status st = frl__cluster_state_parse(out, text, n, err);
  free(text);
  if (st != FRL_OK) frl_error_prefix(err, "%s: ", path);
  return st;
}

frl_status frl__cluster_state_read(
    frl_cluster_state *out, const char *folder, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  if (!frl__cluster_place(path, folder, "state.json")) {
    return frl_fail(err, FRL_E_LIMIT, "cluster: folder %s: too long", folder);
  }
  const frl_status st = frl__cluster_state_read_file(out, path, err);
  if (st != FRL_E_NOT_FOUND) return st;
  return frl_fail(
      err, st, "there is no cluster in %s: ferrule cluster up makes one", folder);
}

/* ---- writing ---- */

static yyjson_mut_val *settings_json(
    yyjson_mut_doc *doc, const frl_cluster_settings *s) {
  yyjson_mut_val *o = yyjson_mut_obj(doc);
  yyjson_mut_obj_add_str(doc, o, "folder", s->folder);
  yyjson_mut_obj_add_str(doc, o, "command", s->command);
  yyjson_mut_obj_add_str(doc, o, "python", s->python);
  yyjson_mut_obj_add_str(doc, o, "javaHome", s->java_home);
  yyjson_mut_obj_add_str(doc, o, "sparkHome", s->spark_home);
  yyjson_mut_obj_add_str(doc, o, "jar", s->jar);
  yyjson_mut_obj_add_str(doc, o, "wheel", s->wheel);
  yyjson_mut_obj_add_str(doc, o, "ownJar", s->own_jar);
  yyjson_mut_obj_add_str(doc, o, "site", s->site);
  yyjson_mut_obj_add_str(doc, o, "pythonPath", s->python_path);
  yyjson_mut_obj_add_str(doc, o, "project", s->project);
  yyjson_mut_obj_add_str(doc, o, "subscriptions", s->subscriptions);
  yyjson_mut_obj_add_uint(doc, o, "workers", s->workers);
  yyjson_mut_obj_add_uint(doc, o, "cores", s->cores);
  yyjson_mut_obj_add_uint(doc, o, "memoryBytes", s->memory_bytes);
  yyjson_mut_obj_add_uint(doc, o, "logBytes", s->log_bytes);
  yyjson_mut_obj_add_uint(doc, o, "portBase", s->port_base);
  yyjson_mut_obj_add_bool(doc, o, "restart", s->restart);
  return o;
}

static void add_service(
    yyjson_mut_doc *doc, yyjson_mut_val *services, const frl_cluster_record *s) {
  yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, services);
  yyjson_mut_obj_add_str(doc, o, "name", s->name);
  yyjson_mut_obj_add_str(doc, o, "state", frl_cluster_state_name(s->state));
  yyjson_mut_obj_add_uint(doc, o, "pid", (uint64_t)s->pid);
  yyjson_mut_obj_add_uint(doc, o, "started", s->started);
  yyjson_mut_obj_add_uint(doc, o, "sinceMicros", (uint64_t)s->since_us);
  yyjson_mut_obj_add_uint(doc, o, "restarts", s->restarts);
  yyjson_mut_obj_add_str(doc, o, "url", s->url);
  yyjson_mut_obj_add_str(doc, o, "reason", s->reason);
}

char *frl__cluster_state_text(const frl_cluster_state *state, size_t *n) {
  yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
  yyjson_mut_val *root = yyjson_mut_obj(doc);
  yyjson_mut_doc_set_root(doc, root);
  yyjson_mut_obj_add_uint(doc, root, "version", STATE_VERSION);
  yyjson_mut_obj_add_str(doc, root, "id", state->id);
  yyjson_mut_obj_add_uint(doc, root, "supervisorPid", (uint64_t)state->supervisor_pid);
  yyjson_mut_obj_add_uint(doc, root, "supervisorStarted", state->supervisor_started);
  yyjson_mut_obj_add_val(doc, root, "settings", settings_json(doc, &state->settings));
  yyjson_mut_val *services = yyjson_mut_obj_add_arr(doc, root, "services");
  for (uint32_t i = 0; i < state->n_services; i++) {
    add_service(doc, services, &state->services[i]);
  }
  char *text = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY, n);
  yyjson_mut_doc_free(doc);
  return text;
}

static frl_status write_all(int fd, const char *data, size_t n) {
  while (n) {
    const ssize_t written = write(fd, data, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FRL_E_IO;
    data += written;
    n -= (size_t)written;
  }
  return fsync(fd) == 0 ? FRL_OK : FRL_E_IO;
}

frl_status frl__cluster_replace_file(
    const char *path, const void *data, size_t n, frl_error *err) {
  char next[FRL_CLUSTER_PATH_MAX + 8];
  (void)snprintf(next, sizeof next, "%s.next", path);
  const int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return frl_fail_errno(err, errno, "cluster: %s", next);
  frl_status st = write_all(fd, data, n);
  int why = errno;
  if (close(fd) != 0 && st == FRL_OK) {
    st = FRL_E_IO;
    why = errno;
  }
  if (st == FRL_OK && rename(next, path) != 0) {
    st = FRL_E_IO;
    why = errno;
  }
  if (st == FRL_OK) return FRL_OK;
  (void)unlink(next);
  return frl_fail_errno(err, why, "cluster: %s cannot be written", path);
}

frl_status frl__cluster_state_write_file(
    const frl_cluster_state *state, const char *path, frl_error *err) {
  size_t n = 0;
  char *text = frl__cluster_state_text(state, &n);
  if (!text) return frl_fail(err, FRL_E_NOMEM, "cluster: out of memory");
  const frl_status st = frl__cluster_replace_file(path, text, n, err);
  free(text);
  return st;
}

/* Room on the disk that is kept for the state when all the rest is taken. */
static void keep_reserve(const char *path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return; /* it is there */
  const bool kept = posix_fallocate(fd, 0, RESERVE_BYTES) == 0;
  (void)close(fd);
  if (!kept) (void)unlink(path);
}

frl_status frl__cluster_state_write(const frl_cluster_state *state, frl_error *err) {
  char path[FRL_CLUSTER_PATH_MAX];
  char reserve[FRL_CLUSTER_PATH_MAX];
  frl_error why = {0};
  if (!frl__cluster_place(path, state->settings.folder, "state.json") ||
      !frl__cluster_place(reserve, state->settings.folder, "reserve")) {
    return frl_fail(err, FRL_E_LIMIT, "cluster: the folder's name is too long");
  }
  frl_status st = frl__cluster_state_write_file(state, path, &why);
  if (st == FRL_OK) {
    keep_reserve(reserve);
  } else if (unlink(reserve) == 0) {
    st = frl__cluster_state_write_file(state, path, &why);
  }
  if (st != FRL_OK && err) *err = why;
  return st;
}
