/**
 * A declared row type as an ArrowSchema, and how an incoming schema differs from it.
 *
 * Part of <ferrule/kernel.h>; include that.
 */
#ifndef FERRULE_KERNEL_SCHEMA_H
#define FERRULE_KERNEL_SCHEMA_H

#include <errno.h>
#include <ferrule/kernel/text.h>
#include <ferrule/kernel/types.h>
#include <stdlib.h>

enum { FRLK_FORMAT_BYTES = 16 };

/** What a schema owns: children are of its block, names are constants. */
typedef struct frlk_schema_own {
  char format[FRLK_FORMAT_BYTES];
  char *metadata;
  struct ArrowSchema **pointers;
  struct ArrowSchema *children;
  int64_t n;
} frlk_schema_own;

static inline void frlk_schema_release(struct ArrowSchema *schema) {
  frlk_schema_own *own = (frlk_schema_own *)schema->private_data;
  for (int64_t i = 0; i < own->n; i++) {
    if (own->children[i].release) own->children[i].release(&own->children[i]);
  }
  free(own->metadata);
  free(own->pointers);
  free(own->children);
  free(own);
  schema->release = NULL;
}

FRLK_FN const char *frlk_format(const frlk_type *type, char *room) {
  static const char *const formats[] = {"b", "c", "s", "i", "l", "f", "g", NULL, "u",
      "z", "tdD", "tsu:UTC", "tsu:", "ttn", "tDu", "+s", "+s", "+s", "+l", "+m", "+s"};
  if (type->kind != FRLK_DECIMAL) return formats[type->kind];
  (void)snprintf(
      room, FRLK_FORMAT_BYTES, "d:%d,%d", (int)(type->a % 100), (int)(type->b % 100));
  return room;
}

/** A schema with n children, all zero. */
static inline int frlk_schema_begin(
    struct ArrowSchema *out, const char *name, bool nullable, int64_t n) {
  memset(out, 0, sizeof *out);
  frlk_schema_own *own = (frlk_schema_own *)calloc(1, sizeof *own);
  const size_t count = n > 0 ? (size_t)n : 1;
  if (!own) return ENOMEM;
  own->children = (struct ArrowSchema *)calloc(count, sizeof *own->children);
  own->pointers = (struct ArrowSchema **)calloc(count, sizeof *own->pointers);
  own->n = own->children ? n : 0;
  out->name = name;
  out->flags = nullable ? ARROW_FLAG_NULLABLE : 0;
  out->private_data = own;
  out->release = frlk_schema_release;
  if (!own->children || !own->pointers) {
    frlk_schema_release(out);
    return ENOMEM;
  }
  for (int64_t i = 0; i < n; i++) own->pointers[i] = &own->children[i];
  out->n_children = n;
  out->children = n ? own->pointers : NULL;
  return 0;
}

FRLK_FN char *frlk_metadata_bytes(char *to, const char *text) {
  const int32_t n = (int32_t)strlen(text);
  memcpy(to, &n, sizeof n);
  memcpy(to + sizeof n, text, (size_t)n);
  return to + sizeof n + n;
}

/** Pairs of texts; a pair whose value is NULL is left out. */
static inline int frlk_schema_metadata(
    struct ArrowSchema *schema, const char *const (*pairs)[2], int n) {
  frlk_schema_own *own = (frlk_schema_own *)schema->private_data;
  size_t bytes = sizeof(int32_t);
  int32_t count = 0;
  for (int i = 0; i < n; i++) {
    if (!pairs[i][1]) continue;
    bytes += 2 * sizeof(int32_t) + strlen(pairs[i][0]) + strlen(pairs[i][1]);
    count++;
  }
  if (!count) return 0;
  own->metadata = (char *)malloc(bytes);
  if (!own->metadata) return ENOMEM;
  memcpy(own->metadata, &count, sizeof count);
  char *to = own->metadata + sizeof count;
  for (int i = 0; i < n; i++) {
    if (!pairs[i][1]) continue;
    to = frlk_metadata_bytes(frlk_metadata_bytes(to, pairs[i][0]), pairs[i][1]);
  }
  schema->metadata = own->metadata;
  return 0;
}

/** The type's text where the Arrow form does not say all of it. */
FRLK_FN bool frlk_says_more(const frlk_type *type) {
  switch (type->kind) {
    case FRLK_STRING:
      return type->text != NULL;
    case FRLK_TIME:
      return type->a != 6;
    case FRLK_INTERVAL:
      return type->a != FRLK_IV_DAY || type->b != FRLK_IV_SECOND;
    case FRLK_VARIANT:
    case FRLK_GEOMETRY:
    case FRLK_GEOGRAPHY:
      return true;
    default:
      return false;
  }
}

/** The marks by which PySpark knows VARIANT and GEOMETRY, on the last child. */
static inline int frlk_schema_mark(struct ArrowSchema *schema, const frlk_type *type) {
  char srid[16];
  (void)snprintf(srid, sizeof srid, "%d", (int)type->a);
  const bool variant = type->kind == FRLK_VARIANT;
  const char *const pairs[][2] = {{variant                          ? "variant"
                                      : type->kind == FRLK_GEOMETRY ? "geometry"
                                                                    : "geography",
                                      "true"},
      {"srid", variant ? NULL : srid}};
  return frlk_schema_metadata(schema->children[1], pairs, 2);
}

static inline int frlk_schema_field(
    struct ArrowSchema *out, const frlk_field *field, const char *name);

/** A map's child: a struct of key and value. */
static inline int frlk_schema_entries(struct ArrowSchema *out, const frlk_info *info) {
  const int rc = frlk_schema_begin(out, "entries", false, 2);
  if (rc) return rc;
  out->format = "+s";
  const int key = frlk_schema_field(out->children[0], &info->fields[0], "key");
  return key ? key : frlk_schema_field(out->children[1], &info->fields[1], "value");
}

static inline int frlk_schema_parts(
    struct ArrowSchema *out, const frlk_type *type, const frlk_info *info) {
  if (type->kind == FRLK_MAP) return frlk_schema_entries(out->children[0], info);
  for (int64_t i = 0; i < info->n; i++) {
    const frlk_field *part = &info->fields[i];
    const char *name = type->kind == FRLK_ARRAY ? "element" : frlk_name(part);
    const int rc = frlk_schema_field(out->children[i], part, name);
    if (rc) return rc;
  }
  return 0;
}

static inline int frlk_schema_fill(struct ArrowSchema *out, const frlk_field *field) {
  const frlk_type *type = &field->type;
  const frlk_info *info = frlk_parts(type);
  int rc = info ? frlk_schema_parts(out, type, info) : 0;
  if (rc == 0 && frlk_hidden_parts(type->kind)) rc = frlk_schema_mark(out, type);
  if (rc) return rc;
  char text[300];
  frlk_sink sink = {text, sizeof text, 0};
  const bool more = frlk_says_more(type);
  if (more) frlk_put_ddl_type(&sink, type);
  (void)frlk_sink_end(&sink);
  const char *const pairs[][2] = {{"ferrule:spark_type", more ? text : NULL},
      {"comment", frlk_attr_text(field, FRLK_ATTR_COMMENT)}};
  return frlk_schema_metadata(out, pairs, 2);
}

static inline int frlk_schema_field(
    struct ArrowSchema *out, const frlk_field *field, const char *name) {
  const frlk_type *type = &field->type;
  const frlk_info *info = frlk_parts(type);
  const int64_t n = !info ? 0 : type->kind == FRLK_MAP ? 1 : info->n;
  int rc = frlk_schema_begin(out, name, !frlk_not_null(field), n);
  if (rc) return rc;
  out->format = frlk_format(type, ((frlk_schema_own *)out->private_data)->format);
  rc = frlk_schema_fill(out, field);
  if (rc) frlk_schema_release(out);
  return rc;
}

/** The struct of the columns. 0 or ENOMEM. */
FRLK_FN int frlk_schema(const frlk_info *info, struct ArrowSchema *out) {
  const frlk_type type = {FRLK_STRUCT, 0, 0, NULL, NULL};
  int rc = frlk_schema_begin(out, "", false, info->n);
  if (rc) return rc;
  out->format = "+s";
  rc = frlk_schema_parts(out, &type, info);
  if (rc) frlk_schema_release(out);
  return rc;
}

/* ---- how an incoming schema differs ---- */

FRLK_FN int frlk_differs(frlk_sink *s, const frlk_path *at, const char *what) {
  frlk_put_str(s, "column `");
  frlk_put_json_path(s, at);
  frlk_put_str(s, "`: ");
  frlk_put_str(s, what);
  return EINVAL;
}

static inline int frlk_check_parts(frlk_sink *s, const frlk_info *info, bool named,
    const struct ArrowSchema *given, const frlk_path *up);

static inline int frlk_check_type(frlk_sink *s, const frlk_type *type,
    const struct ArrowSchema *given, const frlk_path *at) {
  char room[FRLK_FORMAT_BYTES];
  const char *format = frlk_format(type, room);
  const bool instant = type->kind == FRLK_TIMESTAMP && given->format &&
                       strncmp(given->format, "tsu:", 4) == 0 && given->format[4];
  if (!given->format || given->dictionary ||
      (!instant && strcmp(given->format, format) != 0)) {
    (void)frlk_differs(s, at, "has the Arrow format ");
    frlk_put_str(s, given->format ? given->format : "(none)");
    frlk_put_str(s, given->dictionary ? " with a dictionary, " : ", ");
    frlk_put_ddl_type(s, type);
    frlk_put_str(s, " needs ");
    frlk_put_str(s, format);
    return EINVAL;
  }
  const frlk_info *info = frlk_parts(type);
  if (!info) return 0;
  if (type->kind == FRLK_MAP) {
    if (given->n_children != 1 || !given->children[0]) {
      return frlk_differs(s, at, "is a broken map");
    }
    given = given->children[0];
  }
  return frlk_check_parts(
      s, info, type->kind != FRLK_ARRAY && type->kind != FRLK_MAP, given, at);
}

static inline int frlk_check_parts(frlk_sink *s, const frlk_info *info, bool named,
    const struct ArrowSchema *given, const frlk_path *up) {
  for (int64_t i = 0; i < info->n; i++) {
    const frlk_field *field = &info->fields[i];
    const frlk_path at = {
        up, named ? frlk_name(field)
                  : frlk_part_name(info->n == 1 ? FRLK_ARRAY : FRLK_MAP, i)};
    const struct ArrowSchema *child = i < given->n_children ? given->children[i] : NULL;
    if (!child) return frlk_differs(s, &at, "is missing");
    if (named && (!child->name || strcmp(child->name, at.name) != 0)) {
      (void)frlk_differs(s, &at, "is needed where `");
      frlk_put_str(s, child->name ? child->name : "");
      frlk_put_str(s, "` stands");
      return EINVAL;
    }
    if (frlk_not_null(field) && (child->flags & ARROW_FLAG_NULLABLE)) {
      return frlk_differs(s, &at, "may be null, NOT NULL is needed");
    }
    const int rc = frlk_check_type(s, &field->type, child, &at);
    if (rc) return rc;
  }
  if (given->n_children != info->n) {
    const frlk_path at = {
        up, given->children[info->n]->name ? given->children[info->n]->name : ""};
    return frlk_differs(s, &at, "is one more than is needed");
  }
  return 0;
}

/** 0, or EINVAL with the first difference in why. */
FRLK_FN int frlk_check(
    const frlk_info *info, const struct ArrowSchema *given, char *why, size_t room) {
  frlk_sink s = {why, room, 0};
  int rc;
  if (!given || !given->release || !given->format || strcmp(given->format, "+s") != 0) {
    frlk_put_str(&s, "the schema is not a struct of columns");
    rc = EINVAL;
  } else {
    rc = frlk_check_parts(&s, info, true, given, NULL);
  }
  (void)frlk_sink_end(&s);
  return rc;
}

#endif /* FERRULE_KERNEL_SCHEMA_H */
