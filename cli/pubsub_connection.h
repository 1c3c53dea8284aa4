/** The options by which every pubsub command reaches its server. */
#ifndef FERRULE_CLI_PUBSUB_CONNECTION_H
#define FERRULE_CLI_PUBSUB_CONNECTION_H

#include <ferrule/pubsub.h>

#include "command.h"

/* clang-format off */
#define CLI_CONNECTION_OPTIONS \
  {"project", "ID", "Project of short names. Default: the environment's GOOGLE_CLOUD_PROJECT, else demo where an emulator is used."}, \
  {"emulator-host", "HOST:PORT", "An emulator, in clear text and without credentials. Default: the environment's PUBSUB_EMULATOR_HOST."}, \
  {"endpoint", "HOST:PORT", "The service's address. Default: pubsub.googleapis.com:443."}, \
  {"credentials", "FILE", "A service account's key file. Default: the one that GOOGLE_APPLICATION_CREDENTIALS names."}, \
  {"scopes", "TEXT", "OAuth scopes, separated by spaces: ask the key file's token server for an access token. Default: the key signs its own tokens."}, \
  {"ca-file", "FILE", "Trust the certificates in this PEM file instead of the system's."}
/* clang-format on */

/** Opens the connection or prints why not; gives an enum cli_exit. */
int cli_connect(const cli_args *args, frl_pubsub **out);

#endif /* FERRULE_CLI_PUBSUB_CONNECTION_H */
