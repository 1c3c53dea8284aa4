/* A kernel over every type: gives back the rows that it gets. */
#include <ferrule/kernel.h>

#define POINT(X) X(DOUBLE, x, NOT_NULL) X(DOUBLE, y)
FRL_STRUCT(point, POINT)
FRL_ARRAY(ints, INT)
FRL_ARRAY(dense, BIGINT, NOT_NULL)
FRL_ARRAY(nested, ARRAY(ints))
FRL_ARRAY(points, STRUCT(point))
FRL_MAP(counts, STRING, BIGINT)
FRL_MAP(by_day, DATE, ARRAY(ints))

#define ROW(X)                                     \
  X(BOOLEAN, flag)                                 \
  X(TINYINT, tiny)                                 \
  X(SMALLINT, small)                               \
  X(INT, medium)                                   \
  X(BIGINT, id, NOT_NULL)                          \
  X(FLOAT, single)                                 \
  X(DOUBLE, wide)                                  \
  X(DECIMAL(9, 2), price)                          \
  X(DECIMAL(38, 10), sum)                          \
  X(STRING, text, COMMENT("it's a \\ text"))       \
  X(STRING_COLLATE(UNICODE_CI), folded)            \
  X(BINARY, bytes)                                 \
  X(DATE, day)                                     \
  X(TIMESTAMP, at)                                 \
  X(TIMESTAMP_NTZ, local, NAME("local time, now")) \
  X(DAY_TIME_INTERVAL, span)                       \
  X(TIME(6), clock)                                \
  X(VARIANT, any)                                  \
  X(ARRAY(ints), some)                             \
  X(ARRAY(dense), all)                             \
  X(ARRAY(nested), rows)                           \
  X(STRUCT(point), place)                          \
  X(ARRAY(points), path)                           \
  X(MAP(counts), counted)                          \
  X(MAP(by_day), days)
FRL_ROW(row, ROW)

static int same(const row *in, row *out, frl_kernel_error *error) {
  (void)error;
  *out = *in;
  return 0;
}

FRL_MAP_KERNEL(every_type, row, row, same, "Gives back what it gets.")

FRL_KERNELS(&every_type_kernel)
