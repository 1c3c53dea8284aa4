/** Collects messages into a batch that the publisher takes. */
#ifndef FERRULE_CLI_PUBLISH_ROWS_H
#define FERRULE_CLI_PUBLISH_ROWS_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>

/** The service's limit of a request. */
enum { PUBLISH_MESSAGE_MAX_BYTES = 10 * 1000 * 1000 };

typedef struct publish_rows {
  struct ArrowSchema schema; /* payload binary, attributes map, ordering_key utf8 */
  struct ArrowArray array;
  size_t rows;
  size_t bytes;
  size_t message_max_bytes;  /* a request has no room for more */
  size_t message_bytes;      /* of the message that is under way */
  size_t message_attributes; /* how many it has */
} publish_rows;

/** FRL_E_NOMEM is the only failure of these, but of ending a message. */
FRL_NODISCARD frl_status publish_rows_init(publish_rows *r, size_t message_max_bytes);
void publish_rows_deinit(publish_rows *r);
/** One message: add its attributes first, then end it. */
FRL_NODISCARD frl_status publish_rows_attribute(publish_rows *r, const char *key,
    size_t key_len, const char *value, size_t value_len);
/**
 * ordering_key NULL: none. FRL_E_MALFORMED: the service would refuse the message, for
 * its size or its emptiness.
 */
FRL_NODISCARD frl_status publish_rows_end(publish_rows *r, const void *payload,
    size_t payload_len, const char *ordering_key, size_t key_len, frl_error *err);
/** Moves the batch out and starts the next one. */
FRL_NODISCARD frl_status publish_rows_take(publish_rows *r, struct ArrowArray *out);

/**
 * Appends one {"data": ..., "attributes": {...}, "ordering_key": "..."} message; what
 * pubsub pull writes besides is known too.
 */
FRL_NODISCARD frl_status publish_rows_json(
    publish_rows *r, char *line, size_t n, frl_error *err);

#endif /* FERRULE_CLI_PUBLISH_ROWS_H */
