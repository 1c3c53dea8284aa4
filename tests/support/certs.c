#include "support/certs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_S = 24 * 3600 };

typedef struct identity {
  X509 *cert;
  EVP_PKEY *key;
} identity;

static void must(int ok) {
  if (!ok) abort();
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  must(e != NULL);
  must(X509_add_ext(cert, e, -1));
  X509_EXTENSION_free(e);
}

/* issuer NULL: an authority, signed by itself; names: its subjectAltName. */
static identity make(const char *name, const char *names, const identity *issuer,
    long from_s, long to_s) {
  static long serial = 1;
  identity id = {X509_new(), EVP_EC_gen("P-256")};
  must(id.cert && id.key);
  must(X509_set_version(id.cert, 2));
  must(ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial++));
  must(X509_gmtime_adj(X509_getm_notBefore(id.cert), from_s) != NULL);
  must(X509_gmtime_adj(X509_getm_notAfter(id.cert), to_s) != NULL);
  must(X509_set_pubkey(id.cert, id.key));
  X509_NAME *subject = X509_get_subject_name(id.cert);
  must(X509_NAME_add_entry_by_txt(
      subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0));
  X509 *by = issuer ? issuer->cert : id.cert;
  must(X509_set_issuer_name(id.cert, X509_get_subject_name(by)));
  add_extension(
      id.cert, by, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
  if (names) add_extension(id.cert, by, NID_subject_alt_name, names);
  must(X509_sign(id.cert, issuer ? issuer->key : id.key, EVP_sha256()));
  return id;
}

static void drop(identity *id) {
  X509_free(id->cert);
  EVP_PKEY_free(id->key);
}

static void path_of(char out[160], const certs *c, const char *name) {
  (void)snprintf(out, 160, "%s/%s.pem", c->dir, name);
}

static void save(
    const certs *c, const identity *id, const char *name, char cert[160], char *key) {
  char file[64];
  path_of(cert, c, name);
  FILE *f = fopen(cert, "w");
  must(f != NULL);
  must(PEM_write_X509(f, id->cert));
  must(fclose(f) == 0);
  if (!key) return;
  (void)snprintf(file, sizeof file, "%s-key", name);
  path_of(key, c, file);
  f = fopen(key, "w");
  must(f != NULL);
  must(PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL));
  must(fclose(f) == 0);
}

void certs_make(certs *c) {
  memset(c, 0, sizeof *c);
  const char *tmp = getenv("TMPDIR");
  (void)snprintf(c->dir, sizeof c->dir, "%s/frl-certs-XXXXXX", tmp ? tmp : "/tmp");
  must(mkdtemp(c->dir) != NULL);
  identity ca = make("Test authority", NULL, NULL, -DAY_S, DAY_S);
  identity stranger_ca = make("Stranger", NULL, NULL, -DAY_S, DAY_S);
  const char *here = "DNS:localhost,IP:127.0.0.1";
  identity server = make("localhost", here, &ca, -DAY_S, DAY_S);
  identity expired = make("localhost", here, &ca, -2 * DAY_S, -DAY_S);
  identity other = make("other", "DNS:other.example", &ca, -DAY_S, DAY_S);
  identity client = make("client", NULL, &ca, -DAY_S, DAY_S);
  identity stranger = make("localhost", here, &stranger_ca, -DAY_S, DAY_S);
  save(c, &ca, "ca", c->ca, NULL);
  save(c, &stranger_ca, "stranger-ca", c->stranger_ca, NULL);
  save(c, &server, "server", c->server_cert, c->server_key);
  save(c, &expired, "expired", c->expired_cert, c->expired_key);
  save(c, &other, "other", c->other_cert, c->other_key);
  save(c, &client, "client", c->client_cert, c->client_key);
  save(c, &stranger, "stranger", c->stranger_cert, c->stranger_key);
  identity *all[] = {&ca, &stranger_ca, &server, &expired, &other, &client, &stranger};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) drop(all[i]);
}

void certs_remove(const certs *c) {
  const char *const files[] = {c->ca, c->server_cert, c->server_key, c->expired_cert,
      c->expired_key, c->other_cert, c->other_key, c->client_cert, c->client_key,
      c->stranger_ca, c->stranger_cert, c->stranger_key};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) (void)unlink(files[i]);
  (void)rmdir(c->dir);
}
