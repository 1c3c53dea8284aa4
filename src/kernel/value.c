#include "kernel/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define DAY_NS INT64_C(86400000000000)

int64_t frl_value_bad_utf8(const struct ArrowArray *array, int64_t from, int64_t n) {
  const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset;
  const char *bytes = array->buffers[2];
  if (offsets[from] == offsets[from + n]) return -1;
  /* all at once; then no value may begin within a character */
  bool good = frl_utf8_check(
      bytes + offsets[from], (size_t)(offsets[from + n] - offsets[from]), NULL);
  for (int64_t i = from + 1; good && i < from + n; i++) {
    good =
        offsets[i] == offsets[from + n] || ((uint8_t)bytes[offsets[i]] & 0xc0) != 0x80;
  }
  if (good) return -1;
  for (int64_t i = from; i < from + n; i++) {
    const size_t size = (size_t)(offsets[i + 1] - offsets[i]);
    if (!frl_utf8_check(bytes + offsets[i], size, NULL)) return i;
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
