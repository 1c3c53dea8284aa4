#include "codec/zone_rule.h"

#include <string.h>

#include "codec/spark_time.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

typedef struct scan {
  const char *pos;
  const char *end;
} scan;

static char peek(const scan *s) { return s->pos < s->end ? *s->pos : '\0'; }

static bool take(scan *s, char c) {
  if (s->pos == s->end || *s->pos != c) return false;
  s->pos++;
  return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool number(scan *s, int max, int *out) {
  if (!is_digit(peek(s))) return false;
  int value = 0;
  while (is_digit(peek(s))) {
    value = value * 10 + (*s->pos++ - '0');
    if (value > max) return false;
  }
  *out = value;
  return true;
}

/* Three letters or more, or anything in angle brackets. */
static bool skip_name(scan *s) {
  const char *const start = s->pos;
  if (take(s, '<')) {
    while (s->pos < s->end && *s->pos != '>') s->pos++;
    return take(s, '>');
  }
  while (is_letter(peek(s))) s->pos++;
  return s->pos - start >= 3;
}

/* [+-]h[h][:mm[:ss]] */
static bool clock_time(scan *s, int max_hours, int32_t *out) {
  const int sign = peek(s) == '-' ? -1 : 1;
  if (!take(s, '-')) (void)take(s, '+');
  int hours;
  int minutes = 0;
  int seconds = 0;
  if (!number(s, max_hours, &hours)) return false;
  if (take(s, ':') && !number(s, 59, &minutes)) return false;
  if (take(s, ':') && !number(s, 59, &seconds)) return false;
  *out = sign * (hours * HOUR_S + minutes * 60 + seconds);
  return true;
}

static bool month_week_day(scan *s, frl_zone_change *c) {
  return number(s, 12, &c->month) && take(s, '.') && number(s, 5, &c->week) &&
         take(s, '.') && number(s, 6, &c->day) && c->month >= 1 && c->week >= 1;
}

static bool change(scan *s, frl_zone_change *c) {
  *c = (frl_zone_change){.form = '0', .time_s = 2 * HOUR_S};
  if (!take(s, ',')) return false;
  bool good;
  if (take(s, 'M')) {
    c->form = 'M';
    good = month_week_day(s, c);
  } else if (take(s, 'J')) {
    c->form = 'J';
    good = number(s, 365, &c->day) && c->day >= 1;
  } else {
    good = number(s, 365, &c->day);
  }
  if (good && take(s, '/')) good = clock_time(s, 167, &c->time_s);
  return good;
}

bool frl_zone_rule_parse(frl_zone_rule *rule, const char *text, size_t n) {
  *rule = (frl_zone_rule){0};
  scan s = {text, text + n};
  int32_t behind;
  /* POSIX counts what is west of Greenwich */
  if (!skip_name(&s) || !clock_time(&s, 24, &behind)) return false;
  rule->standard_s = -behind;
  if (s.pos == s.end) return true;
  if (!skip_name(&s)) return false;
  rule->has_summer = true;
  rule->summer_s = rule->standard_s + HOUR_S;
  if (peek(&s) != ',') {
    if (!clock_time(&s, 24, &behind)) return false;
    rule->summer_s = -behind;
  }
  return change(&s, &rule->to_summer) && change(&s, &rule->to_standard) &&
         s.pos == s.end;
}

/* 1970-01-01 was a Thursday; Sunday is 0 */
static int weekday_of(int64_t days) { return (int)(((days + 4) % 7 + 7) % 7); }

static int64_t day_of_change(const frl_zone_change *c, int64_t year) {
  const int64_t new_year = frl_days_of(year, 1, 1);
  if (c->form == '0') return new_year + c->day;
  if (c->form == 'J') {
    const bool leap = frl_days_in_month(year, 2) == 29;
    return new_year + c->day - 1 + (leap && c->day >= 60 ? 1 : 0);
  }
  const int64_t first = frl_days_of(year, c->month, 1);
  int in_month = (c->day - weekday_of(first) + 7) % 7 + 7 * (c->week - 1);
  if (in_month >= frl_days_in_month(year, c->month)) in_month -= 7;
  return first + in_month;
}

/* Seconds of the clock before the change. */
static int64_t local_of_change(const frl_zone_change *c, int64_t year) {
  return day_of_change(c, year) * DAY_S + c->time_s;
}

static int64_t year_of(int64_t seconds) {
  const int64_t days = seconds / DAY_S - (seconds % DAY_S < 0);
  int64_t year = 1970 + days / 366;
  if (days < 0) year = 1970 + days / 365 - 1;
  while (frl_days_of(year + 1, 1, 1) <= days) year++;
  return year;
}

static int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

/*
 * The last change at or before a time decides. `lag` is taken from each change's local
 * time to bring it to the clock that `seconds` is read from.
 */
static int32_t offset_after_last(
    const frl_zone_rule *r, int64_t seconds, int64_t summer_lag, int64_t standard_lag) {
  int64_t last = INT64_MIN;
  int32_t offset = r->standard_s;
  const int64_t year = year_of(seconds);
  for (int64_t y = year - 1; y <= year + 1; y++) {
    const int64_t summer = local_of_change(&r->to_summer, y) - summer_lag;
    const int64_t standard = local_of_change(&r->to_standard, y) - standard_lag;
    if (summer <= seconds && summer > last) {
      last = summer;
      offset = r->summer_s;
    }
    if (standard <= seconds && standard > last) {
      last = standard;
      offset = r->standard_s;
    }
  }
  return offset;
}

int32_t frl_zone_rule_offset_at(const frl_zone_rule *rule, int64_t utc_s) {
  if (!rule->has_summer) return rule->standard_s;
  return offset_after_last(rule, utc_s, rule->standard_s, rule->summer_s);
}

int32_t frl_zone_rule_offset_of_local(const frl_zone_rule *rule, int64_t local_s) {
  if (!rule->has_summer) return rule->standard_s;
  /* the new offset counts once both clocks have passed the change */
  const int32_t most = greater(rule->standard_s, rule->summer_s);
  return offset_after_last(
      rule, local_s, rule->standard_s - most, rule->summer_s - most);
}
