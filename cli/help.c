#include <ctype.h>
#include <ferrule/version.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

enum { HELP_WIDTH = 80 };

/* Prints words wrapped at the width, every line behind `indent` spaces. */
static void print_wrapped(const char *text, int indent) {
  int column = 0;
  while (*text) {
    if (*text == '\n') {
      (void)putchar('\n');
      column = 0;
      text++;
      continue;
    }
    if (*text == ' ' && column == 0) {
      text++;
      continue;
    }
    const size_t n = strcspn(text, " \n");
    if (n == 0) {
      text++;
      continue;
    }
    if (column && column + 1 + (int)n > HELP_WIDTH) {
      (void)putchar('\n');
      column = 0;
    }
    const int lead = column ? 1 : indent;
    (void)printf("%*s%.*s", lead, "", (int)n, text);
    column += lead + (int)n;
    text += n;
  }
  (void)putchar('\n');
}

static void print_option(const cli_option *o) {
  (void)printf("  --%s%s%s\n", o->name, o->value ? " " : "", o->value ? o->value : "");
  print_wrapped(o->help, 6);
}

void cli_print_help(const cli_command *c) {
  (void)printf("ferrule %s: %s\n\n", c->name, c->summary);
  (void)printf("Usage: ferrule %s [OPTIONS]%s%s\n\n", c->name,
      c->operands[0] ? " " : "", c->operands);
  print_wrapped(c->description, 0);
  (void)printf("\nOptions:\n");
  for (const cli_option *o = c->options; o && o->name; o++) print_option(o);
  (void)printf("  -h, --help\n      This text.\n");
  if (c->examples) (void)printf("\nExamples:\n%s\n", c->examples);
}

static const char overview[] =
    "Ferrule is a native Arrow data plane for Apache Spark. This command runs its "
    "servers and moves messages without Spark.";

static const char exit_codes[] =
    "0 done; 1 the work failed; 2 the command line is wrong; 3 a topic, subscription "
    "or file does not exist; 4 credentials are missing, wrong or not sufficient; 5 "
    "the server cannot be reached; 130 interrupted.";

void cli_print_overview(void) {
  (void)printf("Usage: ferrule COMMAND [OPTIONS]\n\n");
  print_wrapped(overview, 0);
  (void)printf("\nCommands:\n");
  for (const cli_command *const *c = cli_commands; *c; c++) {
    (void)printf("  %-22s %s\n", (*c)->name, (*c)->summary);
  }
  (void)printf("\nferrule COMMAND --help explains one command.\n\nExit codes: ");
  print_wrapped(exit_codes, 0);
}

/* Where the name goes on behind the words; NULL: it does not begin with them. */
static const char *behind(const char *name, int n_words, char **words) {
  for (int i = 0; i < n_words; i++) {
    const size_t n = strlen(words[i]);
    if (strncmp(name, words[i], n) != 0 || name[n] != ' ') return NULL;
    name += n + 1;
  }
  return name;
}

bool cli_begins_a_command(int n_words, char **words) {
  for (const cli_command *const *c = cli_commands; *c; c++) {
    if (behind((*c)->name, n_words, words)) return true;
  }
  return false;
}

bool cli_print_group(int n_words, char **words) {
  bool any = false;
  for (const cli_command *const *c = cli_commands; *c && n_words; c++) {
    if (!behind((*c)->name, n_words, words)) continue;
    if (!any) {
      (void)printf("Usage: ferrule");
      for (int i = 0; i < n_words; i++) (void)printf(" %s", words[i]);
      (void)printf(" COMMAND [OPTIONS]\n\nCommands:\n");
    }
    any = true;
    (void)printf("  %-22s %s\n", (*c)->name, (*c)->summary);
  }
  if (any) (void)printf("\nferrule COMMAND --help explains one command.\n");
  return any;
}

/* Words of roff must not begin a line with a dot or hold a bare backslash. */
static void roff_text(const char *text) {
  bool line_start = true;
  for (; *text; text++) {
    if (line_start && (*text == '.' || *text == '\'')) (void)fputs("\\&", stdout);
    if (*text == '\\') {
      (void)fputs("\\e", stdout);
    } else if (*text == '-') {
      (void)fputs("\\-", stdout);
    } else {
      (void)putchar(*text);
    }
    line_start = *text == '\n';
  }
  (void)putchar('\n');
}

static void roff_heading(const char *command_name) {
  (void)printf(".TH FERRULE");
  for (const char *p = command_name; *p; p++) {
    (void)putchar(*p == ' ' ? '-' : toupper((unsigned char)*p));
  }
  (void)printf(" 1 \"\" \"ferrule %s\" \"Ferrule\"\n", FRL_VERSION);
}

static void roff_paragraphs(const char *text) {
  char part[4096];
  while (*text) {
    const char *gap = strstr(text, "\n\n");
    const size_t n = gap ? (size_t)(gap - text) : strlen(text);
    (void)snprintf(part, sizeof part, "%.*s", (int)n, text);
    (void)printf(".PP\n");
    roff_text(part);
    text += gap ? n + 2 : n;
  }
}

static void man_of_ferrule(void) {
  roff_heading("");
  (void)printf(".SH NAME\nferrule \\- native Arrow data plane for Apache Spark\n");
  (void)printf(".SH SYNOPSIS\n.B ferrule\nCOMMAND [OPTIONS]\n.SH DESCRIPTION\n");
  roff_text(overview);
  (void)printf(".SH COMMANDS\n");
  for (const cli_command *const *c = cli_commands; *c; c++) {
    (void)printf(".TP\n.B %s\n", (*c)->name);
    roff_text((*c)->summary);
  }
  (void)printf(".SH EXIT STATUS\n");
  roff_text(exit_codes);
}

static void man_of_command(const cli_command *c) {
  char page[64] = " ";
  (void)snprintf(page + 0, sizeof page, " %s", c->name);
  roff_heading(page);
  (void)printf(".SH NAME\nferrule %s \\- %s\n", c->name, c->summary);
  (void)printf(".SH SYNOPSIS\n.B ferrule %s\n[OPTIONS] %s\n", c->name, c->operands);
  (void)printf(".SH DESCRIPTION\n");
  roff_paragraphs(c->description);
  (void)printf(".SH OPTIONS\n");
  for (const cli_option *o = c->options; o && o->name; o++) {
    (void)printf(".TP\n.B \\-\\-%s %s\n", o->name, o->value ? o->value : "");
    roff_text(o->help);
  }
  (void)printf(".TP\n.B \\-h, \\-\\-help\nThe same as text.\n");
  if (c->examples) {
    (void)printf(".SH EXAMPLES\n.nf\n");
    roff_text(c->examples);
    (void)printf(".fi\n");
  }
  (void)printf(".SH EXIT STATUS\n");
  roff_text(exit_codes);
}

void cli_print_man(const cli_command *command) {
  if (command) {
    man_of_command(command);
  } else {
    man_of_ferrule();
  }
}

static int words_matched(const char *name, int argc, char **argv) {
  int used = 0;
  while (*name) {
    const size_t n = strcspn(name, " ");
    if (used == argc || strlen(argv[used]) != n || strncmp(argv[used], name, n) != 0) {
      return 0;
    }
    used++;
    name += n;
    if (*name == ' ') name++;
  }
  return used;
}

const cli_command *cli_find(int argc, char **argv, int *used) {
  const cli_command *best = NULL;
  *used = 0;
  for (const cli_command *const *c = cli_commands; *c; c++) {
    const int n = words_matched((*c)->name, argc, argv);
    if (n > *used) {
      best = *c;
      *used = n;
    }
  }
  return best;
}
