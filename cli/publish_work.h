/** What `pubsub publish` does with its input: batches of messages to a publisher. */
#ifndef FERRULE_CLI_PUBLISH_WORK_H
#define FERRULE_CLI_PUBLISH_WORK_H

#include <ferrule/batch.h>
#include <ferrule/pubsub.h>

#include "command.h"
#include "progress.h"

typedef struct publish_work {
  const cli_args *args;
  frl_publisher *publisher;
  cli_progress progress;
  uint64_t rate;  /* messages a second; 0: as fast as it goes */
  uint64_t limit; /* messages at most */
  uint64_t sent;
} publish_work;

/** How many messages may go in one step, so that a rate is kept evenly. */
uint64_t publish_step(const publish_work *w, uint64_t most);
/**
 * Releases the array in any case. FRL_E_CANCELLED: interrupted while the server takes
 * nothing.
 */
FRL_NODISCARD frl_status publish_submit(publish_work *w,
    const struct ArrowSchema *schema, struct ArrowArray *array, uint64_t bytes,
    frl_error *err);
/** Until each message is confirmed; after an interrupt for a few seconds at most. */
FRL_NODISCARD frl_status publish_confirm(publish_work *w, frl_error *err);

/*
 * What the input gives until its end, the limit or an interrupt (FRL_OK, FRL_END or
 * FRL_E_CANCELLED): what was read whole is submitted.
 */

/** Each line of the descriptor is a message: a payload, or where json a JSON object. */
FRL_NODISCARD frl_status publish_text(
    publish_work *w, int fd, bool json, frl_error *err);
/** The batches of an Arrow IPC stream or file. */
FRL_NODISCARD frl_status publish_arrow(publish_work *w, int fd, frl_error *err);

#endif /* FERRULE_CLI_PUBLISH_WORK_H */
