/* Records as bytes. */
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "pubsub/emulator/journal_internal.h"
#include "wire/writer.h"

const char frl__em_magic[FRL_EM_MAGIC_BYTES + 1] = "FRLEMU1\n";

static void put_le32(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t crc_of(uint32_t crc, const uint8_t *data, size_t n) {
  return (uint32_t)crc32(crc, data, (uInt)n);
}

frl_status frl__em_record_begin(frl_buf *b, enum frl_em_record kind, size_t *mark) {
  static const uint8_t head[FRL_EM_RECORD_HEAD_BYTES] = {0};
  *mark = b->len;
  FRL_TRY(frl_buf_append(b, head, sizeof head));
  return frl_wire_varint(b, FRL_EM_R_KIND, (uint64_t)kind);
}

void frl__em_record_end(frl_buf *b, size_t mark) {
  uint8_t *head = b->data + mark;
  const uint8_t *body = head + FRL_EM_RECORD_HEAD_BYTES;
  const size_t n = b->len - mark - FRL_EM_RECORD_HEAD_BYTES;
  put_le32(head, (uint32_t)n);
  put_le32(head + 4, crc_of(0, body, n));
}

frl_status frl__em_record_block(frl_buf *head, enum frl_em_record kind,
    uint64_t topic_uid, const frl_em_block *block) {
  size_t mark = 0;
  FRL_TRY(frl__em_record_begin(head, kind, &mark));
  FRL_TRY(frl_wire_varint(head, FRL_EM_R_UID, topic_uid));
  FRL_TRY(frl_wire_varint(head, FRL_EM_R_ID, block->first_id));
  FRL_TRY(frl_wire_varint(head, FRL_EM_R_TIME, (uint64_t)block->publish_us));
  FRL_TRY(frl_wire_bytes_header(head, FRL_EM_R_BYTES, block->n_bytes));
  uint8_t *at = head->data + mark;
  const uint8_t *body = at + FRL_EM_RECORD_HEAD_BYTES;
  const size_t n = head->len - mark - FRL_EM_RECORD_HEAD_BYTES;
  put_le32(at, (uint32_t)(n + block->n_bytes));
  put_le32(at + 4, crc_of(crc_of(0, body, n), block->bytes, block->n_bytes));
  return FRL_OK;
}

frl_status frl__em_put_varint(frl_buf *b, uint64_t v) {
  FRL_TRY(frl_buf_reserve(b, 10));
  b->len = (size_t)(frl_wire_put_varint(b->data + b->len, v) - b->data);
  return FRL_OK;
}

frl_status frl__em_record_start(frl_buf *b, const frl_em_store *s) {
  size_t mark = 0;
  FRL_TRY(frl__em_record_begin(b, FRL_EM_R_START, &mark));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_UID, s->next_uid));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_ID, s->next_message_id));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_SEED, s->seed));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_STARTS, s->starts));
  frl__em_record_end(b, mark);
  return FRL_OK;
}

frl_status frl__em_record_topic(frl_buf *b, const frl_em_topic *topic) {
  size_t mark = 0;
  FRL_TRY(frl__em_record_begin(b, FRL_EM_R_TOPIC, &mark));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_UID, topic->uid));
  FRL_TRY(frl_wire_bytes(b, FRL_EM_R_BYTES, topic->resource.data, topic->resource.len));
  frl__em_record_end(b, mark);
  return FRL_OK;
}

frl_status frl__em_record_sub(
    frl_buf *b, const frl_em_sub *sub, uint64_t next_sequence) {
  size_t mark = 0;
  FRL_TRY(frl__em_record_begin(b, FRL_EM_R_SUB, &mark));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_UID, sub->uid));
  FRL_TRY(frl_wire_bytes(b, FRL_EM_R_BYTES, sub->resource.data, sub->resource.len));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_ID, next_sequence));
  frl__em_record_end(b, mark);
  return FRL_OK;
}

frl_status frl__em_record_snapshot(frl_buf *b, const frl_em_snapshot *snapshot) {
  size_t mark = 0;
  size_t list = 0;
  FRL_TRY(frl__em_record_begin(b, FRL_EM_R_SNAPSHOT, &mark));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_UID, snapshot->topic_uid));
  FRL_TRY(frl_wire_bytes(
      b, FRL_EM_R_BYTES, snapshot->resource.data, snapshot->resource.len));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_ID, snapshot->last_id));
  FRL_TRY(frl_wire_begin(b, FRL_EM_R_LIST, &list));
  for (size_t i = 0; i < snapshot->n_ids; i++) {
    FRL_TRY(frl__em_put_varint(b, snapshot->ids[i]));
  }
  FRL_TRY(frl_wire_end(b, list));
  frl__em_record_end(b, mark);
  return FRL_OK;
}
