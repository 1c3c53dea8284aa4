/** One value of a column into a row; the column is trusted to be what it says. */
#ifndef FRL_ROW_VALUE_WRITE_H
#define FRL_ROW_VALUE_WRITE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "row/plan.h"

/** An array as its values are reached: index 0 is the first of its buffers' values. */
typedef struct frl_row_view {
  const uint8_t *validity; /* NULL: no nulls */
  const uint8_t *values;   /* values, bits, or the bytes of BYTES */
  const uint8_t *offsets;  /* int32; need not be aligned */
  size_t offset;           /* of the array */
  struct frl_row_view *children;
  size_t n_children;
} frl_row_view;

/** Views without arrays, for the plan. FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_row_view_init(
    frl_row_view *view, const frl_row_node *node, const frl_mem *mem);
void frl_row_view_deinit(frl_row_view *view, const frl_mem *mem);
/** Points the views to an array; FRL_E_INVALID: another shape. */
FRL_NODISCARD frl_status frl_row_view_bind(
    frl_row_view *view, const frl_row_node *node, const struct ArrowArray *array);

static inline bool frl_row_view_null(const frl_row_view *view, size_t i) {
  return view->validity && !(view->validity[i >> 3] >> (i & 7) & 1);
}

/** Where the i-th list or text begins. */
static inline size_t frl_row_view_begin(const frl_row_view *view, size_t i) {
  int32_t begin;
  memcpy(&begin, view->offsets + i * sizeof begin, sizeof begin);
  return (size_t)begin;
}

static inline void frl_row_store64(uint8_t *p, uint64_t value) {
  memcpy(p, &value, sizeof value);
}

static inline void frl_row_set_bit(uint8_t *bitmap, size_t i) {
  bitmap[i >> 3] = (uint8_t)(bitmap[i >> 3] | 1u << (i & 7));
}

/** Points a row's word to size bytes at offset. */
static inline void frl_row_point(uint8_t *word, size_t offset, size_t size) {
  frl_row_store64(word, (uint64_t)offset << 32 | size);
}

/** Writes n bytes, and zeros up to the end of their last word; gives the bytes used. */
static inline size_t frl_row_put_bytes(uint8_t *to, const uint8_t *from, size_t n) {
  const size_t whole = frl_row_whole_words(n);
  if (n == 0) return 0;
  memset(to + whole - FRL_ROW_WORD, 0, FRL_ROW_WORD);
  memcpy(to, from, n);
  return whole;
}

/** The same a word at a time: as many bytes as the last of them can be read of from. */
static inline size_t frl_row_put_words(uint8_t *to, const uint8_t *from, size_t n) {
  const size_t whole = frl_row_whole_words(n);
  for (size_t at = 0; at < whole; at += FRL_ROW_WORD) {
    const size_t left = n - at;
    uint64_t word;
    memcpy(&word, from + at, sizeof word);
    if (left < FRL_ROW_WORD) word &= ((uint64_t)1 << (left * 8)) - 1;
    frl_row_store64(to + at, word);
  }
  return whole;
}

/**
 * Bytes that the i-th value takes behind the fixed part of a row, or of an array:
 * whole words; more than a row may have where it is above INT32_MAX.
 */
size_t frl_row_value_bytes(
    const frl_row_node *node, const frl_row_view *view, size_t i, bool in_array);

/** Where a row or array is being written. */
typedef struct frl_row_target {
  uint8_t *data;
  size_t used; /* bytes from data on: the next value goes there */
} frl_row_target;

/** Writes the i-th value, not null, into slot and behind what is used. */
void frl_row_write_value(const frl_row_node *node, const frl_row_view *view, size_t i,
    frl_row_target *target, uint8_t *slot, bool in_array);
/** Null: the bit is the caller's; slot is zero already. */
void frl_row_write_null(
    const frl_row_node *node, frl_row_target *target, uint8_t *slot, bool in_array);

#endif /* FRL_ROW_VALUE_WRITE_H */
