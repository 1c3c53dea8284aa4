/** Spark DDL text into a schema; the grammar is Spark 4.1.1's. */
#include <ferrule/schema.h>
#include <string.h>

#include "arrow/ddl_type.h"
#include "arrow/schema_make.h"
#include "base/error.h"
#include "base/utf8.h"

typedef struct ddl_parser {
  frl_ddl_reader r;
  frl_buf text; /* the name or comment being read */
  int depth;
  size_t n_fields;
} ddl_parser;

static frl_status read_type(ddl_parser *p, struct ArrowSchema *schema);

static frl_status expect(ddl_parser *p, char c, const char *fault) {
  return frl_ddl_take_punct(&p->r, c) ? FRL_OK : frl_ddl_blame(&p->r, fault);
}

static frl_status set_name(ddl_parser *p, struct ArrowSchema *schema) {
  const frl_ddl_token *now = &p->r.now;
  if (now->kind != FRL_DDL_WORD && now->kind != FRL_DDL_QUOTED) {
    return frl_ddl_blame(&p->r, "expected a name");
  }
  frl_buf_clear(&p->text);
  FRL_TRY(frl_ddl_name(&p->text, now));
  const frl_status st =
      frl_schema_set_name(schema, (const char *)p->text.data, p->text.len);
  if (st == FRL_E_MALFORMED) return frl_ddl_blame(&p->r, "a name with a NUL in it");
  frl_ddl_advance(&p->r);
  return st;
}

/** Texts that stand side by side are one. */
static frl_status read_comment(ddl_parser *p, struct ArrowSchema *schema) {
  if (!frl_ddl_take_word(&p->r, "COMMENT")) return FRL_OK;
  if (p->r.now.kind != FRL_DDL_STRING) {
    return frl_ddl_blame(&p->r, "expected a text in quotes after COMMENT");
  }
  frl_buf_clear(&p->text);
  while (p->r.now.kind == FRL_DDL_STRING) {
    FRL_TRY(frl_ddl_string(&p->text, &p->r.now));
    frl_ddl_advance(&p->r);
  }
  return frl_schema_add_metadata(
      schema, FRL_META_COMMENT, (const char *)p->text.data, p->text.len);
}

static frl_status refuse_known_extras(ddl_parser *p) {
  frl_ddl_reader *r = &p->r;
  if (frl_ddl_is_word(&r->now, "NULL")) {
    return frl_ddl_blame(r, "NULL is what a column is without NOT NULL; leave it out");
  }
  if (frl_ddl_is_word(&r->now, "DEFAULT") || frl_ddl_is_word(&r->now, "GENERATED")) {
    return frl_ddl_blame(r, "DEFAULT and GENERATED have no place in a schema");
  }
  return FRL_OK;
}

/** name [:] type [NOT NULL] [COMMENT text] */
static frl_status read_field(ddl_parser *p, struct ArrowSchema *parent) {
  if (++p->n_fields > FRL_SCHEMA_MAX_FIELDS) {
    (void)frl_ddl_blame(&p->r, "too many fields");
    return FRL_E_LIMIT;
  }
  struct ArrowSchema *field;
  FRL_TRY(frl_schema_add_child(parent, "n", "", &field));
  FRL_TRY(set_name(p, field));
  (void)frl_ddl_take_punct(&p->r, ':');
  FRL_TRY(read_type(p, field));
  if (frl_ddl_take_word(&p->r, "NOT")) {
    if (!frl_ddl_take_word(&p->r, "NULL")) {
      return frl_ddl_blame(&p->r, "expected NULL after NOT");
    }
    field->flags &= ~ARROW_FLAG_NULLABLE;
  }
  FRL_TRY(read_comment(p, field));
  if (frl_ddl_is_word(&p->r.now, "NOT")) {
    return frl_ddl_blame(&p->r, "NOT NULL stands before COMMENT");
  }
  return refuse_known_extras(p);
}

static frl_status read_fields(ddl_parser *p, struct ArrowSchema *parent) {
  do {
    FRL_TRY(read_field(p, parent));
  } while (frl_ddl_take_punct(&p->r, ','));
  return FRL_OK;
}

static frl_status read_array(ddl_parser *p, struct ArrowSchema *schema) {
  struct ArrowSchema *element;
  FRL_TRY(frl_schema_set_format(schema, "+l"));
  FRL_TRY(expect(p, '<', "expected < after ARRAY"));
  FRL_TRY(frl_schema_add_child(schema, "n", "element", &element));
  FRL_TRY(read_type(p, element));
  if (frl_ddl_is_word(&p->r.now, "NOT")) {
    return frl_ddl_blame(
        &p->r, "elements without nulls cannot be said in DDL; give the schema as JSON");
  }
  return expect(p, '>', "expected > after the type of the elements");
}

static frl_status read_map(ddl_parser *p, struct ArrowSchema *schema) {
  struct ArrowSchema *entries;
  struct ArrowSchema *part;
  FRL_TRY(frl_schema_set_format(schema, "+m"));
  FRL_TRY(expect(p, '<', "expected < after MAP"));
  FRL_TRY(frl_schema_add_child(schema, "+s", "entries", &entries));
  entries->flags = 0;
  FRL_TRY(frl_schema_add_child(entries, "n", "key", &part));
  part->flags = 0;
  FRL_TRY(read_type(p, part));
  FRL_TRY(expect(p, ',', "expected , after the type of the keys"));
  FRL_TRY(frl_schema_add_child(entries, "n", "value", &part));
  FRL_TRY(read_type(p, part));
  return expect(p, '>', "expected > after the type of the values");
}

static frl_status read_struct(ddl_parser *p, struct ArrowSchema *schema) {
  FRL_TRY(frl_schema_set_format(schema, "+s"));
  FRL_TRY(expect(p, '<', "expected < after STRUCT"));
  if (frl_ddl_take_punct(&p->r, '>')) return FRL_OK;
  FRL_TRY(read_fields(p, schema));
  return expect(p, '>', "expected , or > after a field");
}

static frl_status read_parts(
    ddl_parser *p, frl_spark_kind kind, struct ArrowSchema *schema) {
  switch (kind) {
    case FRL_SPARK_ARRAY:
      return read_array(p, schema);
    case FRL_SPARK_MAP:
      return read_map(p, schema);
    default:
      return read_struct(p, schema);
  }
}

static frl_status read_type(ddl_parser *p, struct ArrowSchema *schema) {
  frl_spark_type type;
  if (p->depth == FRL_SCHEMA_MAX_DEPTH) {
    (void)frl_ddl_blame(&p->r, "nested too deep");
    return FRL_E_LIMIT;
  }
  FRL_TRY(frl_ddl_read_type(&p->r, &type));
  if (type.kind < FRL_SPARK_ARRAY) return frl_spark_type_to_arrow(schema, &type);
  p->depth++;
  const frl_status st = read_parts(p, type.kind, schema);
  p->depth--;
  return st;
}

static frl_status read_end(ddl_parser *p, const char *fault) {
  return p->r.now.kind == FRL_DDL_END ? FRL_OK : frl_ddl_blame(&p->r, fault);
}

static frl_status read_columns(ddl_parser *p, struct ArrowSchema *schema) {
  schema->flags = 0;
  FRL_TRY(frl_schema_set_format(schema, "+s"));
  if (p->r.now.kind == FRL_DDL_END) return FRL_OK;
  FRL_TRY(read_fields(p, schema));
  return read_end(p, "expected a comma or the end after a column");
}

static frl_status read_lone_type(ddl_parser *p, struct ArrowSchema *schema) {
  FRL_TRY(read_type(p, schema));
  FRL_TRY(read_end(p, "expected the end after a type"));
  if (strcmp(schema->format, "+s") == 0 && !schema->metadata) schema->flags = 0;
  return FRL_OK;
}

typedef frl_status (*read_fn)(ddl_parser *p, struct ArrowSchema *schema);

/** On failure out is released; where it failed stands in p. */
static frl_status read_as(ddl_parser *p, read_fn read, struct ArrowSchema *out,
    const frl_mem *mem, const char *ddl, size_t n) {
  p->depth = 0;
  p->n_fields = 0;
  frl_ddl_reader_init(&p->r, ddl, n);
  FRL_TRY(frl_schema_make(out, mem, "n"));
  const frl_status st = read(p, out);
  if (st != FRL_OK) frl_schema_release(out);
  return st;
}

static frl_status describe(const frl_ddl_reader *r, frl_status st, frl_error *err) {
  if (!r->fault) {
    return frl_fail(
        err, st, "DDL: %s", st == FRL_E_NOMEM ? "out of memory" : "a text is too long");
  }
  const size_t position = (size_t)(r->blamed.start - r->lex.begin) + 1;
  if (r->blamed.kind == FRL_DDL_END) {
    return frl_fail(err, st, "DDL, byte %zu: %s, found the end", position, r->fault);
  }
  const size_t shown = r->blamed.len < 40 ? r->blamed.len : 40;
  return frl_fail(err, st, "DDL, byte %zu: %s, found \"%.*s\"", position, r->fault,
      (int)shown, r->blamed.start);
}

frl_status frl_schema_from_ddl(struct ArrowSchema *out, const frl_mem *mem,
    const char *ddl, size_t n, frl_error *err) {
  *out = (struct ArrowSchema){0};
  if (n == SIZE_MAX) n = strlen(ddl);
  size_t bad;
  if (!frl_utf8_check(ddl, n, &bad)) {
    return frl_fail(err, FRL_E_MALFORMED, "DDL, byte %zu: not UTF-8", bad + 1);
  }
  ddl_parser p = {0};
  frl_buf_init(&p.text, mem, n + 64);
  /* as Spark does: "date" is a type, "date DATE" a column of that name */
  frl_status st = read_as(&p, read_lone_type, out, mem, ddl, n);
  if (st == FRL_E_MALFORMED) {
    const frl_ddl_reader as_type = p.r;
    st = read_as(&p, read_columns, out, mem, ddl, n);
    if (st == FRL_E_MALFORMED && as_type.blamed.start > p.r.blamed.start) p.r = as_type;
  }
  frl_buf_deinit(&p.text);
  return st == FRL_OK ? FRL_OK : describe(&p.r, st, err);
}
