/**
 * Signing JSON Web Tokens with an RSA key (RS256, RFC 7515 and 7518).
 *
 * Threads: a key is used by one at a time.
 */
#ifndef FRL_AUTH_JWT_H
#define FRL_AUTH_JWT_H

#include <ferrule/error.h>
#include <stddef.h>

#include "base/buf.h"

typedef struct frl_jwt_key frl_jwt_key;

/** An RSA private key in PEM (PKCS #8 or #1). FRL_E_AUTH where it is none. */
FRL_NODISCARD frl_status frl_jwt_key_read(
    frl_jwt_key **out, const char *pem, size_t n, frl_error *err);
/** NULL works. */
void frl_jwt_key_free(frl_jwt_key *key);

/** Base64 of the URL alphabet without padding (RFC 4648, section 5). */
FRL_NODISCARD frl_status frl_base64url(frl_buf *out, const void *data, size_t n);

/** Appends header.claims.signature of two JSON texts. */
FRL_NODISCARD frl_status frl_jwt_sign(frl_buf *out, const frl_jwt_key *key,
    const char *header, size_t header_len, const char *claims, size_t claims_len,
    frl_error *err);

#endif /* FRL_AUTH_JWT_H */
