#include "cluster/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/random.h"
#include "cluster/http_get.h"
#include "cluster/launch.h"
#include "net/grpc_client.h"

enum { ANSWER_MS = 10000, PAGE_MAX_BYTES = 4 << 20, REQUEST_MAX_BYTES = 4096 };

/* ---- HTTP: the pages of master and workers ---- */

static bool ends_with_port(const char *address, uint16_t port) {
  const char *colon = address ? strrchr(address, ':') : NULL;
  return colon && strtoul(colon + 1, NULL, 10) == port;
}

bool frl__cluster_worker_is_alive(const char *json, size_t n, uint16_t worker_ui_port) {
  yyjson_doc *doc = yyjson_read(json, n, 0);
  yyjson_arr_iter each =
      yyjson_arr_iter_with(yyjson_obj_get(yyjson_doc_get_root(doc), "workers"));
  bool alive = false;
  for (yyjson_val *w; !alive && (w = yyjson_arr_iter_next(&each));) {
    const char *address = yyjson_get_str(yyjson_obj_get(w, "webuiaddress"));
    alive = ends_with_port(address, worker_ui_port) &&
            yyjson_equals_str(yyjson_obj_get(w, "state"), "ALIVE");
  }
  yyjson_doc_free(doc);
  return alive;
}

static bool master_is_alive(const char *json, size_t n) {
  yyjson_doc *doc = yyjson_read(json, n, 0);
  const bool alive =
      yyjson_equals_str(yyjson_obj_get(yyjson_doc_get_root(doc), "status"), "ALIVE");
  yyjson_doc_free(doc);
  return alive;
}

/* worker_ui 0: the master itself. */
static frl_status probe_master(uint16_t master_ui, uint16_t worker_ui, frl_error *err) {
  frl_buf page;
  frl_buf_init(&page, NULL, PAGE_MAX_BYTES);
  frl_status st = frl__cluster_http_get(master_ui, "/json/", &page, err);
  const char *text = (const char *)page.data;
  if (st == FRL_OK && !worker_ui && !master_is_alive(text, page.len)) {
    st = frl_fail(err, FRL_E_UNAVAILABLE, "the master does not say that it is alive");
  }
  if (st == FRL_OK && worker_ui &&
      !frl__cluster_worker_is_alive(text, page.len, worker_ui)) {
    st = frl_fail(err, FRL_E_UNAVAILABLE, "the master does not know the worker yet");
  }
  frl_buf_deinit(&page);
  return st;
}

/* ---- gRPC: Connect and the emulator ---- */

static frl_status call(
    frl_channel *channel, const char *path, const frl_buf *request, frl_error *err) {
  const frl_call_options options = {
      .struct_size = sizeof options, .path = path, .timeout_ms = ANSWER_MS};
  frl_buf answer;
  frl_buf_init(&answer, NULL, PAGE_MAX_BYTES);
  const frl_status st =
      frl_unary(channel, &options, request->data, request->len, &answer, NULL, err);
  frl_buf_deinit(&answer);
  return st;
}

static frl_status text_field(frl_buf *b, uint8_t field, const char *text) {
  const size_t n = strlen(text);
  if (n > 127) return FRL_E_LIMIT; /* a length of one byte */
  FRL_TRY(frl_buf_append_u8(b, (uint8_t)(field << 3 | 2)));
  FRL_TRY(frl_buf_append_u8(b, (uint8_t)n));
  return frl_buf_append(b, text, n);
}

/* Fields 1 and 2 of every request of Connect: session_id and user_context. */
static frl_status begin_session(frl_buf *b, const char *session) {
  frl_buf_clear(b);
  FRL_TRY(text_field(b, 1, session));
  return text_field(b, 2, "\n\007ferrule"); /* user_id, field 1 in it */
}

static frl_status connect_session(
    frl_channel *channel, frl_buf *b, const char *session, frl_error *err) {
  /* AnalyzePlan with spark_version, field 10: a driver must be there to answer it */
  FRL_TRY(begin_session(b, session));
  FRL_TRY(text_field(b, 10, ""));
  FRL_TRY(call(channel, "/spark.connect.SparkConnectService/AnalyzePlan", b, err));
  FRL_TRY(begin_session(b, session));
  return call(channel, "/spark.connect.SparkConnectService/ReleaseSession", b, err);
}

static frl_status probe_connect(frl_channel *channel, frl_buf *b, frl_error *err) {
  char hex[33];
  char session[37];
  frl_random_hex(NULL, hex, 16);
  (void)snprintf(session, sizeof session, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
      hex + 12, hex + 16, hex + 20);
  return connect_session(channel, b, session, err);
}

static frl_status probe_emulator(
    frl_channel *channel, frl_buf *b, const char *project, frl_error *err) {
  char name[160];
  (void)snprintf(name, sizeof name, "projects/%.100s", project);
  FRL_TRY(text_field(b, 1, name));
  return call(channel, "/google.pubsub.v1.Publisher/ListTopics", b, err);
}

static frl_status probe_grpc(const frl_cluster_state *state, uint16_t port,
    bool is_connect, frl_loop *loop, frl_error *err) {
  char target[32];
  (void)snprintf(target, sizeof target, "127.0.0.1:%u", port);
  const frl_channel_options options = {
      .struct_size = sizeof options, .target = target, .connect_timeout_ms = ANSWER_MS};
  frl_channel *channel = NULL;
  FRL_TRY(frl_channel_create(&channel, loop, &options, NULL, err));
  frl_buf b;
  frl_buf_init(&b, NULL, REQUEST_MAX_BYTES);
  const frl_status st = is_connect
                            ? probe_connect(channel, &b, err)
                            : probe_emulator(channel, &b, state->settings.project, err);
  frl_buf_deinit(&b);
  frl_channel_destroy(channel);
  return st;
}

frl_status frl__cluster_probe(
    const frl_cluster_state *state, uint32_t service, frl_loop *loop, frl_error *err) {
  frl_cluster_ports ports;
  uint32_t number = 0;
  frl__cluster_ports_of(&ports, &state->settings);
  switch (frl__cluster_kind_of(state, service, &number)) {
    case FRL_CLUSTER_MASTER:
      return probe_master(ports.master_ui, 0, err);
    case FRL_CLUSTER_WORKER:
      return probe_master(ports.master_ui, ports.worker_ui[number], err);
    case FRL_CLUSTER_CONNECT:
      return probe_grpc(state, ports.connect, true, loop, err);
    case FRL_CLUSTER_EMULATOR:
      return probe_grpc(state, ports.emulator, false, loop, err);
  }
  return FRL_E_STATE;
}
