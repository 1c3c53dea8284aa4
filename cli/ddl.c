#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "schema_file.h"

static frl_status read_schema(
    const cli_args *args, struct ArrowSchema *schema, frl_error *err) {
  const char *text = args->operands[0];
  if (cli_flag(args, "arrow")) return cli_read_arrow_schema(schema, text, err);
  if (cli_flag(args, "from-json")) {
    return frl_schema_from_json(schema, NULL, text, strlen(text), err);
  }
  return frl_schema_from_ddl(schema, NULL, text, strlen(text), err);
}

static int run(const cli_args *args) {
  const char *to = cli_text(args, "to", "ddl");
  const bool json = strcmp(to, "json") == 0;
  if (!json && strcmp(to, "ddl") != 0) {
    return cli_usage(args, "--to %s: ddl or json are known", to);
  }
  struct ArrowSchema schema = {0};
  frl_error err = {0};
  frl_status st = read_schema(args, &schema, &err);
  char *text = NULL;
  if (st == FRL_OK) {
    st = json ? frl_schema_to_json(&text, NULL, &schema, &err)
              : frl_schema_to_ddl(&text, NULL, &schema, NULL, &err);
  }
  frl_schema_release(&schema);
  if (st != FRL_OK) return cli_fail(args, st, &err);
  (void)puts(text);
  frl_text_free(NULL, text);
  return CLI_OK;
}

static const cli_option options[] = {
    {"arrow", NULL, "The operand is an Arrow IPC stream or file; take its schema."},
    {"from-json", NULL, "The operand is Spark's schema JSON (StructType.json)."},
    {"to", "FORM", "ddl, or json for Spark's schema JSON. Default: ddl."},
    {0},
};

const cli_command cli_ddl = {
    .name = "ddl",
    .summary = "Convert between Spark DDL, Spark's schema JSON and Arrow schemas",
    .operands = "TEXT|FILE",
    .description =
        "Reads a schema and prints it in the other form. A DDL text is checked and "
        "printed as Ferrule writes it: every name in backticks, types in capitals.",
    .examples =
        "  ferrule ddl 'id BIGINT NOT NULL, tags ARRAY<STRING>'\n"
        "  ferrule ddl --arrow rows.arrow --to json",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
