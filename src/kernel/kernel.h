/** What the files of this folder share about a kernel. */
#ifndef FRL_KERNEL_KERNEL_H
#define FRL_KERNEL_KERNEL_H

#include <ferrule/kernel_host.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { FRL_KERNEL_MAX_INPUTS = 2 };

/** One of a kernel's schemas in its three forms. */
typedef struct frl_kernel_face {
  struct ArrowSchema schema;
  char *ddl;
  char *json;
} frl_kernel_face;

struct frl_kernel {
  frl_mem mem;
  atomic_size_t refs;
  const frl_kernel_def *def;
  frl_kernel_face output;
  frl_kernel_face inputs[FRL_KERNEL_MAX_INPUTS];
};

/** Whether Spark hands out and takes back every type in exactly this Arrow form. */
FRL_NODISCARD frl_status frl_kernel_check_forms(
    const struct ArrowSchema *schema, const char *what, frl_error *err);

#endif /* FRL_KERNEL_KERNEL_H */
