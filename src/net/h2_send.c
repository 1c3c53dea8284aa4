#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/h2_internal.h"

enum {
  /* one writev takes 1,024; what a last frame adds beyond goes with the next one */
  OUT_SLICES = 900,
  /* cheaper to copy than to hand to the system as a slice of its own */
  COPY_BYTES = 48,
  /* larger frames save nothing and keep others waiting */
  MAX_DATA_FRAME_BYTES = 256 * 1024
};

static bool out_is_full(const frl_h2 *h2) {
  return h2->out->bytes >= h2->out_max || h2->out->end - h2->out->head >= OUT_SLICES;
}

static frl_slice current_part(const frl_h2_stream *s, const frl_msg *msg) {
  if (s->part == 0) return (frl_slice){msg->prefix, msg->prefix_len, NULL, NULL};
  return msg->chain.slices[s->part - 1];
}

/* Gives up to n bytes of the first message; *given says how many. */
static frl_status emit_message(
    frl_h2_stream *s, frl_outq *out, size_t n, size_t *given) {
  frl_msg *msg = frl_msgq_first(&s->queue);
  *given = 0;
  while (s->part <= msg->chain.n_slices) {
    const frl_slice part = current_part(s, msg);
    size_t k = part.len - s->part_offset;
    if (k > n - *given) k = n - *given;
    const uint8_t *from = part.data ? part.data + s->part_offset : NULL;
    if (k > 0 && k <= COPY_BYTES) {
      FRL_TRY(frl_outq_copy(out, from, k));
    } else if (k > 0) {
      FRL_TRY(frl_outq_push(out, (frl_slice){from, k, NULL, NULL}));
    }
    *given += k;
    s->part_offset += k;
    if (s->part_offset < part.len) break;
    s->part++;
    s->part_offset = 0;
  }
  /* the slices in out need the message even if its stream is reset meanwhile */
  FRL_TRY(frl_outq_hold(out, frl_msg_unref, msg));
  if (s->part <= msg->chain.n_slices) {
    (void)frl_msg_ref(msg);
  } else {
    (void)frl_msgq_pop(&s->queue);
    s->part = 0;
  }
  return FRL_OK;
}

static frl_status emit(frl_h2_stream *s, frl_outq *out, size_t n) {
  while (n > 0) {
    size_t given = 0;
    FRL_TRY(emit_message(s, out, n, &given));
    n -= given;
    s->queued -= given;
    s->h2->queued -= given;
  }
  return FRL_OK;
}

static void mark_drained(frl_h2 *h2, frl_h2_stream *s) {
  if (!s->above_high || s->drained || s->queued >= h2->options.low_bytes) return;
  s->above_high = false;
  s->drained = true;
  s->next_drained = h2->drained;
  h2->drained = s;
}

static int send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head,
    size_t n, nghttp2_data_source *source, void *ctx) {
  (void)ng;
  (void)frame;
  frl_h2 *h2 = ctx;
  frl_h2_stream *s = source->ptr;
  if (out_is_full(h2)) return NGHTTP2_ERR_WOULDBLOCK;
  frl_status st = frl_outq_copy(h2->out, head, 9);
  if (st == FRL_OK) st = emit(s, h2->out, n);
  if (st != FRL_OK) return NGHTTP2_ERR_CALLBACK_FAILURE;
  mark_drained(h2, s);
  if (!frl_h2_guard_data_out(&h2->guard, n, s->queued > 0) && h2->options.server) {
    frl__h2_calm(h2, "the window is opened by a few bytes at a time");
  }
  return 0;
}

static ssize_t read_length(nghttp2_session *ng, uint8_t type, int32_t id,
    int32_t session_window, int32_t stream_window, uint32_t max_frame, void *ctx) {
  (void)ng;
  (void)type;
  (void)id;
  (void)session_window;
  (void)stream_window;
  (void)ctx;
  return max_frame < MAX_DATA_FRAME_BYTES ? (ssize_t)max_frame : MAX_DATA_FRAME_BYTES;
}

static int submit_trailers(frl_h2_stream *s) {
  const size_t n = s->n_trailers;
  s->n_trailers = 0;
  return nghttp2_submit_trailer(
      s->h2->ng, s->id, (const nghttp2_nv *)(void *)s->trailers, n);
}

static ssize_t read_data(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t length,
    uint32_t *flags, nghttp2_data_source *source, void *ctx) {
  (void)ng;
  (void)id;
  (void)buf;
  (void)ctx;
  frl_h2_stream *s = source->ptr;
  if (s->queued == 0 && !s->ending) {
    s->deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  const size_t n = s->queued < length ? s->queued : length;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (s->ending && n == s->queued) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (s->n_trailers > 0) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      if (submit_trailers(s) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
  }
  return (ssize_t)n;
}

nghttp2_data_provider frl__h2_source(frl_h2_stream *s) {
  return (nghttp2_data_provider){.source = {.ptr = s}, .read_callback = read_data};
}

/* A request that never got a stream of its own hears no on_stream_close. */
static int on_not_sent(
    nghttp2_session *ng, const nghttp2_frame *frame, int code, void *ctx) {
  (void)code;
  (void)ctx;
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
    return 0;
  }
  frl_h2_stream *s = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
  if (s) return 0;
  frl_h2 *h2 = ctx;
  for (s = h2->streams; s; s = s->next) {
    if (s->id != frame->hd.stream_id) continue;
    frl__h2_stream_close(s, s->reset ? FRL_H2_CANCEL : FRL_H2_REFUSED_STREAM);
    break;
  }
  return 0;
}

/* The answer is complete: what the client still sends would be for nothing. */
static int on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *ctx) {
  const frl_h2 *h2 = ctx;
  const uint8_t type = frame->hd.type;
  if (!h2->options.server || (type != NGHTTP2_HEADERS && type != NGHTTP2_DATA))
    return 0;
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  const frl_h2_stream *s =
      nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
  if (!s || s->peer_ended) return 0;
  return nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
}

void frl__h2_send_callbacks(nghttp2_session_callbacks *cb) {
  nghttp2_session_callbacks_set_send_data_callback(cb, send_data);
  nghttp2_session_callbacks_set_data_source_read_length_callback(cb, read_length);
  nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_not_sent);
}

static void tell_drained(frl_h2 *h2) {
  while (h2->drained) {
    frl_h2_stream *s = h2->drained;
    h2->drained = s->next_drained;
    s->drained = false;
    if (s->user) h2->on.on_writable(h2->ctx, s);
  }
}

frl_status frl_h2_fill(frl_h2 *h2, frl_outq *out, size_t max_bytes, frl_error *err) {
  h2->out = out;
  h2->out_max = max_bytes;
  frl_status st = h2->out_of_memory ? FRL_E_NOMEM : FRL_OK;
  while (st == FRL_OK && !out_is_full(h2)) {
    const uint8_t *data = NULL;
    const ssize_t n = nghttp2_session_mem_send(h2->ng, &data);
    if (n == 0) break;
    st = n < 0 ? (n == NGHTTP2_ERR_NOMEM ? FRL_E_NOMEM : FRL_E_CLOSED)
               : frl_outq_copy(out, data, (size_t)n);
  }
  h2->out = NULL;
  if (st != FRL_OK) {
    h2->broken = true;
    return frl_fail(err, st, "http2: cannot send");
  }
  tell_drained(h2);
  return FRL_OK;
}

static void wake(frl_h2_stream *s) {
  if (!s->deferred) return;
  s->deferred = false;
  const int rc = nghttp2_session_resume_data(s->h2->ng, s->id);
  if (rc == NGHTTP2_ERR_NOMEM) s->h2->out_of_memory = true;
}

frl_status frl_h2_stream_send(frl_h2_stream *s, frl_msg *msg) {
  if (s->ending || s->reset) return FRL_E_CLOSED;
  const size_t bytes = msg->bytes;
  FRL_TRY(frl_msgq_push(&s->queue, msg, &s->h2->mem));
  s->queued += bytes;
  s->h2->queued += bytes;
  if (s->queued > s->h2->options.high_bytes) s->above_high = true;
  wake(s);
  return FRL_OK;
}

/* nghttp2 reads the block when the data before it has gone, so it is kept. */
static frl_status keep_trailers(
    frl_h2_stream *s, const frl_h2_field *fields, size_t n) {
  size_t size = n * sizeof(nghttp2_nv);
  for (size_t i = 0; i < n; i++) size += fields[i].name_len + fields[i].value_len;
  char *block = frl_malloc(&s->h2->mem, size);
  if (!block) return FRL_E_NOMEM;
  nghttp2_nv *nv = (nghttp2_nv *)(void *)block;
  uint8_t *at = (uint8_t *)block + n * sizeof *nv;
  for (size_t i = 0; i < n; i++) {
    const frl_h2_field *f = &fields[i];
    nv[i] = (nghttp2_nv){
        at, at + f->name_len, f->name_len, f->value_len, NGHTTP2_NV_FLAG_NONE};
    memcpy(at, f->name, f->name_len);
    if (f->value_len) memcpy(at + f->name_len, f->value, f->value_len);
    at += f->name_len + f->value_len;
  }
  s->trailers = block;
  s->n_trailers = n;
  return FRL_OK;
}

frl_status frl_h2_stream_end(
    frl_h2_stream *s, const frl_h2_field *fields, size_t n_fields) {
  if (s->ending || s->reset) return FRL_E_CLOSED;
  if (n_fields > 0) FRL_TRY(keep_trailers(s, fields, n_fields));
  s->ending = true;
  /* trailers need no window: with nothing in front they go out on their own */
  if (s->deferred && s->n_trailers > 0) {
    return submit_trailers(s) == 0 ? FRL_OK : FRL_E_NOMEM;
  }
  wake(s);
  return FRL_OK;
}

void frl_h2_stream_reset(frl_h2_stream *s, uint32_t h2_error) {
  if (s->reset) return;
  s->reset = true;
  /* what is queued goes when the stream closes: a frame may be half out */
  const int rc =
      nghttp2_submit_rst_stream(s->h2->ng, NGHTTP2_FLAG_NONE, s->id, h2_error);
  /* a stream that cannot even be reset ends with its connection */
  if (rc == NGHTTP2_ERR_NOMEM) s->h2->out_of_memory = true;
}

size_t frl_h2_stream_queued_bytes(const frl_h2_stream *s) { return s->queued; }
