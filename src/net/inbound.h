/**
 * The receiving half of a call, client's or server's: frames, and what is given back
 * to the stream's window and when. Loop thread.
 */
#ifndef FRL_NET_INBOUND_H
#define FRL_NET_INBOUND_H

#include "net/grpc_frame.h"
#include "net/h2.h"

typedef struct frl_inbound {
  frl_deframer deframer;
  bool manual;
  size_t held; /* manual: message bytes as sent that were not given back yet */
} frl_inbound;

/** DATA came. Failures are those of frl_deframer_feed. */
FRL_NODISCARD frl_status frl_inbound_feed(frl_inbound *in, frl_h2_stream *stream,
    const uint8_t *data, size_t n, frl_error *err);
void frl_inbound_set_manual(frl_inbound *in, frl_h2_stream *stream, bool manual);
/** The application is done with n message bytes. */
void frl_inbound_consumed(frl_inbound *in, frl_h2_stream *stream, size_t n);

#endif /* FRL_NET_INBOUND_H */
