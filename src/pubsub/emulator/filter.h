/**
 * Subscription filters over attributes.
 *
 *   expression = term *( "AND" term ) | term *( "OR" term )
 *   term       = [ "NOT" | "-" ] ( "(" expression ")" | predicate )
 *   predicate  = "attributes" ":" key
 *              | "attributes" "." key ( "=" | "!=" ) text
 *              | "hasPrefix" "(" "attributes" "." key "," text ")"
 *   key        = identifier | text
 *   text       = double-quoted, with \" and \\
 *
 * AND and OR are not mixed without parentheses. Source: "Filter messages from a
 * subscription" in Google's Pub/Sub documentation. Threads: a compiled filter is
 * read only.
 */
#ifndef FRL_PUBSUB_EMULATOR_FILTER_H
#define FRL_PUBSUB_EMULATOR_FILTER_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>

#include "base/cursor.h"

enum { FRL_EM_FILTER_MAX_BYTES = 256 };

typedef struct frl_em_filter frl_em_filter;

/** FRL_E_INVALID with the position of what is wrong; FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_em_filter_compile(
    frl_em_filter **out, const frl_mem *mem, frl_cursor text, frl_error *err);
void frl_em_filter_destroy(frl_em_filter *filter);
/** message: a well-formed google.pubsub.v1.PubsubMessage. NULL filter: true. */
bool frl_em_filter_matches(const frl_em_filter *filter, frl_cursor message);

#endif /* FRL_PUBSUB_EMULATOR_FILTER_H */
