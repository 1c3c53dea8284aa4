/**
 * The rows of a batch as messages to be published: reading the Arrow columns where
 * they lie, and writing PublishRequest around them.
 *
 * Source of the field numbers: google/pubsub/v1/pubsub.proto.
 * Threads: values; a view borrows the array.
 */
#ifndef FRL_PUBSUB_PUBLISH_ROWS_H
#define FRL_PUBSUB_PUBLISH_ROWS_H

#include <ferrule/batch.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cursor.h"

/** A column of texts or bytes, with 32-bit or 64-bit offsets. */
typedef struct frl_bytes_view {
  const uint8_t *validity; /* NULL: no null */
  const void *offsets;     /* NULL: no such column */
  const uint8_t *data;
  int64_t offset; /* of row 0 */
  bool large;
} frl_bytes_view;

typedef struct frl_publish_rows {
  int64_t n_rows;
  frl_bytes_view payload;
  frl_bytes_view ordering_key;
  frl_bytes_view attribute_keys;
  frl_bytes_view attribute_values;
  const int32_t *map_offsets; /* NULL: no attributes */
  const uint8_t *map_validity;
  int64_t map_offset;
} frl_publish_rows;

/** FRL_E_INVALID with a message that names what does not fit. */
FRL_NODISCARD frl_status frl_publish_rows_of(frl_publish_rows *out,
    const struct ArrowSchema *schema, const struct ArrowArray *array, frl_error *err);

frl_cursor frl_publish_payload(const frl_publish_rows *rows, int64_t row);
/** Empty where there is none. */
frl_cursor frl_publish_key(const frl_publish_rows *rows, int64_t row);
/** Bytes of the row as a PubsubMessage without its payload's bytes. */
size_t frl_publish_header_bytes(const frl_publish_rows *rows, int64_t row);
/**
 * The largest PubsubMessage for which a request has room: the service's 10 MB without
 * the topic's name and the message's own header.
 */
size_t frl_publish_max_bytes(const char *topic);
/**
 * What the service would refuse: FRL_E_INVALID that names the row.
 * @param bytes  what all rows take in requests, together.
 */
FRL_NODISCARD frl_status frl_publish_check(
    const frl_publish_rows *rows, size_t max_bytes, uint64_t *bytes, frl_error *err);
/**
 * Writes the field PublishRequest.messages of one row up to its payload's bytes, which
 * come last; the room must be there.
 * @return the byte behind what was written.
 */
uint8_t *frl_publish_put_header(const frl_publish_rows *rows, int64_t row, uint8_t *p);
/** Bytes that it writes. */
size_t frl_publish_put_bytes(const frl_publish_rows *rows, int64_t row);

#endif /* FRL_PUBSUB_PUBLISH_ROWS_H */
