/**
 * An allocator that counts, that can refuse the n-th request, and that knows what is
 * still held.
 *
 * Usage: for n = 0, 1, 2, … run the scenario with failing_mem_init(&f, n) until it
 * succeeds with f.refused == 0; each run before must fail with FRL_E_NOMEM and
 * leave f.live == 0. Threads: one at a time.
 */
#ifndef FRL_TESTS_SUPPORT_FAILING_MEM_H
#define FRL_TESTS_SUPPORT_FAILING_MEM_H

#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

typedef struct failing_mem {
  size_t fail_at; /* the request, from 0, that is refused; later ones are too */
  size_t requests;
  size_t refused;
  size_t live; /* blocks held now */
} failing_mem;

/** fail_at SIZE_MAX never refuses. */
void failing_mem_init(failing_mem *f, size_t fail_at);
/** The allocator; it borrows f. */
frl_mem failing_mem_of(failing_mem *f);

#endif /* FRL_TESTS_SUPPORT_FAILING_MEM_H */
