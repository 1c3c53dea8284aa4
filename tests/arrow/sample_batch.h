/** Batches with a column of each kind, nested ones too, and nulls here and there. */
#ifndef FRL_TESTS_ARROW_SAMPLE_BATCH_H
#define FRL_TESTS_ARROW_SAMPLE_BATCH_H

#include <ferrule/batch.h>

/** FRL_E_NOMEM, for mem may be stingy. */
FRL_NODISCARD frl_status sample_schema(struct ArrowSchema *out, const frl_mem *mem);
/** The same rows each time for the same first_row. */
FRL_NODISCARD frl_status sample_batch(struct ArrowArray *out, const frl_mem *mem,
    const struct ArrowSchema *schema, int first_row, int n_rows);

#endif /* FRL_TESTS_ARROW_SAMPLE_BATCH_H */
