#include "net/http_request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct text {
  const char *at;
  size_t n;
} text;

static bool equals(text t, const char *wanted) {
  return t.n == strlen(wanted) && memcmp(t.at, wanted, t.n) == 0;
}

/* Up to the byte, which is left out; false: there is none. */
static bool cut(text *rest, char byte, text *out) {
  const char *end = rest->n ? memchr(rest->at, byte, rest->n) : NULL;
  if (!end) return false;
  *out = (text){rest->at, (size_t)(end - rest->at)};
  rest->n -= out->n + 1;
  rest->at = end + 1;
  return true;
}

static bool cut_line(text *rest, text *line) {
  if (!cut(rest, '\n', line)) return false;
  if (line->n && line->at[line->n - 1] == '\r') line->n--;
  return true;
}

static bool is_loopback(text host) {
  static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const size_t n = strlen(names[i]);
    if (host.n >= n && strncasecmp(host.at, names[i], n) == 0 &&
        (host.n == n || host.at[n] == ':')) {
      return true;
    }
  }
  return false;
}

static frl_status parse_first_line(frl_http_request *out, text line) {
  text method;
  text target;
  if (!cut(&line, ' ', &method) || !cut(&line, ' ', &target)) return FRL_E_MALFORMED;
  if (line.n != 8 || memcmp(line.at, "HTTP/1.", 7) != 0) return FRL_E_MALFORMED;
  if (!target.n || target.at[0] != '/') return FRL_E_MALFORMED;
  const char *query = memchr(target.at, '?', target.n);
  if (query) target.n = (size_t)(query - target.at);
  if (target.n >= sizeof out->path || memchr(target.at, '\0', target.n)) {
    return FRL_E_MALFORMED;
  }
  memcpy(out->path, target.at, target.n);
  out->path[target.n] = '\0';
  out->is_head = equals(method, "HEAD");
  out->is_get = out->is_head || equals(method, "GET");
  return FRL_OK;
}

static frl_status parse_header(frl_http_request *out, text line) {
  text name;
  if (!cut(&line, ':', &name) || !name.n) return FRL_E_MALFORMED;
  while (line.n && (*line.at == ' ' || *line.at == '\t')) {
    line.at++;
    line.n--;
  }
  if (name.n == 4 && strncasecmp(name.at, "host", 4) == 0) {
    out->is_local = is_loopback(line);
  }
  return FRL_OK;
}

frl_status frl_http_request_parse(frl_http_request *out, const char *data, size_t n) {
  *out = (frl_http_request){.path = ""};
  text rest = {data, n};
  text line;
  frl_status st = FRL_OK;
  for (bool first = true; st == FRL_OK; first = false) {
    if (!cut_line(&rest, &line)) {
      return n > FRL_HTTP_HEAD_MAX ? FRL_E_LIMIT : FRL_NEED_MORE;
    }
    if (!first && !line.n) return FRL_OK;
    st = first ? parse_first_line(out, line) : parse_header(out, line);
  }
  return st;
}
