#include "pubsub/coordinator/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

enum { MAX_PIECE_BYTES = FRL_COORD_PIECE_BYTES + 4096, ENOUGH_UNITS = 2 };
#define MAX_UNIT_BYTES ((size_t)1 << 30)

/** One batch as an Arrow IPC stream. */
typedef struct unit {
  struct unit *next;
  uint8_t *bytes;
  size_t n;
} unit;

struct frl_fetch {
  frl_member *m;
  frl_coord_part request;
  frl_mutex lock;
  frl_cond changed;
  unit *units, *units_end;
  unsigned n_units;
  bool complete; /* the owner's last piece has come */
  bool ended;    /* the call is over, or was never begun */
  frl_status failure;
  frl_error failure_error;
  /* loop thread */
  frl_call *call;
  frl_buf piece;
  frl_buf growing; /* the unit under way */
  size_t owed_bytes;
};

/* ---- loop ---- */

static void give_back(void *ctx) {
  frl_fetch *f = ctx;
  if (!f->call || !f->owed_bytes) return;
  frl_call_consumed(f->call, f->owed_bytes);
  f->owed_bytes = 0;
}

static frl_status on_begin(void *ctx) {
  frl_fetch *f = ctx;
  frl_buf_clear(&f->piece);
  return FRL_OK;
}

static frl_status on_data(void *ctx, const uint8_t *data, size_t n) {
  frl_fetch *f = ctx;
  f->owed_bytes += n;
  return frl_buf_append(&f->piece, data, n);
}

static frl_status push_unit(frl_fetch *f) {
  unit *u = calloc(1, sizeof *u);
  if (!u) return FRL_E_NOMEM;
  u->bytes = frl_buf_take(&f->growing, &u->n);
  frl_mutex_lock(&f->lock);
  if (f->units_end) f->units_end->next = u;
  if (!f->units) f->units = u;
  f->units_end = u;
  f->n_units++;
  frl_cond_broadcast(&f->changed);
  frl_mutex_unlock(&f->lock);
  return FRL_OK;
}

static void end_pieces(frl_fetch *f, const frl_coord_piece *piece) {
  frl_mutex_lock(&f->lock);
  const size_t n = frl_cursor_left(&piece->failed);
  if (n) {
    f->failure = frl_fail(&f->failure_error, FRL_E_REMOTE,
        "the executor that holds the partition: %.*s", (int)(n < 300 ? n : 300),
        (const char *)piece->failed.pos);
  } else {
    f->complete = true;
  }
  frl_cond_broadcast(&f->changed);
  frl_mutex_unlock(&f->lock);
}

static frl_status on_end(void *ctx) {
  frl_fetch *f = ctx;
  frl_coord_piece piece = {0};
  FRL_TRY(frl_coord_decode(
      &piece, FRL_COORD_PIECE, frl_cursor_of(f->piece.data, f->piece.len)));
  const size_t n = frl_cursor_left(&piece.data);
  if (n) FRL_TRY(frl_buf_append(&f->growing, piece.data.pos, n));
  if (piece.end == 1) FRL_TRY(push_unit(f));
  if (piece.end == 2 || frl_cursor_left(&piece.failed)) end_pieces(f, &piece);
  frl_mutex_lock(&f->lock);
  const bool more = f->n_units < ENOUGH_UNITS;
  frl_mutex_unlock(&f->lock);
  if (more) give_back(f);
  return FRL_OK;
}

static void on_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  (void)trailers;
  frl_fetch *f = ctx;
  f->call = NULL;
  frl_mutex_lock(&f->lock);
  f->ended = true;
  if (!f->complete && f->failure == FRL_OK) {
    f->failure = frl_fail_grpc(&f->failure_error,
        status->code ? status->code : FRL_GRPC_UNAVAILABLE, "coordinator %s: %s",
        f->m->task.address, status->message);
  }
  frl_cond_broadcast(&f->changed);
  frl_mutex_unlock(&f->lock);
}

static frl_status send_request(frl_fetch *f) {
  frl_buf b;
  frl_buf_init(&b, NULL, 4096);
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  frl_status st = frl_coord_encode(&b, FRL_COORD_PART, &f->request);
  if (st == FRL_OK) st = frl_chain_copy(&chain, b.data, b.len);
  if (st == FRL_OK) st = frl_call_send(f->call, &chain, true);
  frl_chain_deinit(&chain);
  frl_buf_deinit(&b);
  return st;
}

static void start(void *ctx) {
  static const frl_call_handler handler = {
      .sink = {on_begin, on_data, on_end}, .on_closed = on_closed};
  frl_fetch *f = ctx;
  frl_metadata md = {0};
  frl_status st = frl__member_metadata(f->m, &md);
  const frl_call_options options = {.struct_size = sizeof options,
      .path = FRL_COORD_SERVICE "Fetch",
      .metadata = &md,
      .manual_window = true};
  if (st == FRL_OK) {
    st = frl_call_start(
        &f->call, f->m->channel, &options, &handler, f, &f->failure_error);
  }
  frl_metadata_deinit(&md, NULL);
  frl_mutex_lock(&f->lock);
  f->ended = st != FRL_OK;
  if (st != FRL_OK) f->failure = st;
  frl_mutex_unlock(&f->lock);
  if (st != FRL_OK) f->call = NULL;
  if (st == FRL_OK && send_request(f) != FRL_OK) frl_call_cancel(f->call);
}

static void cancel(void *ctx) {
  frl_fetch *f = ctx;
  if (f->call) frl_call_cancel(f->call);
}

/* ---- the reader ---- */

frl_status frl_fetch_open(
    frl_fetch **out, frl_member *m, const frl_task *task, frl_error *err) {
  *out = NULL;
  frl_fetch *f = calloc(1, sizeof *f);
  if (!f) return frl_fail(err, FRL_E_NOMEM, "relay: out of memory");
  f->m = m;
  f->ended = true;
  f->request.batch = task->batch;
  f->request.partition = task->partition;
  memcpy(f->request.run, task->run, sizeof f->request.run);
  memcpy(f->request.member, m->hello.member, sizeof f->request.member);
  frl_mutex_init(&f->lock);
  frl_cond_init(&f->changed);
  frl_buf_init(&f->piece, NULL, MAX_PIECE_BYTES);
  frl_buf_init(&f->growing, NULL, MAX_UNIT_BYTES);
  const frl_status st = frl_loop_call(m->loop, start, f);
  if (st != FRL_OK) {
    frl_fetch_close(f);
    return frl_fail(err, st, "coordinator %s: not connected", m->task.address);
  }
  *out = f;
  return FRL_OK;
}

static frl_status decode(const unit *u, struct ArrowArray *out, frl_error *err) {
  frl_ipc_reader *reader = NULL;
  frl_status st = frl_ipc_reader_open_bytes(&reader, u->bytes, u->n, NULL, err);
  if (st == FRL_OK) st = frl_ipc_reader_next(reader, out, err);
  frl_ipc_reader_destroy(reader);
  if (st == FRL_END) {
    return frl_fail(err, FRL_E_MALFORMED, "relay: a batch without rows");
  }
  return st;
}

static void unit_free(unit *u) {
  free(u->bytes);
  free(u);
}

/** The next unit; NULL: none, and *st says why. */
static unit *take_unit(
    frl_fetch *f, int64_t timeout_ms, frl_status *st, frl_error *err) {
  const int64_t until_ms = frl_clock_now_ms(NULL) + timeout_ms;
  frl_mutex_lock(&f->lock);
  while (!f->units && !f->complete && f->failure == FRL_OK) {
    const int64_t left_ms = until_ms - frl_clock_now_ms(NULL);
    if (left_ms <= 0) break;
    (void)frl_cond_wait_ms(&f->changed, &f->lock, left_ms);
  }
  unit *u = f->units;
  *st = FRL_OK;
  if (u) {
    f->units = u->next;
    if (!f->units) f->units_end = NULL;
    f->n_units--;
  } else if (f->complete) {
    *st = FRL_END;
  } else if (f->failure != FRL_OK) {
    *st = f->failure;
    if (err) *err = f->failure_error;
  } else {
    *st = FRL_E_TIMEOUT;
  }
  frl_mutex_unlock(&f->lock);
  return u;
}

frl_status frl_fetch_next(
    frl_fetch *f, struct ArrowArray *out, int64_t timeout_ms, frl_error *err) {
  frl_status st;
  unit *u = take_unit(f, timeout_ms, &st, err);
  if (!u) return st;
  st = decode(u, out, err);
  unit_free(u);
  /* without memory to post, close frees the window */
  if (frl_loop_call(f->m->loop, give_back, f) != FRL_OK) return st;
  return st;
}

void frl_fetch_close(frl_fetch *f) {
  if (!f) return;
  if (f->m->loop && frl_loop_call(f->m->loop, cancel, f) == FRL_OK) {
    frl_mutex_lock(&f->lock);
    while (!f->ended) frl_cond_wait(&f->changed, &f->lock);
    frl_mutex_unlock(&f->lock);
  }
  while (f->units) {
    unit *u = f->units;
    f->units = u->next;
    unit_free(u);
  }
  frl_buf_deinit(&f->piece);
  frl_buf_deinit(&f->growing);
  frl_cond_deinit(&f->changed);
  frl_mutex_deinit(&f->lock);
  free(f);
}
