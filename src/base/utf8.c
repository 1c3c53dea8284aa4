#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

enum { CHARACTERS_AT_A_TIME = 32 };

static bool follows(uint8_t c) { return (c & 0xc0) == 0x80; }

/** Bytes of the character at p, of at most left; 0: none is there. */
static size_t character(const uint8_t *p, size_t left) {
  const uint8_t c = p[0];
  if (c < 0x80) return 1;
  if (c < 0xc2 || left < 2 || !follows(p[1])) return 0;
  if (c < 0xe0) return 2;
  if (left < 3 || !follows(p[2])) return 0;
  if (c < 0xf0) {
    const bool overlong = c == 0xe0 && p[1] < 0xa0;
    const bool surrogate = c == 0xed && p[1] >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (c > 0xf4 || left < 4 || !follows(p[3])) return 0;
  const bool overlong = c == 0xf0 && p[1] < 0x90;
  const bool beyond = c == 0xf4 && p[1] >= 0x90;
  return overlong || beyond ? 0 : 4;
}

/** Past the ASCII from p on, 32 bytes at a time. */
static const uint8_t *skip_ascii(const uint8_t *p, const uint8_t *end) {
  uint64_t words[4];
  while ((size_t)(end - p) >= sizeof words) {
    memcpy(words, p, sizeof words);
    if ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080)) {
      break;
    }
    p += sizeof words;
  }
  return p;
}

bool frl_utf8_check(const void *text, size_t n, size_t *bad) {
  if (n == 0) return true;
  const uint8_t *const begin = text;
  const uint8_t *const end = begin + n;
  const uint8_t *p = begin;
  while (p < end) {
    p = skip_ascii(p, end);
    /* where there is one character beyond ASCII, more are near */
    for (int i = 0; i < CHARACTERS_AT_A_TIME && p < end; i++) {
      const size_t step = character(p, (size_t)(end - p));
      if (!step) {
        if (bad) *bad = (size_t)(p - begin);
        return false;
      }
      p += step;
    }
  }
  return true;
}
