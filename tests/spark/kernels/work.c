/** Kernels that do something: per row, several rows for one, at the end; and failures.
 */
#include <ferrule/kernel.h>

#define MEASURED(X) X(BIGINT, id) X(STRING, s) X(DOUBLE, d)
FRL_ROW(measured, MEASURED)
#define SCALED(X) X(STRING, u) X(DOUBLE, v)
FRL_ROW(scaled, SCALED)

/** ASCII letters only: Spark's upper() agrees on those. */
static int scale(const measured *in, scaled *out, frl_kernel_error *error) {
  static _Thread_local char text[256];
  out->is_null.u = in->is_null.s;
  if (!in->is_null.s) {
    if (in->s.size > (int64_t)sizeof text)
      return frl_kernel_fail(error, -1, "s is too long");
    for (int64_t i = 0; i < in->s.size; i++) {
      const char c = in->s.data[i];
      text[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    out->u.data = text;
    out->u.size = in->s.size;
  }
  out->is_null.v = in->is_null.d || in->is_null.id;
  out->v = in->d * 1.5 + (double)in->id;
  return 0;
}
FRL_MAP_KERNEL(scale, measured, scaled, scale, "upper(s), d * 1.5 + id")

static int refuse(const measured *in, scaled *out, frl_kernel_error *error) {
  (void)out;
  if (in->id == 41234)
    return frl_kernel_fail(error, -1, "id %d is refused", (int)in->id);
  out->is_null.u = out->is_null.v = true;
  return 0;
}
FRL_MAP_KERNEL(refuse, measured, scaled, refuse, "Fails at one id.")

#define NUMBER(X) X(BIGINT, n, NOT_NULL)
FRL_ROW(number, NUMBER)

/** n rows for n. */
static int repeat(const number *in, number_writer *out, frl_kernel_error *error) {
  (void)error;
  for (int64_t i = 0; i < in->n; i++) {
    const number row = {.n = i};
    const int rc = number_writer_add(out, &row);
    if (rc) return rc;
  }
  return 0;
}
FRL_FLAT_MAP_KERNEL(repeat, number, number, repeat, "The numbers below each number.")

#define BLOB(X) X(STRING, text)
FRL_ROW(blob, BLOB)
static char zeros[64 << 20];

/** A text of n bytes. */
static int blow_up(const number *in, blob_writer *out, frl_kernel_error *error) {
  if (in->n > (int64_t)sizeof zeros)
    return frl_kernel_fail(error, -1, "n is too large");
  const blob row = {.text = {.data = zeros, .size = in->n}};
  return blob_writer_add(out, &row);
}
FRL_FLAT_MAP_KERNEL(blow_up, number, blob, blow_up, "A text as long as the number.")

typedef struct total {
  int64_t rows;
  int64_t batches;
  int64_t largest;
  int64_t times;
} total;
#define TOTALS(X) X(BIGINT, row_count) X(BIGINT, batch_count) X(BIGINT, largest_batch)
FRL_ROW(totals, TOTALS)

static int count_init(
    total *t, const frl_kernel_option *options, int64_t n, frl_kernel_error *error) {
  return frl_option_i64(options, n, "times", 1, 1000, &t->times, error);
}

static int count_batch(
    total *t, number_reader *in, totals_writer *out, frl_kernel_error *error) {
  (void)out, (void)error;
  t->rows += in->rows * t->times;
  t->batches++;
  if (in->rows > t->largest) t->largest = in->rows;
  return 0;
}

static int count_finish(total *t, totals_writer *out, frl_kernel_error *error) {
  (void)error;
  const totals row = {
      .row_count = t->rows, .batch_count = t->batches, .largest_batch = t->largest};
  return totals_writer_add(out, &row);
}

static void count_free(total *t) { (void)t; }

static const frl_kernel_option_doc count_options[] = {
    {"times", "1", "Each row counts so often."}, {NULL, NULL, NULL}};
FRL_KERNEL(count, number, totals, total, 0, count_options, "Counts rows and batches.")

FRL_KERNELS(
    &scale_kernel, &refuse_kernel, &repeat_kernel, &blow_up_kernel, &count_kernel)
