/*
 * A log of the data directory with any records in it. The checksums are made right
 * here, or the fuzzer would never come past them.
 *
 * Input: one byte: 0 = the rest is the log as it is; else records of two bytes n
 * (little-endian) and n bytes of body.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "pubsub/emulator/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(frl_buf *b, const void *data, size_t n) {
  if (n > 0 && frl_buf_append(b, data, n) != FRL_OK) abort();
}

static void put_record(frl_buf *b, const uint8_t *body, size_t n) {
  const uint32_t crc = (uint32_t)crc32(0, body, (uInt)n);
  uint8_t head[8];
  for (int i = 0; i < 4; i++) {
    head[i] = (uint8_t)(n >> (8 * i));
    head[4 + i] = (uint8_t)(crc >> (8 * i));
  }
  put(b, head, sizeof head);
  put(b, body, n);
}

static void build(frl_buf *b, const uint8_t *data, size_t size) {
  put(b, "FRLEMU1\n", 8);
  while (size >= 2) {
    size_t n = data[0] | (size_t)data[1] << 8;
    data += 2;
    size -= 2;
    if (n > size) n = size;
    put_record(b, data, n);
    data += n;
    size -= n;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 24);
  if (data[0] == 0) {
    put(&b, data + 1, size - 1);
  } else {
    build(&b, data + 1, size - 1);
  }
  frl_em_store store;
  frl_em_store_init(&store, NULL, NULL);
  size_t used = 0;
  (void)!frl_em_journal_replay(&store, frl_cursor_of(b.data, b.len), &used, NULL);
  if (used > b.len) abort();
  frl_em_store_deinit(&store);
  if (store.retained_bytes != 0) abort();
  frl_buf_deinit(&b);
  return 0;
}
