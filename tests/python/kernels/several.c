/* Kernels of every kind, small enough to tell what must come of them. */
#include <ferrule/kernel.h>

#define PAIR(X) X(STRING, word) X(BIGINT, n)
FRL_ROW(pair, PAIR)

#define DOUBLED(X) X(STRING, word) X(BIGINT, twice, COMMENT("two times n"))
FRL_ROW(doubled, DOUBLED)

/* A row for a row; refuses the word "bad". */
static int twice_row(const pair *in, doubled *out, frl_kernel_error *error) {
  if (!in->is_null.word && in->word.size == 3 && memcmp(in->word.data, "bad", 3) == 0) {
    return frl_kernel_fail(error, -1, "the word is bad");
  }
  out->word = in->word;
  out->is_null.word = in->is_null.word;
  out->twice = 2 * in->n;
  out->is_null.twice = in->is_null.n;
  return 0;
}
FRL_MAP_KERNEL(twice, pair, doubled, twice_row, "Doubles a number.")

/* The row n times. */
static int repeat_row(const pair *in, pair_writer *out, frl_kernel_error *error) {
  (void)error;
  for (int64_t i = 0; i < in->n; i++) {
    const int rc = pair_writer_add(out, in);
    if (rc != 0) return rc;
  }
  return 0;
}
FRL_FLAT_MAP_KERNEL(repeat, pair, pair, repeat_row, "Each row n times.")

/* Sums what comes, by state, and tells at the end. */
#define SUM(X) X(BIGINT, rows, NOT_NULL) X(BIGINT, sum, NOT_NULL)
FRL_ROW(sum, SUM)

typedef struct totals {
  sum so_far;
  int64_t step;
} totals;

static const frl_kernel_option_doc sum_options[] = {
    {"step", "1", "What a row counts."},
    {NULL, NULL, NULL},
};

static int total_init(totals *state, const frl_kernel_option *options, int64_t n,
    frl_kernel_error *error) {
  (void)n;
  state->step = strtoll(options[0].value, NULL, 10);
  return state->step > 0 ? 0 : frl_kernel_fail(error, -1, "step must be positive");
}

static int total_batch(
    totals *state, pair_reader *in, sum_writer *out, frl_kernel_error *error) {
  (void)out;
  (void)error;
  for (int64_t i = 0; i < in->rows; i++) {
    pair row;
    const int rc = pair_reader_get(in, i, &row);
    if (rc != 0) return rc;
    state->so_far.rows += state->step;
    state->so_far.sum += row.is_null.n ? 0 : row.n;
  }
  return 0;
}

static int total_finish(totals *state, sum_writer *out, frl_kernel_error *error) {
  (void)error;
  return sum_writer_add(out, &state->so_far);
}

static void total_free(totals *state) { (void)state; }

FRL_KERNEL(total, pair, sum, totals, 0, sum_options, "Sums a column.")

/* How many rows each side of a cogroup has. */
#define SIDES(X) X(BIGINT, left_rows, NOT_NULL) X(BIGINT, right_rows, NOT_NULL)
FRL_ROW(sides, SIDES)

static int count_sides_init(sides *state, const frl_kernel_option *options, int64_t n,
    frl_kernel_error *error) {
  (void)state, (void)options, (void)n, (void)error;
  return 0;
}

static int count_sides_left(
    sides *state, pair_reader *in, sides_writer *out, frl_kernel_error *error) {
  (void)out, (void)error;
  state->left_rows += in->rows;
  return 0;
}

static int count_sides_right(
    sides *state, sum_reader *in, sides_writer *out, frl_kernel_error *error) {
  (void)out, (void)error;
  state->right_rows += in->rows;
  return 0;
}

static int count_sides_finish(
    sides *state, sides_writer *out, frl_kernel_error *error) {
  (void)error;
  return sides_writer_add(out, state);
}

static void count_sides_free(sides *state) { (void)state; }

FRL_COGROUP_KERNEL(count_sides, pair, sum, sides, sides, 0, frl_no_options,
    "Counts the rows of two sides.")

/* Says that bytes are text, which they need not be. */
#define BYTES(X) X(BINARY, bytes)
FRL_ROW(bytes, BYTES)
#define TEXT(X) X(STRING, text)
FRL_ROW(text, TEXT)

static int as_text_row(const bytes *in, text *out, frl_kernel_error *error) {
  (void)error;
  out->text = (frl_string){(const char *)in->bytes.data, in->bytes.size};
  out->is_null.text = in->is_null.bytes;
  return 0;
}
FRL_MAP_KERNEL(as_text, bytes, text, as_text_row, "Takes bytes for text, unchecked.")

FRL_KERNELS(
    &twice_kernel, &repeat_kernel, &total_kernel, &count_sides_kernel, &as_text_kernel)
