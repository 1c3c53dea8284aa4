#include "base/map.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"

enum { MAP_FIRST_SLOTS = 16 };

static uint64_t mix(uint64_t h) {
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  return h ^ h >> 32;
}

uint64_t frl_hash(const void *data, size_t n, uint64_t seed) {
  const uint8_t *p = data;
  uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15u);
  while (n >= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    h = mix(h ^ word);
    p += 8;
    n -= 8;
  }
  uint64_t tail = 0;
  if (n) memcpy(&tail, p, n);
  return mix(h ^ tail);
}

void frl_map_init(frl_map *m, const frl_mem *mem) {
  *m = (frl_map){.seed = frl_random_u64(NULL), .mem = mem ? *mem : frl_mem_default};
}

void frl_map_deinit(frl_map *m) {
  for (size_t i = 0; i < m->n_slots; i++) frl_free(&m->mem, m->slots[i].key);
  frl_free(&m->mem, m->slots);
  m->slots = NULL;
  m->n_slots = 0;
  m->len = 0;
}

/* The slot of the key, or the free one where it would go. */
static size_t find_slot(const frl_map *m, const void *key, size_t len, uint64_t hash) {
  const size_t mask = m->n_slots - 1;
  size_t i = (size_t)hash & mask;
  for (; m->slots[i].key; i = (i + 1) & mask) {
    const frl_map_entry *e = &m->slots[i];
    if (e->hash != hash || e->key_len != len) continue;
    if (len == 0 || memcmp(e->key, key, len) == 0) break;
  }
  return i;
}

void *frl_map_get(const frl_map *m, const void *key, size_t key_len) {
  if (m->len == 0) return NULL;
  const size_t i = find_slot(m, key, key_len, frl_hash(key, key_len, m->seed));
  return m->slots[i].key ? m->slots[i].value : NULL;
}

static frl_status map_grow(frl_map *m) {
  const size_t n = m->n_slots ? m->n_slots * 2 : MAP_FIRST_SLOTS;
  frl_map_entry *slots = frl_calloc(&m->mem, n, sizeof *slots);
  if (!slots) return FRL_E_NOMEM;
  for (size_t i = 0; i < m->n_slots; i++) {
    if (!m->slots[i].key) continue;
    size_t at = (size_t)m->slots[i].hash & (n - 1);
    while (slots[at].key) at = (at + 1) & (n - 1);
    slots[at] = m->slots[i];
  }
  frl_free(&m->mem, m->slots);
  m->slots = slots;
  m->n_slots = n;
  return FRL_OK;
}

frl_status frl_map_put(
    frl_map *m, const void *key, size_t key_len, void *value, void **former) {
  if (former) *former = NULL;
  /* at most three quarters full */
  if (m->len + 1 > m->n_slots / 4 * 3) {
    const frl_status st = map_grow(m);
    if (st != FRL_OK) return st;
  }
  const uint64_t hash = frl_hash(key, key_len, m->seed);
  frl_map_entry *e = &m->slots[find_slot(m, key, key_len, hash)];
  if (e->key) {
    if (former) *former = e->value;
    e->value = value;
    return FRL_OK;
  }
  char *copy = frl_strndup(&m->mem, key, key_len);
  if (!copy) return FRL_E_NOMEM;
  *e = (frl_map_entry){copy, key_len, hash, value};
  m->len++;
  return FRL_OK;
}

/* Moves later entries of the run back, so that no gap hides them. */
static void close_gap(frl_map *m, size_t gap) {
  const size_t mask = m->n_slots - 1;
  for (size_t i = (gap + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
    const size_t home = (size_t)m->slots[i].hash & mask;
    if (((i - home) & mask) < ((i - gap) & mask)) continue;
    m->slots[gap] = m->slots[i];
    gap = i;
  }
  m->slots[gap] = (frl_map_entry){0};
}

void *frl_map_remove(frl_map *m, const void *key, size_t key_len) {
  if (m->len == 0) return NULL;
  const size_t i = find_slot(m, key, key_len, frl_hash(key, key_len, m->seed));
  if (!m->slots[i].key) return NULL;
  void *value = m->slots[i].value;
  frl_free(&m->mem, m->slots[i].key);
  close_gap(m, i);
  m->len--;
  return value;
}

const frl_map_entry *frl_map_next(const frl_map *m, size_t *at) {
  while (*at < m->n_slots) {
    const frl_map_entry *e = &m->slots[(*at)++];
    if (e->key) return e;
  }
  return NULL;
}
