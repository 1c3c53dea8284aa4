#include "publish_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/columns.h"
#include "arrow/schema_make.h"

static void must(frl_status st) {
  if (st != FRL_OK) abort();
}

static void make_schema(struct ArrowSchema *schema, bool all) {
  struct ArrowSchema *child;
  struct ArrowSchema *entries;
  must(frl_schema_make(schema, NULL, "+s"));
  must(frl_schema_add_child(schema, "z", "payload", &child));
  if (!all) return;
  must(frl_schema_add_child(schema, "u", "ordering_key", &child));
  must(frl_schema_add_child(schema, "+m", "attributes", &child));
  must(frl_schema_add_child(child, "+s", "entries", &entries));
  entries->flags = 0;
  must(frl_schema_add_child(entries, "u", "key", &child));
  child->flags = 0;
  must(frl_schema_add_child(entries, "u", "value", &child));
}

static frl_columns *make_columns(const struct ArrowSchema *schema) {
  frl_pool *pool;
  frl_columns *columns;
  must(frl_pool_create(&pool, NULL, 0, NULL));
  const frl_columns_options options = {.struct_size = sizeof options, .pool = pool};
  must(frl_columns_create(&columns, schema, &options, NULL));
  frl_pool_unref(pool);
  return columns;
}

static void append(frl_col *c, const char *text) {
  must(text ? frl_col_append_bytes(c, text, strlen(text)) : frl_col_append_null(c));
}

void publish_batch(struct ArrowSchema *schema, struct ArrowArray *array,
    const publish_row *rows, size_t n) {
  make_schema(schema, true);
  frl_columns *columns = make_columns(schema);
  for (size_t i = 0; i < n; i++) {
    append(frl_columns_at(columns, 0), rows[i].payload);
    append(frl_columns_at(columns, 1), rows[i].key);
    frl_col *map = frl_columns_at(columns, 2);
    const char *a = rows[i].attribute;
    if (a) must(frl_col_map_put(map, a, strlen(a), a, strlen(a)));
    must(frl_col_end_list(map));
    must(frl_columns_end_row(columns));
  }
  must(frl_columns_finish(columns, array, NULL));
  frl_columns_destroy(columns);
}

void publish_numbers(struct ArrowSchema *schema, struct ArrowArray *array,
    const char *prefix, size_t first, size_t n) {
  make_schema(schema, false);
  frl_columns *columns = make_columns(schema);
  for (size_t i = first; i < first + n; i++) {
    char text[256];
    (void)snprintf(text, sizeof text, "%s%zu", prefix, i);
    append(frl_columns_at(columns, 0), text);
    must(frl_columns_end_row(columns));
  }
  must(frl_columns_finish(columns, array, NULL));
  frl_columns_destroy(columns);
}
