/** A store of the emulator on a clock that the test moves. */
#ifndef TESTS_PUBSUB_EMULATOR_RIG_H
#define TESTS_PUBSUB_EMULATOR_RIG_H

#include "pubsub/emulator/store.h"
#include "support/cmocka_c.h"

#define RIG_TOPIC "projects/p/topics/top"
#define RIG_SUB "projects/p/subscriptions/sub"

typedef struct em_rig {
  frl_em_store store;
  int64_t now_ms; /* both clocks: wall time is an hour more */
  frl_em_topic *topic;
  frl_em_sub *sub;
  frl_em_delivery got[2000]; /* of the last em_take */
  size_t n;
} em_rig;

enum em_sub_options {
  EM_ORDERED = 1,
  EM_EXACTLY_ONCE = 2,
  EM_DEAD_LETTER = 4, /* to projects/p/topics/dead after 5 deliveries */
  EM_RETRY = 8,       /* backoff of 1 to 4 seconds */
  EM_RETAIN = 16
};

void em_rig_init(em_rig *r);
void em_rig_deinit(em_rig *r);
/** The default topic and subscription. */
void em_rig_start(em_rig *r, int options, const char *filter);
frl_em_topic *em_topic(em_rig *r, const char *name);
frl_em_sub *em_sub(
    em_rig *r, const char *name, const char *topic, int options, const char *filter);
/** One message; key and attribute ("k=v") may be NULL. */
void em_publish(em_rig *r, const char *data, const char *key, const char *attribute);
/** Messages "0" .. in one request. */
void em_publish_many(em_rig *r, size_t n);
/** Takes into r->got for the holder, leased for ten seconds. */
size_t em_take(em_rig *r, uint16_t holder, size_t max);
/** The data of the i-th message taken. */
const char *em_data(em_rig *r, size_t i);
bool em_ack(em_rig *r, size_t i);
bool em_nack(em_rig *r, size_t i);
/** Moves the clock, a tick at a time. */
void em_pass(em_rig *r, int64_t ms);
/** The data of what was taken, joined by blanks. */
void em_assert_taken(em_rig *r, const char *expected);

#endif /* TESTS_PUBSUB_EMULATOR_RIG_H */
