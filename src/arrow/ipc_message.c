#include "arrow/ipc_message.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* enum values of Message.fbs */
enum { VERSION_V5 = 4, HEADER_RECORD_BATCH = 3 };
enum { CODEC_LZ4_FRAME = 0, CODEC_ZSTD = 1, METHOD_BUFFER = 0 };

/**
 * Where the parts of a record batch's message lie, counted from its root: every table
 * after its table of fields, so that one layout serves all batches.
 */
enum {
  MESSAGE_FIELDS = 4,
  MESSAGE = 16,
  BATCH_FIELDS = 40,
  BATCH = 56,
  COMPRESSION_FIELDS = 80,
  COMPRESSION = 88,
  NODES = 100, /* its count; the structs follow, aligned to 8 */
  STRUCT_BYTES = 16,
  PREFIX_BYTES = 8
};

static void put_u16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *at, uint32_t value) {
  put_u16(at, value & 0xffff);
  put_u16(at + 2, value >> 16);
}

static void put_i64(uint8_t *at, int64_t value) {
  put_u32(at, (uint32_t)((uint64_t)value & 0xffffffff));
  put_u32(at + 4, (uint32_t)((uint64_t)value >> 32));
}

static void put_offset(uint8_t *root, size_t at, size_t target) {
  put_u32(root + at, (uint32_t)(target - at));
}

/** A table's fields: each one's offset in the table, 0 where it is left out. */
static void put_fields(uint8_t *root, size_t fields, size_t table, unsigned table_bytes,
    const unsigned *offsets, unsigned n) {
  put_u16(root + fields, 4 + 2 * n);
  put_u16(root + fields + 2, table_bytes);
  for (unsigned i = 0; i < n; i++)
    put_u16(root + fields + 4 + (size_t)2 * i, offsets[i]);
  put_u32(root + table, (uint32_t)(table - fields));
}

static void put_tables(uint8_t *root, const frl_ipc_batch_header *header) {
  static const unsigned message[] = {16, 18, 4, 8};
  const bool packed = header->codec != FRL_IPC_PLAIN;
  const unsigned batch[] = {8, 4, 16, packed ? 20 : 0};
  put_u32(root, MESSAGE);
  put_fields(root, MESSAGE_FIELDS, MESSAGE, 20, message, 4);
  put_offset(root, MESSAGE + 4, BATCH);
  put_i64(root + MESSAGE + 8, header->body_bytes);
  put_u16(root + MESSAGE + 16, VERSION_V5);
  root[MESSAGE + 18] = HEADER_RECORD_BATCH;
  put_fields(root, BATCH_FIELDS, BATCH, 24, batch, 4);
  put_i64(root + BATCH + 8, header->rows);
  if (!packed) return;
  static const unsigned compression[] = {4, 5};
  put_offset(root, BATCH + 20, COMPRESSION);
  put_fields(root, COMPRESSION_FIELDS, COMPRESSION, 6, compression, 2);
  root[COMPRESSION + 4] = header->codec == FRL_IPC_ZSTD ? CODEC_ZSTD : CODEC_LZ4_FRAME;
  root[COMPRESSION + 5] = METHOD_BUFFER;
}

frl_status frl_ipc_put_batch_header(frl_buf *out, const frl_ipc_batch_header *header) {
  const size_t buffers = NODES + 4 + header->n_nodes * STRUCT_BYTES + 4;
  const size_t size = buffers + 4 + header->n_buffers * STRUCT_BYTES;
  if (header->n_nodes > 1 << 24 || header->n_buffers > 1 << 25) return FRL_E_LIMIT;
  FRL_TRY(frl_buf_reserve(out, PREFIX_BYTES + size));
  uint8_t *prefix = out->data + out->len;
  uint8_t *root = prefix + PREFIX_BYTES;
  memset(prefix, 0, PREFIX_BYTES + size);
  put_u32(prefix, 0xffffffff);
  put_u32(prefix + 4, (uint32_t)size);
  put_tables(root, header);
  put_offset(root, BATCH + 4, NODES);
  put_offset(root, BATCH + 16, buffers);
  put_u32(root + NODES, (uint32_t)header->n_nodes);
  for (size_t i = 0; i < header->n_nodes; i++) {
    uint8_t *at = root + NODES + 4 + i * STRUCT_BYTES;
    put_i64(at, header->nodes[i].length);
    put_i64(at + 8, header->nodes[i].null_count);
  }
  put_u32(root + buffers, (uint32_t)header->n_buffers);
  for (size_t i = 0; i < header->n_buffers; i++) {
    uint8_t *at = root + buffers + 4 + i * STRUCT_BYTES;
    put_i64(at, header->buffers[i].offset);
    put_i64(at + 8, header->buffers[i].length);
  }
  out->len += PREFIX_BYTES + size;
  return FRL_OK;
}
