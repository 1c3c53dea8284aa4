/** Arrow IPC input: whatever is accepted can be walked to its last byte, and written.
 */
#include <ferrule/batch.h>
#include <stdint.h>
#include <stdlib.h>

#include "array_equal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static frl_status swallow(void *ctx, const void *data, size_t n, frl_error *err) {
  (void)err;
  uint8_t *sum = ctx;
  for (size_t i = 0; i < n; i++) *sum = (uint8_t)(*sum ^ ((const uint8_t *)data)[i]);
  return FRL_OK;
}

/** What the writer takes it has checked; it reads every buffer in full. */
static void write_out(
    const struct ArrowSchema *schema, const struct ArrowArray *batch) {
  uint8_t sum = 0;
  frl_ipc_writer *writer = NULL;
  if (frl_ipc_writer_open_fn(&writer, swallow, &sum, schema, NULL, NULL) != FRL_OK) {
    return; /* a type that is read but not written */
  }
  const frl_status st = frl_ipc_writer_write(writer, batch, NULL);
  if (st != FRL_OK && st != FRL_E_INVALID && st != FRL_E_NOMEM) abort();
  frl_ipc_writer_destroy(writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  frl_ipc_reader *reader;
  const frl_ipc_reader_options options = {.max_message_bytes = 1 << 20};
  frl_error err;
  frl_status st = frl_ipc_reader_open_bytes(&reader, data, size, &options, &err);
  while (st == FRL_OK) {
    struct ArrowArray batch;
    st = frl_ipc_reader_next(reader, &batch, &err);
    if (st == FRL_OK) {
      const struct ArrowSchema *schema = frl_ipc_reader_schema(reader);
      if (batch.length < 1 << 16) {
        (void)arrays_equal(schema, &batch, 0, &batch, 0, batch.length);
      }
      write_out(schema, &batch);
    }
    frl_array_release(&batch);
  }
  frl_ipc_reader_destroy(reader);
  return 0;
}
