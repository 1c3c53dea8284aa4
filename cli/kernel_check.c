#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_library.h"
#include "kernel_trial.h"

enum { NAME_BYTES = 64 };

/** The name of the address sanitizer's library that a file needs; "" for none. */
static void sanitizer_of(const char *path, char *name) {
  char block[65536 + NAME_BYTES];
  size_t kept = 0;
  name[0] = '\0';
  FILE *file = fopen(path, "rb");
  if (!file) return;
  for (;;) {
    const size_t n = fread(block + kept, 1, sizeof block - NAME_BYTES - kept, file);
    if (n == 0) break;
    const size_t all = kept + n;
    block[all] = '\0';
    for (size_t i = 0; i + 10 < all && !name[0]; i++) {
      if (memcmp(block + i, "libasan.so", 10) != 0) continue;
      (void)snprintf(name, NAME_BYTES, "%.*s", NAME_BYTES - 1, block + i);
    }
    if (name[0]) break;
    kept = all < NAME_BYTES ? all : NAME_BYTES;
    memmove(block, block + all - kept, kept);
  }
  (void)fclose(file);
}

/** A library made with -fsanitize=address works only where that was loaded first. */
static void start_with_sanitizer(const char *library) {
  char name[NAME_BYTES];
  char self[4096];
  char command_line[65536];
  char *argv[256];
  sanitizer_of(library, name);
  const char *preload = getenv("LD_PRELOAD");
  if (!name[0] || (preload && strstr(preload, "libasan"))) return;
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  const ssize_t length = fd < 0 ? -1 : read(fd, command_line, sizeof command_line - 1);
  if (fd >= 0) (void)close(fd);
  if (n <= 0 || length <= 0) return;
  self[n] = '\0';
  command_line[length] = '\0';
  int count = 0;
  for (char *at = command_line; at < command_line + length && count < 255;) {
    argv[count++] = at;
    at += strlen(at) + 1;
  }
  argv[count] = NULL;
  (void)setenv("LD_PRELOAD", name, 1);
  /* guard pages fault on purpose: the report is the sanitizer's */
  (void)execv(self, argv);
}

/** A name that there is not, told with those that there are. */
static int nothing_tried(
    frl_kernel_lib *lib, const cli_args *args, const char *wanted, const char *only) {
  if (frl_kernel_lib_count(lib) == 0) {
    return cli_usage(args, "there is no kernel in the library");
  }
  char names[512] = "";
  size_t n = 0;
  bool known = !wanted;
  for (size_t i = 0; i < frl_kernel_lib_count(lib); i++) {
    known = known || strcmp(frl_kernel_lib_name(lib, i), wanted) == 0;
  }
  const size_t count = known ? frl_kernel_trial_count() : frl_kernel_lib_count(lib);
  for (size_t i = 0; i < count && n < sizeof names; i++) {
    const char *name = known ? frl_kernel_trial_name(i) : frl_kernel_lib_name(lib, i);
    n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", name);
  }
  return cli_usage(args, "no %s is called %s; there are: %s",
      known ? "trial" : "kernel", known ? only : wanted, names);
}

static int check_all(frl_kernel_lib *lib, const cli_args *args,
    const cli_kernel_options *options, unsigned limit_s, frl_error *err) {
  const char *wanted = args->n_operands > 1 ? args->operands[1] : NULL;
  const char *only = cli_text(args, "trial", NULL);
  int failed = 0;
  int tried = 0;
  for (size_t i = 0; i < frl_kernel_lib_count(lib); i++) {
    const char *name = frl_kernel_lib_name(lib, i);
    if (wanted && strcmp(name, wanted) != 0) continue;
    frl_kernel *kernel;
    const frl_status st = frl_kernel_find(&kernel, lib, name, err);
    if (st != FRL_OK) return cli_fail(args, st, err);
    for (size_t trial = 0; trial < frl_kernel_trial_count(); trial++) {
      if (only && strcmp(only, frl_kernel_trial_name(trial)) != 0) continue;
      failed += !cli_kernel_trial(kernel, trial, options, limit_s);
      tried++;
    }
    frl_kernel_unref(kernel);
  }
  if (tried == 0) {
    return nothing_tried(lib, args, wanted, only);
  }
  (void)printf("%d tried, %d failed\n", tried, failed);
  return failed ? CLI_FAILED : CLI_OK;
}

static int run(const cli_args *args) {
  frl_error err = {0};
  frl_kernel_lib *lib = NULL;
  cli_kernel_options options;
  uint64_t limit_s = 60;
  if (!cli_number(args, "limit", 1, 3600, false, &limit_s)) return CLI_USAGE;
  int rc = cli_kernel_options_read(&options, args);
  if (rc != CLI_OK) return rc;
  start_with_sanitizer(args->operands[0]);
  const frl_status st = cli_kernel_lib(&lib, args->operands[0], &err);
  if (st == FRL_OK) {
    rc = check_all(lib, args, &options, (unsigned)limit_s, &err);
  } else {
    rc = cli_fail(args, st, &err);
  }
  frl_kernel_lib_close(lib);
  cli_kernel_options_free(&options);
  return rc;
}

static const cli_option options[] = {
    {"set", "KEY=VALUE", "An option of the kernel; may be given again for others."},
    {"trial", "NAME", "Only this one, such as sliced; the output names them."},
    {"limit", "SECONDS", "How long one trial may take. Default: 60."},
    {0},
};

const cli_command cli_kernel_check = {
    .name = "kernel check",
    .summary = "Try a library's kernels on awkward batches",
    .operands = "LIB [KERNEL]",
    .description =
        "Runs each kernel on made-up batches of its input's schema: none, empty, all "
        "null, sliced, of huge texts, many. Each trial is a process of its own. "
        "Buffers are read-only and end at memory that cannot be touched, so that a "
        "kernel which writes to its input or reads beyond it is caught, however it was "
        "compiled; one compiled with -fsanitize=address,undefined (gcc) is run under "
        "the sanitizers, which find leaks too. What the kernel gives is checked, and "
        "that it releases what it was given.\n\n"
        "A kernel may refuse made-up values with a message: that is shown, and no "
        "failure. A null in a NOT NULL column of its own, or columns of uneven length, "
        "are failures.",
    .examples =
        "  cc -shared -fPIC -g -fsanitize=address,undefined geo.c -o geo_asan.so\n"
        "  ferrule kernel check ./geo_asan.so",
    .options = options,
    .min_operands = 1,
    .max_operands = 2,
    .run = run,
};
