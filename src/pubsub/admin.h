/** Encoding and decoding of the admin calls' messages. */
#ifndef FRL_PUBSUB_ADMIN_H
#define FRL_PUBSUB_ADMIN_H

#include <ferrule/pubsub.h>

#include "base/buf.h"
#include "base/cursor.h"

/** google.pubsub.v1.Subscription. FRL_E_LIMIT, FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl__encode_subscription(frl_buf *out, const char *name,
    const char *topic, const frl_subscription_options *options);
/** Fills *out, its struct_size kept. FRL_E_MALFORMED, FRL_E_TRUNCATED. */
FRL_NODISCARD frl_status frl__decode_subscription(
    frl_cursor message, frl_subscription_info *out);

#endif /* FRL_PUBSUB_ADMIN_H */
