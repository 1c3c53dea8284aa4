/*
 * Ordering keys. The messages of a key form a chain in their order; those before the
 * cursor are out with one holder, which alone gets the next ones meanwhile.
 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/emulator/backlog_internal.h"

static void unlist(frl_em_key *key) {
  frl_em_key_list *list = key->list;
  if (!list) return;
  if (key->prev) {
    key->prev->next = key->next;
  } else {
    list->head = key->next;
  }
  if (key->next) {
    key->next->prev = key->prev;
  } else {
    list->tail = key->prev;
  }
  key->list = NULL;
  key->next = key->prev = NULL;
}

static void enlist(frl_em_key *key, frl_em_key_list *list) {
  key->list = list;
  key->prev = list->tail;
  if (list->tail) {
    list->tail->next = key;
  } else {
    list->head = key;
  }
  list->tail = key;
}

void frl__em_key_requeue(frl_em_backlog *b, frl_em_key *key) {
  frl_em_key_list *wanted = NULL;
  if (key->cursor && !key->blocked) {
    frl_em_holder *h = b->holders[key->holder];
    if (key->outstanding == 0) {
      wanted = &b->free_keys;
    } else if (key->holder != FRL_EM_HOLDER_PULL && h->open) {
      wanted = &h->keys;
    }
  }
  if (wanted == key->list) return;
  unlist(key);
  if (wanted) enlist(key, wanted);
}

static frl_status key_for(frl_em_backlog *b, frl_cursor text, frl_em_key **out) {
  const size_t n = frl_cursor_left(&text);
  *out = frl_map_get(&b->keys, text.pos, n);
  if (*out) return FRL_OK;
  frl_em_key *key = frl_calloc(&b->mem, 1, sizeof *key + n);
  if (!key) return FRL_E_NOMEM;
  key->text_len = n;
  memcpy(key->text, text.pos, n);
  const frl_status st = frl_map_put(&b->keys, text.pos, n, key, NULL);
  if (st != FRL_OK) {
    frl_free(&b->mem, key);
    return st;
  }
  *out = key;
  return FRL_OK;
}

frl_status frl__em_key_append(frl_em_backlog *b, uint32_t low, frl_cursor text) {
  frl_em_key *key = NULL;
  FRL_TRY(key_for(b, text, &key));
  *frl__em_keyed(b, low) = (frl_em_keyed){.key = key, .prev = key->tail};
  if (key->tail) {
    frl__em_keyed(b, key->tail)->next = low;
  } else {
    key->head = low;
  }
  key->tail = low;
  if (!key->cursor) key->cursor = low;
  frl__em_key_requeue(b, key);
  return FRL_OK;
}

static void drop_key(frl_em_backlog *b, frl_em_key *key) {
  unlist(key);
  (void)frl_map_remove(&b->keys, key->text, key->text_len);
  frl_free(&b->mem, key);
}

void frl__em_key_remove(frl_em_backlog *b, uint32_t low) {
  frl_em_keyed *k = frl__em_keyed(b, low);
  frl_em_key *key = k->key;
  if (key->cursor == low) {
    key->cursor = k->next;
    key->blocked = false;
  }
  if (k->prev) {
    frl__em_keyed(b, k->prev)->next = k->next;
  } else {
    key->head = k->next;
  }
  if (k->next) {
    frl__em_keyed(b, k->next)->prev = k->prev;
  } else {
    key->tail = k->prev;
  }
  *k = (frl_em_keyed){0};
  if (!key->head) {
    drop_key(b, key);
  } else {
    frl__em_key_requeue(b, key);
  }
}

void frl__em_key_rewind(frl_em_backlog *b, uint32_t low) {
  frl_em_key *key = frl__em_keyed(b, low)->key;
  for (uint32_t at = frl__em_keyed(b, low)->next; at && at != key->cursor;
       at = frl__em_keyed(b, at)->next) {
    frl_em_entry *e = frl_em_slot(b, at);
    if (e->state == FRL_EM_LEASED) frl__em_unlease(b, at);
    e->state = FRL_EM_FRESH;
  }
  key->cursor = low;
  frl__em_key_requeue(b, key);
}

void frl__em_keys_clear(frl_em_backlog *b) {
  size_t at = 0;
  const frl_map_entry *m;
  while ((m = frl_map_next(&b->keys, &at))) frl_free(&b->mem, m->value);
  frl_map_deinit(&b->keys);
  frl_map_init(&b->keys, &b->mem);
  b->free_keys = (frl_em_key_list){0};
  for (uint32_t i = 0; i < b->n_holders; i++) {
    b->holders[i]->keys = (frl_em_key_list){0};
  }
}
