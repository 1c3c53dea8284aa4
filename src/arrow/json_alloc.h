/** yyjson's memory from an frl_mem. */
#ifndef FRL_ARROW_JSON_ALLOC_H
#define FRL_ARROW_JSON_ALLOC_H

#include <ferrule/mem.h>
#include <yyjson.h>

/** mem must stay where it is as long as the result is used. */
yyjson_alc frl_json_alloc(const frl_mem *mem);

#endif /* FRL_ARROW_JSON_ALLOC_H */
