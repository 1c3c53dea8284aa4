#include "sample_batch.h"

#include <ferrule/schema.h>
#include <stdio.h>

#include "arrow/columns.h"
#include "base/error.h"

static const char ddl[] =
    "id BIGINT NOT NULL, name STRING, flag BOOLEAN, price DECIMAL(20,3), nothing VOID, "
    "tags ARRAY<STRING>, attributes MAP<STRING,STRING>, "
    "place STRUCT<x: INT NOT NULL, y: DOUBLE, inner: STRUCT<z: ARRAY<BOOLEAN>>>, "
    "small TINYINT, at TIMESTAMP, kind CHAR(3)";

enum { ID, NAME, FLAG, PRICE, NOTHING, TAGS, ATTRIBUTES, PLACE, SMALL, AT, KIND };

frl_status sample_schema(struct ArrowSchema *out, const frl_mem *mem) {
  return frl_schema_from_ddl(out, mem, ddl, SIZE_MAX, NULL);
}

static frl_status append_place(frl_col *place, int i) {
  if (i % 6 == 5) return frl_col_append_null(place);
  frl_col *inner = frl_col_child(place, 2);
  FRL_TRY(frl_col_append_i32(frl_col_child(place, 0), i));
  FRL_TRY(frl_col_append_f64(frl_col_child(place, 1), i / 2.0));
  if (i % 4) {
    for (int k = 0; k < i % 3; k++) {
      FRL_TRY(frl_col_append_bool(frl_col_items(frl_col_child(inner, 0)), k == 1));
    }
    FRL_TRY(frl_col_end_list(frl_col_child(inner, 0)));
    FRL_TRY(frl_col_end_struct(inner));
  }
  return frl_col_end_struct(place);
}

static frl_status append_lists(frl_columns *all, const char *text, size_t n, int i) {
  frl_col *tags = frl_columns_at(all, TAGS);
  for (int k = 0; k < i % 4; k++) {
    frl_col *items = frl_col_items(tags);
    FRL_TRY(k == 2 ? frl_col_append_null(items) : frl_col_append_bytes(items, text, n));
  }
  if (i % 5) FRL_TRY(frl_col_end_list(tags));
  frl_col *attributes = frl_columns_at(all, ATTRIBUTES);
  for (int k = 0; k < i % 2; k++) {
    FRL_TRY(frl_col_map_put(attributes, "key", 3, text, n));
  }
  return frl_col_end_list(attributes);
}

static frl_status append_row(frl_columns *all, int i) {
  char text[32];
  const size_t n = (size_t)snprintf(text, sizeof text, "row %d", i);
  const int64_t price[2] = {i * 1001, 0};
  FRL_TRY(frl_col_append_i64(frl_columns_at(all, ID), i));
  if (i % 7) FRL_TRY(frl_col_append_bytes(frl_columns_at(all, NAME), text, n));
  if (i % 3) FRL_TRY(frl_col_append_bool(frl_columns_at(all, FLAG), i % 2 == 0));
  if (i % 8) FRL_TRY(frl_col_append_fixed(frl_columns_at(all, PRICE), price));
  FRL_TRY(append_lists(all, text, n, i));
  FRL_TRY(append_place(frl_columns_at(all, PLACE), i));
  FRL_TRY(frl_col_append_i8(frl_columns_at(all, SMALL), (int8_t)(i % 100)));
  FRL_TRY(frl_col_append_i64(frl_columns_at(all, AT), i * 1000000LL));
  FRL_TRY(frl_col_append_bytes(frl_columns_at(all, KIND), "abc", 3));
  return frl_columns_end_row(all);
}

static frl_status fill(
    frl_columns *all, struct ArrowArray *out, int first_row, int n_rows) {
  for (int i = 0; i < n_rows; i++) FRL_TRY(append_row(all, first_row + i));
  return frl_columns_finish(all, out, NULL);
}

frl_status sample_batch(struct ArrowArray *out, const frl_mem *mem,
    const struct ArrowSchema *schema, int first_row, int n_rows) {
  *out = (struct ArrowArray){0};
  frl_pool *pool = NULL;
  frl_columns *all = NULL;
  frl_status st = frl_pool_create(&pool, mem, 0, NULL);
  if (st == FRL_OK) {
    st = frl_columns_create(
        &all, schema, &(frl_columns_options){.pool = pool, .first_rows = 8}, NULL);
  }
  if (st == FRL_OK) st = fill(all, out, first_row, n_rows);
  frl_columns_destroy(all);
  frl_pool_unref(pool);
  return st;
}
