#include "line_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"

enum { FIRST_BYTES = 64 * 1024 };

void line_reader_init(line_reader *r, int fd, size_t max_bytes) {
  *r = (line_reader){.fd = fd, .max = max_bytes};
}

void line_reader_deinit(line_reader *r) {
  free(r->buf);
  r->buf = NULL;
}

/* Room for at least one more byte behind what is there. */
static frl_status make_room(line_reader *r, frl_error *err) {
  if (r->buf && r->start > 0) {
    memmove(r->buf, r->buf + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
  }
  if (r->end < r->cap) return FRL_OK;
  if (r->cap >= r->max) {
    (void)snprintf(err->message, sizeof err->message,
        "line %llu is longer than %zu bytes, which no message may be",
        (unsigned long long)r->line + 1, r->max);
    return FRL_E_LIMIT;
  }
  size_t cap = r->cap ? r->cap * 2 : FIRST_BYTES;
  if (cap > r->max) cap = r->max;
  char *grown = realloc(r->buf, cap);
  if (!grown) {
    (void)snprintf(err->message, sizeof err->message, "line %llu: out of memory",
        (unsigned long long)r->line + 1);
    return FRL_E_NOMEM;
  }
  r->buf = grown;
  r->cap = cap;
  return FRL_OK;
}

static frl_status read_more(line_reader *r, frl_error *err) {
  const frl_status st = make_room(r, err);
  if (st != FRL_OK) return st;
  ssize_t got;
  do {
    if (cli_interrupted()) return FRL_E_CANCELLED;
    got = read(r->fd, r->buf + r->end, r->cap - r->end);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    (void)snprintf(
        err->message, sizeof err->message, "cannot read: %s", strerror(errno));
    return FRL_E_IO;
  }
  r->ended = got == 0;
  r->end += (size_t)got;
  return FRL_OK;
}

static char *line_end(const line_reader *r, size_t looked) {
  if (!r->buf) return NULL;
  return memchr(r->buf + r->start + looked, '\n', r->end - r->start - looked);
}

frl_status line_reader_next(line_reader *r, char **line, size_t *n, frl_error *err) {
  size_t looked = 0; /* of what is there, no line end in it */
  for (;;) {
    const size_t have = r->end - r->start;
    char *found = line_end(r, looked);
    if (found || (r->ended && have)) {
      char *from = r->buf + r->start;
      *line = from;
      *n = found ? (size_t)(found - from) : have;
      r->start += *n + (found ? 1 : 0);
      if (found && *n && from[*n - 1] == '\r') (*n)--;
      r->line++;
      return FRL_OK;
    }
    if (r->ended) return FRL_END;
    looked = have;
    const frl_status st = read_more(r, err);
    if (st != FRL_OK) return st;
  }
}
