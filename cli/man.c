#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

enum { PATH_MAX_BYTES = 4096, NAME_MAX_BYTES = 128 };

static const cli_option options[] = {
    {"to", "DIR", "Writes the pages of ferrule and of every command into this folder."},
    {0},
};

/** DIR/ferrule-pubsub-publish.1 for "pubsub publish", DIR/ferrule.1 for NULL. */
static bool page_path(char *out, const char *folder, const cli_command *command) {
  const int n = snprintf(out, PATH_MAX_BYTES, "%s/ferrule%s%s.1", folder,
      command ? "-" : "", command ? command->name : "");
  if (n < 0 || n >= PATH_MAX_BYTES) return false;
  for (char *p = strrchr(out, '/'); *p; p++) {
    if (*p == ' ') *p = '-';
  }
  return true;
}

/** The page is printed: standard output becomes the file. */
static bool write_page(const char *folder, const cli_command *command) {
  char path[PATH_MAX_BYTES];
  if (!page_path(path, folder, command)) {
    errno = ENAMETOOLONG;
  } else if (freopen(path, "w", stdout)) {
    cli_print_man(command);
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
  }
  (void)fprintf(stderr, "ferrule man: %s: %s\n", folder, strerror(errno));
  return false;
}

static int write_pages(const char *folder) {
  if (!write_page(folder, NULL)) return CLI_FAILED;
  for (const cli_command *const *c = cli_commands; *c; c++) {
    if (!write_page(folder, *c)) return CLI_FAILED;
  }
  return CLI_OK;
}

static int no_page(const cli_args *args) {
  char words[NAME_MAX_BYTES] = "";
  size_t n = 0;
  for (int i = 0; i < args->n_operands && n < sizeof words; i++) {
    const int w = snprintf(words + n, sizeof words - n, " %s", args->operands[i]);
    n += w > 0 ? (size_t)w : 0;
  }
  if (cli_begins_a_command(args->n_operands, args->operands)) {
    return cli_usage(
        args, "several commands begin with%s; name one of them whole", words);
  }
  const char *nearest = cli_nearest_command(args->n_operands, args->operands);
  if (!nearest) return cli_usage(args, "there is no command%s", words);
  return cli_usage(args, "there is no command%s; did you mean %s?", words, nearest);
}

static int run(const cli_args *args) {
  const char *folder = cli_text(args, "to", NULL);
  if (folder && args->n_operands) return cli_usage(args, "--to takes no COMMAND");
  if (folder) return write_pages(folder);
  if (args->n_operands == 0) {
    cli_print_man(NULL);
    return CLI_OK;
  }
  int used = 0;
  const cli_command *c = cli_find(args->n_operands, args->operands, &used);
  if (!c) return no_page(args);
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
    .examples =
        "  ferrule man pubsub publish | man -l -\n"
        "  ferrule man --to /usr/local/share/man/man1",
    .options = options,
    .max_operands = 3,
    .run = run,
};
