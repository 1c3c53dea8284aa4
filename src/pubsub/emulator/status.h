/**
 * What the emulator tells of itself: its status page, the same as JSON and in the text
 * form of Prometheus. Lives on the emulator's loop.
 */
#ifndef FRL_PUBSUB_EMULATOR_STATUS_H
#define FRL_PUBSUB_EMULATOR_STATUS_H

#include "base/buf.h"
#include "net/loop.h"
#include "pubsub/emulator/service.h"

enum { FRL_EM_SAMPLES = 150, FRL_EM_SAMPLE_MS = 2000 };

typedef struct frl_em_sample {
  int64_t ms; /* monotonic */
  uint64_t published;
  uint64_t acked;
} frl_em_sample;

typedef struct frl_em_status {
  const frl_em_service *service;
  char address[280]; /* of the gRPC server */
  frl_timer *timer;
  frl_em_sample samples[FRL_EM_SAMPLES]; /* ring: the last minutes */
  size_t first;
  size_t n;
} frl_em_status;

/** Loop thread. */
FRL_NODISCARD frl_status frl_em_status_init(
    frl_em_status *s, const frl_em_service *service, frl_loop *loop);
void frl_em_status_deinit(frl_em_status *s);
/** An frl_page_fn: "/", "/status.json", "/metrics". ctx is the frl_em_status. */
frl_status frl_em_status_page(
    void *ctx, const char *path, frl_buf *body, const char **type);
void frl_em_status_sample(frl_em_status *s);

#endif /* FRL_PUBSUB_EMULATOR_STATUS_H */
