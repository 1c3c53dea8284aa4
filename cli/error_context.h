/** Where a failure came from and what to do, put around what the library says of it. */
#ifndef FERRULE_CLI_ERROR_CONTEXT_H
#define FERRULE_CLI_ERROR_CONTEXT_H

#include <ferrule/error.h>

/**
 * Puts "WHERE: " before the message, which is the status's name where it is empty. What
 * does not fit is cut off at the end.
 */
void cli_error_before(frl_error *err, frl_status status, const char *where, ...)
    FRL_PRINTF(3, 4);
/** The same with the file that was read, "-" being the standard input; gives status. */
frl_status cli_error_in_file(frl_error *err, frl_status status, const char *path);
/** Puts text behind the message. */
void cli_error_after(frl_error *err, const char *text, ...) FRL_PRINTF(2, 3);

#endif /* FERRULE_CLI_ERROR_CONTEXT_H */
