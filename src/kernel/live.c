#include "kernel/live.h"

#include <ferrule/kernel_host.h>

#include "base/mem.h"

typedef struct live_shell {
  frl_mem mem;
  struct ArrowArray inner;
  atomic_llong *count;
} live_shell;

frl_live_counts frl__live;

static void release_shell(struct ArrowArray *array) {
  live_shell *shell = array->private_data;
  /* children moved out are marked in the inner array too: the pointers are shared */
  frl_array_release(&shell->inner);
  (void)atomic_fetch_sub(shell->count, 1);
  const frl_mem mem = shell->mem;
  frl_free(&mem, shell);
  array->release = NULL;
}

frl_status frl_live_wrap(
    struct ArrowArray *array, const frl_mem *mem, atomic_llong *count) {
  live_shell *shell = frl_calloc(mem, 1, sizeof *shell);
  if (!shell) {
    frl_array_release(array);
    return FRL_E_NOMEM;
  }
  shell->mem = mem ? *mem : frl_mem_default;
  shell->inner = *array;
  shell->count = count;
  array->private_data = shell;
  array->release = release_shell;
  (void)atomic_fetch_add(count, 1);
  return FRL_OK;
}

void frl_kernel_count_live(frl_kernel_live *out) {
  out->libs = atomic_load(&frl__live.libs);
  out->kernels = atomic_load(&frl__live.kernels);
  out->runs = atomic_load(&frl__live.runs);
  out->batches_in = atomic_load(&frl__live.batches_in);
  out->batches_out = atomic_load(&frl__live.batches_out);
}
