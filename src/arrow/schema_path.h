/** Where in a schema one is, for messages. */
#ifndef FRL_ARROW_SCHEMA_PATH_H
#define FRL_ARROW_SCHEMA_PATH_H

#include <ferrule/error.h>

/** A chain of names that lies on the stack of whoever walks; NULL: the root. */
typedef struct frl_schema_path {
  const struct frl_schema_path *up;
  const char *name;
  int depth; /* of the root's children: 1 */
} frl_schema_path;

/** Fails with "WHAT, field \"a.b.element\": " before the message. */
frl_status frl_schema_path_fail(frl_error *err, frl_status status, const char *what,
    const frl_schema_path *path, const char *message);

#endif /* FRL_ARROW_SCHEMA_PATH_H */
