/** Batches of a DDL with values and nulls drawn from a seed. */
#ifndef FRL_TESTS_ROW_RANDOM_BATCH_H
#define FRL_TESTS_ROW_RANDOM_BATCH_H

#include <ferrule/batch.h>
#include <stddef.h>
#include <stdint.h>

/** Aborts where that fails. Both are the caller's to release. */
void random_batch(struct ArrowSchema *schema, struct ArrowArray *batch, const char *ddl,
    size_t n_rows, uint64_t seed);

#endif /* FRL_TESTS_ROW_RANDOM_BATCH_H */
