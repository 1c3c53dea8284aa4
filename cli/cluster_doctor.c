#include <stdio.h>

#include "cluster.h"

static void tell(void *ctx, const frl_cluster_finding *f) {
  (void)ctx;
  (void)printf("%-7s %s: %s\n", f->good ? "ok" : "not ok", f->what, f->found);
  if (!f->good) (void)printf("        %s\n", f->remedy);
}

static int run(const cli_args *args) {
  cli_cluster_options o;
  const int rc = cli_cluster_read(&o, args);
  if (rc != CLI_OK) return rc;
  uint32_t bad = 0;
  frl_error err = {0};
  const frl_status st = frl_cluster_doctor(&o.options, tell, NULL, &bad, &err);
  if (st != FRL_OK) return cli_fail(args, st, &err);
  return bad ? CLI_FAILED : CLI_OK;
}

static const cli_option options_table[] = {
    CLI_CLUSTER_FOLDER,
    CLI_CLUSTER_SETTINGS,
    {0},
};

const cli_command cli_cluster_doctor = {
    .name = "cluster doctor",
    .summary = "Check what a cluster needs, and say what to do",
    .operands = "",
    .description =
        "Looks for Java, Python, Spark and the jar, at memory, disk and every port, "
        "and "
        "for processes of an earlier cluster. Starts nothing. Ends with 1 where one of "
        "them would keep a cluster from starting.",
    .examples = "  ferrule cluster doctor --port-base 21000",
    .options = options_table,
    .run = run,
};
