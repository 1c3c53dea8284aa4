#include "cluster/stamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "cluster/log_line.h"

enum { MICROS = 1000000 };

static void time_text(char out[FRL_CLUSTER_TIME_BYTES + 1], int64_t now_us) {
  const time_t seconds = (time_t)(now_us / MICROS);
  struct tm utc = {0};
  char day[32] = "";
  if (gmtime_r(&seconds, &utc)) {
    (void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
  }
  (void)snprintf(out, FRL_CLUSTER_TIME_BYTES + 1, "%.19s.%03uZ", day,
      (unsigned)(now_us % MICROS / 1000) % 1000U);
}

frl_status frl__cluster_stamp(
    bool *within, int64_t now_us, const char *data, size_t n, frl_buf *out) {
  char text[FRL_CLUSTER_TIME_BYTES + 1];
  time_text(text, now_us);
  while (n) {
    const char *end = memchr(data, '\n', n);
    const size_t length = end ? (size_t)(end - data) + 1 : n;
    if (!*within) FRL_TRY(frl_buf_printf(out, "%s ", text));
    FRL_TRY(frl_buf_append(out, data, length));
    *within = end == NULL;
    data += length;
    n -= length;
  }
  return FRL_OK;
}
