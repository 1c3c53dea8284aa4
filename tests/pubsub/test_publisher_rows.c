#include <stdlib.h>
#include <string.h>

#include "arrow/schema_make.h"
#include "base/mem.h"
#include "publish_batch.h"
#include "pubsub/publisher.h"
#include "support/cmocka_c.h"
#include "wire/reader.h"

typedef struct decoded {
  char data[64];
  char key[64];
  char attribute[64];
} decoded;

static void copy(char *out, frl_cursor c) {
  const size_t n = frl_cursor_left(&c);
  assert_true(n < 64);
  if (n) memcpy(out, c.pos, n);
  out[n] = '\0';
}

static decoded decode(frl_cursor message) {
  decoded d = {0};
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.number == 1) copy(d.data, f.bytes);
    if (f.number == 5) copy(d.key, f.bytes);
    if (f.number == 2) {
      frl_cursor key;
      frl_cursor value;
      assert_int_equal(frl_wire_read_entry(f.bytes, &key, &value), FRL_OK);
      copy(d.attribute, key);
      assert_int_equal(frl_cursor_left(&key), frl_cursor_left(&value));
    }
  }
  assert_int_equal(st, FRL_END);
  return d;
}

/* One row as the field PublishRequest.messages, in one piece. */
static decoded round_trip(const frl_publish_rows *rows, int64_t row) {
  uint8_t bytes[512];
  uint8_t *p = frl_publish_put_header(rows, row, bytes);
  assert_int_equal(p - bytes, frl_publish_put_bytes(rows, row));
  const frl_cursor payload = frl_publish_payload(rows, row);
  const size_t n = frl_cursor_left(&payload);
  if (n) memcpy(p, payload.pos, n);
  frl_cursor c = frl_cursor_of(bytes, (size_t)(p - bytes) + n);
  frl_wire_field f;
  assert_int_equal(frl_wire_next(&c, &f), FRL_OK);
  assert_int_equal(f.number, 2);
  assert_int_equal(frl_cursor_left(&c), 0);
  return decode(f.bytes);
}

enum { MAX_BYTES = 10 * 1000 * 1000 };

static const publish_row ROWS[] = {{"one", "k", "a"}, {NULL, NULL, "only"},
    {"three", NULL, NULL}, {"four", "key", "bb"}};

static void rows_become_messages(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, ROWS, 4);
  frl_publish_rows rows;
  uint64_t bytes;
  assert_int_equal(frl_publish_rows_of(&rows, &schema, &array, NULL), FRL_OK);
  assert_int_equal(frl_publish_check(&rows, MAX_BYTES, &bytes, NULL), FRL_OK);
  uint64_t sum = 0;
  for (int64_t i = 0; i < 4; i++) {
    const decoded d = round_trip(&rows, i);
    assert_string_equal(d.data, ROWS[i].payload ? ROWS[i].payload : "");
    assert_string_equal(d.key, ROWS[i].key ? ROWS[i].key : "");
    assert_string_equal(d.attribute, ROWS[i].attribute ? ROWS[i].attribute : "");
    const frl_cursor payload = frl_publish_payload(&rows, i);
    sum += frl_publish_put_bytes(&rows, i) + frl_cursor_left(&payload);
  }
  assert_int_equal(sum, bytes);
  frl_array_release(&array);
  frl_schema_release(&schema);
}

static void a_slice_of_a_batch_is_read_from_its_offset(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowArray array;
  publish_batch(&schema, &array, ROWS, 4);
  frl_batch *batch;
  assert_int_equal(frl_batch_take(&batch, NULL, &schema, &array, NULL), FRL_OK);
  struct ArrowArray slice;
  assert_int_equal(frl_batch_export(&slice, batch, 2, 2, NULL), FRL_OK);
  frl_publish_rows rows;
  assert_int_equal(
      frl_publish_rows_of(&rows, frl_batch_schema(batch), &slice, NULL), FRL_OK);
  assert_int_equal(rows.n_rows, 2);
  assert_string_equal(round_trip(&rows, 0).data, "three");
  assert_string_equal(round_trip(&rows, 0).attribute, "");
  assert_string_equal(round_trip(&rows, 1).data, "four");
  assert_string_equal(round_trip(&rows, 1).attribute, "bb");
  assert_string_equal(round_trip(&rows, 1).key, "key");
  frl_array_release(&slice);
  frl_batch_unref(batch);
}

static void what_the_service_would_refuse_names_its_row(void **state) {
  (void)state;
  char *large = calloc(1, 10 * 1000 * 1000 + 2);
  char *key = calloc(1, 1026);
  assert_non_null(large);
  assert_non_null(key);
  memset(large, 'x', 10 * 1000 * 1000 + 1);
  memset(key, 'k', 1025);
  const publish_row bad[] = {
      {NULL, "k", NULL}, {"", NULL, NULL}, {large, NULL, NULL}, {"x", key, NULL}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const publish_row two[] = {{"good", NULL, NULL}, bad[i]};
    struct ArrowSchema schema;
    struct ArrowArray array;
    publish_batch(&schema, &array, two, 2);
    frl_publish_rows rows;
    uint64_t bytes;
    frl_error err = {0};
    assert_int_equal(frl_publish_rows_of(&rows, &schema, &array, NULL), FRL_OK);
    assert_int_equal(frl_publish_check(&rows, MAX_BYTES, &bytes, &err), FRL_E_INVALID);
    assert_non_null(strstr(err.message, "row 1"));
    frl_array_release(&array);
    frl_schema_release(&schema);
  }
  free(large);
  free(key);
}

static void columns_that_do_not_fit_are_named(void **state) {
  (void)state;
  static const struct {
    const char *name;
    const char *format;
    const char *says;
  } cases[] = {{"value", "z", "\"value\""}, {"payload", "i", "\"payload\""},
      {"ordering_key", "z", "\"ordering_key\""}, {"attributes", "u", "\"attributes\""},
      {"ordering_key", "u", "no column \"payload\""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ArrowSchema schema;
    struct ArrowSchema *child;
    assert_int_equal(frl_schema_make(&schema, NULL, "+s"), FRL_OK);
    assert_int_equal(
        frl_schema_add_child(&schema, cases[i].format, cases[i].name, &child), FRL_OK);
    const int32_t offsets[] = {0, 0};
    const void *buffers[] = {NULL, offsets, ""};
    struct ArrowArray column = {.length = 1, .n_buffers = 3, .buffers = buffers};
    struct ArrowArray *children[] = {&column};
    const struct ArrowArray array = {
        .length = 1, .n_children = 1, .children = children};
    frl_publish_rows rows;
    frl_error err = {0};
    assert_int_equal(frl_publish_rows_of(&rows, &schema, &array, &err), FRL_E_INVALID);
    assert_non_null(strstr(err.message, cases[i].says));
    frl_schema_release(&schema);
  }
}

static void a_request_borrows_large_payloads_only(void **state) {
  (void)state;
  char large[2001] = {0};
  memset(large, 'x', sizeof large - 1);
  const publish_row rows[] = {{"small", NULL, NULL}, {large, NULL, NULL},
      {"tiny", NULL, NULL}, {large, NULL, NULL}};
  frl_cargo *cargo = calloc(1, sizeof *cargo);
  assert_non_null(cargo);
  struct ArrowSchema schema;
  publish_batch(&schema, &cargo->array, rows, 4);
  frl_publisher publisher = {.topic = (char *)(uintptr_t) "projects/p/topics/t"};
  cargo->mem = publisher.mem = frl_mem_default;
  atomic_init(&cargo->refs, 1);
  frl_buf_init(&cargo->ids, NULL, 16);
  assert_int_equal(
      frl_publish_rows_of(&cargo->rows, &schema, &cargo->array, NULL), FRL_OK);
  frl_publish_span span = {.cargo = cargo, .first = 0, .n = 4};
  const frl_publish_request request = {.publisher = &publisher, .spans = &span};
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  assert_int_equal(frl__publish_encode(&request, &chain), FRL_OK);
  assert_int_equal(chain.n_slices, 4); /* headers, payload, headers, payload */
  frl_buf whole;
  frl_buf_init(&whole, NULL, 1 << 20);
  for (size_t i = 0; i < chain.n_slices; i++) {
    assert_int_equal(
        frl_buf_append(&whole, chain.slices[i].data, chain.slices[i].len), FRL_OK);
  }
  frl_cursor c = frl_cursor_of(whole.data, whole.len);
  frl_wire_field f;
  size_t messages = 0;
  while (frl_wire_next(&c, &f) == FRL_OK) messages += f.number == 2;
  assert_int_equal(frl_cursor_left(&c), 0);
  assert_int_equal(messages, 4);
  frl_cargo_unref(cargo); /* the chain keeps it */
  assert_int_equal(chain.slices[1].data[1999], 'x');
  frl_chain_deinit(&chain);
  frl_buf_deinit(&whole);
  frl_schema_release(&schema);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_become_messages),
      cmocka_unit_test(a_slice_of_a_batch_is_read_from_its_offset),
      cmocka_unit_test(what_the_service_would_refuse_names_its_row),
      cmocka_unit_test(columns_that_do_not_fit_are_named),
      cmocka_unit_test(a_request_borrows_large_payloads_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
