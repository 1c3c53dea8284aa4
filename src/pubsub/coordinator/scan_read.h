/** The steps of a scan. */
#ifndef FRL_PUBSUB_COORDINATOR_SCAN_READ_H
#define FRL_PUBSUB_COORDINATOR_SCAN_READ_H

#include <ferrule/coordinator.h>

#include "pubsub/coordinator/fetch.h"
#include "pubsub/coordinator/member.h"
#include "pubsub/coordinator/output.h"

enum frl_scan_step {
  FRL_SCAN_CLAIM,  /* asking again later */
  FRL_SCAN_SEAL,   /* the partition is being fixed, by us or by another task */
  FRL_SCAN_READ,   /* out of this process's memory */
  FRL_SCAN_RELAY,  /* out of another's */
  FRL_SCAN_STREAM, /* batch read */
  FRL_SCAN_END
};

struct frl_scan {
  frl_task task;
  frl_member *member;
  frl_output *output;
  enum frl_scan_step step;
  int64_t ask_at_ms;
  frl_part *part;
  bool is_sealer;
  size_t next_rows;
  frl_fetch *fetch;
  unsigned failed_relays;
  frl_part_rows *streamed; /* of a batch read; the rows themselves are let go */
  size_t n_streamed, cap_streamed;
  frl_scan_stats stats;
};

/*
 * Steps give FRL_OK with messages, FRL_NEED_MORE when the scan's step has changed (or
 * is to be claimed again), FRL_END, FRL_E_TIMEOUT, or a failure.
 */
FRL_NODISCARD frl_status frl__scan_wait(const frl_scan *s, int64_t timeout_ms);
FRL_NODISCARD frl_status frl__scan_seal(
    frl_scan *s, int64_t timeout_ms, frl_error *err);
FRL_NODISCARD frl_status frl__scan_read(
    frl_scan *s, struct ArrowArray *messages, frl_error *err);
FRL_NODISCARD frl_status frl__scan_stream(
    frl_scan *s, struct ArrowArray *messages, int64_t timeout_ms, frl_error *err);

/** The partition's bounds, as the coordinator granted them. */
void frl__scan_bound(frl_scan *s, const frl_coord_grant *grant);
/** Gives up what the scan has a part in. */
void frl__scan_end(frl_scan *s);

#endif /* FRL_PUBSUB_COORDINATOR_SCAN_READ_H */
