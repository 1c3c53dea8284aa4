/* All logs of a cluster as one stream. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/mem.h"
#include "cluster/log_file.h"
#include "cluster/log_places.h"
#include "cluster/state.h"

enum { FILES_MAX = 256, TAIL_BYTES = 64 * 1024, TURN_MS = 200, LOOK_TURNS = 5 };

typedef struct kept_line {
  char time[FRL_CLUSTER_TIME_BYTES + 1];
  uint64_t number; /* lines of one time keep their order */
  frl_cluster_line line;
  char *text; /* logger and message, owned */
} kept_line;

typedef struct stream {
  const frl_cluster_logs_options *options;
  char folder[FRL_CLUSTER_PATH_MAX];
  uint32_t tail_bytes;
  frl_cluster_log_file files[FILES_MAX];
  size_t n_files;
  bool too_many; /* and said so */
  kept_line *kept;
  size_t n_kept;
  size_t cap_kept;
} stream;

/* ---- which files ---- */

static bool is_wanted(const stream *s, const char *service) {
  const char *only = s->options->service;
  return !only || strncmp(service, only, strlen(only)) == 0;
}

static void tell_too_many(stream *s) {
  static const char text[] = "there are more logs than can be followed: --service NAME";
  const frl_cluster_line line = {.struct_size = sizeof line,
      .service = "supervisor",
      .level = FRL_LOG_WARN,
      .time = "",
      .logger = "cluster",
      .logger_len = sizeof "cluster" - 1,
      .message = text,
      .message_len = sizeof text - 1};
  if (!s->too_many) s->options->each(s->options->ctx, &line);
  s->too_many = true;
}

static void find_file(void *ctx, const char *path, const char *service) {
  stream *s = ctx;
  if (!is_wanted(s, service)) return;
  for (size_t i = 0; i < s->n_files; i++) {
    if (strcmp(s->files[i].path, path) == 0) return;
  }
  if (s->n_files < FILES_MAX) {
    frl__cluster_log_open(&s->files[s->n_files++], path, service);
  } else {
    tell_too_many(s);
  }
}

/* Those of executors whose folders were deleted. */
static void drop_gone(stream *s) {
  for (size_t i = 0; i < s->n_files;) {
    if (s->files[i].gone) {
      frl__cluster_log_close(&s->files[i]);
      s->files[i] = s->files[--s->n_files];
    } else {
      i++;
    }
  }
}

static void find_files(stream *s) { frl__cluster_log_places(s->folder, find_file, s); }

/* Workers have numbers, executors applications. */
static bool may_follow(const char *name, const char *rest) {
  if (strcmp(name, "spark-worker") == 0 && rest[0] == '-') {
    return strspn(rest + 1, "0123456789") == strlen(rest + 1);
  }
  return rest[0] == '\0' || (strcmp(name, "executor") == 0 && rest[0] == ' ');
}

/* A name that none has would be followed in silence for ever. */
static frl_status check_service(const char *only, frl_error *err) {
  static const char *const names[] = {"spark-master", "spark-worker", "spark-connect",
      "spark-app", "pubsub-emulator", "supervisor", "executor"};
  if (!only) return FRL_OK;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const size_t n = strlen(names[i]);
    if (strncmp(only, names[i], strlen(only)) == 0) return FRL_OK; /* the beginning */
    if (strncmp(only, names[i], n) == 0 && may_follow(names[i], only + n))
      return FRL_OK;
  }
  return frl_fail(err, FRL_E_INVALID,
      "there is no service %s: spark-master, spark-worker, spark-connect, spark-app, "
      "pubsub-emulator, supervisor or executor",
      only);
}

/* ---- lines ---- */

static void give(void *ctx, const frl_cluster_line *line) {
  const stream *s = ctx;
  if (line->level <= s->options->max_level) s->options->each(s->options->ctx, line);
}

static bool room_for_one(stream *s) {
  if (s->n_kept < s->cap_kept) return true;
  const size_t cap = s->cap_kept ? 2 * s->cap_kept : 256;
  kept_line *kept = frl_reallocarray(NULL, s->kept, cap, sizeof *kept);
  if (!kept) return false;
  s->kept = kept;
  s->cap_kept = cap;
  return true;
}

static void keep(void *ctx, const frl_cluster_line *line) {
  stream *s = ctx;
  if (line->level > s->options->max_level || !room_for_one(s)) return;
  kept_line *k = &s->kept[s->n_kept];
  k->text = frl_malloc(NULL, line->logger_len + line->message_len + 1);
  if (!k->text) return;
  memcpy(k->text, line->logger, line->logger_len);
  memcpy(k->text + line->logger_len, line->message, line->message_len);
  k->line = *line;
  k->line.logger = k->text;
  k->line.message = k->text + line->logger_len;
  (void)snprintf(k->time, sizeof k->time, "%s", line->time);
  k->number = s->n_kept++;
}

static int by_time(const void *a, const void *b) {
  const kept_line *x = a;
  const kept_line *y = b;
  const int order = strcmp(x->time, y->time);
  if (order) return order;
  return x->number < y->number ? -1 : x->number > y->number;
}

static void give_kept(stream *s) {
  if (s->n_kept) qsort(s->kept, s->n_kept, sizeof *s->kept, by_time);
  for (size_t i = 0; i < s->n_kept; i++) {
    s->kept[i].line.time = s->kept[i].time;
    give(s, &s->kept[i].line);
    frl_free(NULL, s->kept[i].text);
  }
  s->n_kept = 0;
}

static void read_all(stream *s, uint32_t tail_bytes, frl_cluster_log_fn each) {
  for (size_t i = 0; i < s->n_files; i++) {
    (void)frl__cluster_log_read(&s->files[i], tail_bytes, each, s);
  }
}

static void follow(stream *s) {
  const frl_cluster_logs_options *o = s->options;
  for (unsigned turn = 1; !(o->cancelled && o->cancelled(o->ctx)); turn++) {
    (void)nanosleep(&(struct timespec){0, TURN_MS * 1000000L}, NULL);
    if (turn % LOOK_TURNS == 0) {
      drop_gone(s);
      find_files(s);
    }
    read_all(s, UINT32_MAX, give); /* a log that is new is wanted whole */
  }
}

static void run(stream *s) {
  find_files(s);
  read_all(s, s->tail_bytes, keep);
  if (!s->options->follow) {
    for (size_t i = 0; i < s->n_files; i++) {
      frl__cluster_log_flush(&s->files[i], keep, s);
    }
  }
  give_kept(s);
  if (s->options->follow) follow(s);
  for (size_t i = 0; i < s->n_files; i++) frl__cluster_log_close(&s->files[i]);
  frl_free(NULL, s->kept);
}

frl_status frl_cluster_logs(const frl_cluster_logs_options *options, frl_error *err) {
  frl_cluster_state state;
  stream *s = frl_calloc(NULL, 1, sizeof *s);
  if (!s) return frl_fail(err, FRL_E_NOMEM, "cluster: out of memory");
  s->options = options;
  s->tail_bytes = options->tail_bytes ? options->tail_bytes : TAIL_BYTES;
  frl_status st = frl__cluster_folder(s->folder, options->folder, err);
  if (st == FRL_OK) st = frl__cluster_state_read(&state, s->folder, err);
  if (st == FRL_OK) st = check_service(options->service, err);
  if (st == FRL_OK) run(s);
  frl_free(NULL, s);
  return st;
}
