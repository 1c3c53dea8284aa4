#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/spark_time.h"
#include "codec/zone.h"
#include "codec/zone_rule.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static void days_agree_with_the_calendar(void **state) {
  (void)state;
  assert_int_equal(frl_days_of(1970, 1, 1), 0);
  assert_int_equal(frl_days_of(2000, 3, 1), 11017);
  assert_int_equal(frl_days_of(0, 1, 1), -719528);
  int64_t days = frl_days_of(-801, 1, 1);
  for (int64_t year = -801; year < 2501; year++) {
    for (int month = 1; month <= 12; month++) {
      assert_int_equal(frl_days_of(year, month, 1), days);
      days += frl_days_in_month(year, month);
    }
  }
  assert_int_equal(frl_days_in_month(1900, 2), 28);
  assert_int_equal(frl_days_in_month(2000, 2), 29);
}

static void ids_without_a_database(void **state) {
  (void)state;
  static const struct {
    const char *id;
    int32_t offset_s; /* -1: not known */
  } given[] = {{"Z", 0}, {"UTC", 0}, {"GMT", 0}, {"UT", 0}, {"+1", 3600},
      {"-01", -3600}, {"+01:30", 5400}, {"+0130", 5400}, {"+1:30", 5400},
      {"+01:3", 3780}, {"-00:30", -1800}, {"+01:30:15", 5415}, {"+013015", 5415},
      {"UTC+1", 3600}, {"GMT-02:00", -7200}, {"UT+03", 10800}, {"EST", -18000},
      {"+18:00", 64800}, {"+18:01", -1}, {"+19", -1}, {"+01:60", -1}, {"+0130:15", -1},
      {"+01:3015", -1}, {"+", -1}, {"+001", -1}, {"UTC1", -1}, {"UTCx", -1}, {"z", -1},
      {"utc", -1}, {"+01:30:5", -1}, {"+1x", -1}};
  frl_zones zones;
  frl_zones_init(&zones, NULL, "/nowhere");
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    const frl_zone *zone = NULL;
    const frl_status st =
        frl_zones_get(&zones, given[i].id, strlen(given[i].id), &zone);
    if ((st == FRL_OK) != (given[i].offset_s != -1)) fail_msg("%s", given[i].id);
    if (st != FRL_OK) continue;
    assert_int_equal(frl_zone_offset_at(zone, 1234567890), given[i].offset_s);
    assert_int_equal(frl_zone_offset_of_local(zone, -5), given[i].offset_s);
  }
  const frl_zone *zone;
  assert_int_equal(frl_zones_get(&zones, "Europe/Paris", 12, &zone), FRL_E_UNSUPPORTED);
  assert_int_equal(frl_zones_get(&zones, "../x", 4, &zone), FRL_E_NOT_FOUND);
  assert_int_equal(frl_zones_get(&zones, "Z\0", 2, &zone), FRL_E_NOT_FOUND);
  frl_zones_deinit(&zones);
}

static frl_zone_rule rule_of(const char *text) {
  frl_zone_rule rule;
  if (!frl_zone_rule_parse(&rule, text, strlen(text))) fail_msg("%s", text);
  return rule;
}

static int64_t at(int64_t year, int month, int day, int hour, int minute) {
  return frl_days_of(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

static void rules_of_all_years(void **state) {
  (void)state;
  const frl_zone_rule ny = rule_of("EST5EDT,M3.2.0,M11.1.0");
  assert_int_equal(frl_zone_rule_offset_of_local(&ny, at(2040, 1, 1, 0, 0)), -18000);
  assert_int_equal(frl_zone_rule_offset_of_local(&ny, at(2040, 7, 1, 0, 0)), -14400);
  /* 2040-03-11 02:00 to 03:00 does not exist: the offset before */
  assert_int_equal(frl_zone_rule_offset_of_local(&ny, at(2040, 3, 11, 2, 30)), -18000);
  assert_int_equal(frl_zone_rule_offset_of_local(&ny, at(2040, 3, 11, 3, 0)), -14400);
  /* 2040-11-04 01:00 to 02:00 comes twice: the earlier */
  assert_int_equal(frl_zone_rule_offset_of_local(&ny, at(2040, 11, 4, 1, 30)), -14400);
  assert_int_equal(frl_zone_rule_offset_of_local(&ny, at(2040, 11, 4, 2, 0)), -18000);
  assert_int_equal(frl_zone_rule_offset_at(&ny, at(2040, 3, 11, 6, 59)), -18000);
  assert_int_equal(frl_zone_rule_offset_at(&ny, at(2040, 3, 11, 7, 0)), -14400);
  const frl_zone_rule sydney = rule_of("AEST-10AEDT,M10.1.0,M4.1.0/3");
  assert_int_equal(frl_zone_rule_offset_at(&sydney, at(2040, 1, 1, 0, 0)), 39600);
  assert_int_equal(frl_zone_rule_offset_at(&sydney, at(2040, 7, 1, 0, 0)), 36000);
  /* Dublin's winter is what is saved */
  const frl_zone_rule dublin = rule_of("IST-1GMT0,M10.5.0,M3.5.0/1");
  assert_int_equal(frl_zone_rule_offset_at(&dublin, at(2050, 6, 1, 0, 0)), 3600);
  assert_int_equal(frl_zone_rule_offset_at(&dublin, at(2050, 12, 1, 0, 0)), 0);
  const frl_zone_rule fixed = rule_of("<+0330>-3:30");
  assert_int_equal(frl_zone_rule_offset_of_local(&fixed, 0), 12600);
  const frl_zone_rule julian = rule_of("XXX0YYY,J60,300/-1");
  assert_int_equal(frl_zone_rule_offset_at(&julian, at(2020, 3, 1, 1, 59)), 0);
  assert_int_equal(frl_zone_rule_offset_at(&julian, at(2020, 3, 1, 2, 0)), 3600);
  static const char *const bad[] = {"", "E5", "EST", "EST5EDT", "EST5EDT,M3.2.0",
      "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x", "<EST5", "EST25",
      "EST5EDT,J0,J1", "EST5EDT,M3.2.0/168,M11.1.0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    frl_zone_rule rule;
    if (frl_zone_rule_parse(&rule, bad[i], strlen(bad[i]))) fail_msg("%s", bad[i]);
  }
}

/* A database file: 0 until 1000, then 3600 until 2000, then as the rule has it. */
static size_t tz_file(uint8_t *out) {
  static const uint8_t head[20] = {'T', 'Z', 'i', 'f', '2'};
  static const uint8_t counts[24] = {[15] = 2, [19] = 2, [23] = 4};
  static const uint8_t empty[24] = {[19] = 1, [23] = 1};
  static const uint8_t body[] = {0, 0, 0, 0, 0, 0, 0x03, 0xe8, 0, 0, 0, 0, 0, 0, 0x07,
      0xd0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0e, 0x10, 0, 2, 'a', 0, 'b', 0};
  static const uint8_t first_body[7] = {0};
  static const char rule[] = "\n<X>0\n";
  uint8_t *p = out;
  p = (uint8_t *)memcpy(p, head, 20) + 20;
  p = (uint8_t *)memcpy(p, empty, 24) + 24;
  p = (uint8_t *)memcpy(p, first_body, 7) + 7;
  p = (uint8_t *)memcpy(p, head, 20) + 20;
  p = (uint8_t *)memcpy(p, counts, 24) + 24;
  p = (uint8_t *)memcpy(p, body, sizeof body) + sizeof body;
  p = (uint8_t *)memcpy(p, rule, sizeof rule - 1) + sizeof rule - 1;
  return (size_t)(p - out);
}

static void write_file(const char *folder, const uint8_t *bytes, size_t n) {
  char path[200];
  (void)snprintf(path, sizeof path, "%s/Test", folder);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}

static frl_status look_up(
    const char *folder, const frl_mem *mem, int64_t local, int32_t *offset) {
  frl_zones zones;
  frl_zones_init(&zones, mem, folder);
  const frl_zone *zone;
  frl_status st = frl_zones_get(&zones, "Test", 4, &zone);
  if (st == FRL_OK) *offset = frl_zone_offset_of_local(zone, local);
  frl_zones_deinit(&zones);
  return st;
}

static void files_of_the_database(void **state) {
  (void)state;
  char folder[] = "/tmp/ferrule-zone-XXXXXX";
  assert_non_null(mkdtemp(folder));
  uint8_t bytes[300];
  const size_t n = tz_file(bytes);
  write_file(folder, bytes, n);
  static const int64_t locals[][2] = {
      {0, 0}, {999, 0}, {1000, 0}, {4599, 0}, {4600, 3600}, {5599, 3600}, {5600, 0}};
  int32_t offset = -1;
  for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
    assert_int_equal(look_up(folder, NULL, locals[i][0], &offset), FRL_OK);
    assert_int_equal(offset, locals[i][1]);
  }
  for (size_t cut = 0; cut < n; cut++) {
    write_file(folder, bytes, cut);
    const frl_status st = look_up(folder, NULL, 0, &offset);
    /* without its last line the file is still whole */
    if (st != FRL_OK) assert_int_equal(st, FRL_E_NOT_FOUND);
    if (cut < n - 6) assert_int_equal(st, FRL_E_NOT_FOUND);
  }
  write_file(folder, bytes, n);
  for (size_t fail_at = 0;; fail_at++) {
    failing_mem f;
    failing_mem_init(&f, fail_at);
    const frl_mem mem = failing_mem_of(&f);
    const frl_status st = look_up(folder, &mem, 0, &offset);
    assert_int_equal(f.live, 0);
    assert_int_equal(st, f.refused ? FRL_E_NOMEM : FRL_OK);
    if (f.refused == 0) break;
  }
  char path[200];
  (void)snprintf(path, sizeof path, "%s/Test", folder);
  assert_int_equal(remove(path), 0);
  assert_int_equal(remove(folder), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(days_agree_with_the_calendar),
      cmocka_unit_test(ids_without_a_database),
      cmocka_unit_test(rules_of_all_years),
      cmocka_unit_test(files_of_the_database),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
