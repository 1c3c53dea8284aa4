#include "cluster.h"

static int run_up(const cli_args *args) {
  cli_cluster_options o;
  const int rc = cli_cluster_read(&o, args);
  return rc == CLI_OK ? cli_cluster_raise(args, &o.options) : rc;
}

static int run_start(const cli_args *args) { return cli_cluster_raise(args, NULL); }

static const cli_option up_options[] = {
    CLI_CLUSTER_FOLDER,
    CLI_CLUSTER_SETTINGS,
    {"restart", NULL, "Start a service again that ends, with growing waits."},
    {"renew", NULL,
        "Where it runs an older build of jar, wheel or command, and nobody uses it: "
        "stop "
        "it and start it again."},
    {"timeout", "SECONDS", "How long to wait for readiness. Default: 180."},
    {"quiet", NULL, "Only failures."},
    {0},
};

static const cli_option start_options[] = {
    CLI_CLUSTER_FOLDER,
    {"timeout", "SECONDS", "How long to wait for readiness. Default: 180."},
    {"quiet", NULL, "Only failures."},
    {0},
};

const cli_command cli_cluster_up = {
    .name = "cluster up",
    .summary = "Start a local Spark cluster with Connect and the emulator",
    .operands = "",
    .description =
        "Starts spark-master, spark-worker, spark-connect and pubsub-emulator as "
        "processes of their own on 127.0.0.1 and returns when each of them answers. A "
        "supervisor stays and watches over them. Before anything is started all of it "
        "is checked, as by ferrule cluster doctor.\n\n"
        "Where the cluster runs already nothing happens, but that services which have "
        "ended are started again.",
    .examples =
        "  ferrule cluster up --workers 2 --subscription flights-sub:flights\n"
        "  # then, in Python\n"
        "  SparkSession.builder.remote(\"sc://localhost:15002\").getOrCreate()",
    .options = up_options,
    .run = run_up,
};

const cli_command cli_cluster_start = {
    .name = "cluster start",
    .summary = "Start the cluster again with its former settings",
    .operands = "",
    .description =
        "As ferrule cluster up, with the settings that the last up had in this folder.",
    .examples = "  ferrule cluster stop\n  ferrule cluster start",
    .options = start_options,
    .run = run_start,
};
