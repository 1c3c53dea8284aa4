/**
 * FRL_ROW, FRL_STRUCT, FRL_ARRAY, FRL_MAP: from a list of fields to everything else.
 *
 * Part of <ferrule/kernel.h>, which explains them; include that.
 */
#ifndef FERRULE_KERNEL_DECLARE_H
#define FERRULE_KERNEL_DECLARE_H

#include <ferrule/kernel/builder.h>
#include <ferrule/kernel/column.h>
#include <ferrule/kernel/finish.h>
#include <ferrule/kernel/refused_types.h>
#include <ferrule/kernel/schema.h>
#include <ferrule/kernel/spark_types.h>
#include <ferrule/kernel/text.h>
#include <ferrule/kernel/types.h>

/* attributes of a field, and the fewer that elements have */
#define FRLK_A_FRLK_END \
  { FRLK_ATTR_END, NULL }
#define FRLK_A_NOT_NULL \
  { FRLK_ATTR_NOT_NULL, "" }
#define FRLK_A_COMMENT(text) \
  { FRLK_ATTR_COMMENT, "" text }
#define FRLK_A_NAME(text) \
  { FRLK_ATTR_NAME, "" text }
#define FRLK_I_FRLK_END FRLK_A_FRLK_END
#define FRLK_I_NOT_NULL FRLK_A_NOT_NULL
#define FRLK_NO_ATTR FRLK_A_FRLK_END

/* what is made of each field of a list; type first, so that it is not expanded */
#define FRLK_X_MEMBER(type, ...) \
  FRLK_MEMBER(FRLK_S_##type, FRLK_C_##type, __VA_ARGS__, FRLK_END)
#define FRLK_MEMBER(check, ctype, member, ...) check ctype member;

#define FRLK_X_NULL(type, ...) FRLK_NULL(__VA_ARGS__, FRLK_END)
#define FRLK_NULL(member, ...) bool member;

#define FRLK_X_FIELD(type, ...) \
  FRLK_FIELD(FRLK_D_##type, __VA_ARGS__, FRLK_END, FRLK_END, FRLK_END, FRLK_END)
#define FRLK_FIELD(desc, member, a, b, c, ...) \
  {#member, desc, {FRLK_A_##a, FRLK_A_##b, FRLK_A_##c}},

#define FRLK_X_READ(type, ...) FRLK_READ_ONE(FRLK_R_##type, __VA_ARGS__, FRLK_END)
#define FRLK_READ_ONE(read, member, ...)                                     \
  out->is_null.member = frl_is_null(&c->children[k], row);                   \
  if (out->is_null.member) {                                                 \
    memset(&out->member, 0, sizeof out->member);                             \
  } else {                                                                   \
    const int rc_##member = read(&c->children[k], row, arena, &out->member); \
    if (rc_##member) return rc_##member;                                     \
  }                                                                          \
  k++;

#define FRLK_X_WRITE(type, ...) FRLK_WRITE_ONE(FRLK_W_##type, __VA_ARGS__, FRLK_END)
#define FRLK_WRITE_ONE(write, member, ...)                         \
  rc = row->is_null.member ? frl_put_null(&b->children[k])         \
                           : write(&b->children[k], &row->member); \
  if (rc) return rc;                                               \
  k++;

#define FRLK_X_COLUMN(type, ...) FRLK_COLUMN(__VA_ARGS__, FRLK_END)
#define FRLK_COLUMN(member, ...) const frl_column *member;
#define FRLK_X_BUILDER(type, ...) FRLK_BUILDER(__VA_ARGS__, FRLK_END)
#define FRLK_BUILDER(member, ...) frl_builder *member;
#define FRLK_X_POINT(type, ...) FRLK_POINT(__VA_ARGS__, FRLK_END)
#define FRLK_POINT(member, ...) r->col.member = &r->root.children[k++];

/** A struct type: what rows and STRUCT(T) columns have in common. */
#define FRL_STRUCT(T, FIELDS)                                        \
  typedef struct T {                                                 \
    FIELDS(FRLK_X_MEMBER)                                            \
    struct {                                                         \
      FIELDS(FRLK_X_NULL)                                            \
    } is_null;                                                       \
  } T;                                                               \
  FRLK_FN const frlk_info *T##_info(void) {                          \
    static const frlk_field fields[] = {FIELDS(FRLK_X_FIELD)};       \
    static const frlk_info info = {                                  \
        #T, fields, (int64_t)(sizeof fields / sizeof *fields)};      \
    return &info;                                                    \
  }                                                                  \
  FRLK_FN int T##_frlk_read(                                         \
      const frl_column *c, int64_t row, frlk_arena *arena, T *out) { \
    int k = 0;                                                       \
    (void)arena;                                                     \
    FIELDS(FRLK_X_READ)                                              \
    (void)k;                                                         \
    return 0;                                                        \
  }                                                                  \
  FRLK_FN int T##_frlk_write_fields(frl_builder *b, const T *row) {  \
    int k = 0;                                                       \
    int rc = 0;                                                      \
    FIELDS(FRLK_X_WRITE)                                             \
    (void)k;                                                         \
    return rc;                                                       \
  }                                                                  \
  FRLK_FN int T##_frlk_write(frl_builder *b, const T *row) {         \
    const int rc = T##_frlk_write_fields(b, row);                    \
    return rc ? rc : frl_put_struct_end(b);                          \
  }

/** A list type: T##.items, .is_null (NULL: none is), .n. */
#define FRL_ARRAY(T, ...) FRLK_ARRAY_OF(T, __VA_ARGS__, FRLK_END, FRLK_END)
#define FRLK_ARRAY_OF(T, type, a, ...)                                                 \
  FRLK_S_##type typedef struct T {                                                     \
    const FRLK_C_##type *items;                                                        \
    const bool *is_null;                                                               \
    int64_t n;                                                                         \
  } T;                                                                                 \
  FRLK_FN const frlk_info *T##_info(void) {                                            \
    static const frlk_field fields[] = {                                               \
        {"element", FRLK_D_##type, {FRLK_I_##a, FRLK_NO_ATTR, FRLK_NO_ATTR}}};         \
    static const frlk_info info = {#T, fields, 1};                                     \
    return &info;                                                                      \
  }                                                                                    \
  FRLK_FN int T##_frlk_items(const frl_column *items, int64_t first, int64_t n,        \
      frlk_arena *arena, const FRLK_C_##type **out) {                                  \
    *out = (const FRLK_C_##type *)frlk_in_place(                                       \
        items, &T##_info()->fields[0], first, sizeof **out);                           \
    if (*out) return 0;                                                                \
    FRLK_C_##type *copy = (FRLK_C_##type *)frlk_arena_get(arena, n, sizeof *copy);     \
    if (!copy) return ENOMEM;                                                          \
    memset(copy, 0, (size_t)n * sizeof *copy);                                         \
    *out = copy;                                                                       \
    for (int64_t i = 0; i < n; i++) {                                                  \
      if (frl_is_null(items, first + i)) continue;                                     \
      const int rc = FRLK_R_##type(items, first + i, arena, &copy[i]);                 \
      if (rc) return rc;                                                               \
    }                                                                                  \
    return 0;                                                                          \
  }                                                                                    \
  FRLK_FN int T##_frlk_read(                                                           \
      const frl_column *c, int64_t row, frlk_arena *arena, T *out) {                   \
    const int64_t first = c->offsets[row];                                             \
    out->n = c->offsets[row + 1] - first;                                              \
    const int rc = T##_frlk_items(&c->children[0], first, out->n, arena, &out->items); \
    if (rc) return rc;                                                                 \
    return frlk_read_nulls(&c->children[0], first, out->n, arena, &out->is_null);      \
  }                                                                                    \
  FRLK_FN int T##_frlk_write(frl_builder *b, const T *list) {                          \
    for (int64_t i = 0; i < list->n; i++) {                                            \
      const bool null = list->is_null && list->is_null[i];                             \
      const int rc = null ? frl_put_null(&b->children[0])                              \
                          : FRLK_W_##type(&b->children[0], &list->items[i]);           \
      if (rc) return rc;                                                               \
    }                                                                                  \
    return frl_put_list_end(b);                                                        \
  }

/** A map type: .keys, .values, .is_null of values (NULL: none is), .n. */
#define FRL_MAP(T, key, ...) FRLK_MAP_OF(T, key, __VA_ARGS__, FRLK_END, FRLK_END)
#define FRLK_MAP_OF(T, key, value, a, ...)                                             \
  FRLK_ARRAY_OF(T##_keys, key, NOT_NULL, FRLK_END)                                     \
  FRLK_ARRAY_OF(T##_values, value, a, FRLK_END)                                        \
  typedef struct T {                                                                   \
    const FRLK_C_##key *keys;                                                          \
    const FRLK_C_##value *values;                                                      \
    const bool *is_null;                                                               \
    int64_t n;                                                                         \
  } T;                                                                                 \
  FRLK_FN const frlk_info *T##_info(void) {                                            \
    static const frlk_field fields[] = {                                               \
        {"key", FRLK_D_##key, {FRLK_I_NOT_NULL, FRLK_NO_ATTR, FRLK_NO_ATTR}},          \
        {"value", FRLK_D_##value, {FRLK_I_##a, FRLK_NO_ATTR, FRLK_NO_ATTR}}};          \
    static const frlk_info info = {#T, fields, 2};                                     \
    return &info;                                                                      \
  }                                                                                    \
  FRLK_FN int T##_frlk_read(                                                           \
      const frl_column *c, int64_t row, frlk_arena *arena, T *out) {                   \
    const int64_t first = c->offsets[row];                                             \
    out->n = c->offsets[row + 1] - first;                                              \
    int rc = T##_keys_frlk_items(&c->children[0], first, out->n, arena, &out->keys);   \
    if (rc == 0) {                                                                     \
      rc = T##_values_frlk_items(&c->children[1], first, out->n, arena, &out->values); \
    }                                                                                  \
    if (rc) return rc;                                                                 \
    return frlk_read_nulls(&c->children[1], first, out->n, arena, &out->is_null);      \
  }                                                                                    \
  FRLK_FN int T##_frlk_write(frl_builder *b, const T *map) {                           \
    for (int64_t i = 0; i < map->n; i++) {                                             \
      int rc = FRLK_W_##key(&b->children[0], &map->keys[i]);                           \
      if (rc) return rc;                                                               \
      const bool null = map->is_null && map->is_null[i];                               \
      rc = null ? frl_put_null(&b->children[1])                                        \
                : FRLK_W_##value(&b->children[1], &map->values[i]);                    \
      if (rc) return rc;                                                               \
    }                                                                                  \
    return frl_put_list_end(b);                                                        \
  }

/** Elements that lie in the batch as they do in C; NULL where they must be copied. */
FRLK_FN const void *frlk_in_place(
    const frl_column *items, const frlk_field *field, int64_t first, size_t size) {
  const size_t align = size < 8 ? size : 8;
  if ((size_t)frlk_width(field->type.kind) != size || !items->values) return NULL;
  const uint8_t *at = items->values + first * (int64_t)size;
  return ((uintptr_t)at & (align - 1)) == 0 ? at : NULL;
}

/** The column that the last, failed append did not reach, for messages. */
FRLK_FN const char *frlk_column_at_fault(const frl_builder *root, int64_t rows) {
  for (int64_t i = 0; i < root->n_children; i++) {
    if (root->children[i].rows <= rows) return frlk_name(root->children[i].field);
  }
  return "";
}

FRLK_FN void frlk_take_back(frl_builder *root, int64_t rows) {
  for (int64_t i = 0; i < root->n_children; i++) {
    frlk_truncate(&root->children[i], rows);
    frlk_settle(&root->children[i]);
  }
}

/** A row type: a struct type with schema, reader and writer. */
#define FRL_ROW(T, FIELDS)                                                         \
  FRL_STRUCT(T, FIELDS)                                                            \
  FRLK_FN int T##_schema(struct ArrowSchema *out) {                                \
    return frlk_schema(T##_info(), out);                                           \
  }                                                                                \
  FRLK_FN size_t T##_ddl(char *out, size_t room) {                                 \
    return frlk_ddl(T##_info(), out, room);                                        \
  }                                                                                \
  FRLK_FN size_t T##_json(char *out, size_t room) {                                \
    return frlk_json(T##_info(), out, room);                                       \
  }                                                                                \
  FRLK_FN int T##_check(const struct ArrowSchema *given, char *why, size_t room) { \
    return frlk_check(T##_info(), given, why, room);                               \
  }                                                                                \
  typedef struct T##_reader {                                                      \
    struct {                                                                       \
      FIELDS(FRLK_X_COLUMN)                                                        \
    } col;                                                                         \
    int64_t rows;                                                                  \
    frl_column root;                                                               \
    frlk_arena arena;                                                              \
  } T##_reader;                                                                    \
  FRLK_FN void T##_reader_deinit(T##_reader *r) {                                  \
    frlk_column_deinit(&r->root);                                                  \
    frlk_arena_reset(&r->arena, true);                                             \
  }                                                                                \
  FRLK_FN int T##_reader_init(T##_reader *r) {                                     \
    int k = 0;                                                                     \
    memset(r, 0, sizeof *r);                                                       \
    const int rc = frlk_column_init(&r->root, T##_info());                         \
    if (rc) return rc;                                                             \
    FIELDS(FRLK_X_POINT)                                                           \
    (void)k;                                                                       \
    return 0;                                                                      \
  }                                                                                \
  FRLK_FN int T##_reader_bind(T##_reader *r, const struct ArrowArray *batch) {     \
    static const frlk_type type = {FRLK_STRUCT, 0, 0, NULL, T##_info};             \
    frlk_arena_reset(&r->arena, false);                                            \
    r->rows = 0;                                                                   \
    const int rc = frlk_column_bind(&r->root, &type, batch, 0, batch->length);     \
    if (rc == 0) r->rows = batch->length;                                          \
    return rc;                                                                     \
  }                                                                                \
  FRLK_FN int T##_reader_get(T##_reader *r, int64_t row, T *out) {                 \
    return T##_frlk_read(&r->root, row, &r->arena, out);                           \
  }                                                                                \
  typedef struct T##_writer {                                                      \
    struct {                                                                       \
      FIELDS(FRLK_X_BUILDER)                                                       \
    } col;                                                                         \
    frl_builder root;                                                              \
    const char *fault; /* the column that the last failure was about; NULL */      \
  } T##_writer;                                                                    \
  FRLK_FN void T##_writer_deinit(T##_writer *w) { frlk_builder_deinit(&w->root); } \
  FRLK_FN int T##_writer_init(T##_writer *r) {                                     \
    int k = 0;                                                                     \
    memset(r, 0, sizeof *r);                                                       \
    const int rc = frlk_builder_init(&r->root, FRLK_STRUCT, NULL, T##_info());     \
    if (rc) return rc;                                                             \
    FIELDS(FRLK_X_POINT)                                                           \
    (void)k;                                                                       \
    return 0;                                                                      \
  }                                                                                \
  FRLK_FN int64_t T##_writer_rows(const T##_writer *w) {                           \
    return w->root.children[0].rows;                                               \
  }                                                                                \
  FRLK_FN int64_t T##_writer_bytes(const T##_writer *w) {                          \
    return frlk_builder_bytes(&w->root);                                           \
  }                                                                                \
  FRLK_FN int T##_writer_add(T##_writer *w, const T *row) {                        \
    const int64_t before = T##_writer_rows(w);                                     \
    const int rc = T##_frlk_write_fields(&w->root, row);                           \
    if (FRLK_LIKELY(rc == 0)) return 0;                                            \
    w->fault = frlk_column_at_fault(&w->root, before);                             \
    frlk_take_back(&w->root, before);                                              \
    return rc;                                                                     \
  }                                                                                \
  FRLK_FN int T##_writer_finish(T##_writer *w, struct ArrowArray *out) {           \
    const frl_builder *uneven = NULL;                                              \
    w->root.rows = T##_writer_rows(w);                                             \
    const int rc = frlk_finish(&w->root, out, &uneven);                            \
    w->root.rows = 0;                                                              \
    if (uneven) w->fault = frlk_name(uneven->field);                               \
    return rc;                                                                     \
  }

#endif /* FERRULE_KERNEL_DECLARE_H */
