/**
 * What the kernel subcommands share: a library, a kernel of it and its options, as the
 * command line names them.
 */
#ifndef FERRULE_CLI_KERNEL_LIBRARY_H
#define FERRULE_CLI_KERNEL_LIBRARY_H

#include <ferrule/kernel_host.h>

#include "command.h"

/** The library of the first operand. A path without a slash is one in this folder. */
frl_status cli_kernel_lib(frl_kernel_lib **out, const char *path, frl_error *err);

/**
 * The values of --set KEY=VALUE. Prints what is wrong and gives CLI_USAGE. The texts
 * are to be freed by cli_kernel_options_free.
 */
typedef struct cli_kernel_options {
  frl_kernel_option items[CLI_VALUES_MAX];
  char *texts[CLI_VALUES_MAX];
  size_t n;
} cli_kernel_options;

int cli_kernel_options_read(cli_kernel_options *out, const cli_args *args);
void cli_kernel_options_free(cli_kernel_options *options);

#endif /* FERRULE_CLI_KERNEL_LIBRARY_H */
