/*
 * The owner's end of a relay: the sealed batches of a partition, each as an Arrow IPC
 * stream, cut into pieces. Loop thread.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "pubsub/coordinator/member.h"

enum { POLL_MS = 20, WAIT_MS = 60000, ENOUGH_UNSENT_BYTES = 2 << 20 };
#define MAX_UNIT_BYTES ((size_t)1 << 30)

typedef struct frl_provider {
  struct frl_provider *next;
  frl_member *m;
  frl_part *part;
  uint64_t relay;
  frl_call *call; /* NULL: ended */
  frl_timer *poll;
  int64_t since_ms;
  size_t next_rows;
  bool done;
} frl_provider;

static void provider_free(frl_provider *p) {
  frl_provider **at = &p->m->providers;
  while (*at != p) at = &(*at)->next;
  *at = p->next;
  frl_timer_destroy(p->poll);
  frl_part_release(p->m, p->part);
  free(p);
}

/* ---- pieces ---- */

static frl_status send_piece(
    frl_provider *p, const uint8_t *data, size_t n, uint64_t end, const char *failed) {
  frl_coord_piece piece = {.relay = p->relay,
      .data = frl_cursor_of(data, n),
      .end = end,
      .failed = frl_cursor_of(failed, failed ? strlen(failed) : 0)};
  memcpy(piece.run, p->m->task.run, sizeof piece.run);
  memcpy(piece.member, p->m->hello.member, sizeof piece.member);
  frl_buf b;
  frl_buf_init(&b, NULL, FRL_COORD_MAX_MESSAGE);
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  frl_status st = frl_coord_encode(&b, FRL_COORD_PIECE, &piece);
  if (st == FRL_OK) st = frl_chain_copy(&chain, b.data, b.len);
  if (st == FRL_OK) st = frl_call_send(p->call, &chain, end == 2 || failed);
  frl_chain_deinit(&chain);
  frl_buf_deinit(&b);
  return st;
}

static frl_status append(void *ctx, const void *data, size_t n, frl_error *err) {
  const frl_status st = frl_buf_append(ctx, data, n);
  return st == FRL_OK ? st : frl_fail(err, st, "relay: out of memory");
}

/** One batch as an IPC stream of its own. */
static frl_status encode_rows(
    frl_buf *out, const frl_member *m, const frl_part_rows *rows, frl_error *err) {
  struct ArrowArray array;
  FRL_TRY(frl_batch_export(&array, rows->batch, rows->first, rows->n, err));
  frl_ipc_writer *writer = NULL;
  frl_status st = frl_ipc_writer_open_fn(&writer, append, out, &m->schema, NULL, err);
  if (st == FRL_OK) st = frl_ipc_writer_write(writer, &array, err);
  if (st == FRL_OK) st = frl_ipc_writer_finish(writer, err);
  frl_ipc_writer_destroy(writer);
  frl_array_release(&array);
  return st;
}

static frl_status send_rows(
    frl_provider *p, const frl_part_rows *rows, frl_error *err) {
  frl_buf b;
  frl_buf_init(&b, NULL, MAX_UNIT_BYTES);
  frl_status st = encode_rows(&b, p->m, rows, err);
  for (size_t at = 0; st == FRL_OK && at < b.len;) {
    const size_t left = b.len - at;
    const size_t n = left < FRL_COORD_PIECE_BYTES ? left : FRL_COORD_PIECE_BYTES;
    st = send_piece(p, b.data + at, n, n == left ? 1 : 0, NULL);
    at += n;
  }
  frl_buf_deinit(&b);
  return st;
}

static void fail(frl_provider *p, const char *why) {
  p->done = true;
  if (send_piece(p, NULL, 0, 0, why) != FRL_OK) frl_call_cancel(p->call);
}

static void send_more(frl_provider *p) {
  frl_error err = {0};
  while (!p->done && frl_call_unsent_bytes(p->call) < ENOUGH_UNSENT_BYTES) {
    frl_mutex_lock(&p->m->lock);
    const bool more = p->next_rows < p->part->n;
    frl_part_rows rows = {0};
    if (more) {
      rows = p->part->rows[p->next_rows++];
      (void)frl_batch_ref(rows.batch);
    }
    frl_mutex_unlock(&p->m->lock);
    if (!more) {
      p->done = true;
      if (send_piece(p, NULL, 0, 2, NULL) != FRL_OK) frl_call_cancel(p->call);
      return;
    }
    if (send_rows(p, &rows, &err) != FRL_OK) fail(p, err.message);
    frl_batch_unref(rows.batch);
  }
}

/** Until the partition is sealed; nobody at it any more: as it is. */
static void look(void *ctx) {
  frl_provider *p = ctx;
  frl_member *m = p->m;
  if (!p->call || p->done) return;
  frl_mutex_lock(&m->lock);
  const enum frl_part_phase phase = p->part->phase;
  if (phase < FRL_PART_READY && !p->part->has_sealer && !m->to_freeze) {
    m->to_freeze = p->part;
    p->part->refs++;
    frl_cond_broadcast(&m->changed);
  }
  frl_mutex_unlock(&m->lock);
  if (phase == FRL_PART_READY) {
    frl_timer_stop(p->poll);
    send_more(p);
  } else if (phase == FRL_PART_CLOSED) {
    fail(p, "the batch is closed");
  } else if (frl_clock_now_ms(NULL) - p->since_ms > WAIT_MS) {
    fail(p, "the partition was not sealed in time");
  }
}

/* ---- the call ---- */

static frl_status ignore_data(void *ctx, const uint8_t *data, size_t n) {
  (void)ctx, (void)data, (void)n;
  return FRL_OK;
}

static frl_status ignore_end(void *ctx) {
  (void)ctx;
  return FRL_OK;
}

static void provide_writable(void *ctx) {
  frl_provider *p = ctx;
  if (p->next_rows) send_more(p);
}

static void provide_closed(
    void *ctx, const frl_rpc_status *status, const frl_metadata *trailers) {
  (void)status, (void)trailers;
  provider_free(ctx);
}

static frl_status open_call(frl_provider *p) {
  static const frl_call_handler handler = {.sink = {NULL, ignore_data, ignore_end},
      .on_writable = provide_writable,
      .on_closed = provide_closed};
  frl_metadata md = {0};
  frl_status st = frl__member_metadata(p->m, &md);
  const frl_call_options options = {.struct_size = sizeof options,
      .path = FRL_COORD_SERVICE "Provide",
      .metadata = &md};
  if (st == FRL_OK) {
    st = frl_call_start(&p->call, p->m->channel, &options, &handler, p, NULL);
  }
  frl_metadata_deinit(&md, NULL);
  return st;
}

void frl_provide_start(frl_member *m, const frl_coord_order *order) {
  frl_part *part = frl_part_get(m, order->batch, order->partition);
  frl_provider *p = part ? calloc(1, sizeof *p) : NULL;
  if (!p) {
    /* the coordinator tells the reader when nobody answers */
    frl_part_release(m, part);
    return;
  }
  p->m = m;
  p->part = part;
  p->relay = order->relay;
  p->since_ms = frl_clock_now_ms(NULL);
  p->next = m->providers;
  m->providers = p;
  if (frl_timer_create(&p->poll, m->loop, look, p) != FRL_OK ||
      open_call(p) != FRL_OK) {
    provider_free(p);
    return;
  }
  frl_timer_start(p->poll, 0, POLL_MS);
}

void frl_provide_close_all(frl_member *m) {
  frl_provider *next;
  for (frl_provider *p = m->providers; p; p = next) {
    next = p->next;
    p->done = true;
    frl_timer_stop(p->poll);
    frl_call_cancel(p->call);
  }
}
