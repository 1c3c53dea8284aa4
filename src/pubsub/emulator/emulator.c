/* The public face: a loop of its own, the server on it, calls from any thread. */
#include <ferrule/emulator.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/page_server.h"
#include "pubsub/emulator/journal.h"
#include "pubsub/emulator/service.h"
#include "pubsub/emulator/status.h"
#include "wire/writer.h"

enum { GRACE_MS = 200, REQUEST_MAX_BYTES = 4096, LARGE_MESSAGE_BYTES = 20 << 20 };

static const uint64_t default_max_bytes = 8ULL << 30;

struct frl_emulator {
  frl_mem mem;
  frl_loop *loop;
  frl_server *server;
  frl_em_service service;
  bool has_service;
  frl_em_status status;
  bool has_status;
  frl_page_server *pages;
};

/* ---- start and stop ---- */

typedef struct start_job {
  frl_emulator *emulator;
  const frl_emulator_options *options;
  frl_error *err;
  frl_status status;
} start_job;

static frl_status listen_on(
    frl_emulator *e, const frl_emulator_options *o, frl_error *err) {
  const frl_server_options options = {.struct_size = sizeof options,
      .host = o->host,
      .port = o->port,
      .cert_file = o->cert_file,
      .key_file = o->key_file,
      .max_message_bytes = LARGE_MESSAGE_BYTES};
  FRL_TRY(frl_server_listen(&e->server, e->loop, &options, &e->mem, err));
  const frl_status st = frl_em_service_bind(&e->service, e->server);
  if (st != FRL_OK) return frl_fail(err, st, "emulator: cannot add its methods");
  return FRL_OK;
}

static frl_status start_service(
    frl_emulator *e, const frl_emulator_options *o, frl_error *err) {
  frl_em_service *s = &e->service;
  e->has_service = true;
  FRL_TRY(frl_em_service_init(s, e->loop, &e->mem, NULL, err));
  s->store.max_bytes = o->max_bytes ? o->max_bytes : default_max_bytes;
  if (o->data_dir) {
    frl_em_journal *journal = NULL;
    FRL_TRY(frl_em_journal_open(&journal, &s->store, o->data_dir, err));
  }
  if (o->faults) {
    const frl_cursor text = frl_cursor_of(o->faults, strlen(o->faults));
    FRL_TRY(frl_em_service_set_faults(s, text, err));
  }
  /* last: from here on clients see everything that was there before */
  return listen_on(e, o, err);
}

static void on_start_status(void *ctx) {
  start_job *job = ctx;
  frl_emulator *e = job->emulator;
  job->status = frl_em_status_init(&e->status, &e->service, e->loop);
  e->has_status = job->status == FRL_OK;
}

static frl_status start_pages(frl_emulator *e, start_job *job) {
  FRL_TRY(frl_loop_call(e->loop, on_start_status, job));
  FRL_TRY(job->status);
  (void)snprintf(e->status.address, sizeof e->status.address, "%s:%u",
      job->options->host ? job->options->host : "127.0.0.1",
      frl_server_port(e->server));
  return frl_page_server_start(&e->pages, e->loop, job->options->status_port,
      frl_em_status_page, &e->status, &e->mem, job->err);
}

static void on_start(void *ctx) {
  start_job *job = ctx;
  job->status = start_service(job->emulator, job->options, job->err);
}

frl_status frl_emulator_start(
    frl_emulator **out, const frl_emulator_options *options, frl_error *err) {
  *out = NULL;
  if (!options || options->struct_size < sizeof *options) {
    return frl_fail(err, FRL_E_INVALID, "emulator: options of an unknown size");
  }
  frl_emulator *e = frl_calloc(options->mem, 1, sizeof *e);
  if (!e) return frl_fail(err, FRL_E_NOMEM, "emulator: out of memory");
  e->mem = options->mem ? *options->mem : frl_mem_default;
  frl_status st = frl_loop_start(&e->loop, &e->mem, "frl-emulator", err);
  if (st == FRL_OK) {
    start_job job = {.emulator = e, .options = options, .err = err};
    st = frl_loop_call(e->loop, on_start, &job);
    if (st == FRL_OK) st = job.status;
    if (st == FRL_OK && options->status_page) st = start_pages(e, &job);
  }
  if (st != FRL_OK) {
    frl_emulator_stop(e);
    return st;
  }
  *out = e;
  return FRL_OK;
}

static void on_end_streams(void *ctx) {
  frl_emulator *e = ctx;
  const frl_em_fault all = {
      .kind = FRL_EM_KILL_STREAMS, .status = FRL_GRPC_UNAVAILABLE};
  frl_em_streams_kill(&e->service, &all);
}

static void on_deinit(void *ctx) {
  frl_emulator *e = ctx;
  if (e->has_status) frl_em_status_deinit(&e->status);
  frl_em_journal_close(e->service.store.journal);
  e->service.store.journal = NULL;
  frl_em_service_deinit(&e->service);
}

void frl_emulator_stop(frl_emulator *emulator) {
  frl_emulator *e = emulator;
  if (!e) return;
  frl_page_server_stop(e->pages);
  if (e->server) {
    (void)!frl_loop_call(e->loop, on_end_streams, e);
    frl_server_shutdown(e->server, GRACE_MS);
  }
  if (e->has_service) (void)!frl_loop_call(e->loop, on_deinit, e);
  frl_loop_stop(e->loop);
  const frl_mem mem = e->mem;
  frl_free(&mem, e);
}

uint16_t frl_emulator_port(const frl_emulator *emulator) {
  return frl_server_port(emulator->server);
}

uint16_t frl_emulator_status_port(const frl_emulator *emulator) {
  return emulator->pages ? frl_page_server_port(emulator->pages) : 0;
}

/* ---- calls from any thread ---- */

typedef struct job {
  frl_emulator *emulator;
  frl_cursor text; /* a resource, a name or faults */
  frl_emulator_stats *stats;
  uint64_t unacked;
  uint64_t leased;
  frl_error *err;
  frl_status status;
} job;

static frl_status run(frl_emulator *e, void (*fn)(void *ctx), job *j) {
  j->emulator = e;
  const frl_status st = frl_loop_call(e->loop, fn, j);
  return st == FRL_OK ? j->status : st;
}

static void on_create_topic(void *ctx) {
  job *j = ctx;
  frl_em_topic *topic = NULL;
  j->status =
      frl_em_store_create_topic(&j->emulator->service.store, j->text, &topic, j->err);
}

frl_status frl_emulator_create_topic(
    frl_emulator *emulator, const char *topic, frl_error *err) {
  frl_buf b;
  frl_buf_init(&b, &emulator->mem, REQUEST_MAX_BYTES);
  frl_status st = frl_wire_text(&b, 1, topic);
  if (st == FRL_OK) {
    job j = {.text = frl_cursor_of(b.data, b.len), .err = err};
    st = run(emulator, on_create_topic, &j);
  }
  frl_buf_deinit(&b);
  return st;
}

static void on_create_sub(void *ctx) {
  job *j = ctx;
  frl_em_sub *sub = NULL;
  j->status =
      frl_em_store_create_sub(&j->emulator->service.store, j->text, &sub, j->err);
}

static frl_status put_sub(frl_buf *b, const char *subscription, const char *topic,
    uint32_t ack_deadline_s, int ordered) {
  FRL_TRY(frl_wire_text(b, 1, subscription));
  FRL_TRY(frl_wire_text(b, 2, topic));
  if (ack_deadline_s) FRL_TRY(frl_wire_varint(b, 5, ack_deadline_s));
  return ordered ? frl_wire_bool(b, 10, 1) : FRL_OK;
}

frl_status frl_emulator_create_subscription(frl_emulator *emulator,
    const char *subscription, const char *topic, uint32_t ack_deadline_s, int ordered,
    frl_error *err) {
  frl_buf b;
  frl_buf_init(&b, &emulator->mem, REQUEST_MAX_BYTES);
  frl_status st = put_sub(&b, subscription, topic, ack_deadline_s, ordered);
  if (st == FRL_OK) {
    job j = {.text = frl_cursor_of(b.data, b.len), .err = err};
    st = run(emulator, on_create_sub, &j);
  }
  frl_buf_deinit(&b);
  return st;
}

static void on_set_faults(void *ctx) {
  job *j = ctx;
  j->status = frl_em_service_set_faults(&j->emulator->service, j->text, j->err);
}

frl_status frl_emulator_set_faults(
    frl_emulator *emulator, const char *faults, frl_error *err) {
  job j = {.text = frl_cursor_of(faults, strlen(faults)), .err = err};
  return run(emulator, on_set_faults, &j);
}

static void on_stats(void *ctx) {
  job *j = ctx;
  const frl_em_service *s = &j->emulator->service;
  const frl_em_counts *c = &s->store.counts;
  frl_emulator_stats out = {.struct_size = sizeof out,
      .published = s->store.published,
      .delivered = c->delivered,
      .acked = c->acked,
      .nacked = c->nacked,
      .expired = c->expired,
      .redelivered = c->redelivered,
      .bytes = s->store.retained_bytes,
      .streams = s->n_streams};
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->store.subs, &at))) {
    const frl_em_sub *sub = e->value;
    out.messages += sub->backlog.unacked;
    out.outstanding += sub->backlog.leased;
  }
  *j->stats = out;
}

void frl_emulator_get_stats(frl_emulator *emulator, frl_emulator_stats *out) {
  const size_t size = out->struct_size;
  frl_emulator_stats stats = {0};
  job j = {.stats = &stats};
  (void)!run(emulator, on_stats, &j);
  memcpy(out, &stats, size < sizeof stats ? size : sizeof stats);
  out->struct_size = size;
}

static void on_backlog(void *ctx) {
  job *j = ctx;
  frl_em_sub *sub = NULL;
  j->status = frl_em_store_find_sub(&j->emulator->service.store, j->text, &sub, j->err);
  if (j->status != FRL_OK) return;
  j->unacked = sub->backlog.unacked;
  j->leased = sub->backlog.leased;
}

frl_status frl_emulator_backlog(frl_emulator *emulator, const char *subscription,
    uint64_t *unacked, uint64_t *leased, frl_error *err) {
  job j = {.text = frl_cursor_of(subscription, strlen(subscription)), .err = err};
  const frl_status st = run(emulator, on_backlog, &j);
  if (st != FRL_OK) return st;
  *unacked = j.unacked;
  *leased = j.leased;
  return FRL_OK;
}
