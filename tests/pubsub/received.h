/** Makes the bytes of received messages. */
#ifndef FRL_TESTS_PUBSUB_RECEIVED_H
#define FRL_TESTS_PUBSUB_RECEIVED_H

#include "base/buf.h"
#include "base/cursor.h"

typedef struct received {
  const char *ack_id;
  const char *id;
  const char *payload;
  const char *key;       /* NULL: no ordering key */
  const char *attribute; /* NULL: none; else the key and value of one */
  int64_t seconds;
  int32_t nanos;
  int attempt; /* 0: not said */
} received;

/** Appends one ReceivedMessage; asserts. */
void received_encode(frl_buf *out, const received *message);
/** Appends it as StreamingPullResponse.received_messages. */
void received_respond(frl_buf *out, const received *message);

#endif /* FRL_TESTS_PUBSUB_RECEIVED_H */
