/**
 * The messages of one publish request, kept as the bytes that go out.
 *
 * Each message lies in the block as field 1 of a StreamingPullResponse, with an ack
 * id of its own, so that neighbours leave as one slice. message_id and publish_time
 * are written once, behind what the publisher sent. Counted; one thread.
 */
#ifndef FRL_PUBSUB_EMULATOR_BLOCK_H
#define FRL_PUBSUB_EMULATOR_BLOCK_H

#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

enum {
  FRL_EM_REQUEST_MAX_BYTES = 10 * 1000 * 1000,
  FRL_EM_REQUEST_MAX_MESSAGES = 1000,
  FRL_EM_ATTRIBUTES_MAX = 100,
  FRL_EM_ATTRIBUTE_KEY_MAX_BYTES = 256,
  FRL_EM_ATTRIBUTE_VALUE_MAX_BYTES = 1024,
  FRL_EM_ORDERING_KEY_MAX_BYTES = 1024,
  FRL_EM_MESSAGE_ID_BYTES = 16
};

typedef struct frl_em_message {
  uint32_t frame_at; /* where its field of the response begins */
  uint32_t ack_at;   /* its ack id */
  uint32_t body_at;  /* the PubsubMessage */
  uint32_t body_len;
  uint32_t key_at; /* the ordering key, inside the body */
  uint32_t key_len;
} frl_em_message;

typedef struct frl_em_block {
  uint32_t refs;
  uint32_t n_messages;
  uint64_t owner;    /* the subscription whose ack ids are in the frames; 0: none */
  uint64_t first_id; /* message_id of message i is first_id + i in decimal */
  int64_t publish_us;
  size_t n_bytes;
  uint8_t *bytes;
  size_t held_bytes;  /* what the block takes in memory */
  uint64_t *retained; /* a sum that held_bytes is part of; may be NULL */
  frl_mem mem;
  frl_em_message messages[];
} frl_em_block;

/**
 * Checks a google.pubsub.v1.PublishRequest against the service's limits and keeps
 * its messages. *topic borrows from the request.
 * @return FRL_OK with one reference; FRL_E_INVALID or FRL_E_MALFORMED naming the
 *         rule broken; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_em_block_create(frl_em_block **out, const frl_mem *mem,
    frl_cursor request, uint64_t first_id, int64_t publish_us, frl_cursor *topic,
    frl_error *err);

/**
 * A block from the bytes of an earlier one.
 * @return FRL_E_MALFORMED: they are not frames as this server writes them.
 */
FRL_NODISCARD frl_status frl_em_block_restore(frl_em_block **out, const frl_mem *mem,
    frl_cursor frames, uint64_t first_id, int64_t publish_us);

frl_em_block *frl_em_block_ref(frl_em_block *block);
/** Takes void * to serve as a slice's release. */
void frl_em_block_unref(void *block);
/** The block's bytes count in *retained until it is freed. */
void frl_em_block_count(frl_em_block *block, uint64_t *retained);

static inline uint32_t frl_em_frame_end(const frl_em_message *m) {
  return m->body_at + m->body_len;
}
/** The PubsubMessage of one message. */
frl_cursor frl_em_block_body(const frl_em_block *block, uint32_t index);
frl_cursor frl_em_block_key(const frl_em_block *block, uint32_t index);

#endif /* FRL_PUBSUB_EMULATOR_BLOCK_H */
