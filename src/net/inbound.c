#include "net/inbound.h"

frl_status frl_inbound_feed(frl_inbound *in, frl_h2_stream *stream, const uint8_t *data,
    size_t n, frl_error *err) {
  frl_deframer *d = &in->deframer;
  if (!in->manual) return frl_deframer_feed(d, data, n, err);
  const uint64_t payload = d->payload_bytes;
  const uint64_t surplus = d->surplus_bytes;
  /* held first: the sink may give bytes back while it is fed */
  in->held += n;
  const frl_status st = frl_deframer_feed(d, data, n, err);
  /* nobody is handed the prefixes, nor what gzip added to a message */
  size_t free_bytes =
      n - (size_t)(d->payload_bytes - payload) + (size_t)(d->surplus_bytes - surplus);
  if (free_bytes > in->held) free_bytes = in->held;
  in->held -= free_bytes;
  if (free_bytes) frl_h2_stream_consumed(stream, free_bytes);
  return st;
}

void frl_inbound_set_manual(frl_inbound *in, frl_h2_stream *stream, bool manual) {
  if (!manual && in->manual && in->held) {
    frl_h2_stream_consumed(stream, in->held);
    in->held = 0;
  }
  in->manual = manual;
  frl_h2_stream_set_manual_window(stream, manual);
}

void frl_inbound_consumed(frl_inbound *in, frl_h2_stream *stream, size_t n) {
  if (!in->manual) return;
  /* a message that was inflated is larger than what was held for it */
  if (n > in->held) n = in->held;
  in->held -= n;
  if (n) frl_h2_stream_consumed(stream, n);
}
