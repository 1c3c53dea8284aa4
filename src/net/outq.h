/**
 * Bytes on their way out: slices in the order in which they are written.
 *
 * Small bytes are copied into blocks, large ones stay where they are; what a slice
 * holds is released when the writer has consumed it. Threads: one at a time.
 */
#ifndef FRL_NET_OUTQ_H
#define FRL_NET_OUTQ_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chain.h"

typedef struct frl_outq {
  frl_slice *slices; /* slices[head .. end - 1] wait; some are empty */
  size_t head;
  size_t end;
  size_t cap;
  size_t bytes;
  struct frl_out_block *block; /* where small bytes are copied to; may be NULL */
  frl_mem mem;
} frl_outq;

void frl_outq_init(frl_outq *q, const frl_mem *mem);
/** Releases all that waits. */
void frl_outq_deinit(frl_outq *q);
/** On failure (FRL_E_NOMEM) nothing was added, the slice stays the caller's. */
FRL_NODISCARD frl_status frl_outq_push(frl_outq *q, frl_slice slice);
FRL_NODISCARD frl_status frl_outq_copy(frl_outq *q, const void *data, size_t n);
/** Calls release(owner) once all that waits now is consumed. */
FRL_NODISCARD frl_status frl_outq_hold(
    frl_outq *q, void (*release)(void *owner), void *owner);
/** The first n bytes (n <= bytes) were written. */
void frl_outq_consume(frl_outq *q, size_t n);

#endif /* FRL_NET_OUTQ_H */
