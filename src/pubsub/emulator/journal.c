#include "pubsub/emulator/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "net/rpc.h"
#include "pubsub/emulator/journal_internal.h"
#include "wire/writer.h"

enum { SETTLED_BYTES = 16 * 1024, PENDING_BYTES = 16 << 20 };

/* ---- writing ---- */

static void take_back(frl_em_journal *j) {
  if (ftruncate(j->fd, (off_t)j->size) == 0) return;
  j->broken = true;
  frl_log(FRL_LOG_ERROR, "emulator",
      "the log cannot be cut back after a failed write: nothing more is kept");
}

static frl_status write_parts(frl_em_journal *j, struct iovec *parts, int n) {
  while (n > 0) {
    const ssize_t written = writev(j->fd, parts, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FRL_E_IO;
    size_t left = (size_t)written;
    for (; n > 0 && left >= parts->iov_len; n--, parts++) left -= parts->iov_len;
    if (n > 0) {
      parts->iov_base = (uint8_t *)parts->iov_base + left;
      parts->iov_len -= left;
    }
  }
  return FRL_OK;
}

static frl_status refused(frl_em_journal *j, int error, frl_error *err) {
  if (!j->full) {
    frl_log(
        FRL_LOG_ERROR, "emulator", "the log cannot be written: %s", strerror(error));
  }
  j->full = true;
  const bool no_room = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return frl_fail_grpc(err,
      no_room ? FRL_GRPC_RESOURCE_EXHAUSTED : FRL_GRPC_UNAVAILABLE,
      "the data directory cannot be written: %s", strerror(error));
}

frl_status frl__em_journal_write(
    frl_em_journal *j, frl_cursor a, frl_cursor b, frl_error *err) {
  if (j->broken) return refused(j, EIO, err);
  const size_t n = frl_cursor_left(&a) + frl_cursor_left(&b);
  struct iovec parts[2] = {{(void *)(uintptr_t)a.pos, frl_cursor_left(&a)},
      {(void *)(uintptr_t)b.pos, frl_cursor_left(&b)}};
  if (write_parts(j, parts, parts[1].iov_len > 0 ? 2 : 1) != FRL_OK) {
    const int error = errno;
    take_back(j);
    return refused(j, error, err);
  }
  j->size += n;
  j->unsynced = true;
  j->full = false;
  return FRL_OK;
}

/* ---- settled messages ---- */

static frl_status put_settled(frl_em_journal *j) {
  if (j->settled.len == 0) return FRL_OK;
  const size_t before = j->pending.len;
  size_t mark = 0;
  frl_status st = frl__em_record_begin(&j->pending, FRL_EM_R_SETTLED, &mark);
  if (st == FRL_OK) st = frl_wire_varint(&j->pending, FRL_EM_R_UID, j->settled_uid);
  if (st == FRL_OK) {
    st = frl_wire_bytes(&j->pending, FRL_EM_R_LIST, j->settled.data, j->settled.len);
  }
  if (st != FRL_OK) {
    /* forgotten, these messages come again after a restart: allowed, not nice */
    j->pending.len = before;
  } else {
    frl__em_record_end(&j->pending, mark);
  }
  frl_buf_clear(&j->settled);
  return st;
}

void frl_em_journal_settled(
    frl_em_journal *j, const frl_em_sub *sub, uint64_t sequence) {
  if (!j) return;
  if (j->settled_uid != sub->uid || j->settled.len > SETTLED_BYTES) {
    (void)!put_settled(j);
    j->settled_uid = sub->uid;
  }
  (void)!frl__em_put_varint(&j->settled, sequence);
}

void frl_em_journal_flush(frl_em_journal *j) {
  if (!j) return;
  (void)!put_settled(j);
  if (j->pending.len == 0) return;
  const frl_cursor all = frl_cursor_of(j->pending.data, j->pending.len);
  const frl_status st = frl__em_journal_write(j, all, (frl_cursor){0}, NULL);
  /* with a full disk they wait for room */
  if (st == FRL_OK || j->pending.len > PENDING_BYTES) frl_buf_clear(&j->pending);
}

void frl_em_journal_sync(frl_em_journal *j) {
  if (!j || !j->unsynced) return;
  frl__em_journal_shrink(j);
  if (fdatasync(j->fd) == 0) j->unsynced = false;
}

/* ---- other records ---- */

/* Behind what is settled already, since the order of records is their meaning. */
static frl_status write_record(
    frl_em_journal *j, frl_buf *record, frl_status st, frl_error *err) {
  if (st == FRL_OK) {
    frl_em_journal_flush(j);
    st = frl__em_journal_write(
        j, frl_cursor_of(record->data, record->len), (frl_cursor){0}, err);
  } else {
    st = frl_fail_grpc(err, FRL_GRPC_RESOURCE_EXHAUSTED, "out of memory");
  }
  frl_buf_deinit(record);
  return st;
}

frl_status frl_em_journal_topic(
    frl_em_journal *j, const frl_em_topic *topic, frl_error *err) {
  if (!j) return FRL_OK;
  frl_buf b;
  frl_buf_init(&b, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  return write_record(j, &b, frl__em_record_topic(&b, topic), err);
}

frl_status frl_em_journal_sub(
    frl_em_journal *j, const frl_em_sub *sub, frl_error *err) {
  if (!j) return FRL_OK;
  frl_buf b;
  frl_buf_init(&b, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  return write_record(j, &b, frl__em_record_sub(&b, sub, sub->backlog.end), err);
}

frl_status frl_em_journal_snapshot(
    frl_em_journal *j, const frl_em_snapshot *snapshot, frl_error *err) {
  if (!j) return FRL_OK;
  frl_buf b;
  frl_buf_init(&b, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  return write_record(j, &b, frl__em_record_snapshot(&b, snapshot), err);
}

static frl_status put_drop(frl_buf *b, frl_em_kind kind, const char *name) {
  size_t mark = 0;
  FRL_TRY(frl__em_record_begin(b, FRL_EM_R_DROP, &mark));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_UID, (uint64_t)kind));
  FRL_TRY(frl_wire_text(b, FRL_EM_R_BYTES, name));
  frl__em_record_end(b, mark);
  return FRL_OK;
}

frl_status frl_em_journal_drop(
    frl_em_journal *j, frl_em_kind kind, const char *name, frl_error *err) {
  if (!j) return FRL_OK;
  frl_buf b;
  frl_buf_init(&b, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  return write_record(j, &b, put_drop(&b, kind, name), err);
}

static frl_status put_seek(
    frl_buf *b, const frl_em_sub *sub, int64_t publish_us, const char *snapshot) {
  size_t mark = 0;
  FRL_TRY(frl__em_record_begin(b, FRL_EM_R_SEEK, &mark));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_UID, sub->uid));
  FRL_TRY(frl_wire_varint(b, FRL_EM_R_TIME, (uint64_t)publish_us));
  if (snapshot) FRL_TRY(frl_wire_text(b, FRL_EM_R_BYTES, snapshot));
  frl__em_record_end(b, mark);
  return FRL_OK;
}

frl_status frl_em_journal_seek(frl_em_journal *j, const frl_em_sub *sub,
    int64_t publish_us, const char *snapshot, frl_error *err) {
  if (!j) return FRL_OK;
  frl_buf b;
  frl_buf_init(&b, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  return write_record(j, &b, put_seek(&b, sub, publish_us, snapshot), err);
}

frl_status frl_em_journal_publish(frl_em_journal *j, const frl_em_topic *topic,
    const frl_em_block *block, frl_error *err) {
  if (!j) return FRL_OK;
  frl_buf head;
  frl_buf_init(&head, &j->mem, 256);
  frl_status st = frl__em_record_block(&head, FRL_EM_R_PUBLISH, topic->uid, block);
  if (st == FRL_OK) {
    frl_em_journal_flush(j);
    st = frl__em_journal_write(j, frl_cursor_of(head.data, head.len),
        frl_cursor_of(block->bytes, block->n_bytes), err);
  }
  frl_buf_deinit(&head);
  return st;
}
