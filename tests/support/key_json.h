/** Service-account key files made on the spot, and tokens looked into. */
#ifndef FRL_TESTS_SUPPORT_KEY_JSON_H
#define FRL_TESTS_SUPPORT_KEY_JSON_H

#include <openssl/evp.h>
#include <stddef.h>

typedef struct key_json {
  EVP_PKEY *key;
  char path[64]; /* of the file: account me@p.iam, key key-1 */
} key_json;

/** more: further fields, such as ",\"token_uri\":\"...\"". cmocka asserts. */
void key_json_make(key_json *k, const char *more);
void key_json_remove(key_json *k);
/** A file in a directory of its own with this text; path has 64 bytes. */
void key_json_write(char *path, const char *text);
/** The token is signed by the key, and says exactly these claims. */
void key_json_check(const key_json *k, const char *token, const char *claims);

#endif /* FRL_TESTS_SUPPORT_KEY_JSON_H */
