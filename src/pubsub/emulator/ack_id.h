/**
 * Ack ids: 18 characters that name one delivery of one message.
 *
 * Eight carry the message's sequence number in its subscription, four the
 * generation of the delivery, six a keyed check, so that an id of another
 * subscription or a made-up one is noticed.
 */
#ifndef FRL_PUBSUB_EMULATOR_ACK_ID_H
#define FRL_PUBSUB_EMULATOR_ACK_ID_H

#include <stddef.h>
#include <stdint.h>

enum { FRL_EM_ACK_ID_BYTES = 18, FRL_EM_GENERATION_MAX = (1 << 24) - 1 };

typedef enum frl_em_id {
  FRL_EM_ID_GOOD,
  FRL_EM_ID_FOREIGN,  /* well formed, but not given out under this key */
  FRL_EM_ID_MALFORMED /* nothing that this server could have made */
} frl_em_id;

/** out: FRL_EM_ACK_ID_BYTES. sequence < 2^48, generation < 2^24. */
void frl_em_ack_id_write(
    uint8_t *out, uint64_t key, uint64_t sequence, uint32_t generation);
/** Sets the outputs where the id is good. */
frl_em_id frl_em_ack_id_read(const uint8_t *id, size_t n, uint64_t key,
    uint64_t *sequence, uint32_t *generation);

#endif /* FRL_PUBSUB_EMULATOR_ACK_ID_H */
