#include <string.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "auth/token.h"
#include "support/cmocka_c.h"
#include "support/key_json.h"

typedef struct fake {
  int64_t wall_s;
  int made;
  frl_status result;
  int64_t life_s;
} fake;

static int64_t wall_us(void *ctx) { return ((fake *)ctx)->wall_s * 1000000; }
static int64_t monotonic_ms(void *ctx) { return ((fake *)ctx)->wall_s * 1000; }

static frl_status make(
    void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err) {
  (void)err;
  fake *f = ctx;
  f->made++;
  if (f->result != FRL_OK) return f->result;
  *expires_s = now_s + f->life_s;
  return frl_buf_printf(out, "token%d", f->made);
}

static void destroy(void *ctx) { (void)ctx; }

static frl_token_source *make_source(fake *f, const frl_clock *clock) {
  const frl_token_maker maker = {
      .make = make, .destroy = destroy, .ctx = f, .is_local = true};
  frl_token_source *source;
  assert_int_equal(frl_token_source_create(&source, &maker, clock, NULL, NULL), FRL_OK);
  return source;
}

static void expect_header(frl_token_source *source, const char *header) {
  frl_buf b;
  frl_buf_init(&b, NULL, 65536);
  assert_int_equal(frl_token_header(source, &b, NULL), FRL_OK);
  const char *text;
  assert_int_equal(frl_buf_text(&b, &text), FRL_OK);
  assert_string_equal(text, header);
  frl_buf_deinit(&b);
}

static void a_token_is_kept_and_renewed_before_its_end(void **state) {
  (void)state;
  fake f = {.wall_s = 1000, .life_s = 3600};
  const frl_clock clock = {monotonic_ms, wall_us, &f};
  frl_token_source *source = make_source(&f, &clock);
  expect_header(source, "Bearer token1");
  f.wall_s += 3600 - 301;
  expect_header(source, "Bearer token1");
  f.wall_s += 1;
  expect_header(source, "Bearer token2");
  assert_int_equal(f.made, 2);
  frl_token_source_destroy(source);
}

static void a_failed_renewal_leaves_the_old_token_until_its_end(void **state) {
  (void)state;
  fake f = {.wall_s = 1000, .life_s = 3600};
  const frl_clock clock = {monotonic_ms, wall_us, &f};
  frl_token_source *source = make_source(&f, &clock);
  expect_header(source, "Bearer token1");
  f.result = FRL_E_UNAVAILABLE;
  f.wall_s += 3599;
  expect_header(source, "Bearer token1");
  f.wall_s += 1;
  frl_buf b;
  frl_buf_init(&b, NULL, 65536);
  assert_int_equal(frl_token_header(source, &b, NULL), FRL_E_UNAVAILABLE);
  frl_buf_deinit(&b);
  frl_token_source_destroy(source);
}

static void a_static_token_is_sent_as_it_is(void **state) {
  (void)state;
  frl_token_source *source;
  assert_int_equal(frl_token_static(&source, "ya29.abc", NULL, NULL), FRL_OK);
  expect_header(source, "Bearer ya29.abc");
  frl_token_source_destroy(source);
  static const char *const bad[] = {"", "a b", "a\nb", "\x7f"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(frl_token_static(&source, bad[i], NULL, NULL), FRL_E_AUTH);
    assert_null(source);
  }
}

static void base64_is_that_of_urls(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t n;
    const char *text;
  } cases[] = {{"", 0, ""}, {"f", 1, "Zg"}, {"fo", 2, "Zm8"}, {"foo", 3, "Zm9v"},
      {"foobar", 6, "Zm9vYmFy"}, {"\xff\xff\xfe", 3, "___-"}, {"\xfb\xf0", 2, "-_A"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_buf b;
    frl_buf_init(&b, NULL, 64);
    assert_int_equal(frl_base64url(&b, cases[i].bytes, cases[i].n), FRL_OK);
    const char *text;
    assert_int_equal(frl_buf_text(&b, &text), FRL_OK);
    assert_string_equal(text, cases[i].text);
    frl_buf_deinit(&b);
  }
}

/* ---- service accounts ---- */

static frl_status open_account(frl_token_source **out, const char *path,
    const char *target, const char *scopes, const frl_clock *clock, frl_error *err) {
  const frl_service_account account = {
      .key_file = path, .service = "pubsub", .target = target, .scopes = scopes};
  return frl_token_service_account(out, &account, clock, NULL, err);
}

static void expect_signed(
    const key_json *k, const char *target, const char *scopes, const char *claims) {
  fake f = {.wall_s = 5000};
  const frl_clock clock = {monotonic_ms, wall_us, &f};
  frl_token_source *source;
  assert_int_equal(
      open_account(&source, k->path, target, scopes, &clock, NULL), FRL_OK);
  assert_true(frl_token_source_is_local(source));
  assert_int_equal(frl_token_wait(source, 0, NULL), FRL_OK);
  frl_buf b;
  frl_buf_init(&b, NULL, 65536);
  assert_int_equal(frl_token_header(source, &b, NULL), FRL_OK);
  const char *header;
  assert_int_equal(frl_buf_text(&b, &header), FRL_OK);
  assert_memory_equal(header, "Bearer ", 7);
  key_json_check(k, header + 7, claims);
  frl_buf_deinit(&b);
  frl_token_source_destroy(source);
}

static void a_service_account_signs_its_own_tokens(void **state) {
  (void)state;
  key_json k;
  key_json_make(&k, "");
  /* whatever the endpoint: the audience is the service's */
  static const char *const targets[] = {"pubsub.googleapis.com:443",
      "europe-west1-pubsub.googleapis.com:443", "10.0.0.5:443"};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    expect_signed(&k, targets[i], i ? NULL : "",
        "{\"iss\":\"me@p.iam\",\"sub\":\"me@p.iam\","
        "\"aud\":\"https://pubsub.googleapis.com/\",\"iat\":5000,\"exp\":8600}");
  }
  key_json_remove(&k);
}

static void a_key_of_another_universe_asks_nobody(void **state) {
  (void)state;
  key_json k;
  key_json_make(&k, ",\"universe_domain\":\"u.example\"");
  expect_signed(&k, "pubsub.u.example:443", NULL,
      "{\"iss\":\"me@p.iam\",\"sub\":\"me@p.iam\","
      "\"aud\":\"https://pubsub.u.example/\",\"iat\":5000,\"exp\":8600}");
  expect_signed(&k, "pubsub.u.example:443", "a b",
      "{\"iss\":\"me@p.iam\",\"sub\":\"me@p.iam\",\"scope\":\"a b\","
      "\"iat\":5000,\"exp\":8600}");
  frl_token_source *source;
  frl_error err = {0};
  assert_int_equal(
      open_account(&source, k.path, "pubsub.googleapis.com:443", NULL, NULL, &err),
      FRL_E_AUTH);
  assert_non_null(strstr(err.message, "set the endpoint to pubsub.u.example:443"));
  key_json_remove(&k);
}

static void scopes_need_a_token_server_that_may_have_the_key(void **state) {
  (void)state;
  static const struct {
    const char *more;
    const char *scopes;
    frl_status status;
    const char *says;
  } cases[] = {{"", "a", FRL_E_AUTH, "\"token_uri\""},
      {",\"token_uri\":\"\"", "a", FRL_E_AUTH, "\"token_uri\""},
      {",\"token_uri\":\"http://tokens.example/\"", "a", FRL_E_AUTH, "https"},
      {",\"token_uri\":\"http://localhost.example/\"", "a", FRL_E_AUTH, "https"},
      {",\"token_uri\":\"file:///etc/passwd\"", "a", FRL_E_AUTH, "https"},
      {",\"token_uri\":\"https://a/\"", "a\"b", FRL_E_INVALID, "scopes"},
      {",\"token_uri\":\"https://a/\"", "a\nb", FRL_E_INVALID, "scopes"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    key_json k;
    key_json_make(&k, cases[i].more);
    frl_token_source *source;
    frl_error err = {0};
    assert_int_equal(open_account(&source, k.path, "a:1", cases[i].scopes, NULL, &err),
        cases[i].status);
    assert_null(source);
    assert_non_null(strstr(err.message, cases[i].says));
    key_json_remove(&k);
  }
}

static void a_bad_key_file_is_refused_by_the_field(void **state) {
  (void)state;
  static const struct {
    const char *json;
    const char *says;
  } cases[] = {{"{", "no JSON"}, {"[]", "\"type\""},
      {"{\"type\":\"authorized_user\"}", "authorized_user"},
      {"{\"type\":\"service_account\"}", "\"client_email\""},
      {"{\"type\":\"service_account\",\"client_email\":7}", "\"client_email\""},
      {"{\"type\":\"service_account\",\"client_email\":\"a\\\"b\"}",
          "\"client_email\""},
      {"{\"type\":\"service_account\",\"client_email\":\"e\"}", "\"private_key_id\""},
      {"{\"type\":\"service_account\",\"client_email\":\"e\",\"private_key_id\":\"k\"}",
          "\"private_key\""},
      {"{\"type\":\"service_account\",\"client_email\":\"e\",\"private_key_id\":\"k\","
       "\"private_key\":\"-----BEGIN\"}",
          "\"private_key\""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char path[64];
    key_json_write(path, cases[i].json);
    frl_token_source *source;
    frl_error err = {0};
    assert_int_equal(
        open_account(&source, path, "a.b:443", NULL, NULL, &err), FRL_E_AUTH);
    assert_null(source);
    assert_non_null(strstr(err.message, cases[i].says));
    assert_non_null(strstr(err.message, path));
    (void)unlink(path);
  }
  frl_token_source *source;
  frl_error err = {0};
  assert_int_equal(
      open_account(&source, "/nonexistent/key.json", "a:1", NULL, NULL, &err),
      FRL_E_NOT_FOUND);
  assert_non_null(strstr(err.message, "/nonexistent/key.json"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_token_is_kept_and_renewed_before_its_end),
      cmocka_unit_test(a_failed_renewal_leaves_the_old_token_until_its_end),
      cmocka_unit_test(a_static_token_is_sent_as_it_is),
      cmocka_unit_test(base64_is_that_of_urls),
      cmocka_unit_test(a_service_account_signs_its_own_tokens),
      cmocka_unit_test(a_key_of_another_universe_asks_nobody),
      cmocka_unit_test(scopes_need_a_token_server_that_may_have_the_key),
      cmocka_unit_test(a_bad_key_file_is_refused_by_the_field),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
