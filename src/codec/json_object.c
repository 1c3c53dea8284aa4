/** JSON objects and arrays into columns with parts. */
#include "codec/json_decoder.h"

/* As deep as the schema, whose depth is bounded. */
static inline frl_json_fit convert(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  if (unsafe_yyjson_is_null(val)) return frl_json_appended(d, frl_col_append_null(col));
  return node->read(d, node, col, val);
}

/* A record mostly has its fields where the one before had them. */
static int32_t find_field(frl_json_decoder *d, const frl_json_node *node, size_t at,
    const char *name, size_t n) {
  if (at >= node->memo_len) return frl_json_node_find(node, name, n);
  int32_t *const memo = &d->memo[node->memo_at + at];
  if (*memo >= 0 && frl_json_node_is(&node->children[*memo], name, n)) return *memo;
  const int32_t found = frl_json_node_find(node, name, n);
  if (found >= 0) *memo = found;
  return found;
}

/* A field that is there already: the last value that fits wins. */
static frl_json_fit convert_again(frl_json_decoder *d, const frl_json_node *node,
    frl_col *col, size_t n_rows, yyjson_val *val) {
  const frl_json_fit fit = convert(d, node, col, val);
  if (fit == FRL_FIT_BAD || fit == FRL_FIT_STOP) return fit;
  frl_col_truncate(col, n_rows);
  return convert(d, node, col, val);
}

frl_json_fit frl_json_object(frl_json_decoder *d, const frl_json_node *node,
    frl_col *const *cols, size_t n_rows, yyjson_val *object) {
  frl_json_fit result = FRL_FIT_OK;
  const size_t n = unsafe_yyjson_get_len(object);
  yyjson_val *key = unsafe_yyjson_get_first(object);
  for (size_t at = 0; at < n; at++) {
    yyjson_val *const val = key + 1;
    const int32_t field =
        find_field(d, node, at, unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key));
    if (field >= 0) {
      const frl_json_node *const child = &node->children[field];
      frl_col *const col = cols[field];
      const frl_json_fit fit = col->rows == n_rows
                                   ? convert(d, child, col, val)
                                   : convert_again(d, child, col, n_rows, val);
      if (fit == FRL_FIT_STOP) return fit;
      if (fit != FRL_FIT_OK) result = FRL_FIT_PARTIAL;
    }
    key = unsafe_yyjson_get_next(val);
  }
  return result;
}

enum { FEW_FIELDS = 32 };

static frl_json_fit fields_of(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  frl_col *few[FEW_FIELDS];
  frl_col **cols = few;
  if (node->n_children > FEW_FIELDS) {
    const yyjson_alc alc = frl_json_arena_alc(&d->arena);
    cols = alc.malloc(alc.ctx, node->n_children * sizeof *cols);
    if (!cols) return frl_json_appended(d, FRL_E_NOMEM);
  }
  for (size_t i = 0; i < node->n_children; i++) cols[i] = frl_col_child(col, i);
  return frl_json_object(d, node, cols, col->rows, val);
}

static frl_json_fit structure(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  if (!yyjson_is_obj(val)) return frl_json_misfit(d, node, val, NULL);
  const frl_json_fit fit = fields_of(d, node, col, val);
  if (fit == FRL_FIT_STOP) return fit;
  const frl_status st = frl_col_end_struct(col);
  return st == FRL_OK ? fit : frl_json_appended(d, st);
}

/* What has been appended below goes away with the whole. */
static frl_json_fit spoiled(frl_col *col, frl_json_fit fit) {
  if (fit == FRL_FIT_BAD) frl_col_truncate(col, col->rows);
  return fit;
}

static frl_json_fit array(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  if (!yyjson_is_arr(val)) return frl_json_misfit(d, node, val, NULL);
  frl_json_fit result = FRL_FIT_OK;
  const size_t n = unsafe_yyjson_get_len(val);
  yyjson_val *item = unsafe_yyjson_get_first(val);
  for (size_t i = 0; i < n; i++) {
    const frl_json_fit fit = convert(d, &node->children[0], frl_col_items(col), item);
    if (fit >= FRL_FIT_BAD) return spoiled(col, fit);
    if (fit == FRL_FIT_PARTIAL) result = fit;
    item = unsafe_yyjson_get_next(item);
  }
  const frl_status st = frl_col_end_list(col);
  return st == FRL_OK ? result : frl_json_appended(d, st);
}

static frl_json_fit entry(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *key) {
  frl_status st = frl_col_append_bytes(
      frl_col_map_keys(col), unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key));
  if (st != FRL_OK) return frl_json_appended(d, st);
  const frl_json_fit fit =
      convert(d, &node->children[0], frl_col_map_values(col), key + 1);
  if (fit >= FRL_FIT_BAD) return fit;
  st = frl_col_end_struct(frl_col_items(col));
  return st == FRL_OK ? fit : frl_json_appended(d, st);
}

static frl_json_fit map(
    frl_json_decoder *d, const frl_json_node *node, frl_col *col, yyjson_val *val) {
  if (!yyjson_is_obj(val)) return frl_json_misfit(d, node, val, NULL);
  frl_json_fit result = FRL_FIT_OK;
  const size_t n = unsafe_yyjson_get_len(val);
  yyjson_val *key = unsafe_yyjson_get_first(val);
  for (size_t i = 0; i < n; i++) {
    const frl_json_fit fit = entry(d, node, col, key);
    if (fit >= FRL_FIT_BAD) return spoiled(col, fit);
    if (fit == FRL_FIT_PARTIAL) result = fit;
    key = unsafe_yyjson_get_next(key + 1);
  }
  const frl_status st = frl_col_end_list(col);
  return st == FRL_OK ? result : frl_json_appended(d, st);
}

frl_json_read_fn frl_json_reader(frl_spark_kind kind) {
  switch (kind) {
    case FRL_SPARK_STRUCT:
      return structure;
    case FRL_SPARK_ARRAY:
      return array;
    case FRL_SPARK_MAP:
      return map;
    default:
      return frl_json_scalar_reader(kind);
  }
}
