#include <errno.h>
#include <fcntl.h>
#include <ferrule/version.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
         strcmp(word, "help") == 0;
}

static int no_such_option(const char *word) {
  (void)fprintf(stderr, "ferrule: there is no option %s\nTry: ferrule --help\n", word);
  return CLI_USAGE;
}

/* No command: perhaps the first words of several. */
static int unknown_command(int argc, char **argv, bool help) {
  int n = 0;
  while (n < argc && n < 3 && argv[n][0] != '-') n++;
  const bool asked = help || (n < argc && is_help(argv[n]));
  if ((asked || n == argc) && cli_print_group(n, argv)) {
    return asked ? CLI_OK : CLI_USAGE;
  }
  if (n > 0 && n < argc && cli_begins_a_command(n, argv)) {
    return no_such_option(argv[n]);
  }
  if (n == 0) return no_such_option(argv[0]);
  (void)fprintf(stderr, "ferrule: there is no command");
  for (int i = 0; i < n; i++) (void)fprintf(stderr, " %s", argv[i]);
  const char *nearest = cli_nearest_command(n, argv);
  if (nearest) (void)fprintf(stderr, "; did you mean %s?", nearest);
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

static int run(int argc, char **argv) {
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

/*
 * Where we were started without one of the three, a socket would get its number. It is
 * opened for what it is not used for, so that using it still fails.
 */
static void open_standard_files(void) {
  for (int fd = 0; fd < 3; fd++) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) return;
  }
}

int main(int argc, char **argv) {
  open_standard_files();
  return cli_end(run(argc - 1, argv + 1));
}
