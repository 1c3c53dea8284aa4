#include <string.h>

#include "auth/token_answer.h"
#include "support/cmocka_c.h"

enum { NOW_S = 1000000 };

static frl_status read_answer(const frl_token_answer *answer, const char *body,
    frl_buf *out, int64_t *expires_s, frl_error *err) {
  frl_token_answer a = *answer;
  a.body = (const uint8_t *)body;
  a.body_len = strlen(body);
  frl_buf_init(out, NULL, 1024);
  return frl_token_answer_read(&a, NOW_S, out, expires_s, err);
}

static void a_token_comes_with_its_end(void **state) {
  (void)state;
  static const struct {
    const char *body;
    int64_t life_s;
  } cases[] = {{"{\"access_token\":\"t\",\"expires_in\":3599}", 3599},
      {"{\"access_token\":\"t\",\"expires_in\":\"60\",\"token_type\":\"bearer\"}", 60},
      {"{\"access_token\":\"t\",\"expires_in\":1.5}", 1},
      {"{\"access_token\":\"t\"}", 600},
      {"{\"access_token\":\"t\",\"expires_in\":1e300}", 86400}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const frl_token_answer ok = {.http_status = 200};
    frl_buf out;
    int64_t expires_s = 0;
    assert_int_equal(read_answer(&ok, cases[i].body, &out, &expires_s, NULL), FRL_OK);
    assert_int_equal(expires_s, NOW_S + cases[i].life_s);
    assert_int_equal(out.len, 1);
    assert_int_equal(out.data[0], 't');
    frl_buf_deinit(&out);
  }
}

static void what_is_no_answer_is_refused(void **state) {
  (void)state;
  static const char *const bodies[] = {"", "<html>", "[]", "{}", "null",
      "{\"access_token\":7}", "{\"access_token\":\"\"}", "{\"access_token\":\"a b\"}",
      "{\"access_token\":\"a\\r\\nx: y\"}",
      "{\"access_token\":\"t\",\"token_type\":\"mac\"}",
      "{\"access_token\":\"t\",\"expires_in\":0}",
      "{\"access_token\":\"t\",\"expires_in\":-5}",
      "{\"access_token\":\"t\",\"expires_in\":\"soon\"}",
      "{\"access_token\":\"t\",\"expires_in\":[]}", "{\"access_token\":\"t\""};
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    const frl_token_answer ok = {.http_status = 200};
    frl_buf out;
    int64_t expires_s = 0;
    frl_error err = {0};
    assert_int_equal(
        read_answer(&ok, bodies[i], &out, &expires_s, &err), FRL_E_MALFORMED);
    assert_false(err.retriable);
    assert_int_equal(err.origin, FRL_ORIGIN_HTTP);
    assert_int_equal(err.origin_code, 200);
    assert_int_equal(out.len, 0);
    frl_buf_deinit(&out);
  }
}

static void a_refusal_says_what_to_do(void **state) {
  (void)state;
  static const struct {
    frl_token_answer answer;
    const char *body;
    frl_status status;
    const char *says;
  } cases[] = {{{.http_status = 400},
                   "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT "
                   "Signature.\"}",
                   FRL_E_AUTH,
                   "(invalid_grant: Invalid JWT Signature.): the key or its account"},
      {{.http_status = 400, .date_s = NOW_S + 30}, "{\"error\":\"invalid_grant\"}",
          FRL_E_AUTH, "deleted"},
      {{.http_status = 400, .date_s = NOW_S + 900}, "{\"error\":\"invalid_grant\"}",
          FRL_E_AUTH, "clock is 900 seconds behind the server's"},
      {{.http_status = 400, .date_s = NOW_S - 90}, "{\"error\":\"invalid_grant\"}",
          FRL_E_AUTH, "clock is 90 seconds ahead of the server's"},
      {{.http_status = 400}, "{\"error\":\"invalid_scope\"}", FRL_E_AUTH, "scopes"},
      {{.http_status = 401}, "{\"error\":\"unauthorized_client\"}", FRL_E_AUTH,
          "may not ask"},
      {{.http_status = 403}, "{\"error\":\"other\\u0007\\u00e9\"}", FRL_E_AUTH,
          "(other\?\?\?)"},
      {{.http_status = 302}, "", FRL_E_AUTH, "redirects"},
      {{.http_status = 404}, "<html>", FRL_E_MALFORMED, "HTTP 404"},
      {{.http_status = 400}, "{\"error\":{\"a\":1,\"b\":2}}", FRL_E_MALFORMED,
          "without an OAuth error"},
      {{.http_status = 500}, "{", FRL_E_UNAVAILABLE, "HTTP 500"},
      {{.http_status = 429, .retry_after_s = 7}, "", FRL_E_UNAVAILABLE, "HTTP 429"},
      {{.http_status = 400}, "{\"error\":\"temporarily_unavailable\"}",
          FRL_E_UNAVAILABLE, "temporarily_unavailable"},
      {{.http_status = 400},
          "{\"error\":\"x\",\"error_description\":\"internal_failure\"}",
          FRL_E_UNAVAILABLE, "HTTP 400"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_buf out;
    int64_t expires_s = 0;
    frl_error err = {0};
    assert_int_equal(
        read_answer(&cases[i].answer, cases[i].body, &out, &expires_s, &err),
        cases[i].status);
    assert_int_equal(err.retriable, cases[i].status == FRL_E_UNAVAILABLE);
    assert_int_equal(err.retry_after_ms, cases[i].answer.retry_after_s * 1000);
    assert_non_null(strstr(err.message, cases[i].says));
    frl_buf_deinit(&out);
  }
}

static void a_token_that_is_too_long_is_refused(void **state) {
  (void)state;
  char body[2048] = "{\"access_token\":\"";
  memset(body + strlen(body), 't', 1500);
  const size_t n = strlen(body);
  memcpy(body + n, "\"}", 3);
  const frl_token_answer ok = {.http_status = 200};
  frl_buf out;
  int64_t expires_s = 0;
  assert_int_equal(read_answer(&ok, body, &out, &expires_s, NULL), FRL_E_LIMIT);
  frl_buf_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_token_comes_with_its_end),
      cmocka_unit_test(what_is_no_answer_is_refused),
      cmocka_unit_test(a_refusal_says_what_to_do),
      cmocka_unit_test(a_token_that_is_too_long_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
