/* What is asked for and refused: names, limits, filters, fault texts; responses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "emulator_rig.h"
#include "net/rpc.h"
#include "pubsub/emulator/ack_id.h"
#include "pubsub/emulator/faults.h"
#include "pubsub/emulator/response.h"
#include "wire/reader.h"
#include "wire/writer.h"

static frl_cursor text(const char *s) { return frl_cursor_of(s, strlen(s)); }

static bool passes(const char *filter, const char *attribute) {
  frl_buf b;
  frl_buf_init(&b, NULL, 1024);
  const char *equals = strchr(attribute, '=');
  assert_int_equal(frl_wire_entry(&b, 2, attribute, (size_t)(equals - attribute),
                       equals + 1, strlen(equals + 1)),
      FRL_OK);
  frl_em_filter *f = NULL;
  frl_error err = {0};
  if (frl_em_filter_compile(&f, NULL, text(filter), &err) != FRL_OK) {
    fail_msg("%s", err.message);
  }
  const bool matches = frl_em_filter_matches(f, frl_cursor_of(b.data, b.len));
  frl_em_filter_destroy(f);
  frl_buf_deinit(&b);
  return matches;
}

static void filters_follow_their_grammar(void **state) {
  (void)state;
  assert_true(passes("attributes:lang", "lang=en"));
  assert_false(passes("attributes:lang", "long=en"));
  assert_true(passes("attributes.lang = \"en\"", "lang=en"));
  assert_false(passes("attributes.lang=\"en\"", "lang=eng"));
  assert_true(passes("attributes.lang != \"en\"", "lang=de"));
  assert_true(passes("attributes.lang != \"en\"", "other=en"));
  assert_true(passes("hasPrefix(attributes.lang, \"e\")", "lang=en"));
  assert_false(passes("hasPrefix ( attributes.lang , \"n\" )", "lang=en"));
  assert_true(passes("NOT attributes:x", "lang=en"));
  assert_true(passes("-attributes:x", "lang=en"));
  assert_true(passes("attributes:lang AND NOT attributes:x", "lang=en"));
  assert_true(passes("attributes:x OR attributes:lang", "lang=en"));
  assert_true(passes(
      "attributes:lang AND (attributes:x OR attributes.lang=\"en\")", "lang=en"));
  assert_true(passes("attributes.\"a b\" = \"q\\\"q\"", "a b=q\"q"));
}

static void broken_filters_are_refused(void **state) {
  (void)state;
  static const char *const broken[] = {"attributes", "attributes.",
      "attributes:", "attributes.k", "attributes.k =", "attributes.k = en",
      "attributes.k = \"en", "attributes:a AND",
      "attributes:a AND attributes:b OR attributes:c", "(attributes:a", "attributes:a)",
      "data = \"x\"", "hasPrefix(attributes.k)",
      "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
      "attributes.\"\" = \"x\"", " "};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    frl_em_filter *f = NULL;
    frl_error err = {0};
    assert_int_equal(
        frl_em_filter_compile(&f, NULL, text(broken[i]), &err), FRL_E_INVALID);
    assert_null(f);
    assert_non_null(strstr(err.message, "filter"));
  }
}

static void a_filtered_subscription_gets_only_what_matches(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, "attributes.k = \"yes\"");
  em_publish(&r, "a", NULL, "k=yes");
  em_publish(&r, "b", NULL, "k=no");
  em_publish(&r, "c", NULL, "k=yes");
  (void)em_take(&r, 0, 10);
  em_assert_taken(&r, "a c");
  assert_int_equal(r.sub->backlog.unacked, 2);
  em_rig_deinit(&r);
}

static int32_t publish_code(em_rig *r, const frl_buf *b) {
  uint64_t id = 0;
  size_t n = 0;
  frl_error err = {0};
  const frl_status st =
      frl_em_store_publish(&r->store, frl_cursor_of(b->data, b->len), &id, &n, &err);
  return st == FRL_OK ? FRL_GRPC_OK : err.origin_code;
}

static void add(frl_buf *b, size_t data, size_t key, size_t value, size_t ordering) {
  static char bytes[10000001];
  memset(bytes, 'x', sizeof bytes);
  size_t mark = 0;
  assert_int_equal(frl_wire_begin(b, 2, &mark), FRL_OK);
  if (data) assert_int_equal(frl_wire_bytes(b, 1, bytes, data), FRL_OK);
  if (key) assert_int_equal(frl_wire_entry(b, 2, bytes, key, bytes, value), FRL_OK);
  if (ordering) assert_int_equal(frl_wire_bytes(b, 5, bytes, ordering), FRL_OK);
  assert_int_equal(frl_wire_end(b, mark), FRL_OK);
}

static void publish_limits_are_kept(void **state) {
  (void)state;
  static const struct {
    size_t messages, data, key, value, ordering;
    int32_t code;
  } cases[] = {{1, 1, 0, 0, 0, FRL_GRPC_OK}, {0, 0, 0, 0, 0, FRL_GRPC_INVALID_ARGUMENT},
      {1, 0, 0, 0, 0, FRL_GRPC_INVALID_ARGUMENT}, {1, 0, 1, 0, 0, FRL_GRPC_OK},
      {1000, 1, 0, 0, 0, FRL_GRPC_OK}, {1001, 1, 0, 0, 0, FRL_GRPC_INVALID_ARGUMENT},
      {1, 0, 256, 1024, 0, FRL_GRPC_OK}, {1, 0, 257, 1, 0, FRL_GRPC_INVALID_ARGUMENT},
      {1, 0, 1, 1025, 0, FRL_GRPC_INVALID_ARGUMENT}, {1, 1, 0, 0, 1024, FRL_GRPC_OK},
      {1, 1, 0, 0, 1025, FRL_GRPC_INVALID_ARGUMENT}, {1, 9999900, 0, 0, 0, FRL_GRPC_OK},
      {1, 10000000, 0, 0, 0, FRL_GRPC_INVALID_ARGUMENT}};
  em_rig r;
  em_rig_start(&r, 0, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    frl_buf b;
    frl_buf_init(&b, NULL, 1 << 26);
    assert_int_equal(frl_wire_text(&b, 1, RIG_TOPIC), FRL_OK);
    for (size_t k = 0; k < cases[i].messages; k++) {
      add(&b, cases[i].data, cases[i].key, cases[i].value, cases[i].ordering);
    }
    assert_int_equal(publish_code(&r, &b), cases[i].code);
    frl_buf_deinit(&b);
  }
  em_rig_deinit(&r);
}

static void a_full_store_refuses_more(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  r.store.max_bytes = 10000;
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 20);
  assert_int_equal(frl_wire_text(&b, 1, RIG_TOPIC), FRL_OK);
  add(&b, 4000, 0, 0, 0);
  assert_int_equal(publish_code(&r, &b), FRL_GRPC_OK);
  assert_int_equal(publish_code(&r, &b), FRL_GRPC_OK);
  assert_int_equal(publish_code(&r, &b), FRL_GRPC_RESOURCE_EXHAUSTED);
  assert_int_equal(em_take(&r, 0, 10), 2);
  assert_true(em_ack(&r, 0));
  assert_int_equal(publish_code(&r, &b), FRL_GRPC_OK);
  frl_buf_deinit(&b);
  em_rig_deinit(&r);
}

static void names_are_checked(void **state) {
  (void)state;
  static const struct {
    frl_em_kind kind;
    const char *name;
    bool valid;
  } names[] = {{FRL_EM_TOPIC, "projects/p/topics/abc", true},
      {FRL_EM_TOPIC, "projects/p/topics/a-b_c.d~e+f%g", true},
      {FRL_EM_TOPIC, "projects/p/topics/ab", false},
      {FRL_EM_TOPIC, "projects/p/topics/1abc", false},
      {FRL_EM_TOPIC, "projects/p/topics/google", false},
      {FRL_EM_TOPIC, "projects/p/topics/a b c", false},
      {FRL_EM_TOPIC, "projects//topics/abc", false},
      {FRL_EM_TOPIC, "projects/p/subscriptions/abc", false},
      {FRL_EM_SUBSCRIPTION, "projects/p/subscriptions/abc", true},
      {FRL_EM_SNAPSHOT, "projects/p/snapshots/abc", true},
      {FRL_EM_PROJECT, "projects/p", true}, {FRL_EM_PROJECT, "projects/p/x", false},
      {FRL_EM_PROJECT, "p", false}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(
        frl_em_name_is_valid(names[i].kind, text(names[i].name)), names[i].valid);
  }
}

static void a_deleted_topic_leaves_its_subscriptions(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  em_publish(&r, "a", NULL, NULL);
  assert_int_equal(frl_em_store_delete_topic(&r.store, text(RIG_TOPIC), NULL), FRL_OK);
  frl_em_sub_settings s;
  assert_int_equal(frl_em_sub_read(&s,
                       frl_cursor_of(r.sub->resource.data, r.sub->resource.len), NULL),
      FRL_OK);
  assert_memory_equal(s.topic.pos, "_deleted-topic_", frl_cursor_left(&s.topic));
  assert_int_equal(em_take(&r, 0, 1), 1);
  frl_error err = {0};
  assert_int_equal(
      frl_em_store_delete_topic(&r.store, text(RIG_TOPIC), &err), FRL_E_NOT_FOUND);
  assert_int_equal(err.origin_code, FRL_GRPC_NOT_FOUND);
  em_rig_deinit(&r);
}

static void fault_texts_are_read(void **state) {
  (void)state;
  frl_em_faults f = {.n = 0};
  assert_int_equal(frl_em_faults_parse(&f,
                       text("refuse method=Publish status=RESOURCE_EXHAUSTED calls=2; "
                            "kill-streams every=500 how=drop ;; delay ms=20;duplicate"),
                       NULL),
      FRL_OK);
  assert_int_equal(f.n, 4);
  const char *publish = "/google.pubsub.v1.Publisher/Publish";
  assert_null(
      frl_em_faults_use(&f, FRL_EM_REFUSE, "/google.pubsub.v1.Subscriber/Pull"));
  const frl_em_fault *refuse = frl_em_faults_use(&f, FRL_EM_REFUSE, publish);
  assert_non_null(refuse);
  assert_int_equal(refuse->status, FRL_GRPC_RESOURCE_EXHAUSTED);
  assert_non_null(frl_em_faults_use(&f, FRL_EM_REFUSE, publish));
  assert_null(frl_em_faults_use(&f, FRL_EM_REFUSE, publish));
  assert_int_equal(frl_em_faults_find(&f, FRL_EM_KILL_STREAMS)->how, FRL_EM_DROP);
  assert_int_equal(frl_em_faults_find(&f, FRL_EM_KILL_STREAMS)->every, 500);
  assert_int_equal(frl_em_faults_use(&f, FRL_EM_DELAY, publish)->ms, 20);
  assert_int_equal(frl_em_faults_find(&f, FRL_EM_DUPLICATE)->every, 1);
  static const char *const wrong[] = {"explode", "refuse calls", "refuse calls=x",
      "refuse status=NOPE", "delay ms=-1", "kill-streams how=softly", "delay minutes=1",
      "delay", "delay ms=0", "refuse method=", "duplicate ms=5",
      "expire-leases calls=1", "kill-streams method=StreamingPull",
      "delay ms=5 how=reset", "drop-acks ms=1", "duplicate ev=1", "refuse ,=1",
      "expire-leases no settings=1"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    frl_error err = {0};
    assert_int_equal(frl_em_faults_parse(&f, text(wrong[i]), &err), FRL_E_INVALID);
    assert_int_equal(f.n, 4);
  }
  assert_int_equal(frl_em_faults_parse(&f, text(""), NULL), FRL_OK);
  assert_int_equal(f.n, 0);
}

static void a_setting_that_does_nothing_is_refused(void **state) {
  (void)state;
  frl_em_faults f = {.n = 0};
  frl_error err = {0};
  assert_int_equal(
      frl_em_faults_parse(&f, text("duplicate ms=5"), &err), FRL_E_INVALID);
  assert_string_equal(
      err.message, "faults: duplicate does not heed \"ms\": it takes every");
  assert_int_equal(frl_em_faults_parse(&f,
                       text("kill-streams after=1 every=2 how=reset status=5; "
                            "refuse method=Publish calls=1 how=drop status=OK;"
                            "delay method=Publish calls=1 ms=1; expire-leases;"
                            "drop-acks method=Acknowledge calls=2; duplicate every=3"),
                       &err),
      FRL_OK);
  assert_int_equal(f.n, 6);
}

/* The chain as one run of bytes. */
static void join(frl_buf *out, const frl_chain *chain) {
  for (size_t i = 0; i < chain->n_slices; i++) {
    const frl_slice *s = &chain->slices[i];
    if (s->len) assert_int_equal(frl_buf_append(out, s->data, s->len), FRL_OK);
  }
}

/* Reads the response and acks by the ids in it. */
static size_t ack_all(em_rig *r, const frl_chain *chain, bool with_attempt) {
  frl_buf b;
  frl_buf_init(&b, NULL, 1 << 20);
  join(&b, chain);
  assert_int_equal(b.len, chain->bytes);
  frl_cursor response = frl_cursor_of(b.data, b.len);
  frl_wire_field f;
  size_t n = 0;
  frl_status st;
  while ((st = frl_wire_next(&response, &f)) == FRL_OK) {
    assert_int_equal(f.number, 1);
    frl_em_request received;
    assert_int_equal(frl_em_request_read(&received, f.bytes, NULL), FRL_OK);
    assert_int_equal(received.numbers[3] > 0, with_attempt);
    frl_em_request message;
    assert_int_equal(frl_em_request_read(&message, received.fields[2], NULL), FRL_OK);
    assert_true(frl_cursor_left(&message.fields[1]) > 0);
    assert_int_equal(frl_cursor_left(&message.fields[3]), FRL_EM_MESSAGE_ID_BYTES);
    uint64_t sequence = 0;
    uint32_t generation = 0;
    assert_int_equal(
        frl_em_ack_id_read(received.fields[1].pos, frl_cursor_left(&received.fields[1]),
            r->sub->backlog.ack_key, &sequence, &generation),
        FRL_EM_ID_GOOD);
    assert_true(frl_em_backlog_ack(&r->sub->backlog, sequence, generation));
    n++;
  }
  assert_int_equal(st, FRL_END);
  frl_buf_deinit(&b);
  return n;
}

static void responses_are_whole_and_cheap(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, 0, NULL);
  frl_em_sub *first = r.sub;
  frl_em_sub *second =
      em_sub(&r, "projects/p/subscriptions/second", RIG_TOPIC, 0, NULL);
  em_publish_many(&r, 1000);
  for (int turn = 0; turn < 3; turn++) {
    /* first delivery of the block's owner, of another, a redelivery */
    r.sub = turn == 1 ? second : first;
    if (turn == 2) {
      em_publish_many(&r, 1000);
      assert_int_equal(em_take(&r, 0, 1000), 1000);
      for (size_t i = 0; i < r.n; i += 2) assert_true(em_nack(&r, i));
    }
    assert_int_equal(em_take(&r, 0, 1000), turn == 2 ? 500 : 1000);
    frl_chain chain;
    frl_chain_init(&chain, NULL);
    assert_int_equal(
        frl_em_response_add(&chain, &r.sub->backlog, r.got, r.n, false), FRL_OK);
    assert_int_equal(chain.n_slices, 1);
    assert_int_equal(ack_all(&r, &chain, false), r.n);
    frl_chain_deinit(&chain);
  }
  em_rig_deinit(&r);
}

static void delivery_attempts_are_told_where_asked_for(void **state) {
  (void)state;
  em_rig r;
  em_rig_start(&r, EM_DEAD_LETTER, NULL);
  em_publish_many(&r, 10);
  assert_int_equal(em_take(&r, 0, 10), 10);
  frl_chain chain;
  frl_chain_init(&chain, NULL);
  assert_int_equal(
      frl_em_response_add(&chain, &r.sub->backlog, r.got, r.n, true), FRL_OK);
  assert_int_equal(ack_all(&r, &chain, true), 10);
  frl_chain_deinit(&chain);
  em_rig_deinit(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(filters_follow_their_grammar),
      cmocka_unit_test(broken_filters_are_refused),
      cmocka_unit_test(a_filtered_subscription_gets_only_what_matches),
      cmocka_unit_test(publish_limits_are_kept),
      cmocka_unit_test(a_full_store_refuses_more),
      cmocka_unit_test(names_are_checked),
      cmocka_unit_test(a_deleted_topic_leaves_its_subscriptions),
      cmocka_unit_test(fault_texts_are_read),
      cmocka_unit_test(a_setting_that_does_nothing_is_refused),
      cmocka_unit_test(responses_are_whole_and_cheap),
      cmocka_unit_test(delivery_attempts_are_told_where_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
