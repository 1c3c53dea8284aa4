/**
 * Lines of a web server's access log (the common and the combined format) as columns.
 *
 *   127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326
 *
 * What is a hyphen in the line is null. Texts are views of the line until they are
 * written: nothing is copied twice.
 */
#include <ferrule/kernel.h>

#define LINE(X) X(STRING, line)
FRL_ROW(log_line, LINE)

/* clang-format off */
#define REQUEST(X) \
  X(STRING, host, NOT_NULL) \
  X(STRING, user, NAME("remote user"), COMMENT("as the client said")) \
  X(TIMESTAMP, at, NOT_NULL) \
  X(STRING, method) \
  X(STRING, path) \
  X(STRING, protocol) \
  X(INT, status, NOT_NULL) \
  X(BIGINT, bytes, COMMENT("of the body; null where none was sent")) \
  X(STRING, referer) \
  X(STRING, agent)
/* clang-format on */
FRL_ROW(request, REQUEST)

typedef struct log_lines_state {
  bool skip;
  int64_t at; /* the row that comes next */
} log_lines_state;

static const frl_kernel_option_doc log_lines_options[] = {
    {"bad_lines", "fail", "fail: name the row; skip: leave the line out."},
    {NULL, NULL, NULL}};

static int log_lines_init(log_lines_state *s, const frl_kernel_option *options,
    int64_t n, frl_kernel_error *error) {
  const char *bad = frl_option(options, n, "bad_lines");
  s->skip = strcmp(bad, "skip") == 0;
  if (s->skip || strcmp(bad, "fail") == 0) return 0;
  return frl_kernel_fail(error, -1, "option bad_lines is %.50s: fail or skip", bad);
}

static void log_lines_free(log_lines_state *s) { (void)s; }

/* ---- one line ---- */

typedef struct cursor {
  const char *pos;
  const char *end;
} cursor;

/** What stands before the next stop, which is passed; false where there is none. */
static bool until(cursor *c, char stop, frl_string *out) {
  const size_t left = (size_t)(c->end - c->pos);
  const char *found = left ? (const char *)memchr(c->pos, stop, left) : NULL;
  if (!found) return false;
  out->data = c->pos;
  out->size = found - c->pos;
  c->pos = found + 1;
  return true;
}

static bool take(cursor *c, char wanted) {
  if (c->pos == c->end || *c->pos != wanted) return false;
  c->pos++;
  return true;
}

/** n digits; -1 where there are fewer. */
static int64_t digits(cursor *c, int n) {
  int64_t value = 0;
  if (c->end - c->pos < n) return -1;
  for (int i = 0; i < n; i++) {
    const char d = *c->pos++;
    if (d < '0' || d > '9') return -1;
    value = 10 * value + (d - '0');
  }
  return value;
}

static int64_t month_of(cursor *c) {
  static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (c->end - c->pos < 3) return -1;
  for (int i = 0; i < 12; i++) {
    if (memcmp(c->pos, names + 3 * i, 3) == 0) {
      c->pos += 3;
      return i + 1;
    }
  }
  return -1;
}

/** Days since 1970-01-01 of the Gregorian calendar, from year 1 on. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  const int64_t y = month <= 2 ? year - 1 : year; /* years begin in March */
  const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return 365 * y + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

/** "[10/Oct/2000:13:55:36 -0700] " as microseconds. */
static bool timestamp(cursor *c, int64_t *out) {
  if (!take(c, '[')) return false;
  const int64_t day = digits(c, 2);
  if (!take(c, '/')) return false;
  const int64_t month = month_of(c);
  if (!take(c, '/')) return false;
  const int64_t year = digits(c, 4);
  if (!take(c, ':')) return false;
  const int64_t hour = digits(c, 2);
  if (!take(c, ':')) return false;
  const int64_t minute = digits(c, 2);
  if (!take(c, ':')) return false;
  const int64_t second = digits(c, 2);
  if (!take(c, ' ')) return false;
  const bool west = c->pos < c->end && *c->pos == '-';
  if (!take(c, west ? '-' : '+')) return false;
  const int64_t zone_hours = digits(c, 2);
  const int64_t zone_minutes = digits(c, 2);
  if (!take(c, ']') || !take(c, ' ')) return false;
  if (day < 1 || day > 31 || month < 1 || year < 1 || hour < 0 || hour > 23)
    return false;
  if (minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  if (zone_hours < 0 || zone_hours > 18 || zone_minutes < 0) return false;
  const int64_t zone = 60 * (60 * zone_hours + zone_minutes);
  const int64_t local =
      86400 * days_of(year, month, day) + 3600 * hour + 60 * minute + second;
  *out = 1000000 * (west ? local + zone : local - zone);
  return true;
}

static void text_or_null(frl_string text, frl_string *out, bool *is_null) {
  *is_null = text.size == 1 && text.data[0] == '-';
  *out = text;
}

/** "GET /a.gif HTTP/1.0", or anything else as the path. */
static void split_request(frl_string text, request *out) {
  cursor c = {text.data, text.data + text.size};
  if (!until(&c, ' ', &out->method) || !until(&c, ' ', &out->path)) {
    out->is_null.method = true;
    out->is_null.protocol = true;
    text_or_null(text, &out->path, &out->is_null.path);
    return;
  }
  out->protocol.data = c.pos;
  out->protocol.size = c.end - c.pos;
}

/** The number up to the next space or the end; a hyphen is null. */
static bool count(cursor *c, int64_t *out, bool *is_null) {
  frl_string text = {c->pos, c->end - c->pos};
  cursor ahead = *c;
  if (until(&ahead, ' ', &text)) {
    *c = ahead;
  } else {
    c->pos = c->end;
  }
  *is_null = text.size == 1 && text.data[0] == '-';
  *out = 0;
  if (*is_null) return true;
  if (text.size == 0 || text.size > 18) return false;
  for (int64_t i = 0; i < text.size; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    *out = 10 * *out + (text.data[i] - '0');
  }
  return true;
}

/** NULL, or what is wrong with the line. */
static const char *parse(frl_string line, request *out) {
  cursor c = {line.data, line.data + line.size};
  frl_string text;
  memset(out, 0, sizeof *out);
  if (!until(&c, ' ', &out->host) || out->host.size == 0) return "no host";
  if (!until(&c, ' ', &text)) return "no identity";
  if (!until(&c, ' ', &text)) return "no user";
  text_or_null(text, &out->user, &out->is_null.user);
  if (!timestamp(&c, &out->at)) return "no time like [10/Oct/2000:13:55:36 -0700]";
  if (!take(&c, '"') || !until(&c, '"', &text) || !take(&c, ' ')) return "no request";
  split_request(text, out);
  out->status = (int32_t)digits(&c, 3);
  if (out->status < 0 || !take(&c, ' ')) return "no status";
  if (!count(&c, &out->bytes, &out->is_null.bytes)) return "no number of bytes";
  out->is_null.referer = out->is_null.agent = true;
  if (take(&c, '"') && until(&c, '"', &text)) {
    text_or_null(text, &out->referer, &out->is_null.referer);
  }
  if (take(&c, ' ') && take(&c, '"') && until(&c, '"', &text)) {
    text_or_null(text, &out->agent, &out->is_null.agent);
  }
  return NULL;
}

/* ---- batches ---- */

enum { ROWS_OUT = 65536 };

static int log_lines_batch(log_lines_state *s, log_line_reader *in, request_writer *out,
    frl_kernel_error *error) {
  for (; s->at < in->rows; s->at++) {
    if (request_writer_rows(out) == ROWS_OUT) return FRL_KERNEL_MORE;
    if (frl_is_null(in->col.line, s->at)) continue;
    request row;
    const char *wrong = parse(frl_get_string(in->col.line, s->at), &row);
    if (wrong && s->skip) continue;
    if (wrong) return frl_kernel_fail(error, s->at, "not a line of a log: %s", wrong);
    const int rc = request_writer_add(out, &row);
    if (rc) return rc;
  }
  s->at = 0;
  return 0;
}

static int log_lines_finish(
    log_lines_state *s, request_writer *out, frl_kernel_error *error) {
  (void)s, (void)out, (void)error;
  return 0;
}

FRL_KERNEL(log_lines, log_line, request, log_lines_state, FRL_KERNEL_STATELESS,
    log_lines_options, "Lines of a web server's access log as columns.")

FRL_KERNELS(&log_lines_kernel)
