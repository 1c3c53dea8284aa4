/**
 * Walks the top-level fields of one protobuf message whose bytes arrive in
 * chunks.
 *
 * A length-delimited field that lies whole in a chunk is handed out where it
 * lies; only one that straddles chunks is copied first. No value may be longer than
 * max_field_bytes, however its bytes arrive.
 *
 * Threads: one at a time.
 */
#ifndef FRL_WIRE_WALK_H
#define FRL_WIRE_WALK_H

#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/reader.h"

/**
 * One field. field->bytes is valid during the call only. Any return but FRL_OK
 * stops the walk, which gives it back.
 */
typedef frl_status (*frl_walk_fn)(void *ctx, const frl_wire_field *field);

typedef struct frl_walk {
  frl_walk_fn on_field;
  void *ctx;
  frl_buf carry;     /* the part of a straddling field seen so far */
  size_t carry_need; /* its whole size once known, else 0 */
  size_t max_field_bytes;
} frl_walk;

void frl_walk_init(frl_walk *w, const frl_mem *mem, size_t max_field_bytes,
    frl_walk_fn on_field, void *ctx);
void frl_walk_deinit(frl_walk *w);
/** Forgets a message under way. */
void frl_walk_reset(frl_walk *w);
/**
 * The next bytes of the message.
 * @return FRL_OK; FRL_E_MALFORMED; FRL_E_LIMIT (a field above max_field_bytes);
 *         FRL_E_NOMEM; or what on_field gave. After a failure only reset or
 *         deinit are allowed.
 */
FRL_NODISCARD frl_status frl_walk_feed(frl_walk *w, const uint8_t *data, size_t n);
/** The message is over: FRL_E_TRUNCATED if a field is not. Ready for the next. */
FRL_NODISCARD frl_status frl_walk_end(frl_walk *w);

#endif /* FRL_WIRE_WALK_H */
