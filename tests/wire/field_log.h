/** Writes down the fields that a reader or a walk gives, so that two can be compared.
 */
#ifndef FRL_TESTS_WIRE_FIELD_LOG_H
#define FRL_TESTS_WIRE_FIELD_LOG_H

#include "base/buf.h"
#include "wire/reader.h"

/** An frl_walk_fn; ctx is an frl_buf. Fails as the buffer does. */
frl_status field_log_add(void *log, const frl_wire_field *field);

/** All fields of a whole message; FRL_END when it ends clean. */
frl_status field_log_whole(frl_buf *log, const uint8_t *data, size_t n, size_t max);

#endif /* FRL_TESTS_WIRE_FIELD_LOG_H */
