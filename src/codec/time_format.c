#include "codec/time_format.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "codec/spark_time.h"
#include "codec/time_pattern.h"

enum { SECONDS_OF_DAY = 86400, NANO_DIGITS = 9 };

typedef struct parsed {
  int64_t values[FRL_TIME_FIELDS];
  uint32_t set; /* bits of frl_time_field */
} parsed;

typedef struct reading {
  const frl_time_format *format;
  const char *text;
  size_t n;
  size_t pos;
  parsed fields;
} reading;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

/* A field that is there twice must be the same both times. */
static bool set_field(reading *r, uint8_t field, int64_t value) {
  parsed *p = &r->fields;
  const bool again = p->set >> field & 1;
  if (again && p->values[field] != value) return false;
  p->values[field] = value;
  p->set |= 1u << field;
  return true;
}

/* ---- numbers ---- */

static bool sign_is_allowed(const frl_time_item *item, char sign) {
  switch (item->sign) {
    case FRL_TIME_SIGN_NORMAL:
      return sign == '-';
    case FRL_TIME_SIGN_EXCEEDS_PAD:
      return true;
    default:
      return false;
  }
}

/* How many digits belong to the number: those right behind it are not its own. */
static size_t count_digits(const reading *r, const frl_time_item *item) {
  size_t n = 0;
  const size_t most = (size_t)item->max + item->subsequent;
  while (n < most && r->pos + n < r->n && is_digit(r->text[r->pos + n])) n++;
  if (item->subsequent == 0) return n;
  const size_t own = n > item->subsequent ? n - item->subsequent : 0;
  return own > item->min ? own : n < item->min ? n : item->min;
}

/* No field is as large as what does not fit. */
static int64_t number_of(const char *digits, size_t n) {
  int64_t value = 0;
  for (size_t i = 0; i < n; i++) {
    if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
        __builtin_add_overflow(value, (int64_t)(digits[i] - '0'), &value)) {
      return INT64_MAX;
    }
  }
  return value;
}

static bool read_number(reading *r, const frl_time_item *item) {
  if (r->pos == r->n) return false;
  const char sign = r->text[r->pos];
  const bool negative = sign == '-';
  const bool positive = sign == '+';
  if (negative || positive) {
    if (!sign_is_allowed(item, sign)) return false;
    r->pos++;
  }
  const size_t n = count_digits(r, item);
  if (n < item->min) return false;
  int64_t value = number_of(r->text + r->pos, n);
  if (negative) {
    if (value == 0) return false;
    value = -value;
  } else if (item->sign == FRL_TIME_SIGN_EXCEEDS_PAD) {
    /* a plus exactly where there are more digits than the pattern has */
    if (positive != (n > item->min)) return false;
  }
  r->pos += n;
  if (item->kind == FRL_TIME_YEAR_OF_CENTURY) value += 2000;
  return set_field(r, item->field, value);
}

static bool read_fraction(reading *r, const frl_time_item *item) {
  size_t n = 0;
  int64_t value = 0;
  while (n < item->max && r->pos < r->n && is_digit(r->text[r->pos])) {
    value = value * 10 + (r->text[r->pos++] - '0');
    n++;
  }
  if (n < item->min) return false;
  for (; n < NANO_DIGITS; n++) value *= 10;
  return set_field(r, item->field, value);
}

/* ---- texts ---- */

static bool matches(const reading *r, const char *word) {
  size_t i = 0;
  for (; word[i]; i++) {
    if (r->pos + i == r->n || lower(r->text[r->pos + i]) != lower(word[i])) {
      return false;
    }
  }
  return true;
}

static bool read_word(
    reading *r, const frl_time_item *item, const char *const *words, int n, int first) {
  for (int i = 0; i < n; i++) {
    if (!matches(r, words[i])) continue;
    r->pos += strlen(words[i]);
    return set_field(r, item->field, first + i);
  }
  return false;
}

static bool read_text(reading *r, const frl_time_item *item) {
  static const char *const full[] = {"January", "February", "March", "April", "May",
      "June", "July", "August", "September", "October", "November", "December"};
  static const char *const brief[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
      "Aug", "Sep", "Oct", "Nov", "Dec"};
  static const char *const halves[] = {"AM", "PM"};
  if (item->field == FRL_TIME_HALF) return read_word(r, item, halves, 2, 0);
  return read_word(r, item, item->min == 3 ? brief : full, 12, 1);
}

/* ---- offsets ---- */

static bool two_digits(const reading *r, size_t at, int *out) {
  if (at + 2 > r->n || !is_digit(r->text[at]) || !is_digit(r->text[at + 1])) {
    return false;
  }
  *out = (r->text[at] - '0') * 10 + (r->text[at + 1] - '0');
  return true;
}

static bool read_offset(reading *r, const frl_time_item *item) {
  const char *const none = item->literal == 'X'                     ? "Z"
                           : item->literal == 'Z' || item->min == 2 ? "+0000"
                           : item->min == 1                         ? "+00"
                                                                    : "+00:00";
  if (r->pos < r->n && matches(r, none)) {
    r->pos += strlen(none);
    return set_field(r, item->field, 0);
  }
  if (r->pos == r->n || (r->text[r->pos] != '+' && r->text[r->pos] != '-'))
    return false;
  const int sign = r->text[r->pos] == '-' ? -1 : 1;
  const bool colon = item->min == 3 && item->literal != 'Z';
  int hours = 0;
  int minutes = 0;
  size_t at = r->pos + 1;
  if (!two_digits(r, at, &hours)) return false;
  at += 2;
  const bool separated = !colon || (at < r->n && r->text[at] == ':');
  if (separated && two_digits(r, at + colon, &minutes)) {
    at += 2 + (size_t)colon;
  } else if (item->min != 1 || item->literal == 'Z') {
    return false;
  }
  if (hours > 23 || minutes > 59) return false;
  r->pos = at;
  return set_field(r, item->field, (int64_t)sign * (hours * 3600 + minutes * 60));
}

/* ---- all of it ---- */

static bool read_item(reading *r, const frl_time_item *item) {
  switch (item->kind) {
    case FRL_TIME_LITERAL:
      if (r->pos == r->n || lower(r->text[r->pos]) != lower(item->literal))
        return false;
      r->pos++;
      return true;
    case FRL_TIME_NUMBER:
    case FRL_TIME_YEAR_OF_CENTURY:
      return read_number(r, item);
    case FRL_TIME_FRACTION:
      return read_fraction(r, item);
    case FRL_TIME_TEXT:
      return read_text(r, item);
    default:
      return read_offset(r, item);
  }
}

/* Nested no deeper than the pattern, which is bounded. */
static bool read_items(reading *r, size_t from, size_t to) {
  for (size_t i = from; i < to;) {
    const frl_time_item *item = &r->format->items[i];
    if (item->kind != FRL_TIME_OPTIONAL) {
      if (!read_item(r, item)) return false;
      i++;
      continue;
    }
    const size_t pos = r->pos;
    const parsed before = r->fields;
    if (!read_items(r, i + 1, item->subsequent)) {
      r->pos = pos;
      r->fields = before;
    }
    i = item->subsequent;
  }
  return true;
}

static bool in_range(const parsed *p) {
  static const struct {
    int64_t least, most;
  } ranges[FRL_TIME_FIELDS] = {
      [FRL_TIME_YEAR] = {-999999999, 999999999},
      [FRL_TIME_MONTH] = {1, 12},
      [FRL_TIME_DAY] = {1, 31},
      [FRL_TIME_HOUR] = {0, 23},
      [FRL_TIME_HOUR_OF_HALF] = {1, 12},
      [FRL_TIME_HALF] = {0, 1},
      [FRL_TIME_MINUTE] = {0, 59},
      [FRL_TIME_SECOND] = {0, 59},
      [FRL_TIME_NANO] = {0, 999999999},
      [FRL_TIME_OFFSET] = {-64800, 64800},
  };
  for (size_t i = 0; i < FRL_TIME_FIELDS; i++) {
    if (!(p->set >> i & 1)) continue;
    if (p->values[i] < ranges[i].least || p->values[i] > ranges[i].most) return false;
  }
  return true;
}

static int64_t value_of(const parsed *p, enum frl_time_field field, int64_t missing) {
  return p->set >> field & 1 ? p->values[field] : missing;
}

static bool has(const parsed *p, enum frl_time_field field) {
  return p->set >> field & 1;
}

static frl_status parse(
    const frl_time_format *f, parsed *out, int64_t *day, const char *text, size_t n) {
  reading r = {.format = f, .text = text, .n = n};
  /* Spark asks no formatter about an empty text */
  if (n == 0 || !read_items(&r, 0, f->n) || r.pos != n || !in_range(&r.fields)) {
    return FRL_E_MALFORMED;
  }
  *out = r.fields;
  const int64_t year = value_of(out, FRL_TIME_YEAR, 1970);
  const int month = (int)value_of(out, FRL_TIME_MONTH, 1);
  const int day_of_month = (int)value_of(out, FRL_TIME_DAY, 1);
  if (day_of_month > frl_days_in_month(year, month)) return FRL_E_MALFORMED;
  *day = frl_days_of(year, month, day_of_month);
  return FRL_OK;
}

static int64_t seconds_of(const parsed *p, int64_t day) {
  int64_t hour = value_of(p, FRL_TIME_HOUR, 0);
  if (has(p, FRL_TIME_HALF) || has(p, FRL_TIME_HOUR_OF_HALF)) {
    hour = value_of(p, FRL_TIME_HOUR_OF_HALF, 12) % 12;
    hour += 12 * value_of(p, FRL_TIME_HALF, 0);
  }
  return day * SECONDS_OF_DAY + hour * 3600 + value_of(p, FRL_TIME_MINUTE, 0) * 60 +
         value_of(p, FRL_TIME_SECOND, 0);
}

static int64_t micros_of(const parsed *p) {
  return value_of(p, FRL_TIME_NANO, 0) / 1000;
}

frl_status frl_time_format_date(
    const frl_time_format *f, int32_t *days, const char *text, size_t n) {
  parsed p;
  int64_t day;
  FRL_TRY(parse(f, &p, &day, text, n));
  if (day < INT32_MIN || day > INT32_MAX) return FRL_E_MALFORMED;
  *days = (int32_t)day;
  return FRL_OK;
}

frl_status frl_time_format_timestamp(const frl_time_format *f, int64_t *us,
    const char *text, size_t n, const frl_zone *zone) {
  parsed p;
  int64_t day;
  FRL_TRY(parse(f, &p, &day, text, n));
  const int64_t local = seconds_of(&p, day);
  const int64_t offset = has(&p, FRL_TIME_OFFSET)
                             ? p.values[FRL_TIME_OFFSET]
                             : frl_zone_offset_of_local(zone, local);
  const bool overflow = __builtin_mul_overflow(local - offset, (int64_t)1000000, us) ||
                        __builtin_add_overflow(*us, micros_of(&p), us);
  return overflow ? FRL_E_MALFORMED : FRL_OK;
}

frl_status frl_time_format_timestamp_ntz(
    const frl_time_format *f, int64_t *us, const char *text, size_t n) {
  parsed p;
  int64_t day;
  FRL_TRY(parse(f, &p, &day, text, n));
  if (has(&p, FRL_TIME_OFFSET)) return FRL_E_MALFORMED;
  return frl_micros_of(seconds_of(&p, day), (int)micros_of(&p), us) ? FRL_OK
                                                                    : FRL_E_MALFORMED;
}
