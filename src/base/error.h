/** Filling frl_error, and leaving early on failure. */
#ifndef FRL_BASE_ERROR_H
#define FRL_BASE_ERROR_H

#include <ferrule/error.h>

/** Write the message into err (may be NULL) and give back status. */
frl_status frl_fail(frl_error *err, frl_status status, const char *fmt, ...)
    FRL_PRINTF(3, 4);

/** The same for a failed system call: FRL_E_IO, errno and its text appended. */
frl_status frl_fail_errno(frl_error *err, int errno_value, const char *fmt, ...)
    FRL_PRINTF(3, 4);

/** The same for a gRPC status: mapped to an frl_status, retriable set by code. */
frl_status frl_fail_grpc(frl_error *err, int32_t grpc_code, const char *fmt, ...)
    FRL_PRINTF(3, 4);

/** The frl_status that stands for a gRPC code (0 = FRL_OK). */
frl_status frl_status_from_grpc(int32_t grpc_code);

/** Put text before the message of err, for context; err may be NULL. */
void frl_error_prefix(frl_error *err, const char *fmt, ...) FRL_PRINTF(2, 3);

#ifdef __clang_analyzer__
/* The analyzer looks at one file at a time: a failure is never FRL_OK. */
#define frl_fail(err, status, ...) (frl_fail((err), (status), __VA_ARGS__), (status))
#define frl_fail_grpc(err, code, ...) \
  (frl_fail_grpc((err), (code), __VA_ARGS__), FRL_E_IO)
#endif

/** Return from the enclosing function if expr is not FRL_OK. */
#define FRL_TRY(expr)                                      \
  do {                                                     \
    const frl_status frl_try_status_ = (expr);             \
    if (frl_try_status_ != FRL_OK) return frl_try_status_; \
  } while (0)

#endif /* FRL_BASE_ERROR_H */
