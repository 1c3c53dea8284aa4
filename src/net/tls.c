#include "net/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/tls_roots.h"

enum { RECORD_BYTES = 16 * 1024 };

static const unsigned char ALPN_H2[] = {2, 'h', '2'};

/* Counted: a session outlives its channel by a moment, and uses the BIO's method. */
struct frl_tls_context {
  atomic_uint refs;
  frl_mem mem;
  SSL_CTX *ssl;
  BIO_METHOD *bio;
  bool server;
};

struct frl_tls {
  frl_mem mem;
  frl_tls_context *context;
  SSL *ssl;
  const uint8_t *in; /* what the session may read now */
  size_t in_len;
  frl_outq *out;
  bool server;
  bool open;
  bool out_of_memory;
  char peer_name[256];
  uint8_t record[RECORD_BYTES];
};

static int bio_read(BIO *bio, char *to, int size) {
  frl_tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  if (tls->in_len == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t n = tls->in_len < (size_t)size ? tls->in_len : (size_t)size;
  memcpy(to, tls->in, n);
  tls->in += n;
  tls->in_len -= n;
  return (int)n;
}

static int bio_write(BIO *bio, const char *from, int n) {
  frl_tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (n <= 0) return 0;
  if (frl_outq_copy(tls->out, from, (size_t)n) != FRL_OK) {
    tls->out_of_memory = true;
    return -1;
  }
  return n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr) {
  (void)bio;
  (void)number;
  (void)ptr;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *new_bio_method(void) {
  BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ferrule");
  if (!m) return NULL;
  if (BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
      BIO_meth_set_ctrl(m, bio_ctrl)) {
    return m;
  }
  BIO_meth_free(m);
  return NULL;
}

/* The last reason in OpenSSL's queue, which is emptied. */
static frl_status fail_ssl(frl_error *err, frl_status status, const char *what) {
  unsigned long code = 0;
  for (unsigned long next; (next = ERR_get_error()) != 0;) code = next;
  char reason[160] = "no reason given";
  if (code) ERR_error_string_n(code, reason, sizeof reason);
  /* "error:0A000086:SSL routines::certificate verify failed" */
  const char *last = strrchr(reason, ':');
  (void)frl_fail(err, status, "TLS: %s: %s", what, last && last[1] ? last + 1 : reason);
  if (err) {
    err->origin = FRL_ORIGIN_TLS;
    err->origin_code = (int32_t)(code & 0x7fffffff);
  }
  return status;
}

static int select_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *ctx) {
  (void)ssl;
  (void)ctx;
  for (unsigned int i = 0; i < in_len; i += 1U + in[i]) {
    if (in[i] != 2 || in_len - i < 3 || memcmp(in + i, ALPN_H2, 3) != 0) continue;
    *out = in + i + 1;
    *out_len = 2;
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static frl_status load_identity(
    SSL_CTX *ssl, const frl_tls_options *o, frl_error *err) {
  if (!o->cert_file && !o->key_file) return FRL_OK;
  if (!o->cert_file || !o->key_file) {
    return frl_fail(err, FRL_E_INVALID, "TLS: certificate and key go together");
  }
  if (SSL_CTX_use_certificate_chain_file(ssl, o->cert_file) != 1) {
    return fail_ssl(err, FRL_E_AUTH, o->cert_file);
  }
  if (SSL_CTX_use_PrivateKey_file(ssl, o->key_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(ssl) != 1) {
    return fail_ssl(err, FRL_E_AUTH, o->key_file);
  }
  return FRL_OK;
}

/* OpenSSL says "system lib" of a file that is not there. */
static frl_status fail_trust(frl_error *err, const char *file) {
  ERR_clear_error();
  FILE *f = fopen(file, "r");
  if (f) {
    (void)fclose(f);
    (void)frl_fail(
        err, FRL_E_AUTH, "TLS: the CA file %s holds no certificates in PEM", file);
  } else {
    (void)frl_fail_errno(err, errno, "TLS: the CA file %s cannot be read", file);
  }
  if (err) err->origin = FRL_ORIGIN_TLS;
  return FRL_E_AUTH;
}

static frl_status load_trust(SSL_CTX *ssl, const frl_tls_options *o, frl_error *err) {
  if (o->ca_file) {
    if (!frl_tls_trust_file(ssl, o->ca_file)) return fail_trust(err, o->ca_file);
  } else if (!o->server) {
    frl_tls_trust_system(ssl);
  }
  int mode = SSL_VERIFY_PEER;
  if (o->server) {
    mode = o->ca_file ? mode | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE;
  }
  SSL_CTX_set_verify(ssl, mode, NULL);
  return FRL_OK;
}

static frl_status set_up(frl_tls_context *c, const frl_tls_options *o, frl_error *err) {
  c->ssl = SSL_CTX_new(o->server ? TLS_server_method() : TLS_client_method());
  c->bio = new_bio_method();
  if (!c->ssl || !c->bio) return fail_ssl(err, FRL_E_NOMEM, "no context");
  (void)SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION);
  (void)SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS);
  /* an old peer must not make us compute for it */
  (void)SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  FRL_TRY(load_identity(c->ssl, o, err));
  FRL_TRY(load_trust(c->ssl, o, err));
  if (o->server) {
    SSL_CTX_set_alpn_select_cb(c->ssl, select_h2, NULL);
    (void)SSL_CTX_set_session_id_context(c->ssl, ALPN_H2, sizeof ALPN_H2);
  } else if (SSL_CTX_set_alpn_protos(c->ssl, ALPN_H2, sizeof ALPN_H2) != 0) {
    return fail_ssl(err, FRL_E_NOMEM, "ALPN");
  }
  return FRL_OK;
}

frl_status frl_tls_context_create(frl_tls_context **out, const frl_tls_options *options,
    const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_tls_context *c = frl_calloc(mem, 1, sizeof *c);
  if (!c) return frl_fail(err, FRL_E_NOMEM, "TLS: out of memory");
  c->mem = mem ? *mem : frl_mem_default;
  c->server = options->server;
  atomic_init(&c->refs, 1);
  ERR_clear_error();
  const frl_status st = set_up(c, options, err);
  if (st != FRL_OK) {
    frl_tls_context_destroy(c);
    return st;
  }
  *out = c;
  return FRL_OK;
}

void frl_tls_context_destroy(frl_tls_context *c) {
  if (!c || atomic_fetch_sub(&c->refs, 1) > 1) return;
  SSL_CTX_free(c->ssl);
  BIO_meth_free(c->bio);
  const frl_mem mem = c->mem;
  frl_free(&mem, c);
}

static bool set_peer_name(frl_tls *tls, const char *name) {
  (void)snprintf(tls->peer_name, sizeof tls->peer_name, "%s", name);
  ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
  if (address) {
    ASN1_OCTET_STRING_free(address);
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), name) == 1;
  }
  SSL_set_hostflags(tls->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(tls->ssl, name) == 1 &&
         SSL_set_tlsext_host_name(tls->ssl, name) == 1;
}

static bool open_session(frl_tls *tls, const frl_tls_context *c, const char *name) {
  tls->ssl = SSL_new(c->ssl);
  BIO *bio = tls->ssl ? BIO_new(c->bio) : NULL;
  if (!bio) return false;
  BIO_set_data(bio, tls);
  BIO_set_init(bio, 1);
  SSL_set_bio(tls->ssl, bio, bio);
  if (c->server) {
    SSL_set_accept_state(tls->ssl);
    return true;
  }
  SSL_set_connect_state(tls->ssl);
  return !name || set_peer_name(tls, name);
}

frl_status frl_tls_create(frl_tls **out, frl_tls_context *context,
    const char *server_name, frl_outq *cipher, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_tls *tls = frl_calloc(mem, 1, sizeof *tls);
  if (!tls) return frl_fail(err, FRL_E_NOMEM, "TLS: out of memory");
  tls->mem = mem ? *mem : frl_mem_default;
  tls->out = cipher;
  tls->server = context->server;
  tls->context = context;
  (void)atomic_fetch_add(&context->refs, 1);
  ERR_clear_error();
  if (!open_session(tls, context, server_name)) {
    frl_tls_destroy(tls);
    return fail_ssl(err, FRL_E_NOMEM, "no session");
  }
  *out = tls;
  return FRL_OK;
}

void frl_tls_destroy(frl_tls *tls) {
  if (!tls) return;
  SSL_free(tls->ssl);
  frl_tls_context_destroy(tls->context);
  const frl_mem mem = tls->mem;
  frl_free(&mem, tls);
}

bool frl_tls_is_open(const frl_tls *tls) { return tls->open; }

static frl_status fail_handshake(const frl_tls *tls, frl_error *err) {
  if (tls->out_of_memory) return frl_fail(err, FRL_E_NOMEM, "TLS: out of memory");
  const long verified = SSL_get_verify_result(tls->ssl);
  if (verified == X509_V_OK) return fail_ssl(err, FRL_E_MALFORMED, "handshake failed");
  ERR_clear_error();
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH ||
      verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return frl_fail(
        err, FRL_E_AUTH, "TLS: the certificate is not for %s", tls->peer_name);
  }
  (void)frl_fail(err, FRL_E_AUTH, "TLS: the peer's certificate does not hold: %s",
      X509_verify_cert_error_string(verified));
  if (err) {
    err->origin = FRL_ORIGIN_TLS;
    err->origin_code = (int32_t)verified;
  }
  return FRL_E_AUTH;
}

static frl_status check_alpn(const frl_tls *tls, frl_error *err) {
  const unsigned char *name = NULL;
  unsigned int n = 0;
  SSL_get0_alpn_selected(tls->ssl, &name, &n);
  if (n == 2 && memcmp(name, "h2", 2) == 0) return FRL_OK;
  return frl_fail(
      err, FRL_E_UNSUPPORTED, "TLS: the peer does not offer HTTP/2 (ALPN h2)");
}

static frl_status handshake(frl_tls *tls, frl_error *err) {
  ERR_clear_error();
  const int rc = SSL_do_handshake(tls->ssl);
  if (rc != 1) {
    return SSL_get_error(tls->ssl, rc) == SSL_ERROR_WANT_READ
               ? FRL_OK
               : fail_handshake(tls, err);
  }
  FRL_TRY(check_alpn(tls, err));
  tls->open = true;
  return FRL_OK;
}

frl_status frl_tls_start(frl_tls *tls, frl_error *err) {
  return tls->server ? FRL_OK : handshake(tls, err);
}

static frl_status read_failed(const frl_tls *tls, int rc, frl_error *err) {
  switch (SSL_get_error(tls->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
      return FRL_NEED_MORE;
    case SSL_ERROR_ZERO_RETURN:
      return FRL_END;
    default:
      return tls->out_of_memory ? frl_fail(err, FRL_E_NOMEM, "TLS: out of memory")
                                : fail_ssl(err, FRL_E_MALFORMED, "connection broken");
  }
}

frl_status frl_tls_recv(frl_tls *tls, const uint8_t *data, size_t n, uint8_t *scratch,
    size_t scratch_size,
    frl_status (*on_plain)(void *ctx, const uint8_t *data, size_t n, frl_error *err),
    void *ctx, frl_error *err) {
  tls->in = data;
  tls->in_len = n;
  if (!tls->open) FRL_TRY(handshake(tls, err));
  while (tls->open) {
    ERR_clear_error();
    /* records are joined up to the size of scratch: fewer calls of HTTP/2 */
    size_t len = 0;
    int rc = 1;
    while (rc > 0 && scratch_size - len >= RECORD_BYTES) {
      rc = SSL_read(tls->ssl, scratch + len, (int)(scratch_size - len));
      if (rc > 0) len += (size_t)rc;
    }
    const frl_status st = rc > 0 ? FRL_OK : read_failed(tls, rc, err);
    if (len > 0) FRL_TRY(on_plain(ctx, scratch, len, err));
    if (st == FRL_NEED_MORE) break;
    if (st != FRL_OK) return st;
  }
  return FRL_OK;
}

static frl_status send_record(
    frl_tls *tls, const uint8_t *data, size_t n, frl_error *err) {
  ERR_clear_error();
  if (SSL_write(tls->ssl, data, (int)n) == (int)n) return FRL_OK;
  return tls->out_of_memory ? frl_fail(err, FRL_E_NOMEM, "TLS: out of memory")
                            : fail_ssl(err, FRL_E_MALFORMED, "cannot send");
}

frl_status frl_tls_send(frl_tls *tls, frl_outq *plain, frl_error *err) {
  while (plain->bytes > 0) {
    const frl_slice *first = &plain->slices[plain->head];
    if (first->len >= RECORD_BYTES) {
      FRL_TRY(send_record(tls, first->data, RECORD_BYTES, err));
      frl_outq_consume(plain, RECORD_BYTES);
      continue;
    }
    size_t n = 0;
    for (size_t i = plain->head; i < plain->end && n < RECORD_BYTES; i++) {
      const frl_slice *s = &plain->slices[i];
      const size_t k = s->len < RECORD_BYTES - n ? s->len : RECORD_BYTES - n;
      if (k) memcpy(tls->record + n, s->data, k);
      n += k;
    }
    FRL_TRY(send_record(tls, tls->record, n, err));
    frl_outq_consume(plain, n);
  }
  return FRL_OK;
}

void frl_tls_close(frl_tls *tls) {
  if (tls->open) (void)SSL_shutdown(tls->ssl);
  ERR_clear_error();
}
