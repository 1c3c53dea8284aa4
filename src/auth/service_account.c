/** Google service-account keys: self-signed tokens. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#include "auth/jwt.h"
#include "auth/token.h"
#include "base/error.h"
#include "base/mem.h"

enum {
  FILE_MAX_BYTES = 1 << 20,
  CLAIMS_MAX_BYTES = 16 << 10,
  LIFE_S = 3600 /* the longest that Google takes */
};

typedef struct service_account {
  frl_mem mem;
  frl_jwt_key *key;
  char *email;
  char *key_id;
  char *audience;
} service_account;

static void destroy(void *ctx) {
  service_account *a = ctx;
  const frl_mem mem = a->mem;
  frl_jwt_key_free(a->key);
  frl_free(&mem, a->email);
  frl_free(&mem, a->key_id);
  frl_free(&mem, a->audience);
  frl_free(&mem, a);
}

/* {"alg":"RS256","kid":...,"typ":"JWT"}; the texts hold nothing to escape. */
static frl_status make_texts(
    const service_account *a, int64_t now_s, frl_buf *header, frl_buf *claims) {
  FRL_TRY(frl_buf_printf(
      header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", a->key_id));
  return frl_buf_printf(claims,
      "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"iat\":%lld,\"exp\":%lld}",
      a->email, a->email, a->audience, (long long)now_s, (long long)now_s + LIFE_S);
}

static frl_status make(
    void *ctx, int64_t now_s, frl_buf *out, int64_t *expires_s, frl_error *err) {
  const service_account *a = ctx;
  frl_buf header;
  frl_buf claims;
  frl_buf_init(&header, &a->mem, CLAIMS_MAX_BYTES);
  frl_buf_init(&claims, &a->mem, CLAIMS_MAX_BYTES);
  frl_status st = make_texts(a, now_s, &header, &claims);
  if (st == FRL_OK) {
    st = frl_jwt_sign(out, a->key, (const char *)header.data, header.len,
        (const char *)claims.data, claims.len, err);
  } else {
    (void)frl_fail(err, st, "credentials: no memory for a token");
  }
  frl_buf_deinit(&header);
  frl_buf_deinit(&claims);
  *expires_s = now_s + LIFE_S;
  return st;
}

static frl_status read_file(frl_buf *out, const char *path, frl_error *err) {
  FILE *f = fopen(path, "rb");
  if (!f) {
    const int code = errno;
    return frl_fail(err, code == ENOENT ? FRL_E_NOT_FOUND : FRL_E_IO,
        "credentials: %s cannot be read: %s", path, strerror(code));
  }
  frl_status st = FRL_OK;
  char chunk[4096];
  size_t n;
  while (st == FRL_OK && (n = fread(chunk, 1, sizeof chunk, f)) > 0) {
    st = frl_buf_append(out, chunk, n);
  }
  if (st != FRL_OK) (void)frl_fail(err, st, "credentials: %s is too large", path);
  if (st == FRL_OK && ferror(f)) {
    st = frl_fail(err, FRL_E_IO, "credentials: %s cannot be read", path);
  }
  (void)fclose(f);
  return st;
}

/* A field that goes between quotes into a token as it is. */
static frl_status read_text(service_account *a, yyjson_val *root, const char *path,
    const char *field, char **out, frl_error *err) {
  yyjson_val *value = yyjson_obj_get(root, field);
  if (!yyjson_is_str(value) || yyjson_get_len(value) == 0) {
    return frl_fail(err, FRL_E_AUTH,
        "credentials: %s has no text in the field \"%s\": is it the JSON key file of a "
        "service account?",
        path, field);
  }
  const char *text = yyjson_get_str(value);
  for (const char *p = text; *p; p++) {
    if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\') {
      return frl_fail(err, FRL_E_AUTH,
          "credentials: %s has a quote or control character in \"%s\"", path, field);
    }
  }
  *out = frl_strdup(&a->mem, text);
  return *out ? FRL_OK : frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
}

static frl_status read_type(yyjson_val *root, const char *path, frl_error *err) {
  const char *type = yyjson_get_str(yyjson_obj_get(root, "type"));
  if (type && strcmp(type, "service_account") == 0) return FRL_OK;
  return frl_fail(err, FRL_E_AUTH,
      "credentials: %s has \"type\" %s%s%s; only service_account keys are read", path,
      type ? "\"" : "", type ? type : "missing", type ? "\"" : "");
}

static frl_status read_key(
    service_account *a, yyjson_val *root, const char *path, frl_error *err) {
  yyjson_val *pem = yyjson_obj_get(root, "private_key");
  if (!yyjson_is_str(pem)) {
    return frl_fail(err, FRL_E_AUTH,
        "credentials: %s has no text in the field \"private_key\"", path);
  }
  const frl_status st =
      frl_jwt_key_read(&a->key, yyjson_get_str(pem), yyjson_get_len(pem), err);
  if (st != FRL_OK) {
    frl_error_prefix(err, "credentials: %s, field \"private_key\": ", path);
  }
  return st;
}

static frl_status parse(
    service_account *a, const frl_buf *file, const char *path, frl_error *err) {
  yyjson_read_err why;
  yyjson_doc *doc = yyjson_read_opts((char *)file->data, file->len, 0, NULL, &why);
  if (!doc) {
    return frl_fail(err, FRL_E_AUTH, "credentials: %s is no JSON: %s at byte %zu", path,
        why.msg, why.pos);
  }
  yyjson_val *root = yyjson_doc_get_root(doc);
  frl_status st = read_type(root, path, err);
  if (st == FRL_OK) st = read_text(a, root, path, "client_email", &a->email, err);
  if (st == FRL_OK) st = read_text(a, root, path, "private_key_id", &a->key_id, err);
  if (st == FRL_OK) st = read_key(a, root, path, err);
  yyjson_doc_free(doc);
  return st;
}

frl_status frl_token_service_account(frl_token_source **out, const char *key_file,
    const char *audience, const frl_clock *clock, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  service_account *a = frl_calloc(mem, 1, sizeof *a);
  if (!a) return frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
  a->mem = mem ? *mem : frl_mem_default;
  frl_buf file;
  frl_buf_init(&file, mem, FILE_MAX_BYTES);
  frl_status st = read_file(&file, key_file, err);
  if (st == FRL_OK) st = parse(a, &file, key_file, err);
  frl_buf_deinit(&file);
  if (st == FRL_OK) {
    a->audience = frl_strdup(mem, audience);
    if (!a->audience) st = frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
  }
  if (st != FRL_OK) {
    destroy(a);
    return st;
  }
  const frl_token_maker maker = {make, destroy, a, true};
  return frl_token_source_create(out, &maker, clock, mem, err);
}
