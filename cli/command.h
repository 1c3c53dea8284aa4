/**
 * A subcommand as data: from one table come its parser, its help and its man page.
 */
#ifndef FERRULE_CLI_COMMAND_H
#define FERRULE_CLI_COMMAND_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What the process ends with. Part of the documented interface. */
enum cli_exit {
  CLI_OK = 0,
  CLI_FAILED = 1,      /* the work failed */
  CLI_USAGE = 2,       /* the command line is wrong */
  CLI_NOT_FOUND = 3,   /* a topic, a subscription or a file does not exist */
  CLI_DENIED = 4,      /* credentials missing, wrong or not sufficient */
  CLI_UNAVAILABLE = 5, /* the server cannot be reached */
  CLI_INTERRUPTED = 130
};

enum { CLI_OPTIONS_MAX = 24, CLI_VALUES_MAX = 64 };

typedef struct cli_option {
  const char *name;  /* long name without dashes; NULL ends the table */
  const char *value; /* its metavariable; NULL: a flag */
  const char *help;  /* one or two sentences */
} cli_option;

typedef struct cli_args {
  const struct cli_command *command;
  const char *values[CLI_OPTIONS_MAX][CLI_VALUES_MAX];
  int counts[CLI_OPTIONS_MAX];
  char **operands; /* borrowed from argv */
  int n_operands;
} cli_args;

typedef struct cli_command {
  const char *name;        /* "pubsub publish" */
  const char *summary;     /* one line, no full stop */
  const char *operands;    /* "TOPIC [FILE]" */
  const char *description; /* paragraphs, separated by empty lines */
  const char *examples;    /* lines of shell; a line beginning with # explains */
  const cli_option *options;
  int min_operands;
  int max_operands;
  int (*run)(const cli_args *args); /* gives an enum cli_exit */
} cli_command;

/** All commands, ended by NULL. */
extern const cli_command *const cli_commands[];

/* One file each, named as the command is. */
extern const cli_command cli_emulator;
extern const cli_command cli_topic_create;
extern const cli_command cli_topic_list;
extern const cli_command cli_topic_delete;
extern const cli_command cli_sub_create;
extern const cli_command cli_sub_list;
extern const cli_command cli_sub_delete;
extern const cli_command cli_publish;
extern const cli_command cli_pull;
extern const cli_command cli_cluster_up;
extern const cli_command cli_cluster_start;
extern const cli_command cli_cluster_stop;
extern const cli_command cli_cluster_clean;
extern const cli_command cli_cluster_ps;
extern const cli_command cli_cluster_run;
extern const cli_command cli_cluster_logs;
extern const cli_command cli_cluster_doctor;
extern const cli_command cli_cluster_supervise;
extern const cli_command cli_ddl;
extern const cli_command cli_kernel_check;
extern const cli_command cli_kernel_describe;
extern const cli_command cli_kernel_header;
extern const cli_command cli_kernel_new;
extern const cli_command cli_kernel_run;
extern const cli_command cli_man;
extern const cli_command cli_version;

/* ---- arguments (args.c) ---- */

/** Parses what follows the command's name; prints what is wrong. */
int cli_parse(cli_args *out, const cli_command *command, int argc, char **argv);
bool cli_flag(const cli_args *args, const char *name);
/** The last value given, or fallback. */
const char *cli_text(const cli_args *args, const char *name, const char *fallback);
/** The i-th value of a repeatable option, or NULL. */
const char *cli_each(const cli_args *args, const char *name, int i);
/**
 * A whole number from min to max; where bytes is true suffixes k, m, g (1024) work.
 * Prints what is wrong and gives false.
 */
bool cli_number(const cli_args *args, const char *name, uint64_t min, uint64_t max,
    bool bytes, uint64_t *inout);
/** Prints "ferrule NAME: ..." and gives CLI_USAGE. */
int cli_usage(const cli_args *args, const char *fmt, ...) FRL_PRINTF(2, 3);

/* ---- slips of the pen (nearest.c) ---- */

/** The option that a wrong name of n bytes may mean; NULL: none is near. */
const char *cli_nearest_option(const cli_command *command, const char *name, size_t n);
/** The command that the words may mean; NULL: none is near. */
const char *cli_nearest_command(int n_words, char **words);

/* ---- help (help.c) ---- */

void cli_print_help(const cli_command *command);
void cli_print_overview(void);
/** Whether a command begins with the words and goes on. */
bool cli_begins_a_command(int n_words, char **words);
/** Prints the commands that begin with the words and go on; false: there is none. */
bool cli_print_group(int n_words, char **words);
/** The man page in roff; NULL: the page of ferrule itself. */
void cli_print_man(const cli_command *command);
/** The command of the longest name that argv begins with; *used words. */
const cli_command *cli_find(int argc, char **argv, int *used);

/* ---- failures (failure.c) ---- */

/** What was printed must have been written: gives the exit code of the process. */
int cli_end(int rc);
/** Prints the failure and what to do, and gives the exit code for it. */
int cli_fail(const cli_args *args, frl_status status, const frl_error *err);

#endif /* FERRULE_CLI_COMMAND_H */
