#include "random_batch.h"

#include <ferrule/schema.h>
#include <stdlib.h>

#include "arrow/columns.h"

static void must(frl_status st) {
  if (st != FRL_OK) abort();
}

static uint64_t draw(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return *seed >> 33 ^ *seed << 31;
}

static void fill(frl_col *c, const struct ArrowSchema *schema, uint64_t *seed);

static void fill_fixed(frl_col *c, uint64_t *seed) {
  uint64_t value[2] = {draw(seed), 0};
  if (c->layout.width_bytes == 16) {
    /* of any number of bytes, so within any precision that is not too small */
    value[0] >>= draw(seed) % 56;
    if (draw(seed) % 2) value[1] = draw(seed) % 3 ? 0 : draw(seed) >> 40;
    if (draw(seed) % 2) {
      value[0] = ~value[0];
      value[1] = ~value[1];
    }
  }
  must(frl_col_append_fixed(c, value));
}

static void fill_bytes(frl_col *c, uint64_t *seed) {
  char text[40];
  const size_t n = draw(seed) % sizeof text;
  for (size_t i = 0; i < n; i++) text[i] = (char)('a' + draw(seed) % 26);
  must(frl_col_append_bytes(c, text, n));
}

static void fill_nested(frl_col *c, const struct ArrowSchema *schema, uint64_t *seed) {
  if (c->layout.kind == FRL_LAYOUT_STRUCT) {
    for (size_t i = 0; i < c->n_children; i++) {
      fill(frl_col_child(c, i), schema->children[i], seed);
    }
    must(frl_col_end_struct(c));
    return;
  }
  const size_t n = draw(seed) % 5 == 0 ? 70 : draw(seed) % 4;
  for (size_t i = 0; i < n; i++) fill(frl_col_items(c), schema->children[0], seed);
  must(frl_col_end_list(c));
}

static void fill(frl_col *c, const struct ArrowSchema *schema, uint64_t *seed) {
  if (c->nullable && draw(seed) % 4 == 0) {
    must(frl_col_append_null(c));
    return;
  }
  switch (c->layout.kind) {
    case FRL_LAYOUT_BOOL:
      must(frl_col_append_bool(c, draw(seed) % 2));
      break;
    case FRL_LAYOUT_FIXED:
      fill_fixed(c, seed);
      break;
    case FRL_LAYOUT_BYTES:
      fill_bytes(c, seed);
      break;
    case FRL_LAYOUT_NULL:
      must(frl_col_append_null(c));
      break;
    default:
      fill_nested(c, schema, seed);
      break;
  }
}

void random_batch(struct ArrowSchema *schema, struct ArrowArray *batch, const char *ddl,
    size_t n_rows, uint64_t seed) {
  must(frl_schema_from_ddl(schema, NULL, ddl, SIZE_MAX, NULL));
  frl_pool *pool;
  must(frl_pool_create(&pool, NULL, 0, NULL));
  const frl_columns_options options = {.struct_size = sizeof options, .pool = pool};
  frl_columns *columns;
  must(frl_columns_create(&columns, schema, &options, NULL));
  for (size_t row = 0; row < n_rows; row++) {
    for (size_t i = 0; i < frl_columns_count(columns); i++) {
      fill(frl_columns_at(columns, i), schema->children[i], &seed);
    }
    must(frl_columns_end_row(columns));
  }
  must(frl_columns_finish(columns, batch, NULL));
  frl_columns_destroy(columns);
  frl_pool_unref(pool);
}
