#include "command.h"

static int run(const cli_args *args) {
  if (args->n_operands == 0) {
    cli_print_man(NULL);
    return CLI_OK;
  }
  int used = 0;
  const cli_command *c = cli_find(args->n_operands, args->operands, &used);
  if (!c) return cli_usage(args, "there is no command %s", args->operands[0]);
  cli_print_man(c);
  return CLI_OK;
}

const cli_command cli_man = {
    .name = "man",
    .summary = "Print a manual page",
    .operands = "[COMMAND]",
    .description =
        "Prints the manual page of a command, or of ferrule itself, in the "
        "form that man reads. It is made from the same text as --help.",
    .examples = "  ferrule man pubsub publish | man -l -",
    .max_operands = 3,
    .run = run,
};
