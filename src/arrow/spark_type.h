/**
 * Spark's types that have no parts: their names in DDL and in schema JSON, and their
 * Arrow form. ARRAY, MAP and STRUCT are known here by kind only.
 *
 * Names and JSON forms are those of Spark 4.1.1; see include/ferrule/schema.h for the
 * Arrow forms.
 */
#ifndef FRL_ARROW_SPARK_TYPE_H
#define FRL_ARROW_SPARK_TYPE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef enum frl_spark_kind {
  FRL_SPARK_VOID,
  FRL_SPARK_BOOLEAN,
  FRL_SPARK_BYTE,
  FRL_SPARK_SHORT,
  FRL_SPARK_INT,
  FRL_SPARK_LONG,
  FRL_SPARK_FLOAT,
  FRL_SPARK_DOUBLE,
  FRL_SPARK_DECIMAL, /* a: precision, b: scale */
  FRL_SPARK_STRING,  /* collation */
  FRL_SPARK_CHAR,    /* a: length */
  FRL_SPARK_VARCHAR, /* a: length */
  FRL_SPARK_BINARY,
  FRL_SPARK_DATE,
  FRL_SPARK_TIMESTAMP,
  FRL_SPARK_TIMESTAMP_NTZ,
  FRL_SPARK_TIME,                /* a: precision */
  FRL_SPARK_INTERVAL,            /* months, days, nanoseconds */
  FRL_SPARK_INTERVAL_DAY_TIME,   /* a, b: first and last frl_interval_field */
  FRL_SPARK_INTERVAL_YEAR_MONTH, /* the same */
  FRL_SPARK_VARIANT,
  FRL_SPARK_GEOMETRY,  /* a: SRID, or FRL_SRID_ANY */
  FRL_SPARK_GEOGRAPHY, /* the same */
  FRL_SPARK_ARRAY,
  FRL_SPARK_MAP,
  FRL_SPARK_STRUCT
} frl_spark_kind;

typedef enum frl_interval_field {
  FRL_INTERVAL_YEAR,
  FRL_INTERVAL_MONTH,
  FRL_INTERVAL_DAY,
  FRL_INTERVAL_HOUR,
  FRL_INTERVAL_MINUTE,
  FRL_INTERVAL_SECOND
} frl_interval_field;

enum {
  FRL_SRID_ANY = -1,
  FRL_DECIMAL_MAX_PRECISION = 38,
  FRL_TIME_DEFAULT_PRECISION = 6,
  FRL_TIME_MAX_PRECISION = 9, /* above 6: Spark 4.3 on */
  FRL_COLLATION_MAX_BYTES = 63
};

typedef struct frl_spark_type {
  frl_spark_kind kind;
  int32_t a;
  int32_t b;
  char collation[FRL_COLLATION_MAX_BYTES + 1]; /* "": UTF8_BINARY */
} frl_spark_type;

/** The word for an interval's field, in upper case. */
const char *frl_interval_field_name(frl_interval_field field);

/** The Arrow format; NULL for DECIMAL, whose format has arguments. */
const char *frl_spark_kind_format(frl_spark_kind kind);

/** Appends "DECIMAL(10,2)"; not for ARRAY, MAP, STRUCT. */
FRL_NODISCARD frl_status frl_spark_type_ddl(frl_buf *out, const frl_spark_type *type);
/** Appends "decimal(10,2)", without quotes; a collation is not part of it. */
FRL_NODISCARD frl_status frl_spark_type_json(frl_buf *out, const frl_spark_type *type);

/**
 * Gives a schema made by schema_make.h the type's Arrow form: format, metadata and the
 * children of VARIANT and the like. Not for ARRAY, MAP, STRUCT.
 */
FRL_NODISCARD frl_status frl_spark_type_to_arrow(
    struct ArrowSchema *schema, const frl_spark_type *type);

/**
 * The Spark type that a schema, also a foreign one, stands for. For ARRAY, MAP and
 * STRUCT the kind only; *parts is then the schema whose children are the parts (another
 * one than schema for dictionaries and the like).
 * @return FRL_OK; FRL_E_UNSUPPORTED; FRL_E_INVALID (broken, or metadata that
 *         contradicts the format).
 */
FRL_NODISCARD frl_status frl_spark_type_of_arrow(frl_spark_type *out,
    const struct ArrowSchema **parts, const struct ArrowSchema *schema);

#endif /* FRL_ARROW_SPARK_TYPE_H */
