#include <stdio.h>

#include "pubsub_connection.h"

static int create(const cli_args *args) {
  uint64_t deadline_s = 10;
  if (!cli_number(args, "ack-deadline", 10, 600, false, &deadline_s)) return CLI_USAGE;
  const frl_subscription_options options = {
      .struct_size = sizeof options,
      .topic = args->operands[1],
      .ack_deadline_s = (uint32_t)deadline_s,
      .ordered = cli_flag(args, "ordered"),
      .exactly_once = cli_flag(args, "exactly-once"),
      .filter = cli_text(args, "filter", NULL),
  };
  frl_pubsub *pubsub = NULL;
  const int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  frl_error err = {0};
  frl_status st =
      frl_pubsub_create_subscription(pubsub, args->operands[0], &options, &err);
  if (st == FRL_E_EXISTS && cli_flag(args, "if-missing")) st = FRL_OK;
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
    st = frl_pubsub_delete_subscription(pubsub, args->operands[i], &err);
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
  const frl_status st = frl_pubsub_list_subscriptions(pubsub, print_name, NULL, &err);
  frl_pubsub_close(pubsub);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static const cli_option create_options[] = {
    CLI_CONNECTION_OPTIONS,
    {"ack-deadline", "SECONDS", "Time to ack a message, 10 to 600. Default: 10."},
    {"ordered", NULL, "Messages of one ordering key are delivered in their order."},
    {"exactly-once", NULL, "The server keeps an acked message from coming again."},
    {"filter", "TEXT", "Deliver only messages whose attributes match."},
    {"if-missing", NULL, "A subscription that is there already is no failure."},
    {0},
};

static const cli_option connection_options[] = {CLI_CONNECTION_OPTIONS, {0}};

const cli_command cli_sub_create = {
    .name = "pubsub sub create",
    .summary = "Create a subscription",
    .operands = "SUBSCRIPTION TOPIC",
    .description =
        "Creates a subscription to a topic. Names are full "
        "(projects/P/subscriptions/S) or short.",
    .examples = "  ferrule pubsub sub create flights-sub flights --ack-deadline 60",
    .options = create_options,
    .min_operands = 2,
    .max_operands = 2,
    .run = create,
};

const cli_command cli_sub_list = {
    .name = "pubsub sub list",
    .summary = "List the project's subscriptions",
    .operands = "",
    .description = "Prints the full name of every subscription, one a line.",
    .options = connection_options,
    .run = list,
};

const cli_command cli_sub_delete = {
    .name = "pubsub sub delete",
    .summary = "Delete subscriptions",
    .operands = "SUBSCRIPTION...",
    .description = "Deletes each subscription with all that it has not delivered.",
    .options = connection_options,
    .min_operands = 1,
    .max_operands = 1000,
    .run = delete,
};
