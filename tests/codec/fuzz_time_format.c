/*
 * Any pattern is compiled or refused with a reason, and reads any text without harm:
 * what it reads as a time it reads as a date too, unless that is out of range.
 *
 * Input: the pattern, a line's end, the text.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/time_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *const end = memchr(data, '\n', size);
  if (!end || end - data > 200) return 0;
  char pattern[201] = {0};
  memcpy(pattern, data, (size_t)(end - data));
  frl_time_format format;
  frl_error err = {0};
  if (frl_time_format_compile(&format, pattern, &err) != FRL_OK) {
    if (!err.message[0]) abort();
    return 0;
  }
  const size_t n = size - (size_t)(end + 1 - data);
  char *text = malloc(n ? n : 1); /* ASan sees one byte too far */
  if (!text) abort();
  memcpy(text, end + 1, n);
  int64_t ntz;
  int32_t days;
  const frl_status st = frl_time_format_timestamp_ntz(&format, &ntz, text, n);
  const frl_status date = frl_time_format_date(&format, &days, text, n);
  if (st == FRL_OK && date != FRL_OK) abort();
  if (st == FRL_OK && date == FRL_OK) {
    const int64_t day_us = (int64_t)86400 * 1000000;
    const int64_t day = ntz / day_us - (ntz % day_us < 0);
    if (day != days) abort();
  }
  free(text);
  return 0;
}
