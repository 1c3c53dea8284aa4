/**
 * The values of Spark's types in C, and how a declared row type is described.
 *
 * Part of <ferrule/kernel.h>; include that. Names that begin with frlk_ or FRLK_ are
 * compiled into each kernel library: nothing is linked.
 */
#ifndef FERRULE_KERNEL_TYPES_H
#define FERRULE_KERNEL_TYPES_H

#include <ferrule/kernel_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define FRLK_FN static inline __attribute__((unused))
#define FRLK_PRINTF(fmt_index, first_arg) \
  __attribute__((format(printf, fmt_index, first_arg)))
#define FRLK_LIKELY(x) __builtin_expect(!!(x), 1)
#else
#define FRLK_FN static inline
#define FRLK_PRINTF(fmt_index, first_arg)
#define FRLK_LIKELY(x) (x)
#endif

#ifdef __cplusplus
#define FRLK_ASSERT(condition, message) static_assert(condition, message)
#else
#define FRLK_ASSERT(condition, message) _Static_assert(condition, message)
#endif

/** STRING, UTF-8: borrowed bytes, not NUL-terminated. */
typedef struct frl_string {
  const char *data;
  int64_t size;
} frl_string;

/** BINARY. */
typedef struct frl_binary {
  const uint8_t *data;
  int64_t size;
} frl_binary;

/** DECIMAL(p,s): the unscaled value in two's complement, the value times 10^s. */
typedef struct frl_decimal {
  uint64_t low;
  int64_t high;
} frl_decimal;

/** VARIANT, as Spark encodes it. */
typedef struct frl_variant {
  frl_binary value;
  frl_binary metadata;
} frl_variant;

/** GEOMETRY and GEOGRAPHY: well-known binary. */
typedef struct frl_geometry {
  frl_binary wkb;
  int32_t srid;
} frl_geometry;

/** A text as a STRING; literal or any NUL-terminated text. */
FRLK_FN frl_string frl_string_of(const char *text) {
  frl_string s;
  s.data = text;
  s.size = (int64_t)strlen(text);
  return s;
}

FRLK_FN bool frl_string_equal(frl_string a, frl_string b) {
  return a.size == b.size &&
         (a.size == 0 || memcmp(a.data, b.data, (size_t)a.size) == 0);
}

FRLK_FN frl_decimal frl_decimal_of(int64_t unscaled) {
  frl_decimal d;
  d.low = (uint64_t)unscaled;
  d.high = unscaled < 0 ? -1 : 0;
  return d;
}

/* ---- how a row type is described: constant data, one for each declaration ---- */

typedef enum frlk_kind {
  FRLK_BOOLEAN,
  FRLK_TINYINT,
  FRLK_SMALLINT,
  FRLK_INT,
  FRLK_BIGINT,
  FRLK_FLOAT,
  FRLK_DOUBLE,
  FRLK_DECIMAL, /* a: precision, b: scale */
  FRLK_STRING,  /* text: collation, NULL: UTF8_BINARY */
  FRLK_BINARY,
  FRLK_DATE,
  FRLK_TIMESTAMP,
  FRLK_TIMESTAMP_NTZ,
  FRLK_TIME,     /* a: precision */
  FRLK_INTERVAL, /* a, b: first and last frlk_interval_field */
  FRLK_VARIANT,
  FRLK_GEOMETRY,  /* a: SRID, -1: any */
  FRLK_GEOGRAPHY, /* the same */
  FRLK_ARRAY,
  FRLK_MAP,
  FRLK_STRUCT
} frlk_kind;

enum { FRLK_IV_DAY, FRLK_IV_HOUR, FRLK_IV_MINUTE, FRLK_IV_SECOND };

struct frlk_info;

typedef struct frlk_type {
  frlk_kind kind;
  int32_t a;
  int32_t b;
  const char *text;
  const struct frlk_info *(*parts)(void); /* ARRAY, MAP, STRUCT */
} frlk_type;

typedef enum frlk_attr_kind {
  FRLK_ATTR_END,
  FRLK_ATTR_NOT_NULL,
  FRLK_ATTR_COMMENT,
  FRLK_ATTR_NAME
} frlk_attr_kind;

typedef struct frlk_attr {
  frlk_attr_kind kind;
  const char *text;
} frlk_attr;

typedef struct frlk_field {
  const char *member;
  frlk_type type;
  frlk_attr attrs[3];
} frlk_field;

/** STRUCT: its fields; ARRAY: element; MAP: key, value. */
typedef struct frlk_info {
  const char *name;
  const frlk_field *fields;
  int64_t n;
} frlk_info;

FRLK_FN const char *frlk_attr_text(const frlk_field *field, frlk_attr_kind kind) {
  for (int i = 0; i < 3; i++) {
    if (field->attrs[i].kind == kind) return field->attrs[i].text;
  }
  return NULL;
}

FRLK_FN bool frlk_not_null(const frlk_field *field) {
  return frlk_attr_text(field, FRLK_ATTR_NOT_NULL) != NULL;
}

/** The column's name. */
FRLK_FN const char *frlk_name(const frlk_field *field) {
  const char *name = frlk_attr_text(field, FRLK_ATTR_NAME);
  return name ? name : field->member;
}

/** Bytes of a value that has a fixed width; 0 for all others. */
FRLK_FN int64_t frlk_width(frlk_kind kind) {
  switch (kind) {
    case FRLK_TINYINT:
      return 1;
    case FRLK_SMALLINT:
      return 2;
    case FRLK_INT:
    case FRLK_FLOAT:
    case FRLK_DATE:
      return 4;
    case FRLK_BIGINT:
    case FRLK_DOUBLE:
    case FRLK_TIMESTAMP:
    case FRLK_TIMESTAMP_NTZ:
    case FRLK_TIME:
    case FRLK_INTERVAL:
      return 8;
    case FRLK_DECIMAL:
      return 16;
    default:
      return 0;
  }
}

/** What VARIANT, GEOMETRY and GEOGRAPHY consist of; NULL for all others. */
FRLK_FN const frlk_info *frlk_hidden_parts(frlk_kind kind) {
  static const frlk_field variant[] = {
      {"value", {FRLK_BINARY, 0, 0, NULL, NULL},
          {{FRLK_ATTR_NOT_NULL, ""}, {FRLK_ATTR_END, NULL}, {FRLK_ATTR_END, NULL}}},
      {"metadata", {FRLK_BINARY, 0, 0, NULL, NULL},
          {{FRLK_ATTR_NOT_NULL, ""}, {FRLK_ATTR_END, NULL}, {FRLK_ATTR_END, NULL}}}};
  static const frlk_field shape[] = {
      {"srid", {FRLK_INT, 0, 0, NULL, NULL},
          {{FRLK_ATTR_NOT_NULL, ""}, {FRLK_ATTR_END, NULL}, {FRLK_ATTR_END, NULL}}},
      {"wkb", {FRLK_BINARY, 0, 0, NULL, NULL},
          {{FRLK_ATTR_NOT_NULL, ""}, {FRLK_ATTR_END, NULL}, {FRLK_ATTR_END, NULL}}}};
  static const frlk_info variant_info = {"variant", variant, 2};
  static const frlk_info shape_info = {"geometry", shape, 2};
  if (kind == FRLK_VARIANT) return &variant_info;
  return kind == FRLK_GEOMETRY || kind == FRLK_GEOGRAPHY ? &shape_info : NULL;
}

FRLK_FN const frlk_info *frlk_parts(const frlk_type *type) {
  return type->parts ? type->parts() : frlk_hidden_parts(type->kind);
}

#endif /* FERRULE_KERNEL_TYPES_H */
