/**
 * JSON records into the columns of a declared schema, as Spark 4.1's from_json and JSON
 * source read them.
 *
 * A plan is compiled once from the schema and shared; a decoder is one thread's working
 * memory for it. What a type accepts, with Spark's own rules:
 *
 *   BOOLEAN            true, false
 *   TINYINT … BIGINT   a number without point or exponent that fits; TINYINT takes 128
 *                      to 255 too and wraps them, as Spark does
 *   FLOAT, DOUBLE      a number; the strings NaN, Infinity, +Infinity, -Infinity, +INF,
 *                      -INF
 *   DECIMAL            a number or a string of one (commas ignored), rounded half up to
 *                      the scale; too many digits is a failure
 *   STRING             a string; any other value as its JSON text without white space,
 *                      numbers as they were written
 *   BINARY             a string of base64
 *   DATE, TIMESTAMP, TIMESTAMP_NTZ, TIME, INTERVAL …  see codec/spark_time.h and
 *                      codec/spark_interval.h; TIMESTAMP also whole seconds as a number
 *   ARRAY, MAP, STRUCT an array, an object, an object
 *
 * null and an absent field give null: every column is nullable in the result, whatever
 * the schema says. Names are compared exactly. The last of several equal names wins;
 * equal keys of a map are all kept. A bad element spoils its whole array or map, a bad
 * field of a struct only itself. An empty record (nothing but white space) is a row of
 * nulls and not bad. What follows the record's closing brace is not looked at.
 * Beyond RFC 8259, as Spark's defaults have it: strings in single quotes, the tokens
 * NaN, +INF, -INF, Infinity, +Infinity, -Infinity; bytes that are not UTF-8 are
 * read as U+FFFD, an unpaired surrogate escape as '?'.
 *
 * Different from Spark, which calls the same records bad: one that is not JSON gives no
 * field at all, where Spark keeps some if the fault lies inside a nested value; one
 * with a BINARY that is not base64 keeps its other fields, where Spark's parser loses
 * its place. A number in a STRING keeps its text, as in Spark's JSON source, where
 * from_json writes it anew through a double. A number of more than 1,000 digits is
 * refused only where it is read; a DATE as a negative number of 6 digits or more is not
 * read; TIME is, which Spark's JSON refuses. A name without quotes may hold punctuation
 * beyond U+00FF, where Java asks for letters. Where a format is given, texts are read
 * as with spark.sql.legacy.timeParserPolicy=CORRECTED; see codec/time_format.h for the
 * patterns.
 */
#ifndef FRL_CODEC_JSON_H
#define FRL_CODEC_JSON_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrow/pool.h"
#include "base/clock.h"

/** What becomes of a record that does not fit. */
typedef enum frl_json_mode {
  FRL_JSON_PERMISSIVE,    /* bad fields are null, the record goes to its column */
  FRL_JSON_FAILFAST,      /* the call fails */
  FRL_JSON_DROPMALFORMED, /* the row is left out */
} frl_json_mode;

/** As Spark reads the option `mode`, in any case; FRL_E_INVALID for anything else. */
FRL_NODISCARD frl_status frl_json_mode_parse(
    frl_json_mode *out, const char *text, frl_error *err);

/** Zero means the default that stands behind each field. */
typedef struct frl_json_options {
  size_t struct_size;
  frl_json_mode mode;
  /** "_corrupt_record". If the schema has this STRING column, it gets a bad record's
   * text, and no field of the record. */
  const char *corrupt_column;
  /** None. If the schema has this STRING column, it gets why the record is bad. */
  const char *reason_column;
  /** "UTC". Any id that Java's ZoneId knows; regions need the system's tz database. */
  const char *time_zone;
  bool no_single_quotes;       /* allowSingleQuotes=false */
  bool no_non_numeric_numbers; /* allowNonNumericNumbers=false */
  bool comments;               /* allowComments */
  bool unquoted_field_names;   /* allowUnquotedFieldNames */
  bool leading_zeros;          /* allowNumericLeadingZeros */
  bool escape_any_character;   /* allowBackslashEscapingAnyCharacter */
  bool unquoted_control_chars; /* allowUnquotedControlChars */
  /** Patterns of codec/time_format.h. None: dates and times as Spark casts them. */
  const char *date_format;
  const char *timestamp_format;
  const char *timestamp_ntz_format;
  const frl_clock *clock; /* the system's; for times of day read as TIMESTAMP */
} frl_json_options;

enum {
  FRL_JSON_REASONS = 8,        /* kept for each batch */
  FRL_JSON_REASON_BYTES = 256, /* NUL included */
  FRL_JSON_MAX_DEPTH = 1000    /* of a record, as Spark's default */
};

/** Why one record is bad: "delay: expected BIGINT, got string \"abc\"". */
typedef struct frl_json_reason {
  size_t row; /* of the input */
  char text[FRL_JSON_REASON_BYTES];
} frl_json_reason;

/** What happened in one call. Pointers live until the decoder's next call. */
typedef struct frl_json_result {
  size_t rows_out;
  size_t bad_rows;     /* rows that did not fit, dropped ones included */
  size_t dropped_rows; /* left out, in mode DROPMALFORMED */
  size_t empty_rows;   /* records of nothing but white space */
  /** rows_out input rows, ascending; NULL: none was dropped, row i is input row i. */
  const int32_t *kept_rows;
  size_t n_reasons; /* of the first bad rows */
  const frl_json_reason *reasons;
} frl_json_result;

typedef struct frl_json_plan frl_json_plan;
typedef struct frl_json_decoder frl_json_decoder;

/**
 * @param schema  a struct; copied. Projection is a smaller schema.
 * @return FRL_OK; FRL_E_INVALID (no struct, equal names, an unknown zone, a format that
 *         is not built, a corrupt column that is no STRING), FRL_E_UNSUPPORTED (a type
 * that JSON is not read into: VARIANT, a map whose key is no STRING, …; the message
 * names the field), FRL_E_NOMEM. Threads: any number may make decoders of one plan.
 */
FRL_NODISCARD frl_status frl_json_plan_create(frl_json_plan **out,
    const struct ArrowSchema *schema, const frl_json_options *options,
    const frl_mem *mem, frl_error *err);
/** After its decoders. NULL works. */
void frl_json_plan_destroy(frl_json_plan *plan);
/** The schema of what is decoded: the given one, all nullable. Borrowed. */
const struct ArrowSchema *frl_json_plan_schema(const frl_json_plan *plan);

/**
 * @param plan  must outlive the decoder.
 * @param pool  where the columns' buffers come from; NULL: one of its own.
 * @return FRL_OK, FRL_E_NOMEM.
 * Threads: a decoder belongs to one thread at a time.
 */
FRL_NODISCARD frl_status frl_json_decoder_create(frl_json_decoder **out,
    const frl_json_plan *plan, frl_pool *pool, const frl_mem *mem, frl_error *err);
/** NULL works. Arrays already handed out live on. */
void frl_json_decoder_destroy(frl_json_decoder *decoder);

/**
 * Decode n_rows records: the buffers of an Arrow binary or string column.
 *
 * @param offsets  n_rows + 1 of them, ascending, into data.
 * @param out      a struct array of result->rows_out rows; written on FRL_OK only.
 * @param result   may be NULL; written on FRL_E_MALFORMED too.
 * @return FRL_OK; FRL_E_MALFORMED (FAILFAST: the first bad row; its number and why are
 *         in err and in result->reasons[0]); FRL_E_LIMIT (a column above 2 GiB: give
 *         fewer rows); FRL_E_NOMEM. On a failure nothing is kept of the batch.
 */
FRL_NODISCARD frl_status frl_json_decode(frl_json_decoder *decoder,
    const int32_t *offsets, const uint8_t *data, size_t n_rows, struct ArrowArray *out,
    frl_json_result *result, frl_error *err);

#endif /* FRL_CODEC_JSON_H */
