/** The time before each line of an application's log, so that `logs` can place it. */
#ifndef FRL_CLUSTER_STAMP_H
#define FRL_CLUSTER_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/**
 * Appends the bytes to out, and before each line that begins in them the time.
 *
 * @param within  whether a line has begun and not ended; kept from call to call.
 */
FRL_NODISCARD frl_status frl__cluster_stamp(
    bool *within, int64_t now_us, const char *data, size_t n, frl_buf *out);

#endif /* FRL_CLUSTER_STAMP_H */
