/*
 * Texts of dates, times, intervals, decimals and base64: any bytes, no more than they
 * are. Byte 0 chooses the reader.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/base64.h"
#include "codec/decimal.h"
#include "codec/spark_interval.h"
#include "codec/spark_time.h"
#include "codec/zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_times(const char *text, size_t n) {
  frl_zones zones;
  const frl_zone *utc;
  frl_zones_init(&zones, NULL, "/nowhere");
  if (frl_zones_get(&zones, "+01:00", 6, &utc) != FRL_OK) abort();
  int64_t wide;
  int32_t days;
  (void)!frl_spark_parse_timestamp(&wide, text, n, &zones, utc, NULL);
  (void)!frl_spark_parse_timestamp_ntz(&wide, text, n);
  if (frl_spark_parse_time(&wide, text, n) == FRL_OK) {
    if (wide < 0 || wide >= (int64_t)86400 * 1000000000) abort();
  }
  (void)!frl_spark_parse_date(&days, text, n);
  frl_zones_deinit(&zones);
}

static void read_intervals(const char *text, size_t n, unsigned which) {
  static const frl_interval_type types[] = {{FRL_INTERVAL_DAY, FRL_INTERVAL_SECOND},
      {FRL_INTERVAL_SECOND, FRL_INTERVAL_SECOND},
      {FRL_INTERVAL_HOUR, FRL_INTERVAL_MINUTE}, {FRL_INTERVAL_YEAR, FRL_INTERVAL_MONTH},
      {FRL_INTERVAL_MONTH, FRL_INTERVAL_MONTH}};
  int64_t us;
  int32_t months;
  if (which % 5 < 3) {
    (void)!frl_spark_parse_day_time(&us, text, n, types[which % 5]);
  } else {
    (void)!frl_spark_parse_year_month(&months, text, n, types[which % 5]);
  }
}

static void read_decimal(const char *text, size_t n, int precision) {
  frl_i128 value;
  const frl_status st =
      frl_decimal_parse(&value, text, n, precision, precision / 2, ',');
  if (st != FRL_OK) return;
  frl_i128 limit = 1;
  for (int i = 0; i < precision; i++) limit *= 10;
  if (value <= -limit || value >= limit) abort();
}

static void read_base64(const char *text, size_t n) {
  uint8_t *out = malloc(n / 4 * 3 + 3);
  size_t used = 0;
  if (!out) abort();
  if (frl_base64_decode(out, &used, text, n) && used > n / 4 * 3 + 3) abort();
  free(out);
}

static void read_rule(const char *text, size_t n) {
  frl_zone_rule rule;
  if (!frl_zone_rule_parse(&rule, text, n)) return;
  for (int64_t s = -4000000000; s < 8000000000; s += 987654321) {
    (void)frl_zone_rule_offset_at(&rule, s);
    (void)frl_zone_rule_offset_of_local(&rule, s);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > 1 << 12) return 0;
  const size_t n = size - 1;
  char *text = malloc(n ? n : 1);
  if (!text) abort();
  if (n) memcpy(text, data + 1, n);
  const unsigned which = data[0];
  switch (which % 5) {
    case 0:
      read_times(text, n);
      break;
    case 1:
      read_intervals(text, n, which / 5);
      break;
    case 2:
      read_decimal(text, n, 1 + (int)(which / 5 % 38));
      break;
    case 3:
      read_base64(text, n);
      break;
    default:
      read_rule(text, n);
  }
  free(text);
  return 0;
}
