/**
 * A declared row type as Spark DDL and as StructType JSON.
 *
 * Part of <ferrule/kernel.h>; include that.
 */
#ifndef FERRULE_KERNEL_TEXT_H
#define FERRULE_KERNEL_TEXT_H

#include <ferrule/kernel/types.h>
#include <stdio.h>

/** As snprintf: writes what fits and counts all. */
typedef struct frlk_sink {
  char *out;
  size_t room;
  size_t used;
} frlk_sink;

FRLK_FN void frlk_put_char(frlk_sink *s, char c) {
  if (s->used + 1 < s->room) s->out[s->used] = c;
  s->used++;
}

FRLK_FN void frlk_put_str(frlk_sink *s, const char *text) {
  while (*text) frlk_put_char(s, *text++);
}

FRLK_FN void frlk_put_num(frlk_sink *s, int32_t n) {
  char digits[16];
  (void)snprintf(digits, sizeof digits, "%d", (int)n);
  frlk_put_str(s, digits);
}

/** Ends the text; gives its length, which may be above the room. */
FRLK_FN size_t frlk_sink_end(frlk_sink *s) {
  if (s->room) s->out[s->used < s->room ? s->used : s->room - 1] = '\0';
  return s->used;
}

FRLK_FN const char *frlk_word(frlk_kind kind, bool json) {
  static const char *const words[][2] = {{"BOOLEAN", "boolean"}, {"TINYINT", "byte"},
      {"SMALLINT", "short"}, {"INT", "integer"}, {"BIGINT", "long"}, {"FLOAT", "float"},
      {"DOUBLE", "double"}, {"DECIMAL", "decimal"}, {"STRING", "string"},
      {"BINARY", "binary"}, {"DATE", "date"}, {"TIMESTAMP", "timestamp"},
      {"TIMESTAMP_NTZ", "timestamp_ntz"}, {"TIME", "time"}, {"INTERVAL", "interval"},
      {"VARIANT", "variant"}, {"GEOMETRY", "geometry"}, {"GEOGRAPHY", "geography"},
      {"ARRAY", "array"}, {"MAP", "map"}, {"STRUCT", "struct"}};
  return words[kind][json ? 1 : 0];
}

/** Types without declared parts, but for the collation. */
FRLK_FN void frlk_put_plain(frlk_sink *s, const frlk_type *type, bool json) {
  static const char *const upper[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
  static const char *const lower[] = {"day", "hour", "minute", "second"};
  const char *const *fields = json ? lower : upper;
  frlk_put_str(s, frlk_word(type->kind, json));
  switch (type->kind) {
    case FRLK_DECIMAL:
      frlk_put_char(s, '(');
      frlk_put_num(s, type->a);
      frlk_put_char(s, ',');
      frlk_put_num(s, type->b);
      frlk_put_char(s, ')');
      break;
    case FRLK_TIME:
      frlk_put_char(s, '(');
      frlk_put_num(s, type->a);
      frlk_put_char(s, ')');
      break;
    case FRLK_INTERVAL:
      frlk_put_char(s, ' ');
      frlk_put_str(s, fields[type->a]);
      if (type->a == type->b) break;
      frlk_put_str(s, json ? " to " : " TO ");
      frlk_put_str(s, fields[type->b]);
      break;
    default:
      break;
  }
}

/** A reference system: by its number in DDL, by the name Spark gives it in JSON. */
FRLK_FN void frlk_put_srid(frlk_sink *s, const frlk_type *type, bool json) {
  frlk_put_char(s, '(');
  if (type->a < 0) {
    frlk_put_str(s, json ? "SRID:ANY" : "ANY");
  } else if (!json) {
    frlk_put_num(s, type->a);
  } else if (type->a == 0) {
    frlk_put_str(s, "SRID:0");
  } else if (type->a == 4326) {
    frlk_put_str(s, "OGC:CRS84");
  } else {
    frlk_put_str(s, "EPSG:");
    frlk_put_num(s, type->a);
  }
  if (json && type->kind == FRLK_GEOGRAPHY) frlk_put_str(s, ", SPHERICAL");
  frlk_put_char(s, ')');
}

/* ---- DDL ---- */

FRLK_FN void frlk_put_ddl_name(frlk_sink *s, const char *name) {
  frlk_put_char(s, '`');
  for (; *name; name++) {
    if (*name == '`') frlk_put_char(s, '`');
    frlk_put_char(s, *name);
  }
  frlk_put_char(s, '`');
}

static inline void frlk_put_ddl_fields(
    frlk_sink *s, const frlk_info *info, const char *colon);

static inline void frlk_put_ddl_type(frlk_sink *s, const frlk_type *type) {
  if (type->kind == FRLK_ARRAY || type->kind == FRLK_MAP) {
    const frlk_info *info = frlk_parts(type);
    frlk_put_str(s, type->kind == FRLK_ARRAY ? "ARRAY<" : "MAP<");
    for (int64_t i = 0; i < info->n; i++) {
      if (i) frlk_put_str(s, ", ");
      frlk_put_ddl_type(s, &info->fields[i].type);
    }
    frlk_put_char(s, '>');
  } else if (type->kind == FRLK_STRUCT) {
    frlk_put_str(s, "STRUCT<");
    frlk_put_ddl_fields(s, frlk_parts(type), ": ");
    frlk_put_char(s, '>');
  } else {
    frlk_put_plain(s, type, false);
    if (type->kind == FRLK_GEOMETRY || type->kind == FRLK_GEOGRAPHY) {
      frlk_put_srid(s, type, false);
    }
    if (type->kind == FRLK_STRING && type->text) {
      frlk_put_str(s, " COLLATE ");
      frlk_put_str(s, type->text);
    }
  }
}

static inline void frlk_put_ddl_fields(
    frlk_sink *s, const frlk_info *info, const char *colon) {
  for (int64_t i = 0; i < info->n; i++) {
    const frlk_field *field = &info->fields[i];
    if (i) frlk_put_str(s, ", ");
    frlk_put_ddl_name(s, frlk_name(field));
    frlk_put_str(s, colon);
    frlk_put_ddl_type(s, &field->type);
    if (frlk_not_null(field)) frlk_put_str(s, " NOT NULL");
    const char *comment = frlk_attr_text(field, FRLK_ATTR_COMMENT);
    if (!comment) continue;
    frlk_put_str(s, " COMMENT '");
    for (; *comment; comment++) {
      if (*comment == '\'' || *comment == '\\') frlk_put_char(s, '\\');
      frlk_put_char(s, *comment);
    }
    frlk_put_char(s, '\'');
  }
}

FRLK_FN size_t frlk_ddl(const frlk_info *info, char *out, size_t room) {
  frlk_sink s = {out, room, 0};
  frlk_put_ddl_fields(&s, info, " ");
  return frlk_sink_end(&s);
}

/* ---- StructType JSON ---- */

FRLK_FN void frlk_put_json_bytes(frlk_sink *s, const char *text) {
  for (; *text; text++) {
    const unsigned char c = (unsigned char)*text;
    const char *const named = strchr("\"\\\b\f\n\r\t", c);
    if (named) {
      frlk_put_char(s, '\\');
      frlk_put_char(s, "\"\\bfnrt"[named - strchr("\"\\\b\f\n\r\t", '"')]);
    } else if (c < 0x20) {
      frlk_put_str(s, "\\u00");
      frlk_put_char(s, "0123456789ABCDEF"[c >> 4]);
      frlk_put_char(s, "0123456789ABCDEF"[c & 15]);
    } else {
      frlk_put_char(s, (char)c);
    }
  }
}

FRLK_FN void frlk_put_json_str(frlk_sink *s, const char *text) {
  frlk_put_char(s, '"');
  frlk_put_json_bytes(s, text);
  frlk_put_char(s, '"');
}

/** "name.element.key": a chain of names on the stack, outermost last. */
typedef struct frlk_path {
  const struct frlk_path *up;
  const char *name;
} frlk_path;

FRLK_FN void frlk_put_json_path(frlk_sink *s, const frlk_path *path) {
  if (path->up) {
    frlk_put_json_path(s, path->up);
    frlk_put_char(s, '.');
  }
  frlk_put_json_bytes(s, path->name);
}

static inline const char *frlk_part_name(frlk_kind kind, int64_t i) {
  if (kind == FRLK_ARRAY) return "element";
  return i == 0 ? "key" : "value";
}

/** The collations of a field, in arrays and maps too, but not in structs below. */
static inline int frlk_put_collations(
    frlk_sink *s, const frlk_type *type, const frlk_path *path, int found) {
  if (type->kind == FRLK_STRING && type->text) {
    frlk_put_str(s, found ? "," : ",\"__COLLATIONS\":{");
    frlk_put_char(s, '"');
    frlk_put_json_path(s, path);
    frlk_put_str(s, "\":\"");
    frlk_put_str(s, strncmp(type->text, "UTF8_", 5) == 0 ? "spark." : "icu.");
    frlk_put_str(s, type->text);
    frlk_put_char(s, '"');
    return found + 1;
  }
  if (type->kind != FRLK_ARRAY && type->kind != FRLK_MAP) return found;
  const frlk_info *info = frlk_parts(type);
  for (int64_t i = 0; i < info->n; i++) {
    const frlk_path below = {path, frlk_part_name(type->kind, i)};
    found = frlk_put_collations(s, &info->fields[i].type, &below, found);
  }
  return found;
}

static inline void frlk_put_json_fields(frlk_sink *s, const frlk_info *info);

static inline void frlk_put_json_type(frlk_sink *s, const frlk_type *type) {
  const frlk_info *info = type->parts ? frlk_parts(type) : NULL;
  switch (type->kind) {
    case FRLK_ARRAY:
      frlk_put_str(s, "{\"type\":\"array\",\"elementType\":");
      frlk_put_json_type(s, &info->fields[0].type);
      frlk_put_str(s, ",\"containsNull\":");
      frlk_put_str(s, frlk_not_null(&info->fields[0]) ? "false}" : "true}");
      break;
    case FRLK_MAP:
      frlk_put_str(s, "{\"type\":\"map\",\"keyType\":");
      frlk_put_json_type(s, &info->fields[0].type);
      frlk_put_str(s, ",\"valueType\":");
      frlk_put_json_type(s, &info->fields[1].type);
      frlk_put_str(s, ",\"valueContainsNull\":");
      frlk_put_str(s, frlk_not_null(&info->fields[1]) ? "false}" : "true}");
      break;
    case FRLK_STRUCT:
      frlk_put_json_fields(s, info);
      break;
    default:
      frlk_put_char(s, '"');
      frlk_put_plain(s, type, true);
      if (type->kind == FRLK_GEOMETRY || type->kind == FRLK_GEOGRAPHY) {
        frlk_put_srid(s, type, true);
      }
      frlk_put_char(s, '"');
      break;
  }
}

static inline void frlk_put_json_metadata(frlk_sink *s, const frlk_field *field) {
  const char *comment = frlk_attr_text(field, FRLK_ATTR_COMMENT);
  const frlk_path path = {NULL, frlk_name(field)};
  frlk_put_str(s, ",\"metadata\":{");
  if (comment) {
    frlk_put_str(s, "\"comment\":");
    frlk_put_json_str(s, comment);
  }
  /* the comma that begins the collations is left out where nothing stands before */
  frlk_sink probe = {NULL, 0, 0};
  if (frlk_put_collations(&probe, &field->type, &path, 0)) {
    const size_t before = s->used;
    (void)frlk_put_collations(s, &field->type, &path, 0);
    if (!comment) {
      const size_t end = s->used < s->room ? s->used : s->room;
      if (before + 1 < end)
        memmove(s->out + before, s->out + before + 1, end - before - 1);
      s->used--;
    }
    frlk_put_char(s, '}');
  }
  frlk_put_char(s, '}');
}

static inline void frlk_put_json_fields(frlk_sink *s, const frlk_info *info) {
  frlk_put_str(s, "{\"type\":\"struct\",\"fields\":[");
  for (int64_t i = 0; i < info->n; i++) {
    const frlk_field *field = &info->fields[i];
    frlk_put_str(s, i ? ",{\"name\":" : "{\"name\":");
    frlk_put_json_str(s, frlk_name(field));
    frlk_put_str(s, ",\"type\":");
    frlk_put_json_type(s, &field->type);
    frlk_put_str(s, ",\"nullable\":");
    frlk_put_str(s, frlk_not_null(field) ? "false" : "true");
    frlk_put_json_metadata(s, field);
    frlk_put_char(s, '}');
  }
  frlk_put_str(s, "]}");
}

FRLK_FN size_t frlk_json(const frlk_info *info, char *out, size_t room) {
  frlk_sink s = {out, room, 0};
  frlk_put_json_fields(&s, info);
  return frlk_sink_end(&s);
}

#endif /* FERRULE_KERNEL_TEXT_H */
