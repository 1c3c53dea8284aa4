#include <ferrule/version.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
         strcmp(word, "help") == 0;
}

/* No command: perhaps the first words of several. */
static int unknown_command(int argc, char **argv, bool help) {
  int n = 0;
  while (n < argc && n < 3 && argv[n][0] != '-') n++;
  const bool asked = help || (n < argc && is_help(argv[n]));
  if ((asked || n == argc) && cli_print_group(n, argv)) {
    return asked ? CLI_OK : CLI_USAGE;
  }
  (void)fprintf(stderr, "ferrule: there is no command");
  for (int i = 0; i < n; i++) (void)fprintf(stderr, " %s", argv[i]);
  (void)fprintf(stderr, "\nTry: ferrule --help\n");
  return CLI_USAGE;
}

static int run_help(int argc, char **argv) {
  int used = 0;
  const cli_command *c = cli_find(argc, argv, &used);
  if (argc > 0 && !c) return unknown_command(argc, argv, true);
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
  if (!command) return unknown_command(argc, argv, false);
  cli_args args;
  /* getopt expects a program name before the options */
  const int rc = cli_parse(&args, command, argc - used + 1, argv + used - 1);
  return rc == CLI_OK ? command->run(&args) : rc;
}
