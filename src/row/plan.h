/**
 * How the values of a schema lie in Spark's UnsafeRow, compiled once.
 *
 * A row of n columns: a bitmap of nulls of whole 8-byte words, then a word for each
 * column. What does not fit into a word lies behind them, and the word has its offset
 * from the row's beginning (high half) and its size (low half). A struct is such a row
 * of its own. An array: the number of elements, a bitmap of nulls, the elements in
 * their natural width (a word with offset and size where that is not fixed), filled up
 * to a word; then what the words point to. A map: the size of the array of keys, that
 * array, the array of values. A variant: the size of its value in 4 bytes, the value,
 * the metadata.
 *
 * Facts from Spark's UnsafeRow, UnsafeArrayData, UnsafeMapData and UnsafeWriter.
 *
 * Threads: a plan is not changed once made.
 */
#ifndef FRL_ROW_PLAN_H
#define FRL_ROW_PLAN_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum frl_row_form {
  FRL_ROW_VOID,
  FRL_ROW_BOOL,          /* a byte; in Arrow a bit */
  FRL_ROW_FIXED,         /* width_bytes in both */
  FRL_ROW_DECIMAL_WORD,  /* up to 18 digits: an int64; in Arrow 16 bytes */
  FRL_ROW_DECIMAL_BYTES, /* more: big-endian, as few bytes as it takes */
  FRL_ROW_BYTES,
  FRL_ROW_VARIANT,
  FRL_ROW_LIST,
  FRL_ROW_MAP,
  FRL_ROW_STRUCT
} frl_row_form;

enum {
  FRL_ROW_WORD = 8,
  FRL_ROW_MAX_DEPTH = 60,
  FRL_ROW_DECIMAL_ROOM = 16 /* what Spark leaves for FRL_ROW_DECIMAL_BYTES in a row */
};

typedef struct frl_row_node {
  frl_row_form form;
  uint8_t width_bytes;   /* as an array's element */
  uint8_t variant_value; /* VARIANT: which of the two Arrow children is the value */
  bool nullable;
  char *path; /* for messages: "a.element.b" */
  /* LIST: the element. MAP: key, value. STRUCT: the fields. */
  struct frl_row_node *children;
  size_t n_children;
} frl_row_node;

/** On failure node is still to be handed to deinit; so is a zeroed one. */
FRL_NODISCARD frl_status frl_row_node_init(frl_row_node *node,
    const struct ArrowSchema *schema, const frl_mem *mem, frl_error *err);
void frl_row_node_deinit(frl_row_node *node, const frl_mem *mem);

/** Bytes of the bitmap of nulls for n values. */
static inline size_t frl_row_bitmap_bytes(size_t n) {
  return (n / 64 + (n % 64 != 0)) * FRL_ROW_WORD;
}

/** Bytes of a row's bitmap and words; n is bounded by FRL_SCHEMA_MAX_FIELDS. */
static inline size_t frl_row_fixed_bytes(size_t n_columns) {
  return frl_row_bitmap_bytes(n_columns) + n_columns * FRL_ROW_WORD;
}

/** Up to whole words; n at most SIZE_MAX - 7. */
static inline size_t frl_row_whole_words(size_t n) {
  return (n + FRL_ROW_WORD - 1) & ~(size_t)(FRL_ROW_WORD - 1);
}

#endif /* FRL_ROW_PLAN_H */
