/** What of kernels is alive in this process, and batches that are counted in it. */
#ifndef FRL_KERNEL_LIVE_H
#define FRL_KERNEL_LIVE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdatomic.h>

typedef struct frl_live_counts {
  atomic_llong libs;
  atomic_llong kernels;
  atomic_llong runs;
  atomic_llong batches_in;
  atomic_llong batches_out;
} frl_live_counts;

extern frl_live_counts frl__live;

/**
 * Puts the array into a shell that counts as one of count until released. On
 * FRL_E_NOMEM the array is released.
 */
FRL_NODISCARD frl_status frl_live_wrap(
    struct ArrowArray *array, const frl_mem *mem, atomic_llong *count);

#endif /* FRL_KERNEL_LIVE_H */
