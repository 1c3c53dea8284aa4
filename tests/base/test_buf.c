#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

static void append_grows_and_keeps_bytes(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 10000);
  for (unsigned i = 0; i < 5000; i++) {
    assert_int_equal(frl_buf_append_u8(&b, (uint8_t)i), FRL_OK);
  }
  assert_int_equal(b.len, 5000);
  for (unsigned i = 0; i < 5000; i++) assert_int_equal(b.data[i], (uint8_t)i);
  frl_buf_deinit(&b);
  assert_null(b.data);
}

static void ceiling_holds_even_below_the_first_size(void **state) {
  (void)state;
  static const size_t ceilings[] = {1, 7, 63, 64, 65, 100, 1000};
  for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++) {
    frl_buf b;
    frl_buf_init(&b, NULL, ceilings[i]);
    for (size_t n = 0; n < ceilings[i]; n++) {
      assert_int_equal(frl_buf_append_u8(&b, 'x'), FRL_OK);
    }
    assert_int_equal(frl_buf_append_u8(&b, 'x'), FRL_E_LIMIT);
    assert_int_equal(b.len, ceilings[i]);
    assert_true(b.cap <= ceilings[i]);
    frl_buf_deinit(&b);
  }
}

static void refused_append_adds_nothing(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 8);
  assert_int_equal(frl_buf_append_text(&b, "12345"), FRL_OK);
  assert_int_equal(frl_buf_append_text(&b, "6789"), FRL_E_LIMIT);
  assert_int_equal(b.len, 5);
  assert_memory_equal(b.data, "12345", 5);
  assert_int_equal(frl_buf_reserve(&b, SIZE_MAX), FRL_E_LIMIT);
  frl_buf_deinit(&b);
}

static void out_of_memory_keeps_what_was_there(void **state) {
  (void)state;
  failing_mem f;
  failing_mem_init(&f, 1);
  const frl_mem mem = failing_mem_of(&f);
  frl_buf b;
  frl_buf_init(&b, &mem, 1000);
  assert_int_equal(frl_buf_append_text(&b, "kept"), FRL_OK);
  char big[200];
  memset(big, 'y', sizeof big);
  assert_int_equal(frl_buf_append(&b, big, sizeof big), FRL_E_NOMEM);
  assert_int_equal(b.len, 4);
  assert_memory_equal(b.data, "kept", 4);
  frl_buf_deinit(&b);
  assert_int_equal(f.live, 0);
}

static void text_and_printf(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 64);
  const char *text = NULL;
  assert_int_equal(frl_buf_text(&b, &text), FRL_OK);
  assert_string_equal(text, "");
  assert_int_equal(frl_buf_printf(&b, "%d-%s", 42, "ab"), FRL_OK);
  assert_int_equal(frl_buf_text(&b, &text), FRL_OK);
  assert_string_equal(text, "42-ab");
  assert_int_equal(b.len, 5);
  assert_int_equal(frl_buf_printf(&b, "%100d", 1), FRL_E_LIMIT);
  assert_int_equal(b.len, 5);
  frl_buf_deinit(&b);
}

static void consume_and_take(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 64);
  assert_int_equal(frl_buf_append_text(&b, "headtail"), FRL_OK);
  frl_buf_consume(&b, 0);
  frl_buf_consume(&b, 4);
  assert_int_equal(b.len, 4);
  size_t len = 0;
  uint8_t *taken = frl_buf_take(&b, &len);
  assert_int_equal(len, 4);
  assert_memory_equal(taken, "tail", 4);
  assert_null(b.data);
  frl_free(&b.mem, taken);
  assert_int_equal(frl_buf_append_text(&b, "again"), FRL_OK);
  frl_buf_consume(&b, 5);
  assert_int_equal(b.len, 0);
  frl_buf_deinit(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(append_grows_and_keeps_bytes),
      cmocka_unit_test(ceiling_holds_even_below_the_first_size),
      cmocka_unit_test(refused_append_adds_nothing),
      cmocka_unit_test(out_of_memory_keeps_what_was_there),
      cmocka_unit_test(text_and_printf),
      cmocka_unit_test(consume_and_take),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
