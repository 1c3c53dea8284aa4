/** Whether bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef FRL_BASE_UTF8_H
#define FRL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/** On false *bad, if not NULL, is where the first wrong sequence begins. */
bool frl_utf8_check(const void *text, size_t n, size_t *bad);

#endif /* FRL_BASE_UTF8_H */
