/** Batches made up for a schema. */
#ifndef FRL_KERNEL_GENERATE_H
#define FRL_KERNEL_GENERATE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_generate_options {
  int64_t rows;
  unsigned null_percent; /* of what may be null */
  size_t text_bytes;     /* of strings and binaries, at most */
  uint64_t seed;
  const frl_mem *mem;
} frl_generate_options;

/** FRL_E_UNSUPPORTED, FRL_E_LIMIT, FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_generate(struct ArrowArray *out,
    const struct ArrowSchema *schema, const frl_generate_options *options,
    frl_error *err);

#endif /* FRL_KERNEL_GENERATE_H */
