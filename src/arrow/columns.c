#include "arrow/columns.h"

#include "arrow/columns_internal.h"
#include "base/error.h"
#include "base/mem.h"

enum { MAX_DEPTH = 64 };

static size_t bitmap_bytes(size_t rows) { return rows / 8 + (rows % 8 != 0); }
static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

static bool has_offsets(const frl_col *c) {
  return c->layout.kind == FRL_LAYOUT_BYTES || c->layout.kind == FRL_LAYOUT_LIST ||
         c->layout.kind == FRL_LAYOUT_MAP;
}

/** The most rows that the ceilings allow. */
static size_t row_ceiling(const frl_col *c) {
  const frl_columns *all = c->owner;
  if (c->layout.kind != FRL_LAYOUT_FIXED || c->layout.width_bytes == 0) {
    return all->max_rows;
  }
  return min_size(all->max_rows, all->max_column_bytes / c->layout.width_bytes);
}

size_t frl__col_rows_that_fit(const frl_col *c) {
  size_t room = row_ceiling(c);
  if (has_offsets(c)) {
    const size_t slots = c->offsets_buf.cap / sizeof(int32_t);
    room = min_size(room, slots ? slots - 1 : 0);
  } else if (c->layout.kind == FRL_LAYOUT_FIXED && c->layout.width_bytes) {
    room = min_size(room, c->values_buf.cap / c->layout.width_bytes);
  } else if (c->layout.kind == FRL_LAYOUT_BOOL) {
    room = min_size(room, c->values_buf.cap * 8);
  }
  if (c->validity) room = min_size(room, c->validity_buf.cap * 8);
  return room;
}

static frl_status grow_rows(frl_col *c, size_t need) {
  frl_pool *pool = c->owner->pool;
  const size_t first = max_size(c->hint_rows, c->owner->first_rows);
  const size_t wish = c->room_rows ? c->room_rows * 2 : first;
  const size_t rows = min_size(max_size(need, wish), row_ceiling(c));
  if (has_offsets(c)) {
    const bool fresh = !c->offsets_buf.data;
    const size_t used = fresh ? 0 : (c->rows + 1) * sizeof(int32_t);
    FRL_TRY(frl_pool_grow(pool, &c->offsets_buf, used, (rows + 1) * sizeof(int32_t)));
    c->offsets = (int32_t *)(void *)c->offsets_buf.data;
    if (fresh) c->offsets[0] = 0;
  } else if (c->layout.kind == FRL_LAYOUT_FIXED) {
    const size_t width = c->layout.width_bytes;
    FRL_TRY(frl_pool_grow(pool, &c->values_buf, c->rows * width, rows * width));
    c->values = c->values_buf.data;
  } else if (c->layout.kind == FRL_LAYOUT_BOOL) {
    FRL_TRY(
        frl_pool_grow(pool, &c->values_buf, bitmap_bytes(c->rows), bitmap_bytes(rows)));
    c->values = c->values_buf.data;
  }
  if (c->validity) {
    FRL_TRY(frl_pool_grow(
        pool, &c->validity_buf, bitmap_bytes(c->rows), bitmap_bytes(rows)));
    c->validity = c->validity_buf.data;
  }
  c->room_rows = frl__col_rows_that_fit(c);
  return FRL_OK;
}

static frl_status grow_bytes(frl_col *c, size_t need) {
  const frl_columns *all = c->owner;
  size_t wish = c->room_bytes ? c->room_bytes * 2 : c->hint_bytes;
  if (!wish) wish = all->first_rows * all->first_value_bytes;
  const size_t bytes = min_size(max_size(need, wish), all->max_column_bytes);
  FRL_TRY(frl_pool_grow(all->pool, &c->values_buf, c->used_bytes, bytes));
  c->values = c->values_buf.data;
  c->room_bytes = min_size(c->values_buf.cap, all->max_column_bytes);
  return FRL_OK;
}

frl_status frl__col_grow(frl_col *c, size_t n_rows, size_t n_bytes) {
  if (n_rows > row_ceiling(c) - c->rows) return FRL_E_LIMIT;
  const bool bytes = c->layout.kind == FRL_LAYOUT_BYTES;
  if (bytes && n_bytes > c->owner->max_column_bytes - c->used_bytes) return FRL_E_LIMIT;
  if (c->rows + n_rows > c->room_rows) FRL_TRY(grow_rows(c, c->rows + n_rows));
  /* even an empty value needs a place that memcpy may be given */
  if (bytes && (!c->values || n_bytes > c->room_bytes - c->used_bytes)) {
    FRL_TRY(grow_bytes(c, c->used_bytes + n_bytes));
  }
  return FRL_OK;
}

frl_status frl_col_reserve(frl_col *c, size_t n_rows, size_t n_bytes) {
  return frl__col_grow(c, n_rows, n_bytes);
}

static frl_status col_init(frl_col *c, frl_columns *owner,
    const struct ArrowSchema *schema, int depth, frl_error *err);

static frl_status children_init(
    frl_col *c, const struct ArrowSchema *schema, int depth, frl_error *err) {
  const int64_t want = c->layout.kind == FRL_LAYOUT_LIST  ? 1
                       : c->layout.kind == FRL_LAYOUT_MAP ? 1
                                                          : schema->n_children;
  if (schema->n_children != want || want < 0) {
    return frl_fail(err, FRL_E_INVALID, "column \"%s\": %lld children for type %s",
        schema->name ? schema->name : "", (long long)schema->n_children,
        schema->format);
  }
  if (want == 0) return FRL_OK;
  c->children =
      frl_calloc(frl_pool_mem(c->owner->pool), (size_t)want, sizeof *c->children);
  if (!c->children) return frl_fail(err, FRL_E_NOMEM, "columns: out of memory");
  c->n_children = (size_t)want;
  for (size_t i = 0; i < c->n_children; i++) {
    FRL_TRY(col_init(&c->children[i], c->owner, schema->children[i], depth + 1, err));
  }
  if (c->layout.kind != FRL_LAYOUT_MAP) return FRL_OK;
  if (c->children[0].layout.kind != FRL_LAYOUT_STRUCT ||
      c->children[0].n_children != 2) {
    return frl_fail(err, FRL_E_INVALID,
        "column \"%s\": a map needs a struct of key and value",
        schema->name ? schema->name : "");
  }
  return FRL_OK;
}

static frl_status col_init(frl_col *c, frl_columns *owner,
    const struct ArrowSchema *schema, int depth, frl_error *err) {
  c->owner = owner;
  if (depth > MAX_DEPTH) {
    return frl_fail(err, FRL_E_LIMIT, "columns: nested deeper than %d", MAX_DEPTH);
  }
  const char *name = schema && schema->name ? schema->name : "";
  if (!schema || !schema->release || frl_layout_of(&c->layout, schema->format) != 0) {
    return frl_fail(err, FRL_E_INVALID, "column \"%s\": no Arrow type: \"%s\"", name,
        schema && schema->format ? schema->format : "");
  }
  if (c->layout.kind == FRL_LAYOUT_OTHER || schema->dictionary) {
    return frl_fail(err, FRL_E_UNSUPPORTED, "column \"%s\": type \"%s\"%s not built",
        name, schema->format, schema->dictionary ? " with a dictionary" : "");
  }
  c->nullable =
      (schema->flags & ARROW_FLAG_NULLABLE) != 0 || c->layout.kind == FRL_LAYOUT_NULL;
  c->room_rows = frl__col_rows_that_fit(c);
  return children_init(c, schema, depth, err);
}

frl_status frl_columns_create(frl_columns **out, const struct ArrowSchema *schema,
    const frl_columns_options *options, frl_error *err) {
  *out = NULL;
  if (!options || !options->pool || options->max_column_bytes > INT32_MAX ||
      options->max_rows > INT32_MAX - 1) {
    return frl_fail(err, FRL_E_INVALID, "columns: no pool, or a ceiling too high");
  }
  frl_columns *all = frl_calloc(frl_pool_mem(options->pool), 1, sizeof *all);
  if (!all) return frl_fail(err, FRL_E_NOMEM, "columns: out of memory");
  all->pool = frl_pool_ref(options->pool);
  all->max_column_bytes =
      options->max_column_bytes ? options->max_column_bytes : INT32_MAX;
  all->max_rows = options->max_rows ? options->max_rows : INT32_MAX - 1;
  all->first_rows = options->first_rows ? options->first_rows : 1024;
  all->first_value_bytes = options->first_value_bytes ? options->first_value_bytes : 16;
  frl_status st = col_init(&all->root, all, schema, 0, err);
  if (st == FRL_OK && all->root.layout.kind != FRL_LAYOUT_STRUCT) {
    st = frl_fail(err, FRL_E_INVALID, "columns: the schema is no struct");
  }
  if (st != FRL_OK) {
    frl_columns_destroy(all);
    return st;
  }
  *out = all;
  return FRL_OK;
}

static void col_deinit(frl_col *c) {
  frl_pool *pool = c->owner ? c->owner->pool : NULL;
  if (!pool) return; /* never reached by col_init */
  for (size_t i = 0; i < c->n_children; i++) col_deinit(&c->children[i]);
  frl_free(frl_pool_mem(pool), c->children);
  frl_pool_put(pool, &c->values_buf);
  frl_pool_put(pool, &c->offsets_buf);
  frl_pool_put(pool, &c->validity_buf);
}

void frl_columns_destroy(frl_columns *columns) {
  if (!columns) return;
  frl_pool *pool = columns->pool;
  col_deinit(&columns->root);
  frl_free(frl_pool_mem(pool), columns);
  frl_pool_unref(pool);
}

size_t frl_columns_count(const frl_columns *columns) {
  return columns->root.n_children;
}

frl_col *frl_columns_at(frl_columns *columns, size_t index) {
  assert(index < columns->root.n_children);
  return &columns->root.children[index];
}

size_t frl_columns_rows(const frl_columns *columns) { return columns->root.rows; }

static size_t col_filled(const frl_col *c) {
  size_t bytes = c->used_bytes;
  if (has_offsets(c)) bytes += (c->rows + 1) * sizeof(int32_t);
  if (c->layout.kind == FRL_LAYOUT_FIXED) bytes += c->rows * c->layout.width_bytes;
  if (c->layout.kind == FRL_LAYOUT_BOOL) bytes += bitmap_bytes(c->rows);
  if (c->validity) bytes += bitmap_bytes(c->rows);
  for (size_t i = 0; i < c->n_children; i++) bytes += col_filled(&c->children[i]);
  return bytes;
}

static size_t col_held(const frl_col *c) {
  size_t bytes = c->values_buf.cap + c->offsets_buf.cap + c->validity_buf.cap;
  for (size_t i = 0; i < c->n_children; i++) bytes += col_held(&c->children[i]);
  return bytes;
}

size_t frl_columns_filled_bytes(const frl_columns *columns) {
  return col_filled(&columns->root);
}

size_t frl_columns_held_bytes(const frl_columns *columns) {
  return col_held(&columns->root);
}
