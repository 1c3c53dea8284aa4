/** Trying a kernel on batches of every awkward form. */
#include <ferrule/kernel_host.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kernel/generate.h"
#include "kernel/guard.h"
#include "kernel/kernel.h"

typedef struct trial_case {
  const char *name;
  const char *what;
  int batches;
  unsigned null_percent;
  int64_t rows;
  size_t text_bytes;
  int64_t first;  /* the batch is sliced so that it begins here */
  bool by_column; /* sliced as pyarrow does it: each column has the offset */
} trial_case;

static const trial_case cases[] = {
    {"nothing", "no batch at all", 0, 0, 0, 64, 0, false},
    {"empty", "batches without rows", 3, 0, 0, 64, 0, false},
    {"one", "one row", 1, 0, 1, 64, 0, false},
    {"values", "values everywhere, no validity bitmaps", 3, 0, 1000, 64, 0, false},
    {"nulls", "values and nulls", 3, 30, 1000, 64, 0, false},
    {"all-null", "nulls everywhere", 3, 100, 100, 64, 0, false},
    {"sliced", "batches that begin at row 13 of their buffers", 3, 30, 1000, 64, 13,
        false},
    {"sliced-columns", "columns that begin at row 13 of their buffers", 3, 30, 1000, 64,
        13, true},
    {"late", "batches of the last row of their buffers", 3, 30, 1000, 64, 999, false},
    {"huge-texts", "texts of up to 4 MiB", 2, 10, 24, 4 << 20, 0, false},
    {"many-batches", "a hundred small batches", 100, 20, 7, 32, 0, false},
};

size_t frl_kernel_trial_count(void) { return sizeof cases / sizeof *cases; }

const char *frl_kernel_trial_name(size_t i) {
  return i < frl_kernel_trial_count() ? cases[i].name : NULL;
}

const char *frl_kernel_trial_what(size_t i) {
  return i < frl_kernel_trial_count() ? cases[i].what : NULL;
}

/** The array from row first on; where null_count is not known, the bitmap counts. */
static void slice(struct ArrowArray *a, int64_t first) {
  a->offset += first;
  a->length -= first;
  a->null_count = -1;
}

static frl_status make(const frl_kernel *k, int32_t input, const trial_case *c, int i,
    struct ArrowArray *out, frl_error *err) {
  const struct ArrowSchema *schema = frl_kernel_schema(k, input);
  const frl_generate_options options = {.rows = c->rows,
      .null_percent = c->null_percent,
      .text_bytes = c->text_bytes,
      .seed = (uint64_t)i * 977 + (uint64_t)input,
      .mem = &k->mem};
  struct ArrowArray whole;
  FRL_TRY(frl_generate(&whole, schema, &options, err));
  FRL_TRY(frl_guard(out, schema, &whole, err));
  if (c->first == 0) return FRL_OK;
  if (!c->by_column) {
    slice(out, c->first);
    return FRL_OK;
  }
  out->length -= c->first;
  for (int64_t j = 0; j < out->n_children; j++) slice(out->children[j], c->first);
  return FRL_OK;
}

static frl_status drain(frl_kernel_run *run, frl_error *err) {
  for (;;) {
    struct ArrowArray out;
    const frl_status st = frl_kernel_run_next(run, &out, err);
    if (st == FRL_NEED_MORE || st == FRL_END) return FRL_OK;
    if (st != FRL_OK) return st;
    frl_array_release(&out);
  }
}

static frl_status feed(
    frl_kernel_run *run, const frl_kernel *k, const trial_case *c, frl_error *err) {
  for (int32_t input = 0; input < frl_kernel_inputs(k); input++) {
    for (int i = 0; i < c->batches; i++) {
      struct ArrowArray batch;
      FRL_TRY(make(k, input, c, i, &batch, err));
      FRL_TRY(frl_kernel_run_push(run, input, &batch, err));
      FRL_TRY(drain(run, err));
    }
  }
  FRL_TRY(frl_kernel_run_finish(run, err));
  return drain(run, err);
}

static frl_status judge(
    const frl_kernel_run *run, const frl_kernel *k, frl_error *err) {
  frl_kernel_stats s;
  frl_kernel_run_stats(run, &s);
  if (!(frl_kernel_flags(k) & FRL_KERNEL_ROW_WISE) || s.rows_in == s.rows_out) {
    return FRL_OK;
  }
  return frl_fail(err, FRL_E_INVALID,
      "kernel %s: it says that it gives a row for a row, but gave %lld for %lld",
      frl_kernel_name(k), (long long)s.rows_out, (long long)s.rows_in);
}

/** Batches of the kernel's that are alive beyond what was before. */
static frl_status leaks(
    const frl_kernel_live *before, const frl_kernel *k, frl_error *err) {
  frl_kernel_live now;
  frl_kernel_count_live(&now);
  if (now.batches_in == before->batches_in && now.batches_out == before->batches_out) {
    return FRL_OK;
  }
  return frl_fail(err, FRL_E_INVALID,
      "kernel %s: %lld batches that it was given are not released after its end",
      frl_kernel_name(k), (long long)(now.batches_in - before->batches_in));
}

frl_status frl_kernel_try(frl_kernel *kernel, size_t trial,
    const frl_kernel_option *options, size_t n_options, int *refused, frl_error *err) {
  frl_kernel_run *run;
  frl_kernel_live before;
  frl_kernel_failure failure;
  *refused = 0;
  if (trial >= frl_kernel_trial_count()) {
    return frl_fail(err, FRL_E_INVALID, "there is no such trial");
  }
  frl_kernel_count_live(&before);
  FRL_TRY(frl_kernel_run_create(&run, kernel, options, n_options, NULL, err));
  frl_status st = feed(run, kernel, &cases[trial], err);
  if (st == FRL_OK) st = judge(run, kernel, err);
  frl_kernel_run_failure(run, &failure);
  *refused = failure.message[0] && !failure.fault;
  frl_kernel_run_destroy(run);
  const frl_status held = leaks(&before, kernel, *refused ? NULL : err);
  if (held == FRL_OK) return st;
  if (*refused) (void)leaks(&before, kernel, err);
  *refused = 0;
  return held;
}

frl_kernel_place frl_kernel_trial_place(const void *address) {
  return frl_guard_place(address);
}
