#include "pubsub/reservoir/id_map.h"

#include "base/cursor.h"
#include "base/map.h"
#include "base/mem.h"

enum {
  FIRST_ROW_BITS = 4,
  GROUP_BITS = 6, /* keys that differ only in these bits lie in one piece */
  FIRST_SLOTS = 1 << (FIRST_ROW_BITS + GROUP_BITS),
  NUMBER_MAX_DIGITS = 18
};

static const uint64_t HASHED = (uint64_t)1 << 63;

/* Eight digits at once; false where one of the bytes is none. */
static inline bool eight_digits(const uint8_t *p, uint64_t *number) {
  uint64_t v = frl_load_le64(p);
  const uint64_t zeros = 0x3030303030303030u;
  const uint64_t highs = 0xf0f0f0f0f0f0f0f0u;
  /* all begin with 3, and still do with 6 added */
  const uint64_t more = v + 0x0606060606060606u;
  if (((v & highs) ^ zeros) | ((more & highs) ^ zeros)) return false;
  v -= zeros;
  v = v * 10 + (v >> 8); /* pairs, in every second byte */
  const uint64_t pairs = 0x000000ff000000ffu;
  *number = ((v & pairs) * (100 + ((uint64_t)1000000 << 32)) +
                ((v >> 16) & pairs) * (1 + ((uint64_t)10000 << 32))) >>
            32;
  return true;
}

uint64_t frl_id_key(const void *id, size_t n, uint64_t seed) {
  const uint8_t *p = id;
  uint64_t number = 0;
  bool decimal = n > 0 && n <= NUMBER_MAX_DIGITS && (p[0] != '0' || n == 1);
  size_t i = 0;
  for (uint64_t eight; decimal && n - i >= 8; i += 8) {
    decimal = eight_digits(p + i, &eight);
    if (decimal) number = number * 100000000 + eight;
  }
  for (; decimal && i < n; i++) {
    const unsigned digit = p[i] - (unsigned)'0';
    decimal = digit <= 9;
    number = number * 10 + digit;
  }
  if (decimal) return number + 1;
  return HASHED | frl_hash(id, n, seed);
}

void frl_id_map_init(frl_id_map *m, const frl_mem *mem, uint64_t seed) {
  *m = (frl_id_map){.seed = seed, .mem = mem ? *mem : frl_mem_default};
}

void frl_id_map_deinit(frl_id_map *m) {
  frl_free(&m->mem, m->slots);
  m->slots = NULL;
  m->n_slots = 0;
  m->len = 0;
}

/*
 * The table is a matrix: a row for keys that differ in their last bits only, with a
 * column for each of those. Ids that follow each other lie in a row, one behind the
 * other; a key whose place is taken goes down its column, past whole rows at a time.
 * Slots are numbered down the columns.
 */
static size_t home(const frl_id_map *m, uint64_t key) {
  uint64_t h = (key >> GROUP_BITS) ^ m->seed;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  h ^= h >> 29;
  /* turned by the hash: ids may have their last bits in common */
  const uint64_t column = (key + (h >> 48)) & ((1u << GROUP_BITS) - 1);
  const uint64_t row = h & (((uint64_t)1 << m->row_bits) - 1);
  return (size_t)(column << m->row_bits | row);
}

static frl_id_slot *at(const frl_id_map *m, size_t i) {
  const size_t row = i & (((size_t)1 << m->row_bits) - 1);
  return &m->slots[row << GROUP_BITS | i >> m->row_bits];
}

/* The number of the key's slot, or of the free one where it would go. */
static size_t number_of(const frl_id_map *m, uint64_t key) {
  size_t i = home(m, key);
  for (;;) {
    const uint64_t there = at(m, i)->key;
    if (there == 0 || there == key) return i;
    i = (i + 1) & (m->n_slots - 1);
  }
}

static frl_id_slot *slot_of(const frl_id_map *m, uint64_t key) {
  return at(m, number_of(m, key));
}

uint64_t *frl_id_map_find(const frl_id_map *m, uint64_t key) {
  if (m->len == 0) return NULL;
  frl_id_slot *slot = slot_of(m, key);
  return slot->key ? &slot->place : NULL;
}

static frl_status grow(frl_id_map *m) {
  frl_id_map bigger = *m;
  bigger.n_slots = m->n_slots ? m->n_slots * 2 : FIRST_SLOTS;
  bigger.row_bits = m->n_slots ? m->row_bits + 1 : FIRST_ROW_BITS;
  bigger.slots = frl_calloc(&m->mem, bigger.n_slots, sizeof *bigger.slots);
  if (!bigger.slots) return FRL_E_NOMEM;
  for (size_t i = 0; i < m->n_slots; i++) {
    if (m->slots[i].key) *slot_of(&bigger, m->slots[i].key) = m->slots[i];
  }
  frl_free(&m->mem, m->slots);
  *m = bigger;
  return FRL_OK;
}

frl_status frl_id_map_put(
    frl_id_map *m, uint64_t key, uint64_t place, uint64_t **present) {
  *present = NULL;
  /* at most half full: runs stay short */
  if (m->len >= m->n_slots / 2) {
    const frl_status st = grow(m);
    if (st != FRL_OK) return st;
  }
  frl_id_slot *slot = slot_of(m, key);
  if (slot->key) {
    *present = &slot->place;
    return FRL_OK;
  }
  *slot = (frl_id_slot){key, place};
  m->len++;
  return FRL_OK;
}

void frl_id_map_remove(frl_id_map *m, uint64_t key, uint64_t place) {
  if (m->len == 0) return;
  const size_t mask = m->n_slots - 1;
  size_t i = number_of(m, key);
  frl_id_slot *hole = at(m, i);
  if (hole->key == 0 || hole->place != place) return;
  size_t hole_i = i;
  /* moves back what would no longer be found behind the hole */
  for (;;) {
    i = (i + 1) & mask;
    frl_id_slot *next = at(m, i);
    if (next->key == 0) break;
    const size_t from_home = (i - home(m, next->key)) & mask;
    if (from_home < ((i - hole_i) & mask)) continue;
    *hole = *next;
    hole = next;
    hole_i = i;
  }
  hole->key = 0;
  m->len--;
}
