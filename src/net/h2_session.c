#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/h2_internal.h"

enum {
  NG_FIELDS_ON_STACK = 32,
  /* what one CONTINUATION may hold at least with any peer */
  SMALLEST_MAX_FRAME_BYTES = 16 * 1024,
  MAX_SENT_HEADER_BYTES = 8 * 1024 * 1024
};

static void *ng_malloc(size_t size, void *ctx) { return frl_malloc(ctx, size); }
static void ng_free(void *ptr, void *ctx) { frl_free(ctx, ptr); }
static void *ng_calloc(size_t n, size_t size, void *ctx) {
  return frl_calloc(ctx, n, size);
}
static void *ng_realloc(void *ptr, size_t size, void *ctx) {
  return frl_realloc(ctx, ptr, size ? size : 1);
}

static int on_error(
    nghttp2_session *ng, int code, const char *text, size_t n, void *ctx) {
  (void)ng;
  (void)code;
  frl_h2 *h2 = ctx;
  (void)snprintf(h2->last_error, sizeof h2->last_error, "%.*s", (int)n, text);
  return 0;
}

static int set_options(const frl_h2 *h2, nghttp2_option *opt) {
  const frl_h2_options *o = &h2->options;
  /* windows are given back by frl_h2_stream_consumed or after each chunk */
  nghttp2_option_set_no_auto_window_update(opt, 1);
  /* a server remembers some, to tell a stream reused from one reset in flight */
  if (!o->server) nghttp2_option_set_no_closed_streams(opt, 1);
  nghttp2_option_set_max_send_header_block_length(opt, MAX_SENT_HEADER_BYTES);
  /* resets are counted by the guard, with its clock and its error code */
  nghttp2_option_set_stream_reset_rate_limit(opt, UINT64_MAX, UINT64_MAX);
  nghttp2_option_set_max_continuations(
      opt, 8 + o->max_metadata_bytes / SMALLEST_MAX_FRAME_BYTES);
  return 0;
}

static int new_session(frl_h2 *h2) {
  nghttp2_session_callbacks *cb = NULL;
  nghttp2_option *opt = NULL;
  int rc = nghttp2_session_callbacks_new(&cb);
  if (rc == 0) rc = nghttp2_option_new(&opt);
  if (rc == 0) rc = set_options(h2, opt);
  if (rc == 0) {
    frl__h2_recv_callbacks(cb);
    frl__h2_send_callbacks(cb);
    nghttp2_session_callbacks_set_error_callback2(cb, on_error);
    rc = h2->options.server
             ? nghttp2_session_server_new3(&h2->ng, cb, h2, opt, &h2->ng_mem)
             : nghttp2_session_client_new3(&h2->ng, cb, h2, opt, &h2->ng_mem);
  }
  nghttp2_option_del(opt);
  nghttp2_session_callbacks_del(cb);
  return rc;
}

static int send_settings(frl_h2 *h2) {
  const frl_h2_options *o = &h2->options;
  nghttp2_settings_entry entries[8];
  size_t n = 0;
#define FRL_SETTING(id, v) entries[n++] = (nghttp2_settings_entry){(id), (v)}
  FRL_SETTING(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o->stream_window_bytes);
  FRL_SETTING(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, o->max_frame_bytes);
  FRL_SETTING(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, o->max_metadata_bytes);
  if (o->server) {
    FRL_SETTING(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, o->max_streams);
  } else {
    FRL_SETTING(NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
  }
#undef FRL_SETTING
  const int rc = nghttp2_submit_settings(h2->ng, NGHTTP2_FLAG_NONE, entries, n);
  if (rc != 0) return rc;
  return nghttp2_session_set_local_window_size(
      h2->ng, NGHTTP2_FLAG_NONE, 0, (int32_t)o->connection_window_bytes);
}

frl_status frl_h2_create(frl_h2 **out, const frl_h2_options *options,
    const frl_h2_handler *handler, void *ctx, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_h2 *h2 = frl_calloc(mem, 1, sizeof *h2);
  if (!h2) return frl_fail(err, FRL_E_NOMEM, "http2: out of memory");
  h2->mem = mem ? *mem : frl_mem_default;
  h2->ng_mem = (nghttp2_mem){&h2->mem, ng_malloc, ng_free, ng_calloc, ng_realloc};
  h2->on = *handler;
  h2->ctx = ctx;
  h2->options = *options;
  h2->last_id = -1;
  frl_h2_guard_init(&h2->guard, options->clock);
  int rc = new_session(h2);
  if (rc == 0) rc = send_settings(h2);
  if (rc != 0) {
    frl_h2_destroy(h2);
    return frl_fail(err, rc == NGHTTP2_ERR_NOMEM ? FRL_E_NOMEM : FRL_E_INVALID,
        "http2: %s", nghttp2_strerror(rc));
  }
  *out = h2;
  return FRL_OK;
}

void frl_h2_destroy(frl_h2 *h2) {
  if (!h2) return;
  while (h2->streams) frl__h2_stream_close(h2->streams, FRL_H2_LOST);
  nghttp2_session_del(h2->ng);
  const frl_mem mem = h2->mem;
  frl_free(&mem, h2);
}

static bool mute_begin(void *ctx, frl_h2_stream *s) {
  (void)ctx;
  (void)s;
  return false;
}
static void mute(void *ctx) { (void)ctx; }
static void mute_goaway(void *ctx, uint32_t code, const char *debug, size_t n) {
  (void)ctx;
  (void)code;
  (void)debug;
  (void)n;
}

void frl_h2_mute(frl_h2 *h2) {
  /* the functions of streams are called for streams with a user only */
  for (frl_h2_stream *s = h2->streams; s; s = s->next) s->user = NULL;
  h2->on = (frl_h2_handler){.on_begin = mute_begin,
      .on_settings = mute,
      .on_ping_ack = mute,
      .on_goaway = mute_goaway};
}

frl_h2_stream *frl__h2_stream_create(frl_h2 *h2, int32_t id) {
  frl_h2_stream *s = frl_calloc(&h2->mem, 1, sizeof *s);
  if (!s) return NULL;
  s->h2 = h2;
  s->id = id;
  s->next = h2->streams;
  if (s->next) s->next->prev = s;
  h2->streams = s;
  h2->n_streams++;
  return s;
}

static void forget_drained(frl_h2 *h2, frl_h2_stream *s) {
  for (frl_h2_stream **at = &h2->drained; *at; at = &(*at)->next_drained) {
    if (*at != s) continue;
    *at = s->next_drained;
    return;
  }
}

void frl__h2_stream_close(frl_h2_stream *s, uint32_t h2_error) {
  frl_h2 *h2 = s->h2;
  if (s->prev) {
    s->prev->next = s->next;
  } else {
    h2->streams = s->next;
  }
  if (s->next) s->next->prev = s->prev;
  h2->n_streams--;
  h2->queued -= s->queued;
  if (s->drained) forget_drained(h2, s);
  if (s->user) h2->on.on_close(h2->ctx, s, h2_error);
  frl_msgq_deinit(&s->queue, &h2->mem);
  frl_free(&h2->mem, s->trailers);
  frl_free(&h2->mem, s);
}

void frl_h2_terminate(frl_h2 *h2, uint32_t h2_error) {
  if (nghttp2_session_terminate_session(h2->ng, h2_error) != 0) {
    h2->out_of_memory = true;
  }
}

void frl__h2_calm(frl_h2 *h2, const char *why) {
  if (h2->calmed) return;
  h2->calmed = true;
  (void)snprintf(h2->last_error, sizeof h2->last_error, "%s", why);
  frl_h2_terminate(h2, NGHTTP2_ENHANCE_YOUR_CALM);
}

frl_status frl_h2_recv(frl_h2 *h2, const uint8_t *data, size_t n, frl_error *err) {
  if (h2->broken) return frl_fail(err, FRL_E_CLOSED, "http2: %s", h2->last_error);
  const ssize_t rc = nghttp2_session_mem_recv(h2->ng, data, n);
  if (h2->out_of_memory || rc == NGHTTP2_ERR_NOMEM) {
    h2->broken = true;
    return frl_fail(err, FRL_E_NOMEM, "http2: out of memory");
  }
  if (rc >= 0) return FRL_OK;
  h2->broken = true;
  const char *why = nghttp2_strerror((int)rc);
  if (rc == NGHTTP2_ERR_BAD_CLIENT_MAGIC) why = "the peer does not speak HTTP/2";
  if (h2->last_error[0] == '\0') {
    (void)snprintf(h2->last_error, sizeof h2->last_error, "%s", why);
  }
  return frl_fail(
      err, rc == NGHTTP2_ERR_FLOODED ? FRL_E_LIMIT : FRL_E_MALFORMED, "http2: %s", why);
}

bool frl_h2_wants_write(const frl_h2 *h2) {
  return nghttp2_session_want_write(h2->ng) != 0;
}

bool frl_h2_is_done(const frl_h2 *h2) {
  return !nghttp2_session_want_read(h2->ng) && !nghttp2_session_want_write(h2->ng);
}

bool frl_h2_is_settled(const frl_h2 *h2) { return h2->settled; }
size_t frl_h2_streams(const frl_h2 *h2) { return h2->n_streams; }
size_t frl_h2_queued_bytes(const frl_h2 *h2) { return h2->queued; }
const char *frl_h2_last_error(const frl_h2 *h2) { return h2->last_error; }

uint32_t frl_h2_peer_max_streams(const frl_h2 *h2) {
  return nghttp2_session_get_remote_settings(
      h2->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

static frl_status from_ng(int rc) {
  if (rc >= 0) return FRL_OK;
  return rc == NGHTTP2_ERR_NOMEM ? FRL_E_NOMEM : FRL_E_CLOSED;
}

frl_status frl_h2_ping(frl_h2 *h2) {
  return from_ng(nghttp2_submit_ping(h2->ng, NGHTTP2_FLAG_NONE, NULL));
}

frl_status frl_h2_goaway(frl_h2 *h2, bool final) {
  if (!final && h2->options.server) {
    return from_ng(nghttp2_submit_shutdown_notice(h2->ng));
  }
  return from_ng(nghttp2_submit_goaway(h2->ng, NGHTTP2_FLAG_NONE,
      nghttp2_session_get_last_proc_stream_id(h2->ng), NGHTTP2_NO_ERROR, NULL, 0));
}

static nghttp2_nv nv_of(const frl_h2_field *f) {
  /* nghttp2's struct has no const, it copies both unless told otherwise */
  union {
    const void *in;
    uint8_t *out;
  } name = {f->name}, value = {f->value};
  return (nghttp2_nv){
      name.out, value.out, f->name_len, f->value_len, NGHTTP2_NV_FLAG_NONE};
}

/* Gives the array on the stack where it is large enough; NULL = out of memory. */
static nghttp2_nv *nvs_of(const frl_h2 *h2, const frl_h2_field *fields, size_t n,
    nghttp2_nv stack[NG_FIELDS_ON_STACK]) {
  nghttp2_nv *nv = stack;
  if (n > NG_FIELDS_ON_STACK) {
    size_t size;
    if (frl_mul_overflows(n, sizeof *nv, &size)) return NULL;
    nv = frl_malloc(&h2->mem, size);
  }
  for (size_t i = 0; nv && i < n; i++) nv[i] = nv_of(&fields[i]);
  return nv;
}

frl_status frl_h2_request(frl_h2 *h2, const frl_h2_field *fields, size_t n_fields,
    void *user, frl_h2_stream **out) {
  *out = NULL;
  frl_h2_stream *s = frl__h2_stream_create(h2, 0);
  if (!s) return FRL_E_NOMEM;
  nghttp2_nv stack[NG_FIELDS_ON_STACK];
  nghttp2_nv *nv = nvs_of(h2, fields, n_fields, stack);
  nghttp2_data_provider source = frl__h2_source(s);
  const int32_t id = nv ? nghttp2_submit_request(h2->ng, NULL, nv, n_fields, &source, s)
                        : NGHTTP2_ERR_NOMEM;
  if (nv != stack) frl_free(&h2->mem, nv);
  if (id < 0) {
    frl__h2_stream_close(s, FRL_H2_LOST);
    return from_ng(id);
  }
  s->id = id;
  s->user = user;
  s->responded = true;
  *out = s;
  return FRL_OK;
}

frl_status frl_h2_respond(
    frl_h2_stream *s, const frl_h2_field *fields, size_t n_fields, bool end) {
  frl_h2 *h2 = s->h2;
  nghttp2_nv stack[NG_FIELDS_ON_STACK];
  nghttp2_nv *nv = nvs_of(h2, fields, n_fields, stack);
  if (!nv) return FRL_E_NOMEM;
  nghttp2_data_provider source = frl__h2_source(s);
  const int rc =
      nghttp2_submit_response(h2->ng, s->id, nv, n_fields, end ? NULL : &source);
  if (nv != stack) frl_free(&h2->mem, nv);
  if (rc == 0) s->responded = true;
  if (rc == 0 && end) s->ending = true;
  return from_ng(rc);
}
