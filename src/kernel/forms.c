/** The Arrow forms in which Spark hands out and takes back its types. */
#include <ferrule/schema.h>
#include <string.h>

#include "arrow/schema_path.h"
#include "arrow/spark_type.h"
#include "arrow/type_name.h"
#include "base/error.h"
#include "kernel/kernel.h"

static const char *refusal(
    const frl_spark_type *type, const struct ArrowSchema *schema) {
  switch (type->kind) {
    case FRL_SPARK_CHAR:
    case FRL_SPARK_VARCHAR:
      return "Spark does not hand CHAR and VARCHAR to kernels: use STRING";
    case FRL_SPARK_INTERVAL:
      return "Spark does not hand INTERVAL to kernels: use a day-time interval";
    case FRL_SPARK_INTERVAL_YEAR_MONTH:
      return "Spark does not hand year-month intervals to kernels: use INT months";
    case FRL_SPARK_TIMESTAMP:
      return strncmp(schema->format, "tsu:", 4) == 0
                 ? NULL
                 : "Spark's timestamps are of microseconds: tsu:UTC is needed";
    case FRL_SPARK_TIMESTAMP_NTZ:
      return strcmp(schema->format, "tsu:") == 0
                 ? NULL
                 : "Spark's timestamps are of microseconds: tsu: is needed";
    case FRL_SPARK_DECIMAL:
      return schema->format[0] == 'd' &&
                     (!strrchr(schema->format, ',') ||
                         strchr(schema->format, ',') == strrchr(schema->format, ','))
                 ? NULL
                 : "Spark's decimals are of 128 bits: DECIMAL(p,s) has the form d:p,s";
    case FRL_SPARK_ARRAY:
      return strcmp(schema->format, "+l") == 0
                 ? NULL
                 : "Spark's arrays have the Arrow form list, +l";
    case FRL_SPARK_MAP:
    case FRL_SPARK_STRUCT:
      return NULL;
    default:
      return strcmp(schema->format, frl_spark_kind_format(type->kind)) == 0
                 ? NULL
                 : "Spark has no such type: unsigned, half, large, view, fixed-size "
                   "and other units must become the Arrow form of a Spark type";
  }
}

static frl_status check_fields(const struct ArrowSchema *schema, const char *what,
    const frl_schema_path *up, frl_error *err);

static frl_status check_form(const struct ArrowSchema *schema, const char *what,
    const frl_schema_path *at, frl_error *err) {
  frl_spark_type type;
  const struct ArrowSchema *parts;
  if (at && at->depth > FRL_SCHEMA_MAX_DEPTH) {
    return frl_schema_path_fail(err, FRL_E_LIMIT, what, at, "nested too deep");
  }
  const frl_status st = frl_spark_type_of_arrow(&type, &parts, schema);
  if (st != FRL_OK) {
    char why[FRL_ARROW_REFUSAL_BYTES];
    return frl_schema_path_fail(
        err, st, what, at, frl_arrow_refusal(why, st, schema->format));
  }
  if (parts != schema) {
    return frl_schema_path_fail(err, FRL_E_UNSUPPORTED, what, at,
        "Spark takes no dictionaries and runs: give their values");
  }
  const char *why = refusal(&type, schema);
  if (why) return frl_schema_path_fail(err, FRL_E_UNSUPPORTED, what, at, why);
  if (type.kind < FRL_SPARK_ARRAY) return FRL_OK;
  return check_fields(schema, what, at, err);
}

static frl_status check_fields(const struct ArrowSchema *schema, const char *what,
    const frl_schema_path *up, frl_error *err) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    const struct ArrowSchema *child = schema->children[i];
    const frl_schema_path at = {
        up, child && child->name ? child->name : "", up ? up->depth + 1 : 1};
    if (!child) {
      return frl_schema_path_fail(err, FRL_E_INVALID, what, &at, "no valid Arrow type");
    }
    FRL_TRY(check_form(child, what, &at, err));
  }
  return FRL_OK;
}

frl_status frl_kernel_check_forms(
    const struct ArrowSchema *schema, const char *what, frl_error *err) {
  if (schema->n_children > FRL_SCHEMA_MAX_FIELDS) {
    return frl_fail(err, FRL_E_LIMIT, "%s: too many columns", what);
  }
  return check_form(schema, what, NULL, err);
}
