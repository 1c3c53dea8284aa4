#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "support/cmocka_c.h"

enum { LAST = 0x10ffff };

/** The bytes of any 21 bits, whether they may be a character or not. */
static size_t encode(uint32_t c, size_t n, uint8_t *out) {
  static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = n; i-- > 1; c >>= 6) out[i] = (uint8_t)(0x80 | (c & 0x3f));
  out[0] = (uint8_t)(first[n] | c);
  return n;
}

static size_t shortest(uint32_t c) {
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static void every_character_in_its_shortest_form_only(void **state) {
  (void)state;
  uint8_t bytes[4];
  for (uint32_t c = 0; c <= LAST + 0x1000; c++) {
    for (size_t n = 2; n <= 4; n++) {
      const uint32_t most = n == 2 ? 0x7ff : n == 3 ? 0xffff : 0x1fffff;
      if (c > most) continue;
      const bool surrogate = c >= 0xd800 && c < 0xe000;
      const bool good = n == shortest(c) && !surrogate && c <= LAST;
      const bool found = frl_utf8_check(bytes, encode(c, n, bytes), NULL);
      if (found != good) fail_msg("U+%04X in %zu bytes", c, n);
    }
  }
}

/** Bytes behind so much ASCII, in memory that ends with them. */
static bool behind(size_t ascii, const char *bytes, size_t n, size_t *bad) {
  char *text = malloc(ascii + n ? ascii + n : 1);
  assert_non_null(text);
  memset(text, 'x', ascii);
  memcpy(text + ascii, bytes, n);
  const bool good = frl_utf8_check(text, ascii + n, bad);
  free(text);
  return good;
}

static void what_is_wrong_is_found_wherever_it_lies(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t n, good; /* good: bytes of it before the first wrong one */
  } vectors[] = {
      {"\x80", 1, 0},
      {"\xc0\x80", 2, 0},
      {"\xe0\x9f\xbf", 3, 0},
      {"\xed\xa0\x80", 3, 0},
      {"\xf5\x80\x80\x80", 4, 0},
      {"\xff", 1, 0},
      {"\xc3\xbc\xe2\x82", 4, 2}, /* cut */
      {"\xf0\x9f\x92", 3, 0},
      {"\xe2\x82\xac\xe2\x28\xa1", 6, 3},
      {"\xf0\x90\x28\xbc", 4, 0},
  };
  for (size_t ascii = 0; ascii < 100; ascii++) {
    size_t bad = 999;
    assert_true(behind(ascii, "\xe2\x82\xac!\xf0\x9f\x92\xa1", 8, &bad));
    assert_int_equal(bad, 999);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
      assert_false(behind(ascii, vectors[i].bytes, vectors[i].n, &bad));
      assert_int_equal(bad, ascii + vectors[i].good);
      assert_false(behind(ascii, vectors[i].bytes, vectors[i].n, NULL));
    }
  }
}

static void nothing_is_text(void **state) {
  (void)state;
  assert_true(frl_utf8_check(NULL, 0, NULL));
  assert_true(frl_utf8_check("\0\0", 2, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_character_in_its_shortest_form_only),
      cmocka_unit_test(what_is_wrong_is_found_wherever_it_lies),
      cmocka_unit_test(nothing_is_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
