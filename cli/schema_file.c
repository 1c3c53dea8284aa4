#include "schema_file.h"

#include <ferrule/schema.h>

#include "error_context.h"

frl_status cli_read_arrow_schema(
    struct ArrowSchema *out, const char *path, frl_error *err) {
  frl_ipc_reader *reader = NULL;
  frl_status st = frl_ipc_reader_open(&reader, path, NULL, err);
  if (st == FRL_OK) {
    st = frl_schema_copy(out, NULL, frl_ipc_reader_schema(reader), err);
  }
  frl_ipc_reader_destroy(reader);
  return st == FRL_OK ? st : cli_error_in_file(err, st, path);
}
