#include "row/value_read.h"

#include "base/error.h"

frl_status frl_row_read_failed(
    const frl_row_place *at, const frl_row_node *node, frl_status status) {
  const char *why = status == FRL_E_MALFORMED
                        ? "the value's bytes are not those of a row"
                    : status == FRL_E_INVALID ? "null, but declared NOT NULL"
                    : status == FRL_E_LIMIT   ? "more than a batch can hold"
                                              : "out of memory";
  return frl_fail(at->err, status, "rows: row %zu: column \"%s\": %s", at->row,
      node->path ? node->path : "", why);
}

/** Appends null; the node's failure is told. */
static frl_status read_null(
    frl_col *c, const frl_row_node *node, const frl_row_place *at) {
  const frl_status st = frl_col_append_null(c);
  return st == FRL_OK ? FRL_OK : frl_row_read_failed(at, node, st);
}

static frl_status read_decimal_word(frl_col *c, const uint8_t *slot) {
  const int64_t value = (int64_t)frl_row_load64(slot);
  const int64_t both[2] = {value, value < 0 ? -1 : 0};
  return frl_col_append_fixed(c, both);
}

static frl_status read_decimal_bytes(
    frl_col *c, frl_row_region *region, const uint8_t *slot) {
  frl_row_region bytes;
  FRL_TRY(frl_row_pointed(&bytes, region, slot));
  uint8_t value[FRL_ROW_DECIMAL_ROOM];
  if (bytes.size == 0 || bytes.size > sizeof value) return FRL_E_MALFORMED;
  memset(value, bytes.data[0] & 0x80 ? 0xff : 0, sizeof value);
  for (size_t i = 0; i < bytes.size; i++) value[i] = bytes.data[bytes.size - 1 - i];
  return frl_col_append_fixed(c, value);
}

static frl_status read_bytes(frl_col *c, frl_row_region *region, const uint8_t *slot) {
  frl_row_region bytes;
  FRL_TRY(frl_row_pointed(&bytes, region, slot));
  return frl_col_append_bytes(c, bytes.data, bytes.size);
}

static frl_status read_variant(
    frl_col *c, const frl_row_node *node, frl_row_region *region, const uint8_t *slot) {
  frl_row_region both;
  FRL_TRY(frl_row_pointed(&both, region, slot));
  uint32_t value_bytes;
  if (both.size < sizeof value_bytes) return FRL_E_MALFORMED;
  memcpy(&value_bytes, both.data, sizeof value_bytes);
  const uint8_t *value = both.data + sizeof value_bytes;
  const size_t rest = both.size - sizeof value_bytes;
  if (value_bytes > rest) return FRL_E_MALFORMED;
  frl_col *value_col = frl_col_child(c, node->variant_value);
  frl_col *metadata_col = frl_col_child(c, 1 - node->variant_value);
  FRL_TRY(frl_col_append_bytes(value_col, value, value_bytes));
  FRL_TRY(frl_col_append_bytes(metadata_col, value + value_bytes, rest - value_bytes));
  return frl_col_end_struct(c);
}

static frl_status read_flat(
    frl_col *c, const frl_row_node *node, frl_row_region *region, const uint8_t *slot) {
  switch (node->form) {
    case FRL_ROW_VOID:
      return frl_col_append_null(c);
    case FRL_ROW_BOOL:
      return frl_col_append_bool(c, *slot != 0);
    case FRL_ROW_FIXED:
      return frl_col_append_fixed(c, slot);
    case FRL_ROW_DECIMAL_WORD:
      return read_decimal_word(c, slot);
    case FRL_ROW_DECIMAL_BYTES:
      return read_decimal_bytes(c, region, slot);
    case FRL_ROW_BYTES:
      return read_bytes(c, region, slot);
    default:
      return read_variant(c, node, region, slot);
  }
}

/** Elements of an UnsafeArrayData; *n is how many. */
static frl_status read_elements(frl_col *items, const frl_row_node *node,
    frl_row_region *array, size_t *n, const frl_row_place *at) {
  const uint64_t count =
      array->size < FRL_ROW_WORD ? UINT64_MAX : frl_row_load64(array->data);
  /* no element is smaller than a byte, so that nothing below can wrap */
  if (count > array->size) return frl_row_read_failed(at, node, FRL_E_MALFORMED);
  const size_t head = FRL_ROW_WORD + frl_row_bitmap_bytes((size_t)count);
  const size_t fixed = head + frl_row_whole_words((size_t)count * node->width_bytes);
  if (fixed > array->size) return frl_row_read_failed(at, node, FRL_E_MALFORMED);
  array->left = array->size - fixed;
  const uint8_t *nulls = array->data + FRL_ROW_WORD;
  for (size_t i = 0; i < count; i++) {
    if (frl_row_bit(nulls, i)) {
      FRL_TRY(read_null(items, node, at));
      continue;
    }
    const uint8_t *slot = array->data + head + i * node->width_bytes;
    FRL_TRY(frl_row_read_value(items, node, array, slot, at));
  }
  *n = (size_t)count;
  return FRL_OK;
}

static frl_status read_list(frl_col *c, const frl_row_node *node, frl_row_region *array,
    const frl_row_place *at) {
  size_t n;
  FRL_TRY(read_elements(frl_col_items(c), &node->children[0], array, &n, at));
  const frl_status st = frl_col_end_list(c);
  return st == FRL_OK ? FRL_OK : frl_row_read_failed(at, node, st);
}

/** Closes the entries whose keys and values have been read. */
static frl_status end_map(frl_col *c, size_t n_entries) {
  frl_col *entry = frl_col_items(c);
  FRL_TRY(frl_col_end_structs(entry, n_entries));
  return frl_col_end_list(c);
}

static frl_status read_map(frl_col *c, const frl_row_node *node, frl_row_region *map,
    const frl_row_place *at) {
  if (map->size < FRL_ROW_WORD) return frl_row_read_failed(at, node, FRL_E_MALFORMED);
  const size_t both = map->size - FRL_ROW_WORD;
  const uint64_t keys_bytes = frl_row_load64(map->data);
  if (keys_bytes > both) return frl_row_read_failed(at, node, FRL_E_MALFORMED);
  const uint8_t *data = map->data + FRL_ROW_WORD;
  frl_row_region keys = {data, (size_t)keys_bytes, 0};
  frl_row_region values = {data + keys_bytes, both - (size_t)keys_bytes, 0};
  size_t n_keys = 0;
  size_t n_values = 0;
  FRL_TRY(read_elements(frl_col_map_keys(c), &node->children[0], &keys, &n_keys, at));
  FRL_TRY(
      read_elements(frl_col_map_values(c), &node->children[1], &values, &n_values, at));
  const frl_status st = n_keys == n_values ? end_map(c, n_keys) : FRL_E_MALFORMED;
  return st == FRL_OK ? FRL_OK : frl_row_read_failed(at, node, st);
}

static frl_status read_struct(frl_col *c, const frl_row_node *node, frl_row_region *row,
    const frl_row_place *at) {
  const size_t fixed = frl_row_fixed_bytes(node->n_children);
  if (row->size < fixed) return frl_row_read_failed(at, node, FRL_E_MALFORMED);
  row->left = row->size - fixed;
  const uint8_t *words = row->data + frl_row_bitmap_bytes(node->n_children);
  for (size_t i = 0; i < node->n_children; i++) {
    frl_col *field = frl_col_child(c, i);
    const frl_row_node *of = &node->children[i];
    if (frl_row_bit(row->data, i)) {
      FRL_TRY(read_null(field, of, at));
    } else {
      FRL_TRY(frl_row_read_value(field, of, row, words + i * FRL_ROW_WORD, at));
    }
  }
  const frl_status st = frl_col_end_struct(c);
  return st == FRL_OK ? FRL_OK : frl_row_read_failed(at, node, st);
}

frl_status frl_row_read_value(frl_col *c, const frl_row_node *node,
    frl_row_region *region, const uint8_t *slot, const frl_row_place *at) {
  if (node->form < FRL_ROW_LIST) {
    const frl_status st = read_flat(c, node, region, slot);
    return st == FRL_OK ? FRL_OK : frl_row_read_failed(at, node, st);
  }
  frl_row_region inner;
  const frl_status st = frl_row_pointed(&inner, region, slot);
  if (st != FRL_OK) return frl_row_read_failed(at, node, st);
  switch (node->form) {
    case FRL_ROW_LIST:
      return read_list(c, node, &inner, at);
    case FRL_ROW_MAP:
      return read_map(c, node, &inner, at);
    default:
      return read_struct(c, node, &inner, at);
  }
}
