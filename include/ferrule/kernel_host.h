/**
 * The host's side of kernels: load a library, look at its kernels, run them.
 *
 * A kernel library is a shared object that exports the symbol of
 * <ferrule/kernel_abi.h>; nothing else of it is used. Loading runs its code: load only
 * what you trust as you trust your own program.
 *
 * Every schema of a kernel is read when the kernel is found, and refused there if Spark
 * has no type for it. Every batch that a kernel gives is checked before it is handed on
 * (frl_kernel_check); a batch handed to a kernel is checked for its shape.
 *
 * Threads: a frl_kernel_lib and a frl_kernel may be used from any threads at once; a
 * frl_kernel_run by one at a time. Batches may be released on any thread.
 */
#ifndef FERRULE_KERNEL_HOST_H
#define FERRULE_KERNEL_HOST_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/export.h>
#include <ferrule/kernel_abi.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a library ---- */

typedef struct frl_kernel_lib frl_kernel_lib;

/**
 * Load a kernel library. It stays mapped until the process ends, since batches of it
 * may outlive everything else; opening a path again is cheap.
 *
 * @param path  as dlopen: without a slash the system's folders are searched.
 * @param mem   copied; all made from the library comes from it.
 * @return FRL_OK; FRL_E_NOT_FOUND (no such file); FRL_E_UNSUPPORTED (no kernel library,
 *         another ABI version, another machine's); FRL_E_INVALID (a broken list);
 *         FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_lib_open(
    frl_kernel_lib **out, const char *path, const frl_mem *mem, frl_error *err);
/** NULL works. Kernels found in it live on. */
FRL_API void frl_kernel_lib_close(frl_kernel_lib *lib);
FRL_API size_t frl_kernel_lib_count(const frl_kernel_lib *lib);
/** Of the i-th kernel; NULL beyond the last. */
FRL_API const char *frl_kernel_lib_name(const frl_kernel_lib *lib, size_t i);

/* ---- a kernel ---- */

typedef struct frl_kernel frl_kernel;

/**
 * @param name  NULL: the library's only one.
 * @return FRL_OK; FRL_E_NOT_FOUND (the message lists those there are); FRL_E_INVALID
 *         (its schemas are broken); FRL_E_UNSUPPORTED (a type that Spark does not have,
 *         or not in this form: the field is named); FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_find(
    frl_kernel **out, frl_kernel_lib *lib, const char *name, frl_error *err);
/** For a kernel that is linked into the program; def must outlive everything. */
FRL_API FRL_NODISCARD frl_status frl_kernel_from_def(
    frl_kernel **out, const frl_kernel_def *def, const frl_mem *mem, frl_error *err);
FRL_API frl_kernel *frl_kernel_ref(frl_kernel *kernel);
/** NULL works. */
FRL_API void frl_kernel_unref(frl_kernel *kernel);

/* All results are borrowed: valid while the caller holds a reference. */
FRL_API const char *frl_kernel_name(const frl_kernel *kernel);
FRL_API const char *frl_kernel_doc(const frl_kernel *kernel);
/** FRL_KERNEL_STATELESS, FRL_KERNEL_ROW_WISE. */
FRL_API int32_t frl_kernel_flags(const frl_kernel *kernel);
/** 1 or 2. */
FRL_API int32_t frl_kernel_inputs(const frl_kernel *kernel);
FRL_API size_t frl_kernel_option_count(const frl_kernel *kernel);
/** NULL beyond the last. */
FRL_API const frl_kernel_option_doc *frl_kernel_option_at(
    const frl_kernel *kernel, size_t i);

/** Which of a kernel's schemas: FRL_KERNEL_OUTPUT, else 0 .. inputs - 1. */
enum { FRL_KERNEL_OUTPUT = -1 };
/** NULL where there is no such schema. */
FRL_API const struct ArrowSchema *frl_kernel_schema(
    const frl_kernel *kernel, int32_t which);
/** Spark DDL: "`col` STRING, `int_col` BIGINT". */
FRL_API const char *frl_kernel_ddl(const frl_kernel *kernel, int32_t which);
/** Spark's StructType JSON, which also says whether elements may be null. */
FRL_API const char *frl_kernel_json(const frl_kernel *kernel, int32_t which);

/* ---- checks ---- */

/** Zero means strict. */
typedef struct frl_schema_match {
  size_t struct_size;
  int types_only;        /* names may differ (fields of a UDF's arguments) */
  int ignore_nullable;   /* a nullable column is taken for one that must not be */
  int ignore_case;       /* of names, ASCII letters only, as Spark's default does */
  int any_string_offset; /* large and view forms of strings and binaries also match */
} frl_schema_match;

/**
 * Whether batches of one schema can be taken for another: the same columns at the same
 * positions, of the same names and Spark types. Nullable for not nullable differs, the
 * other way round matches; comments and other metadata never differ.
 *
 * @param wanted, given  borrowed; structs.
 * @param report         NULL, or gets on FRL_E_INVALID a text of several lines that
 *                       lists every difference and shows both schemas as DDL; to be
 *                       freed with frl_text_free.
 * @return FRL_OK; FRL_E_INVALID (they differ; the message of err says the first);
 *         FRL_E_UNSUPPORTED (given has a type that Spark has not); FRL_E_LIMIT;
 *         FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_schema_match_check(char **report,
    const frl_mem *mem, const struct ArrowSchema *wanted,
    const struct ArrowSchema *given, const frl_schema_match *match, frl_error *err);

/** The same for an input of a kernel; the report begins with the kernel's name. */
FRL_API FRL_NODISCARD frl_status frl_kernel_check_input(char **report,
    const frl_kernel *kernel, int32_t input, const struct ArrowSchema *given,
    const frl_schema_match *match, frl_error *err);

/** Parts of frl_kernel_check that can be left out; the shape never is. */
enum {
  FRL_KERNEL_SKIP_NULLS = 1,
  FRL_KERNEL_SKIP_UTF8 = 2,
  FRL_KERNEL_SKIP_VALUES = 4
};

/**
 * Whether an array is a batch of a schema: its shape (columns, buffers, lengths,
 * offsets that do not run backwards), no null in a column or element that is not
 * nullable, strings that are UTF-8, values within bounds (decimals within their
 * precision, times of day within the day). Buffers are taken to be as long as the
 * lengths say: the interface does not carry their sizes.
 *
 * @param skip  FRL_KERNEL_SKIP_..., added up.
 * @param row   NULL, or gets on failure the row at fault, -1 where it is none.
 * @return FRL_OK; FRL_E_INVALID (the message names field and row); FRL_E_UNSUPPORTED (a
 *         form that is not checked: views, unions, dictionaries, runs).
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_check(const struct ArrowSchema *schema,
    const struct ArrowArray *array, int32_t skip, int64_t *row, frl_error *err);

/**
 * The C declaration of a row type for a schema, as <ferrule/kernel.h> takes it: types
 * for what is nested, then FRL_ROW(name, name_fields). Columns whose names are none in
 * C get a member's name like theirs, and NAME("...").
 *
 * @param schema  a struct; also a foreign one, whose types then are Spark's nearest.
 * @param name    of the row type.
 * @param out     NUL-terminated, to be freed with frl_text_free and the same mem.
 * @return FRL_OK; FRL_E_UNSUPPORTED (a type that kernels cannot have, or a struct
 *         without fields; the field is named); FRL_E_INVALID (name, or a broken
 * schema); FRL_E_LIMIT; FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_header(char **out, const frl_mem *mem,
    const struct ArrowSchema *schema, const char *name, frl_error *err);

/* ---- running ---- */

typedef struct frl_kernel_run frl_kernel_run;

/** Zero means the default. */
typedef struct frl_kernel_run_options {
  size_t struct_size;
  int32_t skip; /* FRL_KERNEL_SKIP_..., of output; all is checked */
} frl_kernel_run_options;

/**
 * An instance of a kernel.
 *
 * @param options  in any order, borrowed during the call; those left out get their
 *                 fallback.
 * @return FRL_OK; FRL_E_INVALID (an option that is unknown, missing, given twice, or
 *         that the kernel refused; the message names it); FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_run_create(frl_kernel_run **out,
    frl_kernel *kernel, const frl_kernel_option *options, size_t n_options,
    const frl_kernel_run_options *run_options, frl_error *err);
/**
 * Hand in a batch. All that came of the one before must have been taken by next.
 *
 * @param batch  a struct array of the input's schema; taken, always: batch->release is
 *               NULL afterwards.
 * @return FRL_OK; FRL_E_INVALID (another shape; or the kernel failed: the message says
 *         "kernel NAME: row N: ..."); FRL_E_STATE (after finish or a failure, results
 *         not taken, input 0 after input 1); FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_run_push(
    frl_kernel_run *run, int32_t input, struct ArrowArray *batch, frl_error *err);
/** No batch will follow. FRL_E_STATE; failures as of push. */
FRL_API FRL_NODISCARD frl_status frl_kernel_run_finish(
    frl_kernel_run *run, frl_error *err);
/**
 * The next batch of output, checked.
 *
 * @return FRL_OK; FRL_NEED_MORE (push or finish); FRL_END (after finish); FRL_E_INVALID
 *         (the kernel failed, or gave a batch that is not of its schema: the message
 *         names field and row); FRL_E_STATE; FRL_E_NOMEM.
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_run_next(
    frl_kernel_run *run, struct ArrowArray *out, frl_error *err);
/** At any time. NULL works. */
FRL_API void frl_kernel_run_destroy(frl_kernel_run *run);

/** The last failure in full: rows are counted over all batches of the input. */
typedef struct frl_kernel_failure {
  const char *message; /* as the kernel gave it; "": no failure so far */
  int64_t row;         /* since the start, from 0; -1: none */
  int64_t row_in_batch;
  int32_t input;
  int32_t fault; /* the kernel broke its own declaration; else it refused its input */
} frl_kernel_failure;

/** message is valid until the next call for this run. */
FRL_API void frl_kernel_run_failure(const frl_kernel_run *run, frl_kernel_failure *out);

typedef struct frl_kernel_stats {
  int64_t batches_in;
  int64_t rows_in;
  int64_t batches_out;
  int64_t rows_out;
  int64_t kernel_ns; /* in the kernel's own functions */
  int64_t check_ns;  /* in the checks of output */
} frl_kernel_stats;

FRL_API void frl_kernel_run_stats(const frl_kernel_run *run, frl_kernel_stats *out);

/* ---- trying ---- */

/** Ways in which batches can be awkward: empty, all null, sliced, huge texts, ... */
FRL_API size_t frl_kernel_trial_count(void);
/** "sliced"; NULL beyond the last. */
FRL_API const char *frl_kernel_trial_name(size_t i);
FRL_API const char *frl_kernel_trial_what(size_t i);

/**
 * Run a kernel on made-up batches of one kind. Their buffers are read-only, and end at
 * memory that cannot be touched: a kernel that writes to its input, or reads beyond it,
 * dies here by SIGSEGV. So run it in a process of its own.
 *
 * @param refused  1 where the kernel itself reported a failure, as it may for values
 *                 that it does not take.
 * @return FRL_OK; FRL_E_INVALID: what it gave is not of its schema, or it keeps
 *         batches, or *refused; as of frl_kernel_run_create.
 */
FRL_API FRL_NODISCARD frl_status frl_kernel_try(frl_kernel *kernel, size_t trial,
    const frl_kernel_option *options, size_t n_options, int *refused, frl_error *err);

/** Where memory lies that a trial's kernel touched and may not. */
typedef enum frl_kernel_place {
  FRL_KERNEL_ELSEWHERE,
  FRL_KERNEL_IN_BUFFER,    /* of a batch that it was given: it may not be written */
  FRL_KERNEL_BEHIND_BUFFER /* on the page where a buffer ends */
} frl_kernel_place;

/** For the handler of a signal, in the thread that called frl_kernel_try. */
FRL_API frl_kernel_place frl_kernel_trial_place(const void *address);

/** What is alive in this process: zero when all was given back. */
typedef struct frl_kernel_live {
  int64_t libs;
  int64_t kernels;
  int64_t runs;
  int64_t batches_in;  /* handed to kernels, not yet released by them */
  int64_t batches_out; /* handed out by next, not yet released */
} frl_kernel_live;

FRL_API void frl_kernel_count_live(frl_kernel_live *out);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_KERNEL_HOST_H */
