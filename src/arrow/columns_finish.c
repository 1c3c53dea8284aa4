/** Finished columns as an Arrow array. */
#include "arrow/columns.h"
#include "arrow/columns_internal.h"
#include "base/error.h"
#include "base/mem.h"

/**
 * What one exported array owns. Each has its own, so that a child moved away does not
 * depend on its parent.
 */
typedef struct array_node {
  frl_pool *pool;
  frl_pool_buf bufs[3];
  const void *buffers[3];
  struct ArrowArray **child_ptrs;
  struct ArrowArray *children;
  size_t n_children;
} array_node;

/** What offsets and values point to when there are no rows. */
static const int64_t empty_values[8] = {0};

static void array_release(struct ArrowArray *array) {
  array_node *node = array->private_data;
  array->release = NULL;
  for (size_t i = 0; i < node->n_children; i++) {
    frl_array_release(node->child_ptrs[i]); /* nothing if it was moved out */
  }
  frl_pool *pool = node->pool;
  for (size_t i = 0; i < 3; i++) frl_pool_put(pool, &node->bufs[i]);
  frl_free(frl_pool_mem(pool), node);
  frl_pool_unref(pool);
}

static array_node *node_new(frl_pool *pool, size_t n_children) {
  const size_t each = sizeof(struct ArrowArray) + sizeof(struct ArrowArray *);
  size_t size;
  if (frl_mul_overflows(n_children, each, &size) ||
      frl_add_overflows(size, sizeof(array_node), &size)) {
    return NULL;
  }
  array_node *node = frl_calloc(frl_pool_mem(pool), 1, size);
  if (!node) return NULL;
  node->pool = frl_pool_ref(pool);
  node->n_children = n_children;
  node->children = (struct ArrowArray *)(void *)(node + 1);
  node->child_ptrs = (struct ArrowArray **)(void *)(node->children + n_children);
  for (size_t i = 0; i < n_children; i++) node->child_ptrs[i] = &node->children[i];
  return node;
}

/** The tree of arrays without any buffer: all that can fail. */
static frl_status make_nodes(const frl_col *c, struct ArrowArray *out) {
  array_node *node = node_new(c->owner->pool, c->n_children);
  if (!node) return FRL_E_NOMEM;
  *out = (struct ArrowArray){.release = array_release, .private_data = node};
  out->buffers = node->buffers;
  out->n_children = (int64_t)node->n_children;
  out->children = node->n_children ? node->child_ptrs : NULL;
  for (size_t i = 0; i < c->n_children; i++) {
    FRL_TRY(make_nodes(&c->children[i], &node->children[i]));
  }
  return FRL_OK;
}

static const void *or_empty(const void *data) { return data ? data : empty_values; }

static void set_buffers(const frl_col *c, struct ArrowArray *out, array_node *node) {
  node->buffers[0] = c->nulls ? c->validity : NULL;
  switch (c->layout.kind) {
    case FRL_LAYOUT_BYTES:
      out->n_buffers = 3;
      node->buffers[1] = or_empty(c->offsets);
      node->buffers[2] = or_empty(c->values);
      break;
    case FRL_LAYOUT_LIST:
    case FRL_LAYOUT_MAP:
      out->n_buffers = 2;
      node->buffers[1] = or_empty(c->offsets);
      break;
    case FRL_LAYOUT_FIXED:
    case FRL_LAYOUT_BOOL:
      out->n_buffers = 2;
      node->buffers[1] = or_empty(c->values);
      break;
    case FRL_LAYOUT_STRUCT:
      out->n_buffers = 1;
      break;
    case FRL_LAYOUT_NULL:
    case FRL_LAYOUT_OTHER:
      out->n_buffers = 0;
      break;
  }
}

static void reset(frl_col *c) {
  c->hint_rows = frl_pool_learn(c->hint_rows, c->rows);
  c->hint_bytes = frl_pool_learn(c->hint_bytes, c->used_bytes);
  c->values = NULL;
  c->offsets = NULL;
  c->validity = NULL;
  c->rows = 0;
  c->used_bytes = 0;
  c->room_bytes = 0;
  c->nulls = 0;
  c->values_buf = c->offsets_buf = c->validity_buf = (frl_pool_buf){0};
  c->room_rows = frl__col_rows_that_fit(c);
}

static void move_buffers(frl_col *c, struct ArrowArray *out) {
  array_node *node = out->private_data;
  out->length = (int64_t)c->rows;
  out->null_count = (int64_t)c->nulls;
  set_buffers(c, out, node);
  node->bufs[0] = c->validity_buf;
  node->bufs[1] = c->offsets_buf;
  node->bufs[2] = c->values_buf;
  for (size_t i = 0; i < c->n_children; i++) {
    move_buffers(&c->children[i], &node->children[i]);
  }
  reset(c);
}

frl_status frl_columns_finish(
    frl_columns *columns, struct ArrowArray *out, frl_error *err) {
  *out = (struct ArrowArray){0};
  struct ArrowArray tree = {0};
  const frl_status st = make_nodes(&columns->root, &tree);
  if (st != FRL_OK) {
    frl_array_release(&tree);
    return frl_fail(err, st, "columns: out of memory for a batch");
  }
  move_buffers(&columns->root, &tree);
  *out = tree;
  return FRL_OK;
}
