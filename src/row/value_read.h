/** One value of a row into its column; nothing in the row's bytes is trusted. */
#ifndef FRL_ROW_VALUE_READ_H
#define FRL_ROW_VALUE_READ_H

#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arrow/columns.h"
#include "row/plan.h"

/** A row, array or map: what offsets count from. */
typedef struct frl_row_region {
  const uint8_t *data;
  size_t size;
  /* what its values may still take of what lies behind its fixed part: values that
     share bytes could make a small row a huge batch */
  size_t left;
} frl_row_region;

/** For messages. */
typedef struct frl_row_place {
  size_t row;
  frl_error *err;
} frl_row_place;

static inline uint64_t frl_row_load64(const uint8_t *p) {
  uint64_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

static inline bool frl_row_bit(const uint8_t *bitmap, size_t i) {
  return (bitmap[i >> 3] >> (i & 7) & 1) != 0;
}

/** The bytes that a word of region points to; FRL_E_MALFORMED. */
FRL_NODISCARD static inline frl_status frl_row_pointed(
    frl_row_region *out, frl_row_region *region, const uint8_t *word) {
  const uint64_t value = frl_row_load64(word);
  const size_t offset = (size_t)(value >> 32);
  const size_t size = (size_t)(value & UINT32_MAX);
  if (offset > region->size || size > region->size - offset || size > region->left) {
    return FRL_E_MALFORMED;
  }
  region->left -= size;
  *out = (frl_row_region){region->data + offset, size, 0};
  return FRL_OK;
}

/** A failure of the node's column as a message. */
frl_status frl_row_read_failed(
    const frl_row_place *at, const frl_row_node *node, frl_status status);

/** The value that lies, or is pointed to, at slot, which is within the region. */
FRL_NODISCARD frl_status frl_row_read_value(frl_col *c, const frl_row_node *node,
    frl_row_region *region, const uint8_t *slot, const frl_row_place *at);

#endif /* FRL_ROW_VALUE_READ_H */
