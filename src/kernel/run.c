/** Running an instance of a kernel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernel/kernel.h"
#include "kernel/live.h"

enum run_state {
  RUN_WANTS, /* a batch, or finish */
  RUN_GIVES, /* results of the last batch */
  RUN_FLUSHES,
  RUN_ENDED,
  RUN_FAILED
};

struct frl_kernel_run {
  frl_mem mem;
  frl_kernel *kernel;
  frl_kernel_instance instance;
  enum run_state state;
  int32_t skip;
  int32_t input;       /* of the last batch */
  int64_t rows_before; /* the last batch, in its input */
  int64_t rows_of_last;
  frl_kernel_stats stats;
  frl_kernel_error error; /* the kernel's own */
  frl_kernel_failure failure;
};

static int64_t now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void clear_error(frl_kernel_error *error) {
  error->row = -1;
  error->message[0] = '\0';
}

/** What a kernel reported, told with its name and the row since the start. */
static frl_status kernel_failed(frl_kernel_run *run, int rc, frl_error *err) {
  run->state = RUN_FAILED;
  run->error.message[FRL_KERNEL_MESSAGE_BYTES - 1] = '\0';
  if (!run->error.message[0] && rc < 0) {
    (void)snprintf(run->error.message, sizeof run->error.message,
        "it gave %d, which is neither 0 nor an errno value", rc);
  } else if (!run->error.message[0]) {
    (void)snprintf(run->error.message, sizeof run->error.message, "%s", strerror(rc));
  }
  const int64_t row = run->error.row;
  const bool known = row >= 0 && row < run->rows_of_last;
  run->failure = (frl_kernel_failure){.message = run->error.message,
      .row = known ? run->rows_before + row : -1,
      .row_in_batch = known ? row : -1,
      .input = run->input,
      .fault = rc < 0 || rc == EPROTO};
  const char *name = frl_kernel_name(run->kernel);
  const frl_status st = rc == ENOMEM ? FRL_E_NOMEM : FRL_E_INVALID;
  if (!known) return frl_fail(err, st, "kernel %s: %s", name, run->error.message);
  return frl_fail(err, st, "kernel %s: row %lld (row %lld of its batch): %s", name,
      (long long)run->failure.row, (long long)row, run->error.message);
}

/** A failure that the host found. */
static frl_status host_failed(frl_kernel_run *run, frl_status st, const char *where,
    int64_t row, frl_error *err) {
  run->state = RUN_FAILED;
  frl_error_prefix(err, "kernel %s: %s: ", frl_kernel_name(run->kernel), where);
  run->failure = (frl_kernel_failure){.message = run->error.message,
      .row = -1,
      .row_in_batch = row,
      .input = run->input,
      .fault = 1};
  if (err) {
    const size_t n = strnlen(err->message, sizeof err->message - 1);
    memcpy(run->error.message, err->message, n);
    run->error.message[n] = '\0';
  }
  return st;
}

/* ---- create ---- */

static frl_status option_fault(
    const frl_kernel *k, const frl_kernel_option *options, size_t n, frl_error *err) {
  for (size_t i = 0; i < n; i++) {
    bool known = false;
    if (!options[i].key || !options[i].value) {
      return frl_fail(err, FRL_E_INVALID, "kernel %s: an option without name or value",
          frl_kernel_name(k));
    }
    for (size_t j = 0; j < frl_kernel_option_count(k); j++) {
      known = known || strcmp(frl_kernel_option_at(k, j)->key, options[i].key) == 0;
    }
    if (!known) {
      return frl_fail(err, FRL_E_INVALID, "kernel %s: it has no option %s",
          frl_kernel_name(k), options[i].key);
    }
    for (size_t j = 0; j < i; j++) {
      if (strcmp(options[j].key, options[i].key) == 0) {
        return frl_fail(err, FRL_E_INVALID, "kernel %s: option %s is given twice",
            frl_kernel_name(k), options[i].key);
      }
    }
  }
  return FRL_OK;
}

/** Every option of the kernel once, in its order. */
static frl_status resolve(frl_kernel_option *out, const frl_kernel *k,
    const frl_kernel_option *options, size_t n, frl_error *err) {
  for (size_t j = 0; j < frl_kernel_option_count(k); j++) {
    const frl_kernel_option_doc *doc = frl_kernel_option_at(k, j);
    out[j] = (frl_kernel_option){doc->key, doc->fallback};
    for (size_t i = 0; i < n; i++) {
      if (strcmp(options[i].key, doc->key) == 0) out[j].value = options[i].value;
    }
    if (!out[j].value) {
      return frl_fail(err, FRL_E_INVALID, "kernel %s: option %s must be given: %s",
          frl_kernel_name(k), doc->key, doc->doc ? doc->doc : "");
    }
  }
  return FRL_OK;
}

static frl_status create_instance(
    frl_kernel_run *run, const frl_kernel_option *options, size_t n, frl_error *err) {
  const frl_kernel *k = run->kernel;
  const size_t count = frl_kernel_option_count(k);
  FRL_TRY(option_fault(k, options, n, err));
  frl_kernel_option *all = frl_calloc(&run->mem, count ? count : 1, sizeof *all);
  if (!all) {
    return frl_fail(err, FRL_E_NOMEM, "kernel %s: out of memory", frl_kernel_name(k));
  }
  frl_status st = resolve(all, k, options, n, err);
  if (st == FRL_OK) {
    clear_error(&run->error);
    const int rc =
        k->def->create(k->def, all, (int64_t)count, &run->instance, &run->error);
    if (rc != 0) st = kernel_failed(run, rc, err);
  }
  frl_free(&run->mem, all);
  if (st != FRL_OK) return st;
  const frl_kernel_instance *made = &run->instance;
  if (made->push && made->next && made->finish && made->release) return FRL_OK;
  return frl_fail(err, FRL_E_INVALID, "kernel %s: its instance lacks a function",
      frl_kernel_name(k));
}

frl_status frl_kernel_run_create(frl_kernel_run **out, frl_kernel *kernel,
    const frl_kernel_option *options, size_t n_options,
    const frl_kernel_run_options *run_options, frl_error *err) {
  *out = NULL;
  frl_kernel_run *run = frl_calloc(&kernel->mem, 1, sizeof *run);
  if (!run) {
    return frl_fail(
        err, FRL_E_NOMEM, "kernel %s: out of memory", frl_kernel_name(kernel));
  }
  run->mem = kernel->mem;
  run->kernel = frl_kernel_ref(kernel);
  run->skip = run_options ? run_options->skip : 0;
  run->failure = (frl_kernel_failure){.message = "", .row = -1, .row_in_batch = -1};
  (void)atomic_fetch_add(&frl__live.runs, 1);
  const frl_status st = create_instance(run, options, n_options, err);
  if (st != FRL_OK) {
    frl_kernel_run_destroy(run);
    return st;
  }
  *out = run;
  return FRL_OK;
}

void frl_kernel_run_destroy(frl_kernel_run *run) {
  if (!run) return;
  if (run->instance.release) run->instance.release(&run->instance);
  const frl_mem mem = run->mem;
  frl_kernel_unref(run->kernel);
  frl_free(&mem, run);
  (void)atomic_fetch_sub(&frl__live.runs, 1);
}

/* ---- batches ---- */

static frl_status state_fault(const frl_kernel_run *run, frl_error *err) {
  static const char *const said[] = {"", "results of the last batch wait: call next",
      "finish was called", "the end was reached", "it has failed before"};
  return frl_fail(err, FRL_E_STATE, "kernel %s: %s", frl_kernel_name(run->kernel),
      said[run->state]);
}

static frl_status may_push(const frl_kernel_run *run, int32_t input, frl_error *err) {
  if (run->state != RUN_WANTS) return state_fault(run, err);
  if (input < 0 || input >= frl_kernel_inputs(run->kernel)) {
    return frl_fail(err, FRL_E_INVALID, "kernel %s: it has no input %d",
        frl_kernel_name(run->kernel), (int)input);
  }
  if (input < run->input) {
    return frl_fail(err, FRL_E_STATE, "kernel %s: all of input 0 comes before input 1",
        frl_kernel_name(run->kernel));
  }
  return FRL_OK;
}

static frl_status push_checked(
    frl_kernel_run *run, int32_t input, struct ArrowArray *batch, frl_error *err) {
  int64_t row;
  frl_status st = frl_kernel_check(frl_kernel_schema(run->kernel, input), batch,
      FRL_KERNEL_SKIP_UTF8 | FRL_KERNEL_SKIP_VALUES, &row, err);
  if (input != run->input) run->rows_before = run->rows_of_last = 0;
  run->input = input;
  if (st != FRL_OK) return host_failed(run, st, "input", row, err);
  run->rows_before += run->rows_of_last;
  run->rows_of_last = batch->length;
  run->stats.batches_in++;
  run->stats.rows_in += batch->length;
  st = frl_live_wrap(batch, &run->mem, &frl__live.batches_in);
  if (st != FRL_OK) {
    (void)frl_fail(err, st, "out of memory");
    return host_failed(run, st, "input", -1, err);
  }
  clear_error(&run->error);
  const int64_t start = now_ns();
  const int rc = run->instance.push(&run->instance, input, batch, &run->error);
  run->stats.kernel_ns += now_ns() - start;
  if (rc != 0) return kernel_failed(run, rc, err);
  run->state = RUN_GIVES;
  return FRL_OK;
}

frl_status frl_kernel_run_push(
    frl_kernel_run *run, int32_t input, struct ArrowArray *batch, frl_error *err) {
  frl_status st = may_push(run, input, err);
  if (st == FRL_OK) st = push_checked(run, input, batch, err);
  frl_array_release(batch); /* what the kernel did not move */
  batch->release = NULL;
  return st;
}

frl_status frl_kernel_run_finish(frl_kernel_run *run, frl_error *err) {
  if (run->state != RUN_WANTS) return state_fault(run, err);
  clear_error(&run->error);
  const int64_t start = now_ns();
  const int rc = run->instance.finish(&run->instance, &run->error);
  run->stats.kernel_ns += now_ns() - start;
  if (rc != 0) return kernel_failed(run, rc, err);
  run->state = RUN_FLUSHES;
  return FRL_OK;
}

static frl_status take_output(
    frl_kernel_run *run, struct ArrowArray *out, frl_error *err) {
  int64_t row;
  const int64_t start = now_ns();
  frl_status st = frl_kernel_check(
      frl_kernel_schema(run->kernel, FRL_KERNEL_OUTPUT), out, run->skip, &row, err);
  run->stats.check_ns += now_ns() - start;
  if (st != FRL_OK) {
    frl_array_release(out);
    out->release = NULL;
    return host_failed(run, st, "output", row, err);
  }
  run->stats.batches_out++;
  run->stats.rows_out += out->length;
  st = frl_live_wrap(out, &run->mem, &frl__live.batches_out);
  if (st == FRL_OK) return FRL_OK;
  (void)frl_fail(err, st, "out of memory");
  return host_failed(run, st, "output", -1, err);
}

frl_status frl_kernel_run_next(
    frl_kernel_run *run, struct ArrowArray *out, frl_error *err) {
  *out = (struct ArrowArray){0};
  if (run->state == RUN_FAILED) return state_fault(run, err);
  if (run->state == RUN_WANTS) return FRL_NEED_MORE;
  if (run->state == RUN_ENDED) return FRL_END;
  clear_error(&run->error);
  const int64_t start = now_ns();
  const int rc = run->instance.next(&run->instance, out, &run->error);
  run->stats.kernel_ns += now_ns() - start;
  if (rc != 0) {
    frl_array_release(out);
    out->release = NULL;
    return kernel_failed(run, rc, err);
  }
  if (out->release) return take_output(run, out, err);
  const bool flushed = run->state == RUN_FLUSHES;
  run->state = flushed ? RUN_ENDED : RUN_WANTS;
  return flushed ? FRL_END : FRL_NEED_MORE;
}

void frl_kernel_run_failure(const frl_kernel_run *run, frl_kernel_failure *out) {
  *out = run->failure;
}

void frl_kernel_run_stats(const frl_kernel_run *run, frl_kernel_stats *out) {
  *out = run->stats;
}
