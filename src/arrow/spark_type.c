#include "arrow/spark_type.h"

#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/** Names and format of the kinds without arguments; NULL where there are some. */
static const struct {
  const char *ddl;
  const char *json;
  const char *format;
} plain_types[] = {
    [FRL_SPARK_VOID] = {"VOID", "void", "n"},
    [FRL_SPARK_BOOLEAN] = {"BOOLEAN", "boolean", "b"},
    [FRL_SPARK_BYTE] = {"TINYINT", "byte", "c"},
    [FRL_SPARK_SHORT] = {"SMALLINT", "short", "s"},
    [FRL_SPARK_INT] = {"INT", "integer", "i"},
    [FRL_SPARK_LONG] = {"BIGINT", "long", "l"},
    [FRL_SPARK_FLOAT] = {"FLOAT", "float", "f"},
    [FRL_SPARK_DOUBLE] = {"DOUBLE", "double", "g"},
    [FRL_SPARK_DECIMAL] = {NULL, NULL, NULL},
    [FRL_SPARK_STRING] = {"STRING", "string", "u"},
    [FRL_SPARK_CHAR] = {NULL, NULL, "u"},
    [FRL_SPARK_VARCHAR] = {NULL, NULL, "u"},
    [FRL_SPARK_BINARY] = {"BINARY", "binary", "z"},
    [FRL_SPARK_DATE] = {"DATE", "date", "tdD"},
    [FRL_SPARK_TIMESTAMP] = {"TIMESTAMP", "timestamp", "tsu:UTC"},
    [FRL_SPARK_TIMESTAMP_NTZ] = {"TIMESTAMP_NTZ", "timestamp_ntz", "tsu:"},
    [FRL_SPARK_TIME] = {NULL, NULL, "ttn"},
    [FRL_SPARK_INTERVAL] = {"INTERVAL", "interval", "tin"},
    [FRL_SPARK_INTERVAL_DAY_TIME] = {NULL, NULL, "tDu"},
    [FRL_SPARK_INTERVAL_YEAR_MONTH] = {NULL, NULL, "tiM"},
    [FRL_SPARK_VARIANT] = {"VARIANT", "variant", "+s"},
    [FRL_SPARK_GEOMETRY] = {NULL, NULL, "+s"},
    [FRL_SPARK_GEOGRAPHY] = {NULL, NULL, "+s"},
    [FRL_SPARK_ARRAY] = {NULL, NULL, "+l"},
    [FRL_SPARK_MAP] = {NULL, NULL, "+m"},
    [FRL_SPARK_STRUCT] = {NULL, NULL, "+s"},
};

enum { SRID_SPHERICAL_EARTH = 4326 };

static void fields_text(const frl_spark_type *type, char *text, size_t size) {
  const char *from = frl_interval_field_name((frl_interval_field)type->a);
  const char *to = frl_interval_field_name((frl_interval_field)type->b);
  if (type->a == type->b) {
    (void)snprintf(text, size, "INTERVAL %s", from);
  } else {
    (void)snprintf(text, size, "INTERVAL %s TO %s", from, to);
  }
}

static frl_status shape_ddl(frl_buf *out, const frl_spark_type *type) {
  const char *word = type->kind == FRL_SPARK_GEOMETRY ? "GEOMETRY" : "GEOGRAPHY";
  if (type->a == FRL_SRID_ANY) return frl_buf_printf(out, "%s(ANY)", word);
  return frl_buf_printf(out, "%s(%d)", word, (int)type->a);
}

frl_status frl_spark_type_ddl(frl_buf *out, const frl_spark_type *type) {
  char text[48];
  switch (type->kind) {
    case FRL_SPARK_DECIMAL:
      return frl_buf_printf(out, "DECIMAL(%d,%d)", (int)type->a, (int)type->b);
    case FRL_SPARK_CHAR:
      return frl_buf_printf(out, "CHAR(%d)", (int)type->a);
    case FRL_SPARK_VARCHAR:
      return frl_buf_printf(out, "VARCHAR(%d)", (int)type->a);
    case FRL_SPARK_TIME:
      return frl_buf_printf(out, "TIME(%d)", (int)type->a);
    case FRL_SPARK_STRING:
      if (!type->collation[0]) break;
      return frl_buf_printf(out, "STRING COLLATE %s", type->collation);
    case FRL_SPARK_INTERVAL_DAY_TIME:
    case FRL_SPARK_INTERVAL_YEAR_MONTH:
      fields_text(type, text, sizeof text);
      return frl_buf_append_text(out, text);
    case FRL_SPARK_GEOMETRY:
    case FRL_SPARK_GEOGRAPHY:
      return shape_ddl(out, type);
    default:
      break;
  }
  const char *word = plain_types[type->kind].ddl;
  return word ? frl_buf_append_text(out, word) : FRL_E_INVALID;
}

/** The names that Spark 4.1.1 gives to reference systems. */
static void system_text(int32_t srid, char *text, size_t size) {
  if (srid == FRL_SRID_ANY) {
    (void)snprintf(text, size, "SRID:ANY");
  } else if (srid == 0) {
    (void)snprintf(text, size, "SRID:0");
  } else if (srid == SRID_SPHERICAL_EARTH) {
    (void)snprintf(text, size, "OGC:CRS84");
  } else {
    (void)snprintf(text, size, "EPSG:%d", (int)srid);
  }
}

frl_status frl_spark_type_json(frl_buf *out, const frl_spark_type *type) {
  char text[48];
  switch (type->kind) {
    case FRL_SPARK_DECIMAL:
      return frl_buf_printf(out, "decimal(%d,%d)", (int)type->a, (int)type->b);
    case FRL_SPARK_CHAR:
      return frl_buf_printf(out, "char(%d)", (int)type->a);
    case FRL_SPARK_VARCHAR:
      return frl_buf_printf(out, "varchar(%d)", (int)type->a);
    case FRL_SPARK_TIME:
      return frl_buf_printf(out, "time(%d)", (int)type->a);
    case FRL_SPARK_INTERVAL_DAY_TIME:
    case FRL_SPARK_INTERVAL_YEAR_MONTH:
      fields_text(type, text, sizeof text);
      for (char *c = text; *c; c++) {
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
      }
      return frl_buf_append_text(out, text);
    case FRL_SPARK_GEOMETRY:
      system_text(type->a, text, sizeof text);
      return frl_buf_printf(out, "geometry(%s)", text);
    case FRL_SPARK_GEOGRAPHY:
      system_text(type->a, text, sizeof text);
      return frl_buf_printf(out, "geography(%s, SPHERICAL)", text);
    default:
      break;
  }
  const char *word = plain_types[type->kind].json;
  return word ? frl_buf_append_text(out, word) : FRL_E_INVALID;
}

const char *frl_spark_kind_format(frl_spark_kind kind) {
  return plain_types[kind].format;
}
