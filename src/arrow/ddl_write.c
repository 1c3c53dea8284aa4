/** A schema as Spark DDL text that every Spark from 3.3 on parses. */
#include <ferrule/schema.h>
#include <string.h>

#include "arrow/schema_path.h"
#include "arrow/spark_type.h"
#include "arrow/type_name.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { MAX_DDL_BYTES = 1 << 30 };

typedef struct ddl_writer {
  frl_buf out;
  bool comments;
  frl_error *err;
} ddl_writer;

static frl_status write_type(
    ddl_writer *w, const struct ArrowSchema *schema, const frl_schema_path *at);

static frl_status write_name(ddl_writer *w, const char *name) {
  FRL_TRY(frl_buf_append_u8(&w->out, '`'));
  for (; *name; name++) {
    if (*name == '`') FRL_TRY(frl_buf_append_u8(&w->out, '`'));
    FRL_TRY(frl_buf_append_u8(&w->out, (uint8_t)*name));
  }
  return frl_buf_append_u8(&w->out, '`');
}

static frl_status write_comment(ddl_writer *w, const struct ArrowSchema *field) {
  size_t n;
  const char *text = frl_schema_metadata(field, FRL_META_COMMENT, &n);
  if (!text || !w->comments) return FRL_OK;
  FRL_TRY(frl_buf_append_text(&w->out, " COMMENT '"));
  for (size_t i = 0; i < n; i++) {
    /* \' and not '', which Spark 3.5 does not know; \0 could join digits */
    if (text[i] == '\'' || text[i] == '\\') FRL_TRY(frl_buf_append_u8(&w->out, '\\'));
    if (text[i]) {
      FRL_TRY(frl_buf_append_u8(&w->out, (uint8_t)text[i]));
    } else {
      FRL_TRY(frl_buf_append_text(&w->out, "\\u0000"));
    }
  }
  return frl_buf_append_u8(&w->out, '\'');
}

static frl_status write_fields(ddl_writer *w, const struct ArrowSchema *parent,
    const frl_schema_path *at, const char *colon) {
  for (int64_t i = 0; i < parent->n_children; i++) {
    const struct ArrowSchema *field = parent->children[i];
    if (!field) return frl_fail(w->err, FRL_E_INVALID, "schema: a field is missing");
    const char *name = field->name ? field->name : "";
    const frl_schema_path here = {at, name, at ? at->depth + 1 : 1};
    if (i) FRL_TRY(frl_buf_append_text(&w->out, ", "));
    FRL_TRY(write_name(w, name));
    FRL_TRY(frl_buf_append_text(&w->out, colon));
    FRL_TRY(write_type(w, field, &here));
    if (!(field->flags & ARROW_FLAG_NULLABLE)) {
      FRL_TRY(frl_buf_append_text(&w->out, " NOT NULL"));
    }
    FRL_TRY(write_comment(w, field));
  }
  return FRL_OK;
}

static frl_status write_part(ddl_writer *w, const struct ArrowSchema *part,
    const frl_schema_path *at, const char *name) {
  const frl_schema_path here = {at, name, at ? at->depth + 1 : 1};
  return write_type(w, part, &here);
}

static frl_status write_nested(ddl_writer *w, frl_spark_kind kind,
    const struct ArrowSchema *parts, const frl_schema_path *at) {
  switch (kind) {
    case FRL_SPARK_ARRAY:
      FRL_TRY(frl_buf_append_text(&w->out, "ARRAY<"));
      FRL_TRY(write_part(w, parts->children[0], at, "element"));
      break;
    case FRL_SPARK_MAP:
      FRL_TRY(frl_buf_append_text(&w->out, "MAP<"));
      FRL_TRY(write_part(w, parts->children[0]->children[0], at, "key"));
      FRL_TRY(frl_buf_append_text(&w->out, ", "));
      FRL_TRY(write_part(w, parts->children[0]->children[1], at, "value"));
      break;
    default:
      FRL_TRY(frl_buf_append_text(&w->out, "STRUCT<"));
      FRL_TRY(write_fields(w, parts, at, ": "));
      break;
  }
  return frl_buf_append_u8(&w->out, '>');
}

static frl_status type_of(ddl_writer *w, const struct ArrowSchema *schema,
    const frl_schema_path *at, frl_spark_type *type, const struct ArrowSchema **parts) {
  if (at && at->depth > FRL_SCHEMA_MAX_DEPTH) {
    return frl_schema_path_fail(w->err, FRL_E_LIMIT, "schema", at, "nested too deep");
  }
  const frl_status st = frl_spark_type_of_arrow(type, parts, schema);
  if (st == FRL_OK) return FRL_OK;
  char why[FRL_ARROW_REFUSAL_BYTES];
  return frl_schema_path_fail(w->err, st, "schema", at,
      st == FRL_E_UNSUPPORTED ? frl_arrow_refusal(why, st, schema->format)
                              : "no valid Arrow type, or " FRL_META_SPARK_TYPE
                                " contradicts it");
}

static frl_status write_type(
    ddl_writer *w, const struct ArrowSchema *schema, const frl_schema_path *at) {
  frl_spark_type type;
  const struct ArrowSchema *parts;
  FRL_TRY(type_of(w, schema, at, &type, &parts));
  if (type.kind < FRL_SPARK_ARRAY) return frl_spark_type_ddl(&w->out, &type);
  return write_nested(w, type.kind, parts, at);
}

static frl_status write_all(
    ddl_writer *w, const struct ArrowSchema *schema, bool type_only) {
  frl_spark_type type;
  const struct ArrowSchema *parts;
  FRL_TRY(type_of(w, schema, NULL, &type, &parts));
  if (type.kind == FRL_SPARK_STRUCT && !type_only) {
    FRL_TRY(write_fields(w, parts, NULL, " "));
  } else {
    FRL_TRY(write_type(w, schema, NULL));
  }
  size_t bad;
  if (!frl_utf8_check(w->out.data, w->out.len, &bad)) {
    return frl_fail(w->err, FRL_E_INVALID, "schema: a name or comment is not UTF-8");
  }
  return FRL_OK;
}

static frl_status fail_plain(frl_error *err, frl_status st) {
  if (st != FRL_E_NOMEM && st != FRL_E_LIMIT) return st;
  return frl_fail(err, st, "schema: %s",
      st == FRL_E_NOMEM ? "out of memory" : "nested too deep, or its DDL is too long");
}

frl_status frl_schema_to_ddl(char **out, const frl_mem *mem,
    const struct ArrowSchema *schema, const frl_ddl_options *options, frl_error *err) {
  *out = NULL;
  ddl_writer w = {.comments = !options || !options->leave_comments, .err = err};
  frl_buf_init(&w.out, mem, MAX_DDL_BYTES);
  const char *text;
  frl_status st = write_all(&w, schema, options && options->type_only);
  if (st == FRL_OK) st = frl_buf_text(&w.out, &text);
  if (st == FRL_OK) {
    size_t n;
    *out = (char *)frl_buf_take(&w.out, &n);
  }
  frl_buf_deinit(&w.out);
  return st == FRL_OK ? FRL_OK : fail_plain(err, st);
}
