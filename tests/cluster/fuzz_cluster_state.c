/* A state file that something else has written: refused or read, never believed
 * blindly. */
#include <stdlib.h>

#include "cluster/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  static frl_cluster_state state;
  static frl_cluster_state again;
  if (frl__cluster_state_parse(&state, (const char *)data, n, NULL) != FRL_OK) return 0;
  size_t len = 0;
  char *text = frl__cluster_state_text(&state, &len);
  /* text that is no UTF-8 is refused by the reader, so the writer has none */
  if (!text || frl__cluster_state_parse(&again, text, len, NULL) != FRL_OK) abort();
  free(text);
  return 0;
}
