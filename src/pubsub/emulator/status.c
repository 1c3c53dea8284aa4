#include "pubsub/emulator/status.h"

#include <embedded/status_page.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/clock.h"
#include "base/error.h"

/* ---- history ---- */

void frl_em_status_sample(frl_em_status *s) {
  const frl_em_store *store = &s->service->store;
  const size_t at = (s->first + s->n) % FRL_EM_SAMPLES;
  s->samples[at] = (frl_em_sample){.ms = frl_clock_now_ms(&store->clock),
      .published = store->published,
      .acked = store->counts.acked};
  if (s->n < FRL_EM_SAMPLES) {
    s->n++;
  } else {
    s->first = (s->first + 1) % FRL_EM_SAMPLES;
  }
}

static void on_timer(void *ctx) { frl_em_status_sample(ctx); }

frl_status frl_em_status_init(
    frl_em_status *s, const frl_em_service *service, frl_loop *loop) {
  *s = (frl_em_status){.service = service};
  FRL_TRY(frl_timer_create(&s->timer, loop, on_timer, s));
  frl_timer_start(s->timer, 0, FRL_EM_SAMPLE_MS);
  return FRL_OK;
}

void frl_em_status_deinit(frl_em_status *s) {
  frl_timer_destroy(s->timer);
  s->timer = NULL;
}

/* ---- figures of a subscription ---- */

/* Seconds that the oldest message not acked has waited since it was published. */
static double oldest_seconds(const frl_em_store *store, const frl_em_backlog *b) {
  if (!b->unacked) return 0;
  for (uint64_t i = b->base; i < b->end; i++) {
    const frl_em_entry *e = frl_em_slot(b, (uint32_t)i);
    if (e->state == FRL_EM_FREE || e->state == FRL_EM_ACKED) continue;
    const int64_t age_us = frl_clock_wall_us(&store->clock) - e->block->publish_us;
    return age_us > 0 ? (double)age_us / 1e6 : 0;
  }
  return 0;
}

static uint64_t leased_of_all(const frl_em_store *store) {
  uint64_t leased = 0;
  size_t at = 0;
  for (const frl_map_entry *e; (e = frl_map_next(&store->subs, &at));) {
    leased += ((const frl_em_sub *)e->value)->backlog.leased;
  }
  return leased;
}

/* ---- JSON ---- */

static void add_subscription(const frl_em_store *store, const frl_em_sub *sub,
    yyjson_mut_doc *doc, yyjson_mut_val *list) {
  yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
  yyjson_mut_obj_add_str(doc, o, "name", sub->name);
  yyjson_mut_obj_add_str(
      doc, o, "topic", sub->topic ? sub->topic->name : "_deleted-topic_");
  yyjson_mut_obj_add_uint(doc, o, "unacked", sub->backlog.unacked);
  yyjson_mut_obj_add_uint(doc, o, "leased", sub->backlog.leased);
  yyjson_mut_obj_add_real(
      doc, o, "oldestSeconds", oldest_seconds(store, &sub->backlog));
}

static void add_history(
    const frl_em_status *s, yyjson_mut_doc *doc, yyjson_mut_val *emulator) {
  yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, emulator, "history");
  for (size_t i = 0; i < s->n; i++) {
    const frl_em_sample *p = &s->samples[(s->first + i) % FRL_EM_SAMPLES];
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
    yyjson_mut_obj_add_int(doc, o, "ms", p->ms);
    yyjson_mut_obj_add_uint(doc, o, "published", p->published);
    yyjson_mut_obj_add_uint(doc, o, "acked", p->acked);
  }
}

static void add_emulator(
    const frl_em_status *s, yyjson_mut_doc *doc, yyjson_mut_val *root) {
  const frl_em_store *store = &s->service->store;
  yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, root, "emulator");
  yyjson_mut_obj_add_str(doc, o, "address", s->address);
  yyjson_mut_obj_add_uint(doc, o, "published", store->published);
  yyjson_mut_obj_add_uint(doc, o, "delivered", store->counts.delivered);
  yyjson_mut_obj_add_uint(doc, o, "redelivered", store->counts.redelivered);
  yyjson_mut_obj_add_uint(doc, o, "acked", store->counts.acked);
  yyjson_mut_obj_add_uint(doc, o, "nacked", store->counts.nacked);
  yyjson_mut_obj_add_uint(doc, o, "expired", store->counts.expired);
  yyjson_mut_obj_add_uint(doc, o, "leased", leased_of_all(store));
  yyjson_mut_obj_add_uint(doc, o, "retainedBytes", store->retained_bytes);
  yyjson_mut_obj_add_uint(doc, o, "streams", s->service->n_streams);
  yyjson_mut_val *topics = yyjson_mut_obj_add_arr(doc, o, "topics");
  yyjson_mut_val *subs = yyjson_mut_obj_add_arr(doc, o, "subscriptions");
  const frl_map_entry *e;
  for (size_t at = 0; (e = frl_map_next(&store->topics, &at));) {
    yyjson_mut_arr_add_str(doc, topics, ((const frl_em_topic *)e->value)->name);
  }
  for (size_t at = 0; (e = frl_map_next(&store->subs, &at));) {
    add_subscription(store, e->value, doc, subs);
  }
  add_history(s, doc, o);
}

static frl_status put_json(const frl_em_status *s, frl_buf *body) {
  yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
  yyjson_mut_val *root = yyjson_mut_obj(doc);
  yyjson_mut_doc_set_root(doc, root);
  add_emulator(s, doc, root);
  size_t n = 0;
  char *text = yyjson_mut_write(doc, 0, &n);
  yyjson_mut_doc_free(doc);
  const frl_status st = text ? frl_buf_append(body, text, n) : FRL_E_NOMEM;
  free(text);
  return st;
}

/* ---- Prometheus ---- */

static frl_status put_subscriptions(
    const frl_em_store *store, const char *what, frl_buf *b) {
  size_t at = 0;
  for (const frl_map_entry *e; (e = frl_map_next(&store->subs, &at));) {
    const frl_em_sub *sub = e->value;
    double value = oldest_seconds(store, &sub->backlog);
    if (strcmp(what, "unacked_messages") == 0) value = (double)sub->backlog.unacked;
    if (strcmp(what, "leased_messages") == 0) value = (double)sub->backlog.leased;
    FRL_TRY(frl_buf_printf(b, "ferrule_emulator_%s{subscription=\"%s\"} %.15g\n", what,
        sub->name, value)); /* a name has no quotes: its rules forbid them */
  }
  return FRL_OK;
}

static frl_status put_metrics(const frl_em_status *s, frl_buf *b) {
  static const char *const gauges[] = {
      "unacked_messages", "leased_messages", "oldest_unacked_seconds"};
  const frl_em_store *store = &s->service->store;
  const struct {
    const char *name;
    uint64_t value;
  } counters[] = {{"published", store->published},
      {"delivered", store->counts.delivered}, {"acked", store->counts.acked},
      {"nacked", store->counts.nacked}, {"expired", store->counts.expired},
      {"redelivered", store->counts.redelivered}};
  for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
    FRL_TRY(frl_buf_printf(b,
        "# TYPE ferrule_emulator_%s_messages_total counter\n"
        "ferrule_emulator_%s_messages_total %" PRIu64 "\n",
        counters[i].name, counters[i].name, counters[i].value));
  }
  for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
    FRL_TRY(frl_buf_printf(b, "# TYPE ferrule_emulator_%s gauge\n", gauges[i]));
    FRL_TRY(put_subscriptions(store, gauges[i], b));
  }
  return frl_buf_printf(b,
      "# TYPE ferrule_emulator_retained_bytes gauge\n"
      "ferrule_emulator_retained_bytes %" PRIu64
      "\n"
      "# TYPE ferrule_emulator_streams gauge\nferrule_emulator_streams %" PRIu64 "\n",
      store->retained_bytes, s->service->n_streams);
}

frl_status frl_em_status_page(
    void *ctx, const char *path, frl_buf *body, const char **type) {
  if (strcmp(path, "/") == 0) {
    *type = "text/html; charset=utf-8";
    return frl_buf_append(body, status_page, sizeof status_page);
  }
  if (strcmp(path, "/status.json") == 0) {
    *type = "application/json";
    return put_json(ctx, body);
  }
  if (strcmp(path, "/metrics") == 0) {
    *type = "text/plain; version=0.0.4; charset=utf-8";
    return put_metrics(ctx, body);
  }
  return FRL_E_NOT_FOUND;
}
