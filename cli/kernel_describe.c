#include <stdio.h>
#include <string.h>

#include "kernel_library.h"

static void print_schema(
    const frl_kernel *k, int32_t which, const char *title, bool json) {
  const char *text = json ? frl_kernel_json(k, which) : frl_kernel_ddl(k, which);
  (void)printf("  %s %s\n", title, text);
}

static void print_options(const frl_kernel *k) {
  for (size_t i = 0; i < frl_kernel_option_count(k); i++) {
    const frl_kernel_option_doc *o = frl_kernel_option_at(k, i);
    (void)printf("  option  %s%s%s: %s\n", o->key, o->fallback ? "=" : " (needed)",
        o->fallback ? o->fallback : "", o->doc ? o->doc : "");
  }
}

static void print_kernel(const frl_kernel *k, bool json) {
  (void)printf("%s: %s\n", frl_kernel_name(k), frl_kernel_doc(k));
  if (frl_kernel_inputs(k) == 1) {
    print_schema(k, 0, "input  ", json);
  } else {
    print_schema(k, 0, "left   ", json);
    print_schema(k, 1, "right  ", json);
  }
  print_schema(k, FRL_KERNEL_OUTPUT, "output ", json);
  const int32_t flags = frl_kernel_flags(k);
  if (flags & FRL_KERNEL_ROW_WISE) {
    (void)printf("  one row out for each row in\n");
  } else if (flags & FRL_KERNEL_STATELESS) {
    (void)printf("  what comes of a batch depends on that batch alone\n");
  }
  print_options(k);
}

static int run(const cli_args *args) {
  frl_error err = {0};
  frl_kernel_lib *lib = NULL;
  const char *wanted = args->n_operands > 1 ? args->operands[1] : NULL;
  frl_status st = cli_kernel_lib(&lib, args->operands[0], &err);
  const size_t count = lib ? frl_kernel_lib_count(lib) : 0;
  for (size_t i = 0; st == FRL_OK && i < count; i++) {
    const char *name = frl_kernel_lib_name(lib, i);
    if (wanted && strcmp(wanted, name) != 0) continue;
    frl_kernel *k = NULL;
    st = frl_kernel_find(&k, lib, name, &err);
    if (st == FRL_OK) print_kernel(k, cli_flag(args, "json"));
    frl_kernel_unref(k);
    if (wanted) wanted = name; /* found */
  }
  if (st == FRL_OK && wanted) {
    frl_kernel *k = NULL;
    st = frl_kernel_find(&k, lib, wanted, &err);
    frl_kernel_unref(k);
  }
  frl_kernel_lib_close(lib);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static const cli_option options[] = {
    {"json", NULL,
        "Schemas as Spark's StructType JSON, which also says whether "
        "elements may be null, rather than as DDL."},
    {0},
};

const cli_command cli_kernel_describe = {
    .name = "kernel describe",
    .summary = "Show the kernels of a library, their schemas and options",
    .operands = "LIB [KERNEL]",
    .description =
        "Loads a kernel library and prints for each kernel, or for the one named, what "
        "it does, the schemas of its input and output, and the options it takes. "
        "Loading a library runs its code.",
    .examples = "  ferrule kernel describe ./libgeo.so",
    .options = options,
    .min_operands = 1,
    .max_operands = 2,
    .run = run,
};
