#include "arrow/nano.h"

#include <errno.h>

frl_status frl_nano_status(int code, const struct ArrowError *said, const char *what,
    frl_status invalid, frl_error *err) {
  frl_status st = invalid;
  if (code == 0) return FRL_OK;
  if (code == ENOMEM) return frl_fail(err, FRL_E_NOMEM, "%s: out of memory", what);
  if (code == ESPIPE) st = FRL_E_TRUNCATED;
  if (code == ENOTSUP) st = FRL_E_UNSUPPORTED;
  return frl_fail(err, st, "%s: %s", what, said->message);
}
