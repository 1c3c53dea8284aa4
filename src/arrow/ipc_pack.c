/** Packed buffers: 8 bytes of the unpacked size, then the codec's bytes. */
#include <lz4frame.h>
#include <string.h>
#include <zstd.h>

#include "arrow/ipc_encode.h"
#include "base/error.h"
#include "base/mem.h"

enum { SIZE_BYTES = 8, ZSTD_LEVEL = 1 };

static void put_size(uint8_t *at, uint64_t size) {
  for (int i = 0; i < SIZE_BYTES; i++) at[i] = (uint8_t)(size >> (8 * i));
}

static size_t bound(enum frl_ipc_codec codec, size_t n) {
  return codec == FRL_IPC_ZSTD ? ZSTD_compressBound(n)
                               : LZ4F_compressFrameBound(n, NULL);
}

/** 0 where the codec fails. */
static size_t pack(
    enum frl_ipc_codec codec, uint8_t *to, size_t room, const void *data, size_t n) {
  if (codec == FRL_IPC_ZSTD) {
    const size_t packed = ZSTD_compress(to, room, data, n, ZSTD_LEVEL);
    return ZSTD_isError(packed) ? 0 : packed;
  }
  const size_t packed = LZ4F_compressFrame(to, room, data, n, NULL);
  return LZ4F_isError(packed) ? 0 : packed;
}

static frl_status pack_part(
    frl_ipc_body *body, frl_ipc_part *part, enum frl_ipc_codec codec) {
  if (part->n == 0) return FRL_OK;
  const size_t room = bound(codec, part->n);
  if (room > SIZE_MAX - SIZE_BYTES || room < part->n) return FRL_E_LIMIT;
  void *copy;
  FRL_TRY(frl_ipc_body_room(body, SIZE_BYTES + room, &copy));
  uint8_t *to = copy;
  size_t n = pack(codec, to + SIZE_BYTES, room, part->data, part->n);
  if (n == 0) return FRL_E_NOMEM;
  put_size(to, part->n);
  if (n >= part->n) { /* not worth it: as it is, marked by -1 */
    put_size(to, UINT64_MAX);
    n = part->n;
    memcpy(to + SIZE_BYTES, part->data, n);
  }
  *part = (frl_ipc_part){to, SIZE_BYTES + n};
  return FRL_OK;
}

frl_status frl_ipc_body_pack(
    frl_ipc_body *body, enum frl_ipc_codec codec, frl_error *err) {
  for (size_t i = 0; i < body->n_parts; i++) {
    const frl_status st = pack_part(body, &body->parts[i], codec);
    if (st != FRL_OK) return frl_fail(err, st, "IPC: a buffer could not be packed");
  }
  return FRL_OK;
}
