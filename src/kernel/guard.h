/**
 * Copies of batches in memory that faults when it is written to, or read beyond its
 * end.
 */
#ifndef FRL_KERNEL_GUARD_H
#define FRL_KERNEL_GUARD_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/kernel_host.h>

/**
 * Every buffer of the copy is as long as the array's lengths say, read-only, and ends
 * at a page that cannot be touched. The array is taken and released, always.
 */
FRL_NODISCARD frl_status frl_guard(struct ArrowArray *out,
    const struct ArrowSchema *schema, struct ArrowArray *array, frl_error *err);

/** Where an address lies among the buffers of this thread's copies. */
frl_kernel_place frl_guard_place(const void *address);

#endif /* FRL_KERNEL_GUARD_H */
