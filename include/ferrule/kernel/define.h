/**
 * FRL_KERNEL and its short forms: from functions over rows or batches to the ABI.
 *
 * Part of <ferrule/kernel.h>, which explains them; include that.
 */
#ifndef FERRULE_KERNEL_DEFINE_H
#define FERRULE_KERNEL_DEFINE_H

#include <errno.h>
#include <ferrule/kernel/declare.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  /** A function over a batch gives this to be called again for the same batch. */
  FRL_KERNEL_MORE = -1,
  /** A short form hands out what it has at this many rows or bytes. */
  FRLK_ROWS_OUT = 65536,
  FRLK_BYTES_OUT = 16777216,
  FRLK_ROWS_PER_LOOK = 256
};

/** Fills *error, with the row of the batch or -1, and gives EINVAL. */
FRLK_FN FRLK_PRINTF(3, 4) int frl_kernel_fail(
    frl_kernel_error *error, int64_t row, const char *fmt, ...) {
  va_list list;
  va_start(list, fmt);
  (void)vsnprintf(error->message, sizeof error->message, fmt, list);
  va_end(list);
  error->row = row;
  return EINVAL;
}

/** Says what a failed append or read was about, unless something is said already. */
FRLK_FN int frlk_explain(
    frl_kernel_error *error, int64_t row, int rc, const char *column) {
  if (error->row < 0) error->row = row;
  if (error->message[0]) return rc;
  const char *what = "it failed";
  if (rc == ENOMEM) what = "out of memory";
  if (rc == EOVERFLOW) what = "a column of one batch passes 2 GiB";
  if (rc == EINVAL && column)
    what = "null in a NOT NULL column, or columns of uneven length";
  (void)snprintf(error->message, sizeof error->message, "%s%s%s%s",
      column ? "column `" : "", column ? column : "", column ? "`: " : "", what);
  return rc;
}

/** The value of an option; the host has seen to it that each is there. */
FRLK_FN const char *frl_option(
    const frl_kernel_option *options, int64_t n, const char *key) {
  for (int64_t i = 0; i < n; i++) {
    if (strcmp(options[i].key, key) == 0) return options[i].value;
  }
  return "";
}

/** The same as a number from min to max. 0, or EINVAL with *error filled. */
FRLK_FN int frl_option_i64(const frl_kernel_option *options, int64_t n, const char *key,
    int64_t min, int64_t max, int64_t *out, frl_kernel_error *error) {
  char *end = NULL;
  const char *text = frl_option(options, n, key);
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (errno || end == text || *end || value < min || value > max) {
    return frl_kernel_fail(error, -1,
        "option %s is %.100s: a whole number from %lld to %lld is needed", key, text,
        (long long)min, (long long)max);
  }
  *out = (int64_t)value;
  return 0;
}

FRLK_FN int frl_option_f64(const frl_kernel_option *options, int64_t n, const char *key,
    double *out, frl_kernel_error *error) {
  char *end = NULL;
  const char *text = frl_option(options, n, key);
  *out = strtod(text, &end);
  if (end != text && !*end) return 0;
  return frl_kernel_fail(
      error, -1, "option %s is %.100s: a number is needed", key, text);
}

/** For kernels without options. */
static const frl_kernel_option_doc frl_no_options[] = {{NULL, NULL, NULL}};

typedef enum frlk_phase {
  FRLK_IDLE,
  FRLK_IN_BATCH,
  FRLK_IN_FINISH,
  FRLK_AT_END
} frlk_phase;

FRLK_FN void frlk_drop_batch(struct ArrowArray *batch) {
  if (batch->release) batch->release(batch);
  batch->release = NULL;
}

/*
 * The functions of one kernel over a state of type STATE. CALL(run, error) is one call
 * of the author's function for the batch that is bound, BIND(run, input) binds it.
 */
#define FRLK_INSTANCE(NAME, OUT, STATE)                                                \
  static int NAME##_frlk_push(frl_kernel_instance *self, int32_t input,                \
      struct ArrowArray *batch, frl_kernel_error *error) {                             \
    NAME##_frlk *run = (NAME##_frlk *)self->private_data;                              \
    run->batch = *batch;                                                               \
    batch->release = NULL;                                                             \
    run->input = input;                                                                \
    run->phase = FRLK_IN_BATCH;                                                        \
    const int rc = NAME##_frlk_bind(run);                                              \
    return rc ? frl_kernel_fail(error, -1, "the batch is not of the input's schema")   \
              : 0;                                                                     \
  }                                                                                    \
  static int NAME##_frlk_step(NAME##_frlk *run, frl_kernel_error *error) {             \
    const bool finishing = run->phase == FRLK_IN_FINISH;                               \
    const int rc = finishing ? NAME##_finish(&run->state, &run->out, error)            \
                             : NAME##_frlk_call(run, error);                           \
    if (rc > 0) return frlk_explain(error, -1, rc, run->out.fault);                    \
    if (rc == 0 && !finishing) frlk_drop_batch(&run->batch);                           \
    if (rc == 0) run->phase = finishing ? FRLK_AT_END : FRLK_IDLE;                     \
    return 0;                                                                          \
  }                                                                                    \
  static int NAME##_frlk_next(                                                         \
      frl_kernel_instance *self, struct ArrowArray *out, frl_kernel_error *error) {    \
    NAME##_frlk *run = (NAME##_frlk *)self->private_data;                              \
    out->release = NULL;                                                               \
    while (run->phase == FRLK_IN_BATCH || run->phase == FRLK_IN_FINISH) {              \
      int rc = NAME##_frlk_step(run, error);                                           \
      if (rc) return rc;                                                               \
      if (OUT##_writer_rows(&run->out) == 0) continue;                                 \
      rc = OUT##_writer_finish(&run->out, out);                                        \
      return rc ? frlk_explain(error, -1, rc, run->out.fault) : 0;                     \
    }                                                                                  \
    return 0;                                                                          \
  }                                                                                    \
  static int NAME##_frlk_finish(frl_kernel_instance *self, frl_kernel_error *error) {  \
    (void)error;                                                                       \
    ((NAME##_frlk *)self->private_data)->phase = FRLK_IN_FINISH;                       \
    return 0;                                                                          \
  }                                                                                    \
  static void NAME##_frlk_release(frl_kernel_instance *self) {                         \
    NAME##_frlk *run = (NAME##_frlk *)self->private_data;                              \
    NAME##_free(&run->state);                                                          \
    frlk_drop_batch(&run->batch);                                                      \
    NAME##_frlk_unread(run);                                                           \
    OUT##_writer_deinit(&run->out);                                                    \
    free(run);                                                                         \
    self->release = NULL;                                                              \
  }                                                                                    \
  static int NAME##_frlk_create(const frl_kernel_def *self,                            \
      const frl_kernel_option *options, int64_t n, frl_kernel_instance *out,           \
      frl_kernel_error *error) {                                                       \
    (void)self;                                                                        \
    memset(out, 0, sizeof *out);                                                       \
    NAME##_frlk *run = (NAME##_frlk *)calloc(1, sizeof *run);                          \
    if (!run) return ENOMEM;                                                           \
    int rc = NAME##_frlk_ready(run);                                                   \
    if (rc == 0) rc = OUT##_writer_init(&run->out);                                    \
    if (rc == 0) rc = NAME##_init(&run->state, options, n, error);                     \
    if (rc) {                                                                          \
      NAME##_frlk_unread(run);                                                         \
      OUT##_writer_deinit(&run->out);                                                  \
      free(run);                                                                       \
      return frlk_explain(error, -1, rc, NULL);                                        \
    }                                                                                  \
    out->push = NAME##_frlk_push;                                                      \
    out->next = NAME##_frlk_next;                                                      \
    out->finish = NAME##_frlk_finish;                                                  \
    out->release = NAME##_frlk_release;                                                \
    out->private_data = run;                                                           \
    return 0;                                                                          \
  }                                                                                    \
  static int NAME##_frlk_output(const frl_kernel_def *self, struct ArrowSchema *out) { \
    (void)self;                                                                        \
    return OUT##_schema(out);                                                          \
  }

#define FRLK_DEFINE(NAME, INPUTS, FLAGS, OPTIONS, DOC)                              \
  static const frl_kernel_def NAME##_kernel = {#NAME, DOC, FLAGS, INPUTS,           \
      NAME##_frlk_input, NAME##_frlk_output,                                        \
      (int64_t)(sizeof OPTIONS / sizeof *OPTIONS) - 1, OPTIONS, NAME##_frlk_create, \
      NULL, {NULL, NULL, NULL, NULL}};

/** A kernel of one input; see <ferrule/kernel.h>. */
#define FRL_KERNEL(NAME, IN, OUT, STATE, FLAGS, OPTIONS, DOC)                        \
  typedef struct NAME##_frlk {                                                       \
    IN##_reader in;                                                                  \
    OUT##_writer out;                                                                \
    struct ArrowArray batch;                                                         \
    frlk_phase phase;                                                                \
    int32_t input;                                                                   \
    STATE state;                                                                     \
  } NAME##_frlk;                                                                     \
  static int NAME##_frlk_ready(NAME##_frlk *run) {                                   \
    return IN##_reader_init(&run->in);                                               \
  }                                                                                  \
  static void NAME##_frlk_unread(NAME##_frlk *run) { IN##_reader_deinit(&run->in); } \
  static int NAME##_frlk_bind(NAME##_frlk *run) {                                    \
    return IN##_reader_bind(&run->in, &run->batch);                                  \
  }                                                                                  \
  static int NAME##_frlk_call(NAME##_frlk *run, frl_kernel_error *error) {           \
    return NAME##_batch(&run->state, &run->in, &run->out, error);                    \
  }                                                                                  \
  FRLK_INSTANCE(NAME, OUT, STATE)                                                    \
  static int NAME##_frlk_input(                                                      \
      const frl_kernel_def *self, int32_t input, struct ArrowSchema *out) {          \
    (void)self;                                                                      \
    return input == 0 ? IN##_schema(out) : EINVAL;                                   \
  }                                                                                  \
  FRLK_DEFINE(NAME, 1, FLAGS, OPTIONS, DOC)

/** A kernel of two inputs, for cogroups; see <ferrule/kernel.h>. */
#define FRL_COGROUP_KERNEL(NAME, LEFT, RIGHT, OUT, STATE, FLAGS, OPTIONS, DOC)         \
  typedef struct NAME##_frlk {                                                         \
    LEFT##_reader left;                                                                \
    RIGHT##_reader right;                                                              \
    OUT##_writer out;                                                                  \
    struct ArrowArray batch;                                                           \
    frlk_phase phase;                                                                  \
    int32_t input;                                                                     \
    STATE state;                                                                       \
  } NAME##_frlk;                                                                       \
  static int NAME##_frlk_ready(NAME##_frlk *run) {                                     \
    const int rc = LEFT##_reader_init(&run->left);                                     \
    return rc ? rc : RIGHT##_reader_init(&run->right);                                 \
  }                                                                                    \
  static void NAME##_frlk_unread(NAME##_frlk *run) {                                   \
    LEFT##_reader_deinit(&run->left);                                                  \
    RIGHT##_reader_deinit(&run->right);                                                \
  }                                                                                    \
  static int NAME##_frlk_bind(NAME##_frlk *run) {                                      \
    return run->input == 0 ? LEFT##_reader_bind(&run->left, &run->batch)               \
                           : RIGHT##_reader_bind(&run->right, &run->batch);            \
  }                                                                                    \
  static int NAME##_frlk_call(NAME##_frlk *run, frl_kernel_error *error) {             \
    return run->input == 0 ? NAME##_left(&run->state, &run->left, &run->out, error)    \
                           : NAME##_right(&run->state, &run->right, &run->out, error); \
  }                                                                                    \
  FRLK_INSTANCE(NAME, OUT, STATE)                                                      \
  static int NAME##_frlk_input(                                                        \
      const frl_kernel_def *self, int32_t input, struct ArrowSchema *out) {            \
    (void)self;                                                                        \
    return input == 0 ? LEFT##_schema(out) : RIGHT##_schema(out);                      \
  }                                                                                    \
  FRLK_DEFINE(NAME, 2, FLAGS, OPTIONS, DOC)

/* the loop over rows that both short forms have; ONE handles in into run->out */
#define FRLK_OVER_ROWS(NAME, IN, OUT, FLAGS, ONE, DOC)                                 \
  typedef struct NAME##_state {                                                        \
    int64_t at;                                                                        \
  } NAME##_state;                                                                      \
  static int NAME##_init(NAME##_state *s, const frl_kernel_option *options, int64_t n, \
      frl_kernel_error *error) {                                                       \
    (void)options, (void)n, (void)error;                                               \
    s->at = 0;                                                                         \
    return 0;                                                                          \
  }                                                                                    \
  static void NAME##_free(NAME##_state *s) { (void)s; }                                \
  static int NAME##_finish(                                                            \
      NAME##_state *s, OUT##_writer *out, frl_kernel_error *error) {                   \
    (void)s, (void)out, (void)error;                                                   \
    return 0;                                                                          \
  }                                                                                    \
  static int NAME##_frlk_row(                                                          \
      IN##_reader *in, int64_t row, OUT##_writer *out, frl_kernel_error *error) {      \
    IN got;                                                                            \
    const int rc = IN##_reader_get(in, row, &got);                                     \
    if (rc) return rc;                                                                 \
    ONE                                                                                \
  }                                                                                    \
  static int NAME##_batch(                                                             \
      NAME##_state *s, IN##_reader *in, OUT##_writer *out, frl_kernel_error *error) {  \
    while (s->at < in->rows) {                                                         \
      const int rc = NAME##_frlk_row(in, s->at, out, error);                           \
      if (rc) return frlk_explain(error, s->at, rc, out->fault);                       \
      s->at++;                                                                         \
      if (s->at % FRLK_ROWS_PER_LOOK == 0 &&                                           \
          (OUT##_writer_rows(out) >= FRLK_ROWS_OUT ||                                  \
              OUT##_writer_bytes(out) >= FRLK_BYTES_OUT)) {                            \
        return FRL_KERNEL_MORE;                                                        \
      }                                                                                \
    }                                                                                  \
    s->at = 0;                                                                         \
    return 0;                                                                          \
  }                                                                                    \
  FRL_KERNEL(NAME, IN, OUT, NAME##_state, FLAGS, frl_no_options, DOC)

/** One row out for each row in: int FN(const IN *in, OUT *out, frl_kernel_error *). */
#define FRL_MAP_KERNEL(NAME, IN, OUT, FN, DOC)                                        \
  FRLK_OVER_ROWS(NAME, IN, OUT, FRL_KERNEL_STATELESS | FRL_KERNEL_ROW_WISE, OUT made; \
                 memset(&made, 0, sizeof made);                                       \
                 const int made_rc = FN(&got, &made, error);                          \
                 return made_rc ? made_rc : OUT##_writer_add(out, &made);, DOC)

/** Any number of rows: int FN(const IN *in, OUT_writer *out, frl_kernel_error *). */
#define FRL_FLAT_MAP_KERNEL(NAME, IN, OUT, FN, DOC) \
  FRLK_OVER_ROWS(NAME, IN, OUT, FRL_KERNEL_STATELESS, return FN(&got, out, error);, DOC)

/** What the library offers: FRL_KERNELS(&a_kernel, &b_kernel), once in a library. */
#define FRL_KERNELS(...)                                                     \
  static const frl_kernel_def *const frlk_kernels[] = {__VA_ARGS__};         \
  const frl_kernel_list *frl_kernel_list_v1(void) {                          \
    static const frl_kernel_list list = {FRL_KERNEL_ABI_VERSION,             \
        (int32_t)(sizeof frlk_kernels / sizeof *frlk_kernels), frlk_kernels, \
        "ferrule"};                                                          \
    return &list;                                                            \
  }

#endif /* FERRULE_KERNEL_DEFINE_H */
