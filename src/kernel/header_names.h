/** C names for columns. */
#ifndef FRL_KERNEL_HEADER_NAMES_H
#define FRL_KERNEL_HEADER_NAMES_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

enum { FRL_HEADER_NAME_BYTES = 256 };

/** Whether a row type can be called so. */
bool frl_header_is_name(const char *name);

/** The letters, digits and underscores of a name, in lower case, cut to room. */
void frl_header_plain(char *out, size_t room, const char *name);

/**
 * The member for the column of that name at index: the name itself where it can be one
 * and is not in used, else one like it. It is added to used. FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_header_member(
    char *out, const char *name, const char *row, int64_t index, frl_map *used);

#endif /* FRL_KERNEL_HEADER_NAMES_H */
