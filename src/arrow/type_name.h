/** What people call the type that a format string of the Arrow C Data Interface means.
 */
#ifndef FRL_ARROW_TYPE_NAME_H
#define FRL_ARROW_TYPE_NAME_H

#include <ferrule/error.h>

enum { FRL_ARROW_TYPE_NAME_BYTES = 96, FRL_ARROW_REFUSAL_BYTES = 160 };

/** "large_string", "timestamp[ns]"; what is no format comes back in quotes. */
void frl_arrow_type_name(char out[FRL_ARROW_TYPE_NAME_BYTES], const char *format);

/** Why frl_spark_type_of_arrow gave this status for a format; gives out. */
const char *frl_arrow_refusal(
    char out[FRL_ARROW_REFUSAL_BYTES], frl_status st, const char *format);

#endif /* FRL_ARROW_TYPE_NAME_H */
