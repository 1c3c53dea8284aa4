#include "cluster/idle.h"

#include <yyjson.h>

#include "base/buf.h"
#include "base/process.h"
#include "cluster/application.h"
#include "cluster/http_get.h"

enum { PAGE_MAX_BYTES = 4 << 20 };

static const char established_state[] = "01";

bool frl__cluster_is_connected(const char *table, uint16_t port) {
  return frl_process_socket(table, port, established_state, NULL);
}

int frl__cluster_active_applications(const char *json, size_t n) {
  yyjson_doc *doc = yyjson_read(json, n, 0);
  yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "activeapps");
  const int count = yyjson_is_arr(list) ? (int)yyjson_arr_size(list) : -1;
  yyjson_doc_free(doc);
  return count;
}

/* The Connect server is one application itself. */
static bool drivers_are_ours(uint16_t master_ui) {
  frl_buf page;
  frl_buf_init(&page, NULL, PAGE_MAX_BYTES);
  int n = -1;
  if (frl__cluster_http_get(master_ui, "/json/", &page, NULL) == FRL_OK) {
    n = frl__cluster_active_applications((const char *)page.data, page.len);
  }
  frl_buf_deinit(&page);
  return n == 0 || n == 1;
}

static void note_running(void *ctx, const frl_cluster_service *application) {
  bool *runs = ctx;
  *runs = *runs || application->pid != 0;
}

bool frl__cluster_is_idle(const frl_cluster_state *state) {
  frl_cluster_ports ports;
  bool runs = false;
  frl__cluster_ports_of(&ports, &state->settings);
  frl__cluster_tell_applications(state, note_running, &runs);
  return !runs && !frl__cluster_is_connected("/proc/net/tcp", ports.connect) &&
         !frl__cluster_is_connected("/proc/net/tcp6", ports.connect) &&
         drivers_are_ours(ports.master_ui);
}
