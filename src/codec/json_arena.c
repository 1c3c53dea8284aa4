#include "codec/json_arena.h"

#include <string.h>

#include "base/mem.h"

enum { ALIGN_BYTES = 16, FIRST_BLOCK_BYTES = 1 << 16 };

struct frl_json_block {
  frl_json_block *older;
  size_t cap;
  _Alignas(ALIGN_BYTES) uint8_t data[];
};

void frl_json_arena_init(frl_json_arena *arena, const frl_mem *mem) {
  *arena = (frl_json_arena){.mem = mem ? *mem : frl_mem_default};
}

static void free_blocks(frl_json_arena *arena, frl_json_block *block) {
  while (block) {
    frl_json_block *const older = block->older;
    frl_free(&arena->mem, block);
    block = older;
  }
}

void frl_json_arena_deinit(frl_json_arena *arena) {
  free_blocks(arena, arena->block);
  arena->block = NULL;
}

void frl_json_arena_reset(frl_json_arena *arena) {
  arena->used = 0;
  arena->last = 0;
  arena->failed = false;
  if (!arena->block || !arena->block->older) return;
  free_blocks(arena, arena->block->older);
  arena->block->older = NULL;
}

void frl_json_arena_trim(frl_json_arena *arena, size_t max_bytes) {
  if (!arena->block || arena->block->cap <= max_bytes) return;
  free_blocks(arena, arena->block);
  arena->block = NULL;
}

/* A block behind which the former ones wait for the reset. */
static bool add_block(frl_json_arena *arena, size_t size) {
  size_t cap = arena->block ? arena->block->cap * 2 : FIRST_BLOCK_BYTES;
  if (cap < size) cap = size;
  size_t bytes;
  if (frl_add_overflows(cap, sizeof(frl_json_block), &bytes)) return false;
  frl_json_block *block = frl_malloc(&arena->mem, bytes);
  if (!block) return false;
  block->older = arena->block;
  block->cap = cap;
  arena->block = block;
  arena->used = 0;
  return true;
}

static void *arena_malloc(void *ctx, size_t size) {
  frl_json_arena *const arena = ctx;
  size_t rounded;
  if (frl_add_overflows(size, ALIGN_BYTES - 1, &rounded)) return NULL;
  rounded &= ~(size_t)(ALIGN_BYTES - 1);
  if (!arena->block || arena->block->cap - arena->used < rounded) {
    arena->failed = !add_block(arena, rounded);
    if (arena->failed) return NULL;
  }
  arena->last = arena->used;
  arena->used += rounded;
  return arena->block->data + arena->last;
}

static void *arena_realloc(void *ctx, void *ptr, size_t old_size, size_t size) {
  frl_json_arena *const arena = ctx;
  if (arena->block && ptr == arena->block->data + arena->last &&
      size <= arena->block->cap - arena->last) {
    const size_t end = arena->last + size;
    arena->used = (end + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
    if (arena->used > arena->block->cap) arena->used = arena->block->cap;
    return ptr;
  }
  if (size <= old_size) return ptr;
  void *const moved = arena_malloc(arena, size);
  if (moved && old_size) memcpy(moved, ptr, old_size);
  return moved;
}

static void arena_free(void *ctx, void *ptr) {
  frl_json_arena *const arena = ctx;
  if (arena->block && ptr == arena->block->data + arena->last) {
    arena->used = arena->last;
  }
}

yyjson_alc frl_json_arena_alc(frl_json_arena *arena) {
  return (yyjson_alc){arena_malloc, arena_realloc, arena_free, arena};
}
