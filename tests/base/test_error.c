#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "support/cmocka_c.h"

static void fail_writes_and_gives_the_status_back(void **state) {
  (void)state;
  frl_error err = {.origin_code = 7, .origin = FRL_ORIGIN_TLS, .retry_after_ms = 5};
  assert_int_equal(frl_fail(&err, FRL_E_INVALID, "option %s", "mode"), FRL_E_INVALID);
  assert_string_equal(err.message, "option mode");
  assert_int_equal(err.origin, FRL_ORIGIN_NONE);
  assert_int_equal(err.origin_code, 0);
  assert_int_equal(err.retry_after_ms, 0);
  assert_false(err.retriable);
  assert_int_equal(frl_fail(NULL, FRL_E_NOMEM, "no %d", 1), FRL_E_NOMEM);
  assert_int_equal(frl_fail(&err, FRL_E_UNAVAILABLE, "down"), FRL_E_UNAVAILABLE);
  assert_true(err.retriable);
}

static void errno_is_kept_and_told(void **state) {
  (void)state;
  frl_error err;
  assert_int_equal(frl_fail_errno(&err, ENOENT, "open %s", "x"), FRL_E_IO);
  assert_int_equal(err.origin, FRL_ORIGIN_OS);
  assert_int_equal(err.origin_code, ENOENT);
  assert_string_equal(err.message, "open x: No such file or directory");
}

static void grpc_codes_keep_their_class(void **state) {
  (void)state;
  frl_error err;
  assert_int_equal(frl_fail_grpc(&err, 14, "x"), FRL_E_UNAVAILABLE);
  assert_true(err.retriable);
  assert_int_equal(frl_fail_grpc(&err, 5, "x"), FRL_E_NOT_FOUND);
  assert_false(err.retriable);
  assert_int_equal(frl_fail_grpc(&err, 0, "x"), FRL_E_REMOTE); /* never a success */
  assert_int_equal(frl_fail_grpc(&err, 99, "x"), FRL_E_REMOTE);
  assert_int_equal(err.origin_code, 99);
}

static void prefix_stands_before_the_message(void **state) {
  (void)state;
  frl_error err;
  (void)frl_fail(&err, FRL_E_IO, "refused");
  frl_error_prefix(&err, "host %d: ", 1);
  assert_string_equal(err.message, "host 1: refused");
  frl_error_prefix(NULL, "nothing");
}

static void a_cut_message_stays_utf8(void **state) {
  (void)state;
  for (size_t pad = 500; pad <= 512; pad++) {
    char text[600];
    memset(text, 'a', pad);
    memcpy(text + pad, "\xf0\x9f\x98\x80\xe2\x82\xac", 8);
    frl_error err;
    (void)frl_fail(&err, FRL_E_IO, "%s", text);
    const size_t n = strlen(err.message);
    const size_t want = pad + 7 < 512 ? pad + 7 : pad + 4 < 512 ? pad + 4 : pad;
    assert_int_equal(n, want < 511 ? want : 511);
  }
}

static void names_are_distinct(void **state) {
  (void)state;
  assert_string_equal(frl_status_name(FRL_OK), "FRL_OK");
  assert_string_equal(frl_status_name(FRL_E_REMOTE), "FRL_E_REMOTE");
  for (int i = -16; i <= 2; i++) {
    assert_string_not_equal(frl_status_name((frl_status)i), "FRL_E_UNKNOWN");
    for (int j = -16; j < i; j++) {
      assert_string_not_equal(
          frl_status_name((frl_status)i), frl_status_name((frl_status)j));
    }
  }
}

static char last_line[2048];

static void keep_line(
    void *ctx, enum frl_log_level level, const char *facility, const char *line) {
  (void)level;
  ++*(int *)ctx;
  assert_string_equal(facility, "test");
  (void)strncpy(last_line, line, sizeof last_line - 1);
}

static void log_goes_to_the_callback_at_its_level(void **state) {
  (void)state;
  int lines = 0;
  frl_log(FRL_LOG_ERROR, "test", "nobody listens");
  frl_log_set(keep_line, &lines, FRL_LOG_INFO);
  frl_log(FRL_LOG_INFO, "test", "n=%d", 3);
  frl_log(FRL_LOG_DEBUG, "test", "too fine");
  assert_int_equal(lines, 1);
  assert_string_equal(last_line, "n=3");
  frl_log_set(NULL, NULL, FRL_LOG_DEBUG);
  frl_log(FRL_LOG_ERROR, "test", "silenced");
  assert_int_equal(lines, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fail_writes_and_gives_the_status_back),
      cmocka_unit_test(errno_is_kept_and_told),
      cmocka_unit_test(grpc_codes_keep_their_class),
      cmocka_unit_test(prefix_stands_before_the_message),
      cmocka_unit_test(a_cut_message_stays_utf8),
      cmocka_unit_test(names_are_distinct),
      cmocka_unit_test(log_goes_to_the_callback_at_its_level),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
