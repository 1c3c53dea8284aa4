#include "publish_work.h"

#include <stdio.h>

#include "interrupt.h"

enum { LOOK_MS = 200, GRACE_MS = 5000 };

uint64_t publish_step(const publish_work *w, uint64_t most) {
  const uint64_t left = w->limit - w->sent;
  const uint64_t step = w->rate ? w->rate / 50 + 1 : most;
  const uint64_t least = step < most ? step : most;
  return least < left ? least : left;
}

static frl_status interrupted(frl_error *err) {
  (void)snprintf(err->message, sizeof err->message,
      "interrupted before the server has confirmed every message: some may be missing "
      "there");
  return FRL_E_CANCELLED;
}

frl_status publish_submit(publish_work *w, const struct ArrowSchema *schema,
    struct ArrowArray *array, uint64_t bytes, frl_error *err) {
  const uint64_t rows = (uint64_t)array->length;
  cli_progress_keep_rate(&w->progress, w->rate);
  frl_status st;
  do {
    st = frl_publisher_submit(w->publisher, schema, array, LOOK_MS, NULL, NULL, err);
    if (st == FRL_E_TIMEOUT && cli_interrupted()) st = interrupted(err);
    if (st == FRL_E_TIMEOUT) cli_progress_add(&w->progress, 0, 0);
  } while (st == FRL_E_TIMEOUT);
  frl_array_release(array);
  if (st != FRL_OK) return st;
  w->sent += rows;
  cli_progress_add(&w->progress, rows, bytes);
  return FRL_OK;
}

frl_status publish_confirm(publish_work *w, frl_error *err) {
  uint64_t waited_ms = 0;
  for (;;) {
    const frl_status st = frl_publisher_flush(w->publisher, LOOK_MS, err);
    if (st != FRL_E_TIMEOUT) return st;
    if (cli_interrupted() && (waited_ms += LOOK_MS) > GRACE_MS) return interrupted(err);
    cli_progress_add(&w->progress, 0, 0);
  }
}
