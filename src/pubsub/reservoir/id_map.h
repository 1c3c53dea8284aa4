/**
 * Which message ids are held, and where: an open-addressing table from a 64-bit key
 * to a 64-bit place, made for millions of entries that come and go.
 *
 * Ids that follow each other (as one publish request gives them) lie beside each
 * other, so that inserting and removing a batch walks memory instead of jumping.
 *
 * Threads: one at a time.
 */
#ifndef FRL_PUBSUB_RESERVOIR_ID_MAP_H
#define FRL_PUBSUB_RESERVOIR_ID_MAP_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_id_slot {
  uint64_t key; /* 0: free */
  uint64_t place;
} frl_id_slot;

typedef struct frl_id_map {
  frl_id_slot *slots;
  size_t n_slots;    /* 0 or a power of two */
  unsigned row_bits; /* of its number of rows, see id_map.c */
  size_t len;
  uint64_t seed;
  frl_mem mem;
} frl_id_map;

/** Keys of decimal ids; those of other ids are hashes and may collide. */
static inline bool frl_id_key_is_exact(uint64_t key) { return key >> 63 == 0; }

/**
 * The key of a message id, never 0. Decimal numbers of at most 18 digits without
 * leading zeros map one to one; every other text maps to a seeded hash.
 */
uint64_t frl_id_key(const void *id, size_t n, uint64_t seed);

void frl_id_map_init(frl_id_map *m, const frl_mem *mem, uint64_t seed);
void frl_id_map_deinit(frl_id_map *m);
/** The place of the key, or NULL; valid until the next put or remove. */
uint64_t *frl_id_map_find(const frl_id_map *m, uint64_t key);
/**
 * Puts the key where it is absent.
 * @param present  receives the place of a key that is there already, unchanged; NULL
 *                 inside after an insertion.
 * @return FRL_OK, FRL_E_NOMEM (nothing changed).
 */
FRL_NODISCARD frl_status frl_id_map_put(
    frl_id_map *m, uint64_t key, uint64_t place, uint64_t **present);
/** Nothing where the key is absent, or stands for another place. */
void frl_id_map_remove(frl_id_map *m, uint64_t key, uint64_t place);

#endif /* FRL_PUBSUB_RESERVOIR_ID_MAP_H */
