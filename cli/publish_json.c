#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish_rows.h"
#include "yyjson.h"

static frl_status refuse(frl_error *err, const char *what) {
  (void)snprintf(err->message, sizeof err->message, "%s", what);
  return FRL_E_MALFORMED;
}

static frl_status add_attributes(publish_rows *r, yyjson_val *object, frl_error *err) {
  if (!object) return FRL_OK;
  if (!yyjson_is_obj(object)) return refuse(err, "\"attributes\" is not an object");
  size_t i;
  size_t n;
  yyjson_val *key;
  yyjson_val *value;
  yyjson_obj_foreach(object, i, n, key, value) {
    if (!yyjson_is_str(value)) return refuse(err, "an attribute is not a string");
    const frl_status st = publish_rows_attribute(r, yyjson_get_str(key),
        yyjson_get_len(key), yyjson_get_str(value), yyjson_get_len(value));
    if (st != FRL_OK) return st;
  }
  return FRL_OK;
}

static int digit_of(char c) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* In place: the bytes are fewer than the digits. false: not base64. */
static bool decode_base64(char *text, size_t n, size_t *len) {
  if (n % 4 != 0) return false;
  *len = 0;
  for (size_t i = 0; i < n; i += 4) {
    unsigned bits = 0;
    unsigned left_out = 0;
    for (size_t k = 0; k < 4; k++) {
      const bool padding = text[i + k] == '=' && i + 4 == n && k >= 2;
      const int digit = padding ? 0 : digit_of(text[i + k]);
      if (digit < 0 || (left_out && !padding)) return false;
      left_out += padding;
      bits = bits << 6 | (unsigned)digit;
    }
    for (unsigned k = 0; k < 3 - left_out; k++) {
      text[(*len)++] = (char)(bits >> (16 - 8 * k) & 0xff);
    }
  }
  return true;
}

/* The payload as bytes; what has to be freed afterwards in *owned. */
static frl_status payload_of(
    yyjson_val *root, const char **payload, size_t *n, char **owned, frl_error *err) {
  yyjson_val *data = yyjson_obj_get(root, "data");
  yyjson_val *encoded = yyjson_obj_get(root, "data_base64");
  *payload = "";
  *n = 0;
  *owned = NULL;
  if (data && encoded)
    return refuse(err, "\"data\" and \"data_base64\" are both there");
  if (yyjson_is_str(data)) {
    *payload = yyjson_get_str(data);
    *n = yyjson_get_len(data);
  } else if (data) {
    /* any other value is sent as its JSON text */
    *payload = *owned = yyjson_val_write(data, 0, n);
    if (!*owned) return FRL_E_NOMEM;
  } else if (encoded) {
    static const char why[] = "\"data_base64\" is not a string of base64";
    if (!yyjson_is_str(encoded)) return refuse(err, why);
    const size_t len = yyjson_get_len(encoded);
    *owned = malloc(len + 1);
    if (!*owned) return FRL_E_NOMEM;
    memcpy(*owned, yyjson_get_str(encoded), len);
    if (!decode_base64(*owned, len, n)) return refuse(err, why);
    *payload = *owned;
  }
  return FRL_OK;
}

static frl_status end_message(publish_rows *r, yyjson_val *root, frl_error *err) {
  yyjson_val *key = yyjson_obj_get(root, "ordering_key");
  const char *ordering_key = yyjson_get_str(key);
  if (key && !ordering_key) return refuse(err, "\"ordering_key\" is not a string");
  const char *payload;
  size_t n;
  char *owned;
  frl_status st = payload_of(root, &payload, &n, &owned, err);
  if (st == FRL_OK) {
    st = publish_rows_end(r, payload, n, ordering_key, yyjson_get_len(key), err);
  }
  free(owned);
  return st;
}

/* message_id and publish_time are the server's to give: pubsub pull writes them. */
static bool is_known(yyjson_val *member) {
  static const char *const names[] = {"data", "data_base64", "attributes",
      "ordering_key", "message_id", "publish_time"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (yyjson_equals_str(member, names[i])) return true;
  }
  return false;
}

static frl_status add_message(publish_rows *r, yyjson_val *root, frl_error *err) {
  if (!yyjson_is_obj(root)) return refuse(err, "the line is not a JSON object");
  size_t i;
  size_t n;
  yyjson_val *key;
  yyjson_val *value;
  yyjson_obj_foreach(root, i, n, key, value) {
    (void)value;
    if (!is_known(key)) {
      (void)snprintf(err->message, sizeof err->message,
          "unknown member \"%.64s\"; data, data_base64, attributes and ordering_key "
          "are known",
          yyjson_get_str(key));
      return FRL_E_MALFORMED;
    }
  }
  const frl_status st = add_attributes(r, yyjson_obj_get(root, "attributes"), err);
  return st == FRL_OK ? end_message(r, root, err) : st;
}

frl_status publish_rows_json(publish_rows *r, char *line, size_t n, frl_error *err) {
  yyjson_read_err why;
  yyjson_doc *doc = yyjson_read_opts(line, n, 0, NULL, &why);
  if (!doc) {
    (void)snprintf(
        err->message, sizeof err->message, "%s at byte %zu", why.msg, why.pos);
    return FRL_E_MALFORMED;
  }
  const frl_status st = add_message(r, yyjson_doc_get_root(doc), err);
  yyjson_doc_free(doc);
  return st;
}
