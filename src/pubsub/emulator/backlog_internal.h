/** Shared by the backlog*.c files only. */
#ifndef FRL_PUBSUB_EMULATOR_BACKLOG_INTERNAL_H
#define FRL_PUBSUB_EMULATOR_BACKLOG_INTERNAL_H

#include "pubsub/emulator/backlog.h"

/* lists of entries (backlog_lease.c) */
void frl__em_list_push(frl_em_backlog *b, frl_em_list *list, uint32_t low);
void frl__em_list_unlink(frl_em_backlog *b, frl_em_list *list, uint32_t low);
/** Leases a message that is in no list. */
void frl__em_lease(frl_em_backlog *b, uint32_t low, uint16_t holder, uint32_t due_tick);
/** Out of the wheel; the holder has it no more. The state is the caller's to set. */
void frl__em_unlease(frl_em_backlog *b, uint32_t low);
uint32_t frl__em_due_tick(int64_t now_ms, uint32_t wait_ms);
/** Into the wheel until its backoff is over. */
void frl__em_delay(frl_em_backlog *b, uint32_t low, int64_t now_ms, uint32_t wait_ms);

/* ordering keys (backlog_keys.c) */
/** Behind the others of its key. */
FRL_NODISCARD frl_status frl__em_key_append(
    frl_em_backlog *b, uint32_t low, frl_cursor text);
/** An entry left the chain for good. */
void frl__em_key_remove(frl_em_backlog *b, uint32_t low);
/** The entry, no longer leased, and all later ones of its key come again. */
void frl__em_key_rewind(frl_em_backlog *b, uint32_t low);
/** Sets which list the key waits in. */
void frl__em_key_requeue(frl_em_backlog *b, frl_em_key *key);
void frl__em_keys_clear(frl_em_backlog *b);

static inline frl_em_keyed *frl__em_keyed(const frl_em_backlog *b, uint32_t low) {
  return &b->keyed[low & (b->cap - 1)];
}
static inline frl_em_key *frl__em_key_of(const frl_em_backlog *b, uint32_t low) {
  return b->keyed ? frl__em_keyed(b, low)->key : NULL;
}

#endif /* FRL_PUBSUB_EMULATOR_BACKLOG_INTERNAL_H */
