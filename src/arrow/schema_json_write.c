/** A schema as Spark's schema JSON; its form as in schema_json_read.c. */
#include <ferrule/schema.h>
#include <string.h>

#include "arrow/json_alloc.h"
#include "arrow/schema_path.h"
#include "arrow/spark_type.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

enum { MAX_KEY_BYTES = 1 << 20 };

typedef struct json_writer {
  yyjson_alc alc;
  yyjson_mut_doc *doc;
  yyjson_mut_val *collations; /* of the field being written; NULL: none around */
  frl_buf key;                /* the path in it, behind those of the fields around */
  size_t key_start;
  frl_buf text;
  frl_error *err;
  bool told;
} json_writer;

static frl_status write_type(json_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, yyjson_mut_val **out);

static frl_status blame(
    json_writer *w, frl_status st, const frl_schema_path *at, const char *message) {
  w->told = true;
  return frl_schema_path_fail(w->err, st, "schema", at, message);
}

static frl_status some(const void *made) { return made ? FRL_OK : FRL_E_NOMEM; }
static frl_status done(bool added) { return added ? FRL_OK : FRL_E_NOMEM; }

static frl_status note_collation(json_writer *w, const char *collation) {
  if (!collation[0] || !w->collations) return FRL_OK;
  const bool spark = strncmp(collation, "UTF8_", 5) == 0;
  frl_buf_clear(&w->text);
  FRL_TRY(frl_buf_printf(&w->text, "%s.%s", spark ? "spark" : "icu", collation));
  yyjson_mut_val *key = yyjson_mut_strncpy(
      w->doc, (const char *)w->key.data + w->key_start, w->key.len - w->key_start);
  yyjson_mut_val *value =
      yyjson_mut_strncpy(w->doc, (const char *)w->text.data, w->text.len);
  return done(key && value && yyjson_mut_obj_add(w->collations, key, value));
}

static frl_status write_named(
    json_writer *w, const frl_spark_type *type, yyjson_mut_val **out) {
  frl_buf_clear(&w->text);
  FRL_TRY(frl_spark_type_json(&w->text, type));
  *out = yyjson_mut_strncpy(w->doc, (const char *)w->text.data, w->text.len);
  FRL_TRY(some(*out));
  return type->kind == FRL_SPARK_STRING ? note_collation(w, type->collation) : FRL_OK;
}

static frl_status write_part(json_writer *w, const struct ArrowSchema *part,
    const frl_schema_path *at, const char *name, yyjson_mut_val **out) {
  const frl_schema_path here = {at, name, at ? at->depth + 1 : 1};
  const size_t before = w->key.len;
  FRL_TRY(frl_buf_append_u8(&w->key, '.'));
  FRL_TRY(frl_buf_append_text(&w->key, name));
  FRL_TRY(write_type(w, part, &here, out));
  w->key.len = before;
  return FRL_OK;
}

static bool is_nullable(const struct ArrowSchema *schema) {
  return (schema->flags & ARROW_FLAG_NULLABLE) != 0;
}

static frl_status write_array(json_writer *w, const struct ArrowSchema *parts,
    const frl_schema_path *at, yyjson_mut_val *out) {
  yyjson_mut_val *element;
  FRL_TRY(write_part(w, parts->children[0], at, "element", &element));
  FRL_TRY(done(yyjson_mut_obj_add_str(w->doc, out, "type", "array")));
  FRL_TRY(done(yyjson_mut_obj_add_val(w->doc, out, "elementType", element)));
  return done(yyjson_mut_obj_add_bool(
      w->doc, out, "containsNull", is_nullable(parts->children[0])));
}

static frl_status write_map(json_writer *w, const struct ArrowSchema *parts,
    const frl_schema_path *at, yyjson_mut_val *out) {
  struct ArrowSchema **pair = parts->children[0]->children;
  yyjson_mut_val *key;
  yyjson_mut_val *value;
  FRL_TRY(write_part(w, pair[0], at, "key", &key));
  FRL_TRY(write_part(w, pair[1], at, "value", &value));
  FRL_TRY(done(yyjson_mut_obj_add_str(w->doc, out, "type", "map")));
  FRL_TRY(done(yyjson_mut_obj_add_val(w->doc, out, "keyType", key)));
  FRL_TRY(done(yyjson_mut_obj_add_val(w->doc, out, "valueType", value)));
  return done(
      yyjson_mut_obj_add_bool(w->doc, out, "valueContainsNull", is_nullable(pair[1])));
}

/** The comment and what Spark's metadata a schema was read with. */
static frl_status write_metadata(json_writer *w, const struct ArrowSchema *field,
    const frl_schema_path *at, yyjson_mut_val **out) {
  size_t n;
  const char *rest = frl_schema_metadata(field, FRL_META_SPARK_METADATA, &n);
  yyjson_mut_val *made = NULL;
  if (rest) {
    union {
      const char *in;
      char *out;
    } text = {.in = rest}; /* only read */
    yyjson_doc *doc = yyjson_read_opts(text.out, n, 0, &w->alc, NULL);
    const bool object = yyjson_is_obj(yyjson_doc_get_root(doc));
    if (object) made = yyjson_val_mut_copy(w->doc, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    if (!object) {
      return blame(w, FRL_E_INVALID, at, FRL_META_SPARK_METADATA " is no JSON object");
    }
  } else {
    made = yyjson_mut_obj(w->doc);
  }
  FRL_TRY(some(made));
  *out = made;
  const char *comment = frl_schema_metadata(field, FRL_META_COMMENT, &n);
  if (!comment) return FRL_OK;
  return done(yyjson_mut_obj_add_strn(w->doc, made, "comment", comment, n));
}

/** The type of a struct's field, and the collations in it. */
static frl_status write_field_type(json_writer *w, const struct ArrowSchema *field,
    const frl_schema_path *at, yyjson_mut_val **type, yyjson_mut_val **collations) {
  yyjson_mut_val *const outer = w->collations;
  const size_t outer_start = w->key_start;
  *collations = yyjson_mut_obj(w->doc);
  FRL_TRY(some(*collations));
  w->collations = *collations;
  w->key_start = w->key.len;
  FRL_TRY(frl_buf_append_text(&w->key, at->name));
  FRL_TRY(write_type(w, field, at, type));
  w->key.len = w->key_start;
  w->key_start = outer_start;
  w->collations = outer;
  return FRL_OK;
}

static frl_status write_field(json_writer *w, const struct ArrowSchema *field,
    const frl_schema_path *up, yyjson_mut_val *fields) {
  const char *name = field && field->name ? field->name : "";
  const frl_schema_path at = {up, name, up ? up->depth + 1 : 1};
  yyjson_mut_val *type = NULL;
  yyjson_mut_val *collations = NULL;
  yyjson_mut_val *metadata = NULL;
  FRL_TRY(write_field_type(w, field, &at, &type, &collations));
  FRL_TRY(write_metadata(w, field, &at, &metadata));
  if (yyjson_mut_obj_size(collations) != 0) {
    FRL_TRY(done(yyjson_mut_obj_add_val(w->doc, metadata, "__COLLATIONS", collations)));
  }
  yyjson_mut_val *out = yyjson_mut_arr_add_obj(w->doc, fields);
  FRL_TRY(some(out));
  FRL_TRY(done(yyjson_mut_obj_add_str(w->doc, out, "name", name)));
  FRL_TRY(done(yyjson_mut_obj_add_val(w->doc, out, "type", type)));
  FRL_TRY(done(yyjson_mut_obj_add_bool(w->doc, out, "nullable", is_nullable(field))));
  return done(yyjson_mut_obj_add_val(w->doc, out, "metadata", metadata));
}

static frl_status write_struct(json_writer *w, const struct ArrowSchema *parts,
    const frl_schema_path *at, yyjson_mut_val *out) {
  FRL_TRY(done(yyjson_mut_obj_add_str(w->doc, out, "type", "struct")));
  yyjson_mut_val *fields = yyjson_mut_obj_add_arr(w->doc, out, "fields");
  FRL_TRY(some(fields));
  for (int64_t i = 0; i < parts->n_children; i++) {
    FRL_TRY(write_field(w, parts->children[i], at, fields));
  }
  return FRL_OK;
}

static frl_status write_type(json_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, yyjson_mut_val **out) {
  frl_spark_type type;
  const struct ArrowSchema *parts;
  if (at && at->depth > FRL_SCHEMA_MAX_DEPTH) {
    return blame(w, FRL_E_LIMIT, at, "nested too deep");
  }
  const frl_status st = frl_spark_type_of_arrow(&type, &parts, schema);
  if (st != FRL_OK) {
    return blame(w, st, at,
        st == FRL_E_UNSUPPORTED ? "Spark has no type for this Arrow type"
                                : "no valid Arrow type, or " FRL_META_SPARK_TYPE
                                  " contradicts it");
  }
  if (type.kind < FRL_SPARK_ARRAY) return write_named(w, &type, out);
  *out = yyjson_mut_obj(w->doc);
  FRL_TRY(some(*out));
  switch (type.kind) {
    case FRL_SPARK_ARRAY:
      return write_array(w, parts, at, *out);
    case FRL_SPARK_MAP:
      return write_map(w, parts, at, *out);
    default:
      return write_struct(w, parts, at, *out);
  }
}

static frl_status write_all(
    json_writer *w, const struct ArrowSchema *schema, char **out) {
  yyjson_mut_val *root = NULL;
  w->doc = yyjson_mut_doc_new(&w->alc);
  FRL_TRY(some(w->doc));
  FRL_TRY(write_type(w, schema, NULL, &root));
  yyjson_write_err fault;
  *out = yyjson_mut_val_write_opts(root, 0, &w->alc, NULL, &fault);
  if (*out) return FRL_OK;
  if (fault.code == YYJSON_WRITE_ERROR_MEMORY_ALLOCATION) return FRL_E_NOMEM;
  return blame(w, FRL_E_INVALID, NULL, "a name or comment is not UTF-8");
}

frl_status frl_schema_to_json(
    char **out, const frl_mem *mem, const struct ArrowSchema *schema, frl_error *err) {
  *out = NULL;
  const frl_mem own = mem ? *mem : frl_mem_default;
  json_writer w = {.alc = frl_json_alloc(&own), .err = err};
  frl_buf_init(&w.key, mem, MAX_KEY_BYTES);
  frl_buf_init(&w.text, mem, MAX_KEY_BYTES);
  const frl_status st = write_all(&w, schema, out);
  yyjson_mut_doc_free(w.doc);
  frl_buf_deinit(&w.key);
  frl_buf_deinit(&w.text);
  if (st == FRL_OK || w.told) return st;
  return frl_fail(err, st, "schema: %s",
      st == FRL_E_NOMEM ? "out of memory" : "a text is too long");
}
