/*
 * Every message of the coordinator's protocol, and offsets: what decodes must encode to
 * something that decodes to the same.
 *
 * Input: byte 0 picks the message (behind the last: a list, an offset); the rest is it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pubsub/coordinator/ledger.h"
#include "pubsub/coordinator/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(frl_coord_message kind, frl_cursor bytes) {
  const size_t n = frl_coord_message_size(kind);
  void *first = calloc(1, n);
  void *second = calloc(1, n);
  frl_buf b;
  frl_buf c;
  frl_buf_init(&b, NULL, FRL_COORD_MAX_MESSAGE);
  frl_buf_init(&c, NULL, FRL_COORD_MAX_MESSAGE);
  if (frl_coord_decode(first, kind, bytes) == FRL_OK) {
    if (frl_coord_encode(&b, kind, first) != FRL_OK) abort();
    if (frl_coord_decode(second, kind, frl_cursor_of(b.data, b.len)) != FRL_OK) abort();
    if (frl_coord_encode(&c, kind, second) != FRL_OK) abort();
    if (b.len != c.len || (b.len && memcmp(b.data, c.data, b.len) != 0)) abort();
  }
  frl_buf_deinit(&b);
  frl_buf_deinit(&c);
  free(first);
  free(second);
}

static void check_list(frl_cursor list) {
  uint64_t v;
  const uint8_t *before = list.pos;
  while (frl_coord_list_next(&list, &v) == FRL_OK) {
    if (list.pos <= before) abort();
    before = list.pos;
  }
}

static void check_offset(frl_cursor bytes) {
  char *text = frl_strndup(NULL, (const char *)bytes.pos, frl_cursor_left(&bytes));
  frl_offset offset;
  if (text && frl_offset_parse(&offset, text, NULL) == FRL_OK) {
    char *again = NULL;
    frl_offset same;
    if (frl_offset_format(&again, &offset) != FRL_OK) abort();
    if (frl_offset_parse(&same, again, NULL) != FRL_OK) abort();
    if (memcmp(&same, &offset, sizeof same) != 0) abort();
    frl_free(NULL, again);
  }
  frl_free(NULL, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const frl_cursor rest = frl_cursor_of(data + 1, size - 1);
  const unsigned kind = data[0] % (FRL_COORD_MESSAGES + 2);
  if (kind < FRL_COORD_MESSAGES) {
    check_message((frl_coord_message)kind, rest);
  } else if (kind == FRL_COORD_MESSAGES) {
    check_list(rest);
  } else {
    check_offset(rest);
  }
  return 0;
}
