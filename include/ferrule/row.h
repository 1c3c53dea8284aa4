/**
 * Spark's rows into a batch and back: the UnsafeRow of Spark 3.3 to 4.3, whose form is
 * the same in all of them.
 *
 * Rows cross in frames, one after the other: 8 bytes of size in the machine's order,
 * then so many bytes of the row; a size is a multiple of 8. Both directions are
 * compiled once from a schema and then run column by column. Into a batch, values of
 * flat types may also come column by column.
 *
 * Types: all of schema.h in their Arrow form but INTERVAL, GEOMETRY and GEOGRAPHY.
 * TIMESTAMP takes any zone, decimals are of 128 bits. What is written is, byte by byte,
 * what Spark's own UnsafeProjection would have written, so that rows may be hashed and
 * compared as bytes.
 *
 * Threads: a reader or writer by one at a time; batches may be released on any.
 */
#ifndef FERRULE_ROW_H
#define FERRULE_ROW_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/export.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Before each row: its size, an int64. */
enum { FRL_ROW_FRAME_BYTES = 8 };

/** Zero means the default. */
typedef struct frl_row_options {
  size_t struct_size;
  size_t max_idle_bytes; /* 64 MiB: of a reader, kept for its next batch */
  const frl_mem *mem;
} frl_row_options;

/* ---- rows into a batch ---- */

typedef struct frl_row_reader frl_row_reader;

/**
 * @param schema   a struct, the rows' columns in this order; borrowed during the call.
 * @param options  NULL: all defaults.
 * @return FRL_OK; FRL_E_UNSUPPORTED (a type that rows are not read to; the field is
 *         named); FRL_E_INVALID (no struct, broken); FRL_E_LIMIT (depth); FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_row_reader_create(frl_row_reader **out,
    const struct ArrowSchema *schema, const frl_row_options *options, frl_error *err);
/**
 * Append framed rows. The bytes need not be trusted, nor aligned.
 *
 * @return FRL_OK; FRL_E_MALFORMED, FRL_E_TRUNCATED (the message names row and column);
 *         FRL_E_INVALID (a null where the schema allows none); FRL_E_LIMIT (a column
 *         above 2 GiB); FRL_E_NOMEM. On failure none of these rows was appended.
 */
FRL_API FRL_NODISCARD frl_status frl_row_reader_add(
    frl_row_reader *reader, const void *frames, size_t n_bytes, frl_error *err);
/** One flat column's values, as they lie one behind the other. */
typedef struct frl_row_values {
  /* BOOLEAN: a byte each. DECIMAL: unscaled, 8 bytes up to 18 digits, else 16. STRING
     and BINARY: the bytes of all. Others as in the batch. */
  const void *data;
  size_t n_bytes;       /* of data */
  const int32_t *ends;  /* STRING and BINARY: where each ends, n_rows of them */
  const uint8_t *nulls; /* a byte each, not 0 where null; NULL: no null */
} frl_row_values;

/** Bytes of a value of a column in frl_row_values; 0: ends tell; -1: it is not flat. */
FRL_API int32_t frl_row_reader_width(const frl_row_reader *reader, size_t column);
/**
 * Append a column's values for the next n_rows rows. Every column has to get as many,
 * once; then frl_row_reader_end_rows makes rows of them. The bytes need not be trusted.
 *
 * @return FRL_OK; FRL_E_UNSUPPORTED (not flat); FRL_E_TRUNCATED, FRL_E_MALFORMED (data
 *         or ends); FRL_E_INVALID (a null where the schema allows none; values twice);
 *         FRL_E_LIMIT; FRL_E_NOMEM. On failure the column has none of them.
 */
FRL_API FRL_NODISCARD frl_status frl_row_reader_add_values(frl_row_reader *reader,
    size_t column, const frl_row_values *values, size_t n_rows, frl_error *err);
/** FRL_OK; FRL_E_INVALID (a column has not n_rows values: all of them are forgotten);
 *  FRL_E_NOMEM. */
FRL_API FRL_NODISCARD frl_status frl_row_reader_end_rows(
    frl_row_reader *reader, size_t n_rows, frl_error *err);
/** Appended since the last finish. */
FRL_API size_t frl_row_reader_rows(const frl_row_reader *reader);
/** The rows as a struct array; it may outlive the reader. FRL_OK, FRL_E_NOMEM. */
FRL_API FRL_NODISCARD frl_status frl_row_reader_finish(
    frl_row_reader *reader, struct ArrowArray *out, frl_error *err);
/** NULL works. */
FRL_API void frl_row_reader_destroy(frl_row_reader *reader);

/* ---- a batch into rows ---- */

typedef struct frl_row_writer frl_row_writer;

/** As frl_row_reader_create. */
FRL_API FRL_NODISCARD frl_status frl_row_writer_create(frl_row_writer **out,
    const struct ArrowSchema *schema, const frl_row_options *options, frl_error *err);
/**
 * Begin with the rows of a batch; those of the one before that were not yet written
 * are forgotten.
 *
 * @param batch  of the writer's schema and valid (as frl_kernel_check and the IPC
 *               reader leave it); borrowed until the next begin, or destroy.
 * @return FRL_OK; FRL_E_INVALID (another shape).
 */
FRL_API FRL_NODISCARD frl_status frl_row_writer_begin(
    frl_row_writer *writer, const struct ArrowArray *batch, frl_error *err);
/**
 * Write as many of the rows left as fit.
 *
 * @param used  bytes written; with FRL_E_LIMIT the bytes that the next row needs.
 * @param rows  rows written.
 * @return FRL_OK (at least one row); FRL_END (no row is left); FRL_E_LIMIT (not even
 *         one row fits; nothing was written); FRL_E_INVALID (a row above 2 GiB, which
 *         Spark has not).
 */
FRL_API FRL_NODISCARD frl_status frl_row_writer_next(frl_row_writer *writer,
    void *frames, size_t n_bytes, size_t *used, size_t *rows, frl_error *err);
/** NULL works. */
FRL_API void frl_row_writer_destroy(frl_row_writer *writer);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_ROW_H */
