#include <string.h>

#include "base/error.h"
#include "net/h2_internal.h"

static frl_h2_stream *stream_of(nghttp2_session *ng, int32_t id) {
  return id == 0 ? NULL : nghttp2_session_get_stream_user_data(ng, id);
}

/*
 * nghttp2 takes HEADERS on an unknown lower id for those of a stream reset in flight.
 * With a client that opens each id in turn they can be nothing else; one that left
 * ids out must not come back to them (RFC 9113, 5.1.1).
 */
static void check_order(frl_h2 *h2, int32_t id) {
  if (!h2->options.server || id % 2 == 0) return;
  if (id > h2->last_id) {
    if (id > h2->last_id + 2) h2->skipped = true;
    h2->last_id = id;
  } else if (h2->skipped && !stream_of(h2->ng, id)) {
    frl_h2_terminate(h2, NGHTTP2_PROTOCOL_ERROR);
  }
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *ctx) {
  (void)ng;
  frl_h2 *h2 = ctx;
  bool fine = true;
  const char *why = "too many frames that move no data";
  if (hd->type == NGHTTP2_DATA) {
    const bool empty = hd->length == 0 && (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0;
    fine = !empty || frl_h2_guard_data_in(&h2->guard, 0);
    why = "too many empty DATA frames";
  } else if (hd->type == NGHTTP2_RST_STREAM) {
    fine = !h2->options.server || frl_h2_guard_reset(&h2->guard);
    why = "too many streams were reset";
  } else if (hd->type == NGHTTP2_HEADERS) {
    check_order(h2, hd->stream_id);
  } else {
    fine = frl_h2_guard_frame(&h2->guard);
  }
  if (!fine) frl__h2_calm(h2, why);
  return 0;
}

/* Frames that make us reset a stream throw work away as a reset does. */
static int on_invalid_frame(
    nghttp2_session *ng, const nghttp2_frame *frame, int code, void *ctx) {
  (void)ng;
  (void)frame;
  (void)code;
  frl_h2 *h2 = ctx;
  if (h2->options.server && !frl_h2_guard_reset(&h2->guard)) {
    frl__h2_calm(h2, "too many invalid frames");
  }
  return 0;
}

static int on_begin_headers(
    nghttp2_session *ng, const nghttp2_frame *frame, void *ctx) {
  frl_h2 *h2 = ctx;
  const int32_t id = frame->hd.stream_id;
  frl_h2_stream *s = stream_of(ng, id);
  if (s) s->field_bytes = 0;
  if (s || !h2->options.server || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  s = frl__h2_stream_create(h2, id);
  if (!s || nghttp2_session_set_stream_user_data(ng, id, s) != 0) {
    h2->out_of_memory = true;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  if (h2->on.on_begin(h2->ctx, s)) return 0;
  (void)nghttp2_session_set_stream_user_data(ng, id, NULL);
  frl__h2_stream_close(s, FRL_H2_REFUSED_STREAM);
  return nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len,
    uint8_t flags, void *ctx) {
  (void)flags;
  frl_h2 *h2 = ctx;
  frl_h2_stream *s = stream_of(ng, frame->hd.stream_id);
  if (!s) return 0;
  /* as RFC 9113, 6.5.2 counts a field */
  s->field_bytes += name_len + value_len + 32;
  if (s->field_bytes > h2->options.max_metadata_bytes) {
    if (h2->options.server && !frl_h2_guard_reset(&h2->guard)) {
      frl__h2_calm(h2, "too many header blocks beyond the limit");
    }
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  if (!s->user) return 0;
  const frl_h2_field field = {(const char *)name, name_len, value, value_len};
  const frl_status st = h2->on.on_field(h2->ctx, s, &field);
  return st == FRL_OK ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void peer_end(frl_h2 *h2, frl_h2_stream *s) {
  s->peer_ended = true;
  if (s->user) h2->on.on_end(h2->ctx, s);
}

static void on_stream_frame(
    nghttp2_session *ng, const nghttp2_frame *frame, frl_h2 *h2) {
  frl_h2_stream *s = stream_of(ng, frame->hd.stream_id);
  if (!s) return;
  const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame->hd.type == NGHTTP2_HEADERS && s->user) h2->on.on_headers(h2->ctx, s, end);
  if (end) peer_end(h2, s);
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *ctx) {
  frl_h2 *h2 = ctx;
  const bool ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
      on_stream_frame(ng, frame, h2);
      break;
    case NGHTTP2_SETTINGS:
      if (!ack) h2->settled = true;
      if (!ack) h2->on.on_settings(h2->ctx);
      break;
    case NGHTTP2_PING:
      if (ack) h2->on.on_ping_ack(h2->ctx);
      break;
    case NGHTTP2_GOAWAY:
      h2->on.on_goaway(h2->ctx, frame->goaway.error_code,
          (const char *)frame->goaway.opaque_data, frame->goaway.opaque_data_len);
      break;
    default:
      break;
  }
  return 0;
}

static int on_chunk(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data,
    size_t n, void *ctx) {
  (void)flags;
  frl_h2 *h2 = ctx;
  frl_h2_stream *s = stream_of(ng, id);
  if (s && s->user) h2->on.on_data(h2->ctx, s, data, n);
  (void)frl_h2_guard_data_in(&h2->guard, n);
  const int rc = s && s->manual_window ? nghttp2_session_consume_connection(ng, n)
                                       : nghttp2_session_consume(ng, id, n);
  if (rc == NGHTTP2_ERR_NOMEM) return NGHTTP2_ERR_CALLBACK_FAILURE;
  return 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *ctx) {
  (void)ctx;
  frl_h2_stream *s = stream_of(ng, id);
  if (s) frl__h2_stream_close(s, code);
  return 0;
}

void frl__h2_recv_callbacks(nghttp2_session_callbacks *cb) {
  nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
}

void frl_h2_stream_consumed(frl_h2_stream *s, size_t n) {
  if (!s->manual_window) return;
  const int rc = nghttp2_session_consume_stream(s->h2->ng, s->id, n);
  if (rc == NGHTTP2_ERR_NOMEM) s->h2->out_of_memory = true;
}

void frl_h2_stream_set_manual_window(frl_h2_stream *s, bool manual) {
  s->manual_window = manual;
}

bool frl_h2_stream_peer_ended(const frl_h2_stream *s) { return s->peer_ended; }
void *frl_h2_stream_user(const frl_h2_stream *s) { return s->user; }
void frl_h2_stream_set_user(frl_h2_stream *s, void *user) { s->user = user; }
