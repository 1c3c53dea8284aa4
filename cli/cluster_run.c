#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"

enum { WORDS_MAX = 128 };

static bool ends_with(const char *text, const char *ending) {
  const size_t n = strlen(text);
  const size_t m = strlen(ending);
  return n >= m && strcmp(text + n - m, ending) == 0;
}

/* The pipelines' own command line, as a Connect client: no JVM of its own. */
static const char run_pipeline[] =
    "import os, runpy, sys\n"
    "import pyspark.pipelines\n"
    "os.environ['SPARK_CONNECT_MODE_ENABLED'] = '1'\n"
    "sys.argv[0] = os.path.join(os.path.dirname(pyspark.pipelines.__file__), "
    "'cli.py')\n"
    "try:\n"
    "    runpy.run_path(sys.argv[0], run_name='__main__')\n"
    "except KeyboardInterrupt:\n"
    "    from pyspark.sql import SparkSession\n"
    "    session = SparkSession.getActiveSession()\n"
    "    if session: session.interruptAll()\n"
    "    print('interrupted: the update is cancelled', file=sys.stderr)\n"
    "    sys.exit(130)\n";

static int pipeline_words(const cli_args *args, const char **words) {
  int n = 0;
  words[n++] = "python";
  words[n++] = "-u";
  words[n++] = "-c";
  words[n++] = run_pipeline;
  words[n++] = cli_flag(args, "dry") ? "dry-run" : "run";
  words[n++] = "--spec";
  words[n++] = args->n_operands ? args->operands[0] : "spark-pipeline.yml";
  if (cli_flag(args, "full-refresh-all")) words[n++] = "--full-refresh-all";
  const char *text;
  for (int i = 0; (text = cli_each(args, "full-refresh", i)); i++) {
    words[n++] = "--full-refresh";
    words[n++] = text;
  }
  for (int i = 0; (text = cli_each(args, "refresh", i)); i++) {
    words[n++] = "--refresh";
    words[n++] = text;
  }
  return n;
}

/* Without --remote spark-pipelines would start a Spark of its own, whatever
   SPARK_REMOTE says, and pyspark greet with a traceback. */
static bool lacks_remote(const cli_args *args) {
  const bool shell = strcmp(args->operands[0], "pyspark") == 0;
  if (!shell && strcmp(args->operands[0], "spark-pipelines") != 0) return false;
  if (cli_flag(args, "classic")) return false;
  bool runs = shell;
  for (int i = 1; i < args->n_operands; i++) {
    const char *word = args->operands[i];
    if (strncmp(word, "--remote", 8) == 0 || strcmp(word, "--master") == 0)
      return false;
    runs = runs || strcmp(word, "run") == 0 || strcmp(word, "dry-run") == 0;
  }
  return runs;
}

static int command_words(const cli_args *args, const char **words) {
  int n = 0;
  if (lacks_remote(args)) {
    words[n++] = "sh";
    words[n++] = "-c";
    words[n++] = "exec \"$@\" --remote \"$SPARK_REMOTE\"";
    words[n++] = "sh";
  }
  if (cli_flag(args, "classic")) {
    /* Spark refuses a master beside the address of a Connect server */
    words[n++] = "sh";
    words[n++] = "-c";
    words[n++] = "unset SPARK_REMOTE; MASTER=$SPARK_MASTER; export MASTER; exec \"$@\"";
    words[n++] = "sh";
  }
  if (ends_with(args->operands[0], ".py")) words[n++] = "python";
  for (int i = 0; i < args->n_operands; i++) words[n++] = args->operands[i];
  return n;
}

static int run(const cli_args *args) {
  const char *words[CLI_VALUES_MAX * 4 + WORDS_MAX];
  const bool pipeline = args->n_operands == 0 || ends_with(args->operands[0], ".yml") ||
                        ends_with(args->operands[0], ".yaml");
  if (pipeline && args->n_operands > 1) {
    return cli_usage(args, "one word too many: %s", args->operands[1]);
  }
  const char *spec = args->n_operands ? args->operands[0] : "spark-pipeline.yml";
  if (pipeline && access(spec, R_OK) != 0) {
    (void)fprintf(stderr,
        "ferrule cluster run: %s: %s; name a pipeline's spec, or be in its folder\n",
        spec, strerror(errno));
    return CLI_NOT_FOUND;
  }
  const int n = pipeline ? pipeline_words(args, words) : command_words(args, words);
  words[n] = NULL;
  int code = 0;
  frl_error err = {0};
  cli_cluster_warn(args);
  const frl_status st = frl_cluster_run(
      cli_cluster_folder(args), words, cli_flag(args, "interactive"), &code, &err);
  return st == FRL_OK ? code : cli_fail(args, st, &err);
}

static const cli_option options_table[] = {
    CLI_CLUSTER_FOLDER,
    {"dry", NULL, "Only check the pipeline's graph."},
    {"full-refresh", "TABLE,...",
        "Empty these tables of the pipeline and compute them anew; the others are left "
        "out."},
    {"full-refresh-all", NULL, "The same for all of them."},
    {"refresh", "TABLE,...", "Update only these."},
    {"classic", NULL,
        "Without SPARK_REMOTE: the program is a Spark driver of its own, on the same "
        "master."},
    {"interactive", NULL,
        "The program has the terminal for itself; nothing is logged."},
    {0},
};

const cli_command cli_cluster_run = {
    .name = "cluster run",
    .summary = "Run a pipeline or a program against the cluster",
    .operands = "[SPEC.yml | SCRIPT.py [WORD...] | -- PROGRAM [WORD...]]",
    .description =
        "Without a word: the pipeline of spark-pipeline.yml. It runs in the Connect "
        "server; no second JVM is started. A script or a program finds SPARK_REMOTE, "
        "SPARK_MASTER, SPARK_HOME, PUBSUB_EMULATOR_HOST and the cluster's Python in "
        "its "
        "environment. While it runs ferrule cluster ps shows it as spark-app. The exit "
        "code is its own.",
    .examples =
        "  ferrule cluster run --full-refresh-all\n"
        "  ferrule cluster run examples/connect/flights.py\n"
        "  ferrule cluster run --interactive -- pyspark\n"
        "  ferrule cluster run --interactive --classic -- spark-shell",
    .options = options_table,
    .max_operands = WORDS_MAX - 8,
    .run = run,
};
