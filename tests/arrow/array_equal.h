/** Whether two arrays of a schema hold the same rows, however they are laid out. */
#ifndef FRL_TESTS_ARROW_ARRAY_EQUAL_H
#define FRL_TESTS_ARROW_ARRAY_EQUAL_H

#include <ferrule/batch.h>
#include <stdbool.h>

/** n rows from a_first and b_first on, counted from each array's own offset. */
bool arrays_equal(const struct ArrowSchema *schema, const struct ArrowArray *a,
    int64_t a_first, const struct ArrowArray *b, int64_t b_first, int64_t n);

#endif /* FRL_TESTS_ARROW_ARRAY_EQUAL_H */
