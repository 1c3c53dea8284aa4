/** Lines of a file, a pipe or a terminal, bounded; an interrupt ends the wait for one.
 */
#ifndef FERRULE_CLI_LINE_READER_H
#define FERRULE_CLI_LINE_READER_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct line_reader {
  int fd; /* the caller's */
  char *buf;
  size_t start;
  size_t end;
  size_t cap;
  size_t max; /* bytes of a line, its end included */
  bool ended;
  uint64_t line; /* number of the last one given, from 1 */
} line_reader;

void line_reader_init(line_reader *r, int fd, size_t max_bytes);
void line_reader_deinit(line_reader *r);
/**
 * The next line without its end, LF or CRLF; valid until the next call.
 *
 * @return FRL_OK; FRL_END; FRL_E_CANCELLED (an interrupt); FRL_E_LIMIT (longer than
 *         max); FRL_E_IO; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status line_reader_next(
    line_reader *r, char **line, size_t *n, frl_error *err);

#endif /* FERRULE_CLI_LINE_READER_H */
