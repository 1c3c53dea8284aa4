/**
 * From the batches of a reservoir to those of a scan: the columns that were asked for,
 * in order, JSON payloads decoded.
 *
 * Columns that stay as they are are handed on without a copy; they are gathered anew
 * only where DROPMALFORMED left rows out.
 * Threads: one at a time.
 */
#ifndef FRL_PUBSUB_COORDINATOR_OUTPUT_H
#define FRL_PUBSUB_COORDINATOR_OUTPUT_H

#include <ferrule/batch.h>

#include "pubsub/coordinator/config.h"

typedef struct frl_output frl_output;

/** What became of one batch. */
typedef struct frl_output_counts {
  uint64_t dropped_rows;
  uint64_t corrupt_rows;
  uint64_t decode_ns;
} frl_output_counts;

/**
 * @param messages  schema of the reservoir's batches; must outlive the output, as
 *                  config must.
 * @return FRL_OK; FRL_E_INVALID (an unknown column, a schema that does not parse),
 *         FRL_E_UNSUPPORTED, FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_output_create(frl_output **out,
    const frl_coord_config *config, const struct ArrowSchema *messages, frl_error *err);
/** NULL works. */
void frl_output_destroy(frl_output *o);
/** The schema of what convert gives; released by the caller. */
FRL_NODISCARD frl_status frl_output_schema(
    const frl_output *o, struct ArrowSchema *out, frl_error *err);
/**
 * @param messages  one batch, released in any case.
 * @return FRL_OK; FRL_E_MALFORMED (FAILFAST; the message names the message_id and the
 *         reason); FRL_E_LIMIT; FRL_E_NOMEM.
 */
FRL_NODISCARD frl_status frl_output_convert(frl_output *o, struct ArrowArray *messages,
    struct ArrowArray *out, frl_output_counts *counts, frl_error *err);

/** Payload bytes of a batch of the reservoir; 0 where payloads are not built. */
uint64_t frl_output_payload_bytes(
    const frl_output *o, const struct ArrowArray *messages);

/** The listed rows of a column of the reservoir, copied. */
FRL_NODISCARD frl_status frl__output_gather(struct ArrowArray *out,
    const struct ArrowSchema *schema, const struct ArrowArray *column,
    const int32_t *rows, size_t n_rows, frl_error *err);

#endif /* FRL_PUBSUB_COORDINATOR_OUTPUT_H */
