/** What topics and subscriptions have in common: calls by name, and lists. */
#ifndef FERRULE_CLI_PUBSUB_RESOURCES_H
#define FERRULE_CLI_PUBSUB_RESOURCES_H

#include "pubsub_connection.h"

typedef frl_status (*cli_name_call)(
    frl_pubsub *pubsub, const char *name, frl_error *err);
typedef frl_status (*cli_list_call)(
    frl_pubsub *pubsub, frl_pubsub_name_fn fn, void *ctx, frl_error *err);

/** Options of a command that has none but those of the connection. */
extern const cli_option cli_connection_options[];

/** The call for each operand, until one fails; forgiven counts as done. */
int cli_call_each(const cli_args *args, cli_name_call call, frl_status forgiven);
/** Prints the names, one a line. */
int cli_print_list(const cli_args *args, cli_list_call call);

#endif /* FERRULE_CLI_PUBSUB_RESOURCES_H */
