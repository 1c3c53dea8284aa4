#include "auth/token_request.h"

#include <curl/curl.h>
#include <ferrule/version.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/tls_roots.h"

enum {
  DEFAULT_TIMEOUT_MS = 30 * 1000,
  CONNECT_TIMEOUT_MS = 10 * 1000,
  POLL_MS = 1000,
  HEADERS_MAX_BYTES = 64 << 10
};

struct frl_token_client {
  frl_mem mem;
  char *url;
  char *ca_file;
  uint32_t timeout_ms;
  CURLM *multi;
  CURL *easy;
  atomic_bool interrupted;
  bool ca_refused;
  /* of the request under way */
  frl_buf *body;
  bool too_long;
  size_t header_bytes;
  int64_t date_s;
  char why[CURL_ERROR_SIZE];
};

static void init_curl(void) { (void)curl_global_init(CURL_GLOBAL_DEFAULT); }

/* "http://localhost:8080/": clear text that does not leave the machine. */
static bool is_this_machine(const char *url) {
  static const char *const hosts[] = {
      "http://localhost", "http://127.0.0.1", "http://[::1]"};
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    const size_t n = strlen(hosts[i]);
    if (strncasecmp(url, hosts[i], n) == 0 && strchr(":/", url[n])) return true;
  }
  return false;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx) {
  frl_token_client *c = ctx;
  if (frl_buf_append(c->body, data, size * n) == FRL_OK) return size * n;
  c->too_long = true;
  return 0;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx) {
  frl_token_client *c = ctx;
  const size_t len = size * n;
  c->header_bytes += len;
  if (c->header_bytes > HEADERS_MAX_BYTES) {
    c->too_long = true;
    return 0;
  }
  char text[64];
  if (len > 5 && len < sizeof text && strncasecmp(data, "date:", 5) == 0) {
    memcpy(text, data + 5, len - 5);
    text[len - 5] = '\0';
    const time_t date = curl_getdate(text, NULL);
    c->date_s = date > 0 ? (int64_t)date : 0;
  }
  return len;
}

/* The roots of our own TLS; a linked-in libcurl knows none. */
static CURLcode on_tls(CURL *easy, void *ssl_ctx, void *ctx) {
  (void)easy;
  frl_token_client *c = ctx;
  frl_tls_trust_system(ssl_ctx);
  c->ca_refused = c->ca_file && !frl_tls_trust_file(ssl_ctx, c->ca_file);
  return c->ca_refused ? CURLE_SSL_CACERT_BADFILE : CURLE_OK;
}

static bool set_up(frl_token_client *c) {
  CURL *e = c->easy;
  bool ok = curl_easy_setopt(e, CURLOPT_URL, c->url) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_USERAGENT, "ferrule/" FRL_VERSION) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->why) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS) ==
                 CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_WRITEDATA, c) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_HEADERDATA, c) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_tls) == CURLE_OK;
  ok = ok && curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, c) == CURLE_OK;
  if (is_this_machine(c->url)) {
    ok = ok && curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK;
  }
  return ok;
}

frl_status frl_token_client_create(frl_token_client **out,
    const frl_token_client_options *options, const frl_mem *mem, frl_error *err) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  *out = NULL;
  (void)pthread_once(&once, init_curl);
  if (strncasecmp(options->url, "https://", 8) != 0 && !is_this_machine(options->url)) {
    return frl_fail(err, FRL_E_INVALID,
        "\"%s\" is no https:// address; a key is sent to no other", options->url);
  }
  frl_token_client *c = frl_calloc(mem, 1, sizeof *c);
  if (!c) return frl_fail(err, FRL_E_NOMEM, "out of memory");
  c->mem = mem ? *mem : frl_mem_default;
  atomic_init(&c->interrupted, false);
  c->timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
  c->url = frl_strdup(mem, options->url);
  c->multi = curl_multi_init();
  c->easy = curl_easy_init();
  bool ok = c->url && c->multi && c->easy;
  if (ok && options->ca_file && *options->ca_file) {
    c->ca_file = frl_strdup(mem, options->ca_file);
    ok = c->ca_file != NULL;
  }
  if (!ok || !set_up(c)) {
    frl_token_client_destroy(c);
    return frl_fail(err, FRL_E_NOMEM, "no memory for requests");
  }
  *out = c;
  return FRL_OK;
}

void frl_token_client_destroy(frl_token_client *client) {
  if (!client) return;
  curl_easy_cleanup(client->easy);
  (void)curl_multi_cleanup(client->multi);
  const frl_mem mem = client->mem;
  frl_free(&mem, client->url);
  frl_free(&mem, client->ca_file);
  frl_free(&mem, client);
}

void frl_token_client_interrupt(frl_token_client *client) {
  atomic_store(&client->interrupted, true);
  (void)curl_multi_wakeup(client->multi);
}

/* Until it is over or interrupted. */
static CURLcode perform(frl_token_client *c) {
  int running = 1;
  while (running && !atomic_load(&c->interrupted)) {
    if (curl_multi_perform(c->multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (!running) break;
    if (curl_multi_poll(c->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK) {
      return CURLE_FAILED_INIT;
    }
  }
  int left;
  for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
    if (m->msg == CURLMSG_DONE) return m->data.result;
  }
  return CURLE_ABORTED_BY_CALLBACK;
}

static frl_status explain(const frl_token_client *c, CURLcode code, frl_error *err) {
  const char *why = c->why[0] ? c->why : curl_easy_strerror(code);
  if (atomic_load(&c->interrupted)) {
    return frl_fail(err, FRL_E_CANCELLED, "the request was given up");
  }
  if (c->too_long) {
    return frl_fail(err, FRL_E_LIMIT,
        "its answer is far too long: is token_uri the token server's address?");
  }
  if (c->ca_refused) {
    return frl_fail(
        err, FRL_E_AUTH, "the CA file %s holds no certificates in PEM", c->ca_file);
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return frl_fail(err, FRL_E_TIMEOUT, "no answer within %u ms: %s",
          (unsigned)c->timeout_ms, why);
    case CURLE_PEER_FAILED_VERIFICATION:
      return frl_fail(err, FRL_E_AUTH,
          "its certificate does not hold: %s; name the authority by the CA file", why);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return frl_fail(err, FRL_E_AUTH, "its address cannot be used: %s", why);
    case CURLE_OUT_OF_MEMORY:
      return frl_fail(err, FRL_E_NOMEM, "no memory for a request");
    default:
      return frl_fail(err, FRL_E_UNAVAILABLE, "it cannot be reached: %s", why);
  }
}

static void read_answer(frl_token_client *c, frl_token_answer *answer) {
  long status = 0;
  curl_off_t retry_after = 0;
  (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
  (void)curl_easy_getinfo(c->easy, CURLINFO_RETRY_AFTER, &retry_after);
  *answer = (frl_token_answer){
      .http_status = (int32_t)status,
      .body = c->body->data,
      .body_len = c->body->len,
      .date_s = c->date_s,
      .retry_after_s =
          retry_after > 0 && retry_after < UINT32_MAX ? (uint32_t)retry_after : 0,
  };
}

frl_status frl_token_client_post(frl_token_client *client, const frl_buf *form,
    frl_buf *body, frl_token_answer *answer, frl_error *err) {
  frl_token_client *c = client;
  c->body = body;
  c->too_long = c->ca_refused = false;
  c->header_bytes = 0;
  c->date_s = 0;
  c->why[0] = '\0';
  CURLcode code = curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, form->data);
  if (code == CURLE_OK) {
    code = curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE, (long)form->len);
  }
  if (code == CURLE_OK && curl_multi_add_handle(c->multi, c->easy) != CURLM_OK) {
    code = CURLE_OUT_OF_MEMORY;
  }
  if (code == CURLE_OK) code = perform(c);
  (void)curl_multi_remove_handle(c->multi, c->easy);
  if (code == CURLE_OK) {
    read_answer(c, answer);
    return FRL_OK;
  }
  const frl_status st = explain(c, code, err);
  if (err) err->origin = FRL_ORIGIN_HTTP;
  return st;
}
