/* my_kernel: a row out for each row in. <ferrule/kernel.h> tells of other forms. */
#include "my_kernel.h"

static int one_row(const input *in, output *out, frl_kernel_error *error) {
  if (!in->is_null.amount && in->amount < 0) {
    return frl_kernel_fail(error, -1, "the amount is %g: below 0", in->amount);
  }
  out->name = in->is_null.name ? frl_string_of("?") : in->name;
  out->doubled = 2 * in->amount;
  out->is_null.doubled = in->is_null.amount;
  return 0;
}

FRL_MAP_KERNEL(my_kernel, input, output, one_row, "Doubles an amount.")

FRL_KERNELS(&my_kernel_kernel)
