#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "auth/token.h"
#include "support/cmocka_c.h"

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
  const frl_token_maker maker = {make, destroy, f, true};
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

/* A fresh key, and its PEM text with the newlines as JSON has them. */
static EVP_PKEY *make_key(char *json_pem, size_t size) {
  EVP_PKEY *key = EVP_RSA_gen(2048);
  assert_non_null(key);
  BIO *bio = BIO_new(BIO_s_mem());
  assert_int_equal(
      PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
  char *pem;
  const long n = BIO_get_mem_data(bio, &pem);
  size_t at = 0;
  for (long i = 0; i < n; i++) {
    assert_true(at + 2 < size);
    if (pem[i] == '\n') json_pem[at++] = '\\';
    json_pem[at++] = pem[i] == '\n' ? 'n' : pem[i];
  }
  json_pem[at] = '\0';
  BIO_free(bio);
  return key;
}

static void write_file(char *path, const char *text) {
  (void)snprintf(path, 64, "/tmp/frl_test_token_XXXXXX");
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  assert_int_equal(close(fd), 0);
}

static size_t from_base64url(const char *text, size_t n, uint8_t *out) {
  static const char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint32_t bits = 0;
  int have = 0;
  size_t len = 0;
  for (size_t i = 0; i < n; i++) {
    const char *at = strchr(alphabet, text[i]);
    assert_non_null(at);
    bits = bits << 6 | (uint32_t)(at - alphabet);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out[len++] = (uint8_t)(bits >> have);
  }
  return len;
}

static void check_token(const char *token, EVP_PKEY *key) {
  const char *dot1 = strchr(token, '.');
  assert_non_null(dot1);
  const char *dot2 = strchr(dot1 + 1, '.');
  assert_non_null(dot2);
  uint8_t text[2048] = {0};
  (void)from_base64url(token, (size_t)(dot1 - token), text);
  assert_string_equal(
      (char *)text, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"key-1\"}");
  memset(text, 0, sizeof text);
  (void)from_base64url(dot1 + 1, (size_t)(dot2 - dot1 - 1), text);
  assert_string_equal((char *)text,
      "{\"iss\":\"me@p.iam\",\"sub\":\"me@p.iam\",\"aud\":\"https://a.b/\","
      "\"iat\":5000,\"exp\":8600}");
  uint8_t signature[512];
  const size_t n = from_base64url(dot2 + 1, strlen(dot2 + 1), signature);
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key), 1);
  assert_int_equal(EVP_DigestVerify(md, signature, n, (const uint8_t *)token,
                       (size_t)(dot2 - token)),
      1);
  EVP_MD_CTX_free(md);
}

static void a_service_account_signs_its_own_tokens(void **state) {
  (void)state;
  char pem[4096];
  EVP_PKEY *key = make_key(pem, sizeof pem);
  char json[8192];
  (void)snprintf(json, sizeof json,
      "{\"type\":\"service_account\",\"client_email\":\"me@p.iam\","
      "\"private_key_id\":\"key-1\",\"private_key\":\"%s\"}",
      pem);
  char path[64];
  write_file(path, json);
  fake f = {.wall_s = 5000};
  const frl_clock clock = {monotonic_ms, wall_us, &f};
  frl_token_source *source;
  frl_error err = {0};
  assert_int_equal(
      frl_token_service_account(&source, path, "https://a.b/", &clock, NULL, &err),
      FRL_OK);
  assert_true(frl_token_source_is_local(source));
  frl_buf b;
  frl_buf_init(&b, NULL, 65536);
  assert_int_equal(frl_token_header(source, &b, NULL), FRL_OK);
  const char *header;
  assert_int_equal(frl_buf_text(&b, &header), FRL_OK);
  assert_memory_equal(header, "Bearer ", 7);
  check_token(header + 7, key);
  frl_buf_deinit(&b);
  frl_token_source_destroy(source);
  EVP_PKEY_free(key);
  (void)unlink(path);
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
    write_file(path, cases[i].json);
    frl_token_source *source;
    frl_error err = {0};
    assert_int_equal(
        frl_token_service_account(&source, path, "https://a.b/", NULL, NULL, &err),
        FRL_E_AUTH);
    assert_null(source);
    assert_non_null(strstr(err.message, cases[i].says));
    assert_non_null(strstr(err.message, path));
    (void)unlink(path);
  }
  frl_token_source *source;
  frl_error err = {0};
  assert_int_equal(frl_token_service_account(
                       &source, "/nonexistent/key.json", "a", NULL, NULL, &err),
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
      cmocka_unit_test(a_bad_key_file_is_refused_by_the_field),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
