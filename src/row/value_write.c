#include "row/value_write.h"

enum { VARIANT_HEAD_BYTES = 4, DECIMAL_BYTES = 16 };

/** Bytes of a two's complement number without those that only repeat its sign. */
static size_t significant_bytes(const uint8_t *little_endian) {
  size_t n = DECIMAL_BYTES;
  while (n > 1) {
    const uint8_t last = little_endian[n - 1];
    const bool negative = (little_endian[n - 2] & 0x80) != 0;
    if (last != (negative ? 0xff : 0)) break;
    n--;
  }
  return n;
}

static size_t bytes_length(const frl_row_view *view, size_t i) {
  return frl_row_view_begin(view, i + 1) - frl_row_view_begin(view, i);
}

static size_t variant_bytes(const frl_row_view *view, size_t i) {
  size_t n = VARIANT_HEAD_BYTES;
  for (size_t p = 0; p < view->n_children; p++) {
    const frl_row_view *part = &view->children[p];
    n += bytes_length(part, i + part->offset);
  }
  return n;
}

static bool points(const frl_row_node *node) {
  return node->form >= FRL_ROW_DECIMAL_BYTES;
}

/** Bytes of an array's number, bitmap and elements, without what these point to. */
static size_t array_fixed_bytes(const frl_row_node *element, size_t n) {
  return FRL_ROW_WORD + frl_row_bitmap_bytes(n) +
         frl_row_whole_words(n * element->width_bytes);
}

static size_t array_bytes(
    const frl_row_node *element, const frl_row_view *view, size_t first, size_t n) {
  size_t bytes = array_fixed_bytes(element, n);
  if (!points(element)) return bytes;
  for (size_t i = first; i < first + n; i++) {
    const size_t at = i + view->offset;
    if (frl_row_view_null(view, at)) continue;
    bytes += frl_row_value_bytes(element, view, at, true);
  }
  return bytes;
}

static size_t struct_bytes(
    const frl_row_node *node, const frl_row_view *view, size_t i) {
  size_t bytes = frl_row_fixed_bytes(node->n_children);
  for (size_t f = 0; f < node->n_children; f++) {
    if (!points(&node->children[f])) continue;
    const frl_row_view *field = &view->children[f];
    bytes += frl_row_value_bytes(&node->children[f], field, i + field->offset, false);
  }
  return bytes;
}

size_t frl_row_value_bytes(
    const frl_row_node *node, const frl_row_view *view, size_t i, bool in_array) {
  if (node->form == FRL_ROW_DECIMAL_BYTES) {
    if (!in_array) return FRL_ROW_DECIMAL_ROOM; /* null or not */
    return frl_row_whole_words(significant_bytes(view->values + i * DECIMAL_BYTES));
  }
  if (!points(node) || frl_row_view_null(view, i)) return 0;
  if (node->form == FRL_ROW_BYTES) return frl_row_whole_words(bytes_length(view, i));
  if (node->form == FRL_ROW_VARIANT) return frl_row_whole_words(variant_bytes(view, i));
  if (node->form == FRL_ROW_STRUCT) return struct_bytes(node, view, i);
  const size_t first = frl_row_view_begin(view, i);
  const size_t n = frl_row_view_begin(view, i + 1) - first;
  size_t bytes = array_bytes(&node->children[0], &view->children[0], first, n);
  if (node->form == FRL_ROW_MAP) {
    bytes += FRL_ROW_WORD;
    bytes += array_bytes(&node->children[1], &view->children[1], first, n);
  }
  return bytes;
}

static void write_decimal_bytes(const frl_row_view *view, size_t i,
    frl_row_target *target, uint8_t *slot, bool in_array) {
  const uint8_t *value = view->values + i * DECIMAL_BYTES;
  const size_t n = significant_bytes(value);
  const size_t room = in_array ? frl_row_whole_words(n) : FRL_ROW_DECIMAL_ROOM;
  uint8_t *to = target->data + target->used;
  memset(to, 0, room);
  for (size_t b = 0; b < n; b++) to[b] = value[n - 1 - b];
  frl_row_point(slot, target->used, n);
  target->used += room;
}

static void write_variant(const frl_row_node *node, const frl_row_view *view, size_t i,
    frl_row_target *target, uint8_t *slot) {
  const size_t n = variant_bytes(view, i);
  const size_t whole = frl_row_whole_words(n);
  uint8_t *to = target->data + target->used;
  memset(to + whole - FRL_ROW_WORD, 0, FRL_ROW_WORD);
  const frl_row_view *value = &view->children[node->variant_value];
  const frl_row_view *metadata = &view->children[1 - node->variant_value];
  const size_t at = i + value->offset;
  const size_t meta_at = i + metadata->offset;
  const uint32_t value_bytes = (uint32_t)bytes_length(value, at);
  memcpy(to, &value_bytes, sizeof value_bytes);
  uint8_t *rest = to + sizeof value_bytes;
  if (value_bytes)
    memcpy(rest, value->values + frl_row_view_begin(value, at), value_bytes);
  const size_t meta_bytes = n - VARIANT_HEAD_BYTES - value_bytes;
  if (meta_bytes) {
    memcpy(rest + value_bytes, metadata->values + frl_row_view_begin(metadata, meta_at),
        meta_bytes);
  }
  frl_row_point(slot, target->used, n);
  target->used += whole;
}

/** Elements first .. first + n - 1 as an UnsafeArrayData at the target's end. */
static void write_array(const frl_row_node *element, const frl_row_view *view,
    size_t first, size_t n, frl_row_target *target) {
  frl_row_target array = {target->data + target->used, array_fixed_bytes(element, n)};
  memset(array.data, 0, array.used);
  frl_row_store64(array.data, n);
  uint8_t *bitmap = array.data + FRL_ROW_WORD;
  uint8_t *slots = bitmap + frl_row_bitmap_bytes(n);
  for (size_t i = 0; i < n; i++) {
    const size_t at = first + i + view->offset;
    uint8_t *slot = slots + i * element->width_bytes;
    if (element->form == FRL_ROW_VOID || frl_row_view_null(view, at)) {
      frl_row_set_bit(bitmap, i);
      frl_row_write_null(element, &array, slot, true);
    } else {
      frl_row_write_value(element, view, at, &array, slot, true);
    }
  }
  target->used += array.used;
}

static void write_map(const frl_row_node *node, const frl_row_view *view, size_t first,
    size_t n, frl_row_target *target) {
  uint8_t *keys_bytes = target->data + target->used;
  target->used += FRL_ROW_WORD;
  const size_t before = target->used;
  write_array(&node->children[0], &view->children[0], first, n, target);
  frl_row_store64(keys_bytes, target->used - before);
  write_array(&node->children[1], &view->children[1], first, n, target);
}

static void write_struct(const frl_row_node *node, const frl_row_view *view, size_t i,
    frl_row_target *target) {
  frl_row_target row = {
      target->data + target->used, frl_row_fixed_bytes(node->n_children)};
  memset(row.data, 0, row.used);
  uint8_t *words = row.data + frl_row_bitmap_bytes(node->n_children);
  for (size_t f = 0; f < node->n_children; f++) {
    const frl_row_node *of = &node->children[f];
    const frl_row_view *field = &view->children[f];
    uint8_t *word = words + f * FRL_ROW_WORD;
    const size_t at = i + field->offset;
    if (of->form == FRL_ROW_VOID || frl_row_view_null(field, at)) {
      frl_row_set_bit(row.data, f);
      frl_row_write_null(of, &row, word, false);
    } else {
      frl_row_write_value(of, field, at, &row, word, false);
    }
  }
  target->used += row.used;
}

static void write_nested(const frl_row_node *node, const frl_row_view *view, size_t i,
    frl_row_target *target, uint8_t *slot) {
  const size_t before = target->used;
  if (node->form == FRL_ROW_STRUCT) {
    write_struct(node, view, i, target);
  } else {
    const size_t first = frl_row_view_begin(view, i);
    const size_t n = frl_row_view_begin(view, i + 1) - first;
    if (node->form == FRL_ROW_MAP) {
      write_map(node, view, first, n, target);
    } else {
      write_array(&node->children[0], &view->children[0], first, n, target);
    }
  }
  frl_row_point(slot, before, target->used - before);
}

void frl_row_write_value(const frl_row_node *node, const frl_row_view *view, size_t i,
    frl_row_target *target, uint8_t *slot, bool in_array) {
  switch (node->form) {
    case FRL_ROW_VOID:
      break;
    case FRL_ROW_BOOL:
      *slot = view->values[i >> 3] >> (i & 7) & 1;
      break;
    case FRL_ROW_FIXED:
      memcpy(slot, view->values + i * node->width_bytes, node->width_bytes);
      break;
    case FRL_ROW_DECIMAL_WORD:
      memcpy(slot, view->values + i * DECIMAL_BYTES, FRL_ROW_WORD);
      break;
    case FRL_ROW_DECIMAL_BYTES:
      write_decimal_bytes(view, i, target, slot, in_array);
      break;
    case FRL_ROW_BYTES: {
      const size_t begin = frl_row_view_begin(view, i);
      const size_t n = frl_row_view_begin(view, i + 1) - begin;
      frl_row_point(slot, target->used, n);
      target->used +=
          frl_row_put_bytes(target->data + target->used, view->values + begin, n);
      break;
    }
    case FRL_ROW_VARIANT:
      write_variant(node, view, i, target, slot);
      break;
    default:
      write_nested(node, view, i, target, slot);
      break;
  }
}

void frl_row_write_null(
    const frl_row_node *node, frl_row_target *target, uint8_t *slot, bool in_array) {
  /* Spark leaves room, so that a value can be set later */
  if (node->form != FRL_ROW_DECIMAL_BYTES || in_array) return;
  memset(target->data + target->used, 0, FRL_ROW_DECIMAL_ROOM);
  frl_row_point(slot, target->used, 0);
  target->used += FRL_ROW_DECIMAL_ROOM;
}
