#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"

static int run_stop(const cli_args *args) {
  uint32_t ended = 0;
  frl_error err = {0};
  const frl_status st = frl_cluster_stop(cli_cluster_folder(args), &ended, &err);
  if (st != FRL_OK) return cli_fail(args, st, &err);
  (void)fprintf(stderr, ended ? "stopped\n" : "nothing was running\n");
  return CLI_OK;
}

/* 1: yes, 0: no, -1: nobody to ask. */
static int ask(const char *question) {
  char answer[16] = "";
  if (!isatty(STDIN_FILENO)) return -1;
  (void)fprintf(stderr, "%s [y/N] ", question);
  if (!fgets(answer, sizeof answer, stdin)) return 0;
  return answer[0] == 'y' || answer[0] == 'Y';
}

static bool is_forced(const cli_args *args) {
  const char *force = getenv("FORCE");
  return cli_flag(args, "force") || (force && strcmp(force, "1") == 0);
}

static int run_clean(const cli_args *args) {
  const char *folder = cli_cluster_folder(args);
  char tables[4096];
  char question[4200];
  (void)snprintf(tables, sizeof tables, "%s/spark-warehouse", folder);
  if (access(tables, F_OK) == 0 && !is_forced(args)) {
    (void)snprintf(question, sizeof question, "Delete the tables in %s?", tables);
    const int yes = ask(question);
    if (yes <= 0) {
      (void)fprintf(stderr, "ferrule cluster clean: %s is kept, and all the rest; %s\n",
          tables, yes < 0 ? "--force or FORCE=1 deletes it" : "nothing was deleted");
      return CLI_FAILED;
    }
  }
  frl_error err = {0};
  const frl_status st = frl_cluster_clean(folder, true, &err);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static const cli_option stop_options[] = {CLI_CLUSTER_FOLDER, {0}};

static const cli_option clean_options[] = {
    CLI_CLUSTER_FOLDER,
    {"force", NULL, "Do not ask. The environment's FORCE=1 does the same."},
    {0},
};

const cli_command cli_cluster_stop = {
    .name = "cluster stop",
    .summary = "End every process of the cluster",
    .operands = "",
    .description =
        "Ends the services and all that they have started, also where the supervisor "
        "was killed. Tables, topics and checkpoints stay.",
    .examples = "  ferrule cluster stop",
    .options = stop_options,
    .run = run_stop,
};

const cli_command cli_cluster_clean = {
    .name = "cluster clean",
    .summary = "Stop, and delete state, logs, checkpoints and tables",
    .operands = "",
    .description =
        "Ends the cluster and deletes what it made in its folder: .cluster, "
        "checkpoints "
        "and spark-warehouse. Asks before it deletes tables; where nobody can be asked "
        "it deletes nothing.",
    .examples = "  FORCE=1 ferrule cluster clean",
    .options = clean_options,
    .run = run_clean,
};
