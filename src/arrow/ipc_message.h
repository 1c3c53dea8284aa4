/**
 * The flatbuffer messages of Arrow IPC that are written and checked here; schemas and
 * footers are nanoarrow's part.
 *
 * Format:
 * https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format and
 * format/Message.fbs; flatbuffers: https://flatbuffers.dev/internals/.
 */
#ifndef FRL_ARROW_IPC_MESSAGE_H
#define FRL_ARROW_IPC_MESSAGE_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/** One array of a batch, in depth-first order. */
typedef struct frl_ipc_node {
  int64_t length;
  int64_t null_count;
} frl_ipc_node;

/** Where a buffer lies in the body. */
typedef struct frl_ipc_extent {
  int64_t offset;
  int64_t length;
} frl_ipc_extent;

typedef struct frl_ipc_batch_header {
  int64_t rows;
  int64_t body_bytes;
  enum frl_ipc_codec codec;
  const frl_ipc_node *nodes;
  size_t n_nodes;
  const frl_ipc_extent *buffers;
  size_t n_buffers;
} frl_ipc_batch_header;

/** Appends the message, its prefix included; a multiple of 8 bytes. */
FRL_NODISCARD frl_status frl_ipc_put_batch_header(
    frl_buf *out, const frl_ipc_batch_header *header);

/** How many nodes and buffers a batch has. */
typedef struct frl_ipc_counts {
  uint32_t nodes;
  uint32_t buffers;
} frl_ipc_counts;

/** Adds what one array of the type has, its children included. */
void frl_ipc_count(frl_ipc_counts *counts, const struct ArrowSchema *schema);

/**
 * Checks that a message has what nanoarrow's decoder reads without asking: a header, a
 * type for each field, a dictionary's data.
 *
 * @param message  a message's flatbuffer, without prefix, that a verifier has passed.
 * @return FRL_OK; FRL_E_MALFORMED.
 */
FRL_NODISCARD frl_status frl_ipc_check_message(const uint8_t *message, frl_error *err);
/** The same for a file's footer. */
FRL_NODISCARD frl_status frl_ipc_check_footer(const uint8_t *footer, frl_error *err);

/**
 * Checks what nanoarrow's decoder takes on trust in a record or dictionary batch: that
 * each buffer lies within the body, before and after it is unpacked, and that lengths
 * are of a kind that no later product of them overflows.
 *
 * @param message  as above, and checked by it.
 * @param expected  NULL: the decoder itself compares the counts.
 * @param max_bytes  what the buffers may come to when unpacked.
 * @return FRL_OK; FRL_E_MALFORMED; FRL_E_LIMIT.
 */
FRL_NODISCARD frl_status frl_ipc_check_batch(const uint8_t *message,
    const uint8_t *body, size_t body_bytes, size_t max_bytes,
    const frl_ipc_counts *expected, frl_error *err);

#endif /* FRL_ARROW_IPC_MESSAGE_H */
