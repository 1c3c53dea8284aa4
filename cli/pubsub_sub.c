#include "pubsub_resources.h"

enum {
  DEADLINE_MIN_S = 10,
  DEADLINE_MAX_S = 600,
  ATTEMPTS_MIN = 5,
  ATTEMPTS_MAX = 100
};
enum { RETENTION_MIN_S = 10 * 60, RETENTION_MAX_S = 31 * 24 * 3600 };

/* 0 where it is not given: then the server's default holds. */
static bool number(
    const cli_args *args, const char *name, uint64_t min, uint64_t max, uint32_t *out) {
  uint64_t value = 0;
  if (!cli_number(args, name, min, max, false, &value)) return false;
  *out = (uint32_t)value;
  return true;
}

static int create(const cli_args *args) {
  frl_subscription_options options = {
      .struct_size = sizeof options,
      .topic = args->operands[1],
      .ordered = cli_flag(args, "ordered"),
      .exactly_once = cli_flag(args, "exactly-once"),
      .filter = cli_text(args, "filter", NULL),
      .dead_letter_topic = cli_text(args, "dead-letter-topic", NULL),
      .retain_acked = cli_flag(args, "retain-acked"),
  };
  if (!number(args, "ack-deadline", DEADLINE_MIN_S, DEADLINE_MAX_S,
          &options.ack_deadline_s) ||
      !number(args, "max-delivery-attempts", ATTEMPTS_MIN, ATTEMPTS_MAX,
          &options.max_delivery_attempts) ||
      !number(
          args, "retention", RETENTION_MIN_S, RETENTION_MAX_S, &options.retention_s)) {
    return CLI_USAGE;
  }
  if (options.max_delivery_attempts && !options.dead_letter_topic) {
    return cli_usage(args, "--max-delivery-attempts needs --dead-letter-topic");
  }
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
  return cli_call_each(args, frl_pubsub_delete_subscription, FRL_OK);
}

static int list(const cli_args *args) {
  return cli_print_list(args, frl_pubsub_list_subscriptions);
}

static const cli_option create_options[] = {
    CLI_CONNECTION_OPTIONS,
    {"ack-deadline", "SECONDS", "Time to ack a message, 10 to 600. Default: 10."},
    {"ordered", NULL, "Messages of one ordering key are delivered in their order."},
    {"exactly-once", NULL, "The server keeps an acked message from coming again."},
    {"filter", "TEXT", "Deliver only messages whose attributes match."},
    {"dead-letter-topic", "TOPIC",
        "Where a message goes that was delivered too often. It must exist."},
    {"max-delivery-attempts", "N",
        "Deliveries before the dead letter topic gets a message, 5 to 100. Default: "
        "5."},
    {"retention", "SECONDS",
        "How long a message that is not acked is kept, 600 (10 minutes) to 2678400 (31 "
        "days). Default: 604800 (7 days)."},
    {"retain-acked", NULL,
        "Acked messages are kept as long, so that a seek finds them."},
    {"if-missing", NULL, "A subscription that is there already is no failure."},
    {0},
};

const cli_command cli_sub_create = {
    .name = "pubsub sub create",
    .summary = "Create a subscription",
    .operands = "SUBSCRIPTION TOPIC",
    .description =
        "Creates a subscription to a topic. Names are full "
        "(projects/P/subscriptions/S) or short.",
    .examples =
        "  ferrule pubsub sub create flights-sub flights --ack-deadline 60\n"
        "  # what fails ten times goes to flights-dead\n"
        "  ferrule pubsub sub create flights-sub flights --dead-letter-topic "
        "flights-dead --max-delivery-attempts 10",
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
    .options = cli_connection_options,
    .run = list,
};

const cli_command cli_sub_delete = {
    .name = "pubsub sub delete",
    .summary = "Delete subscriptions",
    .operands = "SUBSCRIPTION...",
    .description = "Deletes each subscription with all that it has not delivered.",
    .options = cli_connection_options,
    .min_operands = 1,
    .max_operands = 1000,
    .run = delete,
};
