#include "arrow/schema_make.h"

#include <ferrule/schema.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/** private_data of every schema made here. */
typedef struct schema_own {
  frl_mem mem;
  char *format;
  char *name;
  char *metadata;
  size_t metadata_bytes;
  size_t child_room;
} schema_own;

static void schema_release(struct ArrowSchema *schema) {
  schema_own *own = schema->private_data;
  const frl_mem mem = own->mem;
  for (int64_t i = 0; i < schema->n_children; i++) {
    frl_schema_release(schema->children[i]);
    frl_free(&mem, schema->children[i]);
  }
  frl_free(&mem, schema->children);
  frl_schema_release(schema->dictionary);
  frl_free(&mem, schema->dictionary);
  frl_free(&mem, own->format);
  frl_free(&mem, own->name);
  frl_free(&mem, own->metadata);
  frl_free(&mem, own);
  schema->release = NULL;
}

frl_status frl_schema_make(
    struct ArrowSchema *out, const frl_mem *mem, const char *format) {
  *out = (struct ArrowSchema){0};
  schema_own *own = frl_calloc(mem, 1, sizeof *own);
  if (!own) return FRL_E_NOMEM;
  own->mem = mem ? *mem : frl_mem_default;
  own->format = frl_strdup(mem, format);
  own->name = frl_strdup(mem, "");
  *out = (struct ArrowSchema){.format = own->format,
      .name = own->name,
      .flags = ARROW_FLAG_NULLABLE,
      .release = schema_release,
      .private_data = own};
  if (own->format && own->name) return FRL_OK;
  schema_release(out);
  return FRL_E_NOMEM;
}

static frl_status replace(
    const frl_mem *mem, char **slot, const char **shown, const char *text, size_t n) {
  char *copy = frl_strndup(mem, text, n);
  if (!copy) return FRL_E_NOMEM;
  frl_free(mem, *slot);
  *slot = copy;
  *shown = copy;
  return FRL_OK;
}

frl_status frl_schema_set_format(struct ArrowSchema *schema, const char *format) {
  schema_own *own = schema->private_data;
  return replace(&own->mem, &own->format, &schema->format, format, strlen(format));
}

frl_status frl_schema_set_name(struct ArrowSchema *schema, const char *name, size_t n) {
  schema_own *own = schema->private_data;
  if (n && memchr(name, 0, n)) return FRL_E_MALFORMED;
  return replace(&own->mem, &own->name, &schema->name, name, n);
}

static char *put_bytes(char *to, const char *bytes, size_t n) {
  const int32_t length = (int32_t)n;
  memcpy(to, &length, sizeof length);
  if (n) memcpy(to + sizeof length, bytes, n);
  return to + sizeof length + n;
}

frl_status frl_schema_add_metadata(
    struct ArrowSchema *schema, const char *key, const char *value, size_t n) {
  schema_own *own = schema->private_data;
  const size_t key_bytes = strlen(key);
  int32_t pairs = 0;
  const size_t before = own->metadata ? own->metadata_bytes : sizeof pairs;
  if (n > INT32_MAX || key_bytes > INT32_MAX) return FRL_E_LIMIT;
  const size_t after = before + 2 * sizeof(int32_t) + key_bytes + n;
  char *metadata = frl_realloc(&own->mem, own->metadata, after);
  if (!metadata) return FRL_E_NOMEM;
  if (own->metadata) memcpy(&pairs, metadata, sizeof pairs);
  pairs++;
  memcpy(metadata, &pairs, sizeof pairs);
  (void)put_bytes(put_bytes(metadata + before, key, key_bytes), value, n);
  own->metadata = metadata;
  own->metadata_bytes = after;
  schema->metadata = metadata;
  return FRL_OK;
}

static frl_status child_room(struct ArrowSchema *schema) {
  schema_own *own = schema->private_data;
  if ((size_t)schema->n_children < own->child_room) return FRL_OK;
  const size_t room = own->child_room ? own->child_room * 2 : 4;
  struct ArrowSchema **children =
      frl_reallocarray(&own->mem, schema->children, room, sizeof(struct ArrowSchema *));
  if (!children) return FRL_E_NOMEM;
  schema->children = children;
  own->child_room = room;
  return FRL_OK;
}

frl_status frl_schema_add_child(struct ArrowSchema *schema, const char *format,
    const char *name, struct ArrowSchema **child) {
  const schema_own *own = schema->private_data;
  FRL_TRY(child_room(schema));
  struct ArrowSchema *made = frl_calloc(&own->mem, 1, sizeof *made);
  if (!made) return FRL_E_NOMEM;
  frl_status st = frl_schema_make(made, &own->mem, format);
  if (st == FRL_OK) st = frl_schema_set_name(made, name, strlen(name));
  if (st != FRL_OK) {
    frl_schema_release(made);
    frl_free(&own->mem, made);
    return st;
  }
  schema->children[schema->n_children++] = made;
  *child = made;
  return FRL_OK;
}

void frl_metadata_begin(frl_metadata_walk *walk, const char *metadata) {
  *walk = (frl_metadata_walk){.next = metadata};
  if (!metadata) return;
  memcpy(&walk->left, metadata, sizeof walk->left);
  walk->next = metadata + sizeof walk->left;
}

static const char *get_bytes(const char *from, const char **bytes, size_t *n) {
  int32_t length;
  memcpy(&length, from, sizeof length);
  *n = length > 0 ? (size_t)length : 0;
  *bytes = from + sizeof length;
  return *bytes + *n;
}

bool frl_metadata_next(frl_metadata_walk *walk) {
  if (walk->left <= 0) return false;
  walk->left--;
  walk->next = get_bytes(walk->next, &walk->key, &walk->key_bytes);
  walk->next = get_bytes(walk->next, &walk->value, &walk->value_bytes);
  return true;
}

const char *frl_schema_metadata(
    const struct ArrowSchema *schema, const char *key, size_t *value_bytes) {
  const size_t key_bytes = strlen(key);
  frl_metadata_walk walk;
  frl_metadata_begin(&walk, schema->metadata);
  while (frl_metadata_next(&walk)) {
    if (walk.key_bytes == key_bytes && memcmp(walk.key, key, key_bytes) == 0) {
      if (value_bytes) *value_bytes = walk.value_bytes;
      return walk.value;
    }
  }
  if (value_bytes) *value_bytes = 0;
  return NULL;
}

/** Everything but the children. */
static frl_status copy_node(struct ArrowSchema *to, const struct ArrowSchema *from) {
  const char *name = from->name ? from->name : "";
  FRL_TRY(frl_schema_set_format(to, from->format));
  FRL_TRY(frl_schema_set_name(to, name, strlen(name)));
  to->flags = from->flags;
  frl_metadata_walk walk;
  frl_metadata_begin(&walk, from->metadata);
  schema_own *own = to->private_data;
  while (frl_metadata_next(&walk)) {
    char *key = frl_strndup(&own->mem, walk.key, walk.key_bytes);
    if (!key) return FRL_E_NOMEM;
    const frl_status st =
        frl_schema_add_metadata(to, key, walk.value, walk.value_bytes);
    frl_free(&own->mem, key);
    FRL_TRY(st);
  }
  return FRL_OK;
}

static frl_status copy_tree(
    struct ArrowSchema *to, const struct ArrowSchema *from, int depth) {
  /* a map is two levels of Arrow and one of Spark */
  if (depth > 2 * FRL_SCHEMA_MAX_DEPTH) return FRL_E_LIMIT;
  if (!from || !from->release || !from->format) return FRL_E_INVALID;
  FRL_TRY(copy_node(to, from));
  for (int64_t i = 0; i < from->n_children; i++) {
    struct ArrowSchema *child;
    FRL_TRY(frl_schema_add_child(to, "n", "", &child));
    FRL_TRY(copy_tree(child, from->children[i], depth + 1));
  }
  if (!from->dictionary) return FRL_OK;
  const schema_own *own = to->private_data;
  to->dictionary = frl_calloc(&own->mem, 1, sizeof *to->dictionary);
  if (!to->dictionary) return FRL_E_NOMEM;
  FRL_TRY(frl_schema_make(to->dictionary, &own->mem, "n"));
  return copy_tree(to->dictionary, from->dictionary, depth + 1);
}

frl_status frl_schema_copy(struct ArrowSchema *out, const frl_mem *mem,
    const struct ArrowSchema *schema, frl_error *err) {
  frl_status st = frl_schema_make(out, mem, "n");
  if (st == FRL_OK) st = copy_tree(out, schema, 0);
  if (st == FRL_OK) return FRL_OK;
  frl_schema_release(out);
  return frl_fail(err, st, "schema: not copied: %s",
      st == FRL_E_NOMEM ? "out of memory" : "broken or nested too deep");
}

void frl_text_free(const frl_mem *mem, char *text) { frl_free(mem, text); }
