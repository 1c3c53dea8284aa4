/**
 * Reading a batch: columns as views of its buffers, nothing copied.
 *
 * Part of <ferrule/kernel.h>; include that.
 */
#ifndef FERRULE_KERNEL_COLUMN_H
#define FERRULE_KERNEL_COLUMN_H

#include <errno.h>
#include <ferrule/kernel/types.h>
#include <stdlib.h>

/** A column of the batch that is bound; row 0 is its first, whatever the offset. */
typedef struct frl_column {
  const uint8_t *validity; /* NULL: no row is null */
  const uint8_t *values;   /* fixed values from row 0 on; all bits or bytes otherwise */
  const int32_t *offsets;  /* of row 0; strings, lists, maps */
  int64_t base;            /* bit of row 0 in validity, and in values of a BOOLEAN */
  int64_t rows;
  struct frl_column *children;
  int64_t n_children;
} frl_column;

/** Memory for the elements of lists, given back at once. */
typedef struct frlk_arena {
  struct frlk_chunk *chunks;
} frlk_arena;

typedef struct frlk_chunk {
  struct frlk_chunk *next;
  size_t room;
  size_t used;
  uint64_t bytes[1]; /* room of them, aligned */
} frlk_chunk;

enum { FRLK_CHUNK_BYTES = 32768 };

/** NULL: out of memory. n 0 gives a valid pointer. */
FRLK_FN void *frlk_arena_get(frlk_arena *arena, int64_t n, size_t size) {
  if (n < 0 || (size && (uint64_t)n > (SIZE_MAX / 4) / size)) return NULL;
  const size_t bytes = ((size_t)n * size + 15) & ~(size_t)15;
  frlk_chunk *chunk = arena->chunks;
  if (!chunk || chunk->room - chunk->used < bytes) {
    const size_t least = FRLK_CHUNK_BYTES;
    const size_t room = bytes > least ? bytes : least;
    chunk = (frlk_chunk *)malloc(sizeof *chunk + room);
    if (!chunk) return NULL;
    chunk->next = arena->chunks;
    chunk->room = room;
    chunk->used = 0;
    arena->chunks = chunk;
  }
  void *got = (char *)chunk->bytes + chunk->used;
  chunk->used += bytes;
  return got;
}

/** Keeps one chunk for what comes next, unless all is to go. */
FRLK_FN void frlk_arena_reset(frlk_arena *arena, bool all) {
  frlk_chunk *keep = NULL;
  while (arena->chunks) {
    frlk_chunk *chunk = arena->chunks;
    arena->chunks = chunk->next;
    if (!all && !keep && chunk->room == FRLK_CHUNK_BYTES) {
      keep = chunk;
      keep->next = NULL;
      keep->used = 0;
    } else {
      free(chunk);
    }
  }
  arena->chunks = keep;
}

/* ---- binding ---- */

static inline void frlk_column_deinit(frl_column *c) {
  for (int64_t i = 0; i < c->n_children; i++) frlk_column_deinit(&c->children[i]);
  free(c->children);
  memset(c, 0, sizeof *c);
}

/** The tree of columns below a declaration. 0 or ENOMEM. */
static inline int frlk_column_init(frl_column *c, const frlk_info *info) {
  memset(c, 0, sizeof *c);
  if (!info || info->n == 0) return 0;
  c->children = (frl_column *)calloc((size_t)info->n, sizeof *c->children);
  if (!c->children) return ENOMEM;
  c->n_children = info->n;
  for (int64_t i = 0; i < info->n; i++) {
    const int rc = frlk_column_init(&c->children[i], frlk_parts(&info->fields[i].type));
    if (rc) {
      frlk_column_deinit(c);
      return rc;
    }
  }
  return 0;
}

FRLK_FN int64_t frlk_buffer_count(frlk_kind kind) {
  if (kind == FRLK_STRING || kind == FRLK_BINARY) return 3;
  if (kind == FRLK_STRUCT || frlk_hidden_parts(kind)) return 1;
  return 2;
}

FRLK_FN bool frlk_has_offsets(frlk_kind kind) {
  return kind == FRLK_STRING || kind == FRLK_BINARY || kind == FRLK_ARRAY ||
         kind == FRLK_MAP;
}

static inline int frlk_column_bind(frl_column *c, const frlk_type *type,
    const struct ArrowArray *array, int64_t from, int64_t rows);

static inline int frlk_children_bind(frl_column *c, const frlk_type *type,
    const struct ArrowArray *array, int64_t from, int64_t rows) {
  const frlk_info *info = frlk_parts(type);
  if (array->n_children != info->n || (info->n && !array->children)) return EINVAL;
  for (int64_t i = 0; i < info->n; i++) {
    const int rc = frlk_column_bind(
        &c->children[i], &info->fields[i].type, array->children[i], from, rows);
    if (rc) return rc;
  }
  return 0;
}

/** Elements: all those that the rows of the list reach. */
static inline int frlk_items_bind(
    frl_column *c, const frlk_type *type, const struct ArrowArray *array) {
  const int64_t reach = c->rows ? c->offsets[c->rows] : 0;
  if (reach < 0) return EINVAL;
  if (type->kind == FRLK_ARRAY) return frlk_children_bind(c, type, array, 0, reach);
  if (array->n_children != 1 || !array->children) return EINVAL;
  const struct ArrowArray *entries = array->children[0];
  if (!entries || entries->offset < 0 || entries->length < reach) return EINVAL;
  return frlk_children_bind(c, type, entries, entries->offset, reach);
}

/** The rows from .. from + rows - 1 of an array, counted from its own offset. */
static inline int frlk_column_bind(frl_column *c, const frlk_type *type,
    const struct ArrowArray *array, int64_t from, int64_t rows) {
  if (!array || !array->release || array->offset < 0 || rows < 0) return EINVAL;
  if (array->length < from + rows || array->dictionary) return EINVAL;
  if (array->n_buffers != frlk_buffer_count(type->kind) || !array->buffers) {
    return EINVAL;
  }
  const void *values = array->n_buffers > 1 ? array->buffers[1] : NULL;
  c->base = array->offset + from;
  c->rows = rows;
  c->validity = array->null_count == 0 ? NULL : (const uint8_t *)array->buffers[0];
  c->values = (const uint8_t *)values;
  c->offsets = NULL;
  if (rows && array->n_buffers > 1 && !values) return EINVAL;
  if (frlk_has_offsets(type->kind)) {
    c->offsets = values ? (const int32_t *)values + c->base : NULL;
    c->values = array->n_buffers > 2 ? (const uint8_t *)array->buffers[2] : NULL;
  } else if (values) {
    c->values += c->base * frlk_width(type->kind);
  }
  if (type->kind == FRLK_ARRAY || type->kind == FRLK_MAP) {
    return frlk_items_bind(c, type, array);
  }
  return frlk_parts(type) ? frlk_children_bind(c, type, array, c->base, rows) : 0;
}

/* ---- values ---- */

FRLK_FN bool frl_is_null(const frl_column *c, int64_t row) {
  if (!c->validity) return false;
  const int64_t bit = c->base + row;
  return (c->validity[bit >> 3] >> (bit & 7) & 1) == 0;
}

FRLK_FN bool frl_get_bool(const frl_column *c, int64_t row) {
  const int64_t bit = c->base + row;
  return (c->values[bit >> 3] >> (bit & 7) & 1) != 0;
}

/* memcpy: values need not be aligned */
#define FRLK_GET(name, ctype)                                              \
  FRLK_FN ctype frl_get_##name(const frl_column *c, int64_t row) {         \
    ctype value;                                                           \
    memcpy(&value, c->values + row * (int64_t)sizeof value, sizeof value); \
    return value;                                                          \
  }
FRLK_GET(i8, int8_t)
FRLK_GET(i16, int16_t)
FRLK_GET(i32, int32_t)
FRLK_GET(i64, int64_t)
FRLK_GET(f32, float)
FRLK_GET(f64, double)
FRLK_GET(decimal, frl_decimal)
#undef FRLK_GET

FRLK_FN frl_string frl_get_string(const frl_column *c, int64_t row) {
  frl_string s;
  const int32_t at = c->offsets[row];
  s.size = c->offsets[row + 1] - at;
  s.data = s.size ? (const char *)c->values + at : "";
  return s;
}

FRLK_FN frl_binary frl_get_binary(const frl_column *c, int64_t row) {
  const frl_string s = frl_get_string(c, row);
  frl_binary b;
  b.data = (const uint8_t *)s.data;
  b.size = s.size;
  return b;
}

/* ---- the same as calls of one form, for what declarations generate ---- */

#define FRLK_READ(name, ctype, expr)                                     \
  FRLK_FN int frlk_read_##name(                                          \
      const frl_column *c, int64_t row, frlk_arena *arena, ctype *out) { \
    (void)arena;                                                         \
    *out = expr;                                                         \
    return 0;                                                            \
  }
FRLK_READ(bool, bool, frl_get_bool(c, row))
FRLK_READ(i8, int8_t, frl_get_i8(c, row))
FRLK_READ(i16, int16_t, frl_get_i16(c, row))
FRLK_READ(i32, int32_t, frl_get_i32(c, row))
FRLK_READ(i64, int64_t, frl_get_i64(c, row))
FRLK_READ(f32, float, frl_get_f32(c, row))
FRLK_READ(f64, double, frl_get_f64(c, row))
FRLK_READ(decimal, frl_decimal, frl_get_decimal(c, row))
FRLK_READ(string, frl_string, frl_get_string(c, row))
FRLK_READ(binary, frl_binary, frl_get_binary(c, row))
#undef FRLK_READ

FRLK_FN int frlk_read_variant(
    const frl_column *c, int64_t row, frlk_arena *arena, frl_variant *out) {
  (void)arena;
  out->value = frl_get_binary(&c->children[0], row);
  out->metadata = frl_get_binary(&c->children[1], row);
  return 0;
}

FRLK_FN int frlk_read_geometry(
    const frl_column *c, int64_t row, frlk_arena *arena, frl_geometry *out) {
  (void)arena;
  out->srid = frl_get_i32(&c->children[0], row);
  out->wkb = frl_get_binary(&c->children[1], row);
  return 0;
}

/** Which of n items from first on are null; *out NULL where none is. 0 or ENOMEM. */
FRLK_FN int frlk_read_nulls(const frl_column *items, int64_t first, int64_t n,
    frlk_arena *arena, const bool **out) {
  *out = NULL;
  bool any = false;
  for (int64_t i = 0; i < n && !any; i++) any = frl_is_null(items, first + i);
  if (!any) return 0;
  bool *nulls = (bool *)frlk_arena_get(arena, n, sizeof *nulls);
  if (!nulls) return ENOMEM;
  for (int64_t i = 0; i < n; i++) nulls[i] = frl_is_null(items, first + i);
  *out = nulls;
  return 0;
}

#endif /* FERRULE_KERNEL_COLUMN_H */
