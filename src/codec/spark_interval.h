/**
 * Intervals in text, as Spark casts them (4.1's IntervalUtils).
 *
 *   day to second  [+-]d h[h]:m[m]:s[s][.f…], cut to the type's fields, or
 *                  INTERVAL [+-]'…' DAY TO SECOND
 *   year to month  [+-]y-m, likewise, or INTERVAL [+-]'…' YEAR TO MONTH
 * Words in any case. A type of one field takes that field's number.
 */
#ifndef FRL_CODEC_SPARK_INTERVAL_H
#define FRL_CODEC_SPARK_INTERVAL_H

#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

#include "arrow/spark_type.h"

/** The fields that a type has: first to last, both of one family. */
typedef struct frl_interval_type {
  frl_interval_field first;
  frl_interval_field last;
} frl_interval_type;

/** Microseconds. FRL_OK, FRL_E_MALFORMED. */
FRL_NODISCARD frl_status frl_spark_parse_day_time(
    int64_t *us, const char *text, size_t n, frl_interval_type type);
/** Months. FRL_OK, FRL_E_MALFORMED. */
FRL_NODISCARD frl_status frl_spark_parse_year_month(
    int32_t *months, const char *text, size_t n, frl_interval_type type);

#endif /* FRL_CODEC_SPARK_INTERVAL_H */
