#include <ferrule/version.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static int unknown_command(int argc, char **argv) {
  (void)fprintf(stderr, "ferrule: there is no command");
  for (int i = 0; i < argc && i < 3 && argv[i][0] != '-'; i++) {
    (void)fprintf(stderr, " %s", argv[i]);
  }
  (void)fprintf(stderr, "\nTry: ferrule --help\n");
  return CLI_USAGE;
}

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
         strcmp(word, "help") == 0;
}

static int run_help(int argc, char **argv) {
  int used = 0;
  const cli_command *c = cli_find(argc, argv, &used);
  if (argc > 0 && !c) return unknown_command(argc, argv);
  if (c) {
    cli_print_help(c);
  } else {
    cli_print_overview();
  }
  return CLI_OK;
}

int main(int argc, char **argv) {
  argc--;
  argv++;
  if (argc == 0) {
    cli_print_overview();
    return CLI_USAGE;
  }
  if (is_help(argv[0])) return run_help(argc - 1, argv + 1);
  if (strcmp(argv[0], "--version") == 0) {
    (void)printf("ferrule %s\n", FRL_VERSION);
    return CLI_OK;
  }
  int used = 0;
  const cli_command *command = cli_find(argc, argv, &used);
  if (!command) return unknown_command(argc, argv);
  cli_args args;
  /* getopt expects a program name before the options */
  const int rc = cli_parse(&args, command, argc - used + 1, argv + used - 1);
  return rc == CLI_OK ? command->run(&args) : rc;
}
