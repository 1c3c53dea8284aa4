/** nanoarrow's results as ours. */
#ifndef FRL_ARROW_NANO_H
#define FRL_ARROW_NANO_H

/* first, so that the C Data structs are defined once, by us */
#include <ferrule/batch.h>
/* then the rest */
#include <nanoarrow/nanoarrow_ipc.h>

#include "base/error.h"

/** FRL_OK, or code's meaning with nanoarrow's message; invalid is what EINVAL means. */
frl_status frl_nano_status(int code, const struct ArrowError *said, const char *what,
    frl_status invalid, frl_error *err);

#endif /* FRL_ARROW_NANO_H */
