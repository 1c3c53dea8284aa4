/**
 * The kernel ABI: how a shared library offers functions over Arrow batches.
 *
 * Plain C, nothing to link: a library that exports frl_kernel_list_v1 with these
 * structs is a kernel library, whatever it was written in. Batches and schemas are the
 * two structs of the Arrow C Data Interface
 * (https://arrow.apache.org/docs/format/CDataInterface.html). Authors in C and C++
 * include <ferrule/kernel.h>, which writes all of this from a list of fields; hosts
 * use <ferrule/kernel_host.h>.
 *
 * Life of an instance, as the host drives it:
 *
 *   create
 *   for each batch of input 0, then of input 1:  push, then next until it gives nothing
 *   finish, then next until it gives nothing
 *   release
 *
 * A call that can fail returns 0 or an errno value (EINVAL where none fits better) and
 * then has filled *error. After a failure only release is allowed, which is allowed at
 * any time. What next gave belongs to the host and may outlive the instance; so the
 * host never unloads a library.
 *
 * What the host promises of a batch: a struct array that has, format for format and in
 * this order, the columns of the declared input schema; no row of it is null; no null
 * is in a column that is not nullable. Not promised: that arrays begin at offset 0,
 * that null_count is known (-1), that a validity bitmap is there, that buffers of an
 * empty array are, that values are aligned to their width, that strings are UTF-8.
 *
 * Threads: the list, the definitions and create from any thread at any time; an
 * instance by one thread at a time, not always the same.
 *
 * Frozen: what changes a struct or a rule below comes as frl_kernel_list_v2.
 */
#ifndef FERRULE_KERNEL_ABI_H
#define FERRULE_KERNEL_ABI_H

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

#define FRL_KERNEL_ABI_VERSION 1
/** What the host looks up. */
#define FRL_KERNEL_LIST_SYMBOL "frl_kernel_list_v1"

enum { FRL_KERNEL_MESSAGE_BYTES = 1016 };

/**
 * One failure; the host's memory, zeroed but for row = -1 before the call. The errno
 * value that is given with it may be any; EPROTO says that the kernel broke its own
 * declaration, as by a null in a column that is NOT NULL: a fault of it, and not of
 * what it was given.
 */
typedef struct frl_kernel_error {
  int64_t row; /* of the batch pushed last, from 0, whatever its offset; -1: none */
  char message[FRL_KERNEL_MESSAGE_BYTES]; /* UTF-8, NUL-terminated */
} frl_kernel_error;

/** What an instance is made with: both NUL-terminated UTF-8, borrowed during create. */
typedef struct frl_kernel_option {
  const char *key;
  const char *value;
} frl_kernel_option;

/** An option that a kernel knows. The host refuses all others. */
typedef struct frl_kernel_option_doc {
  const char *key;
  const char *fallback; /* the value if none is given; NULL: it must be given */
  const char *doc;      /* one or two sentences */
} frl_kernel_option_doc;

/** One use of a kernel: a partition, a group, a query. The host's memory. */
typedef struct frl_kernel_instance {
  /**
   * A batch of an input. To keep it, move it: copy the struct and set batch->release to
   * NULL. What is not moved the host releases when the call is back.
   */
  int (*push)(struct frl_kernel_instance *self, int32_t input, struct ArrowArray *batch,
      frl_kernel_error *error);
  /**
   * The next batch of output: a struct array of the declared output schema. With
   * out->release NULL there is none until the next push or finish. Work that makes
   * large results belongs here, batch by batch, so that memory stays bounded.
   */
  int (*next)(struct frl_kernel_instance *self, struct ArrowArray *out,
      frl_kernel_error *error);
  /** No input will follow; results that waited for the end come by next. */
  int (*finish)(struct frl_kernel_instance *self, frl_kernel_error *error);
  /** Frees all but what next gave, and sets release to NULL. */
  void (*release)(struct frl_kernel_instance *self);
  void *private_data;
} frl_kernel_instance;

enum {
  /** What comes of a batch depends on that batch alone, and nothing comes of finish. */
  FRL_KERNEL_STATELESS = 1,
  /** One row out for each row in, in order: it can serve as a scalar function. */
  FRL_KERNEL_ROW_WISE = 2
};

/** One kernel: constant data, valid as long as the library is loaded. */
typedef struct frl_kernel_def {
  const char *name; /* unique in its library; letters, digits, '_', '-', '.' */
  const char *doc;  /* a sentence, or paragraphs separated by empty lines; not NULL */
  int32_t flags;    /* FRL_KERNEL_... */
  int32_t n_inputs; /* 1; 2 for one that takes cogroups: all of input 0 comes first */
  /** A struct; 0 or an errno value (ENOMEM). */
  int (*input_schema)(
      const struct frl_kernel_def *self, int32_t input, struct ArrowSchema *out);
  int (*output_schema)(const struct frl_kernel_def *self, struct ArrowSchema *out);
  int64_t n_options;
  const frl_kernel_option_doc *options; /* NULL with n_options 0 */
  /** Every option of the list is given once, in the list's order. */
  int (*create)(const struct frl_kernel_def *self, const frl_kernel_option *options,
      int64_t n_options, frl_kernel_instance *out, frl_kernel_error *error);
  const void *private_data; /* the kernel's own */
  const void *reserved[4];  /* NULL */
} frl_kernel_def;

typedef struct frl_kernel_list {
  int32_t abi_version; /* FRL_KERNEL_ABI_VERSION */
  int32_t n_kernels;
  const frl_kernel_def *const *kernels;
  const char *producer; /* of the library, such as "ferrule 0.1.0"; may be NULL */
} frl_kernel_list;

#if defined(__GNUC__) || defined(__clang__)
#define FRL_KERNEL_EXPORT __attribute__((visibility("default")))
#else
#define FRL_KERNEL_EXPORT
#endif

/** What every kernel library exports; never NULL, the same at every call. */
FRL_KERNEL_EXPORT const frl_kernel_list *frl_kernel_list_v1(void);
typedef const frl_kernel_list *(*frl_kernel_list_fn)(void);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_KERNEL_ABI_H */
