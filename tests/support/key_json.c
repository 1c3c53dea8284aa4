#include "support/key_json.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_c.h"

/* One key for the whole program: making it takes long. */
static EVP_PKEY *shared_key(void) {
  static EVP_PKEY *key;
  if (!key) key = EVP_RSA_gen(2048);
  assert_non_null(key);
  assert_int_equal(EVP_PKEY_up_ref(key), 1);
  return key;
}

/* The key, and its PEM text with the newlines as JSON has them. */
static EVP_PKEY *make_key(char *json_pem, size_t size) {
  EVP_PKEY *key = shared_key();
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

void key_json_write(char *path, const char *text) {
  (void)snprintf(path, 64, "/tmp/frl_test_token_XXXXXX");
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  assert_int_equal(close(fd), 0);
}

void key_json_make(key_json *k, const char *more) {
  char pem[4096];
  k->key = make_key(pem, sizeof pem);
  char json[8192];
  (void)snprintf(json, sizeof json,
      "{\"type\":\"service_account\",\"client_email\":\"me@p.iam\","
      "\"private_key_id\":\"key-1\",\"private_key\":\"%s\"%s}",
      pem, more);
  key_json_write(k->path, json);
}

void key_json_remove(key_json *k) {
  EVP_PKEY_free(k->key);
  (void)unlink(k->path);
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

void key_json_check(const key_json *k, const char *token, const char *claims) {
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
  assert_string_equal((char *)text, claims);
  uint8_t signature[512];
  const size_t n = from_base64url(dot2 + 1, strlen(dot2 + 1), signature);
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, k->key), 1);
  assert_int_equal(EVP_DigestVerify(md, signature, n, (const uint8_t *)token,
                       (size_t)(dot2 - token)),
      1);
  EVP_MD_CTX_free(md);
}
