#include "arrow/ddl_lex.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static char upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c; }

static bool is_word_char(char c) {
  const char u = upper(c);
  return is_digit(c) || (u >= 'A' && u <= 'Z') || c == '_';
}

void frl_ddl_lex_init(frl_ddl_lex *lex, const char *text, size_t n) {
  *lex = (frl_ddl_lex){text, text, text + n};
}

static bool at(const frl_ddl_lex *lex, const char *text) {
  const size_t n = strlen(text);
  return (size_t)(lex->end - lex->pos) >= n && memcmp(lex->pos, text, n) == 0;
}

/** false when a comment has no end; pos is then where it begins. */
static bool skip_blanks(frl_ddl_lex *lex) {
  while (lex->pos < lex->end) {
    if (*lex->pos == ' ' || (*lex->pos >= '\t' && *lex->pos <= '\r')) {
      lex->pos++;
    } else if (at(lex, "--")) {
      while (lex->pos < lex->end && *lex->pos != '\n') lex->pos++;
    } else if (at(lex, "/*")) {
      const char *begin = lex->pos;
      lex->pos += 2;
      while (lex->pos < lex->end && !at(lex, "*/")) lex->pos++;
      if (lex->pos == lex->end) {
        lex->pos = begin;
        return false;
      }
      lex->pos += 2;
    } else {
      break;
    }
  }
  return true;
}

static frl_ddl_token token_to(
    frl_ddl_lex *lex, frl_ddl_token_kind kind, const char *end) {
  const frl_ddl_token token = {kind, lex->pos, (size_t)(end - lex->pos), NULL};
  lex->pos = end;
  return token;
}

static frl_ddl_token broken(frl_ddl_lex *lex, const char *fault) {
  frl_ddl_token token = token_to(lex, FRL_DDL_BROKEN, lex->end);
  token.fault = fault;
  return token;
}

/** A doubled quote does not end the text; where escapes, neither does \ and quote. */
static frl_ddl_token quoted(
    frl_ddl_lex *lex, frl_ddl_token_kind kind, const char *open, bool escapes) {
  const char quote = *open;
  for (const char *p = open + 1; p < lex->end; p++) {
    if (escapes && *p == '\\') {
      p++;
    } else if (*p == quote) {
      const bool doubled =
          p + 1 < lex->end && p[1] == quote && (escapes || kind == FRL_DDL_QUOTED);
      if (!doubled) return token_to(lex, kind, p + 1);
      p++;
    }
  }
  return broken(lex, quote == '`' ? "a name without its closing `"
                                  : "a text without its closing quote");
}

/**
 * Spark reads 1L, 2S, 3Y, 4F, 5D, 6BD and 1E5 as numbers, any other mixture of digits
 * and letters as a name.
 */
static bool is_literal(const char *p, size_t n) {
  size_t i = 0;
  while (i < n && is_digit(p[i])) i++;
  if (i == 0) return false;
  if (i < n && upper(p[i]) == 'E' && i + 1 < n && is_digit(p[i + 1])) {
    i++;
    while (i < n && is_digit(p[i])) i++;
  }
  if (i == n) return true;
  if (n - i == 1) return strchr("LSYFD", upper(p[i])) != NULL;
  return n - i == 2 && upper(p[i]) == 'B' && upper(p[i + 1]) == 'D';
}

static frl_ddl_token word(frl_ddl_lex *lex) {
  const char *end = lex->pos;
  while (end < lex->end && is_word_char(*end)) end++;
  const size_t n = (size_t)(end - lex->pos);
  if (end < lex->end && (*end & 0x80)) {
    return broken(lex, "a name with other than letters, digits and _ needs backticks");
  }
  size_t digits = 0;
  while (digits < n && is_digit(lex->pos[digits])) digits++;
  if (digits == n) return token_to(lex, FRL_DDL_NUMBER, end);
  if (is_literal(lex->pos, n)) return broken(lex, "a number where a name belongs");
  return token_to(lex, FRL_DDL_WORD, end);
}

frl_ddl_token frl_ddl_lex_next(frl_ddl_lex *lex) {
  if (!skip_blanks(lex)) return broken(lex, "a comment without its end");
  if (lex->pos == lex->end) return token_to(lex, FRL_DDL_END, lex->end);
  const char c = *lex->pos;
  if (c == '`') return quoted(lex, FRL_DDL_QUOTED, lex->pos, false);
  if (c == '\'' || c == '"') return quoted(lex, FRL_DDL_STRING, lex->pos, true);
  if (upper(c) == 'R' && lex->pos + 1 < lex->end &&
      (lex->pos[1] == '\'' || lex->pos[1] == '"')) {
    return quoted(lex, FRL_DDL_STRING, lex->pos + 1, false);
  }
  if (is_word_char(c) || (c & 0x80)) return word(lex);
  if (strchr("()<>,:", c) && c) return token_to(lex, FRL_DDL_PUNCT, lex->pos + 1);
  frl_ddl_token token = token_to(lex, FRL_DDL_BROKEN, lex->pos + 1);
  token.fault = "a character that can stand nowhere";
  return token;
}

bool frl_ddl_is_word(const frl_ddl_token *token, const char *keyword) {
  if (token->kind != FRL_DDL_WORD || strlen(keyword) != token->len) return false;
  for (size_t i = 0; i < token->len; i++) {
    if (upper(token->start[i]) != keyword[i]) return false;
  }
  return true;
}

bool frl_ddl_is_punct(const frl_ddl_token *token, char c) {
  return token->kind == FRL_DDL_PUNCT && *token->start == c;
}

frl_status frl_ddl_name(frl_buf *out, const frl_ddl_token *token) {
  if (token->kind == FRL_DDL_WORD) return frl_buf_append(out, token->start, token->len);
  const char *end = token->start + token->len - 1;
  for (const char *p = token->start + 1; p < end; p++) {
    FRL_TRY(frl_buf_append_u8(out, (uint8_t)*p));
    if (*p == '`') p++;
  }
  return FRL_OK;
}

static frl_status append_code_point(frl_buf *out, uint32_t c) {
  if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) c = 0xfffd;
  uint8_t utf8[4];
  size_t n = 0;
  if (c < 0x80) {
    utf8[n++] = (uint8_t)c;
  } else if (c < 0x800) {
    utf8[n++] = (uint8_t)(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    utf8[n++] = (uint8_t)(0xe0 | c >> 12);
  } else {
    utf8[n++] = (uint8_t)(0xf0 | c >> 18);
    utf8[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
  }
  if (c >= 0x800) utf8[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
  if (c >= 0x80) utf8[n++] = (uint8_t)(0x80 | (c & 0x3f));
  return frl_buf_append(out, utf8, n);
}

/** Digits of the base at p, exactly n of them. */
static bool digits(
    const char *p, const char *end, int n, uint32_t base, uint32_t *out) {
  uint32_t value = 0;
  if (end - p < n) return false;
  for (int i = 0; i < n; i++) {
    const char c = upper(p[i]);
    const uint32_t digit = is_digit(c)            ? (uint32_t)(c - '0')
                           : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                  : 16;
    if (digit >= base) return false;
    value = value * base + digit;
  }
  *out = value;
  return true;
}

/** \uXXXX, with a second one when the first is half of a pair. */
static frl_status unicode_escape(frl_buf *out, const char **p, const char *end) {
  uint32_t high = 0;
  uint32_t low = 0;
  (void)digits(*p, end, 4, 16, &high);
  *p += 4;
  const bool pair = high >= 0xd800 && high < 0xdc00 && end - *p >= 6 &&
                    memcmp(*p, "\\u", 2) == 0 && digits(*p + 2, end, 4, 16, &low) &&
                    low >= 0xdc00 && low < 0xe000;
  if (!pair) return append_code_point(out, high);
  *p += 6;
  return append_code_point(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

/** What stands after a backslash; p is behind it. As Spark's unescapeSQLString. */
static frl_status escape(frl_buf *out, const char **p, const char *end) {
  const char c = *(*p)++;
  uint32_t code;
  if (c == 'u' && digits(*p, end, 4, 16, &code)) return unicode_escape(out, p, end);
  if (c == 'U' && digits(*p, end, 8, 16, &code)) {
    *p += 8;
    return append_code_point(out, code);
  }
  if ((c == '0' || c == '1') && digits(*p - 1, end, 3, 8, &code)) {
    *p += 2;
    return append_code_point(out, code);
  }
  static const char from[] = "0bnrtZ";
  static const char to[] = "\0\b\n\r\t\x1a";
  const char *known = c ? strchr(from, c) : NULL;
  if (known) return frl_buf_append_u8(out, (uint8_t)to[known - from]);
  if (c == '%' || c == '_') FRL_TRY(frl_buf_append_u8(out, '\\'));
  return frl_buf_append_u8(out, (uint8_t)c);
}

frl_status frl_ddl_string(frl_buf *out, const frl_ddl_token *token) {
  const char *p = token->start;
  const char *end = p + token->len - 1;
  const bool raw = *p != '\'' && *p != '"';
  if (raw) p++;
  const char quote = *p++;
  while (p < end) {
    const char c = *p++;
    if (c == '\\' && !raw && p < end) {
      FRL_TRY(escape(out, &p, end));
      continue;
    }
    FRL_TRY(frl_buf_append_u8(out, (uint8_t)c));
    if (c == quote && p < end && *p == quote) p++;
  }
  return FRL_OK;
}
