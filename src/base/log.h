/** Writing a log line. Cheap when the level is off. */
#ifndef FRL_BASE_LOG_H
#define FRL_BASE_LOG_H

#include <ferrule/log.h>

/** Any thread. Lines longer than 1,023 bytes are cut. */
void frl_log(enum frl_log_level level, const char *facility, const char *fmt, ...)
    FRL_PRINTF(3, 4);

#endif /* FRL_BASE_LOG_H */
