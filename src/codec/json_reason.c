/** Why a record is bad, in words. */
#include <stdio.h>
#include <string.h>

#include "codec/json_decoder.h"

enum { SHOWN_BYTES = 40 };

typedef struct text {
  char *data;
  size_t len;
  size_t size;
} text;

/* Adds what fits, never half a character. */
static void add(text *t, const char *bytes, size_t n) {
  const size_t room = t->size - 1 - t->len;
  if (n > room) {
    n = room;
    while (n > 0 && ((unsigned char)bytes[n] & 0xc0) == 0x80) n--;
  }
  memcpy(t->data + t->len, bytes, n);
  t->len += n;
  t->data[t->len] = '\0';
}

static void add_text(text *t, const char *s) { add(t, s, strlen(s)); }

static void add_path(text *t, const frl_json_node *node) {
  if (!node->parent) return;
  add_path(t, node->parent);
  switch (node->parent->kind) {
    case FRL_SPARK_ARRAY:
      add_text(t, "[]");
      return;
    case FRL_SPARK_MAP:
      add_text(t, "{}");
      return;
    default:
      if (t->len) add_text(t, ".");
      add(t, node->name, node->name_bytes);
  }
}

static void add_type(text *t, const frl_json_node *node) {
  static const char *const names[] = {
      [FRL_SPARK_VOID] = "VOID",
      [FRL_SPARK_BOOLEAN] = "BOOLEAN",
      [FRL_SPARK_BYTE] = "TINYINT",
      [FRL_SPARK_SHORT] = "SMALLINT",
      [FRL_SPARK_INT] = "INT",
      [FRL_SPARK_LONG] = "BIGINT",
      [FRL_SPARK_FLOAT] = "FLOAT",
      [FRL_SPARK_DOUBLE] = "DOUBLE",
      [FRL_SPARK_DECIMAL] = "DECIMAL",
      [FRL_SPARK_STRING] = "STRING",
      [FRL_SPARK_CHAR] = "CHAR",
      [FRL_SPARK_VARCHAR] = "VARCHAR",
      [FRL_SPARK_BINARY] = "BINARY",
      [FRL_SPARK_DATE] = "DATE",
      [FRL_SPARK_TIMESTAMP] = "TIMESTAMP",
      [FRL_SPARK_TIMESTAMP_NTZ] = "TIMESTAMP_NTZ",
      [FRL_SPARK_TIME] = "TIME",
      [FRL_SPARK_INTERVAL_DAY_TIME] = "a day-time INTERVAL",
      [FRL_SPARK_INTERVAL_YEAR_MONTH] = "a year-month INTERVAL",
      [FRL_SPARK_ARRAY] = "ARRAY",
      [FRL_SPARK_MAP] = "MAP",
      [FRL_SPARK_STRUCT] = "STRUCT",
  };
  const char *const name = names[node->kind];
  add_text(t, node->parent ? name ? name : "?" : "an object");
  if (node->kind != FRL_SPARK_DECIMAL) return;
  char digits[32];
  const int n = snprintf(digits, sizeof digits, "(%d,%d)", (int)node->a, (int)node->b);
  if (n > 0) add(t, digits, (size_t)n);
}

/* The beginning of a text, without control characters. */
static void add_shown(text *t, const char *bytes, size_t n) {
  size_t shown = n < SHOWN_BYTES ? n : SHOWN_BYTES;
  while (shown < n && shown > 0 && ((unsigned char)bytes[shown] & 0xc0) == 0x80) {
    shown--;
  }
  const size_t start = t->len;
  add(t, bytes, shown);
  for (size_t i = start; i < t->len; i++) {
    if ((unsigned char)t->data[i] < ' ' || t->data[i] == 0x7f) t->data[i] = '?';
  }
  if (shown < n) add_text(t, "...");
}

static void add_value(text *t, yyjson_val *val) {
  switch (yyjson_get_type(val)) {
    case YYJSON_TYPE_RAW:
      add_text(t, "number ");
      add_shown(t, unsafe_yyjson_get_str(val), unsafe_yyjson_get_len(val));
      return;
    case YYJSON_TYPE_STR:
      add_text(t, "string \"");
      add_shown(t, unsafe_yyjson_get_str(val), unsafe_yyjson_get_len(val));
      add_text(t, "\"");
      return;
    case YYJSON_TYPE_BOOL:
      add_text(t, yyjson_get_bool(val) ? "true" : "false");
      return;
    case YYJSON_TYPE_ARR:
      add_text(t, "an array");
      return;
    case YYJSON_TYPE_OBJ:
      add_text(t, "an object");
      return;
    default:
      add_text(t, "null");
  }
}

frl_json_fit frl_json_misfit(
    frl_json_decoder *d, const frl_json_node *node, yyjson_val *val, const char *why) {
  if (!d->want_reason || d->reason[0]) return FRL_FIT_BAD;
  text t = {.data = d->reason, .size = sizeof d->reason};
  add_path(&t, node);
  add_text(&t, node->parent ? ": expected " : "record: expected ");
  add_type(&t, node);
  add_text(&t, ", got ");
  add_value(&t, val);
  if (why) {
    add_text(&t, " (");
    add_text(&t, why);
    add_text(&t, ")");
  }
  return FRL_FIT_BAD;
}

frl_json_fit frl_json_not_json(
    frl_json_decoder *d, const char *message, size_t at_byte) {
  if (!d->want_reason || d->reason[0]) return FRL_FIT_BAD;
  (void)snprintf(d->reason, sizeof d->reason, "record: not JSON: %s at byte %zu",
      message ? message : "unknown", at_byte);
  return FRL_FIT_BAD;
}
