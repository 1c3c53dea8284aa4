#include <stdlib.h>
#include <string.h>

#include "support/cmocka_c.h"
#include "wire/reader.h"

/* 1: varint 150; 2: "testing"; 3: fixed32 1; 4: fixed64 2; the encodings of the
 * protobuf documentation */
static const uint8_t sample[] = {0x08, 0x96, 0x01, 0x12, 0x07, 't', 'e', 's', 't', 'i',
    'n', 'g', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0};
static const size_t field_ends[] = {0, 3, 12, 17, 26};

static void each_type_is_read(void **state) {
  (void)state;
  frl_cursor c = frl_cursor_of(sample, sizeof sample);
  frl_wire_field f;
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.number, 1);
  assert_int_equal(f.type, FRL_WIRE_VARINT);
  assert_int_equal(f.value, 150);
  assert_int_equal(frl_cursor_left(&f.bytes), 0);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.number, 2);
  assert_int_equal(f.value, 7);
  assert_memory_equal(f.bytes.pos, "testing", 7);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.type, FRL_WIRE_FIXED32);
  assert_int_equal(f.value, 1);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.type, FRL_WIRE_FIXED64);
  assert_int_equal(f.value, 2);
  assert_int_equal(frl_wire_next(&c, &f), FRL_END);
}

static void every_prefix_ends_clean_or_truncated(void **state) {
  (void)state;
  for (size_t n = 0; n <= sizeof sample; n++) {
    uint8_t *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, sample, n);
    frl_cursor c = frl_cursor_of(exact, n);
    frl_wire_field f;
    frl_status st;
    while ((st = frl_wire_next(&c, &f)) == FRL_OK) continue;
    const size_t at = n - frl_cursor_left(&c);
    bool boundary = false;
    size_t last = 0;
    for (size_t i = 0; i < sizeof field_ends / sizeof *field_ends; i++) {
      if (field_ends[i] <= n) last = field_ends[i];
      if (field_ends[i] == n) boundary = true;
    }
    assert_int_equal(st, boundary ? FRL_END : FRL_E_TRUNCATED);
    assert_int_equal(at, last); /* stands where the cut field began */
    free(exact);
  }
}

static void bad_tags_are_malformed(void **state) {
  (void)state;
  static const struct {
    uint8_t bytes[12];
    size_t n;
  } bad[] = {
      {{0x00, 0x01}, 2},                               /* number 0 */
      {{0x0b, 0x0c}, 2},                               /* group */
      {{0x0e, 0x00}, 2},                               /* type 6 */
      {{0x0f, 0x00}, 2},                               /* type 7 */
      {{0x88, 0x80, 0x80, 0x80, 0x10, 0x00}, 6},       /* number above 2^29 - 1 */
      {{0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00}, 7}, /* a tag of six bytes */
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    frl_cursor c = frl_cursor_of(bad[i].bytes, bad[i].n);
    frl_wire_field f;
    assert_int_equal(frl_wire_next(&c, &f), FRL_E_MALFORMED);
    assert_int_equal(frl_cursor_left(&c), bad[i].n);
  }
}

static void the_highest_number_is_read(void **state) {
  (void)state;
  static const uint8_t msg[] = {0xf8, 0xff, 0xff, 0xff, 0x0f, 0x05};
  frl_cursor c = frl_cursor_of(msg, sizeof msg);
  frl_wire_field f;
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.number, 536870911);
  assert_int_equal(f.value, 5);
}

static void time_reads_both_parts_and_their_absence(void **state) {
  (void)state;
  static const uint8_t negative[] = {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0x01, 0x10, 0x05, 0x1a, 0x01, 'x'};
  int64_t seconds = 9;
  int32_t nanos = 9;
  assert_int_equal(
      frl_wire_read_time(frl_cursor_of(negative, sizeof negative), &seconds, &nanos),
      FRL_OK);
  assert_int_equal(seconds, -1);
  assert_int_equal(nanos, 5);
  assert_int_equal(
      frl_wire_read_time(frl_cursor_of(NULL, 0), &seconds, &nanos), FRL_OK);
  assert_int_equal(seconds, 0);
  assert_int_equal(nanos, 0);
  assert_int_equal(frl_wire_read_time(frl_cursor_of(negative, 4), &seconds, &nanos),
      FRL_E_TRUNCATED);
}

static void entry_reads_key_and_value(void **state) {
  (void)state;
  static const uint8_t msg[] = {0x12, 1, 'v', 0x0a, 1, 'k'};
  frl_cursor key;
  frl_cursor value;
  assert_int_equal(
      frl_wire_read_entry(frl_cursor_of(msg, sizeof msg), &key, &value), FRL_OK);
  assert_int_equal(*key.pos, 'k');
  assert_int_equal(*value.pos, 'v');
  assert_int_equal(frl_wire_read_entry(frl_cursor_of(msg, 3), &key, &value), FRL_OK);
  assert_int_equal(frl_cursor_left(&key), 0);
}

static void utf8_vectors(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n;
    bool valid;
  } vectors[] = {
      {"", 0, true},
      {"plain ascii, longer than eight", 30, true},
      {"\0", 1, true},
      {"\xc2\x80\xdf\xbf", 4, true},
      {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 12, true},
      {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, true},
      {"12345678\xe2\x82\xac", 11, true},
      {"\x80", 1, false},
      {"\xc0\x80", 2, false},         /* overlong NUL */
      {"\xc1\xbf", 2, false},         /* overlong */
      {"\xe0\x9f\xbf", 3, false},     /* overlong */
      {"\xed\xa0\x80", 3, false},     /* surrogate */
      {"\xf0\x8f\xbf\xbf", 4, false}, /* overlong */
      {"\xf4\x90\x80\x80", 4, false}, /* above U+10FFFF */
      {"\xf5\x80\x80\x80", 4, false},
      {"\xff", 1, false},
      {"12345678\xe2\x82", 10, false}, /* cut */
      {"\xe2\x28\xa1", 3, false},
      {"\xf0\x90\x28\xbc", 4, false},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    const size_t n = vectors[i].n;
    uint8_t *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, vectors[i].text, n);
    assert_int_equal(frl_wire_is_utf8(frl_cursor_of(exact, n)), vectors[i].valid);
    free(exact);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_type_is_read),
      cmocka_unit_test(every_prefix_ends_clean_or_truncated),
      cmocka_unit_test(bad_tags_are_malformed),
      cmocka_unit_test(the_highest_number_is_read),
      cmocka_unit_test(time_reads_both_parts_and_their_absence),
      cmocka_unit_test(entry_reads_key_and_value),
      cmocka_unit_test(utf8_vectors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
