#include "codec/json_repair.h"

#include <string.h>

typedef struct repair {
  frl_buf *out;
  const uint8_t *pos;
  const uint8_t *end;
  frl_json_leniency lenient;
  bool non_numeric;
  uint8_t quote; /* that ends the string under way; 0 outside */
} repair;

static size_t left(const repair *r) { return (size_t)(r->end - r->pos); }

static frl_status copy(repair *r, size_t n) {
  const frl_status st = frl_buf_append(r->out, r->pos, n);
  r->pos += n;
  return st;
}

static frl_status replace(repair *r, size_t n, const char *by) {
  r->pos += n;
  return frl_buf_append_text(r->out, by);
}

static bool continues(const uint8_t *p, const uint8_t *end, size_t i) {
  return (size_t)(end - p) > i && (p[i] & 0xc0) == 0x80;
}

static bool second_fits(uint8_t first, uint8_t second) {
  switch (first) {
    case 0xe0:
      return second >= 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second <= 0x8f;
    default:
      return true;
  }
}

/* The bytes of a character, or of what stands where none is: then *valid is false. */
static size_t character(const uint8_t *p, const uint8_t *end, bool *valid) {
  const uint8_t first = *p;
  size_t want = 1;
  if (first >= 0xc2 && first <= 0xdf) want = 2;
  if (first >= 0xe0 && first <= 0xef) want = 3;
  if (first >= 0xf0 && first <= 0xf4) want = 4;
  *valid = first < 0x80;
  if (want == 1) return 1;
  size_t n = 1;
  while (n < want && continues(p, end, n) && (n > 1 || second_fits(first, p[1]))) n++;
  /* a surrogate is wrong as a whole */
  *valid = n == want && !(first == 0xed && p[1] >= 0xa0);
  return n;
}

static frl_status beyond_ascii(repair *r) {
  bool valid;
  const size_t n = character(r->pos, r->end, &valid);
  return valid ? copy(r, n) : replace(r, n, "\xef\xbf\xbd");
}

/* The code unit of \uXXXX at p, or -1. */
static int32_t escaped_unit(const uint8_t *p, const uint8_t *end) {
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
  int32_t unit = 0;
  for (int i = 2; i < 6; i++) {
    const uint8_t c = p[i];
    const uint8_t lower = c | 0x20;
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return unit;
}

static frl_status escape(repair *r) {
  if (left(r) < 2) return copy(r, left(r));
  if (r->pos[1] == '\'' && r->lenient.single_quotes) return replace(r, 2, "'");
  const int32_t unit = escaped_unit(r->pos, r->end);
  if (unit < 0xd800 || unit > 0xdfff) return copy(r, 2);
  const int32_t next = escaped_unit(r->pos + 6, r->end);
  const bool pair = unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff;
  return pair ? copy(r, 12) : replace(r, 6, "?");
}

static frl_status inside(repair *r) {
  const uint8_t c = *r->pos;
  if (c == r->quote) {
    r->quote = 0;
    return replace(r, 1, "\"");
  }
  if (c == '\\') return escape(r);
  if (c == '"') return replace(r, 1, "\\\"");
  return c < 0x80 ? copy(r, 1) : beyond_ascii(r);
}

static bool starts_token(uint8_t c) {
  return c == 'N' || c == 'I' || c == '+' || c == '-';
}

/* The length of a token such as +INF at the position, else 0. */
static size_t non_numeric_token(const repair *r) {
  static const char *const tokens[] = {
      "Infinity", "+Infinity", "-Infinity", "+INF", "-INF", "NaN"};
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    const size_t n = strlen(tokens[i]);
    if (left(r) >= n && memcmp(r->pos, tokens[i], n) == 0) return n;
  }
  return 0;
}

static frl_status outside(repair *r) {
  const uint8_t c = *r->pos;
  if (c == '"' || (c == '\'' && r->lenient.single_quotes)) {
    r->quote = c;
    return replace(r, 1, "\"");
  }
  if (starts_token(c) && r->lenient.non_numeric) {
    const size_t n = non_numeric_token(r);
    if (n) {
      r->non_numeric = true;
      const size_t plus = c == '+';
      r->pos += plus;
      return copy(r, n - plus);
    }
  }
  return c < 0x80 ? copy(r, 1) : beyond_ascii(r);
}

frl_status frl_json_repair(frl_buf *out, bool *non_numeric, const char *text, size_t n,
    frl_json_leniency leniency) {
  repair r = {.out = out,
      .pos = (const uint8_t *)text,
      .end = (const uint8_t *)text + n,
      .lenient = leniency};
  frl_buf_clear(out);
  frl_status st = FRL_OK;
  while (st == FRL_OK && r.pos < r.end) st = r.quote ? inside(&r) : outside(&r);
  *non_numeric = r.non_numeric;
  return st;
}

frl_status frl_json_make_utf8(frl_buf *out, const char *text, size_t n) {
  repair r = {
      .out = out, .pos = (const uint8_t *)text, .end = (const uint8_t *)text + n};
  frl_buf_clear(out);
  frl_status st = FRL_OK;
  while (st == FRL_OK && r.pos < r.end) {
    st = *r.pos < 0x80 ? copy(&r, 1) : beyond_ascii(&r);
  }
  return st;
}
