#include "auth/jwt.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/error.h"

static EVP_PKEY *to_pkey(const frl_jwt_key *key) { return (EVP_PKEY *)(uintptr_t)key; }

/* An encrypted key would make OpenSSL ask on the terminal. */
static int no_password(char *buf, int size, int writing, void *ctx) {
  (void)buf;
  (void)size;
  (void)writing;
  (void)ctx;
  return -1;
}

frl_status frl_jwt_key_read(
    frl_jwt_key **out, const char *pem, size_t n, frl_error *err) {
  *out = NULL;
  if (n > INT_MAX) return frl_fail(err, FRL_E_AUTH, "the private key is too long");
  BIO *bio = BIO_new_mem_buf(pem, (int)n);
  if (!bio) return frl_fail(err, FRL_E_NOMEM, "out of memory for the private key");
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
  BIO_free(bio);
  ERR_clear_error();
  if (!key) {
    return frl_fail(err, FRL_E_AUTH, "it is no private key in PEM without a password");
  }
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
    EVP_PKEY_free(key);
    return frl_fail(err, FRL_E_AUTH, "it is no RSA key");
  }
  *out = (frl_jwt_key *)(void *)key;
  return FRL_OK;
}

void frl_jwt_key_free(frl_jwt_key *key) { EVP_PKEY_free(to_pkey(key)); }

frl_status frl_base64url(frl_buf *out, const void *data, size_t n) {
  static const char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const uint8_t *p = data;
  FRL_TRY(frl_buf_reserve(out, n / 3 * 4 + 4));
  for (; n >= 3; n -= 3, p += 3) {
    const uint32_t word = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    for (int shift = 18; shift >= 0; shift -= 6) {
      FRL_TRY(frl_buf_append_u8(out, (uint8_t)alphabet[word >> shift & 63]));
    }
  }
  if (n == 0) return FRL_OK;
  const uint32_t word = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
  for (int shift = 18; shift >= 18 - 6 * (int)n; shift -= 6) {
    FRL_TRY(frl_buf_append_u8(out, (uint8_t)alphabet[word >> shift & 63]));
  }
  return FRL_OK;
}

static frl_status sign_bytes(const frl_jwt_key *key, const void *data, size_t n,
    uint8_t *signature, size_t *len) {
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  if (!md) return FRL_E_NOMEM;
  const int ok = EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, to_pkey(key)) == 1 &&
                 EVP_DigestSign(md, signature, len, data, n) == 1;
  EVP_MD_CTX_free(md);
  ERR_clear_error();
  return ok ? FRL_OK : FRL_E_AUTH;
}

frl_status frl_jwt_sign(frl_buf *out, const frl_jwt_key *key, const char *header,
    size_t header_len, const char *claims, size_t claims_len, frl_error *err) {
  enum { SIGNATURE_MAX = 2048 }; /* a key of 16,384 bits */
  const size_t start = out->len;
  frl_status st = frl_base64url(out, header, header_len);
  if (st == FRL_OK) st = frl_buf_append_u8(out, '.');
  if (st == FRL_OK) st = frl_base64url(out, claims, claims_len);
  if (st != FRL_OK) return frl_fail(err, st, "credentials: no memory for a token");
  uint8_t signature[SIGNATURE_MAX];
  size_t n = sizeof signature;
  st = sign_bytes(key, out->data + start, out->len - start, signature, &n);
  if (st != FRL_OK) return frl_fail(err, st, "credentials: the key cannot sign");
  st = frl_buf_append_u8(out, '.');
  if (st == FRL_OK) st = frl_base64url(out, signature, n);
  if (st != FRL_OK) return frl_fail(err, st, "credentials: no memory for a token");
  return FRL_OK;
}
