/**
 * Log lines go to one callback of the application; without one, nowhere.
 *
 * A line never holds a secret or a payload.
 */
#ifndef FERRULE_LOG_H
#define FERRULE_LOG_H

#include <ferrule/export.h>

#ifdef __cplusplus
extern "C" {
#endif

enum frl_log_level {
  FRL_LOG_ERROR = 0,
  FRL_LOG_WARN = 1,
  FRL_LOG_INFO = 2,
  FRL_LOG_DEBUG = 3
};

/**
 * @param facility  constant short name of the speaking part, such as "pubsub".
 * @param line      NUL-terminated, without newline; valid during the call only.
 * Called from any thread; must not call back into Ferrule.
 */
typedef void (*frl_log_fn)(
    void *ctx, enum frl_log_level level, const char *facility, const char *line);

/**
 * Set the process-wide log callback; fn NULL silences. Lines above max_level
 * are not formatted at all. Threads: any; a line under way may still reach the
 * former callback.
 */
FRL_API void frl_log_set(frl_log_fn fn, void *ctx, enum frl_log_level max_level);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_LOG_H */
