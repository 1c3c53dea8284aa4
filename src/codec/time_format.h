/**
 * Dates and times in text by a pattern, as Spark's options dateFormat, timestampFormat
 * and timestampNTZFormat have them: java.time.format.DateTimeFormatter with Spark's
 * settings (no regard to case, strict, locale en-US, policy CORRECTED).
 *
 * Built: y of 1 to 6 letters, M to MMMM, d, H, h, m, s of 1 or 2, S to SSSSSSSSS
 * (1 up to that many digits), a, X and x and Z of 1 to 3, text in single quotes, [ and
 * ] around what may be missing, other characters that are no letters. What a text does
 * not say is taken from 1970-01-01 00:00. Everything else is refused.
 *
 * Threads: constant once compiled.
 */
#ifndef FRL_CODEC_TIME_FORMAT_H
#define FRL_CODEC_TIME_FORMAT_H

#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/zone.h"

enum { FRL_TIME_FORMAT_ITEMS = 96 };

typedef struct frl_time_item {
  uint8_t kind;
  uint8_t field;
  uint8_t min; /* digits */
  uint8_t max;
  uint8_t sign;
  uint8_t subsequent; /* digits of fixed numbers right behind; OPTIONAL: the index
                         behind its end */
  char literal;
} frl_time_item;

typedef struct frl_time_format {
  frl_time_item items[FRL_TIME_FORMAT_ITEMS];
  uint8_t n; /* 0: no format */
} frl_time_format;

/** FRL_OK; FRL_E_INVALID with what is wrong or not built in the message. */
FRL_NODISCARD frl_status frl_time_format_compile(
    frl_time_format *out, const char *pattern, frl_error *err);

/** Days since 1970-01-01. FRL_OK, FRL_E_MALFORMED. */
FRL_NODISCARD frl_status frl_time_format_date(
    const frl_time_format *f, int32_t *days, const char *text, size_t n);
/** Microseconds since 1970-01-01 UTC; zone of a text that has no offset. */
FRL_NODISCARD frl_status frl_time_format_timestamp(const frl_time_format *f,
    int64_t *us, const char *text, size_t n, const frl_zone *zone);
/** The same without zone, counted as if in UTC; a text with an offset is malformed. */
FRL_NODISCARD frl_status frl_time_format_timestamp_ntz(
    const frl_time_format *f, int64_t *us, const char *text, size_t n);

#endif /* FRL_CODEC_TIME_FORMAT_H */
