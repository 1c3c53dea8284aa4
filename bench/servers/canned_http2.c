#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "canned.h"

enum {
  READ_BYTES = 512 * 1024,
  WINDOW_BYTES = 64 << 20,
  MAX_FRAME_BYTES = (1 << 24) - 1,
  PULL_COPIES = 4, /* copies under way while the next is numbered */
  READS_A_TURN = 4
};

typedef enum { METHOD_OTHER, METHOD_PULL, METHOD_PUBLISH, METHOD_GET_SUB } method;

typedef struct connection {
  int fd;
  SSL *ssl;
  nghttp2_session *session;
  const canned_options *options;
  canned_output out;
  uint8_t *read_buffer;
  uint64_t next_ack;
  uint64_t next_id;
} connection;

typedef struct stream {
  method method;
  uint8_t *copies[PULL_COPIES];
  int copy;
  size_t at; /* in the response or the copy */
  uint8_t *response;
  size_t response_len;
  uint64_t published;
  /* top-level fields of the request under way */
  uint8_t head[16];
  size_t head_used;
  size_t skip;
  bool prefix_seen;
} stream;

#define HEADER(name, value)                                               \
  {                                                                       \
    (uint8_t *)name, (uint8_t *)value, sizeof name - 1, sizeof value - 1, \
        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE      \
  }

static ssize_t on_send(
    nghttp2_session *s, const uint8_t *data, size_t n, int flags, void *user) {
  (void)s;
  (void)flags;
  connection *c = user;
  if (output_is_full(&c->out)) return NGHTTP2_ERR_WOULDBLOCK;
  const size_t room = OUTPUT_SCRATCH - c->out.scratch_used;
  if (n > room) n = room;
  output_copy(&c->out, data, n);
  return (ssize_t)n;
}

static int on_send_data(nghttp2_session *s, nghttp2_frame *frame, const uint8_t *head,
    size_t n, nghttp2_data_source *source, void *user) {
  (void)s;
  (void)frame;
  connection *c = user;
  stream *st = source->ptr;
  if (output_is_full(&c->out)) return NGHTTP2_ERR_WOULDBLOCK;
  const canned_response *r = &c->options->response;
  output_copy(&c->out, head, 9);
  output_borrow(&c->out, st->copies[st->copy] + st->at, n);
  st->at += n;
  if (st->at == r->len) {
    st->at = 0;
    st->copy = (st->copy + 1) % PULL_COPIES;
    canned_response_number(r, st->copies[st->copy], &c->next_ack);
  }
  return 0;
}

static ssize_t read_pull(nghttp2_session *s, int32_t id, uint8_t *buf, size_t n,
    uint32_t *flags, nghttp2_data_source *source, void *user) {
  (void)s;
  (void)id;
  (void)buf;
  const connection *c = user;
  const stream *st = source->ptr;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  const size_t left = c->options->response.len - st->at;
  return (ssize_t)(n < left ? n : left);
}

static ssize_t read_unary(nghttp2_session *s, int32_t id, uint8_t *buf, size_t n,
    uint32_t *flags, nghttp2_data_source *source, void *user) {
  (void)user;
  static const nghttp2_nv trailers[] = {HEADER("grpc-status", "0")};
  stream *st = source->ptr;
  const size_t left = st->response_len - st->at;
  if (n > left) n = left;
  memcpy(buf, st->response + st->at, n);
  st->at += n;
  if (st->at == st->response_len) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    (void)nghttp2_submit_trailer(s, id, trailers, 1);
  }
  return (ssize_t)n;
}

static ssize_t on_read_length(nghttp2_session *s, uint8_t type, int32_t id,
    int32_t session_window, int32_t stream_window, uint32_t remote_max, void *user) {
  (void)s;
  (void)type;
  (void)id;
  (void)session_window;
  (void)stream_window;
  (void)user;
  return remote_max;
}

static int on_begin_headers(
    nghttp2_session *s, const nghttp2_frame *frame, void *user) {
  (void)user;
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  stream *st = calloc(1, sizeof *st);
  if (!st) return NGHTTP2_ERR_CALLBACK_FAILURE;
  return nghttp2_session_set_stream_user_data(s, frame->hd.stream_id, st);
}

static bool path_ends(const uint8_t *path, size_t n, const char *method_name) {
  const size_t m = strlen(method_name);
  return n > m && path[n - m - 1] == '/' && memcmp(path + n - m, method_name, m) == 0;
}

static int on_header(nghttp2_session *s, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len,
    uint8_t flags, void *user) {
  (void)flags;
  (void)user;
  stream *st = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
  if (!st || name_len != 5 || memcmp(name, ":path", 5) != 0) return 0;
  if (path_ends(value, value_len, "StreamingPull")) st->method = METHOD_PULL;
  if (path_ends(value, value_len, "Publish")) st->method = METHOD_PUBLISH;
  if (path_ends(value, value_len, "GetSubscription")) st->method = METHOD_GET_SUB;
  return 0;
}

/* The length of a tag and a length, 0 while more bytes are needed. */
static size_t field_head(const uint8_t *p, size_t n, unsigned *field, size_t *len) {
  uint64_t value[2] = {0};
  size_t at = 0;
  for (int i = 0; i < 2; i++) {
    unsigned shift = 0;
    for (;;) {
      if (at == n || shift > 56) return 0;
      value[i] |= (uint64_t)(p[at] & 0x7f) << shift;
      shift += 7;
      if (p[at++] < 0x80) break;
    }
  }
  *field = (unsigned)(value[0] >> 3);
  *len = (size_t)value[1];
  return at;
}

/* Counts the messages (field 2) of a PublishRequest as its bytes pass by. */
static int on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data,
    size_t n, void *user) {
  (void)flags;
  (void)user;
  stream *st = nghttp2_session_get_stream_user_data(s, id);
  if (!st || st->method != METHOD_PUBLISH) return 0;
  while (n > 0) {
    if (st->skip) {
      const size_t k = n < st->skip ? n : st->skip;
      st->skip -= k;
      data += k;
      n -= k;
      continue;
    }
    st->head[st->head_used++] = *data++;
    n--;
    if (!st->prefix_seen) {
      if (st->head_used == 5) {
        st->prefix_seen = true;
        st->head_used = 0;
      }
      continue;
    }
    unsigned field = 0;
    size_t len = 0;
    if (field_head(st->head, st->head_used, &field, &len) == 0) {
      if (st->head_used == sizeof st->head) return NGHTTP2_ERR_CALLBACK_FAILURE;
      continue;
    }
    if (field == 2) st->published++;
    st->skip = len;
    st->head_used = 0;
  }
  return 0;
}

static uint8_t *put_text(uint8_t *p, unsigned field, const char *text) {
  const size_t n = strlen(text);
  *p++ = (uint8_t)(field << 3 | 2);
  *p++ = (uint8_t)n;
  memcpy(p, text, n);
  return p + n;
}

static bool make_response(connection *c, stream *st) {
  st->response = malloc(5 + st->published * 18 + 128);
  if (!st->response) return false;
  uint8_t *p = st->response + 5;
  for (uint64_t i = 0; i < st->published; i++) {
    char id[24];
    (void)snprintf(id, sizeof id, "%016llu", (unsigned long long)c->next_id++);
    p = put_text(p, 1, id);
  }
  if (st->method == METHOD_GET_SUB) {
    p = put_text(p, 1, "projects/bench/subscriptions/s");
    p = put_text(p, 2, "projects/bench/topics/t");
    *p++ = 5 << 3;
    *p++ = 10;
  }
  st->response_len = (size_t)(p - st->response);
  const size_t n = st->response_len - 5;
  st->response[0] = 0;
  for (int i = 0; i < 4; i++) st->response[1 + i] = (uint8_t)(n >> (24 - 8 * i));
  return true;
}

static bool start_pull(connection *c, stream *st) {
  const canned_response *r = &c->options->response;
  for (int i = 0; i < PULL_COPIES; i++) {
    st->copies[i] = malloc(r->len);
    if (!st->copies[i]) return false;
    memcpy(st->copies[i], r->data, r->len);
  }
  canned_response_number(r, st->copies[0], &c->next_ack);
  return true;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *frame, void *user) {
  connection *c = user;
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  stream *st = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
  if (!st) return 0;
  const bool pull = st->method == METHOD_PULL;
  const bool begins = frame->hd.type == NGHTTP2_HEADERS;
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (pull ? !begins : !ends) return 0;
  static const nghttp2_nv headers[] = {
      HEADER(":status", "200"), HEADER("content-type", "application/grpc")};
  const bool ready = pull ? start_pull(c, st) : make_response(c, st);
  if (!ready) return NGHTTP2_ERR_CALLBACK_FAILURE;
  const nghttp2_data_provider body = {{.ptr = st}, pull ? read_pull : read_unary};
  return nghttp2_submit_response(s, frame->hd.stream_id, headers, 2, &body);
}

static int on_stream_close(nghttp2_session *s, int32_t id, uint32_t code, void *user) {
  (void)code;
  connection *c = user;
  stream *st = nghttp2_session_get_stream_user_data(s, id);
  if (!st) return 0;
  (void)nghttp2_session_set_stream_user_data(s, id, NULL);
  /* slices of a pull's copies may still be queued */
  if (st->method == METHOD_PULL && c->out.count > 0) return 0;
  for (int i = 0; i < PULL_COPIES; i++) free(st->copies[i]);
  free(st->response);
  free(st);
  return 0;
}

static bool open_session(connection *c) {
  nghttp2_session_callbacks *cb = NULL;
  if (nghttp2_session_callbacks_new(&cb) != 0) return false;
  nghttp2_session_callbacks_set_send_callback(cb, on_send);
  nghttp2_session_callbacks_set_send_data_callback(cb, on_send_data);
  nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
  nghttp2_session_callbacks_set_data_source_read_length_callback(cb, on_read_length);
  const int rc = nghttp2_session_server_new(&c->session, cb, c);
  nghttp2_session_callbacks_del(cb);
  if (rc != 0) return false;
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, MAX_FRAME_BYTES},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
  return nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, 3) == 0 &&
         nghttp2_session_set_local_window_size(
             c->session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES) == 0;
}

/* Bytes read, 0 nothing there now, -1 over. */
static ssize_t read_some(connection *c) {
  if (c->ssl) {
    const int n = SSL_read(c->ssl, c->read_buffer, READ_BYTES);
    if (n > 0) return n;
    return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
  }
  const ssize_t n = recv(c->fd, c->read_buffer, READ_BYTES, MSG_DONTWAIT);
  if (n > 0) return n;
  if (n == 0) return -1;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static bool read_turn(connection *c, bool *any) {
  *any = false;
  for (int i = 0; i < READS_A_TURN; i++) {
    const ssize_t n = read_some(c);
    if (n < 0) return false;
    if (n == 0) return true;
    *any = true;
    if (nghttp2_session_mem_recv(c->session, c->read_buffer, (size_t)n) < 0) {
      return false;
    }
  }
  return true;
}

static void run_session(connection *c) {
  for (;;) {
    if (nghttp2_session_send(c->session) != 0) return;
    const int flushed = output_flush(&c->out, c->fd, c->ssl);
    bool any = false;
    if (flushed < 0 || !read_turn(c, &any)) return;
    if (any) continue;
    if (flushed == 1) {
      if (nghttp2_session_send(c->session) != 0) return;
      if (c->out.count > 0) continue;
      if (!nghttp2_session_want_read(c->session)) return;
    }
    const short events = flushed == 0 ? POLLIN | POLLOUT : POLLIN;
    struct pollfd p = {c->fd, events, 0};
    (void)poll(&p, 1, 1000);
  }
}

static bool accept_tls(connection *c) {
  c->ssl = SSL_new(c->options->tls);
  if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_accept(c->ssl) != 1)
    return false;
  c->out.plain = malloc(READ_BYTES);
  c->out.sealed = BIO_new(BIO_s_mem());
  if (!c->out.plain || !c->out.sealed) return false;
  SSL_set0_wbio(c->ssl, c->out.sealed);
  return true;
}

/* The floor: the response as fast as the socket takes it. */
static void serve_raw(int fd, const canned_response *r) {
  size_t sent = 0;
  for (;;) {
    const ssize_t n = send(fd, r->data + sent, r->len - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent = (sent + (size_t)n) % r->len;
  }
}

void canned_serve(int fd, const canned_options *options) {
  const int one = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (options->raw) {
    serve_raw(fd, &options->response);
    (void)close(fd);
    return;
  }
  connection *c = calloc(1, sizeof *c);
  if (c) {
    c->fd = fd;
    c->options = options;
    c->read_buffer = malloc(READ_BYTES);
    if (c->read_buffer && (!options->tls || accept_tls(c)) && open_session(c)) {
      /* the handshake could wait; from here on nothing may */
      (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
      run_session(c);
    }
    nghttp2_session_del(c->session);
    SSL_free(c->ssl);
    free(c->out.plain);
    free(c->read_buffer);
    free(c);
  }
  (void)close(fd);
}
