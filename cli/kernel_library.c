#include "kernel_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

frl_status cli_kernel_lib(frl_kernel_lib **out, const char *path, frl_error *err) {
  if (strchr(path, '/')) return frl_kernel_lib_open(out, path, NULL, err);
  char here[4096];
  (void)snprintf(here, sizeof here, "./%s", path);
  return frl_kernel_lib_open(out, here, NULL, err);
}

int cli_kernel_options_read(cli_kernel_options *out, const cli_args *args) {
  *out = (cli_kernel_options){.n = 0};
  const char *text;
  for (int i = 0; (text = cli_each(args, "set", i)) != NULL; i++) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
      cli_kernel_options_free(out);
      return cli_usage(args, "--set %s: KEY=VALUE is needed", text);
    }
    char *copy = strdup(text);
    if (!copy) {
      cli_kernel_options_free(out);
      return CLI_FAILED;
    }
    copy[equals - text] = '\0';
    out->texts[out->n] = copy;
    out->items[out->n++] = (frl_kernel_option){copy, copy + (equals - text) + 1};
  }
  return CLI_OK;
}

void cli_kernel_options_free(cli_kernel_options *options) {
  for (size_t i = 0; i < options->n; i++) free(options->texts[i]);
  options->n = 0;
}
