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
  /**
   * A function over a batch gives this to be called again for the same batch. Not -1:
   * that is what much C code gives where it has failed.
   */
  FRL_KERNEL_MORE = -1000000,
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

/**
 * Says what a failed append or read was about, unless something is said already. Gives
 * rc; EPROTO where the kernel broke its own declaration.
 */
FRLK_FN int frlk_explain(
    frl_kernel_error *error, int64_t row, int rc, const char *column) {
  if (error->row < 0) error->row = row;
  if (error->message[0]) return rc;
  if (rc < 0) {
    (void)frl_kernel_fail(
        error, error->row, "it gave %d, which is neither 0 nor an errno value", rc);
    return EPROTO;
  }
  const char *what = strerror(rc);
  if (rc == ENOMEM) what = "out of memory";
  if (rc == EOVERFLOW) what = "a column of one batch passes 2 GiB";
  if (rc == EINVAL && column) what = "null in a NOT NULL column";
  (void)snprintf(error->message, sizeof error->message, "%s%s%s%s",
      column ? "column `" : "", column ? column : "", column ? "`: " : "", what);
  return rc == EINVAL && column ? EPROTO : rc;
}

/** The column that a failure was about, or NULL. */
FRLK_FN const char *frlk_at_fault(const char *told, const frl_builder *root) {
  return told ? told : frlk_refusing(root);
}

/** Why a batch could not be finished: the first column that has more or less values. */
FRLK_FN int frlk_explain_finish(
    frl_kernel_error *error, int rc, const frl_builder *root) {
  for (int64_t i = 1; rc == EINVAL && i < root->n_children; i++) {
    const frl_builder *one = &root->children[i];
    if (one->rows == root->children->rows) continue;
    (void)frl_kernel_fail(error, -1,
        "column `%s` has got %lld values where `%s` has got %lld: uneven length",
        frlk_name(one->field), (long long)one->rows, frlk_name(root->children->field),
        (long long)root->children->rows);
    return EPROTO;
  }
  return frlk_explain(error, -1, rc, NULL);
}

/** Whether any column has got a value; those that have none are then missing some. */
FRLK_FN bool frlk_has_values(const frl_builder *root) {
  for (int64_t i = 0; i < root->n_children; i++) {
    if (root->children[i].rows > 0) return true;
  }
  return false;
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
#define FRLK_INSTANCE(NAME, OUT, STATE)                                              \
  static int NAME##_frlk_push(frl_kernel_instance *frlk_self, int32_t frlk_input,    \
      struct ArrowArray *frlk_batch, frl_kernel_error *frlk_error) {                 \
    NAME##_frlk *frlk_run = (NAME##_frlk *)frlk_self->private_data;                  \
    frlk_run->batch = *frlk_batch;                                                   \
    frlk_batch->release = NULL;                                                      \
    frlk_run->input = frlk_input;                                                    \
    frlk_run->phase = FRLK_IN_BATCH;                                                 \
    const int frlk_rc = NAME##_frlk_bind(frlk_run);                                  \
    return frlk_rc ? frl_kernel_fail(                                                \
                         frlk_error, -1, "the batch is not of the input's schema")   \
                   : 0;                                                              \
  }                                                                                  \
  static int NAME##_frlk_step(NAME##_frlk *frlk_run, frl_kernel_error *frlk_error) { \
    const bool frlk_finishing = frlk_run->phase == FRLK_IN_FINISH;                   \
    const int frlk_rc =                                                              \
        frlk_finishing ? NAME##_finish(&frlk_run->state, &frlk_run->out, frlk_error) \
                       : NAME##_frlk_call(frlk_run, frlk_error);                     \
    if (frlk_rc && frlk_rc != FRL_KERNEL_MORE) {                                     \
      const char *frlk_at = frlk_at_fault(frlk_run->out.fault, &frlk_run->out.root); \
      return frlk_explain(frlk_error, -1, frlk_rc, frlk_at);                         \
    }                                                                                \
    if (frlk_rc == 0 && !frlk_finishing) frlk_drop_batch(&frlk_run->batch);          \
    if (frlk_rc == 0) frlk_run->phase = frlk_finishing ? FRLK_AT_END : FRLK_IDLE;    \
    return 0;                                                                        \
  }                                                                                  \
  static int NAME##_frlk_next(frl_kernel_instance *frlk_self,                        \
      struct ArrowArray *frlk_out, frl_kernel_error *frlk_error) {                   \
    NAME##_frlk *frlk_run = (NAME##_frlk *)frlk_self->private_data;                  \
    frlk_out->release = NULL;                                                        \
    while (frlk_run->phase == FRLK_IN_BATCH || frlk_run->phase == FRLK_IN_FINISH) {  \
      int frlk_rc = NAME##_frlk_step(frlk_run, frlk_error);                          \
      if (frlk_rc) return frlk_rc;                                                   \
      if (!frlk_has_values(&frlk_run->out.root)) continue;                           \
      frlk_rc = OUT##_writer_finish(&frlk_run->out, frlk_out);                       \
      if (frlk_rc == 0) return 0;                                                    \
      return frlk_explain_finish(frlk_error, frlk_rc, &frlk_run->out.root);          \
    }                                                                                \
    return 0;                                                                        \
  }                                                                                  \
  static int NAME##_frlk_finish(                                                     \
      frl_kernel_instance *frlk_self, frl_kernel_error *frlk_error) {                \
    (void)frlk_error;                                                                \
    ((NAME##_frlk *)frlk_self->private_data)->phase = FRLK_IN_FINISH;                \
    return 0;                                                                        \
  }                                                                                  \
  static void NAME##_frlk_release(frl_kernel_instance *frlk_self) {                  \
    NAME##_frlk *frlk_run = (NAME##_frlk *)frlk_self->private_data;                  \
    NAME##_free(&frlk_run->state);                                                   \
    frlk_drop_batch(&frlk_run->batch);                                               \
    NAME##_frlk_unread(frlk_run);                                                    \
    OUT##_writer_deinit(&frlk_run->out);                                             \
    free(frlk_run);                                                                  \
    frlk_self->release = NULL;                                                       \
  }                                                                                  \
  static int NAME##_frlk_create(const frl_kernel_def *frlk_self,                     \
      const frl_kernel_option *frlk_options, int64_t frlk_n,                         \
      frl_kernel_instance *frlk_out, frl_kernel_error *frlk_error) {                 \
    (void)frlk_self;                                                                 \
    memset(frlk_out, 0, sizeof *frlk_out);                                           \
    NAME##_frlk *frlk_run = (NAME##_frlk *)calloc(1, sizeof *frlk_run);              \
    if (!frlk_run) return frlk_explain(frlk_error, -1, ENOMEM, NULL);                \
    int frlk_rc = NAME##_frlk_ready(frlk_run);                                       \
    if (frlk_rc == 0) frlk_rc = OUT##_writer_init(&frlk_run->out);                   \
    if (frlk_rc == 0)                                                                \
      frlk_rc = NAME##_init(&frlk_run->state, frlk_options, frlk_n, frlk_error);     \
    if (frlk_rc) {                                                                   \
      NAME##_frlk_unread(frlk_run);                                                  \
      OUT##_writer_deinit(&frlk_run->out);                                           \
      free(frlk_run);                                                                \
      return frlk_explain(frlk_error, -1, frlk_rc, NULL);                            \
    }                                                                                \
    frlk_out->push = NAME##_frlk_push;                                               \
    frlk_out->next = NAME##_frlk_next;                                               \
    frlk_out->finish = NAME##_frlk_finish;                                           \
    frlk_out->release = NAME##_frlk_release;                                         \
    frlk_out->private_data = frlk_run;                                               \
    return 0;                                                                        \
  }                                                                                  \
  static int NAME##_frlk_output(                                                     \
      const frl_kernel_def *frlk_self, struct ArrowSchema *frlk_out) {               \
    (void)frlk_self;                                                                 \
    return OUT##_schema(frlk_out);                                                   \
  }

#define FRLK_DEFINE(NAME, INPUTS, FLAGS, OPTIONS, DOC)                              \
  static const frl_kernel_def NAME##_kernel = {#NAME, DOC, FLAGS, INPUTS,           \
      NAME##_frlk_input, NAME##_frlk_output,                                        \
      (int64_t)(sizeof OPTIONS / sizeof *OPTIONS) - 1, OPTIONS, NAME##_frlk_create, \
      NULL, {NULL, NULL, NULL, NULL}};

/** A kernel of one input; see <ferrule/kernel.h>. */
#define FRL_KERNEL(NAME, IN, OUT, STATE, FLAGS, OPTIONS, DOC)                         \
  typedef struct NAME##_frlk {                                                        \
    IN##_reader in;                                                                   \
    OUT##_writer out;                                                                 \
    struct ArrowArray batch;                                                          \
    frlk_phase phase;                                                                 \
    int32_t input;                                                                    \
    STATE state;                                                                      \
  } NAME##_frlk;                                                                      \
  static int NAME##_frlk_ready(NAME##_frlk *frlk_run) {                               \
    return IN##_reader_init(&frlk_run->in);                                           \
  }                                                                                   \
  static void NAME##_frlk_unread(NAME##_frlk *frlk_run) {                             \
    IN##_reader_deinit(&frlk_run->in);                                                \
  }                                                                                   \
  static int NAME##_frlk_bind(NAME##_frlk *frlk_run) {                                \
    return IN##_reader_bind(&frlk_run->in, &frlk_run->batch);                         \
  }                                                                                   \
  static int NAME##_frlk_call(NAME##_frlk *frlk_run, frl_kernel_error *frlk_error) {  \
    return NAME##_batch(&frlk_run->state, &frlk_run->in, &frlk_run->out, frlk_error); \
  }                                                                                   \
  FRLK_INSTANCE(NAME, OUT, STATE)                                                     \
  static int NAME##_frlk_input(const frl_kernel_def *frlk_self, int32_t frlk_input,   \
      struct ArrowSchema *frlk_out) {                                                 \
    (void)frlk_self;                                                                  \
    return frlk_input == 0 ? IN##_schema(frlk_out) : EINVAL;                          \
  }                                                                                   \
  FRLK_DEFINE(NAME, 1, FLAGS, OPTIONS, DOC)

/** A kernel of two inputs, for cogroups; see <ferrule/kernel.h>. */
#define FRL_COGROUP_KERNEL(NAME, LEFT, RIGHT, OUT, STATE, FLAGS, OPTIONS, DOC)       \
  typedef struct NAME##_frlk {                                                       \
    LEFT##_reader left;                                                              \
    RIGHT##_reader right;                                                            \
    OUT##_writer out;                                                                \
    struct ArrowArray batch;                                                         \
    frlk_phase phase;                                                                \
    int32_t input;                                                                   \
    STATE state;                                                                     \
  } NAME##_frlk;                                                                     \
  static int NAME##_frlk_ready(NAME##_frlk *frlk_run) {                              \
    const int frlk_rc = LEFT##_reader_init(&frlk_run->left);                         \
    return frlk_rc ? frlk_rc : RIGHT##_reader_init(&frlk_run->right);                \
  }                                                                                  \
  static void NAME##_frlk_unread(NAME##_frlk *frlk_run) {                            \
    LEFT##_reader_deinit(&frlk_run->left);                                           \
    RIGHT##_reader_deinit(&frlk_run->right);                                         \
  }                                                                                  \
  static int NAME##_frlk_bind(NAME##_frlk *frlk_run) {                               \
    return frlk_run->input == 0                                                      \
               ? LEFT##_reader_bind(&frlk_run->left, &frlk_run->batch)               \
               : RIGHT##_reader_bind(&frlk_run->right, &frlk_run->batch);            \
  }                                                                                  \
  static int NAME##_frlk_call(NAME##_frlk *frlk_run, frl_kernel_error *frlk_error) { \
    return frlk_run->input == 0 ? NAME##_left(&frlk_run->state, &frlk_run->left,     \
                                      &frlk_run->out, frlk_error)                    \
                                : NAME##_right(&frlk_run->state, &frlk_run->right,   \
                                      &frlk_run->out, frlk_error);                   \
  }                                                                                  \
  FRLK_INSTANCE(NAME, OUT, STATE)                                                    \
  static int NAME##_frlk_input(const frl_kernel_def *frlk_self, int32_t frlk_input,  \
      struct ArrowSchema *frlk_out) {                                                \
    (void)frlk_self;                                                                 \
    return frlk_input == 0 ? LEFT##_schema(frlk_out) : RIGHT##_schema(frlk_out);     \
  }                                                                                  \
  FRLK_DEFINE(NAME, 2, FLAGS, OPTIONS, DOC)

/* the loop over rows that both short forms have; ONE handles in into run->out */
#define FRLK_OVER_ROWS(NAME, IN, OUT, FLAGS, ONE, DOC)                                \
  typedef struct NAME##_state {                                                       \
    int64_t at;                                                                       \
  } NAME##_state;                                                                     \
  static int NAME##_init(NAME##_state *frlk_s, const frl_kernel_option *frlk_options, \
      int64_t frlk_n, frl_kernel_error *frlk_error) {                                 \
    (void)frlk_options, (void)frlk_n, (void)frlk_error;                               \
    frlk_s->at = 0;                                                                   \
    return 0;                                                                         \
  }                                                                                   \
  static void NAME##_free(NAME##_state *frlk_s) { (void)frlk_s; }                     \
  static int NAME##_finish(                                                           \
      NAME##_state *frlk_s, OUT##_writer *frlk_out, frl_kernel_error *frlk_error) {   \
    (void)frlk_s, (void)frlk_out, (void)frlk_error;                                   \
    return 0;                                                                         \
  }                                                                                   \
  static int NAME##_frlk_row(IN##_reader *frlk_in, int64_t frlk_row,                  \
      OUT##_writer *frlk_out, frl_kernel_error *frlk_error) {                         \
    IN frlk_got;                                                                      \
    const int frlk_rc = IN##_reader_get(frlk_in, frlk_row, &frlk_got);                \
    if (frlk_rc) return frlk_rc;                                                      \
    ONE                                                                               \
  }                                                                                   \
  static int NAME##_batch(NAME##_state *frlk_s, IN##_reader *frlk_in,                 \
      OUT##_writer *frlk_out, frl_kernel_error *frlk_error) {                         \
    while (frlk_s->at < frlk_in->rows) {                                              \
      const int frlk_rc = NAME##_frlk_row(frlk_in, frlk_s->at, frlk_out, frlk_error); \
      if (frlk_rc)                                                                    \
        return frlk_explain(frlk_error, frlk_s->at, frlk_rc,                          \
            frlk_at_fault(frlk_out->fault, &frlk_out->root));                         \
      frlk_s->at++;                                                                   \
      if (frlk_s->at % FRLK_ROWS_PER_LOOK == 0 &&                                     \
          (OUT##_writer_rows(frlk_out) >= FRLK_ROWS_OUT ||                            \
              OUT##_writer_bytes(frlk_out) >= FRLK_BYTES_OUT)) {                      \
        return FRL_KERNEL_MORE;                                                       \
      }                                                                               \
    }                                                                                 \
    frlk_s->at = 0;                                                                   \
    return 0;                                                                         \
  }                                                                                   \
  FRL_KERNEL(NAME, IN, OUT, NAME##_state, FLAGS, frl_no_options, DOC)

/** One row out for each row in: int FN(const IN *in, OUT *out, frl_kernel_error *). */
#define FRL_MAP_KERNEL(NAME, IN, OUT, FN, DOC)                                     \
  FRLK_OVER_ROWS(                                                                  \
      NAME, IN, OUT, FRL_KERNEL_STATELESS | FRL_KERNEL_ROW_WISE, OUT frlk_made;    \
      memset(&frlk_made, 0, sizeof frlk_made);                                     \
      const int frlk_made_rc = FN(&frlk_got, &frlk_made, frlk_error);              \
      return frlk_made_rc ? frlk_made_rc : OUT##_writer_add(frlk_out, &frlk_made); \
      , DOC)

/** Any number of rows: int FN(const IN *in, OUT_writer *out, frl_kernel_error *). */
#define FRL_FLAT_MAP_KERNEL(NAME, IN, OUT, FN, DOC)                                    \
  FRLK_OVER_ROWS(                                                                      \
      NAME, IN, OUT, FRL_KERNEL_STATELESS, return FN(&frlk_got, frlk_out, frlk_error); \
      , DOC)

/** What the library offers: FRL_KERNELS(&a_kernel, &b_kernel), once in a library. */
#define FRL_KERNELS(...)                                                     \
  static const frl_kernel_def *const frlk_kernels[] = {__VA_ARGS__};         \
  const frl_kernel_list *frl_kernel_list_v1(void) {                          \
    static const frl_kernel_list frlk_list = {FRL_KERNEL_ABI_VERSION,        \
        (int32_t)(sizeof frlk_kernels / sizeof *frlk_kernels), frlk_kernels, \
        "ferrule"};                                                          \
    return &frlk_list;                                                       \
  }

#endif /* FERRULE_KERNEL_DEFINE_H */
