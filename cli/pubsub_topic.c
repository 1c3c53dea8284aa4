#include "pubsub_resources.h"

static int create(const cli_args *args) {
  return cli_call_each(args, frl_pubsub_create_topic,
      cli_flag(args, "if-missing") ? FRL_E_EXISTS : FRL_OK);
}

static int delete (const cli_args *args) {
  return cli_call_each(args, frl_pubsub_delete_topic, FRL_OK);
}

static int list(const cli_args *args) {
  return cli_print_list(args, frl_pubsub_list_topics);
}

static const cli_option create_options[] = {
    CLI_CONNECTION_OPTIONS,
    {"if-missing", NULL, "A topic that is there already is no failure."},
    {0},
};

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
    .options = cli_connection_options,
    .run = list,
};

const cli_command cli_topic_delete = {
    .name = "pubsub topic delete",
    .summary = "Delete topics",
    .operands = "TOPIC...",
    .description =
        "Deletes each topic. Its subscriptions stay and keep what they have.",
    .options = cli_connection_options,
    .min_operands = 1,
    .max_operands = 1000,
    .run = delete,
};
