#include "cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "progress.h"

const char *cli_cluster_folder(const cli_args *args) {
  return cli_text(args, "folder", ".");
}

/* This very program: the supervisor and the emulator are it again. */
static bool own_path(char *out, size_t max) {
  const ssize_t n = readlink("/proc/self/exe", out, max - 1);
  if (n <= 0) return false;
  out[n] = '\0';
  return true;
}

static bool join_subscriptions(const cli_args *args, char *out, size_t max) {
  size_t n = 0;
  const char *text;
  out[0] = '\0';
  for (int i = 0; (text = cli_each(args, "subscription", i)); i++) {
    const int w = snprintf(out + n, max - n, "%s%s", n ? "," : "", text);
    if (!strchr(text, ':') || w < 0 || (size_t)w >= max - n) return false;
    n += (size_t)w;
  }
  return true;
}

int cli_cluster_read(cli_cluster_options *out, const cli_args *args) {
  uint64_t workers = 0;
  uint64_t cores = 0;
  uint64_t port_base = 0;
  frl_cluster_options *o = &out->options;
  *o = (frl_cluster_options){.struct_size = sizeof *o,
      .folder = cli_cluster_folder(args),
      .command = out->command,
      .python = cli_text(args, "python", getenv("PYSPARK_PYTHON")),
      .java_home = cli_text(args, "java-home", NULL),
      .jar = cli_text(args, "jar", getenv("FERRULE_JAR")),
      .wheel = cli_text(args, "wheel", NULL),
      .python_path = cli_text(args, "python-path", NULL),
      .project = cli_text(args, "project", NULL),
      .subscriptions = out->subscriptions,
      .restart = cli_flag(args, "restart"),
      .renew = cli_flag(args, "renew")};
  if (!cli_number(args, "workers", 1, 8, false, &workers) ||
      !cli_number(args, "cores", 1, 1024, false, &cores) ||
      !cli_number(args, "memory", 1ULL << 30, 1ULL << 44, true, &o->memory_bytes) ||
      !cli_number(args, "log-size", 256 << 10, 1ULL << 40, true, &o->log_bytes) ||
      !cli_number(args, "port-base", 1024, 65000, false, &port_base)) {
    return CLI_USAGE;
  }
  o->workers = (uint32_t)workers;
  o->cores = (uint32_t)cores;
  o->port_base = (uint16_t)port_base;
  if (!join_subscriptions(args, out->subscriptions, sizeof out->subscriptions)) {
    return cli_usage(args, "--subscription takes SUBSCRIPTION:TOPIC");
  }
  if (own_path(out->command, sizeof out->command)) return CLI_OK;
  return cli_usage(args, "the system does not say where this program lies");
}

static void warn(void *ctx, const char *text) {
  const cli_args *const *args = ctx;
  (void)fprintf(stderr, "ferrule %s: %s\n", (*args)->command->name, text);
}

void cli_cluster_warn(const cli_args *args) {
  /* a folder without a cluster is told by who asked for it */
  (void)!frl_cluster_warnings(cli_cluster_folder(args), warn, &args, NULL);
}

/* ---- up and start ---- */

typedef struct ascent {
  double began_s;
  bool quiet;
} ascent;

static void tell_change(void *ctx, const frl_cluster_service *s) {
  const ascent *a = ctx;
  if (a->quiet || s->state == FRL_CLUSTER_WAITING) return;
  (void)fprintf(stderr, "%5.1f s  %-16s %-9s %s\n", cli_now_s() - a->began_s, s->name,
      frl_cluster_state_name(s->state),
      s->state == FRL_CLUSTER_READY ? s->url : s->reason);
}

static void tell_finding(void *ctx, const frl_cluster_finding *f) {
  (void)ctx;
  (void)fprintf(stderr, "  %s: %s\n      %s\n", f->what, f->found, f->remedy);
}

static bool is_cancelled(void *ctx) {
  (void)ctx;
  return cli_interrupted();
}

int cli_cluster_raise(const cli_args *args, const frl_cluster_options *options) {
  ascent a = {.began_s = cli_now_s(), .quiet = cli_flag(args, "quiet")};
  uint64_t seconds = 0;
  if (!cli_number(args, "timeout", 1, 3600, false, &seconds)) return CLI_USAGE;
  const frl_cluster_watch watch = {.changed = tell_change,
      .found = tell_finding,
      .cancelled = is_cancelled,
      .ctx = &a,
      .timeout_ms = (uint32_t)seconds * 1000};
  frl_error err = {0};
  cli_interrupt_catch();
  const frl_status st = options
                            ? frl_cluster_up(options, &watch, &err)
                            : frl_cluster_start(cli_cluster_folder(args), &watch, &err);
  cli_cluster_warn(args);
  if (st != FRL_OK) return cli_fail(args, st, &err);
  if (a.quiet) return CLI_OK;
  char page[64] = "";
  if (frl_cluster_page(cli_cluster_folder(args), page, sizeof page, NULL) != FRL_OK) {
    page[0] = '\0';
  }
  (void)fprintf(stderr, "%5.1f s  up%s%s\n", cli_now_s() - a.began_s,
      page[0] ? "; status page: " : "", page);
  return CLI_OK;
}
