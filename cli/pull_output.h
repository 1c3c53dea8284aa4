/** Where pulled batches go: text, JSON lines or an Arrow stream. */
#ifndef FERRULE_CLI_PULL_OUTPUT_H
#define FERRULE_CLI_PULL_OUTPUT_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <stdio.h>

typedef enum pull_format { PULL_TEXT, PULL_JSONL, PULL_ARROW } pull_format;

typedef struct pull_output {
  pull_format format;
  FILE *file;
  const char *path; /* "-": standard output */
  frl_ipc_writer *ipc;
} pull_output;

/**
 * path "-": standard output. A file that is there keeps what is in it until
 * pull_output_begin.
 */
FRL_NODISCARD frl_status pull_output_open(
    pull_output *o, pull_format format, const char *path, frl_error *err);
/** schema is borrowed. */
FRL_NODISCARD frl_status pull_output_begin(
    pull_output *o, const struct ArrowSchema *schema, frl_error *err);
/**
 * Writes the rows through to the system: when it returns FRL_OK a crash of this
 * process loses none of them. The columns are those of pull_columns.
 */
FRL_NODISCARD frl_status pull_output_write(
    pull_output *o, const struct ArrowArray *batch, frl_error *err);
FRL_NODISCARD frl_status pull_output_close(pull_output *o, frl_error *err);

/** The columns each format needs, bits of frl_pubsub_column. */
unsigned pull_columns(pull_format format);

#endif /* FERRULE_CLI_PULL_OUTPUT_H */
