/**
 * A text in capitals and d * 1.5 + id: what a built-in expression would do, over
 * columns, as fast as it goes. Letters beyond ASCII stay as they are.
 */
#include <ferrule/kernel.h>

#define TRIPLE(X) X(BIGINT, id) X(STRING, s) X(DOUBLE, d)
FRL_ROW(triple, TRIPLE)

#define PAIR(X) X(STRING, upper_s) X(DOUBLE, scaled)
FRL_ROW(pair, PAIR)

typedef struct upper_scale_state {
  char unused;
} upper_scale_state;

static int upper_scale_init(upper_scale_state *s, const frl_kernel_option *options,
    int64_t n, frl_kernel_error *error) {
  (void)s, (void)options, (void)n, (void)error;
  return 0;
}

static void upper_scale_free(upper_scale_state *s) { (void)s; }

static int put_upper(frl_builder *out, const frl_column *texts) {
  uint8_t *to = NULL;
  const frl_string from = frl_all_bytes(texts);
  const int rc = frl_put_as_long_as(out, texts, &to);
  for (int64_t i = 0; rc == 0 && i < from.size; i++) {
    const uint8_t c = (uint8_t)from.data[i];
    to[i] = (uint8_t)(c - ((uint8_t)(c - 'a') < 26 ? 32 : 0));
  }
  return rc ? rc : frl_null_as(out, texts);
}

static int put_scaled(frl_builder *out, const frl_column *d, const frl_column *id) {
  void *space = NULL;
  const int rc = frl_put_fixed(out, d->rows, &space);
  if (rc) return rc;
  double *to = (double *)space;
  for (int64_t i = 0; i < d->rows; i++) {
    to[i] = frl_get_f64(d, i) * 1.5 + (double)frl_get_i64(id, i);
  }
  const int nulls = frl_null_as(out, d);
  return nulls ? nulls : frl_null_as(out, id);
}

static int upper_scale_batch(upper_scale_state *s, triple_reader *in, pair_writer *out,
    frl_kernel_error *error) {
  (void)s, (void)error;
  const int rc = put_upper(out->col.upper_s, in->col.s);
  return rc ? rc : put_scaled(out->col.scaled, in->col.d, in->col.id);
}

static int upper_scale_finish(
    upper_scale_state *s, pair_writer *out, frl_kernel_error *error) {
  (void)s, (void)out, (void)error;
  return 0;
}

FRL_KERNEL(upper_scale, triple, pair, upper_scale_state,
    FRL_KERNEL_STATELESS | FRL_KERNEL_ROW_WISE, frl_no_options,
    "Texts in capitals, and numbers scaled.")

FRL_KERNELS(&upper_scale_kernel)
