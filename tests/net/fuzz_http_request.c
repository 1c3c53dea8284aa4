/* Whatever comes in on the status page's port. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  frl_http_request r;
  const frl_status st = frl_http_request_parse(&r, (const char *)data, n);
  if (st == FRL_OK && (r.path[0] != '/' || strlen(r.path) >= sizeof r.path)) abort();
  return 0;
}
