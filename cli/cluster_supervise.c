#include <ferrule/log.h>
#include <stdio.h>
#include <time.h>

#include "cluster.h"

static void print_line(
    void *ctx, enum frl_log_level level, const char *facility, const char *line) {
  static const char *const names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
  struct timespec now;
  struct tm utc;
  char text[32] = "";
  (void)ctx;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (gmtime_r(&now.tv_sec, &utc)) {
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  }
  /* the form of cluster/conf/log4j2.properties */
  (void)fprintf(stderr, "%s.%03ldZ %s %s: %s\n", text, now.tv_nsec / 1000000,
      names[level], facility, line);
}

static int run(const cli_args *args) {
  frl_error err = {0};
  frl_log_set(print_line, NULL, FRL_LOG_INFO);
  const frl_status st = frl_cluster_supervise(cli_cluster_folder(args), &err);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static const cli_option options_table[] = {CLI_CLUSTER_FOLDER, {0}};

const cli_command cli_cluster_supervise = {
    .name = "cluster supervise",
    .summary = "Be the supervisor (what cluster up starts)",
    .operands = "",
    .description =
        "Starts the services with the settings of the last up, in the foreground, and "
        "watches over them until SIGTERM or Ctrl-C, which ends them all. For a "
        "container or an init system; ferrule cluster up starts it by itself.",
    .examples = "  ferrule cluster supervise --folder /srv/spark",
    .options = options_table,
    .run = run,
};
