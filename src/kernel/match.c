/** How a schema differs from the one that is needed. */
#include <ctype.h>
#include <ferrule/schema.h>
#include <string.h>

#include "arrow/spark_type.h"
#include "arrow/type_name.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernel/kernel.h"

enum { MAX_REPORT_BYTES = 1 << 24, MAX_LISTED = 20, MAX_PATH_BYTES = 4096 };

typedef struct matcher {
  const frl_schema_match *rules;
  const frl_mem *mem;
  frl_buf report;
  frl_buf path; /* "a.element" of the column under comparison */
  int64_t column;
  size_t found;
  frl_error *err;
  bool told; /* err has its message */
} matcher;

static const char *path_text(matcher *m) {
  const char *text;
  return frl_buf_text(&m->path, &text) == FRL_OK ? text : "";
}

/** Notes one difference; only a failure to note it is a failure. */
static frl_status differs(matcher *m, const char *fmt, const char *a, const char *b) {
  char said[300];
  const char *rest = fmt;
  size_t used = 0;
  const char *arguments[] = {a, b};
  int next = 0;
  /* fmt has %s only; texts from schemas are cut */
  while (*rest && used + 1 < sizeof said) {
    if (rest[0] == '%' && rest[1] == 's' && next < 2) {
      const char *text = arguments[next++];
      const size_t n = strnlen(text, 120);
      const size_t room = sizeof said - 1 - used;
      const size_t take = n < room ? n : room;
      memcpy(said + used, text, take);
      used += take;
      rest += 2;
    } else {
      said[used++] = *rest++;
    }
  }
  said[used] = '\0';
  m->found++;
  if (m->found == 1) {
    m->told = true;
    (void)frl_fail(m->err, FRL_E_INVALID, "column %lld, `%.100s`: %s",
        (long long)m->column + 1, path_text(m), said);
  }
  if (m->found > MAX_LISTED) return FRL_OK;
  return frl_buf_printf(&m->report, "  column %lld, `%s`: %s\n",
      (long long)m->column + 1, path_text(m), said);
}

static bool same_name(const matcher *m, const char *a, const char *b) {
  if (!m->rules->ignore_case) return strcmp(a, b) == 0;
  for (; *a && tolower((unsigned char)*a) == tolower((unsigned char)*b); a++) b++;
  return *a == *b;
}

static const char *name_of(const struct ArrowSchema *field) {
  return field && field->name ? field->name : "";
}

/** Types are the same to a kernel: what Arrow does not carry is left aside. */
static bool same_type(const frl_spark_type *wanted, const frl_spark_type *given) {
  const bool text = given->kind == FRL_SPARK_CHAR || given->kind == FRL_SPARK_VARCHAR;
  if (wanted->kind == FRL_SPARK_STRING && text) return true;
  if (wanted->kind != given->kind) return false;
  switch (wanted->kind) {
    case FRL_SPARK_DECIMAL:
      return wanted->a == given->a && wanted->b == given->b;
    case FRL_SPARK_GEOMETRY:
    case FRL_SPARK_GEOGRAPHY:
      return wanted->a == FRL_SRID_ANY || wanted->a == given->a;
    default:
      return true;
  }
}

static bool is_text_form(const char *format, char plain) {
  const char large = plain == 'u' ? 'U' : 'Z';
  if ((format[0] == plain || format[0] == large) && !format[1]) return true;
  return format[0] == 'v' && format[1] == plain && !format[2];
}

/** Whether arrays of the one can be read as arrays of the other. */
static bool same_form(const matcher *m, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given) {
  if (given->dictionary || strcmp(given->format, "+r") == 0) return false;
  if (strncmp(wanted->format, "tsu:", 4) == 0) {
    return strncmp(given->format, "tsu:", 4) == 0;
  }
  if (strcmp(wanted->format, given->format) == 0) return true;
  return m->rules->any_string_offset && !wanted->format[1] &&
         strchr("uz", wanted->format[0]) &&
         is_text_form(given->format, wanted->format[0]);
}

static frl_status type_text(
    matcher *m, char **out, const struct ArrowSchema *schema, frl_error *err) {
  const frl_ddl_options options = {
      .struct_size = sizeof options, .type_only = 1, .leave_comments = 1};
  return frl_schema_to_ddl(out, m->mem, schema, &options, err);
}

static frl_status types_differ(
    matcher *m, const struct ArrowSchema *wanted, const struct ArrowSchema *given) {
  char *a = NULL;
  char *b = NULL;
  frl_status st = type_text(m, &a, wanted, m->err);
  if (st == FRL_OK) st = type_text(m, &b, given, m->err);
  m->told = m->told || st != FRL_OK;
  if (st == FRL_OK) st = differs(m, "is %s, %s is needed", b, a);
  frl_text_free(m->mem, a);
  frl_text_free(m->mem, b);
  return st;
}

/** The same to Spark, and not in Arrow. */
static frl_status forms_differ(
    matcher *m, const struct ArrowSchema *wanted, const struct ArrowSchema *given) {
  char needed[FRL_ARROW_TYPE_NAME_BYTES];
  char found[FRL_ARROW_TYPE_NAME_BYTES];
  if (given->dictionary) {
    return differs(m, "is dictionary-encoded, plain values are needed", "", "");
  }
  frl_arrow_type_name(needed, wanted->format);
  frl_arrow_type_name(found, given->format);
  return differs(m, "is Arrow's %s, %s is needed", found, needed);
}

static frl_status compare_field(matcher *m, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given, const char *called, bool named, int depth);

static frl_status compare_children(matcher *m, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given, int depth) {
  if (wanted->n_children != given->n_children) return types_differ(m, wanted, given);
  for (int64_t i = 0; i < wanted->n_children; i++) {
    if (!depth) m->column = i;
    FRL_TRY(compare_field(m, wanted->children[i], given->children[i],
        name_of(given->children[i]), !m->rules->types_only, depth + 1));
  }
  return FRL_OK;
}

static frl_status compare_parts(matcher *m, frl_spark_kind kind,
    const struct ArrowSchema *wanted, const struct ArrowSchema *given, int depth) {
  if (kind == FRL_SPARK_STRUCT) return compare_children(m, wanted, given, depth);
  if (kind == FRL_SPARK_ARRAY) {
    return compare_field(
        m, wanted->children[0], given->children[0], "element", false, depth + 1);
  }
  struct ArrowSchema **from = wanted->children[0]->children;
  struct ArrowSchema **to = given->children[0]->children;
  FRL_TRY(compare_field(m, from[0], to[0], "key", false, depth + 1));
  return compare_field(m, from[1], to[1], "value", false, depth + 1);
}

static frl_status spark_type(matcher *m, frl_spark_type *out,
    const struct ArrowSchema *schema, const struct ArrowSchema **parts) {
  const frl_status st = frl_spark_type_of_arrow(out, parts, schema);
  if (st == FRL_OK) return FRL_OK;
  m->told = true;
  char why[FRL_ARROW_REFUSAL_BYTES];
  return frl_fail(m->err, st, "column %lld, `%.100s`: %s", (long long)m->column + 1,
      path_text(m), frl_arrow_refusal(why, st, schema->format));
}

static frl_status compare_types(matcher *m, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given, int depth) {
  frl_spark_type want;
  frl_spark_type have;
  const struct ArrowSchema *wanted_parts;
  const struct ArrowSchema *given_parts;
  FRL_TRY(spark_type(m, &want, wanted, &wanted_parts));
  FRL_TRY(spark_type(m, &have, given, &given_parts));
  if (!same_type(&want, &have)) return types_differ(m, wanted, given);
  if (!same_form(m, wanted, given)) {
    return forms_differ(m, wanted, given);
  }
  if (want.kind < FRL_SPARK_ARRAY) return FRL_OK;
  return compare_parts(m, want.kind, wanted_parts, given_parts, depth);
}

static frl_status compare_in_path(matcher *m, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given, bool named, int depth) {
  if (!wanted || !given) {
    m->told = true;
    return frl_fail(m->err, FRL_E_INVALID, "schema: a field is missing");
  }
  if (named && !same_name(m, name_of(wanted), name_of(given))) {
    FRL_TRY(differs(m, "stands where `%s` is needed", name_of(wanted), ""));
  }
  const bool may_be_null = (given->flags & ARROW_FLAG_NULLABLE) != 0;
  if (may_be_null && !(wanted->flags & ARROW_FLAG_NULLABLE) &&
      !m->rules->ignore_nullable) {
    FRL_TRY(differs(m, "may be null, NOT NULL is needed", "", ""));
  }
  return compare_types(m, wanted, given, depth);
}

static frl_status compare_field(matcher *m, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given, const char *called, bool named, int depth) {
  if (depth > FRL_SCHEMA_MAX_DEPTH) {
    m->told = true;
    return frl_fail(m->err, FRL_E_LIMIT, "schema: nested too deep");
  }
  const size_t before = m->path.len;
  if (before) FRL_TRY(frl_buf_append_u8(&m->path, '.'));
  FRL_TRY(frl_buf_append_text(&m->path, called));
  FRL_TRY(compare_in_path(m, wanted, given, named, depth));
  m->path.len = before;
  return FRL_OK;
}

/** Columns of the one that the other has too few of. */
static frl_status count_differs(matcher *m, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given, int64_t common) {
  const bool missing = wanted->n_children > common;
  const struct ArrowSchema *longer = missing ? wanted : given;
  for (m->column = common; m->column < longer->n_children; m->column++) {
    frl_buf_clear(&m->path);
    FRL_TRY(frl_buf_append_text(&m->path, name_of(longer->children[m->column])));
    FRL_TRY(differs(m, missing ? "is missing" : "is one more than is needed", "", ""));
  }
  return FRL_OK;
}

static frl_status compare_columns(
    matcher *m, const struct ArrowSchema *wanted, const struct ArrowSchema *given) {
  const int64_t common =
      wanted->n_children < given->n_children ? wanted->n_children : given->n_children;
  for (m->column = 0; m->column < common; m->column++) {
    const struct ArrowSchema *column = given->children[m->column];
    FRL_TRY(compare_field(m, wanted->children[m->column], column, name_of(column),
        !m->rules->types_only, 1));
  }
  return count_differs(m, wanted, given, common);
}

/** Adds both schemas and hands out the text. */
static frl_status finish_report(matcher *m, char **report,
    const struct ArrowSchema *wanted, const struct ArrowSchema *given) {
  char *a = NULL;
  char *b = NULL;
  frl_status st = FRL_OK;
  if (m->found > MAX_LISTED) {
    st = frl_buf_printf(
        &m->report, "  and %zu more differences\n", m->found - MAX_LISTED);
  }
  const frl_ddl_options options = {.struct_size = sizeof options, .leave_comments = 1};
  if (st == FRL_OK) st = frl_schema_to_ddl(&a, m->mem, wanted, &options, NULL);
  if (st == FRL_OK) st = frl_schema_to_ddl(&b, m->mem, given, &options, NULL);
  if (st == FRL_OK) {
    st = frl_buf_printf(&m->report, "  needed: %s\n  given:  %s", a, b);
  }
  frl_text_free(m->mem, a);
  frl_text_free(m->mem, b);
  const char *text;
  if (st == FRL_OK) st = frl_buf_text(&m->report, &text);
  if (st != FRL_OK) return st;
  size_t n;
  *report = (char *)frl_buf_take(&m->report, &n);
  return FRL_OK;
}

static bool is_struct(const struct ArrowSchema *schema) {
  return schema && schema->release && schema->format &&
         strcmp(schema->format, "+s") == 0 && schema->n_children >= 0 &&
         schema->n_children <= FRL_SCHEMA_MAX_FIELDS;
}

static frl_status match_under(char **report, const char *title, const frl_mem *mem,
    const struct ArrowSchema *wanted, const struct ArrowSchema *given,
    const frl_schema_match *match, frl_error *err) {
  static const frl_schema_match strict = {0};
  if (report) *report = NULL;
  if (!is_struct(wanted) || !is_struct(given)) {
    return frl_fail(err, FRL_E_UNSUPPORTED, "schema: not a struct of columns");
  }
  matcher m = {.rules = match ? match : &strict, .mem = mem, .err = err};
  frl_buf_init(&m.report, mem, MAX_REPORT_BYTES);
  frl_buf_init(&m.path, mem, MAX_PATH_BYTES);
  frl_status st = frl_buf_append_text(&m.report, title);
  if (st == FRL_OK) st = compare_columns(&m, wanted, given);
  if (st == FRL_OK && m.found && report) {
    st = finish_report(&m, report, wanted, given);
    m.told = m.told && st == FRL_OK;
  }
  frl_buf_deinit(&m.report);
  frl_buf_deinit(&m.path);
  if (st == FRL_OK) return m.found ? FRL_E_INVALID : FRL_OK;
  if (st == FRL_E_NOMEM) return frl_fail(err, st, "schema: out of memory");
  return m.told ? st : frl_fail(err, st, "schema: the names in it are too long");
}

frl_status frl_schema_match_check(char **report, const frl_mem *mem,
    const struct ArrowSchema *wanted, const struct ArrowSchema *given,
    const frl_schema_match *match, frl_error *err) {
  return match_under(report, "the schema differs from the one needed:\n", mem, wanted,
      given, match, err);
}

frl_status frl_kernel_check_input(char **report, const frl_kernel *kernel,
    int32_t input, const struct ArrowSchema *given, const frl_schema_match *match,
    frl_error *err) {
  if (report) *report = NULL;
  const struct ArrowSchema *wanted =
      input < 0 ? NULL : frl_kernel_schema(kernel, input);
  const char *name = frl_kernel_name(kernel);
  if (!wanted) {
    return frl_fail(err, FRL_E_INVALID, "kernel %s has no input %d", name, (int)input);
  }
  frl_buf title;
  frl_buf_init(&title, &kernel->mem, MAX_PATH_BYTES);
  const char *text;
  frl_status st = frl_buf_printf(&title,
      "kernel %s: the schema of input %d differs from the one declared:\n", name,
      (int)input);
  if (st == FRL_OK) st = frl_buf_text(&title, &text);
  if (st == FRL_OK) {
    st = match_under(report, text, &kernel->mem, wanted, given, match, err);
    if (st != FRL_OK) frl_error_prefix(err, "kernel %s: ", name);
  } else {
    (void)frl_fail(err, st, "kernel %s: out of memory", name);
  }
  frl_buf_deinit(&title);
  return st;
}
