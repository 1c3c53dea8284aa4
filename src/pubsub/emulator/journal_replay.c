/* From the bytes of a log to the state. */
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/emulator/journal_internal.h"

enum { STARTS_MASK = 0x7ff, STARTS_SHIFT = 12 };

typedef struct replay {
  frl_em_store *store;
  frl_em_topic *topic; /* the last ones found */
  frl_em_sub *sub;
  frl_em_block *block; /* of the last BLOCK record */
} replay;

static frl_em_topic *topic_of(replay *r, uint64_t uid) {
  if (!r->topic || r->topic->uid != uid) {
    r->topic = frl_em_store_topic_by_uid(r->store, uid);
  }
  return r->topic;
}

static frl_em_sub *sub_of(replay *r, uint64_t uid) {
  if (!r->sub || r->sub->uid != uid) r->sub = frl_em_store_sub_by_uid(r->store, uid);
  return r->sub;
}

static frl_status start(replay *r, const frl_em_request *q) {
  frl_em_store *s = r->store;
  if (s->subs.len > 0) return FRL_E_MALFORMED;
  s->seed = q->numbers[FRL_EM_R_SEED];
  s->starts = q->numbers[FRL_EM_R_STARTS] + 1;
  s->first_generation = (uint32_t)(s->starts & STARTS_MASK) << STARTS_SHIFT;
  if (q->numbers[FRL_EM_R_UID] > s->next_uid) s->next_uid = q->numbers[FRL_EM_R_UID];
  if (q->numbers[FRL_EM_R_ID] > s->next_message_id) {
    s->next_message_id = q->numbers[FRL_EM_R_ID];
  }
  return FRL_OK;
}

static frl_status put_sub(replay *r, const frl_em_request *q, frl_error *err) {
  const uint64_t uid = q->numbers[FRL_EM_R_UID];
  FRL_TRY(frl_em_store_put_sub(r->store, q->fields[FRL_EM_R_BYTES], uid, err));
  frl_em_sub *sub = sub_of(r, uid);
  if (!sub) return FRL_E_MALFORMED;
  if (q->numbers[FRL_EM_R_ID] >= 1ULL << 48) return FRL_E_MALFORMED;
  return frl_em_backlog_skip_to(&sub->backlog, q->numbers[FRL_EM_R_ID]);
}

/* The varints of a list; FRL_END behind the last. */
static frl_status next(frl_cursor *list, uint64_t *v) {
  if (list->pos == list->end) return FRL_END;
  return frl_cursor_varint(list, v);
}

static frl_status put_snapshot(replay *r, const frl_em_request *q, frl_error *err) {
  frl_cursor list = q->fields[FRL_EM_R_LIST];
  uint64_t *ids = frl_calloc(&r->store->mem, frl_cursor_left(&list) + 1, sizeof *ids);
  if (!ids) return FRL_E_NOMEM;
  size_t n = 0;
  frl_status st;
  while ((st = next(&list, &ids[n])) == FRL_OK) n++;
  if (st == FRL_END) {
    st = frl_em_store_put_snapshot(r->store, q->fields[FRL_EM_R_BYTES],
        q->numbers[FRL_EM_R_UID], q->numbers[FRL_EM_R_ID], ids, n, err);
  }
  frl_free(&r->store->mem, ids);
  return st;
}

static frl_status drop(replay *r, const frl_em_request *q, frl_error *err) {
  r->topic = NULL;
  r->sub = NULL;
  const frl_cursor name = q->fields[FRL_EM_R_BYTES];
  switch (q->numbers[FRL_EM_R_UID]) {
    case FRL_EM_TOPIC:
      return frl_em_store_delete_topic(r->store, name, err);
    case FRL_EM_SUBSCRIPTION:
      return frl_em_store_delete_sub(r->store, name, err);
    case FRL_EM_SNAPSHOT:
      return frl_em_store_delete_snapshot(r->store, name, err);
    default:
      return FRL_E_MALFORMED;
  }
}

static frl_status read_block(replay *r, const frl_em_request *q, frl_em_block **out) {
  const uint64_t id = q->numbers[FRL_EM_R_ID];
  FRL_TRY(frl_em_block_restore(out, &r->store->mem, q->fields[FRL_EM_R_BYTES], id,
      (int64_t)q->numbers[FRL_EM_R_TIME]));
  if (id >= r->store->next_message_id) {
    r->store->next_message_id = id + (*out)->n_messages;
  }
  return FRL_OK;
}

static frl_status publish(replay *r, const frl_em_request *q) {
  frl_em_topic *topic = topic_of(r, q->numbers[FRL_EM_R_UID]);
  if (!topic) return FRL_E_MALFORMED;
  frl_em_block *block = NULL;
  FRL_TRY(read_block(r, q, &block));
  const frl_status st = frl_em_store_fan_out(r->store, topic, block);
  frl_em_block_unref(block);
  return st;
}

static frl_status keep_block(replay *r, const frl_em_request *q) {
  if (r->block) frl_em_block_unref(r->block);
  r->block = NULL;
  FRL_TRY(read_block(r, q, &r->block));
  frl_em_block_count(r->block, &r->store->retained_bytes);
  const frl_em_topic *topic = topic_of(r, q->numbers[FRL_EM_R_UID]);
  if (topic && topic->subs) r->block->owner = topic->subs->backlog.ack_key;
  return FRL_OK;
}

static frl_status put_entries(replay *r, const frl_em_request *q) {
  frl_em_sub *sub = sub_of(r, q->numbers[FRL_EM_R_UID]);
  if (!sub || !r->block) return FRL_E_MALFORMED;
  frl_cursor list = q->fields[FRL_EM_R_LIST];
  uint64_t index = 0;
  frl_status st;
  while ((st = next(&list, &index)) == FRL_OK) {
    uint64_t sequence = 0;
    uint64_t acked = 0;
    FRL_TRY(frl_cursor_varint(&list, &sequence));
    FRL_TRY(frl_cursor_varint(&list, &acked));
    if (index >= r->block->n_messages || sequence >= 1ULL << 48) return FRL_E_MALFORMED;
    FRL_TRY(frl_em_backlog_restore(
        &sub->backlog, r->block, (uint32_t)index, sequence, acked != 0));
  }
  return st == FRL_END ? FRL_OK : st;
}

static frl_status settled(replay *r, const frl_em_request *q) {
  frl_em_sub *sub = sub_of(r, q->numbers[FRL_EM_R_UID]);
  if (!sub) return FRL_OK; /* deleted in between */
  frl_cursor list = q->fields[FRL_EM_R_LIST];
  uint64_t sequence = 0;
  frl_status st;
  while ((st = next(&list, &sequence)) == FRL_OK) {
    frl_em_backlog_settle(&sub->backlog, sequence);
  }
  return st == FRL_END ? FRL_OK : st;
}

static frl_status seek(replay *r, const frl_em_request *q, frl_error *err) {
  frl_em_sub *sub = sub_of(r, q->numbers[FRL_EM_R_UID]);
  if (!sub) return FRL_E_MALFORMED;
  const frl_cursor name = q->fields[FRL_EM_R_BYTES];
  if (!name.pos) {
    return frl_em_store_seek_time(
        r->store, sub, (int64_t)q->numbers[FRL_EM_R_TIME], err);
  }
  frl_em_snapshot *snapshot = NULL;
  FRL_TRY(frl_em_store_find_snapshot(r->store, name, &snapshot, err));
  return frl_em_store_seek_snapshot(r->store, sub, snapshot, err);
}

static frl_status apply(replay *r, frl_cursor body, frl_error *err) {
  frl_em_request q;
  FRL_TRY(frl_em_request_read(&q, body, err));
  switch (q.numbers[FRL_EM_R_KIND]) {
    case FRL_EM_R_START:
      return start(r, &q);
    case FRL_EM_R_TOPIC:
      return frl_em_store_put_topic(
          r->store, q.fields[FRL_EM_R_BYTES], q.numbers[FRL_EM_R_UID], err);
    case FRL_EM_R_SUB:
      return put_sub(r, &q, err);
    case FRL_EM_R_SNAPSHOT:
      return put_snapshot(r, &q, err);
    case FRL_EM_R_DROP:
      return drop(r, &q, err);
    case FRL_EM_R_PUBLISH:
      return publish(r, &q);
    case FRL_EM_R_BLOCK:
      return keep_block(r, &q);
    case FRL_EM_R_ENTRIES:
      return put_entries(r, &q);
    case FRL_EM_R_SETTLED:
      return settled(r, &q);
    case FRL_EM_R_SEEK:
      return seek(r, &q, err);
    default:
      return FRL_E_MALFORMED;
  }
}

/* FRL_E_TRUNCATED: torn. The cursor stays before a record that is not whole. */
static frl_status next_record(frl_cursor *log, frl_cursor *body) {
  frl_cursor probe = *log;
  uint32_t n = 0;
  uint32_t crc = 0;
  FRL_TRY(frl_cursor_le32(&probe, &n));
  FRL_TRY(frl_cursor_le32(&probe, &crc));
  if (n == 0 || n > FRL_EM_RECORD_MAX_BYTES) return FRL_E_TRUNCATED;
  FRL_TRY(frl_cursor_take(&probe, n, body));
  if ((uint32_t)crc32(0, body->pos, (uInt)n) != crc) return FRL_E_TRUNCATED;
  *log = probe;
  return FRL_OK;
}

frl_status frl_em_journal_replay(
    frl_em_store *store, frl_cursor log, size_t *used, frl_error *err) {
  const uint8_t *begin = log.pos;
  *used = 0;
  frl_cursor magic;
  if (frl_cursor_take(&log, FRL_EM_MAGIC_BYTES, &magic) != FRL_OK ||
      memcmp(magic.pos, frl__em_magic, FRL_EM_MAGIC_BYTES) != 0) {
    return frl_fail(
        err, FRL_E_MALFORMED, "emulator: the log is not one of an emulator");
  }
  replay r = {.store = store};
  frl_cursor body;
  frl_status st = FRL_OK;
  while (st == FRL_OK && next_record(&log, &body) == FRL_OK) {
    st = apply(&r, body, err);
    if (st != FRL_OK) {
      st = frl_fail(err, st == FRL_E_NOMEM ? st : FRL_E_MALFORMED,
          "emulator: the record at byte %zu of the log cannot be applied (%s)",
          (size_t)(log.pos - begin), frl_status_name(st));
    }
  }
  if (r.block) frl_em_block_unref(r.block);
  *used = (size_t)(log.pos - begin);
  return st;
}
