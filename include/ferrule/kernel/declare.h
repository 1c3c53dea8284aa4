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
#define FRLK_X_MEMBER(type, ...)                               \
  FRLK_KNOWN(#type, FRLK_TEXT(FRLK_D_##type), "FRLK_D_" #type) \
  FRLK_MEMBER(FRLK_S_##type, FRLK_C_##type, __VA_ARGS__, FRLK_END)
#define FRLK_MEMBER(check, ctype, member, ...) check ctype member;
/* the name of a macro that is none stays what it is */
#define FRLK_KNOWN(type, described, undescribed)        \
  FRLK_ASSERT(sizeof(described) != sizeof(undescribed), \
      type " is no type of a column: <ferrule/kernel.h> lists them");
#define FRLK_TEXT(...) FRLK_TEXT_OF(__VA_ARGS__)
#define FRLK_TEXT_OF(...) #__VA_ARGS__

#define FRLK_X_NULL(type, ...) FRLK_NULL(__VA_ARGS__, FRLK_END)
#define FRLK_NULL(member, ...) bool member;

#define FRLK_X_FIELD(type, ...) \
  FRLK_FIELD(FRLK_D_##type, __VA_ARGS__, FRLK_END, FRLK_END, FRLK_END, FRLK_END)
#define FRLK_FIELD(desc, member, a, b, c, ...) \
  {#member, desc, {FRLK_A_##a, FRLK_A_##b, FRLK_A_##c}},

#define FRLK_X_READ(type, ...) FRLK_READ_ONE(FRLK_R_##type, __VA_ARGS__, FRLK_END)
#define FRLK_READ_ONE(read, member, ...)                                        \
  frlk_out->is_null.member = frl_is_null(&frlk_c->children[frlk_k], frlk_row);  \
  if (frlk_out->is_null.member) {                                               \
    memset(&frlk_out->member, 0, sizeof frlk_out->member);                      \
  } else {                                                                      \
    const int rc_##member =                                                     \
        read(&frlk_c->children[frlk_k], frlk_row, frlk_mem, &frlk_out->member); \
    if (rc_##member) return rc_##member;                                        \
  }                                                                             \
  frlk_k++;

#define FRLK_X_WRITE(type, ...) FRLK_WRITE_ONE(FRLK_W_##type, __VA_ARGS__, FRLK_END)
#define FRLK_WRITE_ONE(write, member, ...)                             \
  frlk_rc = frlk_row->is_null.member                                   \
                ? frl_put_null(&frlk_b->children[frlk_k])              \
                : write(&frlk_b->children[frlk_k], &frlk_row->member); \
  if (frlk_rc) return frlk_rc;                                         \
  frlk_k++;

#define FRLK_X_COLUMN(type, ...) FRLK_COLUMN(__VA_ARGS__, FRLK_END)
#define FRLK_COLUMN(member, ...) const frl_column *member;
#define FRLK_X_BUILDER(type, ...) FRLK_BUILDER(__VA_ARGS__, FRLK_END)
#define FRLK_BUILDER(member, ...) frl_builder *member;
#define FRLK_X_POINT(type, ...) FRLK_POINT(__VA_ARGS__, FRLK_END)
#define FRLK_POINT(member, ...) frlk_r->col.member = &frlk_r->root.children[frlk_k++];

/** A struct type: what rows and STRUCT(T) columns have in common. */
#define FRL_STRUCT(T, FIELDS)                                                          \
  typedef struct T {                                                                   \
    FIELDS(FRLK_X_MEMBER)                                                              \
    struct {                                                                           \
      FIELDS(FRLK_X_NULL)                                                              \
    } is_null;                                                                         \
  } T;                                                                                 \
  FRLK_FN const frlk_info *T##_info(void) {                                            \
    static const frlk_field frlk_fields[] = {FIELDS(FRLK_X_FIELD)};                    \
    static const frlk_info frlk_described = {                                          \
        #T, frlk_fields, (int64_t)(sizeof frlk_fields / sizeof *frlk_fields)};         \
    return &frlk_described;                                                            \
  }                                                                                    \
  FRLK_FN int T##_frlk_read(                                                           \
      const frl_column *frlk_c, int64_t frlk_row, frlk_arena *frlk_mem, T *frlk_out) { \
    int frlk_k = 0;                                                                    \
    (void)frlk_mem;                                                                    \
    FIELDS(FRLK_X_READ)                                                                \
    (void)frlk_k;                                                                      \
    return 0;                                                                          \
  }                                                                                    \
  FRLK_FN int T##_frlk_write_fields(frl_builder *frlk_b, const T *frlk_row) {          \
    int frlk_k = 0;                                                                    \
    int frlk_rc = 0;                                                                   \
    FIELDS(FRLK_X_WRITE)                                                               \
    (void)frlk_k;                                                                      \
    return frlk_rc;                                                                    \
  }                                                                                    \
  FRLK_FN int T##_frlk_write(frl_builder *frlk_b, const T *frlk_row) {                 \
    const int frlk_rc = T##_frlk_write_fields(frlk_b, frlk_row);                       \
    return frlk_rc ? frlk_rc : frl_put_struct_end(frlk_b);                             \
  }

/** A list type: T##.items, .is_null (NULL: none is), .n. */
#define FRL_ARRAY(T, ...) FRLK_ARRAY_OF(T, __VA_ARGS__, FRLK_END, FRLK_END)
#define FRLK_ARRAY_OF(T, type, a, ...)                                                 \
  FRLK_KNOWN(#type, FRLK_TEXT(FRLK_D_##type), "FRLK_D_" #type)                         \
  FRLK_S_##type typedef struct T {                                                     \
    const FRLK_C_##type *items;                                                        \
    const bool *is_null;                                                               \
    int64_t n;                                                                         \
  } T;                                                                                 \
  FRLK_FN const frlk_info *T##_info(void) {                                            \
    static const frlk_field frlk_fields[] = {                                          \
        {"element", FRLK_D_##type, {FRLK_I_##a, FRLK_NO_ATTR, FRLK_NO_ATTR}}};         \
    static const frlk_info frlk_described = {#T, frlk_fields, 1};                      \
    return &frlk_described;                                                            \
  }                                                                                    \
  FRLK_FN int T##_frlk_items(const frl_column *frlk_from, int64_t frlk_first,          \
      int64_t frlk_n, frlk_arena *frlk_mem, const FRLK_C_##type **frlk_out) {          \
    *frlk_out = (const FRLK_C_##type *)frlk_in_place(                                  \
        frlk_from, &T##_info()->fields[0], frlk_first, sizeof **frlk_out);             \
    if (*frlk_out) return 0;                                                           \
    FRLK_C_##type *frlk_copy =                                                         \
        (FRLK_C_##type *)frlk_arena_get(frlk_mem, frlk_n, sizeof *frlk_copy);          \
    if (!frlk_copy) return ENOMEM;                                                     \
    memset(frlk_copy, 0, (size_t)frlk_n * sizeof *frlk_copy);                          \
    *frlk_out = frlk_copy;                                                             \
    for (int64_t frlk_i = 0; frlk_i < frlk_n; frlk_i++) {                              \
      if (frl_is_null(frlk_from, frlk_first + frlk_i)) continue;                       \
      const int frlk_rc =                                                              \
          FRLK_R_##type(frlk_from, frlk_first + frlk_i, frlk_mem, &frlk_copy[frlk_i]); \
      if (frlk_rc) return frlk_rc;                                                     \
    }                                                                                  \
    return 0;                                                                          \
  }                                                                                    \
  FRLK_FN int T##_frlk_read(                                                           \
      const frl_column *frlk_c, int64_t frlk_row, frlk_arena *frlk_mem, T *frlk_out) { \
    const int64_t frlk_first = frlk_c->offsets[frlk_row];                              \
    frlk_out->n = frlk_c->offsets[frlk_row + 1] - frlk_first;                          \
    const int frlk_rc = T##_frlk_items(                                                \
        &frlk_c->children[0], frlk_first, frlk_out->n, frlk_mem, &frlk_out->items);    \
    if (frlk_rc) return frlk_rc;                                                       \
    return frlk_read_nulls(                                                            \
        &frlk_c->children[0], frlk_first, frlk_out->n, frlk_mem, &frlk_out->is_null);  \
  }                                                                                    \
  FRLK_FN int T##_frlk_write(frl_builder *frlk_b, const T *frlk_list) {                \
    for (int64_t frlk_i = 0; frlk_i < frlk_list->n; frlk_i++) {                        \
      const bool frlk_null = frlk_list->is_null && frlk_list->is_null[frlk_i];         \
      const int frlk_rc =                                                              \
          frlk_null ? frl_put_null(&frlk_b->children[0])                               \
                    : FRLK_W_##type(&frlk_b->children[0], &frlk_list->items[frlk_i]);  \
      if (frlk_rc) return frlk_rc;                                                     \
    }                                                                                  \
    return frl_put_list_end(frlk_b);                                                   \
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
    static const frlk_field frlk_fields[] = {                                          \
        {"key", FRLK_D_##key, {FRLK_I_NOT_NULL, FRLK_NO_ATTR, FRLK_NO_ATTR}},          \
        {"value", FRLK_D_##value, {FRLK_I_##a, FRLK_NO_ATTR, FRLK_NO_ATTR}}};          \
    static const frlk_info frlk_described = {#T, frlk_fields, 2};                      \
    return &frlk_described;                                                            \
  }                                                                                    \
  FRLK_FN int T##_frlk_read(                                                           \
      const frl_column *frlk_c, int64_t frlk_row, frlk_arena *frlk_mem, T *frlk_out) { \
    const int64_t frlk_first = frlk_c->offsets[frlk_row];                              \
    frlk_out->n = frlk_c->offsets[frlk_row + 1] - frlk_first;                          \
    int frlk_rc = T##_keys_frlk_items(                                                 \
        &frlk_c->children[0], frlk_first, frlk_out->n, frlk_mem, &frlk_out->keys);     \
    if (frlk_rc == 0) {                                                                \
      frlk_rc = T##_values_frlk_items(                                                 \
          &frlk_c->children[1], frlk_first, frlk_out->n, frlk_mem, &frlk_out->values); \
    }                                                                                  \
    if (frlk_rc) return frlk_rc;                                                       \
    return frlk_read_nulls(                                                            \
        &frlk_c->children[1], frlk_first, frlk_out->n, frlk_mem, &frlk_out->is_null);  \
  }                                                                                    \
  FRLK_FN int T##_frlk_write(frl_builder *frlk_b, const T *frlk_map) {                 \
    for (int64_t frlk_i = 0; frlk_i < frlk_map->n; frlk_i++) {                         \
      int frlk_rc = FRLK_W_##key(&frlk_b->children[0], &frlk_map->keys[frlk_i]);       \
      if (frlk_rc) return frlk_rc;                                                     \
      const bool frlk_null = frlk_map->is_null && frlk_map->is_null[frlk_i];           \
      frlk_rc = frlk_null                                                              \
                    ? frl_put_null(&frlk_b->children[1])                               \
                    : FRLK_W_##value(&frlk_b->children[1], &frlk_map->values[frlk_i]); \
      if (frlk_rc) return frlk_rc;                                                     \
    }                                                                                  \
    return frl_put_list_end(frlk_b);                                                   \
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
  FRLK_FN int T##_schema(struct ArrowSchema *frlk_out) {                           \
    return frlk_schema(T##_info(), frlk_out);                                      \
  }                                                                                \
  FRLK_FN size_t T##_ddl(char *frlk_out, size_t frlk_room) {                       \
    return frlk_ddl(T##_info(), frlk_out, frlk_room);                              \
  }                                                                                \
  FRLK_FN size_t T##_json(char *frlk_out, size_t frlk_room) {                      \
    return frlk_json(T##_info(), frlk_out, frlk_room);                             \
  }                                                                                \
  FRLK_FN int T##_check(                                                           \
      const struct ArrowSchema *frlk_given, char *frlk_why, size_t frlk_room) {    \
    return frlk_check(T##_info(), frlk_given, frlk_why, frlk_room);                \
  }                                                                                \
  typedef struct T##_reader {                                                      \
    struct {                                                                       \
      FIELDS(FRLK_X_COLUMN)                                                        \
    } col;                                                                         \
    int64_t rows;                                                                  \
    frl_column root;                                                               \
    frlk_arena arena;                                                              \
  } T##_reader;                                                                    \
  FRLK_FN void T##_reader_deinit(T##_reader *frlk_r) {                             \
    frlk_column_deinit(&frlk_r->root);                                             \
    frlk_arena_reset(&frlk_r->arena, true);                                        \
  }                                                                                \
  FRLK_FN int T##_reader_init(T##_reader *frlk_r) {                                \
    int frlk_k = 0;                                                                \
    memset(frlk_r, 0, sizeof *frlk_r);                                             \
    const int frlk_rc = frlk_column_init(&frlk_r->root, T##_info());               \
    if (frlk_rc) return frlk_rc;                                                   \
    FIELDS(FRLK_X_POINT)                                                           \
    (void)frlk_k;                                                                  \
    return 0;                                                                      \
  }                                                                                \
  FRLK_FN int T##_reader_bind(                                                     \
      T##_reader *frlk_r, const struct ArrowArray *frlk_batch) {                   \
    static const frlk_type frlk_row_type = {FRLK_STRUCT, 0, 0, NULL, T##_info};    \
    frlk_arena_reset(&frlk_r->arena, false);                                       \
    frlk_r->rows = 0;                                                              \
    const int frlk_rc = frlk_column_bind(                                          \
        &frlk_r->root, &frlk_row_type, frlk_batch, 0, frlk_batch->length);         \
    if (frlk_rc == 0) frlk_r->rows = frlk_batch->length;                           \
    return frlk_rc;                                                                \
  }                                                                                \
  FRLK_FN int T##_reader_get(T##_reader *frlk_r, int64_t frlk_row, T *frlk_out) {  \
    return T##_frlk_read(&frlk_r->root, frlk_row, &frlk_r->arena, frlk_out);       \
  }                                                                                \
  typedef struct T##_writer {                                                      \
    struct {                                                                       \
      FIELDS(FRLK_X_BUILDER)                                                       \
    } col;                                                                         \
    frl_builder root;                                                              \
    const char *fault; /* the column that the last failure was about; NULL */      \
  } T##_writer;                                                                    \
  FRLK_FN void T##_writer_deinit(T##_writer *frlk_w) {                             \
    frlk_builder_deinit(&frlk_w->root);                                            \
  }                                                                                \
  FRLK_FN int T##_writer_init(T##_writer *frlk_r) {                                \
    int frlk_k = 0;                                                                \
    memset(frlk_r, 0, sizeof *frlk_r);                                             \
    const int frlk_rc =                                                            \
        frlk_builder_init(&frlk_r->root, FRLK_STRUCT, NULL, T##_info());           \
    if (frlk_rc) return frlk_rc;                                                   \
    FIELDS(FRLK_X_POINT)                                                           \
    (void)frlk_k;                                                                  \
    return 0;                                                                      \
  }                                                                                \
  FRLK_FN int64_t T##_writer_rows(const T##_writer *frlk_w) {                      \
    return frlk_w->root.children[0].rows;                                          \
  }                                                                                \
  FRLK_FN int64_t T##_writer_bytes(const T##_writer *frlk_w) {                     \
    return frlk_builder_bytes(&frlk_w->root);                                      \
  }                                                                                \
  FRLK_FN int T##_writer_add(T##_writer *frlk_w, const T *frlk_row) {              \
    const int64_t frlk_before = T##_writer_rows(frlk_w);                           \
    const int frlk_rc = T##_frlk_write_fields(&frlk_w->root, frlk_row);            \
    if (FRLK_LIKELY(frlk_rc == 0)) return 0;                                       \
    frlk_w->fault = frlk_column_at_fault(&frlk_w->root, frlk_before);              \
    frlk_take_back(&frlk_w->root, frlk_before);                                    \
    return frlk_rc;                                                                \
  }                                                                                \
  FRLK_FN int T##_writer_finish(T##_writer *frlk_w, struct ArrowArray *frlk_out) { \
    const frl_builder *frlk_uneven = NULL;                                         \
    frlk_w->root.rows = T##_writer_rows(frlk_w);                                   \
    const int frlk_rc = frlk_finish(&frlk_w->root, frlk_out, &frlk_uneven);        \
    frlk_w->root.rows = 0;                                                         \
    if (frlk_uneven) frlk_w->fault = frlk_name(frlk_uneven->field);                \
    return frlk_rc;                                                                \
  }

#endif /* FERRULE_KERNEL_DECLARE_H */
