#include "row/plan.h"

#include <ferrule/schema.h>
#include <string.h>

#include "arrow/layout.h"
#include "arrow/spark_type.h"
#include "base/error.h"
#include "base/mem.h"

enum { DECIMAL_WORD_DIGITS = 18 };

/** Where the walk stands. */
typedef struct place {
  const frl_mem *mem;
  const char *path;
  int depth;
  frl_error *err;
} place;

static frl_status refuse(const place *at, frl_status status, const char *why) {
  return frl_fail(at->err, status, "rows: column \"%s\": %s", at->path, why);
}

static frl_status init_at(
    frl_row_node *node, const struct ArrowSchema *schema, const place *at);

static char *joined(const place *at, const char *name) {
  const size_t up = strlen(at->path);
  const size_t n = strlen(name);
  char *path = frl_malloc(at->mem, up + n + 2);
  if (!path) return NULL;
  memcpy(path, at->path, up);
  if (up) path[up] = '.';
  memcpy(path + up + (up != 0), name, n + 1);
  return path;
}

static frl_status init_child(frl_row_node *child, const struct ArrowSchema *schema,
    const char *name, const place *at) {
  if (!schema || !schema->release || !schema->format) {
    return refuse(at, FRL_E_INVALID, "a broken schema");
  }
  if (at->depth >= FRL_ROW_MAX_DEPTH) {
    return refuse(at, FRL_E_LIMIT, "nested too deep");
  }
  child->path = joined(at, name ? name : "");
  if (!child->path) return refuse(at, FRL_E_NOMEM, "out of memory");
  const place below = {at->mem, child->path, at->depth + 1, at->err};
  return init_at(child, schema, &below);
}

static frl_status make_children(frl_row_node *node, size_t n, const place *at) {
  if (n == 0) return FRL_OK;
  node->children = frl_calloc(at->mem, n, sizeof *node->children);
  if (!node->children) return refuse(at, FRL_E_NOMEM, "out of memory");
  node->n_children = n;
  return FRL_OK;
}

static frl_status init_struct(
    frl_row_node *node, const struct ArrowSchema *schema, const place *at) {
  const int64_t n = schema->n_children;
  if (n < 0 || n > FRL_SCHEMA_MAX_FIELDS) {
    return refuse(at, FRL_E_INVALID, "too many fields, or less than none");
  }
  FRL_TRY(make_children(node, (size_t)n, at));
  for (size_t i = 0; i < node->n_children; i++) {
    const struct ArrowSchema *field = schema->children[i];
    FRL_TRY(init_child(&node->children[i], field, field ? field->name : NULL, at));
  }
  return FRL_OK;
}

static frl_status init_list(
    frl_row_node *node, const struct ArrowSchema *schema, const place *at) {
  if (schema->n_children != 1) return refuse(at, FRL_E_INVALID, "a list of nothing");
  FRL_TRY(make_children(node, 1, at));
  return init_child(node->children, schema->children[0], "element", at);
}

static frl_status init_map(
    frl_row_node *node, const struct ArrowSchema *schema, const place *at) {
  const struct ArrowSchema *entry =
      schema->n_children == 1 ? schema->children[0] : NULL;
  if (!entry || entry->n_children != 2) {
    return refuse(at, FRL_E_INVALID, "a map needs a struct of key and value");
  }
  FRL_TRY(make_children(node, 2, at));
  FRL_TRY(init_child(&node->children[0], entry->children[0], "key", at));
  return init_child(&node->children[1], entry->children[1], "value", at);
}

static frl_status init_nested(
    frl_row_node *node, const struct ArrowSchema *schema, const place *at) {
  frl_spark_type type;
  const struct ArrowSchema *parts;
  const frl_status st = frl_spark_type_of_arrow(&type, &parts, schema);
  if (st != FRL_OK) return refuse(at, st, "no Spark type");
  switch (type.kind) {
    case FRL_SPARK_VARIANT:
      node->form = FRL_ROW_VARIANT;
      node->variant_value = strcmp(schema->children[0]->name, "value") == 0 ? 0 : 1;
      return FRL_OK;
    case FRL_SPARK_STRUCT:
      node->form = FRL_ROW_STRUCT;
      return init_struct(node, schema, at);
    case FRL_SPARK_MAP:
      node->form = FRL_ROW_MAP;
      return init_map(node, schema, at);
    case FRL_SPARK_ARRAY:
      node->form = FRL_ROW_LIST;
      if (strcmp(schema->format, "+l") == 0) return init_list(node, schema, at);
      break;
    default:
      break;
  }
  return refuse(at, FRL_E_UNSUPPORTED, "a type that Spark's rows are not read to");
}

/** Digits of "d:PRECISION,SCALE", whose form frl_layout_of has checked. */
static int decimal_digits(const char *format) {
  int digits = 0;
  for (const char *c = format + 2; *c >= '0' && *c <= '9' && digits < 1000; c++) {
    digits = digits * 10 + (*c - '0');
  }
  return digits;
}

static frl_status init_decimal(
    frl_row_node *node, const char *format, const frl_layout *layout, const place *at) {
  const int digits = decimal_digits(format);
  if (layout->width_bytes != 16 || digits < 1 || digits > FRL_DECIMAL_MAX_PRECISION) {
    return refuse(at, FRL_E_UNSUPPORTED, "Spark's decimals have 1 to 38 digits");
  }
  const bool word = digits <= DECIMAL_WORD_DIGITS;
  node->form = word ? FRL_ROW_DECIMAL_WORD : FRL_ROW_DECIMAL_BYTES;
  return FRL_OK;
}

/** Of those that Arrow and Spark hold in the same width. */
static bool same_in_both(const char *format) {
  static const char *const known[] = {
      "c", "s", "i", "l", "f", "g", "tdD", "ttn", "tDu", "tiM"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(format, known[i]) == 0) return true;
  }
  return strncmp(format, "tsu:", 4) == 0;
}

static frl_status init_flat(
    frl_row_node *node, const struct ArrowSchema *schema, const place *at) {
  frl_layout layout;
  if (frl_layout_of(&layout, schema->format) != FRL_OK) {
    return refuse(at, FRL_E_INVALID, "no Arrow type");
  }
  switch (schema->format[0]) {
    case 'n':
      node->form = FRL_ROW_VOID;
      node->nullable = true;
      return FRL_OK;
    case 'b':
      node->form = FRL_ROW_BOOL;
      node->width_bytes = 1;
      return FRL_OK;
    case 'd':
      return init_decimal(node, schema->format, &layout, at);
    case 'u':
    case 'z':
      node->form = FRL_ROW_BYTES;
      return FRL_OK;
    default:
      break;
  }
  if (!same_in_both(schema->format)) {
    return refuse(at, FRL_E_UNSUPPORTED, "a type that Spark's rows are not read to");
  }
  node->form = FRL_ROW_FIXED;
  node->width_bytes = (uint8_t)layout.width_bytes;
  return FRL_OK;
}

static frl_status init_at(
    frl_row_node *node, const struct ArrowSchema *schema, const place *at) {
  node->nullable = (schema->flags & ARROW_FLAG_NULLABLE) != 0;
  node->width_bytes = FRL_ROW_WORD;
  if (schema->dictionary) {
    return refuse(at, FRL_E_UNSUPPORTED, "dictionaries are not rows' values");
  }
  if (schema->format[0] == '+') return init_nested(node, schema, at);
  return init_flat(node, schema, at);
}

frl_status frl_row_node_init(frl_row_node *node, const struct ArrowSchema *schema,
    const frl_mem *mem, frl_error *err) {
  *node = (frl_row_node){.form = FRL_ROW_STRUCT};
  const place root = {mem, "", 0, err};
  if (!schema || !schema->release || !schema->format ||
      strcmp(schema->format, "+s") != 0) {
    return refuse(&root, FRL_E_INVALID, "the schema is no struct");
  }
  return init_struct(node, schema, &root);
}

void frl_row_node_deinit(frl_row_node *node, const frl_mem *mem) {
  for (size_t i = 0; i < node->n_children; i++) {
    frl_row_node_deinit(&node->children[i], mem);
  }
  frl_free(mem, node->children);
  frl_free(mem, node->path);
  *node = (frl_row_node){0};
}
