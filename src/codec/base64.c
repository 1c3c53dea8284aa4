#include "codec/base64.h"

enum { NOT_A_DIGIT = 64 };

static unsigned digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return (unsigned)(c - 'A');
  if (c >= 'a' && c <= 'z') return (unsigned)(c - 'a') + 26;
  if (c >= '0' && c <= '9') return (unsigned)(c - '0') + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : NOT_A_DIGIT;
}

/* What ends a group early: one or two signs of equality, then nothing. */
static bool padding_is_right(const char *text, size_t n, unsigned have) {
  if (have < 2) return false;
  size_t signs = 0;
  for (size_t i = 0; i < n; i++) {
    if ((unsigned char)text[i] <= ' ' && signs == 4 - have) continue;
    if (text[i] != '=' || ++signs > 4 - have) return false;
  }
  return signs == 4 - have;
}

bool frl_base64_decode(uint8_t *out, size_t *out_bytes, const char *text, size_t n) {
  uint8_t *p = out;
  uint32_t bits = 0;
  unsigned have = 0;
  for (size_t i = 0; i < n; i++) {
    const unsigned digit = digit_of(text[i]);
    if (digit == NOT_A_DIGIT) {
      if (have == 0 && (unsigned char)text[i] <= ' ') continue;
      if (!padding_is_right(text + i, n - i, have)) return false;
      *p++ = (uint8_t)(have == 2 ? bits >> 4 : bits >> 10);
      if (have == 3) *p++ = (uint8_t)(bits >> 2);
      have = 0;
      break;
    }
    bits = bits << 6 | digit;
    if (++have < 4) continue;
    *p++ = (uint8_t)(bits >> 16);
    *p++ = (uint8_t)(bits >> 8);
    *p++ = (uint8_t)bits;
    bits = 0;
    have = 0;
  }
  *out_bytes = (size_t)(p - out);
  return have == 0;
}
