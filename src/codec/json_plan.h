/** What a JSON plan is made of: shared by the files json*.c. */
#ifndef FRL_CODEC_JSON_PLAN_H
#define FRL_CODEC_JSON_PLAN_H

#include <string.h>
#include <yyjson.h>

#include "arrow/columns.h"
#include "arrow/spark_type.h"
#include "codec/json.h"
#include "codec/json_repair.h"
#include "codec/time_format.h"

/** How a value took its place in a column. */
typedef enum frl_json_fit {
  FRL_FIT_OK,      /* appended */
  FRL_FIT_PARTIAL, /* appended, with nulls for what did not fit inside */
  FRL_FIT_BAD,     /* nothing appended */
  FRL_FIT_STOP     /* decoder->status says what failed; the batch is lost */
} frl_json_fit;

struct frl_json_node;

/** Appends a value that is not null to the column of its node. */
typedef frl_json_fit (*frl_json_read_fn)(frl_json_decoder *d,
    const struct frl_json_node *node, frl_col *col, yyjson_val *val);

/** For a type that build_node accepts. */
frl_json_read_fn frl_json_reader(frl_spark_kind kind);
/** The same, of types without parts. */
frl_json_read_fn frl_json_scalar_reader(frl_spark_kind kind);

/** One field of the schema, or the elements of an array, or the values of a map. */
typedef struct frl_json_node {
  frl_json_read_fn read;
  frl_spark_kind kind;
  int32_t a; /* as in frl_spark_type */
  int32_t b;
  bool hidden;      /* no field of the record: filled by the decoder itself */
  const char *name; /* NULL for what has none */
  size_t name_bytes;
  const struct frl_json_node *parent; /* NULL: the record */
  struct frl_json_node *children;     /* ARRAY: its element; MAP: its value */
  size_t n_children;
  /* STRUCT: from a name to the index of the child */
  uint32_t *slots; /* index + 1; 0 is free */
  size_t slot_mask;
  uint64_t name_lengths; /* bit n % 64 is set: some name has n bytes */
  size_t memo_at;        /* the first of memo_len numbers of the decoder's memory */
  size_t memo_len;
} frl_json_node;

struct frl_json_plan {
  frl_mem mem;
  struct ArrowSchema schema;
  frl_json_node root;
  size_t memo_len; /* of all nodes */
  frl_json_mode mode;
  frl_json_leniency leniency;
  const frl_clock *clock;
  char *time_zone;
  frl_time_format date_format; /* of no items: none */
  frl_time_format timestamp_format;
  frl_time_format timestamp_ntz_format;
  size_t corrupt_column; /* SIZE_MAX: none */
  size_t reason_column;
};

enum { FRL_JSON_NO_FIELD = -1 };

/** Whether a node has that name; names are short, and a call costs more than they do.
 */
static inline bool frl_json_node_is(
    const frl_json_node *node, const char *name, size_t n) {
  if (node->name_bytes != n) return false;
  if (n > 16) return memcmp(node->name, name, n) == 0;
  uint64_t a[2] = {0, 0};
  uint64_t b[2] = {0, 0};
  if (n >= 8) {
    /* the two halves overlap */
    memcpy(&a[0], node->name, 8);
    memcpy(&b[0], name, 8);
    memcpy(&a[1], node->name + n - 8, 8);
    memcpy(&b[1], name + n - 8, 8);
  } else if (n >= 4) {
    memcpy(&a[0], node->name, 4);
    memcpy(&b[0], name, 4);
    memcpy(&a[1], node->name + n - 4, 4);
    memcpy(&b[1], name + n - 4, 4);
  } else {
    for (size_t i = 0; i < n; i++) {
      if (node->name[i] != name[i]) return false;
    }
  }
  return a[0] == b[0] && a[1] == b[1];
}

/** The child of that name, or FRL_JSON_NO_FIELD. */
int32_t frl_json_node_find(const frl_json_node *node, const char *name, size_t n);

#endif /* FRL_CODEC_JSON_PLAN_H */
