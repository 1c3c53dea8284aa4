#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

int cli_usage(const cli_args *args, const char *fmt, ...) {
  (void)fprintf(stderr, "ferrule %s: ", args->command->name);
  va_list list;
  va_start(list, fmt);
  (void)vfprintf(stderr, fmt, list);
  va_end(list);
  (void)fprintf(stderr, "\nTry: ferrule %s --help\n", args->command->name);
  return CLI_USAGE;
}

static int option_index(const cli_args *args, const char *name) {
  const cli_option *o = args->command->options;
  for (int i = 0; o && o[i].name; i++) {
    if (strcmp(o[i].name, name) == 0) return i;
  }
  return -1;
}

static int fill_getopt_table(const cli_command *command, struct option *table) {
  int n = 0;
  for (; command->options && command->options[n].name && n < CLI_OPTIONS_MAX; n++) {
    table[n] = (struct option){command->options[n].name,
        command->options[n].value ? required_argument : no_argument, NULL, n + 256};
  }
  table[n] = (struct option){"help", no_argument, NULL, 'h'};
  table[n + 1] = (struct option){0};
  return n;
}

static int keep_value(cli_args *out, int index) {
  if (out->counts[index] == CLI_VALUES_MAX) {
    return cli_usage(out, "--%s is given more than %d times",
        out->command->options[index].name, CLI_VALUES_MAX);
  }
  out->values[index][out->counts[index]++] = optarg ? optarg : "";
  return CLI_OK;
}

static bool is_flag(const cli_command *command, const char *name, size_t n) {
  const cli_option *o = command->options;
  for (; o && o->name; o++) {
    if (strlen(o->name) == n && strncmp(o->name, name, n) == 0) return !o->value;
  }
  return false;
}

static int refuse_option(const cli_args *out, char **argv, int missing_value) {
  /* getopt_long leaves the word it stumbled over right behind it */
  const char *word = argv[optind - 1];
  if (missing_value) return cli_usage(out, "%s needs a value", word);
  const char *name = word + strspn(word, "-");
  const size_t n = strcspn(name, "=");
  if (name[n] && is_flag(out->command, name, n)) {
    return cli_usage(out, "--%.*s takes no value", (int)n, name);
  }
  const char *nearest = cli_nearest_option(out->command, name, n);
  if (!nearest) return cli_usage(out, "there is no option %s", word);
  return cli_usage(out, "there is no option %s; did you mean --%s?", word, nearest);
}

int cli_parse(cli_args *out, const cli_command *command, int argc, char **argv) {
  memset(out, 0, sizeof *out);
  out->command = command;
  struct option table[CLI_OPTIONS_MAX + 2];
  (void)fill_getopt_table(command, table);
  opterr = 0;
  optind = 1;
  for (;;) {
    const int c = getopt_long(argc, argv, ":h", table, NULL);
    if (c == -1) break;
    if (c == 'h') {
      cli_print_help(command);
      exit(cli_end(CLI_OK));
    }
    if (c == '?' || c == ':') return refuse_option(out, argv, c == ':');
    const int rc = keep_value(out, c - 256);
    if (rc != CLI_OK) return rc;
  }
  out->operands = argv + optind;
  out->n_operands = argc - optind;
  if (out->n_operands < command->min_operands) {
    return cli_usage(out, "something is missing: %s", command->operands);
  }
  if (out->n_operands > command->max_operands) {
    return cli_usage(
        out, "one word too many: %s", argv[optind + command->max_operands]);
  }
  return CLI_OK;
}

bool cli_flag(const cli_args *args, const char *name) {
  const int i = option_index(args, name);
  return i >= 0 && args->counts[i] > 0;
}

const char *cli_text(const cli_args *args, const char *name, const char *fallback) {
  const int i = option_index(args, name);
  if (i < 0 || args->counts[i] == 0) return fallback;
  return args->values[i][args->counts[i] - 1];
}

const char *cli_each(const cli_args *args, const char *name, int i) {
  const int at = option_index(args, name);
  return at >= 0 && i < args->counts[at] ? args->values[at][i] : NULL;
}

static unsigned suffix_shift(const char *suffix) {
  if (strcmp(suffix, "k") == 0 || strcmp(suffix, "K") == 0) return 10;
  if (strcmp(suffix, "m") == 0 || strcmp(suffix, "M") == 0) return 20;
  if (strcmp(suffix, "g") == 0 || strcmp(suffix, "G") == 0) return 30;
  return 0;
}

/* 1073741824 as 1g */
static void bound_text(char out[32], uint64_t value, bool bytes) {
  static const char suffixes[] = {'\0', 'k', 'm', 'g', '\0'};
  size_t i = 0;
  while (bytes && value && value % 1024 == 0 && suffixes[i + 1]) {
    value /= 1024;
    i++;
  }
  (void)snprintf(out, 32, "%llu%c", (unsigned long long)value, suffixes[i]);
}

bool cli_number(const cli_args *args, const char *name, uint64_t min, uint64_t max,
    bool bytes, uint64_t *inout) {
  const char *text = cli_text(args, name, NULL);
  if (!text) return true;
  char *end = NULL;
  errno = 0;
  uint64_t value = text[0] == '-' ? 0 : strtoull(text, &end, 10);
  const bool digits = end && end != text && errno == 0;
  const unsigned shift = digits && bytes && *end ? suffix_shift(end) : 0;
  const bool whole = digits && (*end == '\0' || shift != 0);
  const bool wraps = shift && value > UINT64_MAX >> shift;
  value <<= shift;
  if (!whole || wraps || value < min || value > max) {
    char least[32];
    char most[32];
    bound_text(least, min, bytes);
    bound_text(most, max, bytes);
    (void)cli_usage(args, "--%s %s: a whole number from %s to %s is needed", name, text,
        least, most);
    return false;
  }
  *inout = value;
  return true;
}
