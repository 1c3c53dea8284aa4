/**
 * A stream of numbered messages through the emulator, a coordinator and scans under
 * the names of several executors, all in this process.
 */
#ifndef FRL_TESTS_PUBSUB_NUMBERED_H
#define FRL_TESTS_PUBSUB_NUMBERED_H

#include <ferrule/coordinator.h>
#include <ferrule/emulator.h>
#include <stdbool.h>
#include <stdint.h>

enum { NUMBERED_MAX = 200000, NUMBERED_PARTS = 64, NUMBERED_KEYS = 16 };
/* so long may a busy machine keep the server from its turn before a drain ends early */
enum { NUMBERED_DRAIN_IDLE_MS = 2000 };

typedef struct numbered {
  frl_emulator *emulator;
  char host[32];
  frl_coordinator *c;
  char *offset;                 /* start of the next batch */
  char *end;                    /* of the batch under way; NULL: none */
  char *parts[NUMBERED_PARTS];  /* of the batch under way */
  char *placed[NUMBERED_PARTS]; /* executor that a part was planned for, or NULL */
  uint32_t n_parts;
  uint32_t executors, cores;
  uint32_t seen[NUMBERED_MAX];       /* how often each number was read */
  uint32_t keys;                     /* to watch the order of; 0: none */
  unsigned long last[NUMBERED_KEYS]; /* number read of each key */
  uint64_t out_of_order;
  uint32_t
      part_of[NUMBERED_KEYS]; /* of the batch, from 1; 0: the key was not read yet */
  uint64_t split;             /* rows whose key was in another part of the batch */
} numbered;

/** An emulator with the topic and subscription "numbers" of project p. */
numbered *numbered_start(bool ordered);
/** Ends what is still open. */
void numbered_end(numbered *n);
/** Publishes the numbers first .. first + count - 1, with one of keys keys (0: none).
 */
void numbered_publish(numbered *n, uint32_t first, uint32_t count, uint32_t keys);
/** Publishes the numbers 0 .. count - 1, each as a text that begins and ends so. */
void numbered_publish_texts(
    numbered *n, uint32_t count, const char *before, const char *behind);
void numbered_delete_subscription(numbered *n);
/** extra: more options, such as "\"numPartitions\":2,"; drains where asked. */
void numbered_open(numbered *n, const char *extra, bool drain);
frl_status numbered_stop(numbered *n, const char *committed_end);

/** Asks for the next batch and plans it; false: there is none now. */
bool numbered_next(numbered *n);
/** As a sink that has committed: the batch's end is the next start. */
void numbered_committed(numbered *n);
/** The same until there is a batch. */
void numbered_wait(numbered *n);

void numbered_pause(long ms);

/** What one read gave. */
typedef struct numbered_read {
  frl_status status; /* FRL_END: to the end */
  uint64_t rows;
  uint64_t sum; /* of its numbers, to compare reads */
  bool relayed;
  frl_error error;
} numbered_read;

/** Reads a part as the executor, up to max_rows (0: all); counts into seen. */
numbered_read numbered_scan(
    numbered *n, uint32_t part, const char *executor, uint64_t max_rows);
/** Reads every part where it was planned for, else round robin over the executors. */
uint64_t numbered_scan_all(numbered *n);
/** Batches until the drain has ended. */
uint64_t numbered_run(numbered *n);
/** The same, each of at most max_rows. *batches: how many had rows; NULL works. */
uint64_t numbered_run_within(numbered *n, uint64_t max_rows, uint32_t *batches);

/** Numbers of 0 .. count - 1 that were read fewer than min or more than max times. */
uint32_t numbered_wrong(const numbered *n, uint32_t count, uint32_t min, uint32_t max);
/** Messages on the subscription that are not acked. */
uint64_t numbered_backlog(numbered *n);
/** The same once it has the value, or after some seconds. */
uint64_t numbered_backlog_becomes(numbered *n, uint64_t value);
/** One figure of the metrics; -1: left out. */
int64_t numbered_metric(numbered *n, const char *name);

#endif /* FRL_TESTS_PUBSUB_NUMBERED_H */
