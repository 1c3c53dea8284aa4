/** A JSON decoder's working memory and the parts that convert: for json*.c only. */
#ifndef FRL_CODEC_JSON_DECODER_H
#define FRL_CODEC_JSON_DECODER_H

#include <yyjson.h>

#include "arrow/columns.h"
#include "base/buf.h"
#include "codec/json_arena.h"
#include "codec/json_plan.h"
#include "codec/zone.h"

struct frl_json_decoder {
  const frl_json_plan *plan;
  frl_mem mem;
  frl_pool *pool;
  frl_columns *columns;
  frl_col **fields; /* the columns of the record's fields */
  int32_t *memo;    /* which field stood where in the record before */
  frl_json_arena arena;
  frl_buf scratch; /* a repaired record */
  frl_zones zones;
  const frl_zone *zone;
  frl_status status; /* set with FRL_FIT_STOP */
  /* of the call under way */
  int32_t *kept; /* of capacity kept_cap */
  size_t kept_cap;
  size_t n_kept;
  frl_json_result result;
  frl_json_reason reasons[FRL_JSON_REASONS];
  /* of the record under way */
  bool want_reason;
  char reason[FRL_JSON_REASON_BYTES]; /* "" until something does not fit */
};

/** Notes why val does not fit (the record's first reason stays) and gives BAD. */
frl_json_fit frl_json_misfit(
    frl_json_decoder *d, const frl_json_node *node, yyjson_val *val, const char *why);
/** The same for a record that is not JSON. */
frl_json_fit frl_json_not_json(
    frl_json_decoder *d, const char *message, size_t at_byte);

/** The fields of an object into the children's columns, which have n_rows rows. */
frl_json_fit frl_json_object(frl_json_decoder *d, const frl_json_node *node,
    frl_col *const *cols, size_t n_rows, yyjson_val *object);

static inline frl_json_fit frl_json_appended(frl_json_decoder *d, frl_status st) {
  if (st == FRL_OK) return FRL_FIT_OK;
  d->status = st;
  return FRL_FIT_STOP;
}

#endif /* FRL_CODEC_JSON_DECODER_H */
