#include <stdio.h>

#include "pubsub_connection.h"

static int create(const cli_args *args) {
  frl_pubsub *pubsub = NULL;
  const int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  frl_error err = {0};
  frl_status st = FRL_OK;
  for (int i = 0; i < args->n_operands && st == FRL_OK; i++) {
    st = frl_pubsub_create_topic(pubsub, args->operands[i], &err);
    if (st == FRL_E_EXISTS && cli_flag(args, "if-missing")) st = FRL_OK;
  }
  frl_pubsub_close(pubsub);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static int delete (const cli_args *args) {
  frl_pubsub *pubsub = NULL;
  const int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  frl_error err = {0};
  frl_status st = FRL_OK;
  for (int i = 0; i < args->n_operands && st == FRL_OK; i++) {
    st = frl_pubsub_delete_topic(pubsub, args->operands[i], &err);
  }
  frl_pubsub_close(pubsub);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static frl_status print_name(void *ctx, const char *name) {
  (void)ctx;
  return puts(name) < 0 ? FRL_E_IO : FRL_OK;
}

static int list(const cli_args *args) {
  frl_pubsub *pubsub = NULL;
  const int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  frl_error err = {0};
  const frl_status st = frl_pubsub_list_topics(pubsub, print_name, NULL, &err);
  frl_pubsub_close(pubsub);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static const cli_option create_options[] = {
    CLI_CONNECTION_OPTIONS,
    {"if-missing", NULL, "A topic that is there already is no failure."},
    {0},
};

static const cli_option connection_options[] = {CLI_CONNECTION_OPTIONS, {0}};

const cli_command cli_topic_create = {
    .name = "pubsub topic create",
    .summary = "Create topics",
    .operands = "TOPIC...",
    .description =
        "Creates each topic. A name is full (projects/P/topics/T) or short "
        "(T, in the project of --project).",
    .examples = "  ferrule pubsub topic create flights --emulator-host localhost:8085",
    .options = create_options,
    .min_operands = 1,
    .max_operands = 1000,
    .run = create,
};

const cli_command cli_topic_list = {
    .name = "pubsub topic list",
    .summary = "List the project's topics",
    .operands = "",
    .description = "Prints the full name of every topic, one a line.",
    .options = connection_options,
    .run = list,
};

const cli_command cli_topic_delete = {
    .name = "pubsub topic delete",
    .summary = "Delete topics",
    .operands = "TOPIC...",
    .description =
        "Deletes each topic. Its subscriptions stay and keep what they have.",
    .options = connection_options,
    .min_operands = 1,
    .max_operands = 1000,
    .run = delete,
};
