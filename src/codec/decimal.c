#include "codec/decimal.h"

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 u128;

enum { EXPONENT_MAX = INT32_MAX };

/* Where the parts of the number lie in its text. */
typedef struct parts {
  bool negative;
  const char *digits; /* with at most one point, and ignored characters */
  const char *digits_end;
  int64_t whole_digits; /* before the point */
  int64_t all_digits;
  int64_t exponent;
} parts;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool read_exponent(const char *p, const char *end, int64_t *out) {
  const bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p == end) return false;
  int64_t value = 0;
  for (; p < end; p++) {
    if (!is_digit(*p)) return false;
    value = value * 10 + (*p - '0');
    if (value > EXPONENT_MAX) return false;
  }
  *out = negative ? -value : value;
  return true;
}

static bool split(parts *out, const char *text, size_t n, char ignore) {
  const char *p = text;
  const char *const end = text + n;
  *out = (parts){.negative = p < end && *p == '-'};
  if (p < end && (*p == '-' || *p == '+')) p++;
  out->digits = p;
  bool point = false;
  for (; p < end && *p != 'e' && *p != 'E'; p++) {
    if (*p == ignore && ignore) continue;
    if (*p == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(*p)) return false;
    out->all_digits++;
    if (!point) out->whole_digits++;
  }
  out->digits_end = p;
  if (out->all_digits == 0) return false;
  return p == end || read_exponent(p + 1, end, &out->exponent);
}

/* 10 to the power of 38, the first number of 39 digits */
static u128 too_large(void) {
  const u128 half = 10000000000000000000u;
  return half * (half / 10) * 10;
}

/* The first `keep` digits as a number, rounded by the digit behind them. */
static bool take_digits(const parts *d, int64_t keep, u128 limit, u128 *out) {
  u128 value = 0;
  int64_t at = 0;
  for (const char *p = d->digits; p < d->digits_end && at <= keep; p++) {
    if (!is_digit(*p)) continue;
    const unsigned digit = (unsigned)(*p - '0');
    if (at++ == keep) {
      value += digit >= 5;
      if (value == limit) return false;
      break;
    }
    if (value > (limit - 1 - digit) / 10) return false;
    value = value * 10 + digit;
  }
  for (; at < keep && value != 0; at++) {
    if (value > (limit - 1) / 10) return false;
    value *= 10;
  }
  *out = value;
  return true;
}

frl_status frl_decimal_parse(
    frl_i128 *out, const char *text, size_t n, int precision, int scale, char ignore) {
  parts d;
  if (!split(&d, text, n, ignore)) return FRL_E_MALFORMED;
  u128 limit = too_large();
  for (int i = precision; i < FRL_DECIMAL_MAX_DIGITS; i++) limit /= 10;
  const int64_t keep = d.whole_digits + d.exponent + scale;
  u128 value = 0;
  if (keep >= 0 && !take_digits(&d, keep, limit, &value)) return FRL_E_LIMIT;
  *out = d.negative ? -(frl_i128)value : (frl_i128)value;
  return FRL_OK;
}
