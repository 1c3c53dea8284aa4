/**
 * Spark's schema JSON into a schema. Its form: Spark 4.1.1's DataType.fromJson; a
 * collation stands in the metadata of the field, under "__COLLATIONS", by path.
 */
#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "arrow/ddl_type.h"
#include "arrow/json_alloc.h"
#include "arrow/schema_make.h"
#include "arrow/schema_path.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

#define COLLATIONS_KEY "__COLLATIONS"

enum { MAX_KEY_BYTES = 1 << 20 };

typedef struct json_reader {
  yyjson_alc alc;
  yyjson_val *collations; /* of the field being read; NULL: none */
  frl_buf key;            /* the path in it, "name.element.key", after those of the */
  size_t key_start;       /* fields around it */
  size_t n_fields;
  frl_error *err;
  bool told; /* err holds the reason */
} json_reader;

static frl_status read_type(json_reader *j, yyjson_val *type,
    struct ArrowSchema *schema, const frl_schema_path *at);

static frl_status blame(
    json_reader *j, frl_status st, const frl_schema_path *at, const char *message) {
  j->told = true;
  return frl_schema_path_fail(j->err, st, "schema JSON", at, message);
}

/** "OGC:CRS84", "EPSG:3857", "SRID:0", "SRID:ANY". */
static bool reference_system(const char *text, size_t n, int32_t *srid) {
  static const char crs84[] = "OGC:CRS84";
  static const char any[] = "SRID:ANY";
  *srid = FRL_SRID_ANY;
  if (n == sizeof any - 1 && memcmp(text, any, n) == 0) return true;
  *srid = 4326;
  if (n == sizeof crs84 - 1 && memcmp(text, crs84, n) == 0) return true;
  if (n < 6 || n > 14) return false;
  if (memcmp(text, "EPSG:", 5) != 0 && memcmp(text, "SRID:", 5) != 0) return false;
  int64_t value = 0;
  for (size_t i = 5; i < n; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  *srid = (int32_t)value;
  return value <= INT32_MAX;
}

/** "geometry(SYSTEM)" or "geography(SYSTEM, SPHERICAL)". */
static bool shape_type(const char *text, size_t n, frl_spark_type *out) {
  static const char tail[] = ", SPHERICAL";
  static const struct {
    const char *word;
    frl_spark_kind kind;
  } words[] = {{"geometry(", FRL_SPARK_GEOMETRY}, {"geography(", FRL_SPARK_GEOGRAPHY}};
  if (n == 0 || text[n - 1] != ')') return false;
  for (size_t i = 0; i < 2; i++) {
    const size_t skip = strlen(words[i].word);
    if (n <= skip || memcmp(text, words[i].word, skip) != 0) continue;
    size_t left = n - skip - 1;
    const size_t cut = sizeof tail - 1;
    const char *system = text + skip;
    if (i == 1 && left > cut && memcmp(system + left - cut, tail, cut) == 0) {
      left -= cut;
    }
    *out = (frl_spark_type){.kind = words[i].kind};
    return reference_system(system, left, &out->a);
  }
  return false;
}

/** The collation that the field's metadata states for the type at j->key. */
static frl_status find_collation(
    json_reader *j, frl_spark_type *type, const frl_schema_path *at) {
  if (!j->collations) return FRL_OK;
  yyjson_val *found = yyjson_obj_getn(j->collations,
      (const char *)j->key.data + j->key_start, j->key.len - j->key_start);
  if (!found) return FRL_OK;
  const char *text = yyjson_get_str(found);
  const char *dot = text ? strchr(text, '.') : NULL;
  char ddl[2 * FRL_COLLATION_MAX_BYTES];
  const int n = snprintf(ddl, sizeof ddl, "STRING COLLATE %s", dot ? dot + 1 : "-");
  if (n < 0 || (size_t)n >= sizeof ddl ||
      frl_spark_type_parse(type, ddl, (size_t)n) != FRL_OK) {
    return blame(j, FRL_E_MALFORMED, at, "expected \"provider.COLLATION\"");
  }
  return FRL_OK;
}

static frl_status read_named(json_reader *j, yyjson_val *name,
    struct ArrowSchema *schema, const frl_schema_path *at) {
  const char *text = yyjson_get_str(name);
  const size_t n = yyjson_get_len(name);
  frl_spark_type type = {.kind = FRL_SPARK_VOID};
  const bool null = n == 4 && memcmp(text, "null", 4) == 0; /* Spark before 3.1 */
  if (!null && !shape_type(text, n, &type) &&
      frl_spark_type_parse(&type, text, n) != FRL_OK) {
    char message[96];
    (void)snprintf(message, sizeof message, "no type of Spark's: \"%.*s\"",
        n < 60 ? (int)n : 60, text);
    return blame(j, FRL_E_MALFORMED, at, message);
  }
  if (type.kind == FRL_SPARK_STRING) FRL_TRY(find_collation(j, &type, at));
  return frl_spark_type_to_arrow(schema, &type);
}

/** A part that is no field of a struct: its path goes on in the same field. */
static frl_status read_part(json_reader *j, yyjson_val *type,
    struct ArrowSchema *schema, const frl_schema_path *at, const char *name) {
  const frl_schema_path here = {at, name, at ? at->depth + 1 : 1};
  const size_t before = j->key.len;
  FRL_TRY(frl_buf_append_u8(&j->key, '.'));
  FRL_TRY(frl_buf_append_text(&j->key, name));
  FRL_TRY(read_type(j, type, schema, &here));
  j->key.len = before;
  return FRL_OK;
}

static frl_status read_bool(json_reader *j, yyjson_val *object, const char *key,
    const frl_schema_path *at, bool *out) {
  yyjson_val *value = yyjson_obj_get(object, key);
  *out = !value || yyjson_is_true(value);
  if (!value || yyjson_is_bool(value)) return FRL_OK;
  return blame(j, FRL_E_MALFORMED, at, "whether nulls are allowed is no boolean");
}

static void set_nullable(struct ArrowSchema *schema, bool nullable) {
  if (nullable) {
    schema->flags |= ARROW_FLAG_NULLABLE;
  } else {
    schema->flags &= ~ARROW_FLAG_NULLABLE;
  }
}

static frl_status read_array(json_reader *j, yyjson_val *type,
    struct ArrowSchema *schema, const frl_schema_path *at) {
  struct ArrowSchema *element;
  bool nullable;
  FRL_TRY(read_bool(j, type, "containsNull", at, &nullable));
  FRL_TRY(frl_schema_set_format(schema, "+l"));
  FRL_TRY(frl_schema_add_child(schema, "n", "element", &element));
  set_nullable(element, nullable);
  return read_part(j, yyjson_obj_get(type, "elementType"), element, at, "element");
}

static frl_status read_map(json_reader *j, yyjson_val *type, struct ArrowSchema *schema,
    const frl_schema_path *at) {
  struct ArrowSchema *entries;
  struct ArrowSchema *part;
  bool nullable;
  FRL_TRY(read_bool(j, type, "valueContainsNull", at, &nullable));
  FRL_TRY(frl_schema_set_format(schema, "+m"));
  FRL_TRY(frl_schema_add_child(schema, "+s", "entries", &entries));
  set_nullable(entries, false);
  FRL_TRY(frl_schema_add_child(entries, "n", "key", &part));
  set_nullable(part, false);
  FRL_TRY(read_part(j, yyjson_obj_get(type, "keyType"), part, at, "key"));
  FRL_TRY(frl_schema_add_child(entries, "n", "value", &part));
  set_nullable(part, nullable);
  return read_part(j, yyjson_obj_get(type, "valueType"), part, at, "value");
}

/** What of the metadata has no place of its own in a schema, as JSON text. */
static frl_status keep_metadata(
    json_reader *j, yyjson_val *metadata, struct ArrowSchema *field) {
  yyjson_mut_doc *doc = yyjson_mut_doc_new(&j->alc);
  yyjson_mut_val *rest = doc ? yyjson_val_mut_copy(doc, metadata) : NULL;
  frl_status st = rest ? FRL_OK : FRL_E_NOMEM;
  if (rest) {
    (void)yyjson_mut_obj_remove_key(rest, COLLATIONS_KEY);
    if (yyjson_is_str(yyjson_obj_get(metadata, "comment"))) {
      (void)yyjson_mut_obj_remove_key(rest, "comment");
    }
    if (yyjson_mut_obj_size(rest) != 0) {
      size_t n;
      char *text = yyjson_mut_val_write_opts(rest, 0, &j->alc, &n, NULL);
      st = text ? frl_schema_add_metadata(field, FRL_META_SPARK_METADATA, text, n)
                : FRL_E_NOMEM;
      if (text) j->alc.free(j->alc.ctx, text);
    }
  }
  yyjson_mut_doc_free(doc);
  return st;
}

static frl_status read_metadata(json_reader *j, yyjson_val *metadata,
    struct ArrowSchema *field, const frl_schema_path *at) {
  if (!metadata || yyjson_is_null(metadata)) return FRL_OK;
  if (!yyjson_is_obj(metadata)) {
    return blame(j, FRL_E_MALFORMED, at, "the metadata is no object");
  }
  yyjson_val *comment = yyjson_obj_get(metadata, "comment");
  if (yyjson_is_str(comment)) {
    FRL_TRY(frl_schema_add_metadata(
        field, FRL_META_COMMENT, yyjson_get_str(comment), yyjson_get_len(comment)));
  }
  return keep_metadata(j, metadata, field);
}

static frl_status read_field_type(json_reader *j, yyjson_val *field,
    struct ArrowSchema *schema, const frl_schema_path *at) {
  yyjson_val *const outer = j->collations;
  const size_t outer_start = j->key_start;
  yyjson_val *metadata = yyjson_obj_get(field, "metadata");
  j->collations = yyjson_obj_get(metadata, COLLATIONS_KEY);
  j->key_start = j->key.len;
  FRL_TRY(frl_buf_append_text(&j->key, at->name));
  FRL_TRY(read_type(j, yyjson_obj_get(field, "type"), schema, at));
  j->key.len = j->key_start;
  j->key_start = outer_start;
  j->collations = outer;
  return FRL_OK;
}

static frl_status read_field(json_reader *j, yyjson_val *field,
    struct ArrowSchema *parent, const frl_schema_path *up) {
  yyjson_val *name = yyjson_obj_get(field, "name");
  if (!yyjson_is_str(name)) {
    return blame(j, FRL_E_MALFORMED, up, "a field without a name");
  }
  const char *text = yyjson_get_str(name);
  const frl_schema_path at = {up, text, up ? up->depth + 1 : 1};
  if (++j->n_fields > FRL_SCHEMA_MAX_FIELDS) {
    return blame(j, FRL_E_LIMIT, &at, "too many fields");
  }
  struct ArrowSchema *schema;
  bool nullable;
  FRL_TRY(frl_schema_add_child(parent, "n", "", &schema));
  const frl_status st = frl_schema_set_name(schema, text, yyjson_get_len(name));
  if (st == FRL_E_MALFORMED) return blame(j, st, &at, "a NUL in the name");
  FRL_TRY(st);
  FRL_TRY(read_bool(j, field, "nullable", &at, &nullable));
  set_nullable(schema, nullable);
  FRL_TRY(read_field_type(j, field, schema, &at));
  return read_metadata(j, yyjson_obj_get(field, "metadata"), schema, &at);
}

static frl_status read_struct(json_reader *j, yyjson_val *type,
    struct ArrowSchema *schema, const frl_schema_path *at) {
  yyjson_val *fields = yyjson_obj_get(type, "fields");
  if (!yyjson_is_arr(fields)) {
    return blame(j, FRL_E_MALFORMED, at, "a struct without its array of fields");
  }
  FRL_TRY(frl_schema_set_format(schema, "+s"));
  yyjson_arr_iter iter = yyjson_arr_iter_with(fields);
  for (yyjson_val *field; (field = yyjson_arr_iter_next(&iter));) {
    FRL_TRY(read_field(j, field, schema, at));
  }
  return FRL_OK;
}

static frl_status read_type(json_reader *j, yyjson_val *type,
    struct ArrowSchema *schema, const frl_schema_path *at) {
  if (at && at->depth > FRL_SCHEMA_MAX_DEPTH) {
    return blame(j, FRL_E_LIMIT, at, "nested too deep");
  }
  /* a user's class lies over the type that stores it */
  for (int i = 0; yyjson_equals_str(yyjson_obj_get(type, "type"), "udt"); i++) {
    if (i == FRL_SCHEMA_MAX_DEPTH) return blame(j, FRL_E_LIMIT, at, "nested too deep");
    type = yyjson_obj_get(type, "sqlType");
  }
  if (yyjson_is_str(type)) return read_named(j, type, schema, at);
  yyjson_val *kind = yyjson_obj_get(type, "type");
  if (yyjson_equals_str(kind, "struct")) return read_struct(j, type, schema, at);
  if (yyjson_equals_str(kind, "array")) return read_array(j, type, schema, at);
  if (yyjson_equals_str(kind, "map")) return read_map(j, type, schema, at);
  return blame(j, FRL_E_MALFORMED, at, "a type is missing or unknown");
}

static frl_status read_all(
    json_reader *j, const frl_mem *mem, yyjson_val *root, struct ArrowSchema *out) {
  FRL_TRY(frl_schema_make(out, mem, "n"));
  const frl_status st = read_type(j, root, out, NULL);
  if (st != FRL_OK) {
    frl_schema_release(out);
    return st;
  }
  if (yyjson_is_obj(root) && strcmp(out->format, "+s") == 0) out->flags = 0;
  return FRL_OK;
}

frl_status frl_schema_from_json(struct ArrowSchema *out, const frl_mem *mem,
    const char *json, size_t n, frl_error *err) {
  *out = (struct ArrowSchema){0};
  if (n == SIZE_MAX) n = strlen(json);
  const frl_mem own = mem ? *mem : frl_mem_default;
  json_reader j = {.alc = frl_json_alloc(&own), .err = err};
  yyjson_read_err fault;
  /* without YYJSON_READ_INSITU the text is only read */
  union {
    const char *in;
    char *out;
  } text = {.in = json};
  yyjson_doc *doc = yyjson_read_opts(text.out, n, 0, &j.alc, &fault);
  if (!doc) {
    const bool memory = fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION;
    return frl_fail(err, memory ? FRL_E_NOMEM : FRL_E_MALFORMED,
        "schema JSON, byte %zu: %s", fault.pos + 1, fault.msg);
  }
  frl_buf_init(&j.key, mem, MAX_KEY_BYTES);
  const frl_status st = read_all(&j, &own, yyjson_doc_get_root(doc), out);
  frl_buf_deinit(&j.key);
  yyjson_doc_free(doc);
  if (st == FRL_OK || j.told) return st;
  return frl_fail(err, st, "schema JSON: %s",
      st == FRL_E_NOMEM ? "out of memory" : "a text is too long");
}
