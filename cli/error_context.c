#include "error_context.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WHERE_MAX_BYTES = 256, AFTER_MAX_BYTES = 256 };

void cli_error_before(frl_error *err, frl_status status, const char *where, ...) {
  char before[WHERE_MAX_BYTES + 2];
  va_list args;
  va_start(args, where);
  (void)vsnprintf(before, WHERE_MAX_BYTES, where, args);
  va_end(args);
  size_t n = strlen(before);
  before[n++] = ':';
  before[n++] = ' ';
  char *message = err->message;
  if (!message[0]) {
    (void)snprintf(message, sizeof err->message, "%s", frl_status_name(status));
  }
  const size_t room = sizeof err->message - 1 - n;
  const size_t kept = strlen(message) < room ? strlen(message) : room;
  memmove(message + n, message, kept);
  memcpy(message, before, n);
  message[n + kept] = '\0';
}

frl_status cli_error_in_file(frl_error *err, frl_status status, const char *path) {
  const bool piped = strcmp(path, "-") == 0;
  const bool told = !piped && strstr(err->message, path);
  if (!told) cli_error_before(err, status, "%.200s", piped ? "standard input" : path);
  return status;
}

void cli_error_after(frl_error *err, const char *text, ...) {
  char after[AFTER_MAX_BYTES];
  va_list args;
  va_start(args, text);
  (void)vsnprintf(after, sizeof after, text, args);
  va_end(args);
  /* what to do counts more than the end of a long story */
  const size_t room = sizeof err->message - 1 - strlen(after);
  size_t n = strlen(err->message);
  if (n > room) n = room;
  memcpy(err->message + n, after, strlen(after) + 1);
}
