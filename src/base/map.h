/**
 * A hash map from bytes to a pointer. Keys are copied; values are the caller's.
 *
 * Keyed with a random seed, so that outside names cannot be chosen to collide.
 * Threads: one at a time. Iteration order means nothing.
 */
#ifndef FRL_BASE_MAP_H
#define FRL_BASE_MAP_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_map_entry {
  char *key; /* NUL-terminated copy; NULL = free slot */
  size_t key_len;
  uint64_t hash;
  void *value;
} frl_map_entry;

typedef struct frl_map {
  frl_map_entry *slots;
  size_t n_slots; /* 0 or a power of two */
  size_t len;
  uint64_t seed;
  frl_mem mem;
} frl_map;

void frl_map_init(frl_map *m, const frl_mem *mem);
/** Frees keys and slots, not the values. */
void frl_map_deinit(frl_map *m);
/** NULL when absent. */
void *frl_map_get(const frl_map *m, const void *key, size_t key_len);
/** Sets or replaces; the former value, or NULL, goes to *former if not NULL. */
FRL_NODISCARD frl_status frl_map_put(
    frl_map *m, const void *key, size_t key_len, void *value, void **former);
/** Takes the entry out and gives its value; NULL when absent. */
void *frl_map_remove(frl_map *m, const void *key, size_t key_len);
/**
 * The next entry from *at (start with 0), or NULL at the end. The map must not
 * change in between.
 */
const frl_map_entry *frl_map_next(const frl_map *m, size_t *at);

/** Hash of bytes under a seed; not for storage. */
uint64_t frl_hash(const void *data, size_t n, uint64_t seed);

#endif /* FRL_BASE_MAP_H */
