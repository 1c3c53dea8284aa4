#include "pubsub/publisher.h"

#include <string.h>

#include "arrow/schema_make.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "wire/reader.h"

enum {
  DEFAULT_MESSAGES = 1000,
  DEFAULT_BYTES = 1 << 20,
  MAX_BYTES = 9 * 1000 * 1000, /* 10 MB with room for the last message's header */
  DEFAULT_LINGER_MS = 10,
  DEFAULT_IN_FLIGHT_BYTES = 64 << 20,
  DEFAULT_IN_FLIGHT_REQUESTS = 16,
  DEFAULT_TIMEOUT_MS = 600 * 1000,
  IDS_MAX_BYTES = 1 << 30,
  POOL_IDLE_BYTES = 4 << 20
};

frl_cargo *frl_cargo_ref(frl_cargo *cargo) {
  (void)atomic_fetch_add_explicit(&cargo->refs, 1, memory_order_relaxed);
  return cargo;
}

void frl_cargo_unref(frl_cargo *cargo) {
  if (atomic_fetch_sub_explicit(&cargo->refs, 1, memory_order_acq_rel) != 1) return;
  frl_array_release(&cargo->array);
  frl_buf_deinit(&cargo->ids);
  const frl_mem mem = cargo->mem;
  frl_free(&mem, cargo->id_at);
  frl_free(&mem, cargo->id_bytes);
  frl_free(&mem, cargo);
}

/* ---- the answer ---- */

/* The ids of a cargo as a utf8 array, null where a row has none. */
static frl_status make_ids(
    frl_publisher *p, const frl_cargo *cargo, struct ArrowArray *out) {
  struct ArrowSchema schema = {0};
  struct ArrowSchema *child;
  frl_columns *columns = NULL;
  struct ArrowArray row_array = {0};
  frl_status st = frl_schema_make(&schema, &p->mem, "+s");
  if (st == FRL_OK) st = frl_schema_add_child(&schema, "u", "message_id", &child);
  const frl_columns_options options = {.struct_size = sizeof options, .pool = p->pool};
  if (st == FRL_OK) st = frl_columns_create(&columns, &schema, &options, NULL);
  for (int64_t i = 0; st == FRL_OK && i < cargo->rows.n_rows; i++) {
    frl_col *c = frl_columns_at(columns, 0);
    st = cargo->id_at[i]
             ? frl_col_append_bytes(
                   c, cargo->ids.data + cargo->id_at[i] - 1, cargo->id_bytes[i])
             : frl_col_append_null(c);
    if (st == FRL_OK) st = frl_columns_end_row(columns);
  }
  if (st == FRL_OK) st = frl_columns_finish(columns, &row_array, NULL);
  if (st == FRL_OK) {
    *out = *row_array.children[0];
    row_array.children[0]->release = NULL;
  }
  frl_array_release(&row_array);
  frl_columns_destroy(columns);
  frl_schema_release(&schema);
  return st;
}

static void report(frl_publisher *p, frl_cargo *cargo) {
  struct ArrowArray ids = {0};
  const frl_error *failure = cargo->failed_rows ? &cargo->failure : NULL;
  if (cargo->done && cargo->failed_rows < cargo->rows.n_rows &&
      make_ids(p, cargo, &ids) != FRL_OK) {
    (void)frl_fail(&cargo->failure, FRL_E_NOMEM,
        "publish: all is sent, but there is no memory for the message ids");
    failure = &cargo->failure;
  }
  if (cargo->done) {
    cargo->done(
        cargo->done_ctx, ids.release ? &ids : NULL, cargo->failed_rows, failure);
  }
  frl_array_release(&ids);
  frl_mutex_lock(&p->lock);
  p->open_cargos--;
  frl_cond_broadcast(&p->changed);
  frl_mutex_unlock(&p->lock);
  frl_cargo_unref(cargo);
}

/* PublishResponse: 1 repeated string message_ids. FRL_END: there are no more. */
static frl_status next_id(frl_cursor *response, frl_cursor *id) {
  frl_wire_field f;
  for (;;) {
    FRL_TRY(frl_wire_next(response, &f));
    if (f.number != 1 || f.type != FRL_WIRE_BYTES) continue;
    if (f.value > UINT16_MAX) return FRL_E_MALFORMED;
    *id = f.bytes;
    return FRL_OK;
  }
}

static frl_status note_id(frl_cargo *cargo, int64_t row, frl_cursor *response) {
  frl_cursor id;
  FRL_TRY(next_id(response, &id));
  if (!cargo->id_at) return FRL_OK;
  const size_t at = cargo->ids.len;
  FRL_TRY(frl_buf_append(&cargo->ids, id.pos, frl_cursor_left(&id)));
  cargo->id_at[row] = (uint32_t)at + 1;
  cargo->id_bytes[row] = (uint16_t)frl_cursor_left(&id);
  return FRL_OK;
}

static void note_failure(frl_publisher *p, frl_cargo *cargo, int64_t n,
    const frl_error *failure, frl_status status) {
  if (cargo->failed_rows == 0) cargo->failure = *failure;
  cargo->failed_rows += n;
  frl_mutex_lock(&p->lock);
  if (p->failure == FRL_OK) {
    p->failure = status;
    p->failure_error = *failure;
  }
  frl_mutex_unlock(&p->lock);
}

void frl__publisher_rows_done(frl_publisher *p, frl_publish_span *span,
    frl_cursor *response, const frl_error *failure, frl_status status) {
  frl_cargo *cargo = span->cargo;
  const int64_t end = response ? span->first + span->n : span->first;
  for (int64_t i = span->first; i < end; i++) {
    const frl_status st = note_id(cargo, i, response);
    if (st != FRL_OK) {
      frl_error broken = {0};
      (void)frl_fail(&broken, FRL_E_REMOTE,
          "publish to %s: the answer has fewer message ids than messages", p->topic);
      note_failure(p, cargo, 1, &broken, FRL_E_REMOTE);
    }
  }
  if (failure) note_failure(p, cargo, span->n, failure, status);
  frl_mutex_lock(&p->lock);
  p->queued_bytes -= span->bytes < p->queued_bytes ? span->bytes : p->queued_bytes;
  frl_cond_broadcast(&p->changed);
  frl_mutex_unlock(&p->lock);
  cargo->open_rows -= span->n;
  if (cargo->open_rows == 0) report(p, cargo);
}

void frl__publisher_request_done(frl_publisher *p, frl_publish_request *request,
    frl_cursor response, const frl_error *failure, frl_status status) {
  while (request->spans) {
    frl_publish_span *span = request->spans;
    request->spans = span->next;
    frl__publisher_rows_done(p, span, failure ? NULL : &response, failure, status);
    frl_cargo_unref(span->cargo);
    frl_free(&p->mem, span);
  }
  frl_free(&p->mem, request);
}

/* ---- opening and closing ---- */

static void fill_defaults(frl_publisher_options *o) {
  if (o->max_batch_messages == 0 || o->max_batch_messages > DEFAULT_MESSAGES) {
    o->max_batch_messages = DEFAULT_MESSAGES;
  }
  if (o->max_batch_bytes == 0) o->max_batch_bytes = DEFAULT_BYTES;
  if (o->max_batch_bytes > MAX_BYTES) o->max_batch_bytes = MAX_BYTES;
  if (o->linger_ms == 0) o->linger_ms = DEFAULT_LINGER_MS;
  if (o->max_in_flight_bytes == 0) o->max_in_flight_bytes = DEFAULT_IN_FLIGHT_BYTES;
  if (o->max_in_flight_requests == 0) {
    o->max_in_flight_requests = DEFAULT_IN_FLIGHT_REQUESTS;
  }
  if (o->timeout_ms == 0) o->timeout_ms = DEFAULT_TIMEOUT_MS;
}

static frl_status choose_channel(frl_publisher *p, frl_error *err) {
  frl_pubsub *pubsub = p->pubsub;
  p->channel = pubsub->channel;
  if (!p->options.gzip) return FRL_OK;
  if (!pubsub->gzip_channel) {
    frl_channel_options options = pubsub->channel_options;
    options.gzip = true;
    FRL_TRY(frl_channel_create(
        &pubsub->gzip_channel, pubsub->loop, &options, &pubsub->mem, err));
  }
  p->channel = pubsub->gzip_channel;
  return FRL_OK;
}

static void free_publisher(frl_publisher *p) {
  frl_pool_unref(p->pool);
  frl_cond_deinit(&p->changed);
  frl_mutex_deinit(&p->lock);
  const frl_mem mem = p->mem;
  frl_free(&mem, p->topic);
  frl_free(&mem, p);
}

frl_status frl_publisher_open(frl_publisher **out, frl_pubsub *pubsub,
    const frl_publisher_options *options, frl_error *err) {
  *out = NULL;
  frl_publisher *p = frl_calloc(&pubsub->mem, 1, sizeof *p);
  if (!p) return frl_fail(err, FRL_E_NOMEM, "publisher: out of memory");
  p->mem = pubsub->mem;
  p->pubsub = pubsub;
  const size_t given = options->struct_size;
  memcpy(&p->options, options, given < sizeof *options ? given : sizeof *options);
  fill_defaults(&p->options);
  frl_mutex_init(&p->lock);
  frl_cond_init(&p->changed);
  frl_map_init(&p->lanes, &p->mem);
  frl_status st =
      frl__pubsub_full_name(pubsub, "topics", options->topic, &p->topic, err);
  if (st == FRL_OK) st = frl_pool_create(&p->pool, &p->mem, POOL_IDLE_BYTES, err);
  if (st == FRL_OK) st = choose_channel(p, err);
  if (st == FRL_OK) st = frl__pubsub_authenticate(pubsub, pubsub->timeout_ms, err);
  if (st == FRL_OK) {
    st = frl_loop_call(pubsub->loop, frl__publisher_start, p);
    if (st == FRL_OK) st = p->start_status;
    if (st != FRL_OK) (void)frl_fail(err, st, "publisher: out of memory");
  }
  if (st != FRL_OK) {
    free_publisher(p);
    return st;
  }
  *out = p;
  return FRL_OK;
}

size_t frl_publisher_max_message_bytes(const frl_publisher *publisher) {
  return frl_publish_max_bytes(publisher->topic);
}

/* ---- submitting ---- */

static frl_status make_cargo(frl_cargo **out, frl_publisher *p,
    const frl_publish_rows *rows, frl_publish_done_fn done, void *done_ctx) {
  frl_cargo *cargo = frl_calloc(&p->mem, 1, sizeof *cargo);
  if (!cargo) return FRL_E_NOMEM;
  cargo->mem = p->mem;
  atomic_init(&cargo->refs, 1);
  cargo->rows = *rows;
  cargo->open_rows = rows->n_rows;
  cargo->done = done;
  cargo->done_ctx = done_ctx;
  frl_buf_init(&cargo->ids, &p->mem, IDS_MAX_BYTES);
  if (done) {
    cargo->id_at = frl_calloc(&p->mem, (size_t)rows->n_rows, sizeof *cargo->id_at);
    cargo->id_bytes =
        frl_calloc(&p->mem, (size_t)rows->n_rows, sizeof *cargo->id_bytes);
    if (!cargo->id_at || !cargo->id_bytes) {
      frl_cargo_unref(cargo);
      return FRL_E_NOMEM;
    }
  }
  *out = cargo;
  return FRL_OK;
}

/* A batch larger than the bound goes alone. */
static bool has_room(const frl_publisher *p, uint64_t bytes) {
  return p->queued_bytes == 0 ||
         p->queued_bytes + bytes <= p->options.max_in_flight_bytes;
}

static frl_status wait_room(frl_publisher *p, uint64_t bytes, int64_t timeout_ms,
    frl_error *err) FRL_REQUIRES(p->lock) {
  const int64_t end_ms = frl_clock_now_ms(NULL) + (timeout_ms > 0 ? timeout_ms : 0);
  for (;;) {
    if (p->closed) return frl_fail(err, FRL_E_CLOSED, "publisher: closed");
    if (has_room(p, bytes)) return FRL_OK;
    if (timeout_ms < 0) {
      frl_cond_wait(&p->changed, &p->lock);
      continue;
    }
    const int64_t left_ms = end_ms - frl_clock_now_ms(NULL);
    if (left_ms <= 0) {
      return frl_fail(err, FRL_E_TIMEOUT,
          "publisher: no room in time, %llu bytes are not answered",
          (unsigned long long)p->queued_bytes);
    }
    (void)frl_cond_wait_ms(&p->changed, &p->lock, left_ms);
  }
}

static void enqueue(frl_publisher *p, frl_cargo *cargo) FRL_REQUIRES(p->lock) {
  if (p->incoming_tail) {
    p->incoming_tail->next = cargo;
  } else {
    p->incoming = cargo;
  }
  p->incoming_tail = cargo;
  p->queued_bytes += cargo->bytes;
  p->open_cargos++;
}

frl_status frl_publisher_submit(frl_publisher *publisher,
    const struct ArrowSchema *schema, struct ArrowArray *batch, int64_t timeout_ms,
    frl_publish_done_fn done, void *done_ctx, frl_error *err) {
  frl_publisher *p = publisher;
  frl_publish_rows rows;
  uint64_t bytes;
  FRL_TRY(frl_publish_rows_of(&rows, schema, batch, err));
  FRL_TRY(frl_publish_check(&rows, frl_publish_max_bytes(p->topic), &bytes, err));
  if (rows.n_rows == 0) {
    frl_array_release(batch);
    if (done) done(done_ctx, NULL, 0, NULL);
    return FRL_OK;
  }
  frl_cargo *cargo;
  if (make_cargo(&cargo, p, &rows, done, done_ctx) != FRL_OK) {
    return frl_fail(err, FRL_E_NOMEM, "publisher: out of memory");
  }
  cargo->bytes = bytes;
  frl_mutex_lock(&p->lock);
  frl_status st = wait_room(p, bytes, timeout_ms, err);
  if (st == FRL_OK) {
    st = frl_loop_post(p->pubsub->loop, frl__publisher_run, p);
    if (st != FRL_OK) (void)frl_fail(err, st, "publisher: out of memory");
  }
  if (st == FRL_OK) {
    cargo->array = *batch;
    batch->release = NULL;
    enqueue(p, cargo);
  }
  frl_mutex_unlock(&p->lock);
  if (st != FRL_OK) frl_cargo_unref(cargo);
  return st;
}

static frl_status wait_empty(frl_publisher *p, int64_t timeout_ms, frl_error *err)
    FRL_REQUIRES(p->lock) {
  const int64_t end_ms = frl_clock_now_ms(NULL) + (timeout_ms > 0 ? timeout_ms : 0);
  while (p->open_cargos) {
    if (timeout_ms < 0) {
      frl_cond_wait(&p->changed, &p->lock);
      continue;
    }
    const int64_t left_ms = end_ms - frl_clock_now_ms(NULL);
    if (left_ms <= 0) {
      return frl_fail(err, FRL_E_TIMEOUT, "publisher: %llu batches are not answered",
          (unsigned long long)p->open_cargos);
    }
    (void)frl_cond_wait_ms(&p->changed, &p->lock, left_ms);
  }
  const frl_status failure = p->failure;
  if (failure != FRL_OK && err) *err = p->failure_error;
  p->failure = FRL_OK;
  return failure;
}

frl_status frl_publisher_flush(
    frl_publisher *publisher, int64_t timeout_ms, frl_error *err) {
  frl_publisher *p = publisher;
  frl_mutex_lock(&p->lock);
  p->flushing++;
  /* should it fail for want of memory, the timer does it */
  const frl_status posted = frl_loop_post(p->pubsub->loop, frl__publisher_run, p);
  (void)posted;
  const frl_status st = wait_empty(p, timeout_ms, err);
  p->flushing--;
  frl_mutex_unlock(&p->lock);
  return st;
}

static void on_loop(frl_publisher *p, void (*fn)(void *ctx)) {
  while (frl_loop_call(p->pubsub->loop, fn, p) != FRL_OK) {
    frl_mutex_lock(&p->lock);
    (void)frl_cond_wait_ms(&p->changed, &p->lock, 10);
    frl_mutex_unlock(&p->lock);
  }
}

void frl_publisher_close(frl_publisher *publisher, int64_t timeout_ms) {
  if (!publisher) return;
  frl_publisher *p = publisher;
  const frl_status flushed = frl_publisher_flush(p, timeout_ms, NULL);
  (void)flushed;
  frl_mutex_lock(&p->lock);
  p->closed = true;
  frl_mutex_unlock(&p->lock);
  on_loop(p, frl__publisher_abandon);
  frl_mutex_lock(&p->lock);
  while (p->open_cargos) frl_cond_wait(&p->changed, &p->lock);
  frl_mutex_unlock(&p->lock);
  on_loop(p, frl__publisher_tear_down);
  free_publisher(p);
}
