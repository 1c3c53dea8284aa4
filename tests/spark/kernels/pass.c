/**
 * Kernels that hand their batches on as they are, over every type: what comes out of
 * Spark after them is what the rows became on their way.
 */
#include <ferrule/kernel.h>

#define FLAT(X)                 \
  X(BOOLEAN, a)                 \
  X(TINYINT, b)                 \
  X(SMALLINT, c)                \
  X(INT, d)                     \
  X(BIGINT, e)                  \
  X(FLOAT, f)                   \
  X(DOUBLE, g)                  \
  X(DECIMAL(9, 2), h)           \
  X(DECIMAL(38, 10), i)         \
  X(STRING, j)                  \
  X(BINARY, k)                  \
  X(DATE, l)                    \
  X(TIMESTAMP, m)               \
  X(DAY_TIME_INTERVAL, n)       \
  X(BIGINT, o, NAME("o `o` ö")) \
  X(BIGINT, p, NOT_NULL)
FRL_ROW(flat, FLAT)

FRL_ARRAY(ints, INT)
FRL_ARRAY(flags, BOOLEAN)
FRL_ARRAY(texts, STRING)
FRL_ARRAY(decimals, DECIMAL(30, 3))
FRL_MAP(counts, STRING, BIGINT)
FRL_ARRAY(lists, ARRAY(texts))
FRL_MAP(deep, INT, MAP(counts))
#define PLACE(X) X(INT, x) X(ARRAY(texts), y) X(DECIMAL(20, 0), z)
FRL_STRUCT(place, PLACE)
FRL_ARRAY(places, STRUCT(place))
#define NESTED(X)       \
  X(ARRAY(ints), a)     \
  X(ARRAY(flags), b)    \
  X(ARRAY(texts), c)    \
  X(ARRAY(decimals), d) \
  X(MAP(counts), e)     \
  X(ARRAY(lists), f)    \
  X(MAP(deep), g)       \
  X(STRUCT(place), h)   \
  X(ARRAY(places), i)
FRL_ROW(nested, NESTED)

FRL_ARRAY(variants, VARIANT)
#define NEWER(X)        \
  X(VARIANT, a)         \
  X(ARRAY(variants), b) \
  X(TIME(6), c)         \
  X(TIMESTAMP_NTZ, d)   \
  X(STRING_COLLATE(UNICODE_CI), e)
FRL_ROW(newer, NEWER)

static int pass_push(frl_kernel_instance *self, int32_t input, struct ArrowArray *batch,
    frl_kernel_error *error) {
  (void)input, (void)error;
  struct ArrowArray *held = self->private_data;
  *held = *batch;
  batch->release = NULL;
  return 0;
}

static int pass_next(
    frl_kernel_instance *self, struct ArrowArray *out, frl_kernel_error *error) {
  (void)error;
  struct ArrowArray *held = self->private_data;
  *out = *held;
  held->release = NULL;
  return 0;
}

/** The same without its first row: a batch that begins at an offset. */
static int tail_next(
    frl_kernel_instance *self, struct ArrowArray *out, frl_kernel_error *error) {
  const int rc = pass_next(self, out, error);
  if (out->release && out->length > 0) {
    out->offset++;
    out->length--;
    out->null_count = -1;
  }
  return rc;
}

static int pass_finish(frl_kernel_instance *self, frl_kernel_error *error) {
  (void)self, (void)error;
  return 0;
}

static void pass_release(frl_kernel_instance *self) {
  struct ArrowArray *held = self->private_data;
  if (held->release) held->release(held);
  free(held);
  self->release = NULL;
}

static int pass_create(const frl_kernel_def *self, const frl_kernel_option *options,
    int64_t n_options, frl_kernel_instance *out, frl_kernel_error *error) {
  (void)options, (void)n_options, (void)error;
  out->private_data = calloc(1, sizeof(struct ArrowArray));
  if (!out->private_data) return ENOMEM;
  out->push = pass_push;
  out->next = strncmp(self->name, "tail", 4) == 0 ? tail_next : pass_next;
  out->finish = pass_finish;
  out->release = pass_release;
  return 0;
}

#define PASS(NAME, ROW)                                                        \
  static int NAME##_in(                                                        \
      const frl_kernel_def *self, int32_t input, struct ArrowSchema *out) {    \
    (void)self, (void)input;                                                   \
    return ROW##_schema(out);                                                  \
  }                                                                            \
  static int NAME##_out(const frl_kernel_def *self, struct ArrowSchema *out) { \
    (void)self;                                                                \
    return ROW##_schema(out);                                                  \
  }                                                                            \
  static const frl_kernel_def NAME = {.name = #NAME,                           \
      .doc = "Hands batches on.",                                              \
      .flags = FRL_KERNEL_STATELESS,                                           \
      .n_inputs = 1,                                                           \
      .input_schema = NAME##_in,                                               \
      .output_schema = NAME##_out,                                             \
      .create = pass_create};

PASS(pass_flat, flat)
PASS(pass_nested, nested)
PASS(pass_newer, newer)
PASS(tail_flat, flat)
PASS(tail_nested, nested)

static const frl_kernel_def *const all[] = {
    &pass_flat, &pass_nested, &pass_newer, &tail_flat, &tail_nested};
static const frl_kernel_list list = {FRL_KERNEL_ABI_VERSION, 5, all, "tests"};
const frl_kernel_list *frl_kernel_list_v1(void) { return &list; }
