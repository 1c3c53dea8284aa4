/** Kernels that tests run from within their own program, and what they do wrong. */
#ifndef FRL_TESTS_KERNEL_SAMPLE_KERNELS_H
#define FRL_TESTS_KERNEL_SAMPLE_KERNELS_H

#include <ferrule/kernel_host.h>

/** Rows as they are; fails at int_col = -1. */
extern const frl_kernel_def sample_echo;
/** Each col int_col times. */
extern const frl_kernel_def sample_repeat;
/** Sums int_col, and gives one row at the end; options start and label. */
extern const frl_kernel_def sample_total;
/** Pairs counts of two inputs. */
extern const frl_kernel_def sample_pair;
/** Gives what the option says: one of its kinds of lies. */
extern const frl_kernel_def sample_liar;

#endif /* FRL_TESTS_KERNEL_SAMPLE_KERNELS_H */
