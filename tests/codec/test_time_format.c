#include <string.h>

#include "codec/time_format.h"
#include "support/cmocka_c.h"

static void a_date_is_read_by_its_pattern(void **state) {
  (void)state;
  static const struct {
    const char *pattern, *text;
    int32_t days; /* -1: it does not fit */
  } cases[] = {{"yyyy-MM-dd", "1970-01-02", 1}, {"yyyy-MM-dd", "1970-1-2", -1},
      {"yyyy-MM-dd", "1970-01-02 ", -1}, {"d.M.yy", "3.1.00", 10959},
      {"yyyyMMdd", "19700105", 4}, {"yyyyMMdd", "119700105", -1},
      {"dd MMM yyyy", "06 JAN 1970", 5}, {"yyyy", "1971", 365}, {"'y'", "Y", 0},
      {"yyyy-MM-dd", "1970-02-30", -1}, {"dd[/MM]", "07", 6}, {"dd[/MM]", "07/", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_time_format f;
    int32_t days = -1;
    assert_int_equal(frl_time_format_compile(&f, cases[i].pattern, NULL), FRL_OK);
    const frl_status st =
        frl_time_format_date(&f, &days, cases[i].text, strlen(cases[i].text));
    assert_int_equal(st, cases[i].days < 0 ? FRL_E_MALFORMED : FRL_OK);
    assert_int_equal(days, cases[i].days);
  }
}

static void a_time_is_read_by_its_pattern(void **state) {
  (void)state;
  frl_zones zones;
  const frl_zone *zone;
  frl_zones_init(&zones, NULL, NULL);
  assert_int_equal(frl_zones_get(&zones, "+02:00", 6, &zone), FRL_OK);
  static const struct {
    const char *pattern, *text;
    int64_t us;
    bool has_offset;
  } cases[] = {{"yyyy-MM-dd HH:mm:ss", "1970-01-01 02:00:01", 1000000, false},
      {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "1970-01-01T00:00:00.25Z", 250000, true},
      {"yyyy-MM-dd HH:mm:ssx", "1970-01-01 01:00:00+01", 0, true},
      {"h:mm a", "3:00 PM", (int64_t)13 * 3600 * 1000000, false},
      {"H:m:s.SSSSSSSSS", "2:0:0.000001999", 1, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_time_format f;
    int64_t us = -1;
    const size_t n = strlen(cases[i].text);
    assert_int_equal(frl_time_format_compile(&f, cases[i].pattern, NULL), FRL_OK);
    assert_int_equal(
        frl_time_format_timestamp(&f, &us, cases[i].text, n, zone), FRL_OK);
    assert_int_equal(us, cases[i].us);
    assert_int_equal(frl_time_format_timestamp_ntz(&f, &us, cases[i].text, n),
        cases[i].has_offset ? FRL_E_MALFORMED : FRL_OK);
    /* no shorter text is taken for it */
    for (size_t cut = 0; cut < n && cases[i].has_offset; cut++) {
      assert_int_equal(frl_time_format_timestamp(&f, &us, cases[i].text, cut, zone),
          FRL_E_MALFORMED);
    }
  }
  frl_zones_deinit(&zones);
}

static void what_is_not_built_is_refused_at_its_place(void **state) {
  (void)state;
  static const struct {
    const char *pattern, *says;
  } cases[] = {{"", "empty"}, {"yyyy-MM-dd E", "at \"E\": this letter is not built"},
      {"YYYY", "not built"}, {"uuuu", "not built"}, {"yyyyyyy", "6 letters"},
      {"MMMMM", "4 letters"}, {"ddd", "one or two"}, {"SSSSSSSSSS", "9 digits"},
      {"aa", "one a"}, {"XXXX", "4 or 5"}, {"'open", "not closed"},
      {"yyyy''", "not built"}, {"]", "no ["}, {"{", "reserved"},
      {"HH:mm a", "H beside h or a"}, {"sS", "versions of Java"},
      {"[[[[[[[[[y", "too deep"}, {"VV", "not built"}, {"z", "not built"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_time_format f;
    frl_error err = {0};
    assert_int_equal(
        frl_time_format_compile(&f, cases[i].pattern, &err), FRL_E_INVALID);
    assert_non_null(strstr(err.message, cases[i].says));
  }
  char longest[FRL_TIME_FORMAT_ITEMS + 2];
  memset(longest, '-', sizeof longest);
  longest[FRL_TIME_FORMAT_ITEMS + 1] = '\0';
  frl_time_format f;
  assert_int_equal(frl_time_format_compile(&f, longest, NULL), FRL_E_INVALID);
  longest[FRL_TIME_FORMAT_ITEMS] = '\0';
  assert_int_equal(frl_time_format_compile(&f, longest, NULL), FRL_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_date_is_read_by_its_pattern),
      cmocka_unit_test(a_time_is_read_by_its_pattern),
      cmocka_unit_test(what_is_not_built_is_refused_at_its_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
