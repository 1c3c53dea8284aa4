#include <string.h>

#include "support/cmocka_c.h"
#include "support/failing_mem.h"
#include "wire/reader.h"
#include "wire/writer.h"

static void what_is_written_reads_back(void **state) {
  (void)state;
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 16);
  assert_int_equal(frl_wire_varint(&b, 1, UINT64_MAX), FRL_OK);
  assert_int_equal(frl_wire_bool(&b, 2, 7), FRL_OK);
  assert_int_equal(frl_wire_fixed64(&b, 3, 0x0102030405060708u), FRL_OK);
  assert_int_equal(frl_wire_text(&b, 4, "text"), FRL_OK);
  assert_int_equal(frl_wire_time(&b, 5, -2, 999999999), FRL_OK);
  assert_int_equal(frl_wire_entry(&b, 536870911, "k", 1, "value", 5), FRL_OK);
  frl_cursor c = frl_cursor_of(b.data, b.len);
  frl_wire_field f;
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_true(f.value == UINT64_MAX);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.value, 1);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_true(f.value == 0x0102030405060708u);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_memory_equal(f.bytes.pos, "text", 4);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  int64_t seconds;
  int32_t nanos;
  assert_int_equal(frl_wire_read_time(f.bytes, &seconds, &nanos), FRL_OK);
  assert_int_equal(seconds, -2);
  assert_int_equal(nanos, 999999999);
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.number, 536870911);
  frl_cursor key;
  frl_cursor value;
  assert_int_equal(frl_wire_read_entry(f.bytes, &key, &value), FRL_OK);
  assert_memory_equal(value.pos, "value", 5);
  assert_int_equal(frl_wire_next(&c, &f), FRL_END);
  frl_buf_deinit(&b);
}

static void sizes_are_foretold(void **state) {
  (void)state;
  static const uint64_t values[] = {0, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    uint8_t bytes[10];
    const size_t n = (size_t)(frl_wire_put_varint(bytes, values[i]) - bytes);
    assert_int_equal(n, frl_wire_varint_bytes(values[i]));
  }
  static const size_t lengths[] = {0, 1, 127, 128, 20000};
  static const uint8_t zeros[20000];
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    frl_buf b;
    frl_buf_init(&b, NULL, 1 << 16);
    assert_int_equal(frl_wire_bytes(&b, 16, zeros, lengths[i]), FRL_OK);
    assert_int_equal(b.len, frl_wire_field_bytes(16, lengths[i]));
    frl_buf_deinit(&b);
  }
}

static void nested_messages_get_their_length(void **state) {
  (void)state;
  static const uint8_t filler[300];
  static const size_t sizes[] = {0, 1, 125, 126, 127, 300};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    frl_buf b;
    frl_buf_init(&b, NULL, 4096);
    size_t outer;
    size_t inner;
    assert_int_equal(frl_wire_varint(&b, 9, 1), FRL_OK);
    assert_int_equal(frl_wire_begin(&b, 1, &outer), FRL_OK);
    assert_int_equal(frl_wire_begin(&b, 2, &inner), FRL_OK);
    assert_int_equal(frl_wire_bytes(&b, 3, filler, sizes[i]), FRL_OK);
    assert_int_equal(frl_wire_end(&b, inner), FRL_OK);
    assert_int_equal(frl_wire_text(&b, 4, "tail"), FRL_OK);
    assert_int_equal(frl_wire_end(&b, outer), FRL_OK);
    frl_cursor c = frl_cursor_of(b.data, b.len);
    frl_wire_field f;
    assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
    assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
    assert_int_equal(frl_cursor_left(&c), 0);
    frl_cursor mid = f.bytes;
    assert_int_equal(frl_wire_next(&mid, &f), FRL_OK);
    assert_int_equal(f.number, 2);
    assert_int_equal(f.value, frl_wire_field_bytes(3, sizes[i]));
    assert_int_equal(frl_wire_next(&mid, &f), FRL_OK);
    assert_memory_equal(f.bytes.pos, "tail", 4);
    assert_int_equal(frl_wire_next(&mid, &f), FRL_END);
    frl_buf_deinit(&b);
  }
}

static void a_field_is_written_whole_or_not_at_all(void **state) {
  (void)state;
  for (size_t max = 1; max < 12; max++) {
    frl_buf b;
    frl_buf_init(&b, NULL, max);
    const frl_status st = frl_wire_text(&b, 1, "12345678");
    assert_int_equal(st, max < 10 ? FRL_E_LIMIT : FRL_OK);
    assert_int_equal(b.len, max < 10 ? 0 : 10);
    frl_buf_clear(&b);
    assert_int_equal(
        frl_wire_entry(&b, 1, "k", 1, "v", 1), max < 8 ? FRL_E_LIMIT : FRL_OK);
    assert_int_equal(b.len, max < 8 ? 0 : 8);
    frl_buf_deinit(&b);
  }
}

static void out_of_memory_writes_nothing(void **state) {
  (void)state;
  failing_mem mem_state;
  failing_mem_init(&mem_state, 0);
  const frl_mem mem = failing_mem_of(&mem_state);
  frl_buf b;
  frl_buf_init(&b, &mem, 100);
  size_t mark;
  assert_int_equal(frl_wire_varint(&b, 1, 1), FRL_E_NOMEM);
  assert_int_equal(frl_wire_text(&b, 1, "x"), FRL_E_NOMEM);
  assert_int_equal(frl_wire_begin(&b, 1, &mark), FRL_E_NOMEM);
  assert_int_equal(b.len, 0);
  frl_buf_deinit(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_reads_back),
      cmocka_unit_test(sizes_are_foretold),
      cmocka_unit_test(nested_messages_get_their_length),
      cmocka_unit_test(a_field_is_written_whole_or_not_at_all),
      cmocka_unit_test(out_of_memory_writes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
