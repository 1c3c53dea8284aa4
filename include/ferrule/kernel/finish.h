/**
 * Columns under construction as an Arrow struct array.
 *
 * Part of <ferrule/kernel.h>; include that.
 */
#ifndef FERRULE_KERNEL_FINISH_H
#define FERRULE_KERNEL_FINISH_H

#include <errno.h>
#include <ferrule/kernel/builder.h>
#include <stdlib.h>

/** What an array owns; its children are of its block. */
typedef struct frlk_array_own {
  const void *buffers[3];
  void *owned[3];
  struct ArrowArray **pointers;
  struct ArrowArray *children;
  int64_t n;
} frlk_array_own;

static inline void frlk_array_release(struct ArrowArray *array) {
  frlk_array_own *own = (frlk_array_own *)array->private_data;
  for (int64_t i = 0; i < own->n; i++) {
    if (own->children[i].release) own->children[i].release(&own->children[i]);
  }
  for (int i = 0; i < 3; i++) free(own->owned[i]);
  free(own->pointers);
  free(own->children);
  free(own);
  array->release = NULL;
}

/** An array without buffers and with n children, all zero. 0 or ENOMEM. */
static inline int frlk_array_begin(struct ArrowArray *out, int64_t rows, int64_t n) {
  const size_t count = n > 0 ? (size_t)n : 1;
  memset(out, 0, sizeof *out);
  frlk_array_own *own = (frlk_array_own *)calloc(1, sizeof *own);
  if (!own) return ENOMEM;
  own->children = (struct ArrowArray *)calloc(count, sizeof *own->children);
  own->pointers = (struct ArrowArray **)calloc(count, sizeof *own->pointers);
  own->n = own->children ? n : 0;
  out->private_data = own;
  out->release = frlk_array_release;
  if (!own->children || !own->pointers) {
    frlk_array_release(out);
    return ENOMEM;
  }
  for (int64_t i = 0; i < n; i++) own->pointers[i] = &own->children[i];
  out->length = rows;
  out->n_buffers = 1;
  out->n_children = n;
  out->buffers = own->buffers;
  out->children = n ? own->pointers : NULL;
  return 0;
}

/** Gives the builder's buffers to the array. */
FRLK_FN void frlk_move_buffers(struct ArrowArray *out, frl_builder *b) {
  /* what an empty buffer points to: some readers do not take NULL */
  static const uint64_t nothing[2] = {0, 0};
  frlk_array_own *own = (frlk_array_own *)out->private_data;
  const bool values = frlk_width(b->kind) || b->kind == FRLK_BOOLEAN;
  out->null_count = b->nulls;
  own->owned[0] = b->validity;
  own->owned[1] = b->values;
  own->owned[2] = b->offsets;
  own->buffers[0] = b->nulls ? b->validity : NULL;
  if (values) {
    own->buffers[1] = b->values ? (const void *)b->values : (const void *)nothing;
    out->n_buffers = 2;
  } else if (frlk_builder_has_offsets(b)) {
    own->buffers[1] = b->offsets ? (const void *)b->offsets : (const void *)nothing;
    own->buffers[2] = b->values ? (const void *)b->values : (const void *)nothing;
    out->n_buffers = b->kind == FRLK_STRING || b->kind == FRLK_BINARY ? 3 : 2;
  }
  if (b->rows > b->first_rows / 2) b->first_rows = b->rows + b->rows / 8;
  if (b->used_bytes > b->first_bytes / 2) {
    b->first_bytes = b->used_bytes + b->used_bytes / 8;
  }
  b->values = NULL;
  b->offsets = NULL;
  b->validity = NULL;
  b->rows = b->room = b->used_bytes = b->room_bytes = b->nulls = 0;
}

/** All arrays first: when one cannot be had, the builders still have their rows. */
static inline int frlk_array_tree(struct ArrowArray *out, const frl_builder *b) {
  const bool map = b->kind == FRLK_MAP;
  int rc = frlk_array_begin(out, b->rows, map ? 1 : b->n_children);
  if (rc) return rc;
  struct ArrowArray *parent = out;
  if (map) {
    rc = frlk_array_begin(out->children[0], b->children[0].rows, 2);
    parent = out->children[0];
  }
  for (int64_t i = 0; rc == 0 && i < b->n_children; i++) {
    rc = frlk_array_tree(parent->children[i], &b->children[i]);
  }
  if (rc) frlk_array_release(out);
  return rc;
}

static inline void frlk_array_fill(struct ArrowArray *out, frl_builder *b) {
  struct ArrowArray *parent = b->kind == FRLK_MAP ? out->children[0] : out;
  for (int64_t i = 0; i < b->n_children; i++) {
    frlk_array_fill(parent->children[i], &b->children[i]);
  }
  frlk_move_buffers(out, b);
}

/**
 * The rows as a struct array; the builder is empty afterwards. EINVAL with *uneven, if
 * a column has not as many values as there are rows; ENOMEM: nothing has changed.
 */
static inline int frlk_finish(
    frl_builder *root, struct ArrowArray *out, const frl_builder **uneven) {
  for (int64_t i = 0; i < root->n_children; i++) {
    if (root->children[i].rows == root->rows) continue;
    *uneven = &root->children[i];
    return EINVAL;
  }
  const int rc = frlk_array_tree(out, root);
  if (rc == 0) frlk_array_fill(out, root);
  return rc;
}

#endif /* FERRULE_KERNEL_FINISH_H */
