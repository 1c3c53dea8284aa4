#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "arrow/ipc_encode.h"
#include "arrow/ipc_io.h"
#include "arrow/nano.h"
#include "base/buf.h"
#include "base/mem.h"

enum {
  BODY_ALIGN = 64,
  STAGE_BYTES = 64 * 1024, /* small pieces are joined up to this */
  MAX_HEADER_BYTES = 1 << 30
};

static const char magic[] = "ARROW1\0"; /* 8 bytes with the NUL that ends it */

struct frl_ipc_writer {
  frl_mem mem;
  frl_ipc_sink sink;
  struct ArrowSchema schema;
  struct ArrowIpcEncoder encoder;
  struct ArrowIpcFooter footer;
  frl_ipc_body body;
  frl_ipc_extent *extents;
  size_t room_extents;
  frl_buf header;
  frl_buf stage;
  uint64_t bytes;
  enum frl_ipc_codec codec;
  bool file_format;
  bool broken; /* or finished */
};

static frl_status flush(frl_ipc_writer *w, frl_error *err) {
  if (w->stage.len == 0) return FRL_OK;
  FRL_TRY(frl_ipc_sink_write(&w->sink, w->stage.data, w->stage.len, err));
  frl_buf_clear(&w->stage);
  return FRL_OK;
}

static frl_status put(frl_ipc_writer *w, const void *data, size_t n, frl_error *err) {
  w->bytes += n;
  if (w->stage.len + n > STAGE_BYTES) FRL_TRY(flush(w, err));
  if (n > STAGE_BYTES / 4) {
    FRL_TRY(flush(w, err));
    return frl_ipc_sink_write(&w->sink, data, n, err);
  }
  const frl_status st = frl_buf_append(&w->stage, data, n);
  return st == FRL_OK ? FRL_OK : frl_fail(err, st, "IPC: out of memory");
}

/** What nanoarrow's encoder has built, with a message's prefix or without. */
static frl_status put_encoded(frl_ipc_writer *w, bool encapsulate, frl_error *err) {
  struct ArrowBuffer buffer;
  ArrowBufferInit(&buffer);
  const struct ArrowError none = {{0}};
  const int code = ArrowIpcEncoderFinalizeBuffer(&w->encoder, encapsulate, &buffer);
  frl_status st = frl_nano_status(code, &none, "IPC", FRL_E_INVALID, err);
  if (st == FRL_OK) st = put(w, buffer.data, (size_t)buffer.size_bytes, err);
  if (st == FRL_OK && !encapsulate) {
    const uint32_t n = (uint32_t)buffer.size_bytes;
    const uint8_t size[4] = {
        (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
    st = put(w, size, sizeof size, err);
  }
  ArrowBufferReset(&buffer);
  return st;
}

static frl_status begin(
    frl_ipc_writer *w, const struct ArrowSchema *schema, frl_error *err) {
  struct ArrowError said = {{0}};
  FRL_TRY(frl_ipc_check_schema(schema, err));
  int code = ArrowSchemaDeepCopy(schema, &w->schema);
  if (code == 0) code = ArrowIpcEncoderInit(&w->encoder);
  if (code == 0 && w->file_format) {
    code = ArrowSchemaDeepCopy(schema, &w->footer.schema);
  }
  if (code == 0) code = ArrowIpcEncoderEncodeSchema(&w->encoder, &w->schema, &said);
  FRL_TRY(frl_nano_status(code, &said, "IPC", FRL_E_INVALID, err));
  if (w->file_format) FRL_TRY(put(w, magic, sizeof magic, err));
  return put_encoded(w, true, err);
}

/** Takes the sink, also on failure. */
static frl_status writer_new(frl_ipc_writer **out, frl_ipc_sink sink,
    const struct ArrowSchema *schema, const frl_ipc_writer_options *options,
    frl_error *err) {
  const frl_mem *mem = options ? options->mem : NULL;
  frl_ipc_writer *w = frl_calloc(mem, 1, sizeof *w);
  if (!w) {
    frl_ipc_sink_deinit(&sink);
    return frl_fail(err, FRL_E_NOMEM, "IPC: out of memory");
  }
  w->mem = mem ? *mem : frl_mem_default;
  w->sink = sink;
  if (options) {
    w->codec = options->codec;
    w->file_format = options->file_format != 0;
  }
  ArrowIpcFooterInit(&w->footer);
  frl_ipc_body_init(&w->body, mem);
  frl_buf_init(&w->header, mem, MAX_HEADER_BYTES);
  frl_buf_init(&w->stage, mem, STAGE_BYTES);
  const frl_status st = begin(w, schema, err);
  if (st != FRL_OK) {
    frl_ipc_writer_destroy(w);
    return st;
  }
  *out = w;
  return FRL_OK;
}

frl_status frl_ipc_writer_open(frl_ipc_writer **out, const char *path,
    const struct ArrowSchema *schema, const frl_ipc_writer_options *options,
    frl_error *err) {
  *out = NULL;
  frl_ipc_sink sink;
  const bool atomic = options && options->atomic;
  const frl_status st =
      frl_ipc_sink_open(&sink, options ? options->mem : NULL, path, atomic, err);
  if (st != FRL_OK) {
    frl_ipc_sink_deinit(&sink);
    return st;
  }
  return writer_new(out, sink, schema, options, err);
}

frl_status frl_ipc_writer_open_fd(frl_ipc_writer **out, int fd,
    const struct ArrowSchema *schema, const frl_ipc_writer_options *options,
    frl_error *err) {
  *out = NULL;
  const frl_ipc_sink sink = {.fd = fd};
  return writer_new(out, sink, schema, options, err);
}

frl_status frl_ipc_writer_open_fn(frl_ipc_writer **out, frl_ipc_write_fn write,
    void *ctx, const struct ArrowSchema *schema, const frl_ipc_writer_options *options,
    frl_error *err) {
  *out = NULL;
  const frl_ipc_sink sink = {.write = write, .ctx = ctx, .fd = -1};
  return writer_new(out, sink, schema, options, err);
}

static size_t padded(size_t n) {
  return (n + BODY_ALIGN - 1) / BODY_ALIGN * BODY_ALIGN;
}

/** Where each part goes in the body. */
static frl_status lay_out(frl_ipc_writer *w, int64_t *body_bytes) {
  if (w->body.n_parts > w->room_extents) {
    frl_ipc_extent *extents =
        frl_reallocarray(&w->mem, w->extents, w->body.room_parts, sizeof *w->extents);
    if (!extents) return FRL_E_NOMEM;
    w->extents = extents;
    w->room_extents = w->body.room_parts;
  }
  size_t at = 0;
  for (size_t i = 0; i < w->body.n_parts; i++) {
    const size_t n = w->body.parts[i].n;
    w->extents[i] = (frl_ipc_extent){(int64_t)at, (int64_t)n};
    at += padded(n);
  }
  *body_bytes = (int64_t)at;
  return FRL_OK;
}

static frl_status note_block(frl_ipc_writer *w, int64_t body_bytes) {
  if (!w->file_format) return FRL_OK;
  const struct ArrowIpcFileBlock block = {.offset = (int64_t)w->bytes,
      .metadata_length = (int32_t)w->header.len,
      .body_length = body_bytes};
  return ArrowBufferAppend(&w->footer.record_batch_blocks, &block, sizeof block) == 0
             ? FRL_OK
             : FRL_E_NOMEM;
}

static frl_status write_message(frl_ipc_writer *w, int64_t rows, frl_error *err) {
  int64_t body_bytes = 0;
  frl_status st = lay_out(w, &body_bytes);
  if (st == FRL_OK) {
    frl_buf_clear(&w->header);
    st = frl_ipc_put_batch_header(&w->header, &(frl_ipc_batch_header){.rows = rows,
                                                  .body_bytes = body_bytes,
                                                  .codec = w->codec,
                                                  .nodes = w->body.nodes,
                                                  .n_nodes = w->body.n_nodes,
                                                  .buffers = w->extents,
                                                  .n_buffers = w->body.n_parts});
  }
  if (st == FRL_OK) st = note_block(w, body_bytes);
  if (st != FRL_OK) return frl_fail(err, st, "IPC: no room for a batch's header");
  FRL_TRY(put(w, w->header.data, w->header.len, err));
  static const uint8_t zeros[BODY_ALIGN] = {0};
  for (size_t i = 0; i < w->body.n_parts; i++) {
    const frl_ipc_part *part = &w->body.parts[i];
    if (part->n == 0) continue;
    FRL_TRY(put(w, part->data, part->n, err));
    FRL_TRY(put(w, zeros, padded(part->n) - part->n, err));
  }
  return FRL_OK;
}

static frl_status write_batch(
    frl_ipc_writer *w, const struct ArrowArray *batch, frl_error *err) {
  FRL_TRY(frl_ipc_body_collect(&w->body, &w->schema, batch, err));
  if (w->codec != FRL_IPC_PLAIN) FRL_TRY(frl_ipc_body_pack(&w->body, w->codec, err));
  return write_message(w, batch->length, err);
}

frl_status frl_ipc_writer_write(
    frl_ipc_writer *w, const struct ArrowArray *batch, frl_error *err) {
  if (w->broken) return frl_fail(err, FRL_E_STATE, "IPC: finished or failed before");
  const frl_status st = write_batch(w, batch, err);
  frl_ipc_body_reset(&w->body);
  w->broken = st != FRL_OK;
  return st;
}

frl_status frl_ipc_writer_flush(frl_ipc_writer *w, frl_error *err) {
  if (w->broken) return frl_fail(err, FRL_E_STATE, "IPC: finished or failed before");
  const frl_status st = flush(w, err);
  w->broken = st != FRL_OK;
  return st;
}

static frl_status write_end(frl_ipc_writer *w, frl_error *err) {
  static const uint8_t end[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
  FRL_TRY(put(w, end, sizeof end, err));
  if (w->file_format) {
    struct ArrowError said = {{0}};
    const int code = ArrowIpcEncoderEncodeFooter(&w->encoder, &w->footer, &said);
    FRL_TRY(frl_nano_status(code, &said, "IPC", FRL_E_INVALID, err));
    FRL_TRY(put_encoded(w, false, err));
    FRL_TRY(put(w, magic, strlen(magic), err));
  }
  FRL_TRY(flush(w, err));
  return frl_ipc_sink_finish(&w->sink, err);
}

frl_status frl_ipc_writer_finish(frl_ipc_writer *w, frl_error *err) {
  if (w->broken) return frl_fail(err, FRL_E_STATE, "IPC: finished or failed before");
  w->broken = true;
  return write_end(w, err);
}

void frl_ipc_writer_destroy(frl_ipc_writer *w) {
  if (!w) return;
  frl_ipc_sink_deinit(&w->sink);
  if (w->encoder.private_data) ArrowIpcEncoderReset(&w->encoder);
  ArrowIpcFooterReset(&w->footer);
  frl_schema_release(&w->schema);
  frl_ipc_body_deinit(&w->body);
  frl_free(&w->mem, w->extents);
  frl_buf_deinit(&w->header);
  frl_buf_deinit(&w->stage);
  const frl_mem mem = w->mem;
  frl_free(&mem, w);
}

uint64_t frl_ipc_writer_bytes(const frl_ipc_writer *w) { return w->bytes; }
