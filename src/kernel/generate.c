#include "kernel/generate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/columns.h"
#include "base/error.h"
#include "base/mem.h"

#define DAY_NS UINT64_C(86400000000000)

typedef struct generator {
  const frl_generate_options *options;
  uint64_t state;
  char *text; /* options->text_bytes of UTF-8 */
} generator;

static uint64_t draw(generator *g) {
  g->state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t x = g->state;
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

static frl_status value(generator *g, frl_col *c, const struct ArrowSchema *schema);

static frl_status cell(generator *g, frl_col *c, const struct ArrowSchema *schema) {
  const bool nullable = (schema->flags & ARROW_FLAG_NULLABLE) != 0;
  if (nullable && draw(g) % 100 < g->options->null_percent) {
    return frl_col_append_null(c);
  }
  return value(g, c, schema);
}

/** Lengths short and long, the longest too; cut between characters. */
static frl_status text(generator *g, frl_col *c) {
  const size_t most = g->options->text_bytes;
  size_t n = draw(g) % 8 ? draw(g) % 24 : draw(g) % (most + 1);
  if (draw(g) % 16 == 0) n = most;
  if (n > most) n = most;
  while (n > 0 && n < most && ((uint8_t)g->text[n] & 0xc0) == 0x80) n--;
  return frl_col_append_bytes(c, g->text, n);
}

static frl_status decimal(generator *g, frl_col *c, const char *format) {
  long precision = strtol(format + 2, NULL, 10);
  int64_t bound = 1;
  for (; precision > 0 && bound < INT64_MAX / 10; precision--) bound *= 10;
  const int64_t unscaled = (int64_t)(draw(g) % (uint64_t)(2 * (bound / 2) - 1));
  const int64_t signed_value = draw(g) & 1 ? -unscaled : unscaled;
  const int64_t parts[2] = {signed_value, signed_value < 0 ? -1 : 0};
  return frl_col_append_fixed(c, parts);
}

static frl_status fixed(generator *g, frl_col *c, const char *format) {
  uint64_t bits = draw(g);
  if (*format == 'd') return decimal(g, c, format);
  if (strcmp(format, "ttn") == 0) bits %= DAY_NS;
  if (strcmp(format, "tdD") == 0) bits %= 40000;
  if (format[0] == 't' && (format[1] == 's' || format[1] == 'D')) bits >>= 13;
  if (*format == 'f' || *format == 'g') {
    const double number = (double)(int64_t)bits / 9e16;
    const float narrow = (float)number;
    return *format == 'f' ? frl_col_append_fixed(c, &narrow)
                          : frl_col_append_fixed(c, &number);
  }
  return frl_col_append_fixed(c, &bits); /* the low bytes: little-endian */
}

static frl_status list(generator *g, frl_col *c, const struct ArrowSchema *schema) {
  const struct ArrowSchema *item = schema->children[0];
  for (uint64_t left = draw(g) % 4; left; left--) {
    FRL_TRY(cell(g, frl_col_items(c), item));
  }
  return frl_col_end_list(c);
}

static frl_status map(generator *g, frl_col *c, const struct ArrowSchema *schema) {
  struct ArrowSchema **pair = schema->children[0]->children;
  for (uint64_t left = draw(g) % 3; left; left--) {
    FRL_TRY(value(g, frl_col_map_keys(c), pair[0]));
    FRL_TRY(cell(g, frl_col_map_values(c), pair[1]));
    FRL_TRY(frl_col_end_struct(frl_col_items(c)));
  }
  return frl_col_end_list(c);
}

static frl_status fields(generator *g, frl_col *c, const struct ArrowSchema *schema) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    FRL_TRY(cell(g, frl_col_child(c, (size_t)i), schema->children[i]));
  }
  return frl_col_end_struct(c);
}

static frl_status value(generator *g, frl_col *c, const struct ArrowSchema *schema) {
  switch (c->layout.kind) {
    case FRL_LAYOUT_BOOL:
      return frl_col_append_bool(c, (draw(g) & 1) != 0);
    case FRL_LAYOUT_FIXED:
      return fixed(g, c, schema->format);
    case FRL_LAYOUT_BYTES:
      return text(g, c);
    case FRL_LAYOUT_LIST:
      return list(g, c, schema);
    case FRL_LAYOUT_MAP:
      return map(g, c, schema);
    case FRL_LAYOUT_STRUCT:
      return fields(g, c, schema);
    default:
      return frl_col_append_null(c);
  }
}

static frl_status fill(generator *g, frl_columns *all, const struct ArrowSchema *schema,
    struct ArrowArray *out) {
  for (int64_t row = 0; row < g->options->rows; row++) {
    for (int64_t i = 0; i < schema->n_children; i++) {
      FRL_TRY(cell(g, frl_columns_at(all, (size_t)i), schema->children[i]));
    }
    FRL_TRY(frl_columns_end_row(all));
  }
  return frl_columns_finish(all, out, NULL);
}

/** Characters of one, two and three bytes, and what breaks those who split lines. */
static char *sample_text(const frl_mem *mem, size_t n) {
  static const char piece[] = "Ferrule \xc3\xbc\xe2\x82\xac,\"'\\\n\t 0123456789 ";
  char *made = frl_malloc(mem, n);
  for (size_t i = 0; made && i < n; i++) made[i] = piece[i % (sizeof piece - 1)];
  /* the last character whole */
  while (made && n > 0 && (uint8_t)made[n - 1] >= 0x80) made[--n] = '.';
  return made;
}

frl_status frl_generate(struct ArrowArray *out, const struct ArrowSchema *schema,
    const frl_generate_options *options, frl_error *err) {
  *out = (struct ArrowArray){0};
  generator g = {.options = options, .state = options->seed};
  frl_pool *pool = NULL;
  frl_columns *all = NULL;
  g.text = sample_text(options->mem, options->text_bytes);
  if (!g.text) return frl_fail(err, FRL_E_NOMEM, "batch: out of memory");
  frl_status st = frl_pool_create(&pool, options->mem, 0, err);
  if (st == FRL_OK) {
    const frl_columns_options room = {.struct_size = sizeof room, .pool = pool};
    st = frl_columns_create(&all, schema, &room, err);
  }
  if (st == FRL_OK) {
    st = fill(&g, all, schema, out);
    if (st != FRL_OK) (void)frl_fail(err, st, "batch: it could not be made up");
  }
  frl_columns_destroy(all);
  frl_pool_unref(pool);
  frl_free(options->mem, g.text);
  return st;
}
