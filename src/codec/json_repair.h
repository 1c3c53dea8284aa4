/**
 * Brings what Spark's JSON reading accepts beyond RFC 8259 into a form that a strict
 * parser takes. Only records that a strict parser refused come here.
 */
#ifndef FRL_CODEC_JSON_REPAIR_H
#define FRL_CODEC_JSON_REPAIR_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

typedef struct frl_json_leniency {
  bool single_quotes; /* 'text', and \' in any string */
  bool non_numeric;   /* NaN, +INF, -INF, Infinity with a sign or not */
  bool comments;      /* of C and C++ */
  bool bare_names;    /* of letters, digits and _$@#*-+ without quotes */
  bool leading_zeros; /* 007 */
  bool any_escape;    /* \x for x, where x needs none */
  bool control_chars; /* as they are inside strings */
} frl_json_leniency;

/**
 * Writes the record into out (cleared before): names and strings in double quotes, a
 * blank for a comment, unpaired surrogate escapes as '?', bytes that are no UTF-8 as
 * U+FFFD, as Java decodes them.
 * @param non_numeric  whether such a token was met; its + is left out.
 * @return FRL_OK; FRL_E_LIMIT, FRL_E_NOMEM of the buffer.
 */
FRL_NODISCARD frl_status frl_json_repair(frl_buf *out, bool *non_numeric,
    const char *text, size_t n, frl_json_leniency leniency);

/** Only the last of these: the text with U+FFFD for what is not UTF-8. */
FRL_NODISCARD frl_status frl_json_make_utf8(frl_buf *out, const char *text, size_t n);

#endif /* FRL_CODEC_JSON_REPAIR_H */
