#include "codec/spark_time.h"

#include <string.h>

enum { SECONDS_OF_DAY = 86400, MICROS_OF_SECOND = 1000000 };

/* Years are counted from March here, so that the leap day is their last. */
int64_t frl_days_of(int64_t year, int month, int day) {
  const int64_t y = month > 2 ? year : year - 1;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t month_from_march = (month + 9) % 12;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  const int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int frl_days_in_month(int64_t year, int month) {
  static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[month - 1];
}

typedef struct scan {
  const char *pos;
  const char *end;
} scan;

static bool is_blank(char c) { return (unsigned char)c <= 0x20 || c == 0x7f; }

static scan trimmed(const char *text, size_t n) {
  scan s = {text, text + n};
  while (s.pos < s.end && is_blank(*s.pos)) s.pos++;
  while (s.end > s.pos && is_blank(s.end[-1])) s.end--;
  return s;
}

static bool at_end(const scan *s) { return s->pos == s->end; }

static bool take(scan *s, char c) {
  if (at_end(s) || *s->pos != c) return false;
  s->pos++;
  return true;
}

/* Decimal digits, as many as there are; false outside least .. most. */
static bool take_number(scan *s, int least, int most, int *out) {
  int value = 0;
  int digits = 0;
  while (!at_end(s) && *s->pos >= '0' && *s->pos <= '9') {
    if (++digits > most) return false;
    value = value * 10 + (*s->pos++ - '0');
  }
  *out = value;
  return digits >= least;
}

typedef struct stamp {
  int64_t year;
  int month, day, hour, minute, second, micros;
  bool just_time;
  const char *zone; /* NULL: none */
  size_t zone_bytes;
} stamp;

static bool date_exists(int64_t year, int month, int day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= frl_days_in_month(year, month);
}

static bool take_sign(scan *s, int *sign) {
  *sign = !at_end(s) && *s->pos == '-' ? -1 : 1;
  return take(s, '-') || take(s, '+');
}

static frl_status parse_date(int32_t *days, const char *text, size_t n) {
  scan s = trimmed(text, n);
  int sign;
  (void)take_sign(&s, &sign);
  int year;
  int month = 1;
  int day = 1;
  if (!take_number(&s, 4, 7, &year)) return FRL_E_MALFORMED;
  if (!at_end(&s)) {
    if (!take(&s, '-') || !take_number(&s, 1, 2, &month)) return FRL_E_MALFORMED;
  }
  if (!at_end(&s)) {
    if (!take(&s, '-') || !take_number(&s, 1, 2, &day)) return FRL_E_MALFORMED;
    if (!at_end(&s) && *s.pos != ' ' && *s.pos != 'T') return FRL_E_MALFORMED;
  }
  const int64_t signed_year = (int64_t)sign * year;
  if (!date_exists(signed_year, month, day)) return FRL_E_MALFORMED;
  const int64_t since = frl_days_of(signed_year, month, day);
  if (since < INT32_MIN || since > INT32_MAX) return FRL_E_MALFORMED;
  *days = (int32_t)since;
  return FRL_OK;
}

static void take_fraction(scan *s, stamp *t) {
  int scale = MICROS_OF_SECOND / 10;
  for (; !at_end(s) && *s->pos >= '0' && *s->pos <= '9'; s->pos++, scale /= 10) {
    t->micros += (*s->pos - '0') * scale;
  }
}

/* From the hour on, which may have been read already. */
static bool take_time(scan *s, stamp *t, bool have_hour) {
  if (!have_hour && !take_number(s, 1, 2, &t->hour)) return false;
  if (at_end(s)) return true;
  if (!take(s, ':') || !take_number(s, 1, 2, &t->minute)) return false;
  if (at_end(s)) return true;
  if (!take(s, ':') || !take_number(s, 1, 2, &t->second)) return false;
  if (take(s, '.')) take_fraction(s, t);
  if (!at_end(s)) {
    t->zone = s->pos;
    t->zone_bytes = (size_t)(s->end - s->pos);
  }
  return true;
}

static bool take_date_and_time(scan *s, stamp *t, int sign, int year) {
  t->year = (int64_t)sign * year;
  if (at_end(s)) return true;
  if (!take(s, '-') || !take_number(s, 1, 2, &t->month)) return false;
  if (at_end(s)) return true;
  if (!take(s, '-') || !take_number(s, 1, 2, &t->day)) return false;
  if (at_end(s)) return true;
  if (!take(s, ' ') && !take(s, 'T')) return false;
  return take_time(s, t, false);
}

static bool parse_stamp(stamp *t, const char *text, size_t n) {
  *t = (stamp){.year = 1, .month = 1, .day = 1};
  scan s = trimmed(text, n);
  if (at_end(&s)) return false;
  if (s.pos == text && take(&s, 'T')) {
    t->just_time = true;
    if (!take_time(&s, t, false)) return false;
  } else {
    int sign;
    const bool has_sign = take_sign(&s, &sign);
    const char *const number = s.pos;
    int value;
    if (!take_number(&s, 1, 6, &value)) return false;
    const size_t digits = (size_t)(s.pos - number);
    t->just_time = !has_sign && !at_end(&s) && *s.pos == ':';
    if (t->just_time) {
      t->hour = value;
      if (digits > 2 || !take_time(&s, t, true)) return false;
    } else if (digits < 4 || !take_date_and_time(&s, t, sign, value)) {
      return false;
    }
  }
  return t->hour < 24 && t->minute < 60 && t->second < 60 &&
         date_exists(t->year, t->month, t->day);
}

static int64_t seconds_of_day(const stamp *t) {
  return (int64_t)t->hour * 3600 + (int64_t)t->minute * 60 + t->second;
}

bool frl_micros_of(int64_t seconds, int micros, int64_t *us) {
  /* just below zero the product alone would leave the range */
  if (seconds < 0) {
    seconds++;
    micros -= MICROS_OF_SECOND;
  }
  return !__builtin_mul_overflow(seconds, (int64_t)MICROS_OF_SECOND, us) &&
         !__builtin_add_overflow(*us, (int64_t)micros, us);
}

static int64_t floor_day(int64_t seconds) {
  const int64_t days = seconds / SECONDS_OF_DAY;
  return seconds % SECONDS_OF_DAY < 0 ? days - 1 : days;
}

static frl_status parse_timestamp(int64_t *us, const char *text, size_t n,
    frl_zones *zones, const frl_zone *zone, const frl_clock *clock) {
  stamp t;
  if (!parse_stamp(&t, text, n)) return FRL_E_MALFORMED;
  const bool utc = t.zone_bytes == 1 && *t.zone == 'Z';
  if (t.zone && !utc) {
    const scan id = trimmed(t.zone, t.zone_bytes);
    const frl_status st =
        frl_zones_get(zones, id.pos, (size_t)(id.end - id.pos), &zone);
    if (st != FRL_OK) return st == FRL_E_NOMEM ? st : FRL_E_MALFORMED;
  }
  int64_t day = frl_days_of(t.year, t.month, t.day);
  if (t.just_time) {
    const int64_t now = frl_clock_wall_us(clock) / MICROS_OF_SECOND;
    day = floor_day(utc ? now : now + frl_zone_offset_at(zone, now));
  }
  const int64_t local = day * SECONDS_OF_DAY + seconds_of_day(&t);
  const int64_t seconds = utc ? local : local - frl_zone_offset_of_local(zone, local);
  return frl_micros_of(seconds, t.micros, us) ? FRL_OK : FRL_E_MALFORMED;
}

enum { LEGACY_MAX_BYTES = 64 };

/* A day's number, as Spark 1.5 wrote dates. */
static bool day_number(int32_t *days, const char *text, size_t n) {
  scan s = {text, text + n};
  int sign;
  (void)take_sign(&s, &sign);
  const size_t digits = (size_t)(s.end - s.pos);
  int64_t value = 0;
  if (digits == 0 || digits > 10) return false;
  for (; !at_end(&s); s.pos++) {
    if (*s.pos < '0' || *s.pos > '9') return false;
    value = value * 10 + (*s.pos - '0');
  }
  /* before 1582 Spark means the Julian calendar here, which is not built */
  if (value > INT32_MAX || (sign < 0 && value > 141427)) return false;
  *days = (int32_t)(sign * value);
  return true;
}

/* Without each "GMT"; 0 when there is none, or the text is too long for a time. */
static size_t without_gmt(char *out, const char *text, size_t n) {
  if (n > LEGACY_MAX_BYTES) return 0;
  size_t used = 0;
  for (size_t i = 0; i < n;) {
    if (n - i >= 3 && memcmp(text + i, "GMT", 3) == 0) {
      i += 3;
    } else {
      out[used++] = text[i++];
    }
  }
  return used == n ? 0 : used;
}

frl_status frl_spark_parse_date(int32_t *days, const char *text, size_t n) {
  if (parse_date(days, text, n) == FRL_OK) return FRL_OK;
  /* Spark's further tries, for what its older versions wrote */
  char legacy[LEGACY_MAX_BYTES];
  const size_t left = without_gmt(legacy, text, n);
  if (left && parse_date(days, legacy, left) == FRL_OK) return FRL_OK;
  return day_number(days, text, n) ? FRL_OK : FRL_E_MALFORMED;
}

frl_status frl_spark_parse_timestamp(int64_t *us, const char *text, size_t n,
    frl_zones *zones, const frl_zone *zone, const frl_clock *clock) {
  const frl_status st = parse_timestamp(us, text, n, zones, zone, clock);
  if (st != FRL_E_MALFORMED) return st;
  char legacy[LEGACY_MAX_BYTES];
  const size_t left = without_gmt(legacy, text, n);
  return left ? parse_timestamp(us, legacy, left, zones, zone, clock) : st;
}

frl_status frl_spark_parse_timestamp_ntz(int64_t *us, const char *text, size_t n) {
  stamp t;
  if (!parse_stamp(&t, text, n) || t.just_time || t.zone) return FRL_E_MALFORMED;
  const int64_t seconds =
      frl_days_of(t.year, t.month, t.day) * SECONDS_OF_DAY + seconds_of_day(&t);
  return frl_micros_of(seconds, t.micros, us) ? FRL_OK : FRL_E_MALFORMED;
}

frl_status frl_spark_parse_time(int64_t *ns, const char *text, size_t n) {
  stamp t;
  if (!parse_stamp(&t, text, n) || !t.just_time || t.zone) return FRL_E_MALFORMED;
  *ns = (seconds_of_day(&t) * MICROS_OF_SECOND + t.micros) * 1000;
  return FRL_OK;
}
