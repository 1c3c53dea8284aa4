#include "codec/json_repair.h"

#include <string.h>

#include "base/error.h"

typedef struct repair {
  frl_buf *out;
  const uint8_t *pos;
  const uint8_t *end;
  frl_json_leniency lenient;
  bool non_numeric;
  uint8_t quote;  /* that ends the string under way; 0 outside */
  uint8_t before; /* the last byte outside of strings that is no white space */
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

static frl_status control_char(repair *r) {
  return frl_buf_printf(r->out, "\\u%04x", (unsigned)*r->pos++);
}

static frl_status escape(repair *r) {
  if (left(r) < 2) return copy(r, left(r));
  if (r->pos[1] == '\'' && r->lenient.single_quotes) return replace(r, 2, "'");
  if (r->lenient.any_escape && (!r->pos[1] || !strchr("\"\\/bfnrtu", r->pos[1]))) {
    r->pos++;
    if (*r->pos < ' ') return control_char(r);
    /* what follows may be the first byte of a character */
    return *r->pos < 0x80 ? copy(r, 1) : FRL_OK;
  }
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
  if (c < ' ' && r->lenient.control_chars) return control_char(r);
  return c < 0x80 ? copy(r, 1) : beyond_ascii(r);
}

static bool is_blank(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- comments ---- */

/* The length of a comment at p, its line's end not included; 0 if there is none. */
static size_t comment(const uint8_t *p, const uint8_t *end) {
  if (end - p < 2 || p[0] != '/') return 0;
  const uint8_t *at = p + 2;
  if (p[1] == '/') {
    while (at < end && *at != '\n' && *at != '\r') at++;
    return (size_t)(at - p);
  }
  if (p[1] != '*') return 0;
  for (; end - at >= 2; at++) {
    if (at[0] == '*' && at[1] == '/') return (size_t)(at + 2 - p);
  }
  return 0;
}

static const uint8_t *skip_space(const repair *r, const uint8_t *p) {
  for (;;) {
    while (p < r->end && is_blank(*p)) p++;
    const size_t n = r->lenient.comments ? comment(p, r->end) : 0;
    if (n == 0) return p;
    p += n;
  }
}

/* ---- names without quotes ---- */

/*
 * What Java takes as part of an identifier, and a few more. Below U+0100 exactly;
 * beyond, punctuation is taken too.
 */
static bool is_name_ascii(uint8_t c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
         c == 0x7f || (c > ' ' && strchr("_$@#*-+", c));
}

static bool is_name_latin1(unsigned c) {
  return c < 0xa0 || (c >= 0xa2 && c <= 0xa5) || c == 0xaa || c == 0xad || c == 0xb5 ||
         c == 0xba || (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

/* The length of a name at the position that a colon follows; 0 if there is none. */
static size_t bare_name(const repair *r) {
  const uint8_t *p = r->pos;
  while (p < r->end) {
    bool valid;
    const size_t n = character(p, r->end, &valid);
    if (n == 1 && !(valid && is_name_ascii(*p))) break;
    const bool latin1 = n == 2 && *p <= 0xc3;
    if (n > 1 && (!valid || n == 4)) break;
    if (latin1 && !is_name_latin1((*p & 0x1fu) << 6 | (p[1] & 0x3fu))) break;
    p += n;
  }
  const uint8_t *const colon = skip_space(r, p);
  return p > r->pos && colon < r->end && *colon == ':' ? (size_t)(p - r->pos) : 0;
}

static frl_status quote_name(repair *r, size_t n) {
  FRL_TRY(frl_buf_append_u8(r->out, '"'));
  FRL_TRY(copy(r, n));
  return frl_buf_append_u8(r->out, '"');
}

/* ---- numbers ---- */

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static bool is_of_number(uint8_t c) {
  return is_digit(c) || c == '.' || c == '+' || c == '-' || (c | 0x20) == 'e';
}

/* The whole of a number, so that only its first zeros are looked at. */
static frl_status number(repair *r) {
  if (*r->pos == '-') FRL_TRY(copy(r, 1));
  while (left(r) >= 2 && r->pos[0] == '0' && is_digit(r->pos[1])) r->pos++;
  size_t n = 0;
  while (n < left(r) && is_of_number(r->pos[n])) n++;
  return copy(r, n);
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

/* What is allowed beyond strings; not taken: the byte is as in any JSON. */
static frl_status token(repair *r, bool *taken) {
  const uint8_t c = *r->pos;
  *taken = true;
  if (c == '/' && r->lenient.comments) {
    const size_t n = comment(r->pos, r->end);
    if (n) return replace(r, n, " ");
  }
  if (r->lenient.bare_names && (r->before == '{' || r->before == ',')) {
    const size_t n = bare_name(r);
    if (n) return quote_name(r, n);
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
  if (r->lenient.leading_zeros && (is_digit(c) || c == '-')) return number(r);
  *taken = false;
  return FRL_OK;
}

static frl_status outside(repair *r) {
  const uint8_t c = *r->pos;
  if (c == '"' || (c == '\'' && r->lenient.single_quotes)) {
    r->quote = c;
    r->before = c;
    return replace(r, 1, "\"");
  }
  bool taken;
  const frl_status st = token(r, &taken);
  if (st != FRL_OK) return st;
  if (!is_blank(c) && c != '/') r->before = c;
  if (taken) return FRL_OK;
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
