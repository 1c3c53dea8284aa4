/**
 * Dates and times in text, as Spark casts them (4.1's SparkDateTimeUtils): that is what
 * its JSON reading does where no format is given.
 *
 *   date       [+-]yyyy[-[m]m[-[d]d]], then anything behind a blank or a T
 *   timestamp  the same date with years of 4 to 6 digits, or no date at all, which
 * means today, then [T ][h]h[:[m]m[:[s]s[.f…]]], then behind seconds a zone White space
 * around is ignored; digits behind the sixth of a fraction are cut off. In a gap of the
 * zone's clock the time moves forward by the gap; a time that comes twice is the
 * earlier one. All of it in the proleptic Gregorian calendar.
 *
 * Threads: pure functions, but for the zones, which belong to one thread.
 */
#ifndef FRL_CODEC_SPARK_TIME_H
#define FRL_CODEC_SPARK_TIME_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "codec/zone.h"

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
int64_t frl_days_of(int64_t year, int month, int day);
/** 1 .. 28, 29, 30 or 31. */
int frl_days_in_month(int64_t year, int month);

/** Microseconds of seconds and 0 .. 999,999 behind them; false where they do not fit.
 */
FRL_NODISCARD bool frl_micros_of(int64_t seconds, int micros, int64_t *us);

/** Days since 1970-01-01. FRL_OK, FRL_E_MALFORMED. */
FRL_NODISCARD frl_status frl_spark_parse_date(
    int32_t *days, const char *text, size_t n);

/**
 * Microseconds since 1970-01-01 UTC.
 * @param zones  finds the zones that the texts name.
 * @param zone   of a text that names none.
 * @return FRL_OK, FRL_E_MALFORMED, FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_spark_parse_timestamp(int64_t *us, const char *text,
    size_t n, frl_zones *zones, const frl_zone *zone, const frl_clock *clock);

/** The same without zone, counted as if in UTC; a text with a zone is malformed. */
FRL_NODISCARD frl_status frl_spark_parse_timestamp_ntz(
    int64_t *us, const char *text, size_t n);

/** Nanoseconds since midnight, of a time of day only. */
FRL_NODISCARD frl_status frl_spark_parse_time(int64_t *ns, const char *text, size_t n);

#endif /* FRL_CODEC_SPARK_TIME_H */
