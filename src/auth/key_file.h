/**
 * Google's service-account key files.
 *
 * Threads: a key is read by one at a time, afterwards any may look at it.
 */
#ifndef FRL_AUTH_KEY_FILE_H
#define FRL_AUTH_KEY_FILE_H

#include <ferrule/error.h>
#include <ferrule/mem.h>

#include "auth/jwt.h"

/** Texts hold nothing that JSON escapes. Zero-initialise. */
typedef struct frl_key_file {
  frl_jwt_key *key;
  char *email;
  char *key_id;
  char *token_uri; /* NULL: the file has none */
  char *universe;  /* "googleapis.com" where the file has none */
} frl_key_file;

/**
 * @return FRL_OK; FRL_E_NOT_FOUND (no such file), FRL_E_IO, FRL_E_AUTH with a message
 *         that names the wrong or missing field, FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_key_file_read(
    frl_key_file *out, const char *path, const frl_mem *mem, frl_error *err);
void frl_key_file_deinit(frl_key_file *k, const frl_mem *mem);

#endif /* FRL_AUTH_KEY_FILE_H */
