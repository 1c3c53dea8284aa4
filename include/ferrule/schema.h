/**
 * Schemas: Spark's DDL text, Spark's JSON and Arrow's ArrowSchema, each into the other.
 *
 * Every Spark type has one Arrow form:
 *
 *   BOOLEAN b              BINARY z                  DATE tdD
 *   TINYINT c              STRING u                  TIMESTAMP tsu:UTC
 *   SMALLINT s             CHAR(n), VARCHAR(n) u     TIMESTAMP_NTZ tsu:
 *   INT i                  DECIMAL(p,s) d:p,s        TIME(p) ttn
 *   BIGINT l               ARRAY<T> +l, element      INTERVAL DAY TO SECOND tDu
 *   FLOAT f                MAP<K,V> +m, key, value   INTERVAL YEAR TO MONTH tiM
 *   DOUBLE g               STRUCT<...> +s            VOID n
 *   VARIANT +s of value z and metadata z, both NOT NULL
 *   GEOMETRY(srid), GEOGRAPHY(srid) +s of srid i and wkb z, both NOT NULL
 *
 * Where the Arrow form alone does not say which Spark type is meant (CHAR, VARCHAR, a
 * collation, the fields of an interval, TIME of less than 6 digits, VARIANT, GEOMETRY,
 * GEOGRAPHY) the ArrowSchema carries the type's text under the metadata key
 * FRL_META_SPARK_TYPE. A comment lies under FRL_META_COMMENT, a column's further Spark
 * metadata, a JSON object, under FRL_META_SPARK_METADATA.
 *
 * A foreign schema is read more widely: what Spark lacks is written as the narrowest
 * type that holds its values (unsigned, half floats, large, view and fixed-size forms,
 * decimals of other widths, dictionaries and runs as their values; units of time finer
 * than microseconds are cut to them), as is what PySpark marks as VARIANT or GEOMETRY.
 * What has no Spark type (unions, date64, day-time intervals of Arrow) is
 * FRL_E_UNSUPPORTED.
 *
 * Spark's facts are those of 4.1.1 (SqlBaseParser grammar and DataType JSON).
 * Nesting is bounded by FRL_SCHEMA_MAX_DEPTH, columns by FRL_SCHEMA_MAX_FIELDS.
 * Threads: values; no shared state.
 */
#ifndef FERRULE_SCHEMA_H
#define FERRULE_SCHEMA_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/export.h>
#include <ferrule/mem.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRL_META_SPARK_TYPE "ferrule:spark_type"
#define FRL_META_SPARK_METADATA "ferrule:spark_metadata"
#define FRL_META_COMMENT "comment"

enum { FRL_SCHEMA_MAX_DEPTH = 60, FRL_SCHEMA_MAX_FIELDS = 100000 };

/**
 * Spark DDL ("a INT NOT NULL COMMENT 'x', b STRUCT<c: STRING>", or one type: then the
 * result is that type's schema, unless it is a STRUCT: then its fields are the columns)
 * into the schema of a struct.
 *
 * @param ddl  n bytes of UTF-8, or NUL-terminated with n SIZE_MAX.
 * @param out  to be released by the caller; mem must live as long.
 * @return FRL_OK; FRL_E_MALFORMED (the message gives the position, 1-based in bytes,
 * and what was expected); FRL_E_LIMIT (depth, columns); FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_schema_from_ddl(struct ArrowSchema *out,
    const frl_mem *mem, const char *ddl, size_t n, frl_error *err);

/** How frl_schema_to_ddl writes. Zero means the default. */
typedef struct frl_ddl_options {
  size_t struct_size;
  int type_only;      /* "STRUCT<...>" or a plain type rather than columns */
  int leave_comments; /* do not write COMMENT */
} frl_ddl_options;

/**
 * The DDL text of a schema; columns if it is a struct, else a type. Names are always in
 * backticks. What DDL cannot say is lost: whether the elements of an array and the
 * values of a map may be null, and metadata; frl_schema_to_json keeps them.
 *
 * @param out  NUL-terminated, to be freed with frl_text_free and the same mem.
 * @return FRL_OK; FRL_E_UNSUPPORTED (a type Spark does not have, the field is named);
 *         FRL_E_INVALID (broken schema); FRL_E_LIMIT; FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_schema_to_ddl(char **out, const frl_mem *mem,
    const struct ArrowSchema *schema, const frl_ddl_options *options, frl_error *err);

/**
 * Spark's schema JSON, as of StructType.json: everything, element nullability too.
 * Otherwise as frl_schema_from_ddl; a message names the field's path.
 */
FRL_API FRL_NODISCARD frl_status frl_schema_from_json(struct ArrowSchema *out,
    const frl_mem *mem, const char *json, size_t n, frl_error *err);
/** As frl_schema_to_ddl. Compact, keys in Spark's order. */
FRL_API FRL_NODISCARD frl_status frl_schema_to_json(
    char **out, const frl_mem *mem, const struct ArrowSchema *schema, frl_error *err);

/** A text that a function of this header gave. NULL works. */
FRL_API void frl_text_free(const frl_mem *mem, char *text);

/** A copy, metadata included, that shares nothing. */
FRL_API FRL_NODISCARD frl_status frl_schema_copy(struct ArrowSchema *out,
    const frl_mem *mem, const struct ArrowSchema *schema, frl_error *err);

/**
 * The value of a metadata key
 * (https://arrow.apache.org/docs/format/CDataInterface.html), borrowed from the schema,
 * not NUL-terminated; NULL when absent.
 */
FRL_API const char *frl_schema_metadata(
    const struct ArrowSchema *schema, const char *key, size_t *value_bytes);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_SCHEMA_H */
