/**
 * Status codes and the description of one failure.
 *
 * Every function that can fail returns an frl_status and takes, as its last
 * parameter, an optional caller-owned frl_error that is written only on failure.
 *
 * Threads: values; no shared state.
 */
#ifndef FERRULE_ERROR_H
#define FERRULE_ERROR_H

#include <ferrule/export.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Outcome of a call. FRL_NEED_MORE and FRL_END are outcomes, not errors. */
typedef enum frl_status {
  FRL_OK = 0,
  FRL_NEED_MORE = 1,       /* feed more input and call again */
  FRL_END = 2,             /* nothing more will come */
  FRL_E_INVALID = -1,      /* an argument or an option is wrong */
  FRL_E_NOMEM = -2,        /* the allocator said no */
  FRL_E_TRUNCATED = -3,    /* input ended inside a value */
  FRL_E_MALFORMED = -4,    /* input breaks its format */
  FRL_E_LIMIT = -5,        /* a stated bound was reached */
  FRL_E_TIMEOUT = -6,      /* the time given ran out */
  FRL_E_CLOSED = -7,       /* the object is closed or closing */
  FRL_E_CANCELLED = -8,    /* the caller gave up */
  FRL_E_IO = -9,           /* the system refused; origin_code is errno */
  FRL_E_NOT_FOUND = -10,   /* the named thing does not exist */
  FRL_E_EXISTS = -11,      /* the named thing exists already */
  FRL_E_AUTH = -12,        /* credentials missing, wrong or not sufficient */
  FRL_E_UNAVAILABLE = -13, /* the peer cannot be reached or is overloaded */
  FRL_E_UNSUPPORTED = -14, /* not built, or not on this platform */
  FRL_E_STATE = -15,       /* not allowed in the object's present state */
  FRL_E_REMOTE = -16       /* the peer answered with another failure */
} frl_status;

/** Who produced frl_error.origin_code. */
enum frl_origin {
  FRL_ORIGIN_NONE = 0,
  FRL_ORIGIN_GRPC = 1, /* a gRPC status code */
  FRL_ORIGIN_HTTP = 2, /* an HTTP status */
  FRL_ORIGIN_OS = 3,   /* errno */
  FRL_ORIGIN_TLS = 4   /* an OpenSSL error code, low 31 bits */
};

/** One failure. Caller-owned; NULL accepted; written only on failure. */
typedef struct frl_error {
  int32_t origin_code;     /* gRPC status, HTTP status or errno */
  uint8_t origin;          /* enum frl_origin; 0 = none */
  bool retriable;          /* the same call may succeed later */
  uint32_t retry_after_ms; /* server's advice; 0 = none */
  char message[512];       /* UTF-8, NUL-terminated, no secrets */
} frl_error;

/** Short constant name of a status, such as "FRL_E_NOMEM". Never NULL. */
FRL_API const char *frl_status_name(frl_status status);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_ERROR_H */
