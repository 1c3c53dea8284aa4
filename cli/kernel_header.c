#include <ferrule/kernel_host.h>
#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "schema_file.h"

static int run(const cli_args *args) {
  const char *ddl = cli_text(args, "ddl", NULL);
  const char *arrow = cli_text(args, "arrow", NULL);
  const char *json = cli_text(args, "json", NULL);
  if (!ddl + !arrow + !json != 2) {
    return cli_usage(args, "one of --ddl, --arrow and --json is needed");
  }
  struct ArrowSchema schema = {0};
  frl_error err = {0};
  frl_status st = FRL_OK;
  if (ddl) st = frl_schema_from_ddl(&schema, NULL, ddl, strlen(ddl), &err);
  if (arrow) st = cli_read_arrow_schema(&schema, arrow, &err);
  if (json) st = frl_schema_from_json(&schema, NULL, json, strlen(json), &err);
  char *text = NULL;
  if (st == FRL_OK) {
    st = frl_kernel_header(&text, NULL, &schema, cli_text(args, "name", "row"), &err);
  }
  frl_schema_release(&schema);
  if (st != FRL_OK) return cli_fail(args, st, &err);
  (void)printf("#include <ferrule/kernel.h>\n\n%s", text);
  frl_text_free(NULL, text);
  return CLI_OK;
}

static const cli_option options[] = {
    {"ddl", "DDL", "The schema as Spark DDL, as df.schema.toDDL() writes it."},
    {"arrow", "FILE", "The schema of an Arrow IPC stream or file."},
    {"json", "JSON",
        "The schema as Spark's StructType JSON, as df.schema.json() "
        "writes it: it also says whether elements may be null."},
    {"name", "NAME", "The name of the C struct. Default: row."},
    {0},
};

const cli_command cli_kernel_header = {
    .name = "kernel header",
    .summary = "Write the C declaration of a row for a schema",
    .operands = "",
    .description =
        "Prints a C header that declares, by <ferrule/kernel.h>, a row of the given "
        "columns. A column whose name is no name in C gets one like it, and keeps its "
        "own in NAME(\"...\").",
    .examples =
        "  ferrule kernel header --ddl '`col` STRING, `int_col` BIGINT'\n"
        "  ferrule kernel header --arrow trips.arrows --name trip > trip.h",
    .options = options,
    .run = run,
};
