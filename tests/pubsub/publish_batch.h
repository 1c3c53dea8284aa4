/** Makes batches to be published. */
#ifndef FRL_TESTS_PUBSUB_PUBLISH_BATCH_H
#define FRL_TESTS_PUBSUB_PUBLISH_BATCH_H

#include <ferrule/batch.h>
#include <stddef.h>

typedef struct publish_row {
  const char *payload;   /* NULL: null */
  const char *key;       /* NULL: null */
  const char *attribute; /* NULL: none; else the key and value of one */
} publish_row;

/** A batch with payload, ordering_key and attributes; aborts where memory ends. */
void publish_batch(struct ArrowSchema *schema, struct ArrowArray *array,
    const publish_row *rows, size_t n);
/** n rows with the payload "<prefix><number>" only. */
void publish_numbers(struct ArrowSchema *schema, struct ArrowArray *array,
    const char *prefix, size_t first, size_t n);

#endif /* FRL_TESTS_PUBSUB_PUBLISH_BATCH_H */
