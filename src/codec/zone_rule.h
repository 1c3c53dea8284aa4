/**
 * The rule for all years to come that ends a tz database file: the TZ text of POSIX
 * with RFC 8536's extensions, such as EST5EDT,M3.2.0,M11.1.0.
 */
#ifndef FRL_CODEC_ZONE_RULE_H
#define FRL_CODEC_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One change of the clock in each year. */
typedef struct frl_zone_change {
  char form;      /* M: month, week, weekday; J: day 1 .. 365; 0: day 0 .. 365 */
  int month;      /* 1 .. 12 */
  int week;       /* 1 .. 5; 5 is the last */
  int day;        /* weekday from Sunday 0, or the day of the year */
  int32_t time_s; /* by the clock before the change; may leave the day */
} frl_zone_change;

typedef struct frl_zone_rule {
  int32_t standard_s; /* ahead of UTC */
  int32_t summer_s;
  bool has_summer;
  frl_zone_change to_summer;
  frl_zone_change to_standard;
} frl_zone_rule;

/** false when the text is no such rule. */
bool frl_zone_rule_parse(frl_zone_rule *rule, const char *text, size_t n);

/** As the functions of zone.h, for a time that the rule covers. */
int32_t frl_zone_rule_offset_of_local(const frl_zone_rule *rule, int64_t local_s);
int32_t frl_zone_rule_offset_at(const frl_zone_rule *rule, int64_t utc_s);

#endif /* FRL_CODEC_ZONE_RULE_H */
