#include "cluster/doctor.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/process.h"
#include "cluster/leftover.h"
#include "cluster/lock.h"
#include "cluster/state.h"

enum { JAVA_LEAST = 17, JAVA_MOST = 21, TEXT_MAX = 768 };

static const uint64_t megabyte = 1 << 20;
/* resident: master, Connect, emulator; one worker; measured, with some room */
static const uint64_t services_bytes = 1100ULL << 20;
static const uint64_t worker_bytes = 250ULL << 20;
static const uint64_t disk_least_bytes = 1ULL << 30;

/* ---- telling ---- */

static void good(frl_cluster_report *r, const char *what, const char *fmt, ...)
    FRL_PRINTF(3, 4);

static void good(frl_cluster_report *r, const char *what, const char *fmt, ...) {
  char found[TEXT_MAX];
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(found, sizeof found, fmt, args);
  va_end(args);
  const frl_cluster_finding f = {.struct_size = sizeof f,
      .good = true,
      .what = what,
      .found = found,
      .remedy = ""};
  if (r->each) r->each(r->ctx, &f);
}

static void bad(frl_cluster_report *r, const char *what, const char *found,
    const char *fmt, ...) FRL_PRINTF(4, 5);

static void bad(
    frl_cluster_report *r, const char *what, const char *found, const char *fmt, ...) {
  char remedy[TEXT_MAX];
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(remedy, sizeof remedy, fmt, args);
  va_end(args);
  const frl_cluster_finding f = {
      .struct_size = sizeof f, .what = what, .found = found, .remedy = remedy};
  r->bad++;
  if (r->each) r->each(r->ctx, &f);
}

/* ---- judging ---- */

static void judge_java(
    const frl_cluster_facts *f, const frl_cluster_settings *s, frl_cluster_report *r) {
  static const char remedy[] =
      "install openjdk-17-jdk-headless, or set JAVA_HOME (--java-home) to a Java 17 or "
      "21";
  char found[TEXT_MAX];
  const unsigned version = frl__cluster_java_version(f->java);
  if (!s->java_home[0]) {
    bad(r, "java", "there is none in PATH, and JAVA_HOME is not set", remedy);
  } else if (!f->java[0]) {
    (void)snprintf(found, sizeof found, "%s/bin/java --version fails", s->java_home);
    bad(r, "java", found, remedy);
  } else if (version < JAVA_LEAST || version > JAVA_MOST) {
    (void)snprintf(found, sizeof found, "%s in %s; Spark 4.1 runs on 17 to 21", f->java,
        s->java_home);
    bad(r, "java", found, remedy);
  } else {
    good(r, "java", "%s in %s", f->java, s->java_home);
  }
}

static void judge_python(
    const frl_cluster_facts *f, const frl_cluster_settings *s, frl_cluster_report *r) {
  static const char remedy[] =
      "name with --python one with pyspark[connect,pipelines,sql]==4.1.1 in it; "
      "scripts/python-env.sh run makes it and prints its folder";
  char found[TEXT_MAX];
  if (!s->python[0]) {
    bad(r, "python", "there is no such python", remedy);
  } else if (!f->spark[0]) {
    (void)snprintf(found, sizeof found, "%s has no PySpark", s->python);
    bad(r, "python", found, remedy);
  } else if (strncmp(f->spark, "4.1.", 4) != 0) {
    (void)snprintf(found, sizeof found, "%s has PySpark %s", s->python, f->spark);
    bad(r, "python", found, remedy);
  } else if (f->lacks[0]) {
    (void)snprintf(found, sizeof found, "%s lacks %s", s->python, f->lacks);
    bad(r, "python", found, remedy);
  } else {
    good(r, "python", "PySpark %s in %s", f->spark, s->python);
  }
}

static void judge_jar(
    const frl_cluster_facts *f, const frl_cluster_settings *s, frl_cluster_report *r) {
  if (f->jar_missing) {
    bad(r, "jar", s->jar, "make jar builds it; or name another with --jar");
  } else if (s->jar[0]) {
    good(r, "jar", "%s", s->jar);
  }
  if (f->wheel_missing) {
    bad(r, "wheel", s->wheel, "make wheel builds it; or name another with --wheel");
  } else if (s->wheel[0]) {
    good(r, "wheel", "%s", s->wheel);
  }
}

static void judge_folder(
    const frl_cluster_facts *f, const frl_cluster_settings *s, frl_cluster_report *r) {
  /* Spark makes URIs and Derby an address of its name */
  if (strpbrk(s->folder, " \t\n;%?#\\\"',:*[]{}")) {
    bad(r, "folder", s->folder, "use a folder whose path has letters, digits, - _ . /");
  } else if (!f->folder_writable) {
    bad(r, "folder", s->folder, "make it writable for you");
  } else {
    good(r, "folder", "%s", s->folder);
  }
}

static void judge_room(
    const frl_cluster_facts *f, const frl_cluster_settings *s, frl_cluster_report *r) {
  char found[TEXT_MAX];
  const uint64_t need =
      services_bytes + s->workers * (worker_bytes + s->memory_bytes / 2);
  (void)snprintf(found, sizeof found, "%llu MB available, %llu MB needed",
      (unsigned long long)(f->memory_bytes / megabyte),
      (unsigned long long)(need / megabyte));
  if (f->memory_bytes < need) {
    bad(r, "memory", found, "end other programs, or ask for less: --memory, --workers");
  } else {
    good(r, "memory", "%s", found);
  }
  (void)snprintf(found, sizeof found, "%llu MB free in %s, %llu MB needed",
      (unsigned long long)(f->disk_bytes / megabyte), s->folder,
      (unsigned long long)(disk_least_bytes / megabyte));
  if (f->disk_bytes < disk_least_bytes) {
    bad(r, "disk", found, "free some, or use a folder of another disk");
  } else {
    good(r, "disk", "%s", found);
  }
}

void frl__cluster_judge(const frl_cluster_facts *facts, const frl_cluster_settings *s,
    frl_cluster_report *report) {
  judge_java(facts, s, report);
  judge_python(facts, s, report);
  judge_jar(facts, s, report);
  judge_folder(facts, s, report);
  judge_room(facts, s, report);
}

/* ---- ports ---- */

static int bind_error(uint16_t port) {
  const struct sockaddr_in address = {.sin_family = AF_INET,
      .sin_port = htons(port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int rc = bind(fd, (const struct sockaddr *)&address, sizeof address);
  /* a bind with SO_REUSEADDR succeeds beside a listener of another interface */
  const int failed = rc != 0 || listen(fd, 1) != 0 ? errno : 0;
  (void)close(fd);
  return failed;
}

/* Its services run in FOLDER/.cluster, its supervisor in FOLDER. "": it is of none, or
   of one whose folder is deleted. */
static void cluster_of(const frl_process *process, char folder[FRL_CLUSTER_PATH_MAX]) {
  static const char ending[] = "/.cluster";
  const size_t m = sizeof ending - 1;
  char state[FRL_CLUSTER_PATH_MAX];
  if (!frl_process_folder(process->pid, folder, FRL_CLUSTER_PATH_MAX)) folder[0] = '\0';
  const size_t n = strlen(folder);
  if (n > m && strcmp(folder + n - m, ending) == 0) {
    /* also where nobody watches over it any more */
    folder[n - m] = '\0';
    if (frl__cluster_place(state, folder, "state.json") && access(state, F_OK) == 0) {
      return;
    }
  }
  if (!frl__cluster_is_supervised(folder)) folder[0] = '\0';
}

static void tell_taken(
    const char *what, const frl_process *holder, frl_cluster_report *r) {
  char found[TEXT_MAX];
  char folder[FRL_CLUSTER_PATH_MAX];
  cluster_of(holder, folder);
  if (folder[0]) {
    (void)snprintf(found, sizeof found, "taken by the cluster in %s, process %d (%s)",
        folder, holder->pid, holder->name);
    bad(r, what, found,
        "ferrule cluster stop --folder %s, or choose other ports with --port-base",
        folder);
  } else {
    (void)snprintf(
        found, sizeof found, "taken by process %d (%s)", holder->pid, holder->name);
    bad(r, what, found, "end that process, or choose other ports with --port-base");
  }
}

static void judge_port(uint16_t port, const char *service, frl_cluster_report *r) {
  char what[96];
  char found[TEXT_MAX];
  frl_process holder;
  (void)snprintf(what, sizeof what, "port %u (%s)", port, service);
  const int why = bind_error(port);
  if (why == 0) {
    good(r, what, "free");
  } else if (why == EADDRINUSE && frl_process_listening(port, &holder)) {
    tell_taken(what, &holder, r);
  } else {
    (void)snprintf(found, sizeof found, "%s", strerror(why));
    bad(r, what, found, "choose other ports with --port-base");
  }
}

void frl__cluster_judge_ports(
    const frl_cluster_settings *s, frl_cluster_report *report) {
  frl_cluster_ports p;
  frl__cluster_ports_of(&p, s);
  judge_port(p.master, "spark-master", report);
  judge_port(p.master_ui, "spark-master UI", report);
  for (uint32_t i = 0; i < s->workers; i++) {
    judge_port(p.worker[i], "spark-worker", report);
    judge_port(p.worker_ui[i], "spark-worker UI", report);
  }
  judge_port(p.connect, "spark-connect", report);
  judge_port(p.connect_ui, "spark-connect UI", report);
  judge_port(p.emulator, "pubsub-emulator", report);
  judge_port(p.emulator_status, "pubsub-emulator page", report);
  judge_port(p.status, "status page", report);
}

/* ---- leftovers ---- */

typedef struct leftover {
  char text[TEXT_MAX];
  size_t n;
} leftover;

static void add_leftover(void *ctx, const frl_process *process) {
  leftover *l = ctx;
  const int n = snprintf(l->text + l->n, sizeof l->text - l->n, "%s%d (%s)",
      l->n ? ", " : "", process->pid, process->name);
  if (n > 0 && (size_t)n < sizeof l->text - l->n) l->n += (size_t)n;
}

void frl__cluster_judge_leftover(
    const frl_cluster_settings *s, frl_cluster_report *report) {
  frl_cluster_state state;
  leftover l = {.n = 0};
  if (frl__cluster_state_read(&state, s->folder, NULL) != FRL_OK || !state.id[0])
    return;
  if (frl__cluster_leftover(state.id, add_leftover, &l, NULL) != FRL_OK || !l.n) return;
  bad(report, "processes of an earlier cluster", l.text,
      "ferrule cluster stop --folder %s", s->folder);
}

frl_status frl_cluster_doctor(const frl_cluster_options *options,
    frl_cluster_finding_fn each, void *ctx, uint32_t *n_bad, frl_error *err) {
  frl_cluster_settings s;
  frl_cluster_facts facts;
  frl_cluster_report report = {.each = each, .ctx = ctx};
  FRL_TRY(frl__cluster_resolve(&s, options, err));
  frl__cluster_look(&facts, &s);
  frl__cluster_judge(&facts, &s, &report);
  if (frl__cluster_is_supervised(s.folder)) {
    good(&report, "cluster", "runs already; its ports are taken by itself");
  } else {
    frl__cluster_judge_leftover(&s, &report);
    frl__cluster_judge_ports(&s, &report);
  }
  *n_bad = report.bad;
  return FRL_OK;
}
