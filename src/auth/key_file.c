#include "auth/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

enum { FILE_MAX_BYTES = 1 << 20 };

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

/* Where a field is read from, and what copies it. */
typedef struct source {
  const char *path;
  const frl_mem *mem;
} source;

/* A field that goes between quotes into a token as it is. */
static frl_status read_text(
    yyjson_val *root, const source *s, const char *field, char **out, frl_error *err) {
  yyjson_val *value = yyjson_obj_get(root, field);
  if (!yyjson_is_str(value) || yyjson_get_len(value) == 0) {
    return frl_fail(err, FRL_E_AUTH,
        "credentials: %s has no text in the field \"%s\": is it the JSON key file of a "
        "service account?",
        s->path, field);
  }
  const char *text = yyjson_get_str(value);
  for (const char *p = text; *p; p++) {
    if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\') {
      return frl_fail(err, FRL_E_AUTH,
          "credentials: %s has a quote or control character in \"%s\"", s->path, field);
    }
  }
  *out = frl_strdup(s->mem, text);
  return *out ? FRL_OK : frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
}

static frl_status read_optional(
    yyjson_val *root, const source *s, const char *field, char **out, frl_error *err) {
  yyjson_val *value = yyjson_obj_get(root, field);
  if (!value || yyjson_is_null(value)) return FRL_OK;
  return read_text(root, s, field, out, err);
}

static frl_status read_type(yyjson_val *root, const char *path, frl_error *err) {
  const char *type = yyjson_get_str(yyjson_obj_get(root, "type"));
  if (type && strcmp(type, "service_account") == 0) return FRL_OK;
  return frl_fail(err, FRL_E_AUTH,
      "credentials: %s has \"type\" %s%s%s; only service_account keys are read", path,
      type ? "\"" : "", type ? type : "missing", type ? "\"" : "");
}

static frl_status read_key(
    frl_key_file *k, yyjson_val *root, const char *path, frl_error *err) {
  yyjson_val *pem = yyjson_obj_get(root, "private_key");
  if (!yyjson_is_str(pem)) {
    return frl_fail(err, FRL_E_AUTH,
        "credentials: %s has no text in the field \"private_key\"", path);
  }
  const frl_status st =
      frl_jwt_key_read(&k->key, yyjson_get_str(pem), yyjson_get_len(pem), err);
  if (st != FRL_OK) {
    frl_error_prefix(err, "credentials: %s, field \"private_key\": ", path);
  }
  return st;
}

static frl_status parse(
    frl_key_file *k, const frl_buf *file, const source *s, frl_error *err) {
  yyjson_read_err why;
  yyjson_doc *doc = yyjson_read_opts((char *)file->data, file->len, 0, NULL, &why);
  if (!doc) {
    return frl_fail(err, FRL_E_AUTH, "credentials: %s is no JSON: %s at byte %zu",
        s->path, why.msg, why.pos);
  }
  yyjson_val *root = yyjson_doc_get_root(doc);
  frl_status st = read_type(root, s->path, err);
  if (st == FRL_OK) st = read_text(root, s, "client_email", &k->email, err);
  if (st == FRL_OK) st = read_text(root, s, "private_key_id", &k->key_id, err);
  if (st == FRL_OK) st = read_key(k, root, s->path, err);
  if (st == FRL_OK) st = read_optional(root, s, "token_uri", &k->token_uri, err);
  if (st == FRL_OK) st = read_optional(root, s, "universe_domain", &k->universe, err);
  yyjson_doc_free(doc);
  return st;
}

frl_status frl_key_file_read(
    frl_key_file *out, const char *path, const frl_mem *mem, frl_error *err) {
  const source s = {path, mem};
  frl_buf file;
  frl_buf_init(&file, mem, FILE_MAX_BYTES);
  frl_status st = read_file(&file, path, err);
  if (st == FRL_OK) st = parse(out, &file, &s, err);
  frl_buf_deinit(&file);
  if (st == FRL_OK && !out->universe) {
    out->universe = frl_strdup(mem, "googleapis.com");
    if (!out->universe) st = frl_fail(err, FRL_E_NOMEM, "credentials: out of memory");
  }
  if (st != FRL_OK) frl_key_file_deinit(out, mem);
  return st;
}

void frl_key_file_deinit(frl_key_file *k, const frl_mem *mem) {
  frl_jwt_key_free(k->key);
  frl_free(mem, k->email);
  frl_free(mem, k->key_id);
  frl_free(mem, k->token_uri);
  frl_free(mem, k->universe);
  *k = (frl_key_file){0};
}
