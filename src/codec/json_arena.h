/**
 * Memory for one record's parse, given out by moving a mark and taken back all at once:
 * in the steady state a record costs no allocation.
 *
 * Threads: one at a time.
 */
#ifndef FRL_CODEC_JSON_ARENA_H
#define FRL_CODEC_JSON_ARENA_H

#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

typedef struct frl_json_block frl_json_block;

typedef struct frl_json_arena {
  frl_json_block *block; /* in use; older ones hang behind it */
  size_t used;           /* of its bytes */
  size_t last;           /* where the last allocation begins */
  bool failed;           /* the allocator said no since the last reset */
  frl_mem mem;
} frl_json_arena;

void frl_json_arena_init(frl_json_arena *arena, const frl_mem *mem);
void frl_json_arena_deinit(frl_json_arena *arena);
/** Everything given out is gone; the largest block is kept. */
void frl_json_arena_reset(frl_json_arena *arena);
/** After a reset: gives a block above max_bytes back. */
void frl_json_arena_trim(frl_json_arena *arena, size_t max_bytes);
/** As yyjson wants it; borrows the arena. */
yyjson_alc frl_json_arena_alc(frl_json_arena *arena);

#endif /* FRL_CODEC_JSON_ARENA_H */
