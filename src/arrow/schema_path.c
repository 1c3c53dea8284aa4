#include "arrow/schema_path.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"

enum { PATH_SHOWN_BYTES = 200 };

/** Appends the path's names, outermost first, as far as there is room. */
static void append(const frl_schema_path *path, char *text, size_t *used) {
  if (path->up) {
    append(path->up, text, used);
    if (*used < PATH_SHOWN_BYTES) text[(*used)++] = '.';
  }
  for (const char *c = path->name; *c && *used < PATH_SHOWN_BYTES; c++) {
    text[(*used)++] = *c;
  }
}

frl_status frl_schema_path_fail(frl_error *err, frl_status status, const char *what,
    const frl_schema_path *path, const char *message) {
  if (!path) return frl_fail(err, status, "%s: %s", what, message);
  char text[PATH_SHOWN_BYTES + 1] = {0};
  size_t used = 0;
  append(path, text, &used);
  return frl_fail(err, status, "%s, field \"%s\": %s", what, text, message);
}
