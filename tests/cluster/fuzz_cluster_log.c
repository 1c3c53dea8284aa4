/* Whatever a service writes: every part that is taken out lies within the line. */
#include <stdlib.h>
#include <string.h>

#include "cluster/log_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  frl_cluster_log_context context = {.time = ""};
  const char *text = (const char *)data;
  for (size_t at = 0; at < n;) {
    const char *end = memchr(text + at, '\n', n - at);
    const size_t len = end ? (size_t)(end - text) - at : n - at;
    frl_cluster_line line;
    if (frl__cluster_log_parse(&line, &context, text + at, len)) {
      if (line.message < text + at || line.message_len > len) abort();
      if (line.message + line.message_len > text + at + len) abort();
      if (line.logger < text + at || line.logger_len > len) abort();
      if (strlen(line.time) > FRL_CLUSTER_TIME_BYTES) abort();
    }
    at += len + 1;
  }
  return 0;
}
