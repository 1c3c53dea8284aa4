/** Reading frl_pubsub_options and the environment behind them. */
#ifndef FRL_PUBSUB_CONNECTION_OPTIONS_H
#define FRL_PUBSUB_CONNECTION_OPTIONS_H

#include "pubsub/connection.h"

/**
 * Fills target, credentials and channel options of a zeroed connection whose mem is
 * set. FRL_E_INVALID: options that contradict each other; FRL_E_AUTH; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl__pubsub_configure(
    frl_pubsub *pubsub, const frl_pubsub_options *options, frl_error *err);

#endif /* FRL_PUBSUB_CONNECTION_OPTIONS_H */
