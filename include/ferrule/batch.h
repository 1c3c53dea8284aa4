/**
 * The batch: rows as Arrow columns, owned, released exactly once.
 *
 * Batches cross every border of Ferrule as the two structs of the Arrow C Data
 * Interface (https://arrow.apache.org/docs/format/CDataInterface.html). Whoever
 * holds a struct whose `release` is not NULL owns it and calls release once, from
 * any thread, or moves it by copying the struct and setting `release` of the source
 * to NULL. A child may be moved out of its parent in the same way and then lives on
 * its own.
 *
 * A frl_batch is a counted holder of one schema and one array for readers that want
 * the same batch more than once: every export shares the buffers.
 *
 * Threads: a C Data struct belongs to one thread at a time. frl_batch_ref, _unref
 * and the exports of one frl_batch may run on any threads at once.
 */
#ifndef FERRULE_BATCH_H
#define FERRULE_BATCH_H

#include <ferrule/error.h>
#include <ferrule/export.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

/* other Arrow headers define both structs or none */
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/** Release if not yet released; NULL works. */
FRL_API void frl_array_release(struct ArrowArray *array);
FRL_API void frl_schema_release(struct ArrowSchema *schema);

typedef struct frl_batch frl_batch;

/**
 * Take a schema and the struct array that goes with it into a counted holder.
 *
 * @param schema, array  moved on FRL_OK; on any error still the caller's.
 * @return FRL_OK, FRL_E_INVALID (released, or shapes that differ), FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_batch_take(frl_batch **out, const frl_mem *mem,
    struct ArrowSchema *schema, struct ArrowArray *array, frl_error *err);
FRL_API frl_batch *frl_batch_ref(frl_batch *batch);
/** The last one releases schema and array. NULL works. */
FRL_API void frl_batch_unref(frl_batch *batch);
FRL_API int64_t frl_batch_rows(const frl_batch *batch);
/** Borrowed: valid while the caller holds a reference. */
FRL_API const struct ArrowSchema *frl_batch_schema(const frl_batch *batch);
FRL_API const struct ArrowArray *frl_batch_array(const frl_batch *batch);

/**
 * Rows first_row .. first_row + n_rows - 1 as an array of its own that shares the
 * buffers and keeps the batch alive until released. As often as wanted.
 *
 * @param n_rows  -1: all from first_row on.
 * @return FRL_OK, FRL_E_INVALID (outside the batch), FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_batch_export(struct ArrowArray *out,
    frl_batch *batch, int64_t first_row, int64_t n_rows, frl_error *err);
/** A copy of the schema, the caller's. FRL_OK, FRL_E_NOMEM. */
FRL_API FRL_NODISCARD frl_status frl_batch_export_schema(
    struct ArrowSchema *out, frl_batch *batch, frl_error *err);

/**
 * Arrow IPC (https://arrow.apache.org/docs/format/Columnar.html), the stream and the
 * file format. Threads: one at a time for each writer and each reader.
 */
typedef struct frl_ipc_writer frl_ipc_writer;
typedef struct frl_ipc_reader frl_ipc_reader;

enum frl_ipc_codec { FRL_IPC_PLAIN = 0, FRL_IPC_LZ4 = 1, FRL_IPC_ZSTD = 2 };

/** Zero means the default. */
typedef struct frl_ipc_writer_options {
  size_t struct_size;
  int file_format;          /* the file format, which has a footer; else the stream */
  enum frl_ipc_codec codec; /* of the buffers' bytes */
  int atomic; /* paths only: written beside the path under another name, synced and
                 renamed by finish; what stood at the path stays until then */
  const frl_mem *mem;
} frl_ipc_writer_options;

/** Takes all n bytes or fails. */
typedef frl_status (*frl_ipc_write_fn)(
    void *ctx, const void *data, size_t n, frl_error *err);

/**
 * Begin to write batches of a schema (a struct). Nothing but the beginning is written.
 *
 * @param schema   borrowed during the call.
 * @param options  NULL: all defaults.
 * @return FRL_OK; FRL_E_INVALID (no struct, broken); FRL_E_UNSUPPORTED (dictionaries,
 *         views, unions, runs; the message names the field); FRL_E_IO; FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_ipc_writer_open(frl_ipc_writer **out,
    const char *path, const struct ArrowSchema *schema,
    const frl_ipc_writer_options *options, frl_error *err);
/** fd stays the caller's, and open. */
FRL_API FRL_NODISCARD frl_status frl_ipc_writer_open_fd(frl_ipc_writer **out, int fd,
    const struct ArrowSchema *schema, const frl_ipc_writer_options *options,
    frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_ipc_writer_open_fn(frl_ipc_writer **out,
    frl_ipc_write_fn write, void *ctx, const struct ArrowSchema *schema,
    const frl_ipc_writer_options *options, frl_error *err);

/**
 * Write one batch; its buffers are not copied but where a slice or a codec asks it.
 *
 * @param batch  borrowed during the call; must be of the writer's schema and valid.
 * @return FRL_OK; FRL_E_INVALID (another shape, a null row); FRL_E_IO; FRL_E_NOMEM;
 * what the callback gave. After a failure only destroy is allowed.
 */
FRL_API FRL_NODISCARD frl_status frl_ipc_writer_write(
    frl_ipc_writer *writer, const struct ArrowArray *batch, frl_error *err);
/**
 * Small pieces are joined before they are written: after this the system, or the
 * callback, has all that was given. FRL_OK, FRL_E_IO, what the callback gave.
 */
FRL_API FRL_NODISCARD frl_status frl_ipc_writer_flush(
    frl_ipc_writer *writer, frl_error *err);
/** Write the end, sync where asked. Then only destroy. */
FRL_API FRL_NODISCARD frl_status frl_ipc_writer_finish(
    frl_ipc_writer *writer, frl_error *err);
/** Without finish an atomic file does not come to be. NULL works. */
FRL_API void frl_ipc_writer_destroy(frl_ipc_writer *writer);
/** Handed to the file, fd or callback, or about to be. */
FRL_API uint64_t frl_ipc_writer_bytes(const frl_ipc_writer *writer);

typedef struct frl_ipc_reader_options {
  size_t struct_size;
  size_t max_message_bytes; /* 2 GiB: of one batch, also when decompressed */
  const frl_mem *mem;
} frl_ipc_reader_options;

/** Gives 1 to n bytes, *got of them; 0 is the end of the input. */
typedef frl_status (*frl_ipc_read_fn)(
    void *ctx, void *data, size_t n, size_t *got, frl_error *err);

/**
 * Open a stream or a file (which of them is seen from its first bytes; a file is read
 * from front to end, so that a pipe will do) and read its schema.
 *
 * @return FRL_OK; FRL_E_TRUNCATED; FRL_E_MALFORMED; FRL_E_LIMIT (a message above
 *         max_message_bytes); FRL_E_UNSUPPORTED (views); FRL_E_NOT_FOUND, FRL_E_IO;
 *         FRL_E_NOMEM; what the callback gave.
 */
FRL_API FRL_NODISCARD frl_status frl_ipc_reader_open(frl_ipc_reader **out,
    const char *path, const frl_ipc_reader_options *options, frl_error *err);
/** fd stays the caller's, and open. */
FRL_API FRL_NODISCARD frl_status frl_ipc_reader_open_fd(frl_ipc_reader **out, int fd,
    const frl_ipc_reader_options *options, frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_ipc_reader_open_fn(frl_ipc_reader **out,
    frl_ipc_read_fn read, void *ctx, const frl_ipc_reader_options *options,
    frl_error *err);
/** The bytes must stay as they are until destroy. */
FRL_API FRL_NODISCARD frl_status frl_ipc_reader_open_bytes(frl_ipc_reader **out,
    const void *data, size_t n, const frl_ipc_reader_options *options, frl_error *err);

/** Borrowed: valid until destroy. */
FRL_API const struct ArrowSchema *frl_ipc_reader_schema(const frl_ipc_reader *reader);
/**
 * The next batch, checked in full: offsets, sizes, null counts, so that whoever reads
 * it need not. It may outlive the reader.
 *
 * @return FRL_OK; FRL_END, at a file's end only after its footer was found to agree; or
 *         a failure as of open, after which only destroy is allowed.
 */
FRL_API FRL_NODISCARD frl_status frl_ipc_reader_next(
    frl_ipc_reader *reader, struct ArrowArray *out, frl_error *err);
/** NULL works. */
FRL_API void frl_ipc_reader_destroy(frl_ipc_reader *reader);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_BATCH_H */
