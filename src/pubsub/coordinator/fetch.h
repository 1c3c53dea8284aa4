/**
 * A partition read from another executor, through the coordinator.
 *
 * Threads: one at a time; the network's part runs on the member's loop.
 */
#ifndef FRL_PUBSUB_COORDINATOR_FETCH_H
#define FRL_PUBSUB_COORDINATOR_FETCH_H

#include "pubsub/coordinator/member.h"

typedef struct frl_fetch frl_fetch;

FRL_NODISCARD frl_status frl_fetch_open(
    frl_fetch **out, frl_member *m, const frl_task *task, frl_error *err);
/**
 * The next batch.
 * @return FRL_OK; FRL_END; FRL_E_TIMEOUT; or why the owner's rows cannot be had.
 */
FRL_NODISCARD frl_status frl_fetch_next(
    frl_fetch *f, struct ArrowArray *out, int64_t timeout_ms, frl_error *err);
/** NULL works. */
void frl_fetch_close(frl_fetch *f);

#endif /* FRL_PUBSUB_COORDINATOR_FETCH_H */
