/* The data directory: what survives, torn logs, full disks. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "emulator_rig.h"
#include "net/rpc.h"
#include "pubsub/emulator/journal_internal.h"
#include "support/cmocka_c.h"
#include "wire/writer.h"

typedef struct folder {
  char path[64];
} folder;

static int make_folder(void **state) {
  folder *f = calloc(1, sizeof *f);
  assert_non_null(f);
  (void)snprintf(f->path, sizeof f->path, "/tmp/frl-journal-XXXXXX");
  assert_non_null(mkdtemp(f->path));
  *state = f;
  return 0;
}

static int remove_folder(void **state) {
  folder *f = *state;
  static const char *const names[] = {"log", "log.new", "log.torn", "lock"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", f->path, names[i]);
    (void)unlink(path);
  }
  (void)rmdir(f->path);
  free(f);
  return 0;
}

static void open_store(em_rig *r, const folder *f) {
  em_rig_init(r);
  frl_em_journal *j = NULL;
  frl_error err = {0};
  if (frl_em_journal_open(&j, &r->store, f->path, &err) != FRL_OK) {
    fail_msg("%s", err.message);
  }
  r->topic = frl_em_store_topic(&r->store, frl_cursor_of(RIG_TOPIC, strlen(RIG_TOPIC)));
  r->sub = frl_em_store_sub(&r->store, frl_cursor_of(RIG_SUB, strlen(RIG_SUB)));
}

/* As after a kill: what write() has is there, nothing is closed in order. */
static void close_store(em_rig *r) {
  frl_em_journal_close(r->store.journal);
  r->store.journal = NULL;
  em_rig_deinit(r);
}

static void start(em_rig *r, const folder *f, int options) {
  open_store(r, f);
  r->topic = em_topic(r, RIG_TOPIC);
  r->sub = em_sub(r, RIG_SUB, RIG_TOPIC, options, NULL);
}

static void what_was_not_acked_is_there_again(void **state) {
  em_rig r;
  start(&r, *state, 0);
  em_publish_many(&r, 5);
  assert_int_equal(em_take(&r, 0, 3), 3);
  assert_true(em_ack(&r, 0));
  assert_true(em_ack(&r, 2));
  frl_em_store_settle(&r.store);
  close_store(&r);
  for (int again = 0; again < 3; again++) { /* replayed, then from the rewritten log */
    open_store(&r, *state);
    assert_non_null(r.sub);
    assert_int_equal(r.sub->backlog.unacked, 3);
    assert_int_equal(em_take(&r, 0, 10), 3);
    em_assert_taken(&r, "1 3 4");
    close_store(&r);
  }
}

static void an_ack_id_from_before_still_acks(void **state) {
  em_rig r;
  start(&r, *state, 0);
  em_publish_many(&r, 3);
  assert_int_equal(em_take(&r, 0, 3), 3);
  const uint64_t key = r.sub->backlog.ack_key;
  const frl_em_delivery second = r.got[1];
  close_store(&r);
  open_store(&r, *state);
  assert_int_equal(r.sub->backlog.ack_key, key);
  assert_true(frl_em_backlog_ack(&r.sub->backlog, second.sequence, second.generation));
  (void)em_take(&r, 0, 3);
  em_assert_taken(&r, "0 2");
  /* the new deliveries have ids of their own */
  assert_int_not_equal(r.got[0].generation, second.generation);
  close_store(&r);
}

static void message_ids_and_sequences_go_on(void **state) {
  em_rig r;
  start(&r, *state, 0);
  em_publish(&r, "a", NULL, NULL);
  assert_int_equal(em_take(&r, 0, 1), 1);
  const uint64_t sequence = r.got[0].sequence;
  const uint64_t id = r.got[0].block->first_id;
  assert_true(em_ack(&r, 0));
  frl_em_store_settle(&r.store);
  close_store(&r);
  open_store(&r, *state); /* empty now */
  em_publish(&r, "b", NULL, NULL);
  assert_int_equal(em_take(&r, 0, 1), 1);
  assert_true(r.got[0].sequence > sequence);
  assert_true(r.got[0].block->first_id > id);
  close_store(&r);
}

static void keys_filters_and_several_subscriptions_survive(void **state) {
  em_rig r;
  start(&r, *state, EM_ORDERED);
  frl_em_sub *ordered = r.sub;
  const char *other = "projects/p/subscriptions/filtered";
  r.sub = em_sub(&r, other, RIG_TOPIC, 0, "attributes.k = \"v\"");
  em_publish(&r, "x1", "x", NULL);
  em_publish(&r, "x2", "x", "k=v");
  (void)em_take(&r, 0, 10);
  em_assert_taken(&r, "x2");
  r.sub = ordered;
  close_store(&r);
  open_store(&r, *state);
  em_publish(&r, "x3", "x", "k=w");
  (void)em_take(&r, 0, 1);
  em_assert_taken(&r, "x1");
  assert_int_equal(em_take(&r, 0, 10), 0);
  r.sub = frl_em_store_sub(&r.store, frl_cursor_of(other, strlen(other)));
  (void)em_take(&r, 0, 10);
  em_assert_taken(&r, "x2");
  close_store(&r);
}

static void seeks_and_snapshots_survive(void **state) {
  em_rig r;
  start(&r, *state, EM_RETAIN);
  em_publish(&r, "a", NULL, NULL);
  const frl_cursor name = frl_cursor_of("projects/p/snapshots/snap", 25);
  frl_em_snapshot *snapshot = NULL;
  assert_int_equal(
      frl_em_store_create_snapshot(&r.store, name,
          frl_cursor_of(RIG_SUB, strlen(RIG_SUB)), (frl_cursor){0}, &snapshot, NULL),
      FRL_OK);
  assert_int_equal(
      frl_em_store_seek_time(&r.store, r.sub, INT64_MAX / 2, NULL), FRL_OK);
  close_store(&r);
  open_store(&r, *state);
  assert_int_equal(em_take(&r, 0, 10), 0);
  assert_int_equal(frl_em_store_find_snapshot(&r.store, name, &snapshot, NULL), FRL_OK);
  assert_int_equal(frl_em_store_seek_snapshot(&r.store, r.sub, snapshot, NULL), FRL_OK);
  close_store(&r);
  open_store(&r, *state);
  (void)em_take(&r, 0, 10);
  em_assert_taken(&r, "a");
  close_store(&r);
}

static void deleted_things_stay_deleted(void **state) {
  em_rig r;
  start(&r, *state, 0);
  em_publish_many(&r, 3);
  assert_int_equal(
      frl_em_store_delete_sub(&r.store, frl_cursor_of(RIG_SUB, strlen(RIG_SUB)), NULL),
      FRL_OK);
  close_store(&r);
  open_store(&r, *state);
  assert_null(r.sub);
  assert_non_null(r.topic);
  assert_int_equal(r.store.retained_bytes, 0);
  close_store(&r);
}

static uint8_t *read_log(const folder *f, size_t *n) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/log", f->path);
  FILE *in = fopen(path, "rb");
  assert_non_null(in);
  uint8_t *log = malloc(1 << 20);
  assert_non_null(log);
  *n = fread(log, 1, 1 << 20, in);
  (void)fclose(in);
  return log;
}

static void every_torn_end_is_cut_off(void **state) {
  em_rig r;
  start(&r, *state, EM_ORDERED);
  em_publish(&r, "a", "k", "x=y");
  em_publish_many(&r, 2);
  assert_int_equal(em_take(&r, 0, 1), 1);
  assert_true(em_ack(&r, 0));
  frl_em_store_settle(&r.store);
  size_t n = 0;
  uint8_t *log = read_log(*state, &n);
  close_store(&r);
  uint64_t most = 0;
  for (size_t cut = 8; cut <= n; cut++) {
    uint8_t *exact = malloc(cut); /* ASan sees one byte too far */
    assert_non_null(exact);
    memcpy(exact, log, cut);
    em_rig_init(&r);
    size_t used = 0;
    assert_int_equal(
        frl_em_journal_replay(&r.store, frl_cursor_of(exact, cut), &used, NULL),
        FRL_OK);
    assert_true(used <= cut);
    const frl_em_sub *sub =
        frl_em_store_sub(&r.store, frl_cursor_of(RIG_SUB, strlen(RIG_SUB)));
    if (sub && sub->backlog.unacked > most) most = sub->backlog.unacked;
    if (cut == n) assert_int_equal(sub->backlog.unacked, 2);
    em_rig_deinit(&r);
    free(exact);
  }
  assert_int_equal(most, 3);
  free(log);
}

static void a_flipped_byte_ends_the_log_there(void **state) {
  em_rig r;
  start(&r, *state, 0);
  em_publish_many(&r, 2);
  size_t n = 0;
  uint8_t *log = read_log(*state, &n);
  close_store(&r);
  for (size_t i = 8; i < n; i++) {
    log[i] ^= 0x20;
    em_rig_init(&r);
    size_t used = 0;
    assert_int_equal(
        frl_em_journal_replay(&r.store, frl_cursor_of(log, n), &used, NULL), FRL_OK);
    assert_true(used <= i);
    em_rig_deinit(&r);
    log[i] ^= 0x20;
  }
  free(log);
}

static void another_file_is_not_touched(void **state) {
  const folder *f = *state;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/log", f->path);
  FILE *out = fopen(path, "wb");
  assert_non_null(out);
  assert_true(fputs("precious notes", out) >= 0);
  (void)fclose(out);
  em_rig r;
  em_rig_init(&r);
  frl_em_journal *j = NULL;
  assert_int_equal(frl_em_journal_open(&j, &r.store, f->path, NULL), FRL_E_MALFORMED);
  em_rig_deinit(&r);
  size_t n = 0;
  uint8_t *log = read_log(f, &n);
  assert_memory_equal(log, "precious notes", 14);
  free(log);
}

static void one_process_at_a_time(void **state) {
  const folder *f = *state;
  em_rig r;
  start(&r, f, 0);
  em_rig other;
  em_rig_init(&other);
  frl_em_journal *j = NULL;
  assert_int_equal(frl_em_journal_open(&j, &other.store, f->path, NULL), FRL_E_STATE);
  em_rig_deinit(&other);
  close_store(&r);
}

static void a_log_of_what_is_gone_becomes_short(void **state) {
  em_rig r;
  start(&r, *state, 0);
  r.store.journal->rewrite_bytes = 10000;
  for (int i = 0; i < 50; i++) {
    em_publish_many(&r, 20);
    assert_int_equal(em_take(&r, 0, 20), 20);
    for (size_t k = i == 49 ? 1 : 0; k < r.n; k++) assert_true(em_ack(&r, k));
    frl_em_store_settle(&r.store);
  }
  assert_true(r.store.journal->size > 50000);
  frl_em_store_housekeep(&r.store);
  assert_true(r.store.journal->size < 5000);
  em_publish(&r, "later", NULL, NULL);
  close_store(&r);
  open_store(&r, *state);
  (void)em_take(&r, 0, 10);
  em_assert_taken(&r, "0 later");
  close_store(&r);
}

static int32_t publish_code(em_rig *r, size_t bytes) {
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 20);
  static char data[1 << 16];
  size_t mark = 0;
  assert_int_equal(frl_wire_text(&b, 1, RIG_TOPIC), FRL_OK);
  assert_int_equal(frl_wire_begin(&b, 2, &mark), FRL_OK);
  assert_int_equal(frl_wire_bytes(&b, 1, data, bytes), FRL_OK);
  assert_int_equal(frl_wire_end(&b, mark), FRL_OK);
  uint64_t id = 0;
  size_t n = 0;
  frl_error err = {0};
  const frl_status st =
      frl_em_store_publish(&r->store, frl_cursor_of(b.data, b.len), &id, &n, &err);
  frl_buf_deinit(&b);
  return st == FRL_OK ? FRL_GRPC_OK : err.origin_code;
}

static void a_full_disk_refuses_and_loses_nothing(void **state) {
  em_rig r;
  start(&r, *state, 0);
  (void)signal(SIGXFSZ, SIG_IGN);
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small = {100 * 1000, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  uint64_t kept = 0;
  int32_t code;
  while ((code = publish_code(&r, 30000)) == FRL_GRPC_OK) kept++;
  assert_int_equal(code, FRL_GRPC_RESOURCE_EXHAUSTED);
  assert_int_equal(r.sub->backlog.unacked, kept);
  assert_int_equal(kept, 3);
  assert_int_equal(publish_code(&r, 10), FRL_GRPC_OK); /* a small one still fits */
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  close_store(&r);
  open_store(&r, *state);
  assert_int_equal(r.sub->backlog.unacked, kept + 1);
  close_store(&r);
}

#define WITH_FOLDER(test) \
  cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(what_was_not_acked_is_there_again),
      WITH_FOLDER(an_ack_id_from_before_still_acks),
      WITH_FOLDER(message_ids_and_sequences_go_on),
      WITH_FOLDER(keys_filters_and_several_subscriptions_survive),
      WITH_FOLDER(seeks_and_snapshots_survive),
      WITH_FOLDER(deleted_things_stay_deleted),
      WITH_FOLDER(every_torn_end_is_cut_off),
      WITH_FOLDER(a_flipped_byte_ends_the_log_there),
      WITH_FOLDER(another_file_is_not_touched),
      WITH_FOLDER(one_process_at_a_time),
      WITH_FOLDER(a_log_of_what_is_gone_becomes_short),
      WITH_FOLDER(a_full_disk_refuses_and_loses_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
