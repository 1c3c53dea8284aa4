#include "codec/json_plan.h"

#include <ferrule/schema.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "codec/zone.h"

enum { MEMO_MAX = 256 };

int32_t frl_json_node_find(const frl_json_node *node, const char *name, size_t n) {
  if (!(node->name_lengths >> (n & 63) & 1)) return FRL_JSON_NO_FIELD;
  size_t i = (size_t)frl_hash(name, n, 0) & node->slot_mask;
  for (; node->slots[i]; i = (i + 1) & node->slot_mask) {
    const uint32_t child = node->slots[i] - 1;
    if (frl_json_node_is(&node->children[child], name, n)) return (int32_t)child;
  }
  return FRL_JSON_NO_FIELD;
}

/* At most half of the slots are taken. */
static frl_status index_names(
    frl_json_plan *plan, frl_json_node *node, frl_error *err) {
  size_t n = 4;
  while (n < node->n_children * 2) n *= 2;
  node->slots = frl_calloc(&plan->mem, n, sizeof *node->slots);
  if (!node->slots) return frl_fail(err, FRL_E_NOMEM, "JSON plan: out of memory");
  node->slot_mask = n - 1;
  for (size_t c = 0; c < node->n_children; c++) {
    const frl_json_node *const child = &node->children[c];
    if (child->hidden) continue;
    if (frl_json_node_find(node, child->name, child->name_bytes) >= 0) {
      return frl_fail(
          err, FRL_E_INVALID, "JSON: the schema has two fields \"%s\"", child->name);
    }
    size_t i = (size_t)frl_hash(child->name, child->name_bytes, 0) & node->slot_mask;
    while (node->slots[i]) i = (i + 1) & node->slot_mask;
    node->slots[i] = (uint32_t)c + 1;
    node->name_lengths |= (uint64_t)1 << (child->name_bytes & 63);
  }
  node->memo_at = plan->memo_len;
  node->memo_len = node->n_children * 2 < MEMO_MAX ? node->n_children * 2 : MEMO_MAX;
  plan->memo_len += node->memo_len;
  return FRL_OK;
}

static frl_status build_node(frl_json_plan *plan, frl_json_node *node,
    const struct ArrowSchema *schema, frl_error *err);

static frl_status build_children(frl_json_plan *plan, frl_json_node *node,
    struct ArrowSchema *const *schemas, size_t n, frl_error *err) {
  if (n == 0) return FRL_OK;
  node->children = frl_calloc(&plan->mem, n, sizeof *node->children);
  if (!node->children) return frl_fail(err, FRL_E_NOMEM, "JSON plan: out of memory");
  node->n_children = n;
  for (size_t i = 0; i < n; i++) {
    node->children[i].parent = node;
    FRL_TRY(build_node(plan, &node->children[i], schemas[i], err));
  }
  return FRL_OK;
}

static frl_status refuse(const struct ArrowSchema *schema, frl_error *err) {
  return frl_fail(err, FRL_E_UNSUPPORTED,
      "JSON: field \"%s\": JSON is not read into this type (Arrow format %s)",
      schema->name ? schema->name : "", schema->format ? schema->format : "none");
}

static frl_status build_map(frl_json_plan *plan, frl_json_node *node,
    const struct ArrowSchema *map, frl_error *err) {
  if (map->n_children != 1 || map->children[0]->n_children != 2) {
    return refuse(map, err);
  }
  const struct ArrowSchema *const entry = map->children[0];
  if (strcmp(entry->children[0]->format, "u") != 0) {
    return frl_fail(err, FRL_E_UNSUPPORTED,
        "JSON: field \"%s\": the keys of a map must be STRING", map->name);
  }
  return build_children(plan, node, entry->children + 1, 1, err);
}

static frl_status build_node(frl_json_plan *plan, frl_json_node *node,
    const struct ArrowSchema *schema, frl_error *err) {
  frl_spark_type type;
  const struct ArrowSchema *parts = schema;
  if (frl_spark_type_of_arrow(&type, &parts, schema) != FRL_OK || parts != schema) {
    return refuse(schema, err);
  }
  node->kind = type.kind;
  node->read = frl_json_reader(type.kind);
  node->a = type.a;
  node->b = type.b;
  node->name = schema->name ? schema->name : "";
  node->name_bytes = strlen(node->name);
  const size_t n = (size_t)schema->n_children;
  switch (type.kind) {
    case FRL_SPARK_STRUCT:
      FRL_TRY(build_children(plan, node, schema->children, n, err));
      return index_names(plan, node, err);
    case FRL_SPARK_ARRAY:
      return build_children(plan, node, schema->children, 1, err);
    case FRL_SPARK_MAP:
      return build_map(plan, node, schema, err);
    case FRL_SPARK_INTERVAL:
    case FRL_SPARK_VARIANT:
    case FRL_SPARK_GEOMETRY:
    case FRL_SPARK_GEOGRAPHY:
      return refuse(schema, err);
    default:
      return FRL_OK;
  }
}

/* Whatever the schema said: a record can leave any field out. */
static void make_nullable(struct ArrowSchema *schema) {
  const bool is_map = strcmp(schema->format, "+m") == 0;
  for (int64_t i = 0; i < schema->n_children; i++) {
    struct ArrowSchema *const child = schema->children[i];
    if (is_map) {
      if (child->n_children != 2) continue;
      child->children[1]->flags |= ARROW_FLAG_NULLABLE;
      make_nullable(child->children[1]);
    } else {
      child->flags |= ARROW_FLAG_NULLABLE;
      make_nullable(child);
    }
  }
}

/* The column of that name, for what is no field of the record; SIZE_MAX if none. */
static frl_status hide_column(
    frl_json_plan *plan, const char *name, size_t *out, frl_error *err) {
  *out = SIZE_MAX;
  for (size_t i = 0; name && i < plan->root.n_children; i++) {
    frl_json_node *const child = &plan->root.children[i];
    if (!frl_json_node_is(child, name, strlen(name))) continue;
    if (child->kind != FRL_SPARK_STRING) {
      return frl_fail(
          err, FRL_E_INVALID, "JSON: the column \"%s\" must be a STRING", name);
    }
    child->hidden = true;
    *out = i;
  }
  return FRL_OK;
}

static frl_status build_root(frl_json_plan *plan, const struct ArrowSchema *schema,
    const frl_json_options *options, frl_error *err) {
  if (!schema->release || !schema->format || strcmp(schema->format, "+s") != 0) {
    return frl_fail(err, FRL_E_INVALID, "JSON: the schema must be a struct");
  }
  FRL_TRY(frl_schema_copy(&plan->schema, &plan->mem, schema, err));
  make_nullable(&plan->schema);
  plan->root.kind = FRL_SPARK_STRUCT;
  FRL_TRY(build_children(
      plan, &plan->root, plan->schema.children, (size_t)plan->schema.n_children, err));
  const char *corrupt = options->corrupt_column;
  FRL_TRY(hide_column(
      plan, corrupt ? corrupt : "_corrupt_record", &plan->corrupt_column, err));
  FRL_TRY(hide_column(plan, options->reason_column, &plan->reason_column, err));
  return index_names(plan, &plan->root, err);
}

/* An unknown zone is better refused now than in every decoder. */
static frl_status check_zone(frl_json_plan *plan, frl_error *err) {
  frl_zones zones;
  frl_zones_init(&zones, &plan->mem, NULL);
  const frl_zone *zone;
  const frl_status st =
      frl_zones_get(&zones, plan->time_zone, strlen(plan->time_zone), &zone);
  frl_zones_deinit(&zones);
  if (st == FRL_OK || st == FRL_E_NOMEM) {
    return st == FRL_OK ? st : frl_fail(err, st, "JSON plan: out of memory");
  }
  return frl_fail(err, FRL_E_INVALID, "JSON: the time zone \"%s\" is not known%s",
      plan->time_zone,
      st == FRL_E_UNSUPPORTED ? ": there is no tz database here (package tzdata)" : "");
}

static frl_status compile_format(
    frl_time_format *out, const char *pattern, const char *option, frl_error *err) {
  if (!pattern) return FRL_OK;
  const frl_status st = frl_time_format_compile(out, pattern, err);
  if (st != FRL_OK) frl_error_prefix(err, "JSON: option %s: ", option);
  return st;
}

static frl_status compile_formats(
    frl_json_plan *plan, const frl_json_options *o, frl_error *err) {
  FRL_TRY(compile_format(&plan->date_format, o->date_format, "dateFormat", err));
  FRL_TRY(compile_format(
      &plan->timestamp_format, o->timestamp_format, "timestampFormat", err));
  return compile_format(
      &plan->timestamp_ntz_format, o->timestamp_ntz_format, "timestampNTZFormat", err);
}

static frl_status fill_plan(frl_json_plan *plan, const struct ArrowSchema *schema,
    const frl_json_options *options, frl_error *err) {
  plan->mode = options->mode;
  plan->leniency = (frl_json_leniency){
      .single_quotes = !options->no_single_quotes,
      .non_numeric = !options->no_non_numeric_numbers,
      .comments = options->comments,
      .bare_names = options->unquoted_field_names,
      .leading_zeros = options->leading_zeros,
      .any_escape = options->escape_any_character,
      .control_chars = options->unquoted_control_chars,
  };
  plan->clock = options->clock;
  plan->time_zone =
      frl_strdup(&plan->mem, options->time_zone ? options->time_zone : "UTC");
  if (!plan->time_zone) return frl_fail(err, FRL_E_NOMEM, "JSON plan: out of memory");
  FRL_TRY(check_zone(plan, err));
  FRL_TRY(compile_formats(plan, options, err));
  return build_root(plan, schema, options, err);
}

frl_status frl_json_plan_create(frl_json_plan **out, const struct ArrowSchema *schema,
    const frl_json_options *options, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_json_options known = {.struct_size = sizeof known};
  if (options) {
    const size_t size = options->struct_size;
    memcpy(&known, options, size < sizeof known ? size : sizeof known);
  }
  frl_json_plan *plan = frl_calloc(mem, 1, sizeof *plan);
  if (!plan) return frl_fail(err, FRL_E_NOMEM, "JSON plan: out of memory");
  plan->mem = mem ? *mem : frl_mem_default;
  const frl_status st = fill_plan(plan, schema, &known, err);
  if (st != FRL_OK) {
    frl_json_plan_destroy(plan);
    return st;
  }
  *out = plan;
  return FRL_OK;
}

static void free_node(const frl_mem *mem, frl_json_node *node) {
  for (size_t i = 0; i < node->n_children; i++) free_node(mem, &node->children[i]);
  frl_free(mem, node->children);
  frl_free(mem, node->slots);
}

void frl_json_plan_destroy(frl_json_plan *plan) {
  if (!plan) return;
  const frl_mem mem = plan->mem;
  free_node(&mem, &plan->root);
  frl_schema_release(&plan->schema);
  frl_free(&mem, plan->time_zone);
  frl_free(&mem, plan);
}

const struct ArrowSchema *frl_json_plan_schema(const frl_json_plan *plan) {
  return &plan->schema;
}

static bool same_word(const char *text, const char *upper) {
  for (; *text && *upper; text++, upper++) {
    const char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
    if (c != *upper) return false;
  }
  return *text == *upper;
}

frl_status frl_json_mode_parse(frl_json_mode *out, const char *text, frl_error *err) {
  static const char *const words[] = {"PERMISSIVE", "FAILFAST", "DROPMALFORMED"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!same_word(text, words[i])) continue;
    *out = (frl_json_mode)i;
    return FRL_OK;
  }
  return frl_fail(err, FRL_E_INVALID,
      "mode \"%s\" is none of PERMISSIVE, FAILFAST, DROPMALFORMED", text);
}
