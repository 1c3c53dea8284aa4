/* How gRPC writes things into header fields. */
#include <string.h>

#include "net/rpc_text.h"
#include "support/cmocka_c.h"

static frl_buf buf;

static int set_up(void **state) {
  (void)state;
  frl_buf_init(&buf, NULL, 1u << 20);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  frl_buf_deinit(&buf);
  return 0;
}

static void assert_buf_is(const void *want, size_t n) {
  assert_int_equal(buf.len, n);
  if (n) assert_memory_equal(buf.data, want, n);
  frl_buf_clear(&buf);
}

static void percent_coding(void **state) {
  (void)state;
  assert_int_equal(frl_percent_encode(&buf, "a b%\n\xc3\xa9~"), FRL_OK);
  assert_buf_is("a b%25%0A%C3%A9~", 16);
  static const char *const pairs[][2] = {{"", ""}, {"plain", "plain"}, {"%41%62", "Ab"},
      {"100%", "100%"}, {"%4", "%4"}, {"%zz%41", "%zzA"}, {"%00x", "?x"},
      {"%c3%A9", "\xc3\xa9"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    assert_int_equal(
        frl_percent_decode(&buf, pairs[i][0], strlen(pairs[i][0])), FRL_OK);
    assert_buf_is(pairs[i][1], strlen(pairs[i][1]));
  }
}

static void base64_of_rfc_4648(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"},
      {"foobar", "Zm9vYmFy"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    const char *plain = pairs[i][0];
    const char *coded = pairs[i][1];
    assert_int_equal(frl_rpc_base64_encode(&buf, plain, strlen(plain)), FRL_OK);
    assert_buf_is(coded, strlen(coded));
    assert_int_equal(frl_rpc_base64_decode(&buf, coded, strlen(coded)), FRL_OK);
    assert_buf_is(plain, strlen(plain));
  }
  assert_int_equal(frl_rpc_base64_decode(&buf, "Zg==", 4), FRL_OK);
  assert_buf_is("f", 1);
  assert_int_equal(frl_rpc_base64_decode(&buf, "-_-_", 4), FRL_OK);
  assert_buf_is("\xfb\xff\xbf", 3);
  static const char *const wrong[] = {"Z", "Zg=x", "Z g", "Zm9vY", "===="};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(
        frl_rpc_base64_decode(&buf, wrong[i], strlen(wrong[i])), FRL_E_MALFORMED);
    frl_buf_clear(&buf);
  }
}

static void timeouts(void **state) {
  (void)state;
  static const struct {
    int64_t ms;
    const char *text;
  } out[] = {{0, "1n"}, {-5, "1n"}, {1, "1m"}, {99999999, "99999999m"},
      {100000000, "100000S"}, {99999999999, "99999999S"}, {3600000000000, "1000000H"}};
  for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
    char text[12];
    frl_timeout_format(text, out[i].ms);
    assert_string_equal(text, out[i].text);
  }
  static const struct {
    const char *text;
    int64_t ms;
  } in[] = {{"1H", 3600000}, {"2M", 120000}, {"3S", 3000}, {"4m", 4}, {"5u", 1},
      {"1001u", 2}, {"6n", 1}, {"0m", 0}, {"99999999H", 359999996400000}};
  for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
    int64_t ms = -1;
    assert_int_equal(frl_timeout_parse(&ms, in[i].text, strlen(in[i].text)), FRL_OK);
    assert_int_equal(ms, in[i].ms);
  }
  static const char *const wrong[] = {"", "1", "S", "-1S", "1s", "123456789S", "1 S"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int64_t ms = 0;
    assert_int_equal(
        frl_timeout_parse(&ms, wrong[i], strlen(wrong[i])), FRL_E_MALFORMED);
  }
}

static void codes_of_http(void **state) {
  (void)state;
  static const int32_t pairs[][2] = {{400, FRL_GRPC_INTERNAL},
      {401, FRL_GRPC_UNAUTHENTICATED}, {403, FRL_GRPC_PERMISSION_DENIED},
      {404, FRL_GRPC_UNIMPLEMENTED}, {429, FRL_GRPC_UNAVAILABLE},
      {502, FRL_GRPC_UNAVAILABLE}, {503, FRL_GRPC_UNAVAILABLE},
      {504, FRL_GRPC_UNAVAILABLE}, {500, FRL_GRPC_UNKNOWN}, {302, FRL_GRPC_UNKNOWN}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    assert_int_equal(frl_code_from_http(pairs[i][0]), pairs[i][1]);
  }
}

static void metadata_is_decoded_and_kept_in_order(void **state) {
  (void)state;
  frl_metadata md = {0};
  static const frl_h2_field fields[] = {{"a", 1, "one", 3},
      {"b-bin", 5, "AAEC,Aw==", 9}, {"a", 1, "two", 3}, {"bad-bin", 7, "?", 1}};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(frl_metadata_receive(&md, NULL, &fields[i]), FRL_OK);
  }
  assert_int_equal(frl_metadata_receive(&md, NULL, &fields[3]), FRL_E_MALFORMED);
  assert_int_equal(md.len, 4);
  assert_string_equal(frl_metadata_get(&md, "a"), "one");
  assert_int_equal(md.items[1].value_len, 3);
  assert_memory_equal(md.items[1].value, "\0\1\2", 3);
  assert_int_equal(md.items[2].value_len, 1);
  assert_memory_equal(md.items[2].value, "\3", 1);
  assert_null(frl_metadata_get(&md, "c"));

  frl_h2_field out[4];
  size_t n = 0;
  assert_int_equal(frl_metadata_to_fields(&md, out, &n, 4, &buf), FRL_OK);
  assert_int_equal(n, 4);
  assert_int_equal(out[1].value_len, 4);
  assert_memory_equal(out[1].value, "AAEC", 4);
  assert_memory_equal(out[2].value, "Aw", 2);
  n = 0;
  assert_int_equal(frl_metadata_to_fields(&md, out, &n, 3, &buf), FRL_E_LIMIT);
  frl_metadata_deinit(&md, NULL);
}

static void names_that_applications_may_use(void **state) {
  (void)state;
  assert_true(frl_metadata_name_is_free("authorization"));
  assert_true(frl_metadata_name_is_free("x-goog-request-params"));
  assert_true(frl_metadata_name_is_free("a.b_c-1-bin"));
  static const char *const wrong[] = {
      "", ":path", "grpc-status", "te", "content-type", "Upper", "a b", "user-agent"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_false(frl_metadata_name_is_free(wrong[i]));
  }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(percent_coding),
      CASE(base64_of_rfc_4648),
      CASE(timeouts),
      CASE(codes_of_http),
      CASE(metadata_is_decoded_and_kept_in_order),
      CASE(names_that_applications_may_use),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
