/** Spark's types without parts, to Arrow and back. */
#include <ferrule/schema.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/ddl_type.h"
#include "arrow/layout.h"
#include "arrow/schema_make.h"
#include "arrow/spark_type.h"
#include "base/error.h"

/** Whether the format alone says less than the type. */
static bool needs_text(const frl_spark_type *type) {
  switch (type->kind) {
    case FRL_SPARK_STRING:
      return type->collation[0] != '\0';
    case FRL_SPARK_TIME:
      return type->a != FRL_TIME_DEFAULT_PRECISION;
    case FRL_SPARK_INTERVAL_DAY_TIME:
      return type->a != FRL_INTERVAL_DAY || type->b != FRL_INTERVAL_SECOND;
    case FRL_SPARK_INTERVAL_YEAR_MONTH:
      return type->a != FRL_INTERVAL_YEAR || type->b != FRL_INTERVAL_MONTH;
    case FRL_SPARK_CHAR:
    case FRL_SPARK_VARCHAR:
    case FRL_SPARK_VARIANT:
    case FRL_SPARK_GEOMETRY:
    case FRL_SPARK_GEOGRAPHY:
      return true;
    default:
      return false;
  }
}

static frl_status required_child(struct ArrowSchema *schema, const char *format,
    const char *name, struct ArrowSchema **child) {
  FRL_TRY(frl_schema_add_child(schema, format, name, child));
  (*child)->flags = 0;
  return FRL_OK;
}

/** The children and their marks are those that PySpark 4.1.1 itself writes. */
static frl_status add_parts(struct ArrowSchema *schema, const frl_spark_type *type) {
  struct ArrowSchema *child;
  if (type->kind == FRL_SPARK_VARIANT) {
    FRL_TRY(required_child(schema, "z", "value", &child));
    FRL_TRY(required_child(schema, "z", "metadata", &child));
    return frl_schema_add_metadata(child, "variant", "true", 4);
  }
  if (type->kind != FRL_SPARK_GEOMETRY && type->kind != FRL_SPARK_GEOGRAPHY) {
    return FRL_OK;
  }
  char srid[16];
  const int n = snprintf(srid, sizeof srid, "%d", (int)type->a);
  const char *mark = type->kind == FRL_SPARK_GEOMETRY ? "geometry" : "geography";
  FRL_TRY(required_child(schema, "i", "srid", &child));
  FRL_TRY(required_child(schema, "z", "wkb", &child));
  FRL_TRY(frl_schema_add_metadata(child, mark, "true", 4));
  return frl_schema_add_metadata(child, "srid", srid, (size_t)n);
}

frl_status frl_spark_type_to_arrow(
    struct ArrowSchema *schema, const frl_spark_type *type) {
  char decimal[16];
  const char *format = frl_spark_kind_format(type->kind);
  if (!format) {
    (void)snprintf(decimal, sizeof decimal, "d:%d,%d", (int)type->a, (int)type->b);
    format = decimal;
  }
  FRL_TRY(frl_schema_set_format(schema, format));
  FRL_TRY(add_parts(schema, type));
  if (!needs_text(type)) return FRL_OK;
  frl_buf text;
  frl_buf_init(&text, NULL, 256);
  frl_status st = frl_spark_type_ddl(&text, type);
  if (st == FRL_OK) {
    st = frl_schema_add_metadata(
        schema, FRL_META_SPARK_TYPE, (const char *)text.data, text.len);
  }
  frl_buf_deinit(&text);
  return st;
}

static bool marked(const struct ArrowSchema *schema, const char *key) {
  size_t n;
  const char *value = frl_schema_metadata(schema, key, &n);
  return value && n == 4 && memcmp(value, "true", 4) == 0;
}

/** The child of a struct of two that bears the name; NULL otherwise. */
static const struct ArrowSchema *one_of_two(
    const struct ArrowSchema *schema, const char *name) {
  if (schema->n_children != 2) return NULL;
  for (int i = 0; i < 2; i++) {
    const struct ArrowSchema *child = schema->children[i];
    if (child && child->name && strcmp(child->name, name) == 0) return child;
  }
  return NULL;
}

static bool has_parts_of(const struct ArrowSchema *schema, frl_spark_kind kind) {
  const bool variant = kind == FRL_SPARK_VARIANT;
  const struct ArrowSchema *first = one_of_two(schema, variant ? "value" : "srid");
  const struct ArrowSchema *second = one_of_two(schema, variant ? "metadata" : "wkb");
  return first && second && first->format && second->format &&
         strcmp(first->format, variant ? "z" : "i") == 0 &&
         strcmp(second->format, "z") == 0;
}

/** A struct, or what PySpark has marked as something else. */
static void struct_type(frl_spark_type *out, const struct ArrowSchema *schema) {
  out->kind = FRL_SPARK_STRUCT;
  if (has_parts_of(schema, FRL_SPARK_VARIANT)) {
    if (marked(one_of_two(schema, "metadata"), "variant")) {
      out->kind = FRL_SPARK_VARIANT;
    }
    return;
  }
  if (!has_parts_of(schema, FRL_SPARK_GEOMETRY)) return;
  const struct ArrowSchema *wkb = one_of_two(schema, "wkb");
  const bool geometry = marked(wkb, "geometry");
  if (!geometry && !marked(wkb, "geography")) return;
  size_t n;
  const char *srid = frl_schema_metadata(wkb, "srid", &n);
  if (!srid || n == 0) return;
  int64_t value = 0;
  const bool any = *srid == '-';
  for (size_t i = any ? 1 : 0; i < n; i++) {
    if (srid[i] < '0' || srid[i] > '9' || value > INT32_MAX / 10) return;
    value = value * 10 + (srid[i] - '0');
  }
  out->kind = geometry ? FRL_SPARK_GEOMETRY : FRL_SPARK_GEOGRAPHY;
  out->a = any ? FRL_SRID_ANY : (int32_t)value;
}

static frl_status decimal_type(frl_spark_type *out, const char *format) {
  /* frl_layout_of has checked its form */
  char *end;
  const long precision = strtol(format + 2, &end, 10);
  const long scale = strtol(end + 1, NULL, 10);
  if (precision < 1 || precision > FRL_DECIMAL_MAX_PRECISION || scale < 0 ||
      scale > precision) {
    return FRL_E_UNSUPPORTED;
  }
  *out = (frl_spark_type){
      .kind = FRL_SPARK_DECIMAL, .a = (int32_t)precision, .b = (int32_t)scale};
  return FRL_OK;
}

static frl_status temporal_type(frl_spark_type *out, const char *format) {
  switch (format[1]) {
    case 'd':
      out->kind = FRL_SPARK_DATE;
      return format[2] == 'D' ? FRL_OK : FRL_E_UNSUPPORTED;
    case 't':
      out->kind = FRL_SPARK_TIME;
      out->a = format[2] == 's' ? 0 : format[2] == 'm' ? 3 : FRL_TIME_DEFAULT_PRECISION;
      return FRL_OK;
    case 's':
      out->kind = format[4] ? FRL_SPARK_TIMESTAMP : FRL_SPARK_TIMESTAMP_NTZ;
      return FRL_OK;
    case 'D':
      out->kind = FRL_SPARK_INTERVAL_DAY_TIME;
      out->a = FRL_INTERVAL_DAY;
      out->b = FRL_INTERVAL_SECOND;
      return FRL_OK;
    case 'i':
      out->kind = format[2] == 'M' ? FRL_SPARK_INTERVAL_YEAR_MONTH : FRL_SPARK_INTERVAL;
      out->b = format[2] == 'M' ? FRL_INTERVAL_MONTH : 0;
      return format[2] == 'D' ? FRL_E_UNSUPPORTED : FRL_OK;
    default:
      return FRL_E_UNSUPPORTED;
  }
}

static frl_status nested_type(frl_spark_type *out, const struct ArrowSchema *schema) {
  switch (schema->format[1]) {
    case 's':
      struct_type(out, schema);
      return FRL_OK;
    case 'm':
      out->kind = FRL_SPARK_MAP;
      return schema->n_children == 1 && schema->children[0] &&
                     schema->children[0]->n_children == 2
                 ? FRL_OK
                 : FRL_E_INVALID;
    case 'l':
    case 'L':
    case 'w':
    case 'v':
      out->kind = FRL_SPARK_ARRAY;
      return schema->n_children == 1 ? FRL_OK : FRL_E_INVALID;
    default:
      return FRL_E_UNSUPPORTED;
  }
}

/** By the format alone; forms that Spark lacks become the next wider it has. */
static frl_status type_of_format(
    frl_spark_type *out, const struct ArrowSchema *schema) {
  static const struct {
    char format;
    frl_spark_kind kind;
  } letters[] = {{'n', FRL_SPARK_VOID}, {'b', FRL_SPARK_BOOLEAN}, {'c', FRL_SPARK_BYTE},
      {'C', FRL_SPARK_SHORT}, {'s', FRL_SPARK_SHORT}, {'S', FRL_SPARK_INT},
      {'i', FRL_SPARK_INT}, {'I', FRL_SPARK_LONG}, {'l', FRL_SPARK_LONG},
      {'e', FRL_SPARK_FLOAT}, {'f', FRL_SPARK_FLOAT}, {'g', FRL_SPARK_DOUBLE},
      {'u', FRL_SPARK_STRING}, {'U', FRL_SPARK_STRING}, {'z', FRL_SPARK_BINARY},
      {'Z', FRL_SPARK_BINARY}, {'w', FRL_SPARK_BINARY}};
  *out = (frl_spark_type){0};
  frl_layout layout;
  if (frl_layout_of(&layout, schema->format) != FRL_OK) return FRL_E_INVALID;
  const char *format = schema->format;
  if (*format == 'd') return decimal_type(out, format);
  if (*format == 't') return temporal_type(out, format);
  if (*format == '+') return nested_type(out, schema);
  if (*format == 'L') {
    *out = (frl_spark_type){.kind = FRL_SPARK_DECIMAL, .a = 20};
    return FRL_OK;
  }
  if (*format == 'v') format++;
  for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
    if (letters[i].format == *format) {
      out->kind = letters[i].kind;
      return FRL_OK;
    }
  }
  return FRL_E_UNSUPPORTED;
}

static bool may_stand_for(const frl_spark_type *said, const frl_spark_type *seen,
    const struct ArrowSchema *schema) {
  switch (said->kind) {
    case FRL_SPARK_CHAR:
    case FRL_SPARK_VARCHAR:
      return seen->kind == FRL_SPARK_STRING;
    case FRL_SPARK_VARIANT:
    case FRL_SPARK_GEOMETRY:
    case FRL_SPARK_GEOGRAPHY:
      return (seen->kind == FRL_SPARK_STRUCT || seen->kind == said->kind) &&
             has_parts_of(schema, said->kind);
    case FRL_SPARK_DECIMAL:
      return seen->kind == said->kind && seen->a == said->a && seen->b == said->b;
    default:
      return seen->kind == said->kind;
  }
}

frl_status frl_spark_type_of_arrow(frl_spark_type *out,
    const struct ArrowSchema **parts, const struct ArrowSchema *schema) {
  *out = (frl_spark_type){0};
  const struct ArrowSchema *values = schema;
  for (;;) {
    if (!values || !values->release || !values->format) return FRL_E_INVALID;
    const bool runs = strcmp(values->format, "+r") == 0;
    if (values->dictionary) {
      values = values->dictionary;
    } else if (runs && values->n_children == 2) {
      values = values->children[1];
    } else {
      break;
    }
  }
  *parts = values;
  FRL_TRY(type_of_format(out, values));
  size_t n;
  const char *text = frl_schema_metadata(schema, FRL_META_SPARK_TYPE, &n);
  if (!text) return FRL_OK;
  frl_spark_type said;
  if (frl_spark_type_parse(&said, text, n) != FRL_OK) return FRL_E_INVALID;
  if (!may_stand_for(&said, out, values)) return FRL_E_INVALID;
  *out = said;
  return FRL_OK;
}
