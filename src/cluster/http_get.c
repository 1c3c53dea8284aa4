#include "cluster/http_get.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/error.h"

enum { ANSWER_MS = 10000 };

static size_t keep_bytes(char *data, size_t size, size_t n, void *ctx) {
  return frl_buf_append(ctx, data, size * n) == FRL_OK ? size * n : 0;
}

frl_status frl__cluster_http_get(
    uint16_t port, const char *path, frl_buf *out, frl_error *err) {
  char url[128];
  CURL *curl = curl_easy_init();
  if (!curl) return frl_fail(err, FRL_E_NOMEM, "cluster: out of memory");
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
  (void)curl_easy_setopt(curl, CURLOPT_URL, url);
  (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
  (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_bytes);
  (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
  const CURLcode rc = curl_easy_perform(curl);
  curl_easy_cleanup(curl);
  if (rc == CURLE_OK) return FRL_OK;
  return frl_fail(err, FRL_E_UNAVAILABLE, "%s: %s", url, curl_easy_strerror(rc));
}
