#include "sample_kernels.h"

#include "declared.h"

static int echo(const test_struct *in, test_struct *out, frl_kernel_error *error) {
  if (in->int_col == -1) return frl_kernel_fail(error, -1, "int_col is %d", -1);
  *out = *in;
  return 0;
}
FRL_MAP_KERNEL(echo_rows, test_struct, test_struct, echo, "Rows as they are.")

static int repeat(const test_struct *in, test_struct_writer *out, frl_kernel_error *e) {
  (void)e;
  for (int64_t i = 0; i < in->int_col; i++) {
    const int rc = test_struct_writer_add(out, in);
    if (rc) return rc;
  }
  return 0;
}
FRL_FLAT_MAP_KERNEL(repeat_rows, test_struct, test_struct, repeat, "Rows, repeated.")

typedef struct total_state {
  int64_t sum;
  char label[32];
} total_state;

static const frl_kernel_option_doc total_options[] = {
    {"start", "0", "What the sum begins with."}, {"label", NULL, "The text beside it."},
    {NULL, NULL, NULL}};

static int total_init(
    total_state *s, const frl_kernel_option *options, int64_t n, frl_kernel_error *e) {
  (void)snprintf(s->label, sizeof s->label, "%s", frl_option(options, n, "label"));
  return frl_option_i64(options, n, "start", -100, 100, &s->sum, e);
}

static int total_batch(total_state *s, test_struct_reader *in, test_struct_writer *out,
    frl_kernel_error *e) {
  (void)out;
  (void)e;
  for (int64_t i = 0; i < in->rows; i++) {
    if (frl_is_null(in->col.int_col, i)) continue;
    /* wraps, as Spark's own sums of BIGINT do */
    s->sum = (int64_t)((uint64_t)s->sum + (uint64_t)frl_get_i64(in->col.int_col, i));
  }
  return 0;
}

static int total_finish(total_state *s, test_struct_writer *out, frl_kernel_error *e) {
  (void)e;
  test_struct row;
  memset(&row, 0, sizeof row);
  row.col = frl_string_of(s->label);
  row.int_col = s->sum;
  return test_struct_writer_add(out, &row);
}

static void total_free(total_state *s) { (void)s; }
FRL_KERNEL(total, test_struct, test_struct, total_state, 0, total_options, "A sum.")

typedef struct pair_state {
  int64_t left;
  int64_t right;
} pair_state;

#define PAIRED(X) X(BIGINT, left_rows, NOT_NULL) X(BIGINT, right_rows, NOT_NULL)
FRL_ROW(paired, PAIRED)
#define RIGHT_SIDE(X) X(INT, other)
FRL_ROW(right_side, RIGHT_SIDE)

static int pair_init(
    pair_state *s, const frl_kernel_option *options, int64_t n, frl_kernel_error *e) {
  (void)s, (void)options, (void)n, (void)e;
  return 0;
}

static int pair_left(
    pair_state *s, test_struct_reader *in, paired_writer *out, frl_kernel_error *e) {
  (void)out, (void)e;
  s->left += in->rows;
  return 0;
}

static int pair_right(
    pair_state *s, right_side_reader *in, paired_writer *out, frl_kernel_error *e) {
  (void)out, (void)e;
  s->right += in->rows;
  return 0;
}

static int pair_finish(pair_state *s, paired_writer *out, frl_kernel_error *e) {
  (void)e;
  paired row;
  memset(&row, 0, sizeof row);
  row.left_rows = s->left;
  row.right_rows = s->right;
  return paired_writer_add(out, &row);
}

static void pair_free(pair_state *s) { (void)s; }
FRL_COGROUP_KERNEL(pair, test_struct, right_side, paired, pair_state, 0, frl_no_options,
    "Counts of two inputs.")

/* ---- a kernel that breaks its word ---- */

typedef struct liar_state {
  char lie[16];
} liar_state;

#define PROMISED(X) X(STRING, col, NOT_NULL) X(BIGINT, int_col)
FRL_ROW(promised, PROMISED)

static const frl_kernel_option_doc liar_options[] = {
    {"lie", "", "null, text, uneven, only last, put null or minus."},
    {NULL, NULL, NULL}};

static int liar_init(
    liar_state *s, const frl_kernel_option *options, int64_t n, frl_kernel_error *e) {
  (void)e;
  (void)snprintf(s->lie, sizeof s->lie, "%s", frl_option(options, n, "lie"));
  return 0;
}

static int liar_finish(liar_state *s, promised_writer *out, frl_kernel_error *e) {
  (void)s, (void)out, (void)e;
  return 0;
}

static int liar_batch(
    liar_state *s, test_struct_reader *in, promised_writer *out, frl_kernel_error *e) {
  (void)in, (void)e;
  promised row;
  if (strcmp(s->lie, "minus") == 0) return -1;
  if (strcmp(s->lie, "put null") == 0) return frl_put_null(out->col.col);
  if (strcmp(s->lie, "only last") == 0) return frl_put_i64(out->col.int_col, 1);
  memset(&row, 0, sizeof row);
  row.col = frl_string_of("good");
  int rc = promised_writer_add(out, &row);
  if (strcmp(s->lie, "null") == 0) row.is_null.col = true;
  if (strcmp(s->lie, "text") == 0) row.col = frl_string_of("a\xff");
  if (rc == 0) rc = promised_writer_add(out, &row);
  if (rc == 0 && strcmp(s->lie, "uneven") == 0) rc = frl_put_i64(out->col.int_col, 1);
  return rc;
}

static void liar_free(liar_state *s) { (void)s; }
FRL_KERNEL(liar, test_struct, promised, liar_state, 0, liar_options, "Lies.")

/* the macros make static definitions; tests name them from other files */
#define SHARE(name, kernel)                                                     \
  static int name##_in(                                                         \
      const frl_kernel_def *self, int32_t input, struct ArrowSchema *out) {     \
    (void)self;                                                                 \
    return kernel.input_schema(&kernel, input, out);                            \
  }                                                                             \
  static int name##_out(const frl_kernel_def *self, struct ArrowSchema *out) {  \
    (void)self;                                                                 \
    return kernel.output_schema(&kernel, out);                                  \
  }                                                                             \
  static int name##_new(const frl_kernel_def *self, const frl_kernel_option *o, \
      int64_t n, frl_kernel_instance *out, frl_kernel_error *error) {           \
    (void)self;                                                                 \
    return kernel.create(&kernel, o, n, out, error);                            \
  }
SHARE(echo, echo_rows_kernel)
SHARE(repeat, repeat_rows_kernel)
SHARE(total, total_kernel)
SHARE(pair, pair_kernel)
SHARE(liar, liar_kernel)

const frl_kernel_def sample_echo = {.name = "echo",
    .doc = "Rows as they are.",
    .flags = FRL_KERNEL_STATELESS | FRL_KERNEL_ROW_WISE,
    .n_inputs = 1,
    .input_schema = echo_in,
    .output_schema = echo_out,
    .create = echo_new};
const frl_kernel_def sample_repeat = {.name = "repeat",
    .doc = "Rows, repeated.",
    .n_inputs = 1,
    .input_schema = repeat_in,
    .output_schema = repeat_out,
    .create = repeat_new};
const frl_kernel_def sample_total = {.name = "total",
    .doc = "A sum.",
    .n_inputs = 1,
    .input_schema = total_in,
    .output_schema = total_out,
    .n_options = 2,
    .options = total_options,
    .create = total_new};
const frl_kernel_def sample_pair = {.name = "pair",
    .doc = "Counts.",
    .n_inputs = 2,
    .input_schema = pair_in,
    .output_schema = pair_out,
    .create = pair_new};
const frl_kernel_def sample_liar = {.name = "liar",
    .doc = "Lies.",
    .n_inputs = 1,
    .input_schema = liar_in,
    .output_schema = liar_out,
    .n_options = 1,
    .options = liar_options,
    .create = liar_new};
