#include "kernel/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DAY_NS INT64_C(86400000000000)

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

/** As frl_utf8_check, made for long texts: 32 bytes of ASCII at a time. */
static bool is_utf8(const char *text, size_t n) {
  const uint8_t *p = (const uint8_t *)text;
  const uint8_t *const end = p + n;
  while (p < end) {
    uint64_t words[4];
    while ((size_t)(end - p) >= sizeof words) {
      memcpy(words, p, sizeof words);
      if ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080)) {
        break;
      }
      p += sizeof words;
    }
    /* where there is one such character more are near */
    for (int i = 0; i < CHARACTERS_AT_A_TIME && p < end; i++) {
      const size_t step = character(p, (size_t)(end - p));
      if (!step) return false;
      p += step;
    }
  }
  return true;
}

int64_t frl_value_bad_utf8(const struct ArrowArray *array, int64_t from, int64_t n) {
  const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset;
  const char *bytes = array->buffers[2];
  if (offsets[from] == offsets[from + n]) return -1;
  /* all at once; then no value may begin within a character */
  bool good =
      is_utf8(bytes + offsets[from], (size_t)(offsets[from + n] - offsets[from]));
  for (int64_t i = from + 1; good && i < from + n; i++) {
    good =
        offsets[i] == offsets[from + n] || ((uint8_t)bytes[offsets[i]] & 0xc0) != 0x80;
  }
  if (good) return -1;
  for (int64_t i = from; i < from + n; i++) {
    if (!is_utf8(bytes + offsets[i], (size_t)(offsets[i + 1] - offsets[i]))) return i;
  }
  return -1;
}

typedef struct wide {
  uint64_t high;
  uint64_t low;
} wide;

static wide power_of_ten(long digits) {
  wide w = {0, 1};
  for (long i = 0; i < digits; i++) {
    /* w * 10 = w * 8 + w * 2 */
    const wide eight = {w.high << 3 | w.low >> 61, w.low << 3};
    const wide two = {w.high << 1 | w.low >> 63, w.low << 1};
    w.low = eight.low + two.low;
    w.high = eight.high + two.high + (w.low < two.low);
  }
  return w;
}

int64_t frl_value_bad_decimal(
    const char *format, const struct ArrowArray *array, int64_t from, int64_t n) {
  const wide bound = power_of_ten(strtol(format + 2, NULL, 10));
  const uint8_t *values = array->buffers[1];
  for (int64_t i = from; i < from + n; i++) {
    wide v;
    memcpy(&v.low, values + (array->offset + i) * 16, 8);
    memcpy(&v.high, values + (array->offset + i) * 16 + 8, 8);
    if (v.high >> 63) {
      v.low = ~v.low + 1;
      v.high = ~v.high + (v.low == 0);
    }
    if (v.high > bound.high || (v.high == bound.high && v.low >= bound.low)) return i;
  }
  return -1;
}

int64_t frl_value_bad_time(const struct ArrowArray *array, int64_t from, int64_t n) {
  const uint8_t *values = array->buffers[1];
  for (int64_t i = from; i < from + n; i++) {
    int64_t t;
    memcpy(&t, values + (array->offset + i) * 8, 8);
    if (t < 0 || t >= DAY_NS) return i;
  }
  return -1;
}
