/** Schemas of files that commands are given. */
#ifndef CLI_SCHEMA_FILE_H
#define CLI_SCHEMA_FILE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>

/** The schema of an Arrow IPC stream or file; the caller releases it. */
frl_status cli_read_arrow_schema(
    struct ArrowSchema *out, const char *path, frl_error *err);

#endif /* CLI_SCHEMA_FILE_H */
