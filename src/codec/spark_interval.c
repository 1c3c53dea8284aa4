#include "codec/spark_interval.h"

#include <stdbool.h>
#include <string.h>

enum { FIELD_DIGITS = 9, MICROS_OF_SECOND = 1000000, MONTHS_OF_YEAR = 12 };

typedef struct scan {
  const char *pos;
  const char *end;
} scan;

static bool take(scan *s, char c) {
  if (s->pos == s->end || *s->pos != c) return false;
  s->pos++;
  return true;
}

static void skip_blanks(scan *s) {
  while (s->pos < s->end && (unsigned char)*s->pos <= ' ') s->pos++;
}

static scan trimmed(const char *text, size_t n) {
  scan s = {text, text + n};
  skip_blanks(&s);
  while (s.end > s.pos && (unsigned char)s.end[-1] <= ' ') s.end--;
  return s;
}

/* A word in any case, with a blank or the end behind it. */
static bool take_word(scan *s, const char *word) {
  const char *p = s->pos;
  for (; *word; word++, p++) {
    if (p == s->end) return false;
    const char upper = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    if (upper != *word) return false;
  }
  if (p < s->end && (unsigned char)*p > ' ') return false;
  s->pos = p;
  skip_blanks(s);
  return true;
}

static bool take_field(scan *s, frl_interval_field *out) {
  for (int i = (int)FRL_INTERVAL_YEAR; i <= (int)FRL_INTERVAL_SECOND; i++) {
    if (take_word(s, frl_interval_field_name((frl_interval_field)i))) {
      *out = (frl_interval_field)i;
      return true;
    }
  }
  return false;
}

static bool take_type(scan *s, frl_interval_type *out) {
  if (!take_field(s, &out->first)) return false;
  out->last = out->first;
  if (take_word(s, "TO") && !take_field(s, &out->last)) return false;
  const bool months = out->first <= FRL_INTERVAL_MONTH;
  return out->first <= out->last && months == (out->last <= FRL_INTERVAL_MONTH);
}

/* Takes the dress off: s becomes what stands between the quotes. */
static bool unwrap(scan *s, frl_interval_type type, int *sign) {
  *sign = 1;
  if (!take_word(s, "INTERVAL")) return true;
  if (take(s, '-')) {
    *sign = -1;
  } else {
    (void)take(s, '+');
  }
  if (!take(s, '\'')) return false;
  const char *const close = memchr(s->pos, '\'', (size_t)(s->end - s->pos));
  if (!close) return false;
  scan rest = {close + 1, s->end};
  if (rest.pos < rest.end && (unsigned char)*rest.pos > ' ') return false;
  skip_blanks(&rest);
  frl_interval_type said;
  if (!take_type(&rest, &said) || rest.pos != rest.end) return false;
  s->end = close;
  return said.first == type.first && said.last == type.last;
}

static bool take_sign(scan *s, int *sign) {
  *sign = 1;
  if (take(s, '-')) {
    *sign = -1;
    return true;
  }
  return take(s, '+');
}

static bool take_number(scan *s, int most_digits, int64_t *out) {
  int64_t value = 0;
  int digits = 0;
  while (s->pos < s->end && *s->pos >= '0' && *s->pos <= '9') {
    if (++digits > most_digits) return false;
    value = value * 10 + (*s->pos++ - '0');
  }
  *out = value;
  return digits > 0;
}

/* Up to nine digits behind the point; those behind the sixth are cut off. */
static bool take_fraction(scan *s, int64_t *us) {
  *us = 0;
  if (!take(s, '.')) return true;
  int64_t scale = MICROS_OF_SECOND / 10;
  int digits = 0;
  for (; s->pos < s->end && *s->pos >= '0' && *s->pos <= '9'; s->pos++, digits++) {
    *us += (*s->pos - '0') * scale;
    scale /= 10;
  }
  return digits > 0 && digits <= 9;
}

/* Summed with its sign: the least value has no positive one. */
static bool take_day_time(scan *s, frl_interval_type type, int sign, int64_t *us) {
  static const int64_t unit_us[] = {86400000000, 3600000000, 60000000, 1000000};
  static const int64_t most[] = {0, 23, 59, 59};
  static const int digits[] = {FIELD_DIGITS, 10, 12, 13};
  int64_t total = 0;
  for (int f = (int)type.first; f <= (int)type.last; f++) {
    const int i = f - (int)FRL_INTERVAL_DAY;
    const bool leading = f == (int)type.first;
    if (!leading && !take(s, f == FRL_INTERVAL_HOUR ? ' ' : ':')) return false;
    int64_t value;
    if (!take_number(s, leading ? digits[i] : 2, &value)) return false;
    if (!leading && value > most[i]) return false;
    if (__builtin_mul_overflow(value * sign, unit_us[i], &value) ||
        __builtin_add_overflow(total, value, &total)) {
      return false;
    }
  }
  int64_t fraction = 0;
  if (type.last == FRL_INTERVAL_SECOND && !take_fraction(s, &fraction)) return false;
  return !__builtin_add_overflow(total, fraction * sign, us) && s->pos == s->end;
}

frl_status frl_spark_parse_day_time(
    int64_t *us, const char *text, size_t n, frl_interval_type type) {
  scan s = trimmed(text, n);
  int outer;
  int inner;
  if (!unwrap(&s, type, &outer)) return FRL_E_MALFORMED;
  (void)take_sign(&s, &inner);
  return take_day_time(&s, type, outer * inner, us) ? FRL_OK : FRL_E_MALFORMED;
}

static bool take_year_month(scan *s, frl_interval_type type, int64_t *months) {
  int64_t years = 0;
  int64_t rest = 0;
  if (type.first == FRL_INTERVAL_YEAR && !take_number(s, FIELD_DIGITS, &years)) {
    return false;
  }
  if (type.last == FRL_INTERVAL_MONTH) {
    const bool alone = type.first == FRL_INTERVAL_MONTH;
    if (!alone && !take(s, '-')) return false;
    if (!take_number(s, FIELD_DIGITS, &rest)) return false;
    if (!alone && rest >= MONTHS_OF_YEAR) return false;
  }
  *months = years * MONTHS_OF_YEAR + rest;
  return s->pos == s->end;
}

frl_status frl_spark_parse_year_month(
    int32_t *months, const char *text, size_t n, frl_interval_type type) {
  scan s = trimmed(text, n);
  int outer;
  int inner;
  int64_t value;
  if (!unwrap(&s, type, &outer)) return FRL_E_MALFORMED;
  (void)take_sign(&s, &inner);
  if (!take_year_month(&s, type, &value)) return FRL_E_MALFORMED;
  value *= (int64_t)outer * inner;
  if (value < INT32_MIN || value > INT32_MAX) return FRL_E_MALFORMED;
  *months = (int32_t)value;
  return FRL_OK;
}
