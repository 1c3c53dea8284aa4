/** Writing the C declaration for a schema: what <ferrule/kernel.h> then takes. */
#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "arrow/schema_path.h"
#include "arrow/spark_type.h"
#include "arrow/type_name.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"
#include "base/utf8.h"
#include "kernel/header_names.h"
#include "kernel/kernel.h"

enum { MAX_HEADER_BYTES = 1 << 28, MAX_TYPE_TEXT_BYTES = 300 };

typedef struct header_writer {
  frl_buf out;     /* whole declarations */
  const char *row; /* the name of the row type */
  const frl_mem *mem;
  int n_types; /* nested ones so far */
  frl_error *err;
  bool told;
} header_writer;

/** The type as a field names it: "DECIMAL(10,2)", "ARRAY(row_tags_1)". */
typedef struct type_text {
  char text[MAX_TYPE_TEXT_BYTES];
} type_text;

static frl_status blame(
    header_writer *w, frl_status st, const frl_schema_path *at, const char *message) {
  w->told = true;
  return frl_schema_path_fail(w->err, st, "schema", at, message);
}

static frl_status declare_type(header_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, type_text *out);

/** A text as a C literal; '?' too, or it could make a trigraph. */
static frl_status put_literal(frl_buf *b, const char *text, size_t n) {
  FRL_TRY(frl_buf_append_u8(b, '"'));
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\' || c == '?') FRL_TRY(frl_buf_append_u8(b, '\\'));
    if (c < 0x20 || c == 0x7f) {
      FRL_TRY(frl_buf_printf(b, "\\%03o", c));
    } else {
      FRL_TRY(frl_buf_append_u8(b, c));
    }
  }
  return frl_buf_append_u8(b, '"');
}

static const char *name_of(const struct ArrowSchema *field) {
  return field && field->name ? field->name : "";
}

/** "X(STRING, col, NOT_NULL, NAME("..."))", the members' names unique in used. */
static frl_status put_field(header_writer *w, frl_buf *list, frl_map *used,
    const struct ArrowSchema *field, int64_t index, const frl_schema_path *up) {
  const char *name = name_of(field);
  const frl_schema_path at = {up, name, up ? up->depth + 1 : 1};
  if (!field) return blame(w, FRL_E_INVALID, &at, "a field is missing");
  if (!frl_utf8_check(name, strlen(name), NULL)) {
    return blame(w, FRL_E_INVALID, up, "a name is not UTF-8");
  }
  type_text type;
  char member[FRL_HEADER_NAME_BYTES];
  FRL_TRY(declare_type(w, field, &at, &type));
  FRL_TRY(frl_header_member(member, name, w->row, index, used));
  FRL_TRY(frl_buf_printf(list, " \\\n  X(%s, %s", type.text, member));
  if (!(field->flags & ARROW_FLAG_NULLABLE)) {
    FRL_TRY(frl_buf_append_text(list, ", NOT_NULL"));
  }
  if (strcmp(member, name) != 0) {
    FRL_TRY(frl_buf_append_text(list, ", NAME("));
    FRL_TRY(put_literal(list, name, strlen(name)));
    FRL_TRY(frl_buf_append_u8(list, ')'));
  }
  size_t n;
  const char *comment = frl_schema_metadata(field, FRL_META_COMMENT, &n);
  if (comment) {
    if (memchr(comment, 0, n) || !frl_utf8_check(comment, n, NULL)) {
      return blame(w, FRL_E_INVALID, &at, "its comment is not UTF-8, or has a NUL");
    }
    FRL_TRY(frl_buf_append_text(list, ", COMMENT("));
    FRL_TRY(put_literal(list, comment, n));
    FRL_TRY(frl_buf_append_u8(list, ')'));
  }
  return frl_buf_append_u8(list, ')');
}

static frl_status put_fields(header_writer *w, frl_buf *list, frl_map *used,
    const struct ArrowSchema *schema, const frl_schema_path *at) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    FRL_TRY(put_field(w, list, used, schema->children[i], i, at));
  }
  return FRL_OK;
}

/** The list of fields as a macro, and the declaration that uses it. */
static frl_status declare_struct(header_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, const char *macro, const char *name) {
  if (schema->n_children == 0) {
    return blame(w, FRL_E_UNSUPPORTED, at, "a struct without fields is none in C");
  }
  frl_buf list;
  frl_map used;
  frl_buf_init(&list, w->mem, MAX_HEADER_BYTES);
  frl_map_init(&used, w->mem);
  frl_status st = put_fields(w, &list, &used, schema, at);
  if (st == FRL_OK) st = frl_buf_printf(&w->out, "#define %s_fields(X)", name);
  if (st == FRL_OK) st = frl_buf_append(&w->out, list.data, list.len);
  if (st == FRL_OK) {
    st = frl_buf_printf(&w->out, "\n%s(%s, %s_fields)\n\n", macro, name, name);
  }
  frl_buf_deinit(&list);
  frl_map_deinit(&used);
  return st;
}

/** A name for a nested type that no other has: the field's, and a number. */
static void nested_name(header_writer *w, const frl_schema_path *at, char *out) {
  char part[FRL_HEADER_NAME_BYTES / 2];
  frl_header_plain(part, sizeof part, at ? at->name : "");
  (void)snprintf(out, FRL_HEADER_NAME_BYTES, "%.80s_%.60s_t%d", w->row,
      part[0] ? part : "x", ++w->n_types);
}

static const char *item_attr(const struct ArrowSchema *item) {
  return item->flags & ARROW_FLAG_NULLABLE ? "" : ", NOT_NULL";
}

static frl_status declare_array(header_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, type_text *out) {
  const struct ArrowSchema *item = schema->children[0];
  const frl_schema_path below = {at, "element", at ? at->depth + 1 : 1};
  type_text type;
  char name[FRL_HEADER_NAME_BYTES];
  nested_name(w, at, name);
  FRL_TRY(declare_type(w, item, &below, &type));
  (void)snprintf(out->text, sizeof out->text, "ARRAY(%s)", name);
  return frl_buf_printf(
      &w->out, "FRL_ARRAY(%s, %s%s)\n\n", name, type.text, item_attr(item));
}

static frl_status declare_map(header_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, type_text *out) {
  struct ArrowSchema **pair = schema->children[0]->children;
  const frl_schema_path key_path = {at, "key", at ? at->depth + 1 : 1};
  const frl_schema_path value_path = {at, "value", at ? at->depth + 1 : 1};
  type_text key;
  type_text value;
  char name[FRL_HEADER_NAME_BYTES];
  nested_name(w, at, name);
  FRL_TRY(declare_type(w, pair[0], &key_path, &key));
  FRL_TRY(declare_type(w, pair[1], &value_path, &value));
  (void)snprintf(out->text, sizeof out->text, "MAP(%s)", name);
  return frl_buf_printf(&w->out, "FRL_MAP(%s, %s, %s%s)\n\n", name, key.text,
      value.text, item_attr(pair[1]));
}

static void plain_type(const frl_spark_type *type, frl_buf *text, type_text *out) {
  static const char *const units[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
  char *to = out->text;
  const size_t room = sizeof out->text;
  const char *word = type->kind == FRL_SPARK_GEOMETRY ? "GEOMETRY" : "GEOGRAPHY";
  switch (type->kind) {
    case FRL_SPARK_STRING:
      if (type->collation[0]) {
        (void)snprintf(to, room, "STRING_COLLATE(%s)", type->collation);
      } else {
        (void)snprintf(to, room, "STRING");
      }
      return;
    case FRL_SPARK_INTERVAL_DAY_TIME:
      (void)snprintf(to, room, "INTERVAL(%s, %s)", units[type->a - FRL_INTERVAL_DAY],
          units[type->b - FRL_INTERVAL_DAY]);
      return;
    case FRL_SPARK_GEOMETRY:
    case FRL_SPARK_GEOGRAPHY:
      if (type->a == FRL_SRID_ANY) {
        (void)snprintf(to, room, "%s_ANY", word);
      } else {
        (void)snprintf(to, room, "%s(%d)", word, (int)type->a);
      }
      return;
    default:
      /* as in DDL */
      (void)snprintf(to, room, "%.*s", (int)text->len, (const char *)text->data);
      return;
  }
}

static frl_status declare_plain(header_writer *w, const frl_spark_type *type,
    const frl_schema_path *at, type_text *out) {
  if (type->kind == FRL_SPARK_TIME && type->a > FRL_TIME_DEFAULT_PRECISION) {
    return blame(w, FRL_E_UNSUPPORTED, at, "TIME of more than 6 digits: use TIME(6)");
  }
  frl_buf text;
  frl_buf_init(&text, w->mem, MAX_TYPE_TEXT_BYTES);
  const frl_status st = frl_spark_type_ddl(&text, type);
  if (st == FRL_OK) plain_type(type, &text, out);
  frl_buf_deinit(&text);
  return st;
}

/** Types without a C form here; those that Spark has not were refused before. */
static const char *refusal(frl_spark_kind kind) {
  switch (kind) {
    case FRL_SPARK_VOID:
      return "a column of nothing but nulls has no C value: give it a type";
    case FRL_SPARK_CHAR:
    case FRL_SPARK_VARCHAR:
      return "Spark does not hand CHAR and VARCHAR to kernels: use STRING";
    case FRL_SPARK_INTERVAL:
    case FRL_SPARK_INTERVAL_YEAR_MONTH:
      return "Spark hands only day-time intervals to kernels";
    default:
      return NULL;
  }
}

static frl_status declare_type(header_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, type_text *out) {
  frl_spark_type type;
  const struct ArrowSchema *parts;
  if (at && at->depth > FRL_SCHEMA_MAX_DEPTH) {
    return blame(w, FRL_E_LIMIT, at, "nested too deep");
  }
  const frl_status st = frl_spark_type_of_arrow(&type, &parts, schema);
  if (st != FRL_OK) {
    char refused[FRL_ARROW_REFUSAL_BYTES];
    return blame(w, st, at, frl_arrow_refusal(refused, st, schema->format));
  }
  const char *why = refusal(type.kind);
  if (why) return blame(w, FRL_E_UNSUPPORTED, at, why);
  if (type.kind < FRL_SPARK_ARRAY) return declare_plain(w, &type, at, out);
  if (type.kind == FRL_SPARK_ARRAY) return declare_array(w, parts, at, out);
  if (type.kind == FRL_SPARK_MAP) return declare_map(w, parts, at, out);
  char name[FRL_HEADER_NAME_BYTES];
  nested_name(w, at, name);
  (void)snprintf(out->text, sizeof out->text, "STRUCT(%s)", name);
  return declare_struct(w, parts, at, "FRL_STRUCT", name);
}

frl_status frl_kernel_header(char **out, const frl_mem *mem,
    const struct ArrowSchema *schema, const char *name, frl_error *err) {
  *out = NULL;
  if (!schema || !schema->release || !schema->format ||
      strcmp(schema->format, "+s") != 0) {
    return frl_fail(err, FRL_E_INVALID, "schema: not a struct of columns");
  }
  if (!frl_header_is_name(name)) {
    return frl_fail(err, FRL_E_INVALID,
        "the row type's name must be a C identifier of at most 80 letters, digits and "
        "underscores, and no word of C or C++");
  }
  header_writer w = {.row = name, .mem = mem, .err = err};
  frl_buf_init(&w.out, mem, MAX_HEADER_BYTES);
  frl_status st = declare_struct(&w, schema, NULL, "FRL_ROW", name);
  if (st == FRL_OK) w.out.len--; /* one newline at the end */
  const char *text;
  if (st == FRL_OK) st = frl_buf_text(&w.out, &text);
  size_t n;
  if (st == FRL_OK) *out = (char *)frl_buf_take(&w.out, &n);
  frl_buf_deinit(&w.out);
  if (st == FRL_OK || w.told) return st;
  return frl_fail(err, st, "schema: %s",
      st == FRL_E_NOMEM ? "out of memory" : "its declaration is too long");
}
