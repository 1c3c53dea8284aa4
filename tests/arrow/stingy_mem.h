/** An allocator that says no after a number of grants, and counts what is live. */
#ifndef FRL_TESTS_ARROW_STINGY_MEM_H
#define FRL_TESTS_ARROW_STINGY_MEM_H

#include <ferrule/mem.h>

typedef struct stingy {
  long grants; /* left; below 0 none */
  long live;
} stingy;

/** Allocates through s, which must outlive the result. */
frl_mem stingy_mem(stingy *s);

#endif /* FRL_TESTS_ARROW_STINGY_MEM_H */
