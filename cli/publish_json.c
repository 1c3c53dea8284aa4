#include <stdio.h>
#include <stdlib.h>

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

static frl_status end_message(
    publish_rows *r, yyjson_val *data, yyjson_val *key, frl_error *err) {
  const char *ordering_key = yyjson_get_str(key);
  if (key && !ordering_key) return refuse(err, "\"ordering_key\" is not a string");
  const size_t key_len = yyjson_get_len(key);
  if (!data) return publish_rows_end(r, "", 0, ordering_key, key_len);
  if (yyjson_is_str(data)) {
    return publish_rows_end(
        r, yyjson_get_str(data), yyjson_get_len(data), ordering_key, key_len);
  }
  /* any other value is sent as its JSON text */
  size_t n = 0;
  char *text = yyjson_val_write(data, 0, &n);
  if (!text) return FRL_E_NOMEM;
  const frl_status st = publish_rows_end(r, text, n, ordering_key, key_len);
  free(text);
  return st;
}

static frl_status add_message(publish_rows *r, yyjson_val *root, frl_error *err) {
  if (!yyjson_is_obj(root)) return refuse(err, "the line is not a JSON object");
  size_t i;
  size_t n;
  yyjson_val *key;
  yyjson_val *value;
  yyjson_obj_foreach(root, i, n, key, value) {
    (void)value;
    if (!yyjson_equals_str(key, "data") && !yyjson_equals_str(key, "attributes") &&
        !yyjson_equals_str(key, "ordering_key")) {
      (void)snprintf(err->message, sizeof err->message,
          "unknown member \"%.64s\"; data, attributes and ordering_key are known",
          yyjson_get_str(key));
      return FRL_E_MALFORMED;
    }
  }
  yyjson_val *data = yyjson_obj_get(root, "data");
  yyjson_val *ordering_key = yyjson_obj_get(root, "ordering_key");
  const frl_status st = add_attributes(r, yyjson_obj_get(root, "attributes"), err);
  return st == FRL_OK ? end_message(r, data, ordering_key, err) : st;
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
