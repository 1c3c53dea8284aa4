#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "support/cmocka_c.h"

static void bytes_every_prefix_is_truncated(void **state) {
  (void)state;
  static const uint8_t msg[] = {0x03, 'a', 'b', 'c'};
  for (size_t n = 0; n < sizeof msg; n++) {
    uint8_t *exact = malloc(n ? n : 1); /* ASan sees one byte too far */
    assert_non_null(exact);
    memcpy(exact, msg, n);
    frl_cursor c = {exact, exact + n};
    frl_cursor view;
    assert_int_equal(frl_cursor_bytes(&c, &view), FRL_E_TRUNCATED);
    assert_ptr_equal(c.pos, exact); /* failure moves nothing */
    free(exact);
  }
  frl_cursor c = frl_cursor_of(msg, sizeof msg);
  frl_cursor view;
  assert_int_equal(frl_cursor_bytes(&c, &view), FRL_OK);
  assert_int_equal(frl_cursor_left(&view), 3);
  assert_int_equal(frl_cursor_left(&c), 0);
}

static void varint_vectors(void **state) {
  (void)state;
  static const struct {
    uint8_t bytes[10];
    size_t n;
    uint64_t value;
  } vectors[] = {
      {{0x00}, 1, 0},
      {{0x7f}, 1, 127},
      {{0x80, 0x01}, 2, 128},
      {{0xac, 0x02}, 2, 300},
      {{0x80, 0x00}, 2, 0}, /* longer than need be is allowed */
      {{0xff, 0xff, 0xff, 0xff, 0x0f}, 5, UINT32_MAX},
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 10, UINT64_MAX},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    frl_cursor c = frl_cursor_of(vectors[i].bytes, vectors[i].n);
    uint64_t value = 1;
    assert_int_equal(frl_cursor_varint(&c, &value), FRL_OK);
    assert_true(value == vectors[i].value);
    assert_int_equal(frl_cursor_left(&c), 0);
    for (size_t n = 0; n < vectors[i].n; n++) {
      c = frl_cursor_of(vectors[i].bytes, n);
      assert_int_equal(frl_cursor_varint(&c, &value), FRL_E_TRUNCATED);
      assert_int_equal(frl_cursor_left(&c), n);
    }
  }
}

static void varint_beyond_64_bits_is_malformed(void **state) {
  (void)state;
  static const uint8_t wide[] = {
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
  static const uint8_t endless[] = {
      0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
  uint64_t value;
  frl_cursor c = frl_cursor_of(wide, sizeof wide);
  assert_int_equal(frl_cursor_varint(&c, &value), FRL_E_MALFORMED);
  c = frl_cursor_of(endless, sizeof endless);
  assert_int_equal(frl_cursor_varint(&c, &value), FRL_E_MALFORMED);
  assert_ptr_equal(c.pos, endless);
}

static void bytes_of_a_huge_length_do_not_wrap(void **state) {
  (void)state;
  static const uint8_t msg[] = {
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 'a'};
  frl_cursor c = frl_cursor_of(msg, sizeof msg);
  frl_cursor view;
  assert_int_equal(frl_cursor_bytes(&c, &view), FRL_E_TRUNCATED);
  assert_ptr_equal(c.pos, msg);
}

static void fixed_widths_and_their_prefixes(void **state) {
  (void)state;
  static const uint8_t msg[] = {1, 2, 3, 4, 5, 6, 7, 8};
  uint32_t v32;
  uint64_t v64;
  for (size_t n = 0; n < 8; n++) {
    frl_cursor c = frl_cursor_of(msg, n);
    assert_int_equal(frl_cursor_le64(&c, &v64), FRL_E_TRUNCATED);
    if (n < 4) {
      assert_int_equal(frl_cursor_le32(&c, &v32), FRL_E_TRUNCATED);
      assert_int_equal(frl_cursor_be32(&c, &v32), FRL_E_TRUNCATED);
    }
    assert_ptr_equal(c.pos, msg);
  }
  frl_cursor c = frl_cursor_of(msg, sizeof msg);
  assert_int_equal(frl_cursor_le32(&c, &v32), FRL_OK);
  assert_int_equal(v32, 0x04030201);
  assert_int_equal(frl_cursor_be32(&c, &v32), FRL_OK);
  assert_int_equal(v32, 0x05060708);
  c = frl_cursor_of(msg, sizeof msg);
  assert_int_equal(frl_cursor_le64(&c, &v64), FRL_OK);
  assert_true(v64 == 0x0807060504030201u);
}

static void an_empty_cursor_may_be_null(void **state) {
  (void)state;
  frl_cursor c = frl_cursor_of(NULL, 0);
  frl_cursor view;
  uint8_t byte;
  assert_int_equal(frl_cursor_left(&c), 0);
  assert_int_equal(frl_cursor_take(&c, 0, &view), FRL_OK);
  assert_int_equal(frl_cursor_left(&view), 0);
  assert_int_equal(frl_cursor_take(&c, 1, &view), FRL_E_TRUNCATED);
  assert_int_equal(frl_cursor_u8(&c, &byte), FRL_E_TRUNCATED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_every_prefix_is_truncated),
      cmocka_unit_test(varint_vectors),
      cmocka_unit_test(varint_beyond_64_bits_is_malformed),
      cmocka_unit_test(bytes_of_a_huge_length_do_not_wrap),
      cmocka_unit_test(fixed_widths_and_their_prefixes),
      cmocka_unit_test(an_empty_cursor_may_be_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
