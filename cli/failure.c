#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static int exit_of(frl_status status) {
  switch (status) {
    case FRL_OK:
    case FRL_END:
      return CLI_OK;
    case FRL_E_INVALID:
      return CLI_USAGE;
    case FRL_E_NOT_FOUND:
      return CLI_NOT_FOUND;
    case FRL_E_AUTH:
      return CLI_DENIED;
    case FRL_E_TIMEOUT:
    case FRL_E_UNAVAILABLE:
      return CLI_UNAVAILABLE;
    case FRL_E_CANCELLED:
      return CLI_INTERRUPTED;
    default:
      return CLI_FAILED;
  }
}

int cli_end(int rc) {
  errno = 0;
  const bool written = fflush(stdout) == 0 && !ferror(stdout);
  if (written || rc != CLI_OK) return rc;
  (void)fprintf(stderr, "ferrule: writing standard output: %s\n",
      errno ? strerror(errno) : "failed");
  return CLI_FAILED;
}

int cli_fail(const cli_args *args, frl_status status, const frl_error *err) {
  const char *message = err && err->message[0] ? err->message : frl_status_name(status);
  (void)fprintf(stderr, "ferrule %s: %s\n", args->command->name, message);
  return exit_of(status);
}
