#include "net/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

enum { MAX_HEAD_BYTES = 16 * 1024, MAX_TARGET_BYTES = 300 };

void frl_proxy_init(frl_proxy *p, const frl_mem *mem) {
  frl_buf_init(&p->head, mem, MAX_HEAD_BYTES);
}

void frl_proxy_deinit(frl_proxy *p) { frl_buf_deinit(&p->head); }

frl_status frl_proxy_start(const char *target, frl_outq *out, frl_error *err) {
  char request[2 * MAX_TARGET_BYTES + 64];
  const int n = snprintf(request, sizeof request,
      "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target);
  if (n < 0 || (size_t)n >= sizeof request) {
    return frl_fail(err, FRL_E_INVALID, "proxy: target too long");
  }
  const frl_status st = frl_outq_copy(out, request, (size_t)n);
  return st == FRL_OK ? st : frl_fail(err, st, "proxy: out of memory");
}

static frl_status judge(frl_proxy *p, frl_error *err) {
  const char *head = NULL;
  if (frl_buf_text(&p->head, &head) != FRL_OK) {
    return frl_fail(err, FRL_E_NOMEM, "proxy: out of memory");
  }
  if (strncmp(head, "HTTP/1.", 7) != 0 || strlen(head) < 12) {
    return frl_fail(err, FRL_E_MALFORMED, "proxy: the answer is not HTTP/1.1");
  }
  if (head[9] == '2') return FRL_OK;
  const int line = (int)strcspn(head, "\r\n");
  const frl_status st =
      frl_fail(err, FRL_E_UNAVAILABLE, "proxy refused: %.*s", line, head);
  if (err) {
    err->origin = FRL_ORIGIN_HTTP;
    err->origin_code = (int32_t)strtol(head + 9, NULL, 10);
  }
  return st;
}

frl_status frl_proxy_recv(
    frl_proxy *p, const uint8_t *data, size_t n, size_t *used, frl_error *err) {
  for (*used = 0; *used < n;) {
    if (frl_buf_append_u8(&p->head, data[(*used)++]) != FRL_OK) {
      return frl_fail(err, FRL_E_MALFORMED, "proxy: endless response head");
    }
    const size_t len = p->head.len;
    if (len >= 4 && memcmp(p->head.data + len - 4, "\r\n\r\n", 4) == 0) {
      return judge(p, err);
    }
  }
  return FRL_NEED_MORE;
}

static const char *environment(const char *upper, const char *lower) {
  const char *value = getenv(upper);
  if (!value || !*value) value = getenv(lower);
  return value && *value ? value : NULL;
}

/* One entry of NO_PROXY: "*", a name, or a domain with or without a dot in front. */
static bool entry_matches(const char *entry, size_t n, const char *host) {
  if (n == 1 && *entry == '*') return true;
  if (n > 0 && *entry == '.') {
    entry++;
    n--;
  }
  const size_t host_len = strlen(host);
  if (n == 0 || n > host_len) return false;
  if (strncasecmp(host + host_len - n, entry, n) != 0) return false;
  return n == host_len || host[host_len - n - 1] == '.';
}

static bool is_exempt(const char *host) {
  const char *at = environment("NO_PROXY", "no_proxy");
  while (at && *at) {
    at += strspn(at, ", ");
    const size_t n = strcspn(at, ", ");
    if (entry_matches(at, n, host)) return true;
    at += n;
  }
  return false;
}

frl_status frl_proxy_from_environment(
    const char *host, char *out, size_t size, frl_error *err) {
  out[0] = '\0';
  const char *value = environment("HTTPS_PROXY", "https_proxy");
  if (!value || is_exempt(host)) return FRL_OK;
  if (strncasecmp(value, "http://", 7) == 0) value += 7;
  if (strstr(value, "://") || strchr(value, '@')) {
    return frl_fail(err, FRL_E_UNSUPPORTED,
        "HTTPS_PROXY: only http://host:port without a password works");
  }
  const size_t n = strcspn(value, "/");
  const char *port = memchr(value, ':', n) ? "" : ":80";
  const int len = snprintf(out, size, "%.*s%s", (int)n, value, port);
  if (len < 0 || (size_t)len >= size) {
    return frl_fail(err, FRL_E_INVALID, "HTTPS_PROXY: too long");
  }
  return FRL_OK;
}
