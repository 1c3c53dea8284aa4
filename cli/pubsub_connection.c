#include "pubsub_connection.h"

#include <stdlib.h>

int cli_connect(const cli_args *args, frl_pubsub **out) {
  const char *environment = getenv("PUBSUB_EMULATOR_HOST");
  const char *endpoint = cli_text(args, "endpoint", NULL);
  const char *emulator = cli_text(args, "emulator-host", NULL);
  const bool emulated = emulator || (!endpoint && environment && environment[0]);
  const char *project = getenv("GOOGLE_CLOUD_PROJECT");
  if (!project || !project[0]) project = emulated ? "demo" : NULL;
  const frl_pubsub_options options = {
      .struct_size = sizeof options,
      .project_id = cli_text(args, "project", project),
      .emulator_host = emulator,
      .endpoint = endpoint,
      .credentials_file = cli_text(args, "credentials", NULL),
      .ca_file = cli_text(args, "ca-file", NULL),
      .scopes = cli_text(args, "scopes", NULL),
  };
  frl_error err = {0};
  const frl_status st = frl_pubsub_open(out, &options, &err);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}
