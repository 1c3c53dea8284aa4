/**
 * How the values of one Arrow type lie in memory, read from its format string
 * (https://arrow.apache.org/docs/format/CDataInterface.html, "format strings").
 */
#ifndef FRL_ARROW_LAYOUT_H
#define FRL_ARROW_LAYOUT_H

#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

typedef enum frl_layout_kind {
  FRL_LAYOUT_NULL,   /* no buffers */
  FRL_LAYOUT_BOOL,   /* validity, bits */
  FRL_LAYOUT_FIXED,  /* validity, width_bytes a value */
  FRL_LAYOUT_BYTES,  /* validity, int32 offsets, bytes */
  FRL_LAYOUT_LIST,   /* validity, int32 offsets, one child */
  FRL_LAYOUT_MAP,    /* as a list whose child is a struct of key and value */
  FRL_LAYOUT_STRUCT, /* validity, children */
  FRL_LAYOUT_OTHER   /* a real type that the column builders do not build */
} frl_layout_kind;

typedef struct frl_layout {
  frl_layout_kind kind;
  uint32_t width_bytes; /* FIXED only */
  char format0;         /* first letter of the format */
} frl_layout;

/** FRL_E_MALFORMED: no Arrow format string. */
FRL_NODISCARD frl_status frl_layout_of(frl_layout *out, const char *format);

#endif /* FRL_ARROW_LAYOUT_H */
