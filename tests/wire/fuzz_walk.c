/*
 * The walk, fed in chunks that the input chooses, must give what the reader gives for
 * the whole message: the same fields, and the same end.
 *
 * Input: byte 0 is n; n bytes of chunk sizes, used round and round; the message.
 */
#include <stdlib.h>
#include <string.h>

#include "field_log.h"
#include "wire/walk.h"

enum { FIELD_MAX = 300, LOG_MAX = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct chunked {
  const uint8_t *sizes;
  size_t n_sizes;
  size_t next;
} chunked;

static size_t next_chunk(chunked *c, size_t left) {
  size_t n = c->n_sizes ? c->sizes[c->next++ % c->n_sizes] : left;
  if (n == 0) n = 1;
  return n < left ? n : left;
}

static frl_status walk_chunks(chunked *c, const uint8_t *data, size_t n, frl_buf *log) {
  frl_walk w;
  frl_walk_init(&w, NULL, FIELD_MAX, field_log_add, log);
  frl_status st = FRL_OK;
  for (size_t at = 0; at < n && st == FRL_OK;) {
    const size_t take = next_chunk(c, n - at);
    uint8_t *exact = malloc(take);
    if (!exact) abort();
    memcpy(exact, data + at, take);
    st = frl_walk_feed(&w, exact, take);
    free(exact);
    at += take;
  }
  if (st == FRL_OK) st = frl_walk_end(&w);
  frl_walk_deinit(&w);
  return st;
}

/* A length above the limit is refused before its bytes are missed. */
static bool same_end(frl_status whole, frl_status walked) {
  if (whole == FRL_END) return walked == FRL_OK;
  if (whole == FRL_E_TRUNCATED) {
    return walked == FRL_E_TRUNCATED || walked == FRL_E_LIMIT;
  }
  return walked == whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > 1 << 16) return 0;
  chunked c = {.sizes = data + 1, .n_sizes = data[0]};
  if (c.n_sizes > size - 1) c.n_sizes = size - 1;
  const uint8_t *msg = data + 1 + c.n_sizes;
  const size_t n = size - 1 - c.n_sizes;
  frl_buf whole;
  frl_buf parts;
  frl_buf_init(&whole, NULL, LOG_MAX);
  frl_buf_init(&parts, NULL, LOG_MAX);
  const frl_status st = field_log_whole(&whole, msg, n, FIELD_MAX);
  const frl_status walked = walk_chunks(&c, msg, n, &parts);
  if (!same_end(st, walked)) abort();
  if (whole.len != parts.len) abort();
  if (whole.len && memcmp(whole.data, parts.data, whole.len) != 0) abort();
  frl_buf_deinit(&whole);
  frl_buf_deinit(&parts);
  return 0;
}
