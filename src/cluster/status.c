#include "cluster/status.h"

#include <embedded/status_page.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "cluster/http_get.h"
#include "cluster/launch.h"

enum { PICTURE_MS = 2000, PICTURE_MAX_BYTES = 4 << 20 };

static uint64_t resident_bytes(const frl_cluster_record *r) {
  frl_process process;
  const bool runs = r->pid && frl_process_find(r->pid, &process);
  return runs && process.started == r->started ? process.resident_bytes : 0;
}

/* ---- the picture ---- */

/* Spark's page of what runs in it, beside the address for clients. */
static void add_page(const frl_cluster_state *state, uint32_t index,
    yyjson_mut_doc *doc, yyjson_mut_val *service) {
  char text[48];
  uint32_t number = 0;
  frl_cluster_ports ports;
  if (frl__cluster_kind_of(state, index, &number) != FRL_CLUSTER_CONNECT) return;
  frl__cluster_ports_of(&ports, &state->settings);
  (void)snprintf(text, sizeof text, "http://127.0.0.1:%u", ports.connect_ui);
  yyjson_mut_obj_add_strcpy(doc, service, "page", text);
}

static void add_service(const frl_cluster_state *state, uint32_t index,
    yyjson_mut_doc *doc, yyjson_mut_val *list) {
  const frl_cluster_record *r = &state->services[index];
  yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
  yyjson_mut_obj_add_str(doc, o, "name", r->name);
  yyjson_mut_obj_add_str(doc, o, "state", frl_cluster_state_name(r->state));
  yyjson_mut_obj_add_int(doc, o, "pid", r->pid);
  yyjson_mut_obj_add_uint(doc, o, "residentBytes", resident_bytes(r));
  yyjson_mut_obj_add_uint(doc, o, "restarts", r->restarts);
  yyjson_mut_obj_add_int(doc, o, "sinceMicros", r->since_us);
  yyjson_mut_obj_add_str(doc, o, "url", r->url);
  yyjson_mut_obj_add_str(doc, o, "reason", r->reason);
  add_page(state, index, doc, o);
}

static void add_emulator(
    const char *text, size_t n, yyjson_mut_doc *doc, yyjson_mut_val *root) {
  yyjson_doc *theirs = n ? yyjson_read(text, n, 0) : NULL;
  yyjson_val *emulator = yyjson_obj_get(yyjson_doc_get_root(theirs), "emulator");
  yyjson_mut_val *copy = emulator ? yyjson_val_mut_copy(doc, emulator) : NULL;
  if (copy) {
    (void)yyjson_mut_obj_add_val(doc, root, "emulator", copy);
  } else {
    (void)yyjson_mut_obj_add_null(doc, root, "emulator");
  }
  yyjson_doc_free(theirs);
}

frl_status frl__cluster_status_json(const frl_cluster_state *state,
    const char *emulator, size_t emulator_n, frl_buf *out) {
  yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
  yyjson_mut_val *root = yyjson_mut_obj(doc);
  yyjson_mut_doc_set_root(doc, root);
  yyjson_mut_val *services = yyjson_mut_obj_add_arr(doc, root, "services");
  for (uint32_t i = 0; i < state->n_services; i++) {
    add_service(state, i, doc, services);
  }
  add_emulator(emulator, emulator_n, doc, root);
  size_t n = 0;
  char *text = yyjson_mut_write(doc, 0, &n);
  yyjson_mut_doc_free(doc);
  const frl_status st = text ? frl_buf_append(out, text, n) : FRL_E_NOMEM;
  free(text);
  return st;
}

static frl_status put_gauge(const frl_cluster_state *state, const char *name,
    uint64_t (*value)(const frl_cluster_record *r), frl_buf *out) {
  FRL_TRY(frl_buf_printf(out, "# TYPE ferrule_cluster_%s gauge\n", name));
  for (uint32_t i = 0; i < state->n_services; i++) {
    const frl_cluster_record *r = &state->services[i];
    FRL_TRY(frl_buf_printf(out, "ferrule_cluster_%s{service=\"%s\"} %llu\n", name,
        r->name, (unsigned long long)value(r)));
  }
  return FRL_OK;
}

static uint64_t is_ready(const frl_cluster_record *r) {
  return r->state == FRL_CLUSTER_READY;
}

static uint64_t restarts(const frl_cluster_record *r) { return r->restarts; }

frl_status frl__cluster_status_metrics(const frl_cluster_state *state, frl_buf *out) {
  FRL_TRY(put_gauge(state, "service_ready", is_ready, out));
  FRL_TRY(put_gauge(state, "service_restarts", restarts, out));
  return put_gauge(state, "service_resident_bytes", resident_bytes, out);
}

/* ---- making it ---- */

static void paint(uv_work_t *work) {
  frl_cluster_status *s = work->data;
  frl_cluster_ports ports;
  frl_buf theirs;
  frl_buf json;
  frl_buf metrics;
  frl_buf_init(&theirs, NULL, PICTURE_MAX_BYTES);
  frl_buf_init(&json, NULL, PICTURE_MAX_BYTES);
  frl_buf_init(&metrics, NULL, PICTURE_MAX_BYTES);
  frl__cluster_ports_of(&ports, &s->seen.settings);
  frl_status st =
      frl__cluster_http_get(ports.emulator_status, "/status.json", &theirs, NULL);
  if (st != FRL_OK) frl_buf_clear(&theirs);
  st = frl__cluster_status_json(&s->seen, (const char *)theirs.data, theirs.len, &json);
  if (st == FRL_OK) st = frl__cluster_status_metrics(&s->seen, &metrics);
  if (st == FRL_OK && theirs.len) {
    /* what the emulator does not say is left out */
    (void)!frl__cluster_http_get(ports.emulator_status, "/metrics", &metrics, NULL);
  }
  frl_buf_deinit(&theirs);
  frl_mutex_lock(&s->lock);
  frl_buf_deinit(&s->json);
  frl_buf_deinit(&s->metrics);
  s->json = json;
  s->metrics = metrics;
  frl_mutex_unlock(&s->lock);
}

static void on_painted(uv_work_t *work, int status) {
  frl_cluster_status *s = work->data;
  (void)status;
  s->working = false;
}

void frl__cluster_status_update(frl_cluster_status *s, const frl_cluster_state *state,
    uv_loop_t *loop, int64_t now_ms) {
  if (!s->server || s->working || now_ms < s->next_ms) return;
  s->next_ms = now_ms + PICTURE_MS;
  s->seen = *state;
  s->work.data = s;
  s->working = uv_queue_work(loop, &s->work, paint, on_painted) == 0;
}

/* ---- serving it ---- */

static frl_status copy_of(frl_cluster_status *s, const frl_buf *from, frl_buf *body) {
  frl_mutex_lock(&s->lock);
  const frl_status st = frl_buf_append(body, from->data, from->len);
  frl_mutex_unlock(&s->lock);
  return st;
}

static frl_status page(void *ctx, const char *path, frl_buf *body, const char **type) {
  frl_cluster_status *s = ctx;
  if (strcmp(path, "/") == 0) {
    *type = "text/html; charset=utf-8";
    return frl_buf_append(body, status_page, sizeof status_page);
  }
  if (strcmp(path, "/status.json") == 0) {
    *type = "application/json";
    return copy_of(s, &s->json, body);
  }
  if (strcmp(path, "/metrics") == 0) {
    *type = "text/plain; version=0.0.4; charset=utf-8";
    return copy_of(s, &s->metrics, body);
  }
  return FRL_E_NOT_FOUND;
}

void frl__cluster_status_open(
    frl_cluster_status *s, const frl_cluster_state *state, frl_loop *loop) {
  frl_cluster_ports ports;
  frl_error err = {0};
  frl__cluster_ports_of(&ports, &state->settings);
  frl_mutex_init(&s->lock);
  frl_buf_init(&s->json, NULL, PICTURE_MAX_BYTES);
  frl_buf_init(&s->metrics, NULL, PICTURE_MAX_BYTES);
  if (frl_page_server_start(&s->server, loop, ports.status, page, s, NULL, &err) !=
      FRL_OK) {
    frl_log(FRL_LOG_WARN, "cluster", "%s", err.message);
  } else {
    frl_log(FRL_LOG_INFO, "cluster", "status page: http://127.0.0.1:%u/", ports.status);
  }
}

void frl__cluster_status_close(frl_cluster_status *s) {
  frl_page_server_stop(s->server);
  s->server = NULL;
  frl_buf_deinit(&s->json);
  frl_buf_deinit(&s->metrics);
  frl_mutex_deinit(&s->lock);
}
