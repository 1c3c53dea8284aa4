/** Certificates made on the spot, as PEM files in a directory of the test's own. */
#ifndef FRL_TESTS_SUPPORT_CERTS_H
#define FRL_TESTS_SUPPORT_CERTS_H

#include <stdbool.h>

typedef struct certs {
  char dir[64];
  char ca[160]; /* an authority; signs all but the last */
  char server_cert[160];
  char server_key[160]; /* for localhost and 127.0.0.1 */
  char expired_cert[160];
  char expired_key[160];
  char other_cert[160];
  char other_key[160]; /* for other.example */
  char client_cert[160];
  char client_key[160];
  char stranger_ca[160]; /* an authority that nobody trusts */
  char stranger_cert[160];
  char stranger_key[160];
} certs;

/** Aborts when anything fails. */
void certs_make(certs *c);
void certs_remove(const certs *c);

#endif /* FRL_TESTS_SUPPORT_CERTS_H */
