/* Opening the data directory: lock, replay, rewrite. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "pubsub/emulator/journal_internal.h"
#include "wire/writer.h"

enum {
  PATH_MAX_BYTES = 1024,
  FLUSH_BYTES = 1 << 20,
  REWRITE_BYTES = 64 << 20,
  REWRITE_FACTOR = 8
};

static frl_status path_in(
    char out[PATH_MAX_BYTES], const char *directory, const char *name, frl_error *err) {
  const int n = snprintf(out, PATH_MAX_BYTES, "%s/%s", directory, name);
  if (n > 0 && n < PATH_MAX_BYTES) return FRL_OK;
  return frl_fail(
      err, FRL_E_INVALID, "emulator: the data directory's name is too long");
}

/* ---- the state as a new log ---- */

typedef struct rewriting {
  frl_em_journal *j;
  frl_buf out;
  frl_error *err;
} rewriting;

static frl_status flush(rewriting *w) {
  if (w->out.len == 0) return FRL_OK;
  const frl_status st = frl__em_journal_write(
      w->j, frl_cursor_of(w->out.data, w->out.len), (frl_cursor){0}, w->err);
  frl_buf_clear(&w->out);
  return st;
}

static frl_status put_resources(rewriting *w) {
  const frl_em_store *s = w->j->store;
  FRL_TRY(frl__em_record_start(&w->out, s));
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->topics, &at))) {
    FRL_TRY(frl__em_record_topic(&w->out, e->value));
  }
  at = 0;
  while ((e = frl_map_next(&s->subs, &at))) {
    FRL_TRY(frl__em_record_sub(&w->out, e->value, 0));
  }
  at = 0;
  while ((e = frl_map_next(&s->snapshots, &at))) {
    FRL_TRY(frl__em_record_snapshot(&w->out, e->value));
  }
  return flush(w);
}

/* Where one subscription's ring was read to. Blocks come in the order of their ids. */
typedef struct ring_reader {
  const frl_em_sub *sub;
  uint64_t at;
} ring_reader;

static const frl_em_entry *current(ring_reader *r) {
  const frl_em_backlog *b = &r->sub->backlog;
  for (; r->at < b->end; r->at++) {
    const frl_em_entry *e = frl_em_slot(b, (uint32_t)r->at);
    if (e->state != FRL_EM_FREE) return e;
  }
  return NULL;
}

static frl_status put_entries(rewriting *w, ring_reader *r, const frl_em_block *block) {
  size_t mark = 0;
  size_t list = 0;
  FRL_TRY(frl__em_record_begin(&w->out, FRL_EM_R_ENTRIES, &mark));
  FRL_TRY(frl_wire_varint(&w->out, FRL_EM_R_UID, r->sub->uid));
  FRL_TRY(frl_wire_begin(&w->out, FRL_EM_R_LIST, &list));
  const frl_em_entry *e;
  while ((e = current(r)) && e->block == block) {
    FRL_TRY(frl__em_put_varint(&w->out, e->index));
    FRL_TRY(frl__em_put_varint(&w->out, r->at));
    FRL_TRY(frl__em_put_varint(&w->out, e->state == FRL_EM_ACKED));
    r->at++;
  }
  FRL_TRY(frl_wire_end(&w->out, list));
  frl__em_record_end(&w->out, mark);
  return FRL_OK;
}

static frl_status put_block(
    rewriting *w, ring_reader *readers, size_t n, const frl_em_block *block) {
  uint64_t topic_uid = 0;
  for (size_t i = 0; i < n && topic_uid == 0; i++) {
    const frl_em_entry *e = current(&readers[i]);
    if (e && e->block == block && readers[i].sub->topic) {
      topic_uid = readers[i].sub->topic->uid;
    }
  }
  FRL_TRY(frl__em_record_block(&w->out, FRL_EM_R_BLOCK, topic_uid, block));
  FRL_TRY(frl_buf_append(&w->out, block->bytes, block->n_bytes));
  for (size_t i = 0; i < n; i++) {
    const frl_em_entry *e = current(&readers[i]);
    if (e && e->block == block) FRL_TRY(put_entries(w, &readers[i], block));
  }
  return w->out.len > FLUSH_BYTES ? flush(w) : FRL_OK;
}

static frl_status put_blocks(rewriting *w, ring_reader *readers, size_t n) {
  for (;;) {
    const frl_em_block *first = NULL;
    for (size_t i = 0; i < n; i++) {
      const frl_em_entry *e = current(&readers[i]);
      if (e && (!first || e->block->first_id < first->first_id)) first = e->block;
    }
    if (!first) return flush(w);
    FRL_TRY(put_block(w, readers, n, first));
  }
}

static frl_status put_state(rewriting *w) {
  const frl_em_store *s = w->j->store;
  FRL_TRY(frl_buf_append(&w->out, frl__em_magic, FRL_EM_MAGIC_BYTES));
  FRL_TRY(put_resources(w));
  ring_reader *readers = frl_calloc(&w->j->mem, s->subs.len + 1, sizeof *readers);
  if (!readers) return FRL_E_NOMEM;
  size_t n = 0;
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(&s->subs, &at))) {
    const frl_em_sub *sub = e->value;
    readers[n++] = (ring_reader){sub, sub->backlog.base};
  }
  frl_status st = put_blocks(w, readers, n);
  for (size_t i = 0; i < n && st == FRL_OK; i++) {
    /* behind its messages, since the last ones may be gone */
    const frl_em_sub *sub = readers[i].sub;
    st = frl__em_record_sub(&w->out, sub, sub->backlog.end);
  }
  frl_free(&w->j->mem, readers);
  return st == FRL_OK ? flush(w) : st;
}

static void sync_directory(const char *directory) {
  const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  (void)close(fd);
}

frl_status frl__em_journal_rewrite(
    frl_em_journal *j, const char *directory, frl_error *err) {
  char fresh[PATH_MAX_BYTES];
  char log[PATH_MAX_BYTES];
  FRL_TRY(path_in(fresh, directory, "log.new", err));
  FRL_TRY(path_in(log, directory, "log", err));
  j->fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (j->fd < 0) return frl_fail_errno(err, errno, "emulator: %s", fresh);
  rewriting w = {.j = j, .err = err};
  frl_buf_init(&w.out, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  frl_status st = put_state(&w);
  frl_buf_deinit(&w.out);
  if (st == FRL_E_NOMEM || st == FRL_E_LIMIT) {
    return frl_fail(err, st, "emulator: %s: out of memory", fresh);
  }
  if (st != FRL_OK) return st;
  if (fsync(j->fd) != 0 || rename(fresh, log) != 0) {
    return frl_fail_errno(err, errno, "emulator: %s", log);
  }
  sync_directory(directory);
  j->unsynced = false;
  return FRL_OK;
}

/* Long after the last start most of the log may be of messages that are gone. */
void frl__em_journal_shrink(frl_em_journal *j) {
  const uint64_t retained = j->store->retained_bytes;
  if (j->size < j->rewrite_bytes || j->size / REWRITE_FACTOR < retained) return;
  const int old_fd = j->fd;
  const uint64_t old_size = j->size;
  frl_error err = {0};
  j->size = 0;
  if (frl__em_journal_rewrite(j, j->directory, &err) == FRL_OK) {
    (void)close(old_fd);
    return;
  }
  if (j->fd >= 0 && j->fd != old_fd) (void)close(j->fd);
  j->fd = old_fd;
  j->size = old_size;
  j->rewrite_bytes = 2 * old_size; /* not again and again */
  frl_log(FRL_LOG_WARN, "emulator", "the log cannot be rewritten: %s", err.message);
}

/* ---- reading the old one ---- */

static frl_status replay_mapped(
    frl_em_journal *j, const char *path, frl_cursor log, frl_error *err) {
  size_t used = 0;
  FRL_TRY(frl_em_journal_replay(j->store, log, &used, err));
  const size_t size = frl_cursor_left(&log);
  if (used == size) return FRL_OK;
  char torn[PATH_MAX_BYTES];
  const int n = snprintf(torn, sizeof torn, "%s.torn", path);
  frl_log(FRL_LOG_WARN, "emulator", "%zu bytes at the end of the log are torn, cut off",
      size - used);
  /* kept for whoever wants to look at it */
  if (n > 0 && (size_t)n < sizeof torn) {
    (void)unlink(torn);
    (void)!link(path, torn);
  }
  return FRL_OK;
}

static frl_status read_log(frl_em_journal *j, const char *directory, frl_error *err) {
  char path[PATH_MAX_BYTES];
  FRL_TRY(path_in(path, directory, "log", err));
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return FRL_OK;
  if (fd < 0) return frl_fail_errno(err, errno, "emulator: %s", path);
  struct stat info;
  if (fstat(fd, &info) != 0 || info.st_size == 0) {
    (void)close(fd);
    return FRL_OK;
  }
  const size_t size = (size_t)info.st_size;
  void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  (void)close(fd);
  if (map == MAP_FAILED) return frl_fail_errno(err, errno, "emulator: %s", path);
  const frl_status st = replay_mapped(j, path, frl_cursor_of(map, size), err);
  (void)munmap(map, size);
  return st;
}

static frl_status lock_directory(
    frl_em_journal *j, const char *directory, frl_error *err) {
  char path[PATH_MAX_BYTES];
  if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
    return frl_fail_errno(err, errno, "emulator: %s", directory);
  }
  FRL_TRY(path_in(path, directory, "lock", err));
  j->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (j->lock_fd < 0) return frl_fail_errno(err, errno, "emulator: %s", path);
  if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0) return FRL_OK;
  return frl_fail(err, FRL_E_STATE,
      "emulator: another process uses the data directory %s", directory);
}

static frl_status load(frl_em_journal *j, const char *directory, frl_error *err) {
  FRL_TRY(lock_directory(j, directory, err));
  FRL_TRY(read_log(j, directory, err));
  return frl__em_journal_rewrite(j, directory, err);
}

frl_status frl_em_journal_open(
    frl_em_journal **out, frl_em_store *store, const char *directory, frl_error *err) {
  *out = NULL;
  frl_em_journal *j = frl_calloc(&store->mem, 1, sizeof *j);
  if (!j) return frl_fail(err, FRL_E_NOMEM, "emulator: out of memory");
  j->mem = store->mem;
  j->store = store;
  j->fd = j->lock_fd = -1;
  j->rewrite_bytes = REWRITE_BYTES;
  j->directory = frl_strdup(&j->mem, directory);
  frl_buf_init(&j->settled, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  frl_buf_init(&j->pending, &j->mem, FRL_EM_RECORD_MAX_BYTES);
  const frl_status st = j->directory
                            ? load(j, directory, err)
                            : frl_fail(err, FRL_E_NOMEM, "emulator: out of memory");
  if (st != FRL_OK) {
    frl_em_journal_close(j);
    return st;
  }
  store->journal = j;
  *out = j;
  return FRL_OK;
}

void frl_em_journal_close(frl_em_journal *j) {
  if (!j) return;
  if (j->fd >= 0) {
    frl_em_journal_flush(j);
    frl_em_journal_sync(j);
    (void)close(j->fd);
  }
  if (j->lock_fd >= 0) (void)close(j->lock_fd);
  frl_buf_deinit(&j->settled);
  frl_buf_deinit(&j->pending);
  frl_free(&j->mem, j->directory);
  const frl_mem mem = j->mem;
  frl_free(&mem, j);
}
