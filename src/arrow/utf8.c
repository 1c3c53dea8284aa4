#include "arrow/utf8.h"

#include <stdint.h>

/** Bytes that follow the first of a sequence, and its own bits; -1: no first byte. */
static int followers(uint8_t first, uint32_t *bits) {
  *bits = first;
  if (first < 0x80) return 0;
  *bits = first & 0x1fu;
  if (first >= 0xc2 && first < 0xe0) return 1;
  *bits = first & 0x0fu;
  if (first >= 0xe0 && first < 0xf0) return 2;
  *bits = first & 0x07u;
  return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

bool frl_utf8_check(const char *text, size_t n, size_t *bad) {
  static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  for (size_t i = 0; i < n;) {
    uint32_t c;
    const int more = followers((uint8_t)text[i], &c);
    bool good = more >= 0 && (size_t)more < n - i;
    for (int k = 1; good && k <= more; k++) {
      const uint8_t next = (uint8_t)text[i + (size_t)k];
      good = (next & 0xc0) == 0x80;
      c = c << 6 | (next & 0x3fu);
    }
    const bool surrogate = c >= 0xd800 && c < 0xe000;
    if (!good || c < smallest[more] || c > 0x10ffff || surrogate) {
      if (bad) *bad = i;
      return false;
    }
    i += (size_t)more + 1;
  }
  return true;
}
