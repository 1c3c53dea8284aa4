#include <stdlib.h>
#include <string.h>

#include "net/http_request.h"
#include "support/cmocka_c.h"

static frl_status parse(frl_http_request *out, const char *text) {
  return frl_http_request_parse(out, text, strlen(text));
}

static void a_request_of_a_browser_is_read(void **state) {
  (void)state;
  frl_http_request r;
  assert_int_equal(parse(&r,
                       "GET /status.json?x=1 HTTP/1.1\r\nHOST: LocalHost:8099\r\n"
                       "Accept: */*\r\n\r\n"),
      FRL_OK);
  assert_string_equal(r.path, "/status.json");
  assert_true(r.is_get && r.is_local && !r.is_head);
  assert_int_equal(parse(&r, "HEAD / HTTP/1.0\nHost: [::1]\n\n"), FRL_OK);
  assert_true(r.is_get && r.is_local && r.is_head);
  assert_int_equal(parse(&r, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), FRL_OK);
  assert_false(r.is_get);
}

static void another_host_is_not_local(void **state) {
  (void)state;
  static const char *const hosts[] = {"Host: evil.example",
      "Host: localhost.evil.example", "Host: 127.0.0.10", "Host: 127.0.0.1.example:80",
      "Accept: localhost"};
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
    char text[128] = "GET / HTTP/1.1\r\n";
    frl_http_request r;
    (void)strncat(text, hosts[i], sizeof text - strlen(text) - 1);
    (void)strncat(text, "\r\n\r\n", sizeof text - strlen(text) - 1);
    assert_int_equal(parse(&r, text), FRL_OK);
    assert_false(r.is_local);
  }
}

static void every_prefix_needs_more(void **state) {
  (void)state;
  static const char text[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (size_t n = 0; n < sizeof text - 1; n++) {
    frl_http_request r;
    char *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    assert_int_equal(frl_http_request_parse(&r, exact, n), FRL_NEED_MORE);
    free(exact);
  }
}

static void what_is_no_request_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"\r\n\r\n", "GET /\r\n\r\n",
      "GET  HTTP/1.1\r\n\r\n", "GET http://x/ HTTP/1.1\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\n: empty\r\n\r\n", "\x16\x03\x01\x02\n\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    frl_http_request r;
    assert_int_equal(parse(&r, texts[i]), FRL_E_MALFORMED);
  }
}

static void a_head_without_an_end_is_bounded(void **state) {
  (void)state;
  const size_t n = FRL_HTTP_HEAD_MAX + 1;
  char *text = malloc(n);
  frl_http_request r;
  memset(text, 'x', n);
  assert_int_equal(frl_http_request_parse(&r, text, n), FRL_E_LIMIT);
  memcpy(text, "GET /", 5); /* a path that is longer than any page's */
  memcpy(text + 1000, " HTTP/1.1\r\n", 11);
  assert_int_equal(frl_http_request_parse(&r, text, n), FRL_E_MALFORMED);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_of_a_browser_is_read),
      cmocka_unit_test(another_host_is_not_local),
      cmocka_unit_test(every_prefix_needs_more),
      cmocka_unit_test(what_is_no_request_is_refused),
      cmocka_unit_test(a_head_without_an_end_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
