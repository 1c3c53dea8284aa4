/**
 * Making an ArrowSchema piece by piece.
 *
 * A schema made here owns copies of all its texts and its children; the functions
 * below take only such schemas, not foreign ones. Threads: one at a time.
 */
#ifndef FRL_ARROW_SCHEMA_MAKE_H
#define FRL_ARROW_SCHEMA_MAKE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Nullable, without name, metadata and children. FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_schema_make(
    struct ArrowSchema *out, const frl_mem *mem, const char *format);
FRL_NODISCARD frl_status frl_schema_set_format(
    struct ArrowSchema *schema, const char *format);
/** FRL_E_MALFORMED when the name has a NUL in it. */
FRL_NODISCARD frl_status frl_schema_set_name(
    struct ArrowSchema *schema, const char *name, size_t n);
/** Appends a pair; whether the key is there already is not looked at. */
FRL_NODISCARD frl_status frl_schema_add_metadata(
    struct ArrowSchema *schema, const char *key, const char *value, size_t n);
/** *child is the schema's own; nullable. name NUL-terminated. */
FRL_NODISCARD frl_status frl_schema_add_child(struct ArrowSchema *schema,
    const char *format, const char *name, struct ArrowSchema **child);

/** Walks the pairs of a schema's metadata; key and value are not NUL-terminated. */
typedef struct frl_metadata_walk {
  const char *key;
  const char *value;
  size_t key_bytes;
  size_t value_bytes;
  const char *next;
  int32_t left;
} frl_metadata_walk;

void frl_metadata_begin(frl_metadata_walk *walk, const char *metadata);
/** false at the end. */
bool frl_metadata_next(frl_metadata_walk *walk);

#endif /* FRL_ARROW_SCHEMA_MAKE_H */
