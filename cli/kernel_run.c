#include <ferrule/batch.h>
#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "error_context.h"
#include "kernel_library.h"

enum { INPUTS_MAX = 2 };

typedef struct job {
  frl_kernel_lib *lib;
  frl_kernel *kernel;
  frl_kernel_run *run;
  frl_ipc_reader *inputs[INPUTS_MAX];
  frl_ipc_writer *output;
} job;

static void clear(job *j) {
  frl_ipc_writer_destroy(j->output);
  for (int i = 0; i < INPUTS_MAX; i++) frl_ipc_reader_destroy(j->inputs[i]);
  frl_kernel_run_destroy(j->run);
  frl_kernel_unref(j->kernel);
  frl_kernel_lib_close(j->lib);
}

static const char *input_path(const cli_args *args, int32_t input) {
  return args->operands[2 + input];
}

/** A hyphen is the standard input or output. */
static frl_status open_input(frl_ipc_reader **out, const char *path, frl_error *err) {
  const frl_status st = strcmp(path, "-") == 0
                            ? frl_ipc_reader_open_fd(out, 0, NULL, err)
                            : frl_ipc_reader_open(out, path, NULL, err);
  return st == FRL_OK ? st : cli_error_in_file(err, st, path);
}

static frl_status open_output(job *j, const cli_args *args, frl_error *err) {
  const char *path = args->operands[args->n_operands - 1];
  const struct ArrowSchema *schema = frl_kernel_schema(j->kernel, FRL_KERNEL_OUTPUT);
  const frl_ipc_writer_options options = {.struct_size = sizeof options,
      .file_format = cli_flag(args, "file"),
      .atomic = strcmp(path, "-") != 0};
  if (options.atomic)
    return frl_ipc_writer_open(&j->output, path, schema, &options, err);
  return frl_ipc_writer_open_fd(&j->output, 1, schema, &options, err);
}

/** The schema of an input file against the kernel's; prints how they differ. */
static frl_status match_input(
    job *j, int32_t input, const cli_args *args, frl_error *err) {
  char *report = NULL;
  const frl_schema_match match = {.struct_size = sizeof match,
      .ignore_nullable = cli_flag(args, "ignore-nullable")};
  const frl_status st = frl_kernel_check_input(
      &report, j->kernel, input, frl_ipc_reader_schema(j->inputs[input]), &match, err);
  if (report) (void)fprintf(stderr, "%s\n", report);
  frl_text_free(NULL, report);
  return st;
}

static frl_status drain(job *j, frl_error *err) {
  for (;;) {
    struct ArrowArray batch = {0};
    frl_status st = frl_kernel_run_next(j->run, &batch, err);
    if (st == FRL_NEED_MORE || st == FRL_END) return FRL_OK;
    if (st == FRL_OK) st = frl_ipc_writer_write(j->output, &batch, err);
    frl_array_release(&batch);
    if (st != FRL_OK) return st;
  }
}

static frl_status feed(job *j, const cli_args *args, int32_t input, frl_error *err) {
  for (;;) {
    struct ArrowArray batch = {0};
    frl_status st = frl_ipc_reader_next(j->inputs[input], &batch, err);
    if (st == FRL_END) return FRL_OK;
    if (st != FRL_OK) return cli_error_in_file(err, st, input_path(args, input));
    st = frl_kernel_run_push(j->run, input, &batch, err);
    if (st == FRL_OK) st = drain(j, err);
    if (st != FRL_OK) return st;
  }
}

static frl_status run_all(
    job *j, const cli_args *args, const cli_kernel_options *options, frl_error *err) {
  const int32_t inputs = frl_kernel_inputs(j->kernel);
  frl_status st = FRL_OK;
  for (int32_t i = 0; st == FRL_OK && i < inputs; i++) {
    st = open_input(&j->inputs[i], input_path(args, i), err);
    if (st == FRL_OK) st = match_input(j, i, args, err);
  }
  if (st == FRL_OK) {
    st = frl_kernel_run_create(
        &j->run, j->kernel, options->items, options->n, NULL, err);
  }
  if (st == FRL_OK) st = open_output(j, args, err);
  for (int32_t i = 0; st == FRL_OK && i < inputs; i++) st = feed(j, args, i, err);
  if (st == FRL_OK) st = frl_kernel_run_finish(j->run, err);
  if (st == FRL_OK) st = drain(j, err);
  if (st == FRL_OK) st = frl_ipc_writer_finish(j->output, err);
  return st;
}

static void print_stats(const job *j) {
  frl_kernel_stats s;
  frl_kernel_run_stats(j->run, &s);
  (void)fprintf(stderr,
      "in: %lld rows in %lld batches; out: %lld rows in %lld batches; kernel %.3f ms, "
      "checks %.3f ms\n",
      (long long)s.rows_in, (long long)s.batches_in, (long long)s.rows_out,
      (long long)s.batches_out, (double)s.kernel_ns / 1e6, (double)s.check_ns / 1e6);
}

static int run(const cli_args *args) {
  frl_error err = {0};
  job j = {0};
  cli_kernel_options options;
  const int rc = cli_kernel_options_read(&options, args);
  if (rc != CLI_OK) return rc;
  frl_status st = cli_kernel_lib(&j.lib, args->operands[0], &err);
  if (st == FRL_OK) st = frl_kernel_find(&j.kernel, j.lib, args->operands[1], &err);
  int exit_code = CLI_OK;
  if (st == FRL_OK && args->n_operands != 3 + frl_kernel_inputs(j.kernel)) {
    exit_code = cli_usage(args, "kernel %s takes %d input and one output",
        args->operands[1], (int)frl_kernel_inputs(j.kernel));
  } else {
    if (st == FRL_OK) st = run_all(&j, args, &options, &err);
    if (st == FRL_OK && cli_flag(args, "stats")) print_stats(&j);
    if (st != FRL_OK) exit_code = cli_fail(args, st, &err);
  }
  clear(&j);
  cli_kernel_options_free(&options);
  return exit_code;
}

static const cli_option options[] = {
    {"set", "KEY=VALUE", "An option of the kernel; may be given again for others."},
    {"file", NULL, "Write the Arrow file format rather than a stream."},
    {"ignore-nullable", NULL,
        "Take columns that may be null for ones that must not be: a null found in one "
        "ends the run."},
    {"stats", NULL, "Print rows, batches and time to the standard error at the end."},
    {0},
};

const cli_command cli_kernel_run = {
    .name = "kernel run",
    .summary = "Run a kernel over Arrow files, without Spark",
    .operands = "LIB KERNEL IN [IN2] OUT",
    .description =
        "Reads batches from an Arrow IPC file or stream, hands them to the kernel and "
        "writes what it gives to another; a hyphen is the standard input or output. A "
        "kernel for cogroups takes two inputs. The schema of the input is compared "
        "with "
        "the kernel's first, and every batch of output is checked: its shape, its "
        "nulls, "
        "its texts. The output comes to be only if all went well.",
    .examples =
        "  ferrule kernel run ./libgeo.so geo_distance trips.arrows km.arrows\n"
        "  ferrule kernel run ./libsessions.so sessions --set gap_seconds=1800 \\\n"
        "      clicks.arrows - | ferrule ddl --arrow /dev/stdin",
    .options = options,
    .min_operands = 4,
    .max_operands = 5,
    .run = run,
};
