#include "codec/time_pattern.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "codec/time_format.h"

enum { ANY_DIGITS = 19, DEPTH_MAX = 8, NO_BASE = -1 };

typedef struct compiler {
  frl_time_format *out;
  const char *pattern;
  const char *pos;
  int base; /* the number that digits right behind it may belong to */
  uint8_t open[DEPTH_MAX];
  size_t depth;
  uint32_t fields; /* bits of frl_time_field */
  frl_error *err;
} compiler;

static frl_status refuse(const compiler *c, const char *why) {
  return frl_fail(c->err, FRL_E_INVALID, "the pattern \"%.80s\", at \"%.20s\": %s",
      c->pattern, c->pos, why);
}

static frl_status add(compiler *c, frl_time_item item) {
  if (c->out->n == FRL_TIME_FORMAT_ITEMS) return refuse(c, "it is too long");
  c->out->items[c->out->n++] = item;
  if (item.kind != FRL_TIME_LITERAL && item.kind != FRL_TIME_OPTIONAL) {
    c->fields |= 1u << item.field;
  }
  return FRL_OK;
}

static frl_status add_other(compiler *c, frl_time_item item) {
  c->base = NO_BASE;
  return add(c, item);
}

/* Numbers of a fixed width leave their digits to the first of their row. */
static frl_status add_number(compiler *c, frl_time_item item) {
  const bool fixed = item.min == item.max && item.sign == FRL_TIME_SIGN_NONE;
  const int index = c->out->n;
  FRL_TRY(add(c, item));
  if (c->base != NO_BASE && fixed) {
    c->out->items[c->base].subsequent =
        (uint8_t)(c->out->items[c->base].subsequent + item.max);
  } else {
    c->base = index;
  }
  return FRL_OK;
}

static frl_status year(compiler *c, size_t n) {
  frl_time_item item = {.kind = FRL_TIME_NUMBER,
      .field = FRL_TIME_YEAR,
      .min = (uint8_t)n,
      .max = ANY_DIGITS,
      .sign = n < 4 ? FRL_TIME_SIGN_NORMAL : FRL_TIME_SIGN_EXCEEDS_PAD};
  if (n > 6) return refuse(c, "a year has 6 letters at most");
  if (n == 2) {
    item.kind = FRL_TIME_YEAR_OF_CENTURY;
    item.max = 2;
    item.sign = FRL_TIME_SIGN_NONE;
  }
  return add_number(c, item);
}

static frl_status one_or_two(compiler *c, enum frl_time_field field, size_t n) {
  if (n > 2) return refuse(c, "one or two of this letter are allowed");
  return add_number(c, (frl_time_item){.kind = FRL_TIME_NUMBER,
                           .field = (uint8_t)field,
                           .min = (uint8_t)n,
                           .max = n == 2 ? 2 : ANY_DIGITS,
                           .sign = n == 2 ? FRL_TIME_SIGN_NONE : FRL_TIME_SIGN_NORMAL});
}

static frl_status fraction(compiler *c, size_t n) {
  if (n > 9) return refuse(c, "a fraction has 9 digits at most");
  if (n == 1 && c->base != NO_BASE &&
      c->out->items[c->base].min != c->out->items[c->base].max) {
    return refuse(c,
        "S right behind a number of any width is read differently by "
        "different versions of Java");
  }
  return add_other(c, (frl_time_item){.kind = FRL_TIME_FRACTION,
                          .field = FRL_TIME_NANO,
                          .min = 1,
                          .max = (uint8_t)n});
}

static frl_status letters(compiler *c, char letter, size_t n) {
  switch (letter) {
    case 'y':
      return year(c, n);
    case 'M':
      if (n > 4) return refuse(c, "a month has 4 letters at most");
      if (n < 3) return one_or_two(c, FRL_TIME_MONTH, n);
      return add_other(
          c, (frl_time_item){
                 .kind = FRL_TIME_TEXT, .field = FRL_TIME_MONTH, .min = (uint8_t)n});
    case 'd':
      return one_or_two(c, FRL_TIME_DAY, n);
    case 'H':
      return one_or_two(c, FRL_TIME_HOUR, n);
    case 'h':
      return one_or_two(c, FRL_TIME_HOUR_OF_HALF, n);
    case 'm':
      return one_or_two(c, FRL_TIME_MINUTE, n);
    case 's':
      return one_or_two(c, FRL_TIME_SECOND, n);
    case 'S':
      return fraction(c, n);
    case 'a':
      if (n > 1) return refuse(c, "one a is allowed");
      return add_other(
          c, (frl_time_item){.kind = FRL_TIME_TEXT, .field = FRL_TIME_HALF});
    case 'X':
    case 'x':
    case 'Z':
      if (n > 3) return refuse(c, "an offset of 4 or 5 letters is not built");
      return add_other(c, (frl_time_item){.kind = FRL_TIME_OFFSET_OF,
                              .field = FRL_TIME_OFFSET,
                              .min = (uint8_t)n,
                              .literal = letter});
    default:
      return refuse(c,
          "this letter is not built: put text in single quotes, or read "
          "the column as STRING and cast it");
  }
}

static frl_status literal(compiler *c, char byte) {
  return add_other(c, (frl_time_item){.kind = FRL_TIME_LITERAL, .literal = byte});
}

static frl_status quoted(compiler *c) {
  const char *end = strchr(c->pos + 1, '\'');
  if (!end) return refuse(c, "the quote is not closed");
  if (end == c->pos + 1 || end[1] == '\'') {
    return refuse(c, "a quote as text is not built");
  }
  for (const char *p = c->pos + 1; p < end; p++) FRL_TRY(literal(c, *p));
  c->pos = end + 1;
  return FRL_OK;
}

static frl_status begin_optional(compiler *c) {
  if (c->depth == DEPTH_MAX) return refuse(c, "[ is nested too deep");
  c->open[c->depth++] = c->out->n;
  return add_other(c, (frl_time_item){.kind = FRL_TIME_OPTIONAL});
}

static frl_status end_optional(compiler *c) {
  if (c->depth == 0) return refuse(c, "] has no [ before it");
  c->out->items[c->open[--c->depth]].subsequent = c->out->n;
  c->base = NO_BASE;
  return FRL_OK;
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static frl_status next(compiler *c) {
  const char first = *c->pos;
  if (is_letter(first)) {
    size_t n = 1;
    while (c->pos[n] == first) n++;
    FRL_TRY(letters(c, first, n));
    c->pos += n;
    return FRL_OK;
  }
  if (first == '\'') return quoted(c);
  if (strchr("{}#", first)) return refuse(c, "this character is reserved");
  FRL_TRY(first == '['   ? begin_optional(c)
          : first == ']' ? end_optional(c)
                         : literal(c, first));
  c->pos++;
  return FRL_OK;
}

static bool has(const compiler *c, enum frl_time_field field) {
  return c->fields >> field & 1;
}

frl_status frl_time_format_compile(
    frl_time_format *out, const char *pattern, frl_error *err) {
  *out = (frl_time_format){.n = 0};
  compiler c = {
      .out = out, .pattern = pattern, .pos = pattern, .base = NO_BASE, .err = err};
  while (*c.pos) FRL_TRY(next(&c));
  while (c.depth) FRL_TRY(end_optional(&c));
  if (out->n == 0) return refuse(&c, "it is empty");
  if (has(&c, FRL_TIME_HOUR) &&
      (has(&c, FRL_TIME_HOUR_OF_HALF) || has(&c, FRL_TIME_HALF))) {
    return refuse(&c, "H beside h or a is not built");
  }
  return FRL_OK;
}
