#include <ferrule/version.h>
#include <stdio.h>

#include "command.h"

static int run(const cli_args *args) {
  (void)args;
  (void)printf("ferrule %s\n", FRL_VERSION);
  return CLI_OK;
}

const cli_command cli_version = {
    .name = "version",
    .summary = "Print the version",
    .operands = "",
    .description = "Prints the version of the command and of the library in it.",
    .run = run,
};
