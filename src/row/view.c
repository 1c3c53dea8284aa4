/** Arrays as the writer reaches their values. */
#include "base/error.h"
#include "base/mem.h"
#include "row/value_write.h"

enum { VARIANT_PARTS = 2 };

/** How many views lie below one. A map's are those of its key and its value. */
static size_t parts_of(const frl_row_node *node) {
  return node->form == FRL_ROW_VARIANT ? VARIANT_PARTS : node->n_children;
}

frl_status frl_row_view_init(
    frl_row_view *view, const frl_row_node *node, const frl_mem *mem) {
  *view = (frl_row_view){0};
  const size_t n = parts_of(node);
  if (n == 0) return FRL_OK;
  view->children = frl_calloc(mem, n, sizeof *view->children);
  if (!view->children) return FRL_E_NOMEM;
  view->n_children = n;
  for (size_t i = 0; i < node->n_children; i++) {
    FRL_TRY(frl_row_view_init(&view->children[i], &node->children[i], mem));
  }
  return FRL_OK;
}

void frl_row_view_deinit(frl_row_view *view, const frl_mem *mem) {
  for (size_t i = 0; i < view->n_children; i++) {
    frl_row_view_deinit(&view->children[i], mem);
  }
  frl_free(mem, view->children);
  *view = (frl_row_view){0};
}

static frl_status bind_flat(
    frl_row_view *view, const struct ArrowArray *array, int64_t n_buffers) {
  if (array->n_buffers != n_buffers || array->offset < 0) return FRL_E_INVALID;
  view->offset = (size_t)array->offset;
  const bool nulls = n_buffers > 0 && array->null_count != 0;
  view->validity = nulls ? array->buffers[0] : NULL;
  view->offsets = n_buffers == 3 ? array->buffers[1] : NULL;
  view->values = n_buffers > 1 ? array->buffers[n_buffers - 1] : NULL;
  return FRL_OK;
}

/** Children of a struct array as n views. */
static frl_status bind_children(frl_row_view *view, const frl_row_node *node,
    const struct ArrowArray *array, size_t n) {
  if (array->n_children != (int64_t)n) return FRL_E_INVALID;
  for (size_t i = 0; i < n; i++) {
    FRL_TRY(
        frl_row_view_bind(&view->children[i], &node->children[i], array->children[i]));
  }
  return FRL_OK;
}

static frl_status bind_list(
    frl_row_view *view, const frl_row_node *node, const struct ArrowArray *array) {
  FRL_TRY(bind_flat(view, array, 2));
  view->offsets = view->values;
  return bind_children(view, node, array, 1);
}

/** The entries' own offset goes to keys and values: nothing else is read of them. */
static frl_status bind_map(
    frl_row_view *view, const frl_row_node *node, const struct ArrowArray *array) {
  FRL_TRY(bind_flat(view, array, 2));
  view->offsets = view->values;
  if (array->n_children != 1 || array->children[0]->offset < 0) return FRL_E_INVALID;
  const struct ArrowArray *entries = array->children[0];
  FRL_TRY(bind_children(view, node, entries, 2));
  for (size_t i = 0; i < 2; i++) view->children[i].offset += (size_t)entries->offset;
  return FRL_OK;
}

static frl_status bind_variant(frl_row_view *view, const struct ArrowArray *array) {
  FRL_TRY(bind_flat(view, array, 1));
  if (array->n_children != VARIANT_PARTS) return FRL_E_INVALID;
  for (size_t i = 0; i < VARIANT_PARTS; i++) {
    FRL_TRY(bind_flat(&view->children[i], array->children[i], 3));
  }
  return FRL_OK;
}

frl_status frl_row_view_bind(
    frl_row_view *view, const frl_row_node *node, const struct ArrowArray *array) {
  switch (node->form) {
    case FRL_ROW_VOID:
      return bind_flat(view, array, 0);
    case FRL_ROW_BYTES:
      return bind_flat(view, array, 3);
    case FRL_ROW_LIST:
      return bind_list(view, node, array);
    case FRL_ROW_MAP:
      return bind_map(view, node, array);
    case FRL_ROW_VARIANT:
      return bind_variant(view, array);
    case FRL_ROW_STRUCT:
      FRL_TRY(bind_flat(view, array, 1));
      return bind_children(view, node, array, node->n_children);
    default:
      return bind_flat(view, array, 2);
  }
}
