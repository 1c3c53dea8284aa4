/** Random rows of the declared types, in memory that is given back at once. */
#ifndef FRL_TESTS_KERNEL_SAMPLE_ROWS_H
#define FRL_TESTS_KERNEL_SAMPLE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "declared.h"

typedef struct sampler {
  uint64_t state;
  frlk_arena arena;
  unsigned null_percent;
} sampler;

void sample_plain(sampler *s, plain *out);
void sample_nested(sampler *s, nested *out);
void sampler_free(sampler *s);

bool plain_equal(const plain *a, const plain *b);
bool nested_equal(const nested *a, const nested *b);

#endif /* FRL_TESTS_KERNEL_SAMPLE_ROWS_H */
