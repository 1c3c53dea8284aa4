/** JSON values into columns of types without parts. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/base64.h"
#include "codec/decimal.h"
#include "codec/json_decoder.h"
#include "codec/spark_interval.h"
#include "codec/spark_time.h"

enum { NUMBER_MAX_BYTES = 1000, SHORT_NUMBER_BYTES = 18 };

static const char out_of_range[] = "out of range";

typedef struct slice {
  const char *text;
  size_t n;
} slice;

static slice slice_of(yyjson_val *val) {
  return (slice){unsafe_yyjson_get_str(val), unsafe_yyjson_get_len(val)};
}

static bool equals(slice s, const char *text) {
  return s.n == strlen(text) && memcmp(s.text, text, s.n) == 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* FRL_E_MALFORMED: a number with point or exponent, or none; FRL_E_LIMIT: too large. */
static frl_status long_number(slice s, int64_t *out) {
  const bool negative = *s.text == '-';
  const char *p = s.text + negative;
  const char *const end = s.text + s.n;
  uint64_t value = 0;
  bool fits = true;
  for (; p < end && is_digit(*p); p++) {
    const uint64_t digit = (uint64_t)(*p - '0');
    fits = fits && !__builtin_mul_overflow(value, (uint64_t)10, &value) &&
           !__builtin_add_overflow(value, digit, &value);
  }
  if (p < end) return FRL_E_MALFORMED;
  if (!fits || value > (uint64_t)INT64_MAX + negative) return FRL_E_LIMIT;
  *out = (int64_t)(negative ? 0 - value : value);
  return FRL_OK;
}

static inline frl_status whole_number(slice s, int64_t *out) {
  if (s.n > SHORT_NUMBER_BYTES) return long_number(s, out);
  const size_t negative = *s.text == '-';
  int64_t value = 0;
  for (size_t i = negative; i < s.n; i++) {
    const unsigned digit = (unsigned char)s.text[i] - (unsigned)'0';
    if (digit > 9) return FRL_E_MALFORMED;
    value = value * 10 + (int64_t)digit;
  }
  *out = negative ? -value : value;
  return FRL_OK;
}

static inline frl_status append_integer(
    frl_col *col, frl_spark_kind kind, int64_t value) {
  switch (kind) {
    case FRL_SPARK_BYTE:
      return frl_col_append_i8(col, (int8_t)(uint8_t)(uint64_t)value);
    case FRL_SPARK_SHORT:
      return frl_col_append_i16(col, (int16_t)value);
    case FRL_SPARK_INT:
      return frl_col_append_i32(col, (int32_t)value);
    default:
      return frl_col_append_i64(col, value);
  }
}

/* Inlined with its constants into the readers of each width. */
static inline frl_json_fit integer(frl_json_decoder *d, const frl_json_node *node,
    frl_col *col, yyjson_val *val, frl_spark_kind kind, int64_t least, int64_t most) {
  int64_t value = 0;
  if (!yyjson_is_raw(val)) return frl_json_misfit(d, node, val, NULL);
  const frl_status st = whole_number(slice_of(val), &value);
  if (st == FRL_E_MALFORMED) return frl_json_misfit(d, node, val, NULL);
  if (st != FRL_OK || value < least || value > most) {
    return frl_json_misfit(d, node, val, out_of_range);
  }
  return frl_json_appended(d, append_integer(col, kind, value));
}

static frl_json_fit tiny(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  return integer(d, node, col, val, FRL_SPARK_BYTE, INT8_MIN, UINT8_MAX);
}

static frl_json_fit small(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  return integer(d, node, col, val, FRL_SPARK_SHORT, INT16_MIN, INT16_MAX);
}

static frl_json_fit middle(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  return integer(d, node, col, val, FRL_SPARK_INT, INT32_MIN, INT32_MAX);
}

static frl_json_fit large(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  return integer(d, node, col, val, FRL_SPARK_LONG, INT64_MIN, INT64_MAX);
}

/* The texts that stand for what no JSON number can be; NAN if there is none such. */
static bool non_numeric(slice s, bool token, double *out) {
  const bool negative = s.n && *s.text == '-';
  const bool infinite = equals(s, "Infinity") || equals(s, "+Infinity") ||
                        equals(s, "-Infinity") || equals(s, "+INF") ||
                        equals(s, "-INF") || (token && equals(s, "INF"));
  *out = infinite ? (negative ? -HUGE_VAL : HUGE_VAL) : (double)NAN;
  return infinite || equals(s, "NaN");
}

static bool parse_double(slice s, double *out) {
  if (s.n > NUMBER_MAX_BYTES) return false;
  const char *const first = s.text + (*s.text == '-');
  if (!is_digit(*first)) return non_numeric(s, true, out);
  yyjson_val number;
  if (yyjson_read_number(s.text, &number, 0, NULL, NULL)) {
    *out = yyjson_get_num(&number);
  } else {
    /* only a number too large for a double is refused */
    *out = first == s.text ? HUGE_VAL : -HUGE_VAL;
  }
  return true;
}

/*
 * Rounding to a double first is wrong only where that lands in the middle between two
 * floats; then the digits decide, read in the C locale whatever the process has.
 */
static float to_float(double value, slice s) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const double size = fabs(value);
  const bool in_range = size >= 2 * (double)FLT_MIN && size <= (double)FLT_MAX;
  if (in_range && (bits & 0x1fffffff) != 0x10000000) return (float)value;
  if (!isfinite(value) || value == 0) return (float)value;
  const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!plain) return (float)value;
  const locale_t former = uselocale(plain);
  const float result = strtof(s.text, NULL);
  (void)uselocale(former);
  freelocale(plain);
  return result;
}

static frl_json_fit floating(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  double value;
  bool good = false;
  if (yyjson_is_raw(val)) {
    good = parse_double(slice_of(val), &value);
  } else if (yyjson_is_str(val) && d->plan->leniency.non_numeric) {
    good = non_numeric(slice_of(val), false, &value);
  }
  if (!good) return frl_json_misfit(d, node, val, NULL);
  if (node->kind == FRL_SPARK_DOUBLE) {
    return frl_json_appended(d, frl_col_append_f64(col, value));
  }
  const float single =
      yyjson_is_raw(val) ? to_float(value, slice_of(val)) : (float)value;
  return frl_json_appended(d, frl_col_append_f32(col, single));
}

static frl_json_fit decimal(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  const bool number = yyjson_is_raw(val);
  if (!number && !yyjson_is_str(val)) return frl_json_misfit(d, node, val, NULL);
  const slice s = slice_of(val);
  frl_i128 value;
  const frl_status st = s.n > NUMBER_MAX_BYTES && number
                            ? FRL_E_LIMIT
                            : frl_decimal_parse(&value, s.text, s.n, node->a, node->b,
                                  number ? '\0' : ',');
  if (st != FRL_OK) {
    return frl_json_misfit(d, node, val, st == FRL_E_LIMIT ? out_of_range : NULL);
  }
  return frl_json_appended(d, frl_col_append_fixed(col, &value));
}

static frl_json_fit boolean(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  if (!yyjson_is_bool(val)) return frl_json_misfit(d, node, val, NULL);
  return frl_json_appended(d, frl_col_append_bool(col, unsafe_yyjson_get_bool(val)));
}

/* Of a value that is no string: its JSON text. */
static frl_json_fit json_text(frl_json_decoder *d, frl_col *col, yyjson_val *val) {
  if (yyjson_is_bool(val)) {
    const bool yes = unsafe_yyjson_get_bool(val);
    return frl_json_appended(
        d, frl_col_append_bytes(col, yes ? "true" : "false", yes ? 4 : 5));
  }
  const yyjson_alc alc = frl_json_arena_alc(&d->arena);
  size_t n;
  char *const text = yyjson_val_write_opts(val, 0, &alc, &n, NULL);
  if (!text) return frl_json_appended(d, FRL_E_NOMEM);
  return frl_json_appended(d, frl_col_append_bytes(col, text, n));
}

static frl_json_fit string(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  (void)node;
  if (!yyjson_is_str(val) && !yyjson_is_raw(val)) return json_text(d, col, val);
  const slice s = slice_of(val);
  return frl_json_appended(d, frl_col_append_bytes(col, s.text, s.n));
}

static frl_json_fit binary(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  if (!yyjson_is_str(val)) return frl_json_misfit(d, node, val, NULL);
  const slice s = slice_of(val);
  const yyjson_alc alc = frl_json_arena_alc(&d->arena);
  uint8_t *const into = alc.malloc(alc.ctx, s.n / 4 * 3 + 3);
  if (!into) return frl_json_appended(d, FRL_E_NOMEM);
  size_t n;
  if (!frl_base64_decode(into, &n, s.text, s.n)) {
    return frl_json_misfit(d, node, val, "not base64");
  }
  return frl_json_appended(d, frl_col_append_bytes(col, into, n));
}

static frl_status parse_timestamp(frl_json_decoder *d, slice s, int64_t *us) {
  const frl_time_format *f = &d->plan->timestamp_format;
  if (f->n) return frl_time_format_timestamp(f, us, s.text, s.n, d->zone);
  return frl_spark_parse_timestamp(us, s.text, s.n, &d->zones, d->zone, d->plan->clock);
}

static frl_json_fit timestamp(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  int64_t us;
  frl_status st = FRL_E_MALFORMED;
  if (yyjson_is_str(val)) {
    st = parse_timestamp(d, slice_of(val), &us);
  } else if (yyjson_is_raw(val)) {
    int64_t seconds;
    st = whole_number(slice_of(val), &seconds);
    /* Spark's product wraps */
    if (st == FRL_OK) us = (int64_t)((uint64_t)seconds * 1000000u);
  }
  if (st == FRL_E_NOMEM) return frl_json_appended(d, st);
  if (st != FRL_OK) return frl_json_misfit(d, node, val, NULL);
  return frl_json_appended(d, frl_col_append_i64(col, us));
}

static frl_status parse_i64(
    const frl_json_plan *plan, const frl_json_node *node, slice s, int64_t *out) {
  const frl_time_format *f = &plan->timestamp_ntz_format;
  switch (node->kind) {
    case FRL_SPARK_TIMESTAMP_NTZ:
      return f->n ? frl_time_format_timestamp_ntz(f, out, s.text, s.n)
                  : frl_spark_parse_timestamp_ntz(out, s.text, s.n);
    case FRL_SPARK_TIME:
      return frl_spark_parse_time(out, s.text, s.n);
    default:
      return frl_spark_parse_day_time(out, s.text, s.n,
          (frl_interval_type){
              (frl_interval_field)node->a, (frl_interval_field)node->b});
  }
}

static frl_status parse_i32(
    const frl_json_plan *plan, const frl_json_node *node, slice s, int32_t *out) {
  const frl_time_format *f = &plan->date_format;
  if (node->kind == FRL_SPARK_DATE) {
    return f->n ? frl_time_format_date(f, out, s.text, s.n)
                : frl_spark_parse_date(out, s.text, s.n);
  }
  return frl_spark_parse_year_month(out, s.text, s.n,
      (frl_interval_type){(frl_interval_field)node->a, (frl_interval_field)node->b});
}

static frl_json_fit from_text(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  int64_t wide = 0;
  int32_t narrow = 0;
  const bool is_narrow =
      node->kind == FRL_SPARK_DATE || node->kind == FRL_SPARK_INTERVAL_YEAR_MONTH;
  frl_status st = FRL_E_MALFORMED;
  if (yyjson_is_str(val)) {
    st = is_narrow ? parse_i32(d->plan, node, slice_of(val), &narrow)
                   : parse_i64(d->plan, node, slice_of(val), &wide);
  }
  if (st != FRL_OK) return frl_json_misfit(d, node, val, NULL);
  return frl_json_appended(
      d, is_narrow ? frl_col_append_i32(col, narrow) : frl_col_append_i64(col, wide));
}

static frl_json_fit nothing(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  (void)node;
  (void)val;
  return frl_json_appended(d, frl_col_append_null(col));
}

frl_json_read_fn frl_json_scalar_reader(frl_spark_kind kind) {
  switch (kind) {
    case FRL_SPARK_BYTE:
      return tiny;
    case FRL_SPARK_SHORT:
      return small;
    case FRL_SPARK_INT:
      return middle;
    case FRL_SPARK_LONG:
      return large;
    case FRL_SPARK_STRING:
    case FRL_SPARK_CHAR:
    case FRL_SPARK_VARCHAR:
      return string;
    case FRL_SPARK_FLOAT:
    case FRL_SPARK_DOUBLE:
      return floating;
    case FRL_SPARK_BOOLEAN:
      return boolean;
    case FRL_SPARK_DECIMAL:
      return decimal;
    case FRL_SPARK_BINARY:
      return binary;
    case FRL_SPARK_TIMESTAMP:
      return timestamp;
    case FRL_SPARK_VOID:
      return nothing;
    default:
      return from_text;
  }
}
