/**
 * The smallest kernel: the rows of a table of a text and a number, and a number more.
 *
 * Its input's DDL is `col` STRING, `int_col` BIGINT.
 */
#include <ferrule/kernel.h>

#define TEST_STRUCT(X) X(STRING, col) X(BIGINT, int_col)
FRL_ROW(test_struct, TEST_STRUCT)

#define COUNTED(X)   \
  X(STRING, col)     \
  X(BIGINT, int_col) \
  X(BIGINT, col_bytes, NOT_NULL, COMMENT("length of col, 0 where it is null"))
FRL_ROW(counted, COUNTED)

static int count(const test_struct *in, counted *out, frl_kernel_error *error) {
  (void)error;
  out->col = in->col;
  out->is_null.col = in->is_null.col;
  out->int_col = in->int_col;
  out->is_null.int_col = in->is_null.int_col;
  out->col_bytes = in->is_null.col ? 0 : in->col.size;
  return 0;
}

FRL_MAP_KERNEL(count_bytes, test_struct, counted, count,
    "Adds the length in bytes of a text to its row.")

FRL_KERNELS(&count_bytes_kernel)
