/** What single values of a column may be. */
#ifndef FRL_KERNEL_VALUE_H
#define FRL_KERNEL_VALUE_H

#include <ferrule/batch.h>
#include <stdint.h>

/* Each gives the first row of [from, from + n) that breaks the rule, or -1. */

/** A string column. */
int64_t frl_value_bad_utf8(const struct ArrowArray *array, int64_t from, int64_t n);
/** d:p,s of 128 bits: fewer than 10^p. */
int64_t frl_value_bad_decimal(
    const char *format, const struct ArrowArray *array, int64_t from, int64_t n);
/** ttn: 0 up to a day. */
int64_t frl_value_bad_time(const struct ArrowArray *array, int64_t from, int64_t n);

#endif /* FRL_KERNEL_VALUE_H */
