#include "pubsub_resources.h"

#include <stdio.h>

const cli_option cli_connection_options[] = {CLI_CONNECTION_OPTIONS, {0}};

int cli_call_each(const cli_args *args, cli_name_call call, frl_status forgiven) {
  frl_pubsub *pubsub = NULL;
  const int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  frl_error err = {0};
  frl_status st = FRL_OK;
  for (int i = 0; i < args->n_operands && st == FRL_OK; i++) {
    st = call(pubsub, args->operands[i], &err);
    if (st == forgiven) st = FRL_OK;
  }
  frl_pubsub_close(pubsub);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static frl_status print_name(void *ctx, const char *name) {
  (void)ctx;
  return puts(name) < 0 ? FRL_E_IO : FRL_OK;
}

int cli_print_list(const cli_args *args, cli_list_call call) {
  frl_pubsub *pubsub = NULL;
  const int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  frl_error err = {0};
  const frl_status st = call(pubsub, print_name, NULL, &err);
  frl_pubsub_close(pubsub);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}
