/**
 * Writing a batch: columns that grow by appending.
 *
 * Part of <ferrule/kernel.h>; include that. Every append gives 0 or an errno value:
 * ENOMEM; EOVERFLOW where a column would pass 2 GiB; EINVAL for a null that must not
 * be.
 */
#ifndef FERRULE_KERNEL_BUILDER_H
#define FERRULE_KERNEL_BUILDER_H

#include <errno.h>
#include <ferrule/kernel/types.h>
#include <stdlib.h>

/** A column under construction. Fields are for the functions below only. */
typedef struct frl_builder {
  uint8_t *values;   /* fixed values, bits or bytes */
  int32_t *offsets;  /* strings, lists, maps: rows + 1 */
  uint8_t *validity; /* NULL: no null so far */
  int64_t rows;
  int64_t room;       /* rows */
  int64_t used_bytes; /* strings: in values */
  int64_t room_bytes;
  int64_t nulls;
  int64_t first_rows; /* learnt from the last batch */
  int64_t first_bytes;
  bool refused;            /* a null that must not be */
  const frlk_field *field; /* NULL: the row itself */
  frlk_kind kind;
  struct frl_builder *children;
  int64_t n_children;
} frl_builder;

static inline void frlk_builder_free_buffers(frl_builder *b) {
  free(b->values);
  free(b->offsets);
  free(b->validity);
  b->values = NULL;
  b->offsets = NULL;
  b->validity = NULL;
  b->rows = b->room = b->used_bytes = b->room_bytes = b->nulls = 0;
}

static inline void frlk_builder_deinit(frl_builder *b) {
  for (int64_t i = 0; i < b->n_children; i++) frlk_builder_deinit(&b->children[i]);
  free(b->children);
  frlk_builder_free_buffers(b);
  memset(b, 0, sizeof *b);
}

static inline int frlk_builder_init(
    frl_builder *b, frlk_kind kind, const frlk_field *field, const frlk_info *info) {
  memset(b, 0, sizeof *b);
  b->kind = kind;
  b->field = field;
  b->first_rows = 1024;
  b->first_bytes = 16384;
  if (!info || info->n == 0) return 0;
  b->children = (frl_builder *)calloc((size_t)info->n, sizeof *b->children);
  if (!b->children) return ENOMEM;
  b->n_children = info->n;
  for (int64_t i = 0; i < info->n; i++) {
    const frlk_field *part = &info->fields[i];
    const int rc = frlk_builder_init(
        &b->children[i], part->type.kind, part, frlk_parts(&part->type));
    if (rc) {
      frlk_builder_deinit(b);
      return rc;
    }
  }
  return 0;
}

/* ---- room ---- */

FRLK_FN bool frlk_builder_has_offsets(const frl_builder *b) {
  return b->kind == FRLK_STRING || b->kind == FRLK_BINARY || b->kind == FRLK_ARRAY ||
         b->kind == FRLK_MAP;
}

static inline int frlk_resize(void *pointer_to_buffer, int64_t bytes) {
  void *now;
  memcpy(&now, pointer_to_buffer, sizeof now);
  void *grown = realloc(now, bytes > 0 ? (size_t)bytes : 1);
  if (!grown) return ENOMEM;
  memcpy(pointer_to_buffer, &grown, sizeof grown);
  return 0;
}

/** Room for n more rows. */
static inline int frlk_grow_rows(frl_builder *b, int64_t n) {
  const int64_t most = INT32_MAX - 1;
  if (n > most - b->rows) return EOVERFLOW;
  int64_t room = b->room ? b->room * 2 : b->first_rows;
  if (room < b->rows + n) room = b->rows + n;
  if (room > most) room = most;
  const int64_t width = frlk_width(b->kind);
  int rc = 0;
  if (width) rc = frlk_resize(&b->values, room * width);
  if (b->kind == FRLK_BOOLEAN) rc = frlk_resize(&b->values, (room + 7) / 8);
  if (frlk_builder_has_offsets(b)) {
    const bool first = !b->offsets;
    rc = frlk_resize(&b->offsets, (room + 1) * (int64_t)sizeof *b->offsets);
    if (rc == 0 && first) b->offsets[0] = 0;
  }
  if (rc == 0 && b->validity) rc = frlk_resize(&b->validity, (room + 7) / 8);
  if (rc == 0) b->room = room;
  return rc;
}

static inline int frlk_grow_bytes(frl_builder *b, int64_t n) {
  if (n > INT32_MAX - b->used_bytes) return EOVERFLOW;
  int64_t room = b->room_bytes ? b->room_bytes * 2 : b->first_bytes;
  if (room < b->used_bytes + n) room = b->used_bytes + n;
  if (room > INT32_MAX) room = INT32_MAX;
  const int rc = frlk_resize(&b->values, room);
  if (rc == 0) b->room_bytes = room;
  return rc;
}

FRLK_FN int frlk_row_room(frl_builder *b) {
  return FRLK_LIKELY(b->rows < b->room) ? 0 : frlk_grow_rows(b, 1);
}

FRLK_FN void frlk_row_done(frl_builder *b) {
  const int64_t row = b->rows++;
  if (!b->validity) return;
  if ((row & 7) == 0) b->validity[row >> 3] = 0;
  b->validity[row >> 3] = (uint8_t)(b->validity[row >> 3] | 1u << (row & 7));
}

/* ---- appending ---- */

#define FRLK_PUT(name, ctype)                                                  \
  FRLK_FN int frl_put_##name(frl_builder *b, ctype value) {                    \
    const int rc = frlk_row_room(b);                                           \
    if (rc) return rc;                                                         \
    memcpy(b->values + b->rows * (int64_t)sizeof value, &value, sizeof value); \
    frlk_row_done(b);                                                          \
    return 0;                                                                  \
  }
FRLK_PUT(i8, int8_t)
FRLK_PUT(i16, int16_t)
FRLK_PUT(i32, int32_t)
FRLK_PUT(i64, int64_t)
FRLK_PUT(f32, float)
FRLK_PUT(f64, double)
FRLK_PUT(decimal, frl_decimal)
#undef FRLK_PUT

FRLK_FN int frl_put_bool(frl_builder *b, bool value) {
  const int rc = frlk_row_room(b);
  if (rc) return rc;
  uint8_t *byte = b->values + (b->rows >> 3);
  if ((b->rows & 7) == 0) *byte = 0;
  *byte = (uint8_t)(*byte | (value ? 1u : 0u) << (b->rows & 7));
  frlk_row_done(b);
  return 0;
}

/**
 * STRING, BINARY: a value of n bytes that the caller fills at *space before the next
 * append to this column.
 */
FRLK_FN int frl_put_space(frl_builder *b, int64_t n, uint8_t **space) {
  int rc = frlk_row_room(b);
  if (rc) return rc;
  if (n < 0) return EINVAL;
  if (!FRLK_LIKELY(n <= b->room_bytes - b->used_bytes) || !b->values) {
    rc = frlk_grow_bytes(b, n);
    if (rc) return rc;
  }
  *space = b->values + b->used_bytes;
  b->used_bytes += n;
  b->offsets[b->rows + 1] = (int32_t)b->used_bytes;
  frlk_row_done(b);
  return 0;
}

FRLK_FN int frl_put_binary(frl_builder *b, frl_binary value) {
  uint8_t *space = NULL;
  const int rc = frl_put_space(b, value.size, &space);
  if (rc == 0 && value.size) memcpy(space, value.data, (size_t)value.size);
  return rc;
}

FRLK_FN int frl_put_string(frl_builder *b, frl_string value) {
  uint8_t *space = NULL;
  const int rc = frl_put_space(b, value.size, &space);
  if (rc == 0 && value.size) memcpy(space, value.data, (size_t)value.size);
  return rc;
}

/** ARRAY, MAP: closes a list of what its children got since the last. */
FRLK_FN int frl_put_list_end(frl_builder *b) {
  const int rc = frlk_row_room(b);
  if (rc) return rc;
  b->offsets[b->rows + 1] = (int32_t)b->children[0].rows;
  frlk_row_done(b);
  return 0;
}

/** STRUCT: closes a struct whose children each got one value. */
FRLK_FN int frl_put_struct_end(frl_builder *b) {
  const int rc = frlk_row_room(b);
  if (rc == 0) frlk_row_done(b);
  return rc;
}

static inline int frlk_put_blank(frl_builder *b);

/** A row whose value means nothing, in structs below too. */
static inline int frlk_put_nothing(frl_builder *b) {
  static const frl_decimal zero = {0, 0};
  uint8_t *space = NULL;
  switch (frlk_width(b->kind)) {
    case 1:
      return frl_put_i8(b, 0);
    case 2:
      return frl_put_i16(b, 0);
    case 4:
      return frl_put_i32(b, 0);
    case 8:
      return frl_put_i64(b, 0);
    case 16:
      return frl_put_decimal(b, zero);
    default:
      break;
  }
  if (b->kind == FRLK_BOOLEAN) return frl_put_bool(b, false);
  if (b->kind == FRLK_STRING || b->kind == FRLK_BINARY)
    return frl_put_space(b, 0, &space);
  if (b->kind == FRLK_ARRAY || b->kind == FRLK_MAP) return frl_put_list_end(b);
  for (int64_t i = 0; i < b->n_children; i++) {
    const int rc = frlk_put_blank(&b->children[i]);
    if (rc) return rc;
  }
  return frl_put_struct_end(b);
}

FRLK_FN bool frlk_may_be_null(const frl_builder *b) {
  return b->field && !frlk_not_null(b->field);
}

FRLK_FN int frlk_refuse_null(frl_builder *b) {
  b->refused = true;
  return EINVAL;
}

/** The column that was to take a null and may not, for messages; NULL: none. */
static inline const char *frlk_refusing(const frl_builder *b) {
  if (b->refused) return frlk_name(b->field);
  for (int64_t i = 0; i < b->n_children; i++) {
    const char *name = frlk_refusing(&b->children[i]);
    if (name) return name;
  }
  return NULL;
}

/** A bitmap that says of all rows so far that they are not null. */
static inline int frlk_begin_validity(frl_builder *b) {
  const int64_t room = b->room ? b->room : b->first_rows;
  uint8_t *bits = (uint8_t *)malloc((size_t)((room + 7) / 8));
  if (!bits) return ENOMEM;
  memset(bits, 0xff, (size_t)((b->rows + 7) / 8));
  if (b->rows & 7) bits[b->rows >> 3] = (uint8_t)((1u << (b->rows & 7)) - 1);
  b->validity = bits;
  return 0;
}

static inline int frl_put_null(frl_builder *b) {
  if (!frlk_may_be_null(b)) return frlk_refuse_null(b);
  int rc = frlk_row_room(b);
  if (rc == 0 && !b->validity) rc = frlk_begin_validity(b);
  if (rc == 0) rc = frlk_put_nothing(b);
  if (rc) return rc;
  const int64_t row = b->rows - 1;
  b->validity[row >> 3] = (uint8_t)(b->validity[row >> 3] & ~(1u << (row & 7)));
  b->nulls++;
  return 0;
}

/** Null where it may be, else what means nothing: below a null struct. */
static inline int frlk_put_blank(frl_builder *b) {
  return frlk_may_be_null(b) ? frl_put_null(b) : frlk_put_nothing(b);
}

/** Rows down to n; the bits of nulls among them are counted anew. */
static inline void frlk_truncate(frl_builder *b, int64_t n) {
  if (b->rows <= n) return;
  for (int64_t row = n; b->validity && row < b->rows; row++) {
    if (!(b->validity[row >> 3] >> (row & 7) & 1)) b->nulls--;
  }
  b->rows = n;
  const uint8_t keep = (uint8_t)((1u << (n & 7)) - 1);
  if (b->validity && (n & 7))
    b->validity[n >> 3] = (uint8_t)(b->validity[n >> 3] & keep);
  if (b->kind == FRLK_BOOLEAN && (n & 7))
    b->values[n >> 3] = (uint8_t)(b->values[n >> 3] & keep);
  int64_t below = n;
  if (frlk_builder_has_offsets(b)) below = b->offsets[n];
  if (b->kind == FRLK_STRING || b->kind == FRLK_BINARY) b->used_bytes = below;
  for (int64_t i = 0; i < b->n_children; i++) frlk_truncate(&b->children[i], below);
}

/** Takes children that are ahead of their list or struct back to it. */
static inline void frlk_settle(frl_builder *b) {
  int64_t below = b->rows;
  if (b->kind == FRLK_ARRAY || b->kind == FRLK_MAP)
    below = b->offsets ? b->offsets[b->rows] : 0;
  for (int64_t i = 0; i < b->n_children; i++) {
    frlk_truncate(&b->children[i], below);
    frlk_settle(&b->children[i]);
  }
}

/** Bytes that the rows take, roughly. */
static inline int64_t frlk_builder_bytes(const frl_builder *b) {
  int64_t n = b->rows * frlk_width(b->kind) + b->used_bytes;
  if (frlk_builder_has_offsets(b)) n += 4 * b->rows;
  for (int64_t i = 0; i < b->n_children; i++) n += frlk_builder_bytes(&b->children[i]);
  return n;
}

/* ---- calls of one form, for what declarations generate ---- */

#define FRLK_WRITE(name, ctype)                                       \
  FRLK_FN int frlk_write_##name(frl_builder *b, const ctype *value) { \
    return frl_put_##name(b, *value);                                 \
  }
FRLK_WRITE(bool, bool)
FRLK_WRITE(i8, int8_t)
FRLK_WRITE(i16, int16_t)
FRLK_WRITE(i32, int32_t)
FRLK_WRITE(i64, int64_t)
FRLK_WRITE(f32, float)
FRLK_WRITE(f64, double)
FRLK_WRITE(decimal, frl_decimal)
FRLK_WRITE(string, frl_string)
FRLK_WRITE(binary, frl_binary)
#undef FRLK_WRITE

FRLK_FN int frlk_write_variant(frl_builder *b, const frl_variant *value) {
  int rc = frl_put_binary(&b->children[0], value->value);
  if (rc == 0) rc = frl_put_binary(&b->children[1], value->metadata);
  return rc ? rc : frl_put_struct_end(b);
}

FRLK_FN int frlk_write_geometry(frl_builder *b, const frl_geometry *value) {
  int rc = frl_put_i32(&b->children[0], value->srid);
  if (rc == 0) rc = frl_put_binary(&b->children[1], value->wkb);
  return rc ? rc : frl_put_struct_end(b);
}

#endif /* FERRULE_KERNEL_BUILDER_H */
