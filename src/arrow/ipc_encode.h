/**
 * A batch as what its IPC message consists of: nodes, and the bytes of its buffers as
 * they lie, or copied where a slice does not begin on a byte or at offset 0.
 */
#ifndef FRL_ARROW_IPC_ENCODE_H
#define FRL_ARROW_IPC_ENCODE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stddef.h>

#include "arrow/ipc_message.h"

/** Bytes that a body holds, behind 8 bytes of their unpacked size if packed. */
typedef struct frl_ipc_part {
  const void *data;
  size_t n;
} frl_ipc_part;

typedef struct frl_ipc_body {
  frl_mem mem;
  frl_ipc_node *nodes;
  size_t n_nodes;
  size_t room_nodes;
  frl_ipc_part *parts;
  size_t n_parts;
  size_t room_parts;
  void **copies; /* freed by reset */
  size_t n_copies;
  size_t room_copies;
} frl_ipc_body;

void frl_ipc_body_init(frl_ipc_body *body, const frl_mem *mem);
/** Empties; keeps the lists' memory. */
void frl_ipc_body_reset(frl_ipc_body *body);
void frl_ipc_body_deinit(frl_ipc_body *body);

/** FRL_E_UNSUPPORTED, FRL_E_INVALID, with the field named. */
FRL_NODISCARD frl_status frl_ipc_check_schema(
    const struct ArrowSchema *schema, frl_error *err);
/**
 * Collects a batch of a schema that frl_ipc_check_schema has passed. The parts are
 * valid until the batch is released or the body reset.
 * @return FRL_OK; FRL_E_INVALID (shape, a null row); FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_ipc_body_collect(frl_ipc_body *body,
    const struct ArrowSchema *schema, const struct ArrowArray *batch, frl_error *err);
/** Memory that lives until the reset. FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_ipc_body_room(frl_ipc_body *body, size_t n, void **out);
/** Replaces every part by its packed form. FRL_E_NOMEM, FRL_E_INVALID. */
FRL_NODISCARD frl_status frl_ipc_body_pack(
    frl_ipc_body *body, enum frl_ipc_codec codec, frl_error *err);

#endif /* FRL_ARROW_IPC_ENCODE_H */
