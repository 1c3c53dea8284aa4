/**
 * A list of byte slices that is written out without being joined.
 *
 * Each slice either borrows bytes that outlive the chain (release NULL) or holds
 * a reference that release(owner) gives up. A chain moves: after it was handed
 * to a sender the source is empty. Threads: one at a time; release may be called
 * on another thread than the one that appended.
 */
#ifndef FRL_BASE_CHAIN_H
#define FRL_BASE_CHAIN_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_slice {
  const uint8_t *data;
  size_t len;
  void (*release)(void *owner);
  void *owner;
} frl_slice;

typedef struct frl_chain {
  frl_slice *slices;
  size_t n_slices;
  size_t cap;
  size_t bytes; /* sum of len */
  frl_mem mem;
} frl_chain;

void frl_chain_init(frl_chain *c, const frl_mem *mem);
/** Releases every slice. */
void frl_chain_deinit(frl_chain *c);
/** On failure the slice stays the caller's. */
FRL_NODISCARD frl_status frl_chain_push(frl_chain *c, frl_slice slice);
/** Appends a private copy of the bytes. */
FRL_NODISCARD frl_status frl_chain_copy(frl_chain *c, const void *data, size_t n);
/** dst (initialised, empty) gets all; src becomes empty. */
void frl_chain_move(frl_chain *dst, frl_chain *src);

#endif /* FRL_BASE_CHAIN_H */
