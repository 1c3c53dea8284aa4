/** What a stream's subscription must be like before it starts. */
#ifndef FRL_PUBSUB_COORDINATOR_CHECK_H
#define FRL_PUBSUB_COORDINATOR_CHECK_H

#include <ferrule/coordinator.h>

/**
 * Looks the subscription up, and takes it for this stream: a second stream of this
 * process on it is refused unless the options allow it.
 */
FRL_NODISCARD frl_status frl__coord_check(frl_coordinator *c, frl_error *err);
/** Gives it free for other streams. */
void frl__coord_unshare(frl_coordinator *c);

#endif /* FRL_PUBSUB_COORDINATOR_CHECK_H */
