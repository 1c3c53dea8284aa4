#include "arrow/layout.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

enum { MAX_FIXED_BINARY_BYTES = 1 << 20 };

/** Decimal digits at *at, moved past; false when there are none or too many. */
static bool number(const char **at, uint32_t *out) {
  const char *p = *at;
  uint32_t value = 0;
  while (*p >= '0' && *p <= '9' && value < 100000000) {
    value = value * 10 + (uint32_t)(*p++ - '0');
  }
  if (p == *at) return false;
  *at = p;
  *out = value;
  return true;
}

static uint32_t plain_width(char letter) {
  switch (letter) {
    case 'c':
    case 'C':
      return 1;
    case 's':
    case 'S':
    case 'e':
      return 2;
    case 'i':
    case 'I':
    case 'f':
      return 4;
    case 'l':
    case 'L':
    case 'g':
      return 8;
    default:
      return 0;
  }
}

static frl_status decimal(frl_layout *out, const char *rest) {
  uint32_t precision;
  uint32_t scale;
  uint32_t bits = 128;
  if (*rest++ != ':' || !number(&rest, &precision)) return FRL_E_MALFORMED;
  if (*rest++ != ',') return FRL_E_MALFORMED;
  if (*rest == '-') rest++;
  if (!number(&rest, &scale)) return FRL_E_MALFORMED;
  if (*rest == ',') {
    rest++;
    if (!number(&rest, &bits)) return FRL_E_MALFORMED;
  }
  if (*rest || (bits != 32 && bits != 64 && bits != 128 && bits != 256)) {
    return FRL_E_MALFORMED;
  }
  out->kind = FRL_LAYOUT_FIXED;
  out->width_bytes = bits / 8;
  return FRL_OK;
}

static frl_status fixed_binary(frl_layout *out, const char *rest) {
  uint32_t width;
  if (*rest++ != ':' || !number(&rest, &width) || *rest) return FRL_E_MALFORMED;
  if (width > MAX_FIXED_BINARY_BYTES) return FRL_E_LIMIT;
  out->kind = FRL_LAYOUT_FIXED;
  out->width_bytes = width;
  return FRL_OK;
}

static frl_status temporal(frl_layout *out, const char *rest) {
  static const struct {
    const char *text;
    uint32_t width_bytes;
  } known[] = {{"dD", 4}, {"dm", 8}, {"ts", 4}, {"tm", 4}, {"tu", 8}, {"tn", 8},
      {"Ds", 8}, {"Dm", 8}, {"Du", 8}, {"Dn", 8}, {"iM", 4}, {"iD", 8}, {"in", 16}};
  out->kind = FRL_LAYOUT_FIXED;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(rest, known[i].text) == 0) {
      out->width_bytes = known[i].width_bytes;
      return FRL_OK;
    }
  }
  out->width_bytes = 8;
  const bool timestamp =
      rest[0] == 's' && rest[1] && strchr("smun", rest[1]) && rest[2] == ':';
  return timestamp ? FRL_OK : FRL_E_MALFORMED;
}

static frl_status nested(frl_layout *out, const char *rest) {
  if (strcmp(rest, "l") == 0) {
    out->kind = FRL_LAYOUT_LIST;
  } else if (strcmp(rest, "m") == 0) {
    out->kind = FRL_LAYOUT_MAP;
  } else if (strcmp(rest, "s") == 0) {
    out->kind = FRL_LAYOUT_STRUCT;
  } else if (*rest && strchr("LwvurV", *rest)) {
    out->kind = FRL_LAYOUT_OTHER;
  } else {
    return FRL_E_MALFORMED;
  }
  return FRL_OK;
}

frl_status frl_layout_of(frl_layout *out, const char *format) {
  *out = (frl_layout){.kind = FRL_LAYOUT_OTHER};
  if (!format || !*format) return FRL_E_MALFORMED;
  out->format0 = *format;
  const char *rest = format + 1;
  switch (*format) {
    case 'd':
      return decimal(out, rest);
    case 'w':
      return fixed_binary(out, rest);
    case 't':
      return temporal(out, rest);
    case '+':
      return nested(out, rest);
    case 'v':
      return strcmp(rest, "u") == 0 || strcmp(rest, "z") == 0 ? FRL_OK
                                                              : FRL_E_MALFORMED;
    default:
      break;
  }
  if (*rest) return FRL_E_MALFORMED;
  out->width_bytes = plain_width(*format);
  if (out->width_bytes) out->kind = FRL_LAYOUT_FIXED;
  if (*format == 'n') out->kind = FRL_LAYOUT_NULL;
  if (*format == 'b') out->kind = FRL_LAYOUT_BOOL;
  if (*format == 'u' || *format == 'z') out->kind = FRL_LAYOUT_BYTES;
  if (out->kind == FRL_LAYOUT_OTHER && *format != 'U' && *format != 'Z') {
    return FRL_E_MALFORMED;
  }
  return FRL_OK;
}
