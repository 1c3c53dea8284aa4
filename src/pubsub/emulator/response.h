/**
 * Deliveries as the received_messages of a PullResponse or StreamingPullResponse.
 */
#ifndef FRL_PUBSUB_EMULATOR_RESPONSE_H
#define FRL_PUBSUB_EMULATOR_RESPONSE_H

#include "base/chain.h"
#include "pubsub/emulator/backlog.h"

/**
 * Appends the messages to out. Neighbours of one block that are delivered for the
 * first time leave as one slice; others get a head of their own. The chain holds
 * references on the blocks. On failure out holds a part.
 * @param with_attempt  fill delivery_attempt (dead-letter policy)
 */
FRL_NODISCARD frl_status frl_em_response_add(frl_chain *out, const frl_em_backlog *b,
    const frl_em_delivery *deliveries, size_t n, bool with_attempt);

#endif /* FRL_PUBSUB_EMULATOR_RESPONSE_H */
