#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* what the analyzer reads instead, in the other files */
#undef frl_fail
#undef frl_fail_grpc

const char *frl_status_name(frl_status status) {
  switch (status) {
    case FRL_OK:
      return "FRL_OK";
    case FRL_NEED_MORE:
      return "FRL_NEED_MORE";
    case FRL_END:
      return "FRL_END";
    case FRL_E_INVALID:
      return "FRL_E_INVALID";
    case FRL_E_NOMEM:
      return "FRL_E_NOMEM";
    case FRL_E_TRUNCATED:
      return "FRL_E_TRUNCATED";
    case FRL_E_MALFORMED:
      return "FRL_E_MALFORMED";
    case FRL_E_LIMIT:
      return "FRL_E_LIMIT";
    case FRL_E_TIMEOUT:
      return "FRL_E_TIMEOUT";
    case FRL_E_CLOSED:
      return "FRL_E_CLOSED";
    case FRL_E_CANCELLED:
      return "FRL_E_CANCELLED";
    case FRL_E_IO:
      return "FRL_E_IO";
    case FRL_E_NOT_FOUND:
      return "FRL_E_NOT_FOUND";
    case FRL_E_EXISTS:
      return "FRL_E_EXISTS";
    case FRL_E_AUTH:
      return "FRL_E_AUTH";
    case FRL_E_UNAVAILABLE:
      return "FRL_E_UNAVAILABLE";
    case FRL_E_UNSUPPORTED:
      return "FRL_E_UNSUPPORTED";
    case FRL_E_STATE:
      return "FRL_E_STATE";
    case FRL_E_REMOTE:
      return "FRL_E_REMOTE";
  }
  return "FRL_E_UNKNOWN";
}

static void error_reset(frl_error *err) {
  err->origin_code = 0;
  err->origin = FRL_ORIGIN_NONE;
  err->retriable = false;
  err->retry_after_ms = 0;
}

/* A cut message must not end inside a UTF-8 sequence. */
static void drop_cut_sequence(char *text, size_t size) {
  size_t n = strlen(text);
  if (n + 1 < size) return; /* nothing was cut */
  size_t start = n;
  while (start > 0 && n - start < 3 && ((uint8_t)text[start - 1] & 0xc0) == 0x80) {
    start--;
  }
  if (start == 0) return;
  const uint8_t first = (uint8_t)text[start - 1];
  const size_t want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  if (want > n - start + 1) text[start - 1] = '\0';
}

FRL_PRINTF(2, 0)
static void error_format(frl_error *err, const char *fmt, va_list args) {
  error_reset(err);
  (void)vsnprintf(err->message, sizeof err->message, fmt, args);
  drop_cut_sequence(err->message, sizeof err->message);
}

frl_status frl_fail(frl_error *err, frl_status status, const char *fmt, ...) {
  if (err) {
    va_list args;
    va_start(args, fmt);
    error_format(err, fmt, args);
    va_end(args);
    err->retriable = status == FRL_E_TIMEOUT || status == FRL_E_UNAVAILABLE;
  }
  return status;
}

frl_status frl_fail_errno(frl_error *err, int errno_value, const char *fmt, ...) {
  if (err) {
    va_list args;
    va_start(args, fmt);
    error_format(err, fmt, args);
    va_end(args);
    char reason[128];
    /* the XSI form, since extensions are off */
    if (strerror_r(errno_value, reason, sizeof reason) != 0) {
      (void)snprintf(reason, sizeof reason, "errno %d", errno_value);
    }
    const size_t used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, ": %s", reason);
    err->origin = FRL_ORIGIN_OS;
    err->origin_code = errno_value;
  }
  return FRL_E_IO;
}

/* Codes of grpc/doc/statuscodes.md. */
frl_status frl_status_from_grpc(int32_t grpc_code) {
  switch (grpc_code) {
    case 0:
      return FRL_OK;
    case 1:
      return FRL_E_CANCELLED;
    case 3:
      return FRL_E_INVALID;
    case 4:
      return FRL_E_TIMEOUT;
    case 5:
      return FRL_E_NOT_FOUND;
    case 6:
      return FRL_E_EXISTS;
    case 7:
      return FRL_E_AUTH;
    case 8:
      return FRL_E_LIMIT;
    case 9:
      return FRL_E_STATE;
    case 11:
      return FRL_E_INVALID;
    case 12:
      return FRL_E_UNSUPPORTED;
    case 14:
      return FRL_E_UNAVAILABLE;
    case 16:
      return FRL_E_AUTH;
    default:
      return FRL_E_REMOTE;
  }
}

frl_status frl_fail_grpc(frl_error *err, int32_t grpc_code, const char *fmt, ...) {
  if (err) {
    va_list args;
    va_start(args, fmt);
    error_format(err, fmt, args);
    va_end(args);
    err->origin = FRL_ORIGIN_GRPC;
    err->origin_code = grpc_code;
    err->retriable = grpc_code == 4 || grpc_code == 8 || grpc_code == 10 ||
                     grpc_code == 13 || grpc_code == 14;
  }
  const frl_status status = frl_status_from_grpc(grpc_code);
  return status == FRL_OK ? FRL_E_REMOTE : status;
}

void frl_error_prefix(frl_error *err, const char *fmt, ...) {
  if (!err) return;
  char former[sizeof err->message];
  memcpy(former, err->message, sizeof former);
  va_list args;
  va_start(args, fmt);
  (void)vsnprintf(err->message, sizeof err->message, fmt, args);
  va_end(args);
  const size_t used = strlen(err->message);
  (void)snprintf(err->message + used, sizeof err->message - used, "%.*s",
      (int)(sizeof former - 1), former);
  drop_cut_sequence(err->message, sizeof err->message);
}
